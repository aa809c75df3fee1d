/* results/result.c and results/changes.c: order of cells, neighbours, kinds of change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "harness/base/str.h"
#include "results/changes.h"
#include "tests/support/run_builder.h"

/* The changes as text: "case variant target from>to kind symbols\n" each. */
static void expect_changes(const struct run_result *r, const char *want)
{
	struct str got = STR_INIT;

	for (size_t i = 0; i < r->changes.n; i++) {
		const struct change *c = &r->changes.v[i];
		struct strv symbols;

		change_symbols(&symbols, r, c);
		str_addf(&got, "%s %s %s %s>%s %s", c->kase, c->variant, c->target,
			 r->cells.v[c->from].toolchain, r->cells.v[c->to].toolchain, c->kind);
		for (size_t j = 0; j < symbols.n; j++)
			str_addf(&got, "%s%s", j ? "," : " ", symbols.v[j]);
		str_addc(&got, '\n');
		strv_free(&symbols);
	}
	assert_string_equal(got.s, want);
	str_free(&got);
}

/* Two cells, one step. NULL: no change. */
static void expect_kind(const char *from, const char *to, const char *kind, const char *symbols)
{
	struct run_result r;

	build_run(&r);
	build_column(&r, "go1.22.12", NULL);
	build_column(&r, "go1.23.12", NULL);
	build_cell(&r, "a", "default", "go1.22.12", "linux/386", from);
	build_cell(&r, "a", "default", "go1.23.12", "linux/386", to);
	build_finish(&r);
	if (kind) {
		char *want = mem_printf("a default linux/386 go1.22.12>go1.23.12 %s%s%s\n", kind,
					*symbols ? " " : "", symbols);

		expect_changes(&r, want);
		mem_free(want);
	} else {
		expect_changes(&r, "");
	}
	run_result_dispose(&r);
}

static void test_kinds_between_outcomes(void **state)
{
	(void)state;
	expect_kind("pass", "link-rejected x,y", "new-rejection", "x,y");
	expect_kind("linked", "link-rejected x", "new-rejection", "x");
	expect_kind("link-rejected x", "linked", "rejection-lifted", "x");
	expect_kind("pass", "link-undefined x", "symbol-removed", "x");
	expect_kind("link-undefined x", "pass", "symbol-appeared", "x");
	expect_kind("pass", "run-crash", "crash", "");
	expect_kind("link-rejected x", "run-crash", "crash", "x");
	expect_kind("pass", "flaky", "flaky-now", "");
	expect_kind("run-crash", "pass", "fixed", "");
	expect_kind("flaky", "pass", "fixed", "");
	expect_kind("compile-error", "linked", "fixed", "");
	expect_kind("pass", "run-wrong", "output-changed", "");
	expect_kind("run-wrong", "pass", "fixed", "");
	expect_kind("link-rejected x", "link-undefined x", "other", "x");
	expect_kind("pass", "timeout", "other", "");
	expect_kind("pass", "compile-error", "other", "");
}

static void test_no_change(void **state)
{
	(void)state;
	expect_kind("pass", "pass", NULL, "");
	expect_kind("linked", "pass", NULL, "");
	expect_kind("pass", "linked", NULL, "");
	expect_kind("link-rejected x", "link-rejected x", NULL, "");
	expect_kind("run-wrong", "run-wrong", NULL, "");
}

static void test_other_symbols(void **state)
{
	(void)state;
	expect_kind("link-rejected x", "link-rejected x,y", "new-rejection", "y");
	expect_kind("link-rejected x,y", "link-rejected x", "other", "y");
	expect_kind("link-undefined x", "link-undefined x,y", "symbol-removed", "y");
	expect_kind("link-undefined x,y", "link-undefined y", "other", "x");
	expect_kind("link-rejected x", "link-rejected y", "new-rejection", "y");
}

static void test_crash_and_output_details(void **state)
{
	struct outcome a = { .kind = OUTCOME_RUN_CRASH }, b = a;
	char segv[] = "SIGSEGV", bus[] = "SIGBUS";

	(void)state;
	a.signal = segv;
	b.signal = bus;
	assert_string_equal(change_kind(&a, &b, true), "other");
	b.signal = segv;
	assert_null(change_kind(&a, &b, false));
	a.kind = b.kind = OUTCOME_RUN_WRONG;
	assert_string_equal(change_kind(&a, &b, false), "output-changed");
	assert_null(change_kind(&a, &b, true));
}

static void test_different_output_by_digest(void **state)
{
	struct run_result r;

	(void)state;
	build_run(&r);
	build_column(&r, "go1.22.12", NULL);
	build_column(&r, "go1.23.12", NULL);
	build_cell(&r, "a", "default", "go1.22.12", "linux/386", "run-wrong")->out_digest =
		mem_strdup("aa");
	build_cell(&r, "a", "default", "go1.23.12", "linux/386", "run-wrong")->out_digest =
		mem_strdup("bb");
	build_finish(&r);
	expect_changes(&r, "a default linux/386 go1.22.12>go1.23.12 output-changed\n");
	run_result_dispose(&r);
}

/* What was not asked is passed over: the next is compared with the last that was. */
static void test_unasked_cells_are_passed_over(void **state)
{
	static const char *const skipped[] = { "infra", "unsupported", "flaky" };
	static const char *const go[] = { "go1.21.13", "go1.22.12", "go1.23.12", "go1.24.13" };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct run_result r;
		struct cell_result *c;

		build_run(&r);
		for (int t = 0; t < 4; t++)
			build_column(&r, go[t], NULL);
		build_cell(&r, "a", "default", go[0], "linux/386", skipped[i]);
		outcome_add_finding(&r.cells.v[0].outcome, "runner-doubt", "warning", "m");
		build_cell(&r, "a", "default", go[1], "linux/386", "pass");
		c = build_cell(&r, "a", "default", go[2], "linux/386", skipped[i]);
		outcome_add_finding(&c->outcome, "runner-doubt", "warning", "m");
		build_cell(&r, "a", "default", go[3], "linux/386", "link-rejected x");
		build_finish(&r);
		expect_changes(&r, "a default linux/386 go1.22.12>go1.24.13 new-rejection x\n");
		run_result_dispose(&r);
	}
}

static void test_what_if_columns(void **state)
{
	struct run_result r;

	(void)state;
	build_run(&r);
	build_column(&r, "go1.26.11", NULL);
	build_column(&r, "go1.26.11+remove(x)", "go1.26.11");
	build_column(&r, "go1.26.11+remove(y)", "go1.26.11");
	build_column(&r, "go1.27.4", NULL);
	build_column(&r, "go1.26.11+remove(z)", "go1.26.11"); /* not beside its base */
	build_cell(&r, "a", "default", "go1.26.11", "linux/386", "pass");
	build_cell(&r, "a", "default", "go1.26.11+remove(x)", "linux/386", "link-undefined x");
	build_cell(&r, "a", "default", "go1.26.11+remove(y)", "linux/386", "link-undefined y");
	build_cell(&r, "a", "default", "go1.27.4", "linux/386", "link-rejected z");
	build_cell(&r, "a", "default", "go1.26.11+remove(z)", "linux/386", "link-undefined z");
	build_finish(&r);
	expect_changes(&r, "a default linux/386 go1.26.11>go1.26.11+remove(x) symbol-removed x\n"
			   "a default linux/386 go1.26.11>go1.26.11+remove(y) symbol-removed y\n"
			   "a default linux/386 go1.26.11>go1.27.4 new-rejection z\n"
			   "a default linux/386 go1.26.11>go1.26.11+remove(z) symbol-removed z\n");
	run_result_dispose(&r);
}

/* The base is not in the run, or was not asked: the release before it will do. */
static void test_what_if_without_its_base(void **state)
{
	(void)state;
	for (int infra = 0; infra < 2; infra++) {
		struct run_result r;

		build_run(&r);
		build_column(&r, "go1.26.11", NULL);
		build_column(&r, "go1.27.4", NULL);
		build_column(&r, "go1.27.4+remove(x)", "go1.27.4");
		build_cell(&r, "a", "default", "go1.26.11", "linux/386", "pass");
		if (infra)
			build_cell(&r, "a", "default", "go1.27.4", "linux/386", "infra");
		build_cell(&r, "a", "default", "go1.27.4+remove(x)", "linux/386",
			   "link-undefined x");
		build_finish(&r);
		expect_changes(&r, "a default linux/386 go1.26.11>go1.27.4+remove(x) "
				   "symbol-removed x\n");
		run_result_dispose(&r);
	}
}

/* Series do not touch: another case, variant, target or cgo has changes of its own. */
static void test_series_are_apart(void **state)
{
	struct run_result r;

	(void)state;
	build_run(&r);
	build_column(&r, "go1.22.12", NULL);
	build_cell(&r, "a", "default", "go1.22.12", "linux/386", "pass");
	build_cell(&r, "a", "default", "go1.22.12", "linux/386", "run-crash")->cgo = true;
	build_cell(&r, "a", "default", "go1.22.12", "linux/arm", "link-undefined x");
	build_cell(&r, "a", "checklinkname=0", "go1.22.12", "linux/arm", "link-rejected x");
	build_cell(&r, "b", "checklinkname=0", "go1.22.12", "linux/arm", "pass");
	build_cell(&r, "other/b", "checklinkname=0", "go1.22.12", "linux/arm", "run-crash");
	build_finish(&r);
	expect_changes(&r, "");
	run_result_dispose(&r);
}

static void test_order_of_cells(void **state)
{
	static const char *const want[] = {
		"b default linux/386 go1.22.12", "b default linux/386 go1.23.12",
		"b default linux/amd64 go1.22.12", "b v linux/386 go1.22.12",
		"a default linux/amd64 go1.23.12", "a v linux/386 go1.22.12",
		"a v linux/386 go9.9",
	};
	struct run_result r;

	(void)state;
	build_run(&r);
	build_column(&r, "go1.22.12", NULL);
	build_column(&r, "go1.23.12", NULL);
	build_cell(&r, "b", "default", "go1.23.12", "linux/386", "pass");
	build_cell(&r, "a", "default", "go1.23.12", "linux/amd64", "pass");
	build_cell(&r, "b", "v", "go1.22.12", "linux/386", "pass");
	build_cell(&r, "b", "default", "go1.22.12", "linux/amd64", "pass");
	build_cell(&r, "a", "v", "go9.9", "linux/386", "pass"); /* of no column: last */
	build_cell(&r, "a", "v", "go1.22.12", "linux/386", "pass");
	build_cell(&r, "b", "default", "go1.22.12", "linux/386", "pass");
	build_finish(&r);
	for (size_t i = 0; i < r.cells.n; i++) {
		const struct cell_result *c = &r.cells.v[i];
		char *got = mem_printf("%s %s %s %s", c->kase, c->variant, c->target, c->toolchain);

		assert_string_equal(got, want[i]);
		mem_free(got);
	}
	assert_int_equal(run_result_column(&r, "go1.23.12"), 1);
	assert_int_equal(run_result_column(&r, "go9.9"), -1);
	run_result_dispose(&r);
	assert_int_equal(r.cells.n, 0);
}

static void test_found_anew(void **state)
{
	struct run_result r;

	(void)state;
	build_fakecgo(&r);
	assert_int_equal(r.changes.n, 16);
	changes_find(&r);
	assert_int_equal(r.changes.n, 16);
	run_result_sort(&r); /* indices may be stale after it */
	assert_int_equal(r.changes.n, 0);
	run_result_dispose(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds_between_outcomes),
		cmocka_unit_test(test_no_change),
		cmocka_unit_test(test_other_symbols),
		cmocka_unit_test(test_crash_and_output_details),
		cmocka_unit_test(test_different_output_by_digest),
		cmocka_unit_test(test_unasked_cells_are_passed_over),
		cmocka_unit_test(test_what_if_columns),
		cmocka_unit_test(test_what_if_without_its_base),
		cmocka_unit_test(test_series_are_apart),
		cmocka_unit_test(test_order_of_cells),
		cmocka_unit_test(test_found_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
