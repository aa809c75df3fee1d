#include "harness/sched/exec_go.h"

#include <assert.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "harness/base/fs.h"
#include "harness/sched/exec_tool.h"
#include "harness/sched/probe.h"
#include "harness/sched/run_folder.h"
#include "results/diagnose.h"
#include "toolchains/cc.h"
#include "toolchains/gobuild.h"

enum {
	KEEP_BINARIES = 48,             /* finished binaries that are kept for runs to come */
	BUILD_DATA_BYTES_MB = 8192,
	FILE_BYTES_MB = 2048,
	VERSION_TIMEOUT_MS = 10000,
};

/* One build, and what it leaves for runs. */
struct binary {
	struct binary *next;
	struct exec_go *x;
	char key[DIGEST_HEX];
	struct build_question q;
	enum { WAITING, BUILDING, READY, FAILED } state;
	char *path;                     /* READY: the file */
	char *host;                     /* what loads it, once that is made or begun; or NULL */
	char *tmp;                      /* while building */
	char *dir;                      /* the fixture's folder */
	char *command;                  /* as pasted into a shell */
	struct ask *build, *refused;    /* to be answered by this build; or NULL */
	VEC(struct ask *) runs;         /* waiting for the file */
	unsigned users;                 /* runs that read the file now */
	uint64_t used;                  /* for choosing what to remove */
	struct job *job;
	struct probe *probe;
	/* the build's end, kept while the linker is asked for more */
	enum job_end end;
	int exit_status, term_signal;
	uint64_t wall_ms, err_total;
	struct str said;
	char failure[1024];
	enum err_code why;
};

struct run {
	struct run *next;
	struct ask *ask;
	struct binary *binary;
	struct job *job;
	char *dir;                      /* its own, removed afterwards */
	char *src;                      /* of a tool: where the fixture lies */
};

static void run_free(struct run *run)
{
	mem_free(run->dir);
	mem_free(run->src);
	mem_free(run);
}

struct version_waiter {
	versioned_fn *fn;
	void *arg;
};

struct version_question {
	struct exec_go *x;
	struct runner *runner;
	VEC(struct version_waiter) waiting;
	struct version_question *next;
};

struct exec_go {
	struct executor executor;
	struct versioner versioner;
	uv_loop_t *loop;
	struct jobs *jobs;
	struct supplier *supplier;
	struct modules *modules;        /* borrowed; NULL: nothing is fetched */
	struct store *store;
	struct asker *asker;
	char *cache, *dir;
	int lock, cores;
	struct binary *binaries;
	VEC(struct binary *) build_queue;
	VEC(struct run *) run_queue;
	size_t building, running, supplying;
	struct run *under_way;
	struct version_question *versions;
	uint64_t clock;
	unsigned serial;
	bool cancelled;
};

static void advance(struct exec_go *x);

/* --- answers -------------------------------------------------------------- */

static void fail_ask(struct ask *ask, enum err_code why, const char *text)
{
	ask->failed = true;
	ask->why = why;
	snprintf(ask->failure, sizeof(ask->failure), "%s", text);
	ask_answered(ask);
}

static void describe(struct ask *ask, char *const *argv, const char *command)
{
	json_t *about = json_object(), *list = json_array();

	for (; *argv; argv++)
		json_array_append_new(list, json_string(*argv));
	json_object_set_new(about, "argv", list);
	if (command)
		json_object_set_new(about, "command", json_string(command));
	ask->fact.about = json_dumps(about, JSON_COMPACT);
	json_decref(about);
}

/* --- binaries ------------------------------------------------------------- */

static struct binary *binary_find(struct exec_go *x, const char *key)
{
	for (struct binary *b = x->binaries; b; b = b->next)
		if (strcmp(b->key, key) == 0)
			return b;
	return NULL;
}

static void remove_quietly(const char *path)
{
	struct error ignored;

	if (path)
		fs_remove_tree(path, &ignored);
}

static void remove_files(struct binary *b)
{
	if (b->path) {
		char *header = mem_printf("%s.h", b->path); /* beside a C library */

		unlink(b->path);
		unlink(header);
		mem_free(header);
	}
	if (b->host)
		unlink(b->host);
	mem_free(b->path);
	mem_free(b->host);
	b->path = b->host = NULL;
}

static void binary_free(struct binary *b)
{
	remove_files(b);
	mem_free(b->tmp);
	mem_free(b->dir);
	mem_free(b->command);
	str_free(&b->said);
	vec_free(&b->runs);
	mem_free(b);
}

/* Keeps the number of finished binaries down: the one used longest ago goes. */
static void prune(struct exec_go *x)
{
	size_t idle = 0;
	struct binary **oldest = NULL, *gone;

	for (struct binary **p = &x->binaries; *p; p = &(*p)->next) {
		struct binary *b = *p;

		if ((b->state != READY && b->state != FAILED) || b->users || b->runs.n || b->build ||
		    b->refused)
			continue;
		idle++;
		if (!oldest || b->used < (*oldest)->used)
			oldest = p;
	}
	if (idle <= KEEP_BINARIES)
		return;
	gone = *oldest;
	*oldest = gone->next;
	binary_free(gone);
}

static struct binary *binary_get(struct exec_go *x, struct ask *ask)
{
	struct binary *b = binary_find(x, ask->build_key);

	if (!b) {
		b = mem_zalloc(sizeof(*b));
		b->x = x;
		memcpy(b->key, ask->build_key, DIGEST_HEX);
		b->said = (struct str)STR_INIT;
		b->state = FAILED; /* not built yet; wanting it starts it */
		b->next = x->binaries;
		x->binaries = b;
	}
	b->used = ++x->clock;
	return b;
}

static void on_supplied(void *arg, struct toolchain *tc);

/* A build whose toolchain is not laid out yet holds no place in the pool: it is
 * queued when it could start. */
static void binary_want(struct binary *b, const struct build_question *q)
{
	struct exec_go *x = b->x;

	if (b->state == WAITING || b->state == BUILDING)
		return;
	b->q = *q;
	b->why = ERR_OK;
	b->state = WAITING;
	remove_files(b);
	if (q->tc->state == SUPPLY_READY) {
		vec_push(&x->build_queue, b);
		return;
	}
	x->supplying++;
	x->supplier->need(x->supplier, q->tc, on_supplied, b);
}

static void queue_run(struct exec_go *x, struct binary *b, struct ask *ask)
{
	struct run *run = mem_zalloc(sizeof(*run));

	run->ask = ask;
	run->binary = b;
	b->users++;
	vec_push(&x->run_queue, run);
}

/* --- building ------------------------------------------------------------- */

static void answer_build(struct binary *b, struct ask *ask)
{
	if (b->why) {
		fail_ask(ask, b->why, b->failure);
		return;
	}
	ask->fact.end = job_end_name(b->end);
	ask->fact.exit_status = b->exit_status;
	ask->fact.term_signal = b->term_signal;
	ask->fact.wall_ms = (double)b->wall_ms;
	ask->fact.err_total = b->err_total;
	str_addn(&ask->err, b->said.s, b->said.len);
	ask_answered(ask);
}

static void answer_runs(struct binary *b)
{
	struct exec_go *x = b->x;

	for (size_t i = 0; i < b->runs.n; i++) {
		if (b->state == READY)
			queue_run(x, b, b->runs.v[i]);
		else if (b->why)
			fail_ask(b->runs.v[i], b->why, b->failure);
		else
			fail_ask(b->runs.v[i], ERR_WORK, "the build that is in the store as good fails now; "
				 "ask again with --fresh");
	}
	b->runs.n = 0;
}

static void build_done(struct binary *b)
{
	struct exec_go *x = b->x;
	struct ask *build = b->build, *refused = b->refused;

	remove_quietly(b->tmp);
	mem_free(b->tmp);
	b->tmp = NULL;
	b->build = b->refused = NULL;
	x->building -= b->state == BUILDING;
	b->state = !b->why && b->end == JOB_EXITED && b->exit_status == 0 && fs_exists(b->path) ? READY
											     : FAILED;
	if (build)
		answer_build(b, build);
	if (refused) {
		if (b->why)
			fail_ask(refused, b->why, b->failure);
		else
			fail_ask(refused, ERR_WORK, "the link that was refused is not refused now; ask again "
				 "with --fresh");
	}
	answer_runs(b);
	str_free(&b->said);
	prune(x);
	advance(x);
}

static void build_failed(struct binary *b, enum err_code why, const char *text)
{
	b->why = why ? why : ERR_WORK;
	snprintf(b->failure, sizeof(b->failure), "%s", text);
	build_done(b);
}

static void on_probed(void *arg, struct probe_result *r)
{
	struct binary *b = arg;
	struct exec_go *x = b->x;
	char key[DIGEST_HEX];
	struct error err = { 0 };

	b->probe = NULL;
	refused_key(key, b->key);
	if (r->cancelled) {
		if (b->refused)
			fail_ask(b->refused, ERR_INTERRUPTED, "interrupted");
		b->refused = NULL;
	} else if (b->refused) {
		struct ask *ask = b->refused;

		b->refused = NULL;
		/* a list that is not known to be whole is asked for again */
		ask->fact.end = job_end_name(r->trouble.len ? JOB_TIMED_OUT : JOB_EXITED);
		ask->fact.wall_ms = (double)r->wall_ms;
		str_addn(&ask->out, r->lines.s, r->lines.len);
		str_addn(&ask->err, r->trouble.s, r->trouble.len);
		ask_answered(ask);
	} else if (!r->trouble.len) {
		asker_store_extra(x->asker, key, "refused", &r->lines, &r->trouble, (double)r->wall_ms, &err);
	}
	build_done(b);
}

static void start_probe(struct binary *b, const struct diagnosis *d)
{
	struct gobuild g = { .goroot = b->q.tc->goroot, .version = b->q.tc->version,
			     .target = b->q.target, .variant = b->q.variant, .cgo = b->q.cgo,
			     .cache = b->x->cache, .tmp = b->tmp, .parallel = 1 };

	b->probe = probe_start(b->x->jobs, &g, d->package ? d->package : "main",
			       d->symbols.n ? d->symbols.v[0] : "", d->message, on_probed, b);
}

/* `-work` makes the go command say first where that is: our doing, not the program's. */
static const char *without_work_line(const char *said)
{
	const char *end = str_starts(said, "WORK=") ? strchr(said, '\n') : NULL;

	return str_starts(said, "WORK=") ? end ? end + 1 : "" : said;
}

static void start_host(struct binary *b);

/* Both the library and what loads it; the first that fails speaks. */
static void on_build_exit(struct job *job, void *arg)
{
	struct binary *b = arg;
	struct ending end = { .exit_status = job->exit_status, .signal = job->term_signal,
			      .timed_out = job->end == JOB_TIMED_OUT };
	struct path_alias aliases[] = { { b->q.tc->goroot, "$GOROOT" }, { b->dir, "." },
					{ b->x->cache, "$CACHE" } };
	struct path_aliases list = { aliases, 3 };
	struct diagnosis d;
	char *clean;

	b->job = NULL;
	b->end = job->end;
	b->exit_status = job->exit_status;
	b->term_signal = job->term_signal;
	b->wall_ms += job->wall_ms;
	b->err_total += job->err_total;
	if (job->end == JOB_CANCELLED) {
		build_failed(b, ERR_INTERRUPTED, "interrupted");
		return;
	}
	if (job->end == JOB_NOT_STARTED) {
		build_failed(b, ERR_WORK, job->spawn_error);
		return;
	}
	clean = diagnose_path_alias((struct text){ job->err.s, job->err.len }, &list);
	str_add(&b->said, without_work_line(clean));
	mem_free(clean);
	if (job->end == JOB_EXITED && job->exit_status == 0 && b->q.host && !b->host) {
		start_host(b);
		return;
	}
	if (job->end == JOB_TIMED_OUT || job->end == JOB_FLOODED ||
	    (job->end == JOB_EXITED && job->exit_status == 0)) {
		build_done(b);
		return;
	}
	diagnose_build(&d, (struct text){ b->said.s, b->said.len }, &end, NULL);
	if (d.kind == OUTCOME_INFRA)
		build_failed(b, ERR_WORK, d.message); /* a full disk says nothing that lasts */
	else if (d.kind == OUTCOME_LINK_REJECTED && !b->q.rescue)
		start_probe(b, &d);
	else
		build_done(b);
	diagnosis_dispose(&d);
}

static int prepare_build(struct binary *b, struct error *err)
{
	struct exec_go *x = b->x;
	char *src = path_join(x->cache, "src");
	int rc;

	mem_free(b->dir);
	b->dir = NULL;
	rc = fixture_lay_out(b->q.fixture, src, b->q.lowered, &b->dir, err);
	mem_free(src);
	b->tmp = mem_printf("%s/tmp%u", x->dir, x->serial++);
	remove_files(b);
	b->path = mem_printf("%s/bin/%s", x->dir, b->key);
	str_clear(&b->said);
	b->wall_ms = b->err_total = 0;
	return rc < 0 ? rc : fs_mkdirs(b->tmp, err);
}

/* A build alone may use the whole machine; one of many gets one core. */
static int share(const struct exec_go *x)
{
	size_t wanted = x->building + x->build_queue.n + x->running + x->run_queue.n;
	int cores = wanted ? x->cores / (int)wanted : x->cores;

	return cores < 1 ? 1 : cores;
}

/* A C file is compiled with the library, which it may also load by its path; a Go package is built with
 * the same flags as a plain program. */
static void start_host(struct binary *b)
{
	struct exec_go *x = b->x;
	bool c = str_ends(b->q.host, ".c");
	struct strv argv = { 0 }, env = { 0 };
	struct variant plain = *b->q.variant;
	struct gobuild g = { .goroot = b->q.tc->goroot, .version = b->q.tc->version,
			     .target = b->q.target, .variant = &plain, .cgo = b->q.cgo,
			     .rescue = b->q.rescue, .overlay = b->q.tc->overlay, .tmp = b->tmp,
			     .package = b->q.host, .cache = x->cache, .parallel = share(x) };
	struct job_spec spec = { .timeout_ms = b->q.timeout_ms, .first_signal = SIGKILL, .cwd = b->dir,
				 .data_bytes = (uint64_t)BUILD_DATA_BYTES_MB << 20,
				 .file_bytes = (uint64_t)FILE_BYTES_MB << 20 };

	b->host = mem_printf("%s.host", b->path);
	plain.buildmode = NULL;
	g.output = b->host;
	if (c) {
		strv_add(&argv, cc_path(b->q.target) ? cc_path(b->q.target) : "gcc");
		strv_add(&argv, "-o");
		strv_add(&argv, b->host);
		strv_add(&argv, b->q.host);
		if (b->q.variant->buildmode && strcmp(b->q.variant->buildmode, "c-archive") == 0)
			strv_add(&argv, b->path);
		strv_add(&argv, "-lpthread");
		strv_add(&argv, "-ldl");
	} else {
		gobuild_argv(&g, &argv);
	}
	gobuild_env(&g, &env);
	spec.argv = strv_argv(&argv);
	spec.env = strv_argv(&env);
	b->job = job_start(x->jobs, &spec, on_build_exit, b);
	strv_free(&argv);
	strv_free(&env);
}

static void start_build(struct binary *b)
{
	struct exec_go *x = b->x;
	struct strv argv = { 0 }, env = { 0 };
	struct gobuild g = { .goroot = b->q.tc->goroot, .version = b->q.tc->version,
			     .target = b->q.target, .variant = b->q.variant, .cgo = b->q.cgo,
			     .rescue = b->q.rescue, .overlay = b->q.tc->overlay,
			     .package = b->q.package, .cache = x->cache };
	struct job_spec spec = { .timeout_ms = b->q.timeout_ms, .first_signal = SIGKILL,
				 .data_bytes = (uint64_t)BUILD_DATA_BYTES_MB << 20,
				 .file_bytes = (uint64_t)FILE_BYTES_MB << 20 };
	struct error err = { 0 };

	if (prepare_build(b, &err) < 0) {
		build_failed(b, err.code, err.msg);
		return;
	}
	g.output = b->path;
	g.tmp = b->tmp;
	g.parallel = share(x);
	gobuild_argv(&g, &argv);
	gobuild_env(&g, &env);
	if (b->build) {
		char *command = gobuild_command(&g, b->q.tc->base);

		describe(b->build, strv_argv(&argv), command);
		mem_free(command);
	}
	spec.argv = strv_argv(&argv);
	spec.env = strv_argv(&env);
	spec.cwd = b->dir;
	b->job = job_start(x->jobs, &spec, on_build_exit, b);
	strv_free(&argv);
	strv_free(&env);
}

static void on_supplied(void *arg, struct toolchain *tc)
{
	struct binary *b = arg;
	struct exec_go *x = b->x;

	x->supplying--;
	if (x->cancelled) {
		build_failed(b, ERR_INTERRUPTED, "interrupted");
	} else if (tc->state == SUPPLY_FAILED) {
		build_failed(b, tc->why, tc->failure);
	} else {
		vec_push(&x->build_queue, b);
		advance(x);
	}
}

/* --- running -------------------------------------------------------------- */

/* What a tool says of places on this machine is not its answer. */
static void add_plain(struct str *out, const struct run *run, const struct str *said)
{
	struct path_alias aliases[] = { { run->ask->build.tc->goroot, "$GOROOT" }, { run->src, "." },
					{ run->dir, "$TMP" }, { run->binary->x->cache, "$CACHE" } };
	struct path_aliases list = { aliases, 4 };
	char *plain = diagnose_path_alias((struct text){ said->s, said->len }, &list);

	str_add(out, plain);
	mem_free(plain);
}

static void on_run_exit(struct job *job, void *arg)
{
	struct run *run = arg, **p;
	struct ask *ask = run->ask;
	struct exec_go *x = run->binary->x;

	for (p = &x->under_way; *p != run; p = &(*p)->next)
		;
	*p = run->next;
	x->running--;
	run->binary->users--;
	run->binary->used = ++x->clock;
	remove_quietly(run->dir);
	if (job->end == JOB_CANCELLED) {
		fail_ask(ask, ERR_INTERRUPTED, "interrupted");
	} else if (job->end == JOB_NOT_STARTED) {
		fail_ask(ask, ERR_WORK, job->spawn_error);
	} else {
		ask->fact.end = job_end_name(job->end);
		ask->fact.exit_status = job->exit_status;
		ask->fact.term_signal = job->term_signal;
		ask->fact.wall_ms = (double)job->wall_ms;
		ask->fact.out_total = job->out_total;
		ask->fact.err_total = job->err_total;
		if (ask->kind == ASK_TOOL) {
			add_plain(&ask->out, run, &job->out);
			add_plain(&ask->err, run, &job->err);
		} else {
			str_addn(&ask->out, job->out.s, job->out.len);
			str_addn(&ask->err, job->err.s, job->err.len);
		}
		ask_answered(ask);
	}
	run_free(run);
	prune(x);
	advance(x);
}

static void run_env(const struct run *run, struct strv *env)
{
	const struct strv *own = run->ask->run.env;

	/* the case's own first: of two entries of one name programs take the first */
	for (size_t i = 0; own && i < own->n; i++)
		strv_add(env, own->v[i]);
	strv_add(env, "PATH=/usr/local/bin:/usr/bin:/bin");
	strv_addf(env, "HOME=%s", run->dir);
	strv_addf(env, "TMPDIR=%s", run->dir);
	strv_add(env, "LC_ALL=C");
	if (run->ask->build.cgo && !run->ask->run.runner->native && cc_sysroot(run->ask->build.target))
		strv_addf(env, "QEMU_LD_PREFIX=%s", cc_sysroot(run->ask->build.target));
}

/* For what outlives the wall limit: on all cores for all of it, and some more, so that
 * the wall limit, which is told apart from a crash, always comes first. */
static uint64_t cpu_limit(uint64_t timeout_ms)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	return (timeout_ms / 1000 + 10) * (uint64_t)(cores > 0 ? cores : 1);
}

/* --- tools ------------------------------------------------------------------ */

static bool needs_program(const struct ask *ask)
{
	return ask->kind == ASK_RUN || (ask->kind == ASK_TOOL && ask->tool.tool == TOOL_OBJDUMP);
}

static int lay_out_for_tool(struct run *run, struct error *err)
{
	const struct build_question *q = &run->ask->build;
	char *src = path_join(run->binary->x->cache, "src");
	int rc = fixture_lay_out(q->fixture, src, q->lowered, &run->src, err);

	mem_free(src);
	return rc;
}

static void on_tool_supplied(void *arg, struct toolchain *tc)
{
	struct run *run = arg;
	struct exec_go *x = run->binary->x;

	x->supplying--;
	if (!x->cancelled && tc->state != SUPPLY_FAILED) {
		vec_push(&x->run_queue, run);
		advance(x);
		return;
	}
	run->binary->users--;
	if (x->cancelled)
		fail_ask(run->ask, ERR_INTERRUPTED, "interrupted");
	else
		fail_ask(run->ask, tc->why, tc->failure);
	run_free(run);
}

/* One that looks at sources alone: only the toolchain must be here. */
static void queue_tool(struct exec_go *x, struct binary *b, struct ask *ask)
{
	struct run *run = mem_zalloc(sizeof(*run));

	run->ask = ask;
	run->binary = b;
	b->users++;
	if (ask->build.tc->state == SUPPLY_READY) {
		vec_push(&x->run_queue, run);
		return;
	}
	x->supplying++;
	x->supplier->need(x->supplier, ask->build.tc, on_tool_supplied, run);
}

static void start_run(struct run *run)
{
	struct ask *ask = run->ask;
	struct exec_go *x = run->binary->x;
	struct strv argv = { 0 }, env = { 0 };
	uint64_t limit = ask->kind == ASK_TOOL ? ask->tool.timeout_ms : ask->run.timeout_ms;
	struct job_spec spec = { .timeout_ms = limit, .first_signal = SIGQUIT,
				 .data_bytes = (uint64_t)EXEC_RUN_MEGABYTES << 20,
				 .file_bytes = (uint64_t)FILE_BYTES_MB << 20,
				 .cpu_s = cpu_limit(limit) };
	struct error err = { 0 };

	run->dir = mem_printf("%s/run%u", x->dir, x->serial++);
	run->next = x->under_way;
	x->under_way = run;
	x->running++;
	if (needs_program(ask) && access(run->binary->host ? run->binary->host : run->binary->path, X_OK) < 0)
		err_set(&err, ERR_INPUT, "not run: the package is not main, its build makes no program");
	else if (fs_mkdirs(run->dir, &err) == 0 && ask->kind == ASK_TOOL)
		lay_out_for_tool(run, &err);
	if (err.code) {
		x->under_way = run->next;
		x->running--;
		run->binary->users--;
		run_free(run);
		fail_ask(ask, err.code, err.msg);
		return;
	}
	if (ask->kind == ASK_TOOL) {
		spec.data_bytes = (uint64_t)BUILD_DATA_BYTES_MB << 20;
		spec.first_signal = SIGKILL;
		struct tool_place place = { x->cache, run->dir, run->src, run->binary->path };

		spec.cwd = tool_command(ask, &place, &argv, &env);
	} else {
		runner_argv(ask->run.runner, run->binary->host ? run->binary->host : run->binary->path, &argv);
		if (run->binary->host)
			strv_add(&argv, run->binary->path);
		for (size_t i = 0; ask->run.args && i < ask->run.args->n; i++)
			strv_add(&argv, ask->run.args->v[i]);
		run_env(run, &env);
		spec.cwd = run->dir;
		spec.input = ask->run.input;
	}
	spec.argv = strv_argv(&argv);
	spec.env = strv_argv(&env);
	describe(ask, spec.argv, NULL);
	run->job = job_start(x->jobs, &spec, on_run_exit, run);
	strv_free(&argv);
	strv_free(&env);
}

/* --- the pools ------------------------------------------------------------ */

#define take_first(queue, out)                                                     \
	do {                                                                       \
		(out) = (queue)->v[0];                                             \
		memmove((queue)->v, (queue)->v + 1, --(queue)->n * sizeof(*(queue)->v)); \
	} while (0)

/*
 * One more than cores: a build is idle between its processes and while its end is
 * looked at, a few percent of its time, which one more fills (bench/fakecgo.sh: 1.86 of
 * 2 cores busy without, 1.93 with). Who asks for one at a time gets that.
 */
static size_t build_slots(const struct exec_go *x)
{
	return x->cores > 1 ? (size_t)x->cores + 1 : 1;
}

static void advance(struct exec_go *x)
{
	if (x->cancelled)
		return;
	while (x->run_queue.n && x->running < (size_t)x->cores) {
		struct run *run;

		take_first(&x->run_queue, run);
		start_run(run);
	}
	while (x->build_queue.n && x->building < build_slots(x)) {
		struct binary *b;

		take_first(&x->build_queue, b);
		b->state = BUILDING;
		x->building++;
		start_build(b);
	}
}

static void start(struct executor *ex, struct ask *ask);

/* A question that waits for the modules of its program. */
struct held {
	struct exec_go *x;
	struct ask *ask;
};

static void on_modules(void *arg, enum err_code why, const char *failure)
{
	struct held *h = arg;

	h->x->supplying--;
	if (why)
		fail_ask(h->ask, why, failure);
	else
		start(&h->x->executor, h->ask);
	mem_free(h);
}

static void start(struct executor *ex, struct ask *ask)
{
	struct exec_go *x = (struct exec_go *)ex;
	struct binary *b;

	if (x->cancelled) {
		fail_ask(ask, ERR_INTERRUPTED, "interrupted");
		return;
	}
	if (x->modules && modules_lacking(x->modules, ask->build.fixture)) {
		struct held *h = mem_zalloc(sizeof(*h));

		*h = (struct held){ x, ask };
		x->supplying++;
		modules_need(x->modules, ask->build.fixture, on_modules, h);
		return;
	}
	b = binary_get(x, ask);
	switch (ask->kind) {
	case ASK_BUILD:
		assert(!b->build);
		if (b->state == READY) { /* known here, though the store forgot: runs may hold it */
			b->end = JOB_EXITED;
			b->exit_status = b->term_signal = 0;
			answer_build(b, ask);
			break;
		}
		b->build = ask;
		binary_want(b, &ask->build);
		break;
	case ASK_REFUSED:
		b->refused = ask;
		binary_want(b, &ask->build);
		break;
	case ASK_TOOL:
		if (!needs_program(ask)) {
			queue_tool(x, b, ask);
			break;
		}
		/* fall through */
	case ASK_RUN:
		if (b->state == READY) {
			queue_run(x, b, ask);
		} else {
			vec_push(&b->runs, ask);
			binary_want(b, &ask->build);
		}
		break;
	}
	advance(x);
}

static void cancel_all(struct executor *ex)
{
	struct exec_go *x = (struct exec_go *)ex;

	x->cancelled = true;
	while (x->run_queue.n) {
		struct run *run;

		take_first(&x->run_queue, run);
		run->binary->users--;
		fail_ask(run->ask, ERR_INTERRUPTED, "interrupted");
		run_free(run);
	}
	while (x->build_queue.n) {
		struct binary *b;

		take_first(&x->build_queue, b);
		build_failed(b, ERR_INTERRUPTED, "interrupted");
	}
	jobs_cancel_all(x->jobs);
}

/* --- versions of emulators ------------------------------------------------ */

static void version_known(struct exec_go *x, struct version_question *q)
{
	struct version_question **p = &x->versions;

	while (*p != q)
		p = &(*p)->next;
	*p = q->next;
	for (size_t i = 0; i < q->waiting.n; i++)
		q->waiting.v[i].fn(q->waiting.v[i].arg, q->runner);
	vec_free(&q->waiting);
	mem_free(q);
}

static void on_version_exit(struct job *job, void *arg)
{
	struct version_question *q = arg;

	if (job->end == JOB_EXITED && job->exit_status == 0 && job->out.len) {
		char *memo = runner_memo_key(q->runner);

		runner_set_version(q->runner, job->out.s);
		store_memo_put(q->x->store, memo, job->out.s);
		mem_free(memo);
	} else {
		runner_no_version(q->runner, job->end == JOB_NOT_STARTED ? job->spawn_error
									  : "its version could not be asked");
	}
	version_known(q->x, q);
}

/* What needs no process is answered at once, from within. */
static void ask_version(struct versioner *v, struct runner *r, versioned_fn *fn, void *arg)
{
	struct exec_go *x = (struct exec_go *)((char *)v - offsetof(struct exec_go, versioner));
	struct version_waiter waiter = { fn, arg };
	struct version_question *q;
	struct strv argv = { 0 }, env = { 0 };
	struct job_spec spec = { .timeout_ms = VERSION_TIMEOUT_MS, .first_signal = SIGKILL };
	char *memo, *printed = NULL;

	if (r->native)
		runner_set_version(r, "");
	memo = runner_memo_key(r);
	if (!r->key && store_memo_get(x->store, memo, &printed))
		runner_set_version(r, printed);
	mem_free(printed);
	mem_free(memo);
	if (!r->key && !runner_version_argv(r, &argv))
		runner_set_version(r, "unknown");
	if (r->key || r->version) { /* known, or known not to answer */
		fn(arg, r);
		return;
	}
	for (q = x->versions; q && q->runner != r; q = q->next)
		;
	if (!q) {
		q = mem_zalloc(sizeof(*q));
		q->x = x;
		q->runner = r;
		q->next = x->versions;
		x->versions = q;
		strv_add(&env, "PATH=/usr/local/bin:/usr/bin:/bin");
		spec.argv = strv_argv(&argv);
		spec.env = strv_argv(&env);
		job_start(x->jobs, &spec, on_version_exit, q);
	}
	vec_push(&q->waiting, waiter);
	strv_free(&argv);
	strv_free(&env);
}

/* --- making --------------------------------------------------------------- */

int exec_go_new(struct exec_go **out, uv_loop_t *loop, struct jobs *jobs,
		struct supplier *supplier, const struct exec_go_options *options,
		struct error *err)
{
	struct exec_go *x = mem_zalloc(sizeof(*x));
	char *runs = path_join(options->cache, "run");
	char *bin, *lock, *home;
	int rc;

	x->executor = (struct executor){ start, cancel_all };
	x->versioner = (struct versioner){ ask_version };
	x->loop = loop;
	x->jobs = jobs;
	x->supplier = supplier;
	x->cache = mem_strdup(options->cache);
	x->cores = options->cores;
	x->modules = options->modules;
	x->dir = mem_printf("%s/%ld-%llx", runs, (long)getpid(), (unsigned long long)uv_hrtime());
	bin = path_join(x->dir, "bin");
	lock = mem_printf("%s.lock", x->dir);
	home = path_join(x->cache, "home");
	run_folders_sweep(runs);
	x->lock = fs_lock(lock, false, err);
	rc = x->lock < 0 ? (err->code ? (int)err->code : ERR_WORK) : 0;
	if (rc == 0 && (fs_mkdirs(bin, err) < 0 || fs_mkdirs(home, err) < 0))
		rc = err->code;
	mem_free(bin);
	mem_free(lock);
	mem_free(runs);
	mem_free(home);
	if (rc < 0) {
		exec_go_free(x);
		x = NULL;
	}
	*out = x;
	return rc;
}

void exec_go_free(struct exec_go *x)
{
	char *lock;

	if (!x)
		return;
	while (x->binaries) {
		struct binary *b = x->binaries;

		x->binaries = b->next;
		binary_free(b);
	}
	lock = mem_printf("%s.lock", x->dir);
	remove_quietly(x->dir);
	unlink(lock);
	fs_unlock(x->lock);
	mem_free(lock);
	vec_free(&x->build_queue);
	vec_free(&x->run_queue);
	mem_free(x->cache);
	mem_free(x->dir);
	mem_free(x);
}

struct executor *exec_go_executor(struct exec_go *x)
{
	return &x->executor;
}

struct versioner *exec_go_versioner(struct exec_go *x, struct store *store)
{
	x->store = store;
	return &x->versioner;
}

void exec_go_set_asker(struct exec_go *x, struct asker *asker)
{
	x->asker = asker;
}

void exec_go_counts(const struct exec_go *x, struct exec_go_counts *out)
{
	out->building = x->building;
	out->running = x->running;
	out->waiting = x->build_queue.n + x->run_queue.n + x->supplying;
}
