/* The engine with fakes behind its seams: what each cell comes to, and what was asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/fs.h"
#include "harness/base/str.h"
#include "harness/sched/engine.h"
#include "tests/support/fakes.h"

#define CASE(name, more) \
	"case '" name "' { files = [[\n" name "\n-- main.go --\npackage main // " name "\n]], " more " }\n"
#define REJECTED "link: main: invalid reference to runtime.a\n"
#define BUILD_ERR "# command-line-arguments\n" REJECTED

struct world {
	uv_loop_t loop;
	struct fake fake;
	struct store *store;
	struct asker *asker;
	struct engine *e;
	struct engine_options o;
	struct scenario *sc;
	struct run_result r;
	bool fresh, keep_store;
	unsigned cells, ends;
	unsigned stop_after; /* cells; 0: never */
};

static void begin(struct world *w, const char *cases)
{
	char dir[] = "/tmp/lnm-engine-XXXXXX";
	struct error err = { 0 };
	char *path, *text = mem_printf("scenario { name = 's' }\n%s", cases);

	assert_non_null(mkdtemp(dir));
	path = path_join(dir, "t.lua");
	assert_int_equal(fs_write(path, text, strlen(text), 0666, &err), 0);
	if (scenario_load(&w->sc, path, &err) < 0)
		fail_msg("%s", err.msg);
	fs_remove_tree(dir, &err);
	mem_free(path);
	mem_free(text);
	uv_loop_init(&w->loop);
	fake_init(&w->fake, &w->loop);
	w->r = (struct run_result){ 0 };
	w->cells = w->ends = 0;
	if (!w->store)
		assert_int_equal(store_open(&w->store, ":memory:", &err), 0);
}

static void make_engine(struct world *w)
{
	struct engine_deps deps;
	struct error err = { 0 };

	w->asker = asker_new(&w->loop, w->store, &w->fake.ex, w->fresh);
	deps = (struct engine_deps){ .loop = &w->loop, .store = w->store, .asker = w->asker,
				     .supplier = &w->fake.sup, .versioner = &w->fake.ver,
				     .runners = &w->fake.runners };
	if (w->o.cores == 0)
		w->o.cores = 1;
	if (engine_new(&w->e, &deps, &w->o, &err) < 0)
		fail_msg("%s", err.msg);
}

static struct toolchain *toolchain(struct world *w, const char *name)
{
	struct toolchain_name parts;
	struct spec_item item = { .name = (char *)name, .is_version = true };
	struct error err = { 0 };
	struct toolchain *tc;

	if (name_parse(&parts, name, &err) < 0 || gover_parse(&item.version, parts.base, &err) < 0)
		fail_msg("%s", err.msg);
	item.base = parts.base;
	item.edits = parts.edits;
	tc = engine_toolchain(w->e, &item);
	name_dispose(&parts);
	return tc;
}

/* All cases x comma lists. */
static void plan(struct world *w, const char *toolchains, const char *targets, const char *variants)
{
	struct strv tcs = { 0 }, ts = { 0 }, vs = { 0 };
	struct error err = { 0 };

	list_split(toolchains, &tcs);
	list_split(targets, &ts);
	list_split(variants, &vs);
	for (size_t k = 0; k < w->sc->cases.n; k++)
		for (size_t t = 0; t < ts.n; t++)
			for (size_t v = 0; v < vs.n; v++)
				for (size_t i = 0; i < tcs.n; i++)
					if (engine_add(w->e, w->sc->cases.v[k], toolchain(w, tcs.v[i]), ts.v[t],
						       vs.v[v], false, &err) < 0)
						fail_msg("%s", err.msg);
	strv_free(&tcs);
	strv_free(&ts);
	strv_free(&vs);
}

static void stop(struct world *w)
{
	engine_stop(w->e);
	w->fake.ex.cancel_all(&w->fake.ex);
}

static void on_cell(void *arg)
{
	struct world *w = arg;

	if (++w->cells == w->stop_after)
		stop(w);
}

static void on_end(void *arg)
{
	((struct world *)arg)->ends++;
}

static void go(struct world *w)
{
	engine_start(w->e, on_cell, on_end, w);
	uv_run(&w->loop, UV_RUN_DEFAULT);
}

static void conclude(struct world *w)
{
	assert_int_equal(w->ends, 1);
	assert_int_equal(asker_pending(w->asker), 0);
	engine_conclude(w->e, &w->r);
}

static void end(struct world *w)
{
	run_result_dispose(&w->r);
	engine_free(w->e);
	asker_free(w->asker);
	fake_close(&w->fake);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&w->loop), 0);
	fake_dispose(&w->fake);
	scenario_free(w->sc);
	if (!w->keep_store) {
		store_close(w->store);
		w->store = NULL;
	}
}

static const struct cell_result *cell(const struct world *w, const char *what)
{
	for (size_t i = 0; i < w->r.cells.n; i++) {
		const struct cell_result *c = &w->r.cells.v[i];
		char *name = mem_printf("%s %s %s %s", c->kase, c->toolchain, c->target, c->variant);
		bool is = str_glob(what, name);

		mem_free(name);
		if (is)
			return c;
	}
	fail_msg("no cell %s", what);
	return NULL;
}

#define SIMPLE(w, case_text, the_rules, tcs, targets, variants)                                 \
	do {                                                                                    \
		begin(w, case_text);                                                            \
		(w)->fake.rules = the_rules;                                                    \
		(w)->fake.nrules = sizeof(the_rules) / sizeof((the_rules)[0]);                  \
		make_engine(w);                                                                 \
		plan(w, tcs, targets, variants);                                                \
		go(w);                                                                          \
		conclude(w);                                                                    \
	} while (0)

static const struct fake_rule none[] = { { .program = "nothing" } };

/* --- outcomes --------------------------------------------------------------- */

static const struct fake_rule rejecting[] = {
	{ .kind = "build", .program = "p", .flags = "-", .exit_status = 1, .err = BUILD_ERR },
	{ .kind = "refused", .out = "runtime.b\tinvalid reference to runtime.b\n" },
	{ .kind = "build", .program = "u", .exit_status = 1,
	  .err = "# u\nmain.main: relocation target runtime.gone not defined\n" },
};

static void test_outcomes(void **state)
{
	struct world w = { 0 };
	const struct cell_result *c;

	(void)state;
	SIMPLE(&w,
	       CASE("p", "expect = { { variant = 'default', outcome = 'link-rejected', symbols = 'runtime.a,runtime.b',"
			 " rescue = 'rejected-only' }, { outcome = 'pass' } }")
	       CASE("u", "expect = 'link-undefined'") CASE("ok", "run = false"),
	       rejecting, "go1.27.4", "linux/arm64", "default,checklinkname=0");
	assert_int_equal(w.cells, 6);
	c = cell(&w, "p * default");
	assert_int_equal(c->outcome.kind, OUTCOME_LINK_REJECTED);
	assert_int_equal(c->outcome.symbols.n, 2);
	assert_int_equal(c->outcome.rescue, RESCUE_REJECTED_ONLY);
	assert_int_equal(c->verdict, VERDICT_EXPECTED);
	assert_null(c->runner);
	assert_non_null(strstr(c->command, "go build"));
	c = cell(&w, "p * checklinkname=0");
	assert_int_equal(c->outcome.kind, OUTCOME_PASS);
	assert_int_equal(c->verdict, VERDICT_EXPECTED);
	assert_string_equal(c->runner, "emu 1.0 (cpu default)");
	assert_false(c->cached);
	c = cell(&w, "u * default");
	assert_int_equal(c->outcome.kind, OUTCOME_LINK_UNDEFINED);
	assert_string_equal(c->outcome.symbols.v[0], "runtime.gone");
	assert_int_equal(c->verdict, VERDICT_EXPECTED);
	assert_int_equal(cell(&w, "ok * default")->outcome.kind, OUTCOME_LINKED);
	/* the second opinion and the variant are one question, and one run */
	assert_int_equal(fake_asked(&w.fake, "refused p *"), 1);
	assert_int_equal(fake_asked(&w.fake, "build p *"), 2);
	assert_int_equal(fake_asked(&w.fake, "run p *"), 1);
	assert_int_equal(fake_asked(&w.fake, "run ok *"), 0);
	assert_int_equal(fake_asked(&w.fake, "build canary *"), 2);
	end(&w);
}

static void test_asked_once(void **state)
{
	struct world w = { 0 };

	(void)state;
	/* two cases with the same files are the same question */
	SIMPLE(&w, "local f = [[\np\n-- main.go --\npackage main\n]]\n"
	       "case 'a' { files = f } case 'b' { files = f }", none, "go1.22.12", "linux/arm64", "default");
	assert_int_equal(fake_asked(&w.fake, "build p *"), 1);
	assert_int_equal(fake_asked(&w.fake, "run p *"), 1);
	assert_int_equal(cell(&w, "a *")->outcome.kind, OUTCOME_PASS);
	assert_int_equal(cell(&w, "b *")->outcome.kind, OUTCOME_PASS);
	end(&w);
}

static void test_store_answers(void **state)
{
	static const char cases[] = CASE("p", "") CASE("q", "");
	struct world w = { .keep_store = true };
	size_t first;

	(void)state;
	SIMPLE(&w, cases, rejecting, "go1.26.1,go1.27.4", "linux/arm64", "default");
	first = w.fake.log.n;
	assert_true(first > 8);
	assert_false(cell(&w, "p go1.27.4 *")->cached);
	end(&w);
	SIMPLE(&w, cases, rejecting, "go1.26.1,go1.27.4", "linux/arm64", "default");
	assert_int_equal(w.fake.log.n, 0);
	for (size_t i = 0; i < w.r.cells.n; i++)
		assert_true(w.r.cells.v[i].cached);
	assert_int_equal(cell(&w, "p go1.27.4 *")->outcome.symbols.n, 2);
	assert_int_equal(cell(&w, "p go1.27.4 *")->outcome.rescue, RESCUE_REJECTED_ONLY);
	end(&w);
	w.fresh = true;
	w.keep_store = false;
	SIMPLE(&w, cases, rejecting, "go1.26.1,go1.27.4", "linux/arm64", "default");
	assert_int_equal(w.fake.log.n, first);
	assert_false(cell(&w, "p go1.27.4 *")->cached);
	end(&w);
}

static void test_repeats(void **state)
{
	static const struct fake_rule flaky[] = {
		{ .kind = "run", .program = "p", .repeat = 3, .exit_status = 2, .err = "panic: boom\n" },
		{ .kind = "build", .program = "c", .exit_status = 1, .err = "./main.go:1:2: undefined: x\n" },
	};
	struct world w = { .o = { .repeat = 4 } };
	const struct cell_result *c;

	(void)state;
	SIMPLE(&w, CASE("p", "") CASE("q", "") CASE("c", ""), flaky, "go1.27.4", "linux/arm64", "default");
	c = cell(&w, "p *");
	assert_int_equal(c->outcome.kind, OUTCOME_FLAKY);
	assert_non_null(strstr(c->outcome.message, "pass 3, run-crash 1"));
	assert_int_equal(cell(&w, "q *")->outcome.kind, OUTCOME_PASS);
	assert_int_equal(cell(&w, "c *")->outcome.kind, OUTCOME_COMPILE_ERROR);
	assert_int_equal(fake_asked(&w.fake, "run q *"), 4);
	assert_int_equal(fake_asked(&w.fake, "build q *"), 1);
	end(&w);
}

static void test_go_line(void **state)
{
	static const char cases[] =
		"case 'p' { files = [[\np\n-- go.mod --\nmodule m\n\ngo 1.24\n-- main.go --\npackage main\n]] }";
	struct world w = { 0 };
	const struct cell_result *c;

	(void)state;
	SIMPLE(&w, cases, none, "go1.22.12,go1.24rc1", "linux/arm64", "default");
	c = cell(&w, "p go1.22.12 *");
	assert_int_equal(c->outcome.kind, OUTCOME_UNSUPPORTED);
	assert_non_null(strstr(c->outcome.message, "go 1.24, newer than go1.22.12"));
	assert_int_equal(cell(&w, "p go1.24rc1 *")->outcome.kind, OUTCOME_PASS);
	assert_int_equal(fake_asked(&w.fake, "build p go1.22.12 *"), 0);
	end(&w);
	w.o.lower_go_line = true;
	SIMPLE(&w, cases, none, "go1.22.12,go1.24.0", "linux/arm64", "default");
	c = cell(&w, "p go1.22.12 *");
	assert_int_equal(c->outcome.kind, OUTCOME_PASS);
	assert_string_equal(c->outcome.notes.v[0], "go.mod's go line lowered from 1.24 to 1.22");
	assert_int_equal(cell(&w, "p go1.24.0 *")->outcome.notes.n, 0);
	end(&w);
}

static void test_no_runner(void **state)
{
	struct world w = { 0 };
	const struct cell_result *c;

	(void)state;
	SIMPLE(&w, CASE("p", "expect = 'pass'"), none, "go1.27.4", "linux/s390x,linux/riscv64", "default");
	c = cell(&w, "p * linux/s390x *");
	assert_int_equal(c->outcome.kind, OUTCOME_LINKED);
	assert_int_equal(c->verdict, VERDICT_NONE);
	assert_string_equal(c->outcome.notes.v[0], "not run: no runner for linux/s390x here; install fake-user");
	c = cell(&w, "p * linux/riscv64 *");
	assert_string_equal(c->outcome.notes.v[0], "not run: no runner for linux/riscv64 here");
	assert_int_equal(fake_asked(&w.fake, "* canary *"), 0);
	end(&w);
	begin(&w, CASE("p", ""));
	w.fake.mute = "emu";
	make_engine(&w);
	plan(&w, "go1.27.4", "linux/arm64", "default");
	go(&w);
	conclude(&w);
	assert_int_equal(cell(&w, "p *")->outcome.kind, OUTCOME_INFRA);
	assert_non_null(strstr(cell(&w, "p *")->outcome.message, "runner emu does not answer"));
	end(&w);
}

/* --- canaries --------------------------------------------------------------- */

static void test_canary_dead_everywhere(void **state)
{
	static const struct fake_rule dead[] = {
		{ .kind = "run", .target = "linux/386", .signal = 11, .err = "qemu: uncaught signal 11\n" },
	};
	struct world w = { 0 };
	const struct cell_result *c;

	(void)state;
	SIMPLE(&w, CASE("p", ""), dead, "go1.26.1,go1.27.4", "linux/386,linux/arm64", "default");
	c = cell(&w, "p go1.27.4 linux/386 *");
	assert_int_equal(c->outcome.kind, OUTCOME_INFRA);
	assert_non_null(strstr(c->outcome.message, "emu386 1.0 (cpu default) cannot be trusted with linux/386"));
	assert_non_null(strstr(c->outcome.message, "go1.26.1"));
	assert_int_equal(c->verdict, VERDICT_NONE);
	assert_int_equal(cell(&w, "p go1.27.4 linux/arm64 *")->outcome.kind, OUTCOME_PASS);
	end(&w);
}

static void test_canary_dead_here(void **state)
{
	static const struct fake_rule dead[] = {
		{ .kind = "run", .toolchain = "go1.27rc1*", .target = "linux/mips64", .signal = 11 },
	};
	struct world w = { 0 };
	const struct cell_result *c;

	(void)state;
	SIMPLE(&w, CASE("p", ""), dead, "go1.26.1,go1.27rc1,go1.27rc1+remove(runtime.x)", "linux/mips64", "default");
	c = cell(&w, "p go1.27rc1 *");
	assert_int_equal(c->outcome.kind, OUTCOME_RUN_CRASH);
	assert_int_equal(c->outcome.findings.n, 1);
	assert_string_equal(c->outcome.findings.v[0].kind, "runner-doubt");
	assert_non_null(strstr(c->outcome.findings.v[0].message, "go1.26.1"));
	assert_int_equal(c->verdict, VERDICT_UNEXPECTED);
	assert_int_equal(cell(&w, "p go1.26.1 *")->outcome.findings.n, 0);
	/* a what-if shares its release's canary */
	assert_int_equal(cell(&w, "p go1.27rc1+* *")->outcome.findings.n, 1);
	assert_int_equal(fake_asked(&w.fake, "run canary go1.26.1 *"), 2); /* it has two programs */
	assert_int_equal(fake_asked(&w.fake, "run canary go1.27rc1 *"), 1);
	end(&w);
}

static void test_canary_alone(void **state)
{
	static const struct fake_rule dead[] = {
		{ .kind = "run", .toolchain = "go1.27rc1", .signal = 11 },
	};
	struct world w = { 0 };

	(void)state;
	begin(&w, CASE("p", ""));
	strv_add(&w.fake.installed, "go1.25.1");
	strv_add(&w.fake.installed, "go1.26.1");
	strv_add(&w.fake.installed, "go1.27.4");
	strv_add(&w.fake.installed, "go1.27rc1");
	w.fake.rules = dead;
	w.fake.nrules = 1;
	make_engine(&w);
	plan(&w, "go1.27rc1", "linux/arm64", "default");
	go(&w);
	conclude(&w);
	assert_int_equal(fake_asked(&w.fake, "run canary go1.27.4 *"), 2);
	assert_int_equal(fake_asked(&w.fake, "run canary go1.26.1 *"), 2);
	assert_int_equal(fake_asked(&w.fake, "run canary go1.25.1 *"), 0);
	assert_int_equal(cell(&w, "p *")->outcome.kind, OUTCOME_RUN_CRASH);
	assert_int_equal(cell(&w, "p *")->outcome.findings.n, 1);
	end(&w);
	/* nobody to ask */
	SIMPLE(&w, CASE("p", ""), dead, "go1.27rc1", "linux/arm64", "default");
	assert_int_equal(cell(&w, "p *")->outcome.kind, OUTCOME_INFRA);
	assert_non_null(strstr(cell(&w, "p *")->outcome.message, "no other Go was asked"));
	end(&w);
}

static void test_canary_hangs(void **state)
{
	static const struct fake_rule hang[] = {
		{ .kind = "run", .program = "canary", .end = "timed-out" },
	};
	struct world w = { 0 };

	(void)state;
	SIMPLE(&w, CASE("p", "") CASE("q", ""), hang, "go1.27.4", "linux/arm64", "default");
	assert_int_equal(fake_asked(&w.fake, "run p *"), 0);
	assert_int_equal(fake_asked(&w.fake, "run canary *"), 1);
	assert_int_equal(cell(&w, "q *")->outcome.kind, OUTCOME_INFRA);
	end(&w);
}

/* A rejection is the linker's word: a dead runner takes nothing from it. */
static void test_rescue_by_dead_runner(void **state)
{
	static const struct fake_rule dead[] = {
		{ .kind = "build", .program = "p", .flags = "-", .exit_status = 1, .err = BUILD_ERR },
		{ .kind = "refused" },
		{ .kind = "run", .signal = 11 },
	};
	struct world w = { 0 };
	const struct cell_result *c;

	(void)state;
	SIMPLE(&w, CASE("p", "") CASE("q", ""), dead, "go1.26.1,go1.27.4", "linux/386", "default");
	c = cell(&w, "p go1.27.4 *");
	assert_int_equal(c->outcome.kind, OUTCOME_LINK_REJECTED);
	assert_int_equal(c->outcome.rescue, RESCUE_NONE);
	assert_non_null(strstr(c->outcome.notes.v[0], "no second opinion: "));
	assert_int_equal(cell(&w, "q go1.27.4 *")->outcome.kind, OUTCOME_INFRA);
	end(&w);
}

/* --- toolchains -------------------------------------------------------------- */

static void test_toolchain_fails(void **state)
{
	struct world w = { 0 };

	(void)state;
	begin(&w, CASE("p", "") CASE("q", ""));
	w.fake.slow = "go1.27*";
	w.fake.broken = "go1.27*";
	make_engine(&w);
	plan(&w, "go1.26.1,go1.27.4", "linux/arm64", "default");
	go(&w);
	conclude(&w);
	assert_int_equal(cell(&w, "p go1.27.4 *")->outcome.kind, OUTCOME_INFRA);
	assert_non_null(strstr(cell(&w, "q go1.27.4 *")->outcome.message, "broke off"));
	assert_int_equal(cell(&w, "q go1.26.1 *")->outcome.kind, OUTCOME_PASS);
	assert_non_null(w.r.columns.v[1].missing);
	end(&w);
	/* the only one there is: the run ends all the same */
	begin(&w, CASE("p", ""));
	w.fake.slow = w.fake.broken = "*";
	make_engine(&w);
	plan(&w, "go1.27.4", "linux/arm64", "default");
	go(&w);
	conclude(&w);
	assert_int_equal(cell(&w, "p *")->outcome.kind, OUTCOME_INFRA);
	end(&w);
}

static void test_toolchain_on_its_way(void **state)
{
	struct world w = { 0 };
	struct str many = STR_INIT;

	(void)state;
	for (int i = 0; i < 20; i++)
		str_addf(&many, "case 'c%d' { files = [[\nc%d\n-- main.go --\npackage main // %d\n]] }\n", i, i, i);
	begin(&w, many.s);
	str_free(&many);
	w.fake.slow = "go1.22*";
	w.fake.hold_supply = true;
	make_engine(&w);
	plan(&w, "go1.22.12,go1.27.4", "linux/arm64", "default");
	go(&w); /* returns: nothing is active but the download, which hangs */
	assert_int_equal(w.cells, 20);
	assert_int_equal(w.ends, 0);
	assert_int_equal(fake_asked(&w.fake, "build c* go1.22.12 *"), 0);
	w.fake.hold_supply = false;
	fake_go(&w.fake);
	uv_run(&w.loop, UV_RUN_DEFAULT);
	assert_int_equal(w.cells, 40);
	conclude(&w);
	assert_int_equal(cell(&w, "c19 go1.22.12 *")->outcome.kind, OUTCOME_PASS);
	end(&w);
}

static void test_admission(void **state)
{
	struct world w = { 0 };
	struct str many = STR_INIT;
	int last = -1;

	(void)state;
	for (int i = 0; i < 10; i++)
		str_addf(&many, "case 'c%d' { files = [[\nc%d\n-- main.go --\npackage main // %d\n]] }\n", i, i, i);
	begin(&w, many.s);
	str_free(&many);
	make_engine(&w);
	plan(&w, "go1.100.1,go1.27.4", "linux/arm64", "default,checklinkname=0");
	go(&w);
	/* older Go first, in it all of a variant before the next */
	for (size_t i = 0; i < w.fake.log.n; i++) {
		const char *q = w.fake.log.v[i];
		int at = (strstr(q, "go1.100.1") ? 2 : 0) + (strstr(q, "checklinkname=0") ? 1 : 0);

		if (!str_starts(q, "build c"))
			continue;
		if (at < last)
			fail_msg("%s came late", q);
		last = at;
	}
	assert_int_equal(last, 3);
	assert_true(w.fake.most <= 8);
	conclude(&w);
	end(&w);
}

/* --- the end ------------------------------------------------------------------ */

static void check_stop(unsigned after, bool slow)
{
	struct world w = { .stop_after = after, .keep_store = true };
	static const char cases[] = CASE("p", "") CASE("q", "") CASE("r", "") CASE("t", "");
	size_t kept;

	begin(&w, cases);
	w.fake.rules = rejecting;
	w.fake.nrules = sizeof(rejecting) / sizeof(rejecting[0]);
	w.fake.slow = slow ? "go1.27*" : NULL;
	w.fake.hold_supply = slow;
	make_engine(&w);
	plan(&w, "go1.25.1,go1.26.1,go1.27.4", "linux/arm64", "default,ldflags=-w");
	go(&w);
	conclude(&w);
	assert_true(w.r.cells.n >= after);
	assert_true(w.r.cells.n < 24);
	assert_int_equal(w.r.planned, 24);
	kept = w.r.cells.n;
	for (size_t i = 0; i < w.r.cells.n; i++) {
		const struct cell_result *c = &w.r.cells.v[i];

		assert_int_not_equal(c->outcome.kind, OUTCOME_INFRA);
		if (c->outcome.kind == OUTCOME_LINK_REJECTED)
			assert_int_equal(c->outcome.rescue, RESCUE_REJECTED_ONLY);
	}
	end(&w);
	/* the next run goes on from there */
	w.stop_after = 0;
	w.keep_store = false;
	SIMPLE(&w, cases, rejecting, "go1.25.1,go1.26.1,go1.27.4", "linux/arm64", "default,ldflags=-w");
	assert_int_equal(w.r.cells.n, 24);
	for (size_t i = 0; i < w.r.cells.n; i++)
		kept -= w.r.cells.v[i].cached && kept > 0;
	assert_int_equal(kept, 0);
	end(&w);
}

static void test_stop(void **state)
{
	(void)state;
	for (unsigned n = 1; n < 20; n++)
		check_stop(n, false);
	check_stop(3, true);
}

static void test_stop_before_anything(void **state)
{
	struct world w = { 0 };

	(void)state;
	begin(&w, CASE("p", ""));
	make_engine(&w);
	plan(&w, "go1.27.4", "linux/arm64", "default");
	engine_start(w.e, on_cell, on_end, &w);
	stop(&w);
	stop(&w);
	uv_run(&w.loop, UV_RUN_DEFAULT);
	conclude(&w);
	assert_int_equal(w.r.cells.n, 0);
	end(&w);
}

static void test_nothing_planned(void **state)
{
	struct world w = { 0 };

	(void)state;
	begin(&w, CASE("p", ""));
	make_engine(&w);
	go(&w);
	conclude(&w);
	end(&w);
}

static void test_could_not_ask(void **state)
{
	static const struct fake_rule full[] = {
		{ .kind = "build", .program = "p", .fail = "/tmp: No space left on device" },
	};
	struct world w = { .keep_store = true };

	(void)state;
	SIMPLE(&w, CASE("p", ""), full, "go1.27.4", "linux/arm64", "default");
	assert_int_equal(cell(&w, "p *")->outcome.kind, OUTCOME_INFRA);
	assert_non_null(strstr(cell(&w, "p *")->outcome.message, "No space left"));
	end(&w);
	w.keep_store = false; /* it was not stored */
	SIMPLE(&w, CASE("p", ""), none, "go1.27.4", "linux/arm64", "default");
	assert_int_equal(cell(&w, "p *")->outcome.kind, OUTCOME_PASS);
	assert_int_equal(fake_asked(&w.fake, "build p *"), 1);
	end(&w);
}

/* --- steps --------------------------------------------------------------------- */

static void test_steps(void **state)
{
	struct world w = { 0 };
	const struct cell_result *c;

	(void)state;
	SIMPLE(&w,
	       CASE("p", "steps = function(cell) local b = cell:build { may_fail = true }\n"
			 "cell:check(b.outcome == 'link-rejected') cell:note('seen') end")
	       CASE("q", "steps = function(cell) cell:build() cell:check(false, 'no good') end")
	       CASE("u", "steps = function(cell) cell:build { may_fail = true } cell:run() end")
	       CASE("r", "steps = function(cell) cell:build()\n local x = nil + 1 end")
	       CASE("s", "steps = function(cell) cell:run() end"),
	       rejecting, "go1.27.4", "linux/arm64", "default");
	c = cell(&w, "p *");
	assert_int_equal(c->outcome.kind, OUTCOME_LINKED);
	assert_int_equal(c->outcome.symbols.n, 0);
	assert_string_equal(c->outcome.notes.v[0], "seen");
	c = cell(&w, "q *");
	assert_int_equal(c->outcome.kind, OUTCOME_RUN_WRONG);
	assert_string_equal(c->outcome.message, "no good");
	/* what did not link is not run; the build's outcome stands */
	assert_int_equal(cell(&w, "u *")->outcome.kind, OUTCOME_LINK_UNDEFINED);
	assert_int_equal(fake_asked(&w.fake, "run u *"), 0);
	c = cell(&w, "r *");
	assert_int_equal(c->outcome.kind, OUTCOME_INFRA);
	assert_non_null(engine_scenario_error(w.e));
	assert_non_null(strstr(cell(&w, "s *")->outcome.message, "run before they build"));
	assert_non_null(strstr(c->outcome.message, "t.lua:"));
	end(&w);
}

static void test_names(void **state)
{
	struct world w = { 0 };
	struct error err = { 0 };
	struct engine_deps deps;
	struct engine *e;

	(void)state;
	begin(&w, CASE("p", ""));
	make_engine(&w);
	assert_int_equal(engine_add(w.e, w.sc->cases.v[0], toolchain(&w, "go1.27.4"), "linux/vax", "default",
				    false, &err), ERR_INPUT);
	assert_int_equal(engine_add(w.e, w.sc->cases.v[0], toolchain(&w, "go1.27.4"), "linux/386", "nonsense",
				    false, &err), ERR_INPUT);
	deps = (struct engine_deps){ .loop = &w.loop, .store = w.store, .asker = w.asker,
				     .supplier = &w.fake.sup, .versioner = &w.fake.ver,
				     .runners = &w.fake.runners };
	strv_add(&w.o.runner_names, "linux/386=nobody");
	assert_int_equal(engine_new(&e, &deps, &w.o, &err), ERR_INPUT);
	strv_free(&w.o.runner_names);
	strv_add(&w.o.runner_names, "absent");
	assert_int_equal(engine_new(&e, &deps, &w.o, &err), ERR_INPUT);
	assert_non_null(strstr(err.msg, "install fake-user"));
	strv_free(&w.o.runner_names);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_asked_once),
		cmocka_unit_test(test_store_answers),
		cmocka_unit_test(test_repeats),
		cmocka_unit_test(test_go_line),
		cmocka_unit_test(test_no_runner),
		cmocka_unit_test(test_canary_dead_everywhere),
		cmocka_unit_test(test_canary_dead_here),
		cmocka_unit_test(test_canary_alone),
		cmocka_unit_test(test_canary_hangs),
		cmocka_unit_test(test_rescue_by_dead_runner),
		cmocka_unit_test(test_toolchain_fails),
		cmocka_unit_test(test_toolchain_on_its_way),
		cmocka_unit_test(test_admission),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_stop_before_anything),
		cmocka_unit_test(test_nothing_planned),
		cmocka_unit_test(test_could_not_ask),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
