/* Verdicts about documents, and how they are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/report/claims.h"
#include "results/claims.h"
#include "results/judge.h"

struct cell {
	const char *toolchain, *target;
	enum outcome_kind kind;
	const char *message;
	enum claim_fit fit, because;
};

static void add_cell(struct run_result *r, const struct cell *c)
{
	struct cell_result cell = { .scenario = mem_strdup("doc"), .kase = mem_strdup("one"),
				    .toolchain = mem_strdup(c->toolchain), .target = mem_strdup(c->target),
				    .variant = mem_strdup("default"), .fit = c->fit, .because = c->because };

	cell.outcome.kind = c->kind;
	outcome_set_message(&cell.outcome, c->message ? c->message : "");
	if (run_result_column(r, c->toolchain) < 0) {
		struct toolchain_column column = { .name = mem_strdup(c->toolchain) };

		vec_push(&r->columns, column);
	}
	vec_push(&r->cells, cell);
}

static void add_claim(struct run_result *r)
{
	struct claim_case c = { .scenario = mem_strdup("doc"), .kase = mem_strdup("one"),
				.source = mem_strdup("a_document"), .text = mem_strdup("It fails."),
				.at = mem_strdup("1.23"), .explain = mem_strdup("It *never* did.") };

	vec_push(&r->claim_cases, c);
}

static enum claim_verdict verdict_of(const struct cell *cells, size_t n)
{
	struct run_result r = { 0 };
	enum claim_verdict verdict;

	add_claim(&r);
	for (size_t i = 0; i < n; i++)
		add_cell(&r, &cells[i]);
	verdict = claim_judge(&r, &r.claim_cases.v[0]);
	run_result_dispose(&r);
	return verdict;
}

#define VERDICT(...) verdict_of((const struct cell[]){ __VA_ARGS__ }, \
				sizeof((const struct cell[]){ __VA_ARGS__ }) / sizeof(struct cell))
#define CELL(fit, because) { "go1.22.1", "linux/amd64", OUTCOME_PASS, NULL, fit, because }

static void test_verdicts(void **state)
{
	(void)state;
	assert_int_equal(VERDICT(CELL(CLAIM_NONE, CLAIM_NONE)), CLAIM_UNASKED);
	assert_int_equal(VERDICT(CELL(CLAIM_HOLDS, CLAIM_NONE), CELL(CLAIM_NONE, CLAIM_NONE)), CLAIM_CONFIRMED);
	assert_int_equal(VERDICT(CELL(CLAIM_HOLDS, CLAIM_NONE), CELL(CLAIM_NONE, CLAIM_HOLDS)), CLAIM_CONFIRMED);
	assert_int_equal(VERDICT(CELL(CLAIM_HOLDS, CLAIM_NONE), CELL(CLAIM_NONE, CLAIM_FAILS)), CLAIM_PARTLY);
	assert_int_equal(VERDICT(CELL(CLAIM_NEARLY, CLAIM_NONE)), CLAIM_PARTLY);
	assert_int_equal(VERDICT(CELL(CLAIM_NEARLY, CLAIM_NONE), CELL(CLAIM_HOLDS, CLAIM_NONE)), CLAIM_DEPENDS);
	assert_int_equal(VERDICT(CELL(CLAIM_FAILS, CLAIM_NONE), CELL(CLAIM_HOLDS, CLAIM_NONE)), CLAIM_DEPENDS);
	assert_int_equal(VERDICT(CELL(CLAIM_FAILS, CLAIM_NONE), CELL(CLAIM_NEARLY, CLAIM_NONE)), CLAIM_DEPENDS);
	assert_int_equal(VERDICT(CELL(CLAIM_FAILS, CLAIM_NONE), CELL(CLAIM_NONE, CLAIM_HOLDS)), CLAIM_REFUTED);
}

/* What judging a cell makes of rules. */
static void fit_of(struct cell_result *c, enum outcome_kind kind, const char *message, bool output_differs)
{
	struct rule says = { .cgo = -1, .registers = -1, .rescue = -1, .outcomes = 1u << OUTCOME_LINK_REJECTED,
			     .message = (char *)"invalid" };
	struct rule because = { .cgo = -1, .registers = -1, .rescue = -1, .outcomes = 1u << OUTCOME_PASS };
	struct rules said = { &says, 1, 1 }, cause = { &because, 1, 1 };
	struct place place = { .toolchain = "go1.23.1", .target = "linux/amd64", .variant = "default" };

	*c = (struct cell_result){ 0 };
	c->outcome.kind = kind;
	outcome_set_message(&c->outcome, message);
	judge_claim(c, &said, &cause, &place, output_differs);
	outcome_dispose(&c->outcome);
}

static void test_fits(void **state)
{
	struct cell_result c;

	(void)state;
	fit_of(&c, OUTCOME_LINK_REJECTED, "invalid reference", false);
	assert_int_equal(c.fit, CLAIM_HOLDS);
	assert_int_equal(c.because, CLAIM_FAILS);
	fit_of(&c, OUTCOME_LINK_REJECTED, "other words", false);
	assert_int_equal(c.fit, CLAIM_NEARLY);
	fit_of(&c, OUTCOME_LINK_REJECTED, "invalid reference", true);
	assert_int_equal(c.fit, CLAIM_FAILS);
	assert_true(c.says_differs);
	fit_of(&c, OUTCOME_PASS, "", false);
	assert_int_equal(c.fit, CLAIM_FAILS);
	assert_int_equal(c.because, CLAIM_HOLDS);
	fit_of(&c, OUTCOME_INFRA, "no disk", false);
	assert_int_equal(c.fit, CLAIM_NONE);
	assert_int_equal(c.because, CLAIM_NONE);
}

static char *load(void *arg, const char *digest, size_t *n)
{
	(void)arg;
	*n = strlen(digest);
	return strdup(digest); /* as if it were the text */
}

static void fill(struct run_result *r)
{
	static const struct cell cells[] = {
		{ "go1.21.3", "linux/386", OUTCOME_PASS, NULL, CLAIM_NONE, CLAIM_FAILS },
		{ "go1.21.3", "linux/amd64", OUTCOME_PASS, NULL, CLAIM_NONE, CLAIM_FAILS },
		{ "go1.22.1", "linux/386", OUTCOME_PASS, NULL, CLAIM_NONE, CLAIM_FAILS },
		{ "go1.22.1", "linux/amd64", OUTCOME_PASS, NULL, CLAIM_NONE, CLAIM_FAILS },
		{ "go1.23rc1", "linux/amd64", OUTCOME_LINK_REJECTED, "invalid_ref <x> size 9 (type S size 7)", CLAIM_HOLDS,
		  CLAIM_NONE },
		{ "go1.23.4", "linux/386", OUTCOME_INFRA, "no disk", CLAIM_NONE, CLAIM_NONE },
		{ "go1.23.4", "linux/amd64", OUTCOME_LINK_REJECTED, "invalid_ref <x> size 9 (type S size 8)",
		  CLAIM_HOLDS, CLAIM_NONE },
	};
	struct unchecked_claim u = { mem_strdup("doc"), mem_strdup("a_document"), mem_strdup("Reviewers notice."),
				     mem_strdup("No program can tell.") };

	add_claim(r);
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++)
		add_cell(r, &cells[i]);
	r->cells.v[0].says_output = true;
	r->cells.v[0].out_digest = mem_strdup("seven\neight\n");
	vec_push(&r->unchecked, u);
}

static void test_markdown(void **state)
{
	struct run_result r = { 0 };
	struct str out = STR_INIT;

	(void)state;
	fill(&r);
	report_claims_markdown(&out, &r, load, NULL);
	assert_non_null(strstr(out.s, "\n1 statement: 1 partly.\n"));
	assert_non_null(strstr(out.s, "\n## doc: a\\_document\n"));
	assert_non_null(strstr(out.s, "\n### doc/one: partly\n\nIt fails. (It speaks of 1.23.)\n\n"
				      "- 1.21; linux/386: pass, prints \"seven eight\" - so the cause is another\n"));
	assert_non_null(strstr(out.s, "\n- 1.23rc1, 1.23; linux/amd64: link-rejected: invalid\\_ref \\<x\\> size 9 "
				      "(type S) - as it says\n"));
	assert_non_null(strstr(out.s, "\nIt \\*never\\* did.\n"));
	assert_non_null(strstr(out.s, "\n- doc: Reviewers notice. - No program can tell.\n"));
	assert_null(strstr(out.s, "no disk"));
	str_free(&out);
	run_result_dispose(&r);
}

static void test_table(void **state)
{
	struct run_result r = { 0 };
	struct str out = STR_INIT;
	struct report_style style = { .width = 60, .utf8 = false };

	(void)state;
	fill(&r);
	report_claims_table(&out, &r, load, NULL, &style);
	assert_ptr_equal(strstr(out.s, "doc/one: partly\n  It fails. (it speaks of 1.23)\n"), out.s);
	assert_non_null(strstr(out.s, "\n1 statement: 1 partly; 1 not checkable\n"));
	for (const char *s = out.s; *s; s += strcspn(s, "\n") + 1)
		assert_true(strcspn(s, "\n") <= 60);
	str_free(&out);
	run_result_dispose(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_fits),
		cmocka_unit_test(test_markdown),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
