/*
 * What lnmatrix itself costs: a matrix of 10,000 cells through the engine with a
 * fake executor, its store on disk and its table to /dev/null; then once more
 * with everything known.  One line each: cells, seconds, peak resident set.
 *
 *	lnm-bench-cells [cases [toolchains [targets]]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "harness/base/fs.h"
#include "harness/report/table.h"
#include "harness/sched/engine.h"
#include "results/changes.h"
#include "tests/support/fakes.h"

enum { GOAL_MB = 64 };

static const char *const targets[] = {
	"linux/arm64", "linux/386", "linux/mips64", "linux/mips64le", "linux/mips", "linux/mipsle",
	"linux/riscv64", "linux/loong64", "linux/s390x", "linux/amd64",
};
static const char *const variants[] = { "default", "checklinkname=0" };

/* Every fifth case is rejected by the newest, every seventh crashes, one prints much. */
static const struct fake_rule rules[] = {
	{ .kind = "build", .program = "case?5", .toolchain = "go1.27*", .flags = "-", .exit_status = 1,
	  .err = "# bench\nlink: main: invalid reference to runtime.load_g\n" },
	{ .kind = "refused", .out = "runtime.cgocallback\tinvalid reference to runtime.cgocallback\n" },
	{ .kind = "run", .program = "case?7", .exit_status = 2,
	  .err = "panic: runtime error: invalid memory address or nil pointer dereference\n"
		 "[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x48f0a5]\n\n"
		 "goroutine 1 [running]:\nmain.main()\n\t/tmp/main.go:8 +0x5\nexit status 2\n" },
	{ .kind = "build", .program = "case?9", .exit_status = 1,
	  .err = "# bench\n./main.go:3:6: undefined: gone\n" },
};

struct bench {
	uv_loop_t loop;
	struct fake fake;
	struct store *store;
	struct asker *asker;
	struct engine *engine;
	struct scenario *sc;
	struct run_result result;
};

static void die(const struct error *err)
{
	fprintf(stderr, "lnm-bench-cells: %s\n", err->msg);
	exit(3);
}

static void on_end(void *arg)
{
	(void)arg;
}

static void load_scenario(struct bench *b, const char *dir, unsigned cases)
{
	struct str text = STR_INIT;
	struct error err = { 0 };
	char *path = path_join(dir, "bench.lua");

	str_add(&text, "scenario { name = \"bench\" }\n");
	for (unsigned i = 0; i < cases; i++)
		str_addf(&text, "case \"case%02u\" { files = [[\ncase%02u\n-- main.go --\npackage main // %u\n]],\n"
			 "  expect = \"pass\" }\n", i, i, i);
	if (fs_write(path, text.s, text.len, 0666, &err) < 0 || scenario_load(&b->sc, path, &err) < 0)
		die(&err);
	mem_free(path);
	str_free(&text);
}

static void plan(struct bench *b, unsigned toolchains, unsigned ntargets)
{
	struct error err = { 0 };

	for (unsigned i = 0; i < toolchains; i++) {
		char name[32];
		struct spec_item item = { .name = name, .base = name, .is_version = true };
		struct toolchain *tc;

		snprintf(name, sizeof(name), "go1.%u.%u", 27 - i % 10, 1 + i / 10);
		if (gover_parse(&item.version, name, &err) < 0)
			die(&err);
		tc = engine_toolchain(b->engine, &item);
		for (size_t k = 0; k < b->sc->cases.n; k++)
			for (unsigned t = 0; t < ntargets; t++)
				for (unsigned v = 0; v < 2; v++)
					if (engine_add(b->engine, b->sc->cases.v[k], tc, targets[t], variants[v],
						       false, &err) < 0)
						die(&err);
	}
}

static void show(struct bench *b)
{
	struct report_style style = { .width = 100, .utf8 = true };
	struct str text = STR_INIT;
	FILE *out = fopen("/dev/null", "w");

	changes_find(&b->result);
	report_table(&text, &b->result, &style);
	if (out) {
		fwrite(text.s, 1, text.len, out);
		fclose(out);
	}
	str_free(&text);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void run(const char *dir, const char *what, const unsigned size[3])
{
	struct bench b = { 0 };
	struct engine_options options = { .cores = 2 };
	struct engine_deps deps;
	struct error err = { 0 };
	struct rusage usage;
	double began = now();
	size_t cells, cached = 0;

	load_scenario(&b, dir, size[0]);
	uv_loop_init(&b.loop);
	fake_init(&b.fake, &b.loop);
	b.fake.silent = true;
	b.fake.rules = rules;
	b.fake.nrules = sizeof(rules) / sizeof(rules[0]);
	if (store_open(&b.store, dir, &err) < 0)
		die(&err);
	b.asker = asker_new(&b.loop, b.store, &b.fake.ex, false);
	deps = (struct engine_deps){ .loop = &b.loop, .store = b.store, .asker = b.asker,
				     .supplier = &b.fake.sup, .versioner = &b.fake.ver,
				     .runners = &b.fake.runners };
	if (engine_new(&b.engine, &deps, &options, &err) < 0)
		die(&err);
	plan(&b, size[1], size[2]);
	engine_start(b.engine, NULL, on_end, NULL);
	uv_run(&b.loop, UV_RUN_DEFAULT);
	engine_conclude(b.engine, &b.result);
	show(&b);
	cells = b.result.cells.n;
	for (size_t i = 0; i < cells; i++)
		cached += b.result.cells.v[i].cached;
	run_result_dispose(&b.result);
	engine_free(b.engine);
	asker_free(b.asker);
	fake_close(&b.fake);
	uv_run(&b.loop, UV_RUN_DEFAULT);
	if (uv_loop_close(&b.loop) != 0)
		abort();
	fake_dispose(&b.fake);
	scenario_free(b.sc);
	store_close(b.store);
	getrusage(RUSAGE_SELF, &usage);
	printf("%-6s %zu cells (%zu cached) in %.2f s, peak RSS %.1f MB (goal: below %d)\n", what, cells,
	       cached, now() - began, (double)usage.ru_maxrss / 1024, GOAL_MB);
}

int main(int argc, char **argv)
{
	unsigned size[3] = { 50, 10, 10 };
	char dir[] = "/tmp/lnm-bench-XXXXXX";
	struct error err = { 0 };

	for (int i = 1; i < argc && i < 4; i++)
		size[i - 1] = (unsigned)strtoul(argv[i], NULL, 10);
	if (size[2] > 10 || !mkdtemp(dir)) {
		fprintf(stderr, "lnm-bench-cells: at most 10 targets, and a writable /tmp\n");
		return 2;
	}
	run(dir, "first", size);
	run(dir, "again", size);
	return fs_remove_tree(dir, &err) < 0 ? 3 : 0;
}
