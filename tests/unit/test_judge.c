/* Judging: endings, second opinions, repeats, canaries, verdicts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "results/judge.h"

static struct text text(const char *s)
{
	return (struct text){ s, strlen(s) };
}

static void test_endings(void **state)
{
	struct outcome o = { 0 };
	struct seen seen = { .end = "exited", .out = text("x\n"), .err = text("") };
	struct run_expectation want = { .out = text("x") };

	(void)state;
	strv_add(&o.notes, "kept");
	judge_run(&o, &seen, &want);
	assert_int_equal(o.kind, OUTCOME_PASS);
	assert_true(o.has_exit);
	seen.exit_status = 3;
	judge_run(&o, &seen, &want);
	assert_int_equal(o.kind, OUTCOME_RUN_WRONG);
	assert_int_equal(o.exit_status, 3);
	seen = (struct seen){ .end = "signalled", .term_signal = 11, .out = text(""), .err = text("") };
	judge_run(&o, &seen, NULL);
	assert_int_equal(o.kind, OUTCOME_RUN_CRASH);
	assert_string_equal(o.signal, "SIGSEGV");
	assert_false(o.has_exit);
	seen = (struct seen){ .end = "timed-out", .term_signal = 9, .timeout_ms = 1500, .out = text(""),
			      .err = text("") };
	judge_run(&o, &seen, NULL);
	assert_int_equal(o.kind, OUTCOME_TIMEOUT);
	assert_string_equal(o.message, "the program was still going after 1.5 s and was stopped");
	judge_build(&o, &seen, NULL);
	assert_int_equal(o.kind, OUTCOME_TIMEOUT);
	assert_string_equal(o.message, "the build was still going after 1.5 s and was stopped");
	seen = (struct seen){ .end = "flooded", .out_total = 5000, .err_total = 6 };
	judge_run(&o, &seen, NULL);
	assert_int_equal(o.kind, OUTCOME_RUN_WRONG);
	assert_non_null(strstr(o.message, "wrote far more than"));
	seen = (struct seen){ .end = "not-started", .err = text("no such file") };
	judge_build(&o, &seen, NULL);
	assert_int_equal(o.kind, OUTCOME_INFRA);
	assert_non_null(strstr(o.message, "no such file"));
	seen = (struct seen){ .end = "cancelled" };
	judge_run(&o, &seen, NULL);
	assert_int_equal(o.kind, OUTCOME_INFRA);
	assert_string_equal(o.message, "interrupted");
	seen = (struct seen){ .end = "exited", .out = text(""), .err = text("") };
	judge_build(&o, &seen, NULL);
	assert_int_equal(o.kind, OUTCOME_LINKED);
	assert_null(o.signal);
	assert_int_equal(o.notes.n, 1);
	outcome_dispose(&o);
}

static void test_refused(void **state)
{
	struct outcome o = { .kind = OUTCOME_LINK_REJECTED };

	(void)state;
	outcome_add_symbol(&o, "b.b");
	judge_refused(&o, text("c.c\tsentence\na.a\n\nb.b\tagain\nd.d"));
	assert_int_equal(o.symbols.n, 4);
	assert_string_equal(o.symbols.v[0], "a.a");
	assert_string_equal(o.symbols.v[3], "d.d");
	judge_refused(&o, (struct text){ 0 });
	assert_int_equal(o.symbols.n, 4);
	outcome_dispose(&o);
}

static void test_rescue(void **state)
{
	static const struct { enum outcome_kind kind; enum rescue is; } table[] = {
		{ OUTCOME_PASS, RESCUE_REJECTED_ONLY },      { OUTCOME_LINKED, RESCUE_REJECTED_ONLY },
		{ OUTCOME_LINK_UNDEFINED, RESCUE_GONE },     { OUTCOME_RUN_CRASH, RESCUE_CHANGED },
		{ OUTCOME_RUN_WRONG, RESCUE_CHANGED },       { OUTCOME_INFRA, RESCUE_NONE },
		{ OUTCOME_TIMEOUT, RESCUE_NONE },            { OUTCOME_LINK_DUPLICATE, RESCUE_CHANGED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_int_equal(judge_rescue(&(struct outcome){ .kind = table[i].kind }), table[i].is);
}

static void test_limits(void **state)
{
	struct seen seen = { .end = "exited", .err = { "fork/exec x: exec format error", 30 } };
	struct outcome o = { .kind = OUTCOME_RUN_WRONG };

	(void)state;
	judge_run_limits(&o, &seen, true, 2048);
	assert_int_equal(o.kind, OUTCOME_RUN_WRONG); /* native: the program's own affair */
	judge_run_limits(&o, &seen, false, 2048);
	assert_int_equal(o.kind, OUTCOME_INFRA);
	assert_non_null(strstr(o.message, "binfmt_misc"));
	o.kind = OUTCOME_PASS;
	judge_run_limits(&o, &seen, false, 2048);
	assert_int_equal(o.kind, OUTCOME_PASS); /* it said so and all was well */
	seen.err = (struct text){ "fatal error: runtime: out of memory", 35 };
	o.kind = OUTCOME_RUN_CRASH;
	judge_run_limits(&o, &seen, true, 2048);
	assert_int_equal(o.notes.n, 1);
	assert_non_null(strstr(o.notes.v[0], "2048 MB"));
	outcome_dispose(&o);
}

static void test_repeats(void **state)
{
	struct outcome list[4] = { { .kind = OUTCOME_PASS }, { .kind = OUTCOME_PASS },
				   { .kind = OUTCOME_PASS }, { .kind = OUTCOME_PASS } };
	struct outcome o = { .kind = OUTCOME_RUN_CRASH, .signal = mem_strdup("SIGSEGV") };

	(void)state;
	judge_repeats(&o, list, 4);
	assert_int_equal(o.kind, OUTCOME_RUN_CRASH); /* all agree: left alone */
	assert_int_equal(o.repeats[OUTCOME_PASS], 4);
	list[1].kind = OUTCOME_RUN_CRASH;
	list[1].message = (char *)"panic: x";
	judge_repeats(&o, list, 4);
	assert_int_equal(o.kind, OUTCOME_FLAKY);
	assert_string_equal(o.message, "pass 3, run-crash 1; one said: panic: x");
	assert_null(o.signal);
	assert_int_equal(o.repeats[OUTCOME_PASS], 3);
	assert_int_equal(o.repeats[OUTCOME_RUN_CRASH], 1);
	outcome_dispose(&o);
	o = (struct outcome){ .kind = OUTCOME_PASS };
	judge_repeats(&o, list, 1);
	assert_int_equal(o.repeats[OUTCOME_PASS], 0); /* one is no repeat */
}

static void test_blame(void **state)
{
	const struct canary_seen dead = { "go1.27.4", false, "SIGSEGV" }, alive = { "go1.27.4", true, NULL };
	const struct canary_seen others[] = { { "go1.25.1", false, "late" }, { "go1.26.1", true, NULL } };
	struct outcome o = { .kind = OUTCOME_RUN_CRASH };

	(void)state;
	assert_int_equal(judge_canary(&alive, others, 1), BLAME_NOBODY);
	assert_int_equal(judge_canary(&dead, NULL, 0), BLAME_UNKNOWN);
	assert_int_equal(judge_canary(&dead, others, 1), BLAME_RUNNER);
	assert_int_equal(judge_canary(&dead, others, 2), BLAME_GO);

	judge_doubt(&o, BLAME_NOBODY, &alive, others, 2, "emu 1", "linux/386");
	assert_int_equal(o.kind, OUTCOME_RUN_CRASH);
	assert_int_equal(o.findings.n, 0);
	judge_doubt(&o, BLAME_GO, &dead, others, 2, "emu 1", "linux/386");
	assert_int_equal(o.kind, OUTCOME_RUN_CRASH);
	assert_string_equal(o.findings.v[0].kind, "runner-doubt");
	assert_string_equal(o.findings.v[0].target, "linux/386");
	assert_non_null(strstr(o.findings.v[0].message, "lives on go1.26.1 with"));
	assert_null(strstr(o.findings.v[0].message, "go1.25.1"));
	judge_doubt(&o, BLAME_RUNNER, &dead, others, 1, "emu 1", "linux/386");
	assert_int_equal(o.kind, OUTCOME_INFRA);
	assert_int_equal(o.stage, STAGE_RUN);
	assert_non_null(strstr(o.message, "emu 1 cannot be trusted with linux/386"));
	assert_non_null(strstr(o.message, "every Go asked (go1.25.1, go1.27.4): late"));
	judge_doubt(&o, BLAME_UNKNOWN, &dead, NULL, 0, "emu 1", "linux/386");
	assert_non_null(strstr(o.message, "no other Go was asked"));
	outcome_dispose(&o);
}

/* --- verdicts --------------------------------------------------------------- */

static enum verdict verdict(enum outcome_kind kind, unsigned want, unsigned claim, const char *not_run,
			    struct cell_result *c)
{
	struct rule w = { .cgo = -1, .rescue = -1, .outcomes = want, .why = (char *)"why" };
	struct rule s = { .cgo = -1, .rescue = -1, .outcomes = claim };
	struct rules expect = { &w, want != ~0u, 1 }, says = { &s, claim != ~0u, 1 };
	struct place place = { .toolchain = "go1.27.4", .target = "linux/386", .variant = "default" };

	*c = (struct cell_result){ .outcome = { .kind = kind } };
	judge_verdict(c, &expect, &says, &place, not_run);
	return c->verdict;
}

#define BIT(kind) (1u << OUTCOME_##kind)

static void test_verdicts(void **state)
{
	static const struct {
		enum outcome_kind kind;
		unsigned want;
		const char *not_run;
		enum verdict is;
	} table[] = {
		{ OUTCOME_PASS, BIT(PASS), NULL, VERDICT_EXPECTED },
		{ OUTCOME_RUN_CRASH, BIT(PASS), NULL, VERDICT_UNEXPECTED },
		{ OUTCOME_PASS, BIT(RUN_CRASH), NULL, VERDICT_UNEXPECTED },
		/* nothing said: it must build, and behave where it runs */
		{ OUTCOME_PASS, ~0u, NULL, VERDICT_EXPECTED },
		{ OUTCOME_LINKED, ~0u, NULL, VERDICT_EXPECTED },
		{ OUTCOME_LINK_REJECTED, ~0u, NULL, VERDICT_UNEXPECTED },
		/* anything will do */
		{ OUTCOME_LINKED, 0, "no runner", VERDICT_EXPECTED },
		/* this machine's lack or fault is no verdict */
		{ OUTCOME_INFRA, BIT(PASS), NULL, VERDICT_NONE },
		{ OUTCOME_INFRA, ~0u, NULL, VERDICT_NONE },
		{ OUTCOME_LINKED, BIT(PASS), "no runner", VERDICT_NONE },
		{ OUTCOME_LINKED, BIT(PASS) | BIT(LINKED), "no runner", VERDICT_EXPECTED },
		{ OUTCOME_LINKED, BIT(PASS), NULL, VERDICT_UNEXPECTED },
		{ OUTCOME_LINK_REJECTED, BIT(PASS), "no runner", VERDICT_UNEXPECTED },
	};
	struct cell_result c;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (verdict(table[i].kind, table[i].want, ~0u, table[i].not_run, &c) != table[i].is)
			fail_msg("row %zu: %d", i, c.verdict);
		assert_null(c.mismatch); /* another kind of outcome speaks for itself */
		assert_null(c.says);
		cell_result_dispose(&c);
	}
}

static void test_words(void **state)
{
	struct rule rule = { .cgo = -1, .rescue = -1, .outcomes = BIT(LINK_REJECTED) };
	struct rules rules = { &rule, 1, 1 };
	struct cell_result c;

	(void)state;
	verdict(OUTCOME_RUN_CRASH, BIT(PASS) | BIT(LINKED), BIT(RUN_CRASH), NULL, &c);
	assert_string_equal(c.expected, "pass or linked");
	assert_string_equal(c.why, "why");
	assert_string_equal(c.says, "run-crash");
	assert_false(c.says_differs);
	cell_result_dispose(&c);
	verdict(OUTCOME_PASS, ~0u, BIT(LINK_REJECTED), NULL, &c);
	assert_true(c.says_differs);
	assert_null(c.why);
	cell_result_dispose(&c);
	verdict(OUTCOME_INFRA, ~0u, BIT(LINK_REJECTED), NULL, &c);
	assert_null(c.says); /* nothing is known here */
	assert_false(c.says_differs);
	cell_result_dispose(&c);
	rule.has_symbols = true;
	c = (struct cell_result){ .outcome = { .kind = OUTCOME_LINK_REJECTED } };
	outcome_add_symbol(&c.outcome, "a.a");
	judge_verdict(&c, &rules, &(struct rules){ 0 }, &(struct place){ .toolchain = "go1.27.4", .target = "t",
		      .variant = "v" }, NULL);
	assert_int_equal(c.verdict, VERDICT_UNEXPECTED);
	assert_string_equal(c.mismatch, "expected symbols none; got a.a");
	cell_result_dispose(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_endings),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_rescue),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_repeats),
		cmocka_unit_test(test_blame),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
