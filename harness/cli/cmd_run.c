/* lnmatrix run: the matrix of one or more scenarios. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "harness/base/fs.h"
#include "harness/base/str.h"
#include "harness/cli/cli.h"
#include "harness/cli/live.h"
#include "harness/cli/session.h"
#include "harness/cli/version.h"
#include "harness/report/json.h"
#include "harness/report/claims.h"
#include "harness/report/table.h"
#include "harness/sched/engine.h"
#include "harness/sched/exec_go.h"
#include "harness/sched/inspector.h"
#include "harness/script/scenario.h"
#include "results/changes.h"

struct run_args {
	struct places places;
	struct strv paths;
	struct matrix over;        /* what the command line says instead of the scenarios */
	struct strv cases;         /* globs; empty: all */
	struct engine_options engine;
	const char *format, *output;
	bool fresh, claims;
};

enum { OPT_TIMEOUT = 600, OPT_REPEAT, OPT_FRESH, OPT_FORMAT, OPT_JSON, OPT_CGO, OPT_CASE, OPT_GO_LINE,
       OPT_RUNNER, OPT_GO, OPT_TARGET, OPT_VARIANT, OPT_CLAIMS };

static const struct argp_option options[] = {
	{ 0, 0, 0, 0, "The matrix:", 1 },
	{ "go", OPT_GO, "SPEC", 0, "toolchains: 1.22.12, 1.22..1.27 (newest patch of each), 1.22..1.24:all, "
	  "1.27rc1, latest, stable, oldstable, rc, local:PATH, with +linknamestd(SYM,...), "
	  "+linkname(SYM,...), +remove(SYM,...) or +strict a what-if; a comma list", 1 },
	{ "target", OPT_TARGET, "LIST", 0, "linux/arm64, linux/*, all", 1 },
	{ "variant", OPT_VARIANT, "LIST", 0, "default, checklinkname=0, gcflags=-l, ... joined by +", 1 },
	{ "cgo", OPT_CGO, "0|1|both", 0, "build without or with cgo", 1 },
	{ "case", OPT_CASE, "GLOB", 0, "only these cases, or scenario/case (* and ?); a comma list", 1 },
	{ 0, 0, 0, 0, "How:", 2 },
	{ "jobs", 'j', "N", 0, "builds, and runs, at a time (default: the cores)", 2 },
	{ "repeat", OPT_REPEAT, "N", 0, "run each program N times; disagreement is flaky", 2 },
	{ "timeout", OPT_TIMEOUT, "DUR", 0, "of each build and each run: 90s, 2m", 2 },
	{ "fresh", OPT_FRESH, 0, 0, "ask again what the store knows", 2 },
	{ "go-line", OPT_GO_LINE, "keep|lower", 0, "what to do with a go.mod that is newer than the "
	  "toolchain", 2 },
	{ "runner", OPT_RUNNER, "[TARGET=]NAME", 0, "run with this runner of runners.yaml", 2 },
	{ 0, 0, 0, 0, "The answer:", 3 },
	{ "format", OPT_FORMAT, "table|json", 0, "default table; markdown with --claims", 3 },
	{ "claims", OPT_CLAIMS, 0, 0, "instead of the matrix: what the checked documents say, and what of it is true", 3 },
	{ "json", OPT_JSON, 0, 0, "short for --format json", 3 },
	{ "output", 'o', "FILE", 0, "write the answer there", 3 },
	{ 0, 0, 0, 0, "Where things are:", 90 },
	{ 0 },
};

static int number(struct argp_state *state, const char *what, const char *arg, long low, long high)
{
	char *end;
	long n = strtol(arg, &end, 10);

	if (*end || end == arg || n < low || n > high)
		argp_error(state, "%s must be a number from %ld to %ld, not \"%s\"", what, low, high, arg);
	return (int)n;
}

/* A list that an option gives; one that turns out empty is a slip (an unset variable). */
static void add_list(struct argp_state *state, const char *option, const char *arg,
		     void (*split)(const char *, struct strv *), struct strv *out)
{
	size_t before = out->n;

	split(arg, out);
	if (out->n == before)
		argp_error(state, "%s: the list is empty", option);
}

static void set_cgo(struct run_args *a, struct argp_state *state, const char *arg)
{
	if (strcmp(arg, "0") == 0)
		a->over.cgo = 1;
	else if (strcmp(arg, "1") == 0)
		a->over.cgo = 2;
	else if (strcmp(arg, "both") == 0)
		a->over.cgo = 3;
	else
		argp_error(state, "--cgo must be 0, 1 or both, not \"%s\"", arg);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct run_args *a = state->input;
	struct error err = { 0 };

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->places;
		return 0;
	case OPT_GO:
		if (spec_split(&a->over.go, arg, &err) < 0)
			argp_error(state, "--go: %s", err.msg);
		return 0;
	case OPT_TARGET: add_list(state, "--target", arg, list_split, &a->over.target); return 0;
	case OPT_VARIANT: add_list(state, "--variant", arg, variant_split, &a->over.variant); return 0;
	case OPT_CGO: set_cgo(a, state, arg); return 0;
	case OPT_CASE: add_list(state, "--case", arg, list_split, &a->cases); return 0;
	case 'j': a->engine.cores = number(state, "-j", arg, 1, 1024); return 0;
	case OPT_REPEAT: a->engine.repeat = (unsigned)number(state, "--repeat", arg, 1, 1000); return 0;
	case OPT_TIMEOUT:
		if (duration_parse(arg, &a->engine.timeout_ms, &err) < 0)
			argp_error(state, "--timeout: %s", err.msg);
		return 0;
	case OPT_FRESH: a->fresh = true; return 0;
	case OPT_GO_LINE:
		if (strcmp(arg, "keep") != 0 && strcmp(arg, "lower") != 0)
			argp_error(state, "--go-line must be keep or lower, not \"%s\"", arg);
		a->engine.lower_go_line = strcmp(arg, "lower") == 0;
		return 0;
	case OPT_RUNNER: add_list(state, "--runner", arg, list_split, &a->engine.runner_names); return 0;
	case OPT_FORMAT: a->format = arg; return 0;
	case OPT_CLAIMS: a->claims = true; return 0;
	case OPT_JSON: a->format = "json"; return 0;
	case 'o': a->output = arg; return 0;
	case ARGP_KEY_ARG: strv_add(&a->paths, arg); return 0;
	case ARGP_KEY_END:
		if (a->paths.n == 0)
			argp_error(state, "which scenario? give a .lua file, or a folder of them");
		if (strcmp(a->format, "table") != 0 && strcmp(a->format, "json") != 0 &&
		    (!a->claims || strcmp(a->format, "markdown") != 0))
			argp_error(state, "--format must be table or json%s, not \"%s\"",
				   a->claims ? " or markdown" : "", a->format);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_child children[] = { { &places_argp, 0, NULL, 0 }, { 0 } };
const struct argp run_argp = {
	options, parse, "SCENARIO...",
	"Builds and runs every case of the scenarios on every toolchain, target and variant of "
	"their matrix, compares with what is expected, and shows one table. What the store knows "
	"is not asked again.\v"
	"A SCENARIO is a .lua file or a folder of them; docs/scenarios.md says how to write one. "
	"Exit status: 0 all as expected, 1 some cell is not, 2 bad usage or a mistake in a scenario, "
	"3 something could not be asked, 130 interrupted.",
	children, NULL, NULL,
};

/* --- one run -------------------------------------------------------------- */

struct run {
	const struct run_args *a;
	struct session session;
	VEC(struct scenario *) scenarios;
	struct runners runners;
	struct store *store;
	struct exec_go *exec;
	struct asker *asker;
	struct engine *engine;
	struct atlas_maker *maker;
	struct live *live;
	struct run_result result;
	uv_signal_t signals[3];
	bool interrupted, ended, watching, going;
	bool uninspected;          /* some program could not be held against std */
	uint64_t started_ms, cpu_ms;
	char id[48];
};

static uint64_t cpu_now(void)
{
	struct rusage self, children_usage;
	const struct timeval *t[4];
	uint64_t ms = 0;

	getrusage(RUSAGE_SELF, &self);
	getrusage(RUSAGE_CHILDREN, &children_usage);
	t[0] = &self.ru_utime;
	t[1] = &self.ru_stime;
	t[2] = &children_usage.ru_utime;
	t[3] = &children_usage.ru_stime;
	for (int i = 0; i < 4; i++)
		ms += (uint64_t)t[i]->tv_sec * 1000 + (uint64_t)t[i]->tv_usec / 1000;
	return ms;
}

static char *now_text(void)
{
	time_t now = time(NULL);
	char text[32];
	struct tm tm;

	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	return mem_strdup(text);
}

static int add_scenario_path(void *arg, const char *rel, const struct stat *st, struct error *err)
{
	struct strv *out = arg;

	(void)err;
	if (S_ISREG(st->st_mode) && str_ends(rel, ".lua"))
		strv_add(out, rel);
	return 0;
}

static int load_path(struct run *r, const char *path, struct error *err)
{
	struct scenario *sc;
	struct strv found = { 0 };
	int rc = 0;

	if (!fs_is_dir(path)) {
		if (scenario_load(&sc, path, err) < 0)
			return err->code;
		vec_push(&r->scenarios, sc);
		return 0;
	}
	if (fs_walk(path, add_scenario_path, &found, err) < 0)
		rc = err->code;
	else if (found.n == 0)
		rc = err_set(err, ERR_INPUT, "%s: no .lua file below this folder", path);
	for (size_t i = 0; rc == 0 && i < found.n; i++) {
		char *full = path_join(path, found.v[i]);

		rc = scenario_load(&sc, full, err);
		if (rc == 0)
			vec_push(&r->scenarios, sc);
		mem_free(full);
	}
	strv_free(&found);
	return rc;
}

static int load_scenarios(struct run *r, struct error *err)
{
	for (size_t i = 0; i < r->a->paths.n; i++)
		if (load_path(r, r->a->paths.v[i], err) < 0)
			return err->code;
	for (size_t i = 0; i < r->scenarios.n; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(r->scenarios.v[i]->name, r->scenarios.v[k]->name) == 0)
				return err_set(err, ERR_INPUT, "%s and %s are both called \"%s\"; give one of them "
					       "a name in its scenario { }", r->scenarios.v[k]->path,
					       r->scenarios.v[i]->path, r->scenarios.v[i]->name);
	return 0;
}

/* --- planning ------------------------------------------------------------- */

static const struct strv *axis(const struct strv *over, const struct strv *own)
{
	return over->n ? over : own;
}

static char *join(const struct strv *list)
{
	struct str out = STR_INIT;

	for (size_t i = 0; i < list->n; i++)
		str_addf(&out, "%s%s", i ? "," : "", list->v[i]);
	return str_detach(&out);
}

static int plan_case_on(struct run *r, struct kase *k, const struct spec_list *specs,
			struct error *err)
{
	const struct strv *targets = axis(&r->a->over.target, &k->matrix.target);
	const struct strv *variants = axis(&r->a->over.variant, &k->matrix.variant);
	unsigned cgo = r->a->over.cgo ? r->a->over.cgo : k->matrix.cgo ? k->matrix.cgo : 1;
	struct strv names = { 0 }, plain = { 0 };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < targets->n; i++)
		rc = target_expand(&names, targets->v[i], err);
	if (targets->n == 0)
		strv_add(&names, target_host());
	strv_add(&plain, "default");
	if (variants->n == 0)
		variants = &plain;
	for (size_t g = 0; rc == 0 && g < specs->items.n; g++) {
		struct toolchain *tc = engine_toolchain(r->engine, &specs->items.v[g]);

		if (tc->state == SUPPLY_FAILED && tc->why == ERR_INPUT)
			rc = err_set(err, ERR_INPUT, "%s", tc->failure);
		for (size_t v = 0; rc == 0 && v < variants->n; v++)
			for (size_t t = 0; rc == 0 && t < names.n; t++)
				for (unsigned c = 0; rc == 0 && c < 2; c++)
					if (cgo & 1u << c)
						rc = engine_add(r->engine, k, tc, names.v[t], variants->v[v], c == 1,
								err);
	}
	strv_free(&names);
	strv_free(&plain);
	return rc;
}

static bool case_wanted(const struct run *r, const struct kase *k)
{
	char *full = mem_printf("%s/%s", k->scenario->name, k->name);
	bool wanted = r->a->cases.n == 0;

	for (size_t i = 0; i < r->a->cases.n && !wanted; i++)
		wanted = str_glob(r->a->cases.v[i], k->name) || str_glob(r->a->cases.v[i], full);
	mem_free(full);
	return wanted;
}

static int plan_case(struct run *r, struct kase *k, struct error *err)
{
	const struct strv *go = axis(&r->a->over.go, &k->matrix.go);
	struct spec_list specs;
	char *text;
	int rc;

	if (!case_wanted(r, k))
		return 0;
	text = go->n ? join(go) : mem_strdup("oldstable,stable");
	rc = session_resolve(&r->session, text, &specs, err);
	mem_free(text);
	if (rc == 0) {
		rc = plan_case_on(r, k, &specs, err);
		spec_list_dispose(&specs);
	}
	if (rc < 0 && r->a->over.go.n == 0)
		err_wrap(err, "%s:%d: case \"%s\"", k->scenario->path, k->line, k->name);
	return rc;
}

static int no_case(struct run *r, struct error *err)
{
	char *globs = join(&r->a->cases);
	struct strv names = { 0 };
	char *list;

	for (size_t i = 0; i < r->scenarios.n; i++)
		for (size_t k = 0; k < r->scenarios.v[i]->cases.n; k++)
			strv_add(&names, r->scenarios.v[i]->cases.v[k]->name);
	list = join(&names);
	err_set(err, ERR_INPUT, "no case matches --case %s; there are %s", globs, list);
	mem_free(list);
	mem_free(globs);
	strv_free(&names);
	return err->code;
}

static int plan(struct run *r, struct error *err)
{
	for (size_t i = 0; i < r->scenarios.n; i++)
		for (size_t k = 0; k < r->scenarios.v[i]->cases.n; k++)
			if (plan_case(r, r->scenarios.v[i]->cases.v[k], err) < 0)
				return err->code;
	if (engine_planned(r->engine) == 0)
		return no_case(r, err);
	return 0;
}

/* --- running -------------------------------------------------------------- */

static void say(void *arg, const char *line)
{
	struct run *r = arg;

	live_say(r->live, line);
}

static void close_signals(struct run *r)
{
	if (!r->watching)
		return;
	r->watching = false;
	for (size_t i = 0; i < LNM_COUNT(r->signals); i++)
		if (!uv_is_closing((uv_handle_t *)&r->signals[i]))
			uv_close((uv_handle_t *)&r->signals[i], NULL);
}

static void stop(struct run *r)
{
	struct executor *ex;

	supply_cancel(r->session.supply);
	if (!r->going) { /* still planning: what is published is being asked */
		jobs_cancel_all(r->session.jobs);
		return;
	}
	if (r->ended) { /* the programs are being inspected */
		atlas_maker_cancel(r->maker);
		jobs_cancel_all(r->session.jobs);
		return;
	}
	ex = exec_go_executor(r->exec);
	engine_stop(r->engine);
	ex->cancel_all(ex);
}

static void on_signal(uv_signal_t *handle, int sig)
{
	struct run *r = handle->data;

	if (r->interrupted) { /* a second one means it */
		signal(sig, SIG_DFL);
		raise(sig);
	}
	r->interrupted = true;
	stop(r);
}

static void on_end(void *arg)
{
	struct run *r = arg;

	r->ended = true;
}

static void on_cell(void *arg)
{
	struct run *r = arg;

	/* A store that cannot be written to ends the run: nothing would be kept. */
	if (asker_store_error(r->asker) && !r->interrupted)
		stop(r);
}

static void fill_live(void *arg, struct live_state *out)
{
	struct run *r = arg;
	struct exec_go_counts busy;

	engine_counts(r->engine, &out->counts);
	if (r->maker) {
		struct atlas_maker_counts c;

		atlas_maker_counts(r->maker, &c);
		snprintf(out->doing, sizeof(out->doing), "reading Go's sources, %zu of %zu", c.done, c.wanted);
	}
	exec_go_counts(r->exec, &busy);
	out->building = busy.building;
	out->running = busy.running;
	out->ndownloads = supply_downloads(r->session.supply, out->downloads, LNM_COUNT(out->downloads));
}

static void host_text(char *out, size_t size)
{
	struct utsname u;

	uname(&u);
	snprintf(out, size, "%s %s %s, %d cores", target_host(), u.sysname, u.release,
		 (int)sysconf(_SC_NPROCESSORS_ONLN));
}

static void fill_run(struct run *r, int argc, char **argv)
{
	struct str command = STR_INIT;
	char host[256];

	host_text(host, sizeof(host));
	str_add(&command, "lnmatrix run");
	for (int i = 1; i < argc; i++) {
		str_addc(&command, ' ');
		str_add_quoted(&command, argv[i]);
	}
	r->result.started = now_text();
	snprintf(r->id, sizeof(r->id), "%.20s-%06llx", r->result.started,
		 (unsigned long long)(uv_hrtime() >> 10 & 0xffffff));
	for (char *p = r->id; *p; p++) /* 20261121T101500Z-1a2b3c: a name for files, too */
		if (*p == ':')
			memmove(p, p + 1, strlen(p));
	r->result.id = mem_strdup(r->id);
	r->result.host = mem_strdup(host);
	r->result.version = mem_strdup(LNM_VERSION);
	r->result.command = str_detach(&command);
}

static int open_parts(struct run *r, struct error *err)
{
	struct engine_options eo = r->a->engine;
	struct engine_deps deps;
	struct exec_go_options xo = { .cache = r->session.places->cache };

	if (eo.cores == 0)
		eo.cores = (int)sysconf(_SC_NPROCESSORS_ONLN);
	xo.cores = eo.cores;
	xo.modules = r->session.modules;
	if (runners_load(&r->runners, r->session.places->runners, target_host(), getenv("PATH"), err) < 0 ||
	    store_open(&r->store, r->session.places->state, err) < 0)
		return err->code;
	if (exec_go_new(&r->exec, &r->session.loop, r->session.jobs, supply_supplier(r->session.supply), &xo,
			err) < 0)
		return err_wrap(err, "cache folder");
	r->asker = asker_new(&r->session.loop, r->store, exec_go_executor(r->exec), r->a->fresh);
	exec_go_set_asker(r->exec, r->asker);
	deps = (struct engine_deps){ .loop = &r->session.loop,
				     .store = r->store,
				     .asker = r->asker,
				     .supplier = supply_supplier(r->session.supply),
				     .versioner = exec_go_versioner(r->exec, r->store),
				     .runners = &r->runners };
	return engine_new(&r->engine, &deps, &eo, err);
}

static void watch_signals(struct run *r)
{
	static const int which[] = { SIGINT, SIGTERM, SIGHUP };

	for (size_t i = 0; i < LNM_COUNT(which); i++) {
		uv_signal_init(&r->session.loop, &r->signals[i]);
		r->signals[i].data = r;
		uv_signal_start(&r->signals[i], on_signal, which[i]);
		uv_unref((uv_handle_t *)&r->signals[i]);
	}
	r->watching = true;
}

static void go(struct run *r)
{
	r->going = true;
	live_start(r->live, &r->session.loop, fill_live, r);
	engine_start(r->engine, on_cell, on_end, r);
	uv_run(&r->session.loop, UV_RUN_DEFAULT);
}

/* --- inspecting ----------------------------------------------------------- */

static void add_cell(void *arg, const struct engine_cell *c)
{
	struct inspect_item item = { .fixture = &c->k->fixture, .tc = c->tc, .target = c->target,
				     .variant = c->variant, .cgo = c->cgo, .pairs = c->layouts,
				     .outcome = c->outcome };

	inspector_add(arg, &item);
}

struct versions { struct gover *v; size_t n, cap; };

static void add_version(void *arg, const struct engine_cell *c)
{
	if (c->tc->is_version) /* a folder's is not to be fetched */
		vec_push((struct versions *)arg, c->tc->version);
}

/* What the programs ask of std, and whether std has it: after the cells, whose toolchains are
 * then here, but without a look at how they ended. */
static void inspect_cells(struct run *r)
{
	struct inspector_options io = { .cache = r->session.places->cache, .fresh = r->a->fresh, .say = say,
					.say_arg = r };
	struct atlas_maker_options mo = { .cache = r->session.places->cache,
					  .cores = (int)sysconf(_SC_NPROCESSORS_ONLN), .say = say, .say_arg = r };
	struct versions versions = { 0 };
	struct gover newest = { 0 };
	struct spec_list builder;
	struct toolchain *ahead = NULL;
	struct inspector *in;
	struct error err = { 0 };
	char *sources = path_join(r->session.places->data, "toolchains/atlas");

	engine_each_done(r->engine, add_version, &versions);
	for (size_t i = 0; i < versions.n; i++)
		if (gover_cmp(&versions.v[i], &newest) > 0)
			newest = versions.v[i];
	mo.sources = sources;
	if (session_builder(&r->session, versions.v, versions.n, &builder, &err) == 0) {
		mo.builder = &builder.items.v[0];
		if (atlas_maker_new(&r->maker, &r->session.loop, r->session.jobs,
				    supply_supplier(r->session.supply), &mo, &err) == 0) {
			in = inspector_new(&r->session.loop, r->maker, r->store, supply_supplier(r->session.supply),
					   &io);
			if (gover_cmp(&mo.builder->version, &newest) > 0) {
				ahead = toolchain_new(mo.builder);
				supply_supplier(r->session.supply)->identify(supply_supplier(r->session.supply), ahead);
				inspector_add_newer(in, ahead);
			}
			engine_each_done(r->engine, add_cell, in);
			r->uninspected = !inspector_run(in);
			inspector_free(in);
		}
		spec_list_dispose(&builder);
	}
	if (err.code) {
		char *line = mem_printf("programs were not inspected: %s", err.msg);

		r->uninspected = true;
		say(r, line);
		mem_free(line);
	}
	toolchain_free(ahead);
	vec_free(&versions);
	mem_free(sources);
}

/* --- the answer ----------------------------------------------------------- */

static char *load_text(void *arg, const char *digest, size_t *n)
{
	struct run *r = arg;
	struct str text = STR_INIT;
	struct error ignored = { 0 };

	if (store_text_get(r->store, digest, &text, &ignored) < 0) {
		str_free(&text);
		return NULL;
	}
	*n = text.len;
	return str_detach(&text);
}

static int save_run(struct run *r, struct error *err)
{
	struct run_result *res = &r->result;

	if (store_begin(r->store, err) < 0 ||
	    store_run_begin(r->store, res->id, res->started, res->command, res->version, res->host, err) < 0)
		return err->code;
	for (size_t i = 0; i < res->cells.n; i++) {
		struct str body = STR_INIT;
		int rc;

		report_json_cell(&body, &res->cells.v[i]);
		rc = store_cell_add(r->store, res->id, (int64_t)i, body.s, NULL, err);
		str_free(&body);
		if (rc < 0)
			return rc;
	}
	if (store_run_end(r->store, res->id, res->ended, res->interrupted, err) < 0)
		return err->code;
	return store_commit(r->store, err);
}

/* A folder that is not there is more likely a slip than a wish. */
static int print(struct run *r, struct error *err)
{
	struct str text = STR_INIT;
	struct terminal t = terminal_of(STDOUT_FILENO);
	struct report_style style = { .width = t.width, .color = t.color && !r->a->output, .utf8 = t.utf8 };
	int rc = 0;

	if (r->a->output)
		style.width = 100;
	if (strcmp(r->a->format, "json") == 0)
		report_json(&text, &r->result, load_text, r);
	else if (strcmp(r->a->format, "markdown") == 0)
		report_claims_markdown(&text, &r->result, load_text, r);
	else if (r->a->claims)
		report_claims_table(&text, &r->result, load_text, r, &style);
	else
		report_table(&text, &r->result, &style);
	if (r->a->output)
		rc = fs_output(r->a->output, text.s, text.len, err);
	else
		fwrite(text.s, 1, text.len, stdout);
	str_free(&text);
	return rc;
}

/* A toolchain that the scenario marked as possibly gone, and that is. */
static bool excused(struct run *r, const struct cell_result *c)
{
	int at = run_result_column(&r->result, c->toolchain);

	return at >= 0 && r->result.columns.v[at].excused;
}

/* Where the answer is another than the matrix, which would show them. */
static void mention_unexpected(const struct run *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->result.cells.n; i++)
		n += r->result.cells.v[i].verdict == VERDICT_UNEXPECTED || r->result.cells.v[i].alarming;
	if (r->a->claims && n)
		fprintf(stderr, "lnmatrix: %zu cell%s not as expected; without --claims they are shown\n", n,
			n == 1 ? " is" : "s are");
}

static int status_of(struct run *r)
{
	bool infra = false;

	mention_unexpected(r);

	if (engine_scenario_error(r->engine)) {
		fprintf(stderr, "lnmatrix: %s\n", engine_scenario_error(r->engine));
		return 2;
	}
	if (r->interrupted)
		return 130;
	for (size_t i = 0; i < r->result.columns.n; i++) {
		if (r->result.columns.v[i].mistaken) {
			fprintf(stderr, "lnmatrix: %s\n", r->result.columns.v[i].missing);
			return 2;
		}
	}
	for (size_t i = 0; i < r->result.cells.n; i++) {
		const struct cell_result *c = &r->result.cells.v[i];

		if (c->verdict == VERDICT_UNEXPECTED || c->alarming)
			return 1;
		infra |= c->outcome.kind == OUTCOME_INFRA && !excused(r, c);
	}
	return infra || r->uninspected ? 3 : 0;
}

static void pin_sums(struct run *r)
{
	for (size_t i = 0; i < r->result.columns.n; i++) {
		struct gover v;
		char *sum;

		if (gover_parse(&v, r->result.columns.v[i].name, &(struct error){ 0 }) < 0)
			continue;
		sum = supply_sum(r->session.supply, &v);
		if (sum)
			session_pin_sum(&r->session, &v, sum);
		mem_free(sum);
	}
}

static int finish(struct run *r, struct error *err)
{
	if (!r->interrupted)
		inspect_cells(r);
	close_signals(r);
	live_stop(r->live);
	r->result.interrupted = r->interrupted;
	r->result.ended = now_text();
	r->result.wall_ms = uv_hrtime() / 1000000 - r->started_ms;
	r->result.cpu_ms = cpu_now() - r->cpu_ms;
	engine_conclude(r->engine, &r->result);
	if (r->a->cases.n)
		run_result_drop_unchecked(&r->result);
	changes_find(&r->result);
	if (asker_store_error(r->asker)) {
		*err = *asker_store_error(r->asker);
		return err->code;
	}
	pin_sums(r);
	if (save_run(r, err) < 0 || print(r, err) < 0 || session_save_pins(&r->session, err) < 0)
		return err->code;
	return 0;
}

static void dispose(struct run *r)
{
	engine_free(r->engine);
	asker_free(r->asker);
	live_free(r->live);
	close_signals(r);
	if (r->session.loop_open)
		uv_run(&r->session.loop, UV_RUN_DEFAULT);
	atlas_maker_free(r->maker);
	exec_go_free(r->exec);
	store_close(r->store);
	session_close(&r->session);
	runners_dispose(&r->runners);
	for (size_t i = 0; i < r->scenarios.n; i++)
		scenario_free(r->scenarios.v[i]);
	vec_free(&r->scenarios);
	run_result_dispose(&r->result);
}

static void args_dispose(struct run_args *a)
{
	places_dispose(&a->places);
	strv_free(&a->paths);
	strv_free(&a->over.go);
	strv_free(&a->over.target);
	strv_free(&a->over.variant);
	strv_free(&a->cases);
	strv_free(&a->engine.runner_names);
}

int cmd_run(int argc, char **argv)
{
	struct run_args a = { .format = "table" };
	struct run r = { .a = &a };
	struct error err = { 0 };
	int status;

	cli_parse(&run_argp, argc, argv, &a);
	r.started_ms = uv_hrtime() / 1000000;
	r.cpu_ms = cpu_now();
	r.live = live_new(terminal_of(STDERR_FILENO));
	if (places_complete(&a.places, &err) < 0 || load_scenarios(&r, &err) < 0 ||
	    session_open(&r.session, &a.places, a.fresh, say, &r, &err) < 0) {
		status = complain(&err);
	} else if (watch_signals(&r), open_parts(&r, &err) < 0 || plan(&r, &err) < 0) {
		status = complain(&err);
	} else if (r.interrupted) {
		status = 130;
	} else {
		fill_run(&r, argc, argv);
		go(&r);
		status = finish(&r, &err) < 0 ? complain(&err) : status_of(&r);
	}
	dispose(&r);
	args_dispose(&a);
	return status;
}
