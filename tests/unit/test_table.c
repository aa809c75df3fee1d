/*
 * harness/report/table.c and what it is made of: whole texts for small runs,
 * and for large ones that no line is too wide, the same bytes come twice and
 * without color there is no escape.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <locale.h>
#include <string.h>
#include <time.h>

#include "harness/report/table.h"
#include "tests/support/run_builder.h"

static const struct report_style plain = { .width = 100, .utf8 = true };

static void expect_style(const struct run_result *r, const struct report_style *style,
			 const char *want)
{
	struct str got = STR_INIT;

	report_table(&got, r, style);
	assert_string_equal(got.s, want);
	str_free(&got);
}

static void expect_text(struct run_result *r, const char *want)
{
	expect_style(r, &plain, want);
	run_result_dispose(r);
}

static void expect_contains(const struct run_result *r, const struct report_style *style,
			    const char *want)
{
	struct str got = STR_INIT;

	report_table(&got, r, style);
	if (!strstr(got.s, want))
		assert_string_equal(got.s, want); /* fails, and shows both */
	str_free(&got);
}

static void refuse(struct cell_result *c, const char *symbol)
{
	char *message = mem_printf("link: main: invalid reference to %s", symbol);

	c->outcome.kind = OUTCOME_LINK_REJECTED;
	outcome_add_symbol(&c->outcome, symbol);
	outcome_set_message(&c->outcome, message);
	mem_free(message);
}

/* Three toolchains and three targets, all pass. */
static void build_small(struct run_result *r)
{
	static const char *const go[] = { "go1.22.12", "go1.23.12", "go1.27rc1" };
	static const char *const targets[] = { "linux/amd64", "linux/arm64", "windows/amd64" };

	build_run(r);
	for (int t = 0; t < 3; t++)
		build_column(r, go[t], NULL);
	for (int a = 0; a < 3; a++)
		for (int t = 0; t < 3; t++)
			build_cell(r, "s/a", "default", go[t], targets[a], "pass");
}

static void test_no_cells(void **state)
{
	struct run_result r;

	(void)state;
	build_run(&r);
	build_finish(&r);
	expect_text(&r, "0 cells\n");
}

static void test_one_cell(void **state)
{
	struct run_result r;

	(void)state;
	build_grid(&r, 1, 1, 1);
	build_finish(&r);
	expect_text(&r, "                    1.17.12\n"
			"corpus: linux/386\n"
			"  case000, default  ✓\n"
			"\n"
			"✓ pass\n"
			"\n"
			"1 cell: 1 pass · 1 as expected\n");
}

/* The main job's matrix. */
static void test_fakecgo(void **state)
{
	struct run_result r;

	(void)state;
	build_fakecgo(&r);
	expect_text(&r, "                              1.22.12 1.23.12 1.24.13 1.25.12 1.26.11 1.27rc1 1.27.4 1.27.4+A\n"
			"fakecgo, 8 targets: linux/386, amd64, arm, arm64, loong64, ppc64le, riscv64, s390x\n"
			"  crosscall2, default         ●       ●       ●       ●       ●       ●       ●      R\n"
			"  crosscall2, checklinkname=0 ●       ●       ●       ●       ●       ●       ●      ●\n"
			"  links, default              ✓       ✓       ✓       ✓       ✓       ✓       ✓      R\n"
			"  links, checklinkname=0      ✓       ✓       ✓       ✓       ✓       ✓       ✓      ✓\n"
			"\n"
			"✓ pass   ● linked   R link-rejected\n"
			"A = go1.27.4+linknamestd(runtime.load_g,runtime.cgocallback)\n"
			"\n"
			"Changes\n"
			"  crosscall2, default; links, default: go1.27.4 → go1.27.4+A: new rejection of runtime.cgocallback,\n"
			"      runtime.load_g\n"
			"    on all 8 targets; with -checklinkname=0 it links and behaves (rejected-only)\n"
			"    | link: main: invalid reference to runtime.load_g\n"
			"\n"
			"256 cells: 120 pass, 120 linked, 16 link-rejected · 256 as expected · 128 from the store ·\n"
			"  12.3 s wall, 24.0 s CPU, 1.95 cores busy\n");
}

static void test_fakecgo_ascii(void **state)
{
	struct report_style style = { .width = 100 };
	struct run_result r;

	(void)state;
	build_fakecgo(&r);
	expect_style(&r, &style,
		     "                              1.22.12 1.23.12 1.24.13 1.25.12 1.26.11 1.27rc1 1.27.4 1.27.4+A\n"
		     "fakecgo, 8 targets: linux/386, amd64, arm, arm64, loong64, ppc64le, riscv64, s390x\n"
		     "  crosscall2, default         L       L       L       L       L       L       L      R\n"
		     "  crosscall2, checklinkname=0 L       L       L       L       L       L       L      L\n"
		     "  links, default              P       P       P       P       P       P       P      R\n"
		     "  links, checklinkname=0      P       P       P       P       P       P       P      P\n"
		     "\n"
		     "P pass   L linked   R link-rejected\n"
		     "A = go1.27.4+linknamestd(runtime.load_g,runtime.cgocallback)\n"
		     "\n"
		     "Changes\n"
		     "  crosscall2, default; links, default: go1.27.4 -> go1.27.4+A: new rejection of runtime.cgocallback,\n"
		     "      runtime.load_g\n"
		     "    on all 8 targets; with -checklinkname=0 it links and behaves (rejected-only)\n"
		     "    | link: main: invalid reference to runtime.load_g\n"
		     "\n"
		     "256 cells: 120 pass, 120 linked, 16 link-rejected; 256 as expected; 128 from the store;\n"
		     "  12.3 s wall, 24.0 s CPU, 1.95 cores busy\n");
	run_result_dispose(&r);
}

/* Toolchains in blocks, a label too long on a line of its own. */
static void test_fakecgo_narrow(void **state)
{
	struct report_style style = { .width = 60, .utf8 = true };
	struct run_result r;

	(void)state;
	build_fakecgo(&r);
	expect_style(&r, &style,
		     "                         1.22.12 1.23.12 1.24.13 1.25.12\n"
		     "fakecgo, 8 targets: linux/386, amd64, arm, arm64, loong64,\n"
		     "    ppc64le, riscv64, s390x\n"
		     "  crosscall2, default    ●       ●       ●       ●\n"
		     "  crosscall2, checklinkname=0\n"
		     "    all 8 targets        ●       ●       ●       ●\n"
		     "  links, default         ✓       ✓       ✓       ✓\n"
		     "  links, checklinkname=0 ✓       ✓       ✓       ✓\n"
		     "\n"
		     "                         1.26.11 1.27rc1 1.27.4 1.27.4+A\n"
		     "fakecgo, 8 targets: linux/386, amd64, arm, arm64, loong64,\n"
		     "    ppc64le, riscv64, s390x\n"
		     "  crosscall2, default    ●       ●       ●      R\n"
		     "  crosscall2, checklinkname=0\n"
		     "    all 8 targets        ●       ●       ●      ●\n"
		     "  links, default         ✓       ✓       ✓      R\n"
		     "  links, checklinkname=0 ✓       ✓       ✓      ✓\n"
		     "\n"
		     "✓ pass   ● linked   R link-rejected\n"
		     "A = go1.27.4+linknamestd(runtime.load_g,runtime.cgocallback)\n"
		     "\n"
		     "Changes\n"
		     "  crosscall2, default; links, default: go1.27.4 →\n"
		     "      go1.27.4+A: new rejection of runtime.cgocallback,\n"
		     "      runtime.load_g\n"
		     "    on all 8 targets; with -checklinkname=0 it links and\n"
		     "      behaves (rejected-only)\n"
		     "    | link: main: invalid reference to runtime.load_g\n"
		     "\n"
		     "256 cells: 120 pass, 120 linked, 16 link-rejected ·\n"
		     "  256 as expected · 128 from the store ·\n"
		     "  12.3 s wall, 24.0 s CPU, 1.95 cores busy\n");
	run_result_dispose(&r);
}

/* Twelve toolchains: headings on two lines. */
static void test_stacked_headings(void **state)
{
	struct report_style style = { .width = 80, .utf8 = true };
	struct run_result r;

	(void)state;
	build_grid(&r, 1, 2, 12);
	build_finish(&r);
	expect_style(&r, &style,
		     "                   1.17 1.18 1.19 1.20 1.21 1.22 1.23 1.24 1.25 1.26 1.27 1.28\n"
		     "                   .12  .12  .12  .12  .12  .12  .12  .12  .12  .12  .12  .12\n"
		     "corpus, 2 targets: linux/386, amd64\n"
		     "  case000, default ✓    ✓    ✓    ✓    ✓    ✓    ✓    ✓    ✓    ✓    ✓    ✓\n"
		     "\n"
		     "✓ pass\n"
		     "\n"
		     "24 cells: 24 pass · 24 as expected\n");
	run_result_dispose(&r);
}

/* One target leaps to the eye; the others share a row. */
static void test_unexpected(void **state)
{
	struct run_result r;

	(void)state;
	build_small(&r);
	for (size_t i = 3; i < 6; i++)
		refuse(&r.cells.v[i], "runtime.load_g");
	r.cells.v[3].outcome.rescue = RESCUE_GONE;
	for (size_t i = 4; i < 6; i++) {
		struct cell_result *c = &r.cells.v[i];

		c->verdict = VERDICT_UNEXPECTED;
		c->mismatch = mem_strdup("the linker refused it");
		c->why = mem_strdup("1.23 marks it for outside use");
		c->command = mem_strdup("env GOARCH=arm64 go build -o /dev/null .");
	}
	build_finish(&r);
	expect_text(&r, "                                1.22.12  1.23.12  1.27rc1\n"
			"s, 3 targets: linux/amd64, arm64; windows/amd64\n"
			"  a, default\n"
			"    linux/amd64; windows/amd64  ✓        ✓        ✓\n"
			"    linux/arm64                 R        R!       R!\n"
			"\n"
			"✓ pass   R link-rejected   ! unexpected\n"
			"\n"
			"Unexpected\n"
			"  a, default: linux/arm64 on go1.23.12, go1.27rc1 (2 cells)\n"
			"    expected pass, got link-rejected runtime.load_g: the linker refused it\n"
			"    expected because: 1.23 marks it for outside use\n"
			"    | link: main: invalid reference to runtime.load_g\n"
			"    to see it:\n"
			"    env GOARCH=arm64 go build -o /dev/null .\n"
			"\n"
			"9 cells: 6 pass, 3 link-rejected · 2 unexpected · 7 as expected\n");
}

static void test_colors(void **state)
{
	struct report_style style = { .width = 80, .utf8 = true, .color = true };
	struct run_result r;

	(void)state;
	build_small(&r);
	r.cells.n = 2; /* of 9; the others are freed here */
	for (size_t i = 2; i < 9; i++)
		cell_result_dispose(&r.cells.v[i]);
	refuse(&r.cells.v[1], "runtime.load_g");
	r.cells.v[1].verdict = VERDICT_REGRESSED;
	mem_free(r.cells.v[1].expected);
	r.cells.v[1].expected = NULL;
	build_finish(&r);
	expect_style(&r, &style,
		     "\033[1m              1.22.12  1.23.12\033[0m\n"
		     "\033[1ms: linux/amd64\033[0m\n"
		     "  a, default  \033[32m✓\033[0m        \033[31m\033[1;7mR!\033[0m\n"
		     "\n"
		     "✓ pass   R link-rejected   ! unexpected\n"
		     "\n"
		     "\033[1mUnexpected\033[0m\n"
		     "\033[1;31m  a, default: linux/amd64 on go1.23.12\033[0m\n"
		     "    regressed: link-rejected runtime.load_g\n"
		     "    | link: main: invalid reference to runtime.load_g\n"
		     "\n"
		     "\033[1mChanges\033[0m\n"
		     "  a, default: go1.22.12 → go1.23.12: new rejection of runtime.load_g\n"
		     "    on linux/amd64\n"
		     "\n"
		     "2 cells: 1 pass, 1 link-rejected · 1 unexpected · 1 as expected\n");
	run_result_dispose(&r);
}

/* What could not be asked, by reason. */
static void test_infra_and_missing(void **state)
{
	struct run_result r;

	(void)state;
	build_small(&r);
	r.columns.v[2].missing = mem_strdup("the download broke off; the next run tries again");
	for (size_t i = 0; i < 9; i++) {
		struct cell_result *c = &r.cells.v[i];

		if (i % 3 != 2 && i / 3 != 1)
			continue;
		c->outcome.kind = OUTCOME_INFRA;
		c->verdict = VERDICT_NONE;
		if (i % 3 == 2)
			continue;
		outcome_set_message(&c->outcome, "the runner's canary dies of SIGSEGV");
		c->runner = mem_strdup("qemu-aarch64 7.2.22");
		strv_add(&c->outcome.notes, "install qemu-user 10.0 or newer");
	}
	build_finish(&r);
	expect_text(&r, "                                1.22.12  1.23.12  1.27rc1\n"
			"s, 3 targets: linux/amd64, arm64; windows/amd64\n"
			"  a, default\n"
			"    linux/amd64; windows/amd64  ✓        ✓        ?\n"
			"    linux/arm64                 ?        ?        ?\n"
			"\n"
			"✓ pass   ? infra\n"
			"\n"
			"Not asked\n"
			"  3 cells: go1.27rc1: the download broke off; the next run tries again\n"
			"  2 cells: linux/arm64 on go1.22.12, go1.23.12: the runner's canary dies of SIGSEGV\n"
			"    runner: qemu-aarch64 7.2.22\n"
			"    install qemu-user 10.0 or newer\n"
			"\n"
			"9 cells: 5 infra, 4 pass · 4 as expected\n");
}

static void test_document(void **state)
{
	struct claim_source source = { mem_strdup("s"), mem_strdup("golang/go#79190") };
	struct run_result r;

	(void)state;
	build_small(&r);
	vec_push(&r.claims, source);
	for (size_t i = 0; i < 6; i++) {
		r.cells.v[i].says = mem_strdup("link-rejected");
		r.cells.v[i].says_differs = i != 4;
	}
	refuse(&r.cells.v[4], "runtime.load_g");
	build_finish(&r);
	expect_text(&r, "                                1.22.12  1.23.12  1.27rc1\n"
			"s, 3 targets: linux/amd64, arm64; windows/amd64\n"
			"  a, default\n"
			"    linux/amd64; windows/amd64  ✓        ✓        ✓\n"
			"    linux/arm64                 ✓        R        ✓\n"
			"\n"
			"✓ pass   R link-rejected\n"
			"\n"
			"Changes\n"
			"  a, default: go1.22.12 → go1.23.12: new rejection of runtime.load_g\n"
			"    on linux/arm64\n"
			"    | link: main: invalid reference to runtime.load_g\n"
			"  a, default: go1.23.12 → go1.27rc1: rejection lifted: runtime.load_g\n"
			"    on linux/arm64\n"
			"\n"
			"Where the document differs\n"
			"  a, default: linux/amd64 on all 3 toolchains (3 cells)\n"
			"    golang/go#79190 says link-rejected; found: pass\n"
			"  a, default: linux/arm64 on go1.22.12, go1.27rc1 (2 cells)\n"
			"    golang/go#79190 says link-rejected; found: pass\n"
			"  about 1 other cell it is right\n"
			"\n"
			"9 cells: 8 pass, 1 link-rejected · 9 as expected\n");
}

static void test_findings_and_notes(void **state)
{
	struct run_result r;

	(void)state;
	build_small(&r);
	for (size_t i = 0; i < 9; i++) {
		struct outcome *o = &r.cells.v[i].outcome;
		struct finding *f;

		if (i >= 6) {
			o->kind = OUTCOME_LINKED;
			strv_add(&o->notes, "not run: no runner for it here");
		} else if (i < 3) {
			f = outcome_add_finding(o, "signature-mismatch", "error", "2 results, Go has 1");
			f->symbol = mem_strdup("runtime.fastrand");
			f->file = mem_strdup("a.go");
			f->line = 12;
		}
	}
	build_finish(&r);
	expect_text(&r, "                   1.22.12  1.23.12  1.27rc1\n"
			"s, 3 targets: linux/amd64, arm64; windows/amd64\n"
			"  a, default\n"
			"    linux/amd64    ✓*       ✓*       ✓*\n"
			"    linux/arm64    ✓        ✓        ✓\n"
			"    windows/amd64  ●        ●        ●\n"
			"\n"
			"✓ pass   ● linked   * see findings\n"
			"\n"
			"Findings\n"
			"  signature-mismatch (error) runtime.fastrand: 2 results, Go has 1\n"
			"    at a.go:12\n"
			"    a, default: linux/amd64 on all 3 toolchains (3 cells)\n"
			"\n"
			"Notes\n"
			"  windows/amd64: not run: no runner for it here (3 cells)\n"
			"\n"
			"9 cells: 6 pass, 3 linked · 9 as expected · 3 by luck\n");
}

static void test_kinds_of_change(void **state)
{
	static const char *const kinds[] = { "run-crash", "link-rejected x", "pass", "flaky",
					     "link-undefined x", "timeout" };
	struct run_result r;

	(void)state;
	build_run(&r);
	build_column(&r, "go1.22.12", NULL);
	build_column(&r, "go1.23.12", NULL);
	for (size_t i = 0; i < 6; i++) {
		char *kase = mem_printf("s/c%zu", i);

		build_cell(&r, kase, "default", "go1.22.12", "linux/386",
			   i == 2 ? "link-undefined y" : "pass");
		build_cell(&r, kase, "default", "go1.23.12", "linux/386", kinds[i]);
		mem_free(kase);
	}
	r.cells.v[1].outcome.signal = mem_strdup("SIGSEGV");
	build_finish(&r);
	expect_text(&r, "               1.22.12  1.23.12\n"
			"s: linux/386\n"
			"  c0, default  ✓        ✗\n"
			"  c1, default  ✓        R\n"
			"  c2, default  U        ✓\n"
			"  c3, default  ✓        ~\n"
			"  c4, default  ✓        U\n"
			"  c5, default  ✓        T\n"
			"\n"
			"✓ pass   R link-rejected   U link-undefined   ✗ run-crash   T timeout   ~ flaky\n"
			"\n"
			"Changes\n"
			"  c0, default: go1.22.12 → go1.23.12: crash: pass → run-crash (SIGSEGV)\n"
			"    on linux/386\n"
			"  c1, default: go1.22.12 → go1.23.12: new rejection of x\n"
			"    on linux/386\n"
			"  c2, default: go1.22.12 → go1.23.12: symbol appeared: y\n"
			"    on linux/386\n"
			"  c3, default: go1.22.12 → go1.23.12: flaky-now: pass → flaky\n"
			"    on linux/386\n"
			"  c4, default: go1.22.12 → go1.23.12: symbol removed: x\n"
			"    on linux/386\n"
			"  c5, default: go1.22.12 → go1.23.12: pass → timeout (run)\n"
			"    on linux/386\n"
			"\n"
			"12 cells: 6 pass, 2 link-undefined, 1 link-rejected, 1 run-crash, 1 timeout, 1 flaky ·\n"
			"  12 as expected\n");
}

/* Local toolchains, and one what-if over two releases. */
static void test_letters(void **state)
{
	static const char *const go[] = { "local:/opt/go-with-a-long-name", "git:aee6009", "go1.26.11",
					  "go1.26.11+remove(x)", "go1.27.4", "go1.27.4+remove(x)" };
	struct run_result r;

	(void)state;
	build_run(&r);
	for (int t = 0; t < 6; t++) {
		build_column(&r, go[t], t == 3 || t == 5 ? go[t - 1] : NULL);
		build_cell(&r, "s/a", "default", go[t], "linux/amd64", "pass");
		build_cell(&r, "s/a", "default", go[t], "linux/amd64", "pass")->cgo = true;
	}
	build_finish(&r);
	expect_text(&r, "              local A  git:aee6009  1.26.11  1.26.11+B  1.27.4  1.27.4+B\n"
			"s, 2 targets: linux/amd64, amd64 cgo\n"
			"  a, default  ✓        ✓            ✓        ✓          ✓       ✓\n"
			"\n"
			"✓ pass\n"
			"A = local:/opt/go-with-a-long-name\n"
			"B = +remove(x)\n"
			"\n"
			"12 cells: 12 pass · 12 as expected\n");
}

/* A case that is not asked on every target of its scenario. */
static void test_two_scenarios(void **state)
{
	struct run_result r;

	(void)state;
	build_small(&r);
	build_cell(&r, "s/b", "default", "go1.22.12", "linux/arm64", "pass");
	build_cell(&r, "t/a", "default", "go1.22.12", "linux/arm64", "compile-error");
	outcome_set_message(&r.cells.v[10].outcome, "a.go:1:1: expected 'package'");
	r.cells.v[10].verdict = VERDICT_UNEXPECTED;
	build_finish(&r);
	expect_text(&r, "                 1.22.12  1.23.12  1.27rc1\n"
			"s, 3 targets: linux/amd64, arm64; windows/amd64\n"
			"  a, default     ✓        ✓        ✓\n"
			"  b, default\n"
			"    linux/arm64  ✓        ·        ·\n"
			"t: linux/arm64\n"
			"  a, default     C!       ·        ·\n"
			"\n"
			"✓ pass   C compile-error   · not asked for   ! unexpected\n"
			"\n"
			"Unexpected\n"
			"  t: a, default: linux/arm64 on go1.22.12\n"
			"    expected compile-error, got compile-error\n"
			"    | a.go:1:1: expected 'package'\n"
			"\n"
			"11 cells: 10 pass, 1 compile-error · 1 unexpected · 10 as expected\n");
}

static void test_interrupted(void **state)
{
	struct run_result r;

	(void)state;
	build_small(&r);
	for (size_t i = 5; i < 9; i++)
		cell_result_dispose(&r.cells.v[i]);
	r.cells.n = 5;
	r.interrupted = true;
	build_finish(&r);
	expect_text(&r, "                 1.22.12  1.23.12  1.27rc1\n"
			"s, 2 targets: linux/amd64, arm64\n"
			"  a, default\n"
			"    linux/amd64  ✓        ✓        ✓\n"
			"    linux/arm64  ✓        ✓        ·\n"
			"\n"
			"✓ pass   · not run yet\n"
			"\n"
			"interrupted: 5 of 9 cells; run the same command again to go on\n"
			"5 cells: 5 pass · 5 as expected\n");
}

/* Nothing that a program says moves the cursor. */
static void test_hostile_text(void **state)
{
	struct run_result r;

	(void)state;
	build_small(&r);
	outcome_set_message(&r.cells.v[4].outcome,
			    "a\033[2Jb\rc\xff\xe2\x80\xae\n\n\tsecond\nthird\nfourth is left out\n");
	r.cells.v[4].outcome.kind = OUTCOME_RUN_WRONG;
	r.cells.v[4].outcome.has_exit = true;
	r.cells.v[4].outcome.exit_status = 3;
	r.cells.v[4].verdict = VERDICT_UNEXPECTED;
	build_finish(&r);
	expect_text(&r, "                                1.22.12  1.23.12  1.27rc1\n"
			"s, 3 targets: linux/amd64, arm64; windows/amd64\n"
			"  a, default\n"
			"    linux/amd64; windows/amd64  ✓        ✓        ✓\n"
			"    linux/arm64                 ✓        W!       ✓\n"
			"\n"
			"✓ pass   W run-wrong   ! unexpected\n"
			"\n"
			"Unexpected\n"
			"  a, default: linux/arm64 on go1.23.12\n"
			"    expected pass, got run-wrong (exit 3)\n"
			"    | a�[2Jb c��\n"
			"    |  second\n"
			"    | third\n"
			"\n"
			"Changes\n"
			"  a, default: go1.22.12 → go1.23.12: output-changed: pass → run-wrong (exit 3)\n"
			"    on linux/arm64\n"
			"  a, default: go1.23.12 → go1.27rc1: fixed: run-wrong (exit 3) → pass\n"
			"    on linux/arm64\n"
			"\n"
			"9 cells: 8 pass, 1 run-wrong · 1 unexpected · 8 as expected\n");
}

/* What failed in another way is another entry, though the outcome is the same. */
static void test_unexpected_apart(void **state)
{
	struct run_result r;

	(void)state;
	build_small(&r);
	for (size_t i = 0; i < 3; i++) {
		r.cells.v[i].outcome.kind = OUTCOME_RUN_WRONG;
		r.cells.v[i].verdict = VERDICT_UNEXPECTED;
		r.cells.v[i].mismatch = mem_strdup(i == 1 ? "exit 2, not 0" : "stdout differs");
	}
	build_finish(&r);
	expect_contains(&r, &plain,
			"\nUnexpected\n"
			"  a, default: linux/amd64 on go1.22.12, go1.27rc1 (2 cells)\n"
			"    expected pass, got run-wrong: stdout differs\n"
			"  a, default: linux/amd64 on go1.23.12\n"
			"    expected pass, got run-wrong: exit 2, not 0\n\n");
	run_result_dispose(&r);
}

/* A command is continued where the shell allows it. */
static void test_command_is_continued(void **state)
{
	struct report_style style = { .width = 60, .utf8 = true };
	struct run_result r;

	(void)state;
	build_small(&r);
	r.cells.v[0].verdict = VERDICT_UNEXPECTED;
	r.cells.v[0].command = mem_strdup("env GOOS=linux GOARCH=arm64 CGO_ENABLED=0 "
					  "'GOFLAGS=-a b c' go build -o /dev/null \"a b\" x\\ y ./cmd/tool");
	build_finish(&r);
	expect_contains(&r, &style,
			"    to see it:\n"
			"    env GOOS=linux GOARCH=arm64 CGO_ENABLED=0 \\\n"
			"      'GOFLAGS=-a b c' go build -o /dev/null \"a b\" x\\ y \\\n"
			"      ./cmd/tool\n");
	run_result_dispose(&r);
}

/* ---- large runs ---- */

static void expect_fits(const struct run_result *r)
{
	static const int widths[] = { 60, 80, 100, 140 };

	for (int i = 0; i < 4 * 4; i++) {
		struct report_style style = { .width = widths[i / 4], .color = i & 1, .utf8 = i & 2 };
		struct str once = STR_INIT, twice = STR_INIT;

		report_table(&once, r, &style);
		report_table(&twice, r, &style);
		assert_string_equal(once.s, twice.s);
		assert_true(longest_line(once.s) <= (size_t)style.width);
		assert_true(style.color || !strchr(once.s, '\033'));
		assert_null(strchr(once.s, '\x01'));
		assert_null(strstr(once.s, " \n"));
		for (const char *s = once.s; !style.utf8 && *s; s++)
			assert_true((unsigned char)*s < 0x80);
		str_free(&twice);
		str_free(&once);
	}
}

static void test_fakecgo_fits(void **state)
{
	struct run_result r;

	(void)state;
	build_fakecgo(&r);
	expect_fits(&r);
	run_result_dispose(&r);
}

static void test_12_toolchains_by_20_targets_fit(void **state)
{
	struct run_result r;

	(void)state;
	build_grid(&r, 3, 20, 12);
	for (size_t i = 0; i < r.cells.n; i++) {
		struct cell_result *c = &r.cells.v[i];

		if (i % 7 == 0 || (i / 12 % 20 == 3 && i % 12 > 5)) {
			refuse(c, "internal/runtime/maps.(*Map).getWithoutKeySmallFastStr");
			c->verdict = i % 2 ? VERDICT_UNEXPECTED : VERDICT_EXPECTED;
			c->mismatch = mem_strdup("the linker refused it ☹");
			c->why = mem_strdup("it was so in every release until now, and the release "
					    "notes say nothing of a change");
			c->command = mem_strdup("env GOOS=linux GOARCH=arm64 CGO_ENABLED=0 "
						"'GOFLAGS=-a -b' go build -o /dev/null .");
		}
		if (i % 11 == 0)
			outcome_add_finding(&c->outcome, "runner-doubt", "warning",
					    "only one runner has said so")->file =
				mem_strdup("a/b.go");
		if (i % 13 == 0)
			strv_add(&c->outcome.notes, "the go line was lowered to 1.22");
		c->says = i % 5 == 0 ? mem_strdup("pass") : NULL;
		c->says_differs = i % 10 == 0;
	}
	build_finish(&r);
	expect_fits(&r);
	run_result_dispose(&r);
}

static void test_200_cases_fit(void **state)
{
	struct run_result r;

	(void)state;
	build_grid(&r, 200, 1, 3);
	for (size_t i = 0; i < r.cells.n; i++)
		if (i / 3 % 50 == 7 && i % 3 > 0)
			refuse(&r.cells.v[i], "runtime.fastrand");
	build_finish(&r);
	expect_fits(&r);
	/* One cause, one entry; what is quiet is one row. */
	expect_contains(&r, &plain,
			"corpus: linux/386\n"
			"  case007, default          ✓        R        R\n"
			"  case057, default          ✓        R        R\n"
			"  case107, default          ✓        R        R\n"
			"  case157, default          ✓        R        R\n"
			"  196 other cases, default  ✓        ✓        ✓\n");
	expect_contains(&r, &plain,
			"\nChanges\n"
			"  case007, default; case057, default; case107, default; case157, default: "
			"go1.17.12 → go1.18.12: new\n"
			"      rejection of runtime.fastrand\n"
			"    on linux/386\n"
			"    | link: main: invalid reference to runtime.fastrand\n\n");
	run_result_dispose(&r);
}

static void test_10000_cells_are_quick(void **state)
{
	struct report_style style = { .width = 100, .utf8 = true, .max_entries = 20 };
	struct run_result r;
	struct str out = STR_INIT;
	clock_t from;

	(void)state;
	build_grid(&r, 50, 20, 10);
	for (size_t i = 0; i < r.cells.n; i++)
		if ((i * 2654435761u >> 7) % 5 == 0) {
			refuse(&r.cells.v[i], "runtime.fastrand");
			r.cells.v[i].verdict = VERDICT_UNEXPECTED;
		}
	build_finish(&r);
	from = clock();
	report_table(&out, &r, &style);
	/* 30 ms in a release build; the limit has room for sanitizers and a busy machine. */
	assert_true(clock() - from < 3 * CLOCKS_PER_SEC);
	assert_non_null(strstr(out.s, "more ("));
	assert_true(longest_line(out.s) <= 100);
	str_free(&out);
	run_result_dispose(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_cells),
		cmocka_unit_test(test_one_cell),
		cmocka_unit_test(test_fakecgo),
		cmocka_unit_test(test_fakecgo_ascii),
		cmocka_unit_test(test_fakecgo_narrow),
		cmocka_unit_test(test_stacked_headings),
		cmocka_unit_test(test_unexpected),
		cmocka_unit_test(test_colors),
		cmocka_unit_test(test_infra_and_missing),
		cmocka_unit_test(test_document),
		cmocka_unit_test(test_findings_and_notes),
		cmocka_unit_test(test_kinds_of_change),
		cmocka_unit_test(test_letters),
		cmocka_unit_test(test_two_scenarios),
		cmocka_unit_test(test_interrupted),
		cmocka_unit_test(test_hostile_text),
		cmocka_unit_test(test_unexpected_apart),
		cmocka_unit_test(test_command_is_continued),
		cmocka_unit_test(test_fakecgo_fits),
		cmocka_unit_test(test_12_toolchains_by_20_targets_fit),
		cmocka_unit_test(test_200_cases_fit),
		cmocka_unit_test(test_10000_cells_are_quick),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
