#include "tests/support/run_builder.h"

#include <string.h>

#include "harness/base/str.h"
#include "harness/report/text.h"
#include "results/changes.h"

void build_run(struct run_result *r)
{
	memset(r, 0, sizeof(*r));
	r->id = mem_strdup("20261121T094605Z-1");
	r->started = mem_strdup("2026-11-21T09:46:05Z");
	r->host = mem_strdup("linux/amd64, 2 cores");
	r->version = mem_strdup("0.1.0");
	r->command = mem_strdup("lnmatrix run scenarios/fakecgo.lua");
}

void build_column(struct run_result *r, const char *name, const char *base)
{
	struct toolchain_column column = { .name = mem_strdup(name), .base = mem_strdup(base) };

	vec_push(&r->columns, column);
}

static void set_outcome(struct outcome *o, const char *what)
{
	size_t n = strcspn(what, " ");
	char *name = mem_strndup(what, n);

	o->kind = (enum outcome_kind)outcome_parse(name);
	mem_free(name);
	o->stage = o->kind == OUTCOME_PASS || o->kind >= OUTCOME_RUN_CRASH ? STAGE_RUN : STAGE_LINK;
	outcome_set_message(o, "");
	for (const char *s = what + n; *s; s += n) {
		s++;
		n = strcspn(s, ",");
		char *symbol = mem_strndup(s, n);

		outcome_add_symbol(o, symbol);
		mem_free(symbol);
	}
}

struct cell_result *build_cell(struct run_result *r, const char *kase, const char *variant,
			       const char *toolchain, const char *target, const char *what)
{
	const char *slash = strchr(kase, '/');
	struct cell_result c = {
		.scenario = slash ? mem_strndup(kase, (size_t)(slash - kase)) : mem_strdup("s"),
		.kase = mem_strdup(slash ? slash + 1 : kase),
		.toolchain = mem_strdup(toolchain),
		.target = mem_strdup(target),
		.variant = mem_strdup(variant),
		.expected = mem_strdup(what),
		.verdict = VERDICT_EXPECTED,
	};

	set_outcome(&c.outcome, what);
	vec_push(&r->cells, c);
	r->planned = r->cells.n;
	return &r->cells.v[r->cells.n - 1];
}

void build_finish(struct run_result *r)
{
	run_result_sort(r);
	changes_find(r);
}

static const char *const archs[] = {
	"linux/386",     "linux/amd64",   "linux/arm",     "linux/arm64",   "linux/loong64",
	"linux/ppc64le", "linux/riscv64", "linux/s390x",   "linux/mips",    "linux/mipsle",
	"linux/mips64",  "linux/mips64le", "linux/ppc64",  "darwin/amd64",  "darwin/arm64",
	"windows/386",   "windows/amd64", "windows/arm64", "freebsd/amd64", "freebsd/arm64",
};

void build_fakecgo(struct run_result *r)
{
	static const char *const go[] = { "go1.22.12", "go1.23.12", "go1.24.13", "go1.25.12",
					  "go1.26.11", "go1.27rc1", "go1.27.4",
					  "go1.27.4+linknamestd(runtime.load_g,runtime.cgocallback)" };
	static const char *const variants[] = { "default", "checklinkname=0" };

	build_run(r);
	for (int t = 0; t < 8; t++)
		build_column(r, go[t], t == 7 ? go[6] : NULL);
	for (int k = 0; k < 2; k++)
		for (int v = 0; v < 2; v++)
			for (int a = 0; a < 8; a++)
				for (int t = 0; t < 8; t++) {
					bool refused = v == 0 && t == 7;
					struct cell_result *c = build_cell(
						r, k ? "fakecgo/links" : "fakecgo/crosscall2",
						variants[v], go[t], archs[a],
						refused ? "link-rejected runtime.cgocallback,runtime.load_g" :
						k ? "pass" : "linked");

					c->duration_ms = 350.5;
					c->cached = v == 1;
					if (!refused)
						continue;
					outcome_set_message(&c->outcome,
							    "link: main: invalid reference to runtime.load_g");
					c->outcome.rescue = RESCUE_REJECTED_ONLY;
				}
	r->wall_ms = 12345;
	r->cpu_ms = 24073;
	build_finish(r);
}

void build_grid(struct run_result *r, size_t cases, size_t targets, size_t toolchains)
{
	build_run(r);
	for (size_t t = 0; t < toolchains; t++) {
		char *name = mem_printf("go1.%zu.%d", 17 + t, 12);

		build_column(r, name, NULL);
		mem_free(name);
	}
	for (size_t k = 0; k < cases; k++) {
		char *kase = mem_printf("corpus/case%03zu", k);

		for (size_t a = 0; a < targets; a++)
			for (size_t t = 0; t < toolchains; t++)
				build_cell(r, kase, "default", r->columns.v[t].name, archs[a % 20],
					   "pass");
		mem_free(kase);
	}
}

size_t longest_line(const char *text)
{
	struct str line = STR_INIT;
	size_t most = 0;

	for (; *text; text++) {
		if (*text == '\033') {
			text += strcspn(text, "m");
		} else if (*text == '\n') {
			size_t w = text_width(line.s);

			if (w > most)
				most = w;
			str_clear(&line);
		} else {
			str_addc(&line, *text);
		}
	}
	str_free(&line);
	return most;
}
