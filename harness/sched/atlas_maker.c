#include "harness/sched/atlas_maker.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/digest.h"
#include "harness/base/fs.h"
#include "harness/base/str.h"
#include "toolchains/target.h"

enum {
	BUILD_TIMEOUT_MS = 15 * 60000,  /* with std to compile first */
	MAKE_TIMEOUT_MS = 10 * 60000,
	ASK_TIMEOUT_MS = 2 * 60000,
	KEEP_BYTES = 1 << 30,           /* a whole atlas is some megabytes of text, per target */
};

enum what { MAKE_ATLAS, ASK_LOCAL };

/* One thing wanted: an atlas made, or a question put to the program. */
struct want {
	struct want *next;
	struct atlas_maker *m;
	enum what what;
	struct toolchain *tc;      /* MAKE_ATLAS */
	struct strv targets, packages;
	bool whole;                /* all of std */
	atlas_made *made;
	char *mode, *input;        /* ASK_LOCAL */
	atlas_said *said;
	void *arg;
	struct job *job;
	char *tmp;
};

struct atlas_maker {
	uv_loop_t *loop;
	struct jobs *jobs;
	struct supplier *supplier;
	struct atlas_maker_options o;
	char *cache, *sources, *program;   /* program: its path */
	struct toolchain *builder;
	char identity[DIGEST_HEX];
	struct atlas_dir *dir;
	enum { PROGRAM_UNKNOWN, PROGRAM_SUPPLYING, PROGRAM_BUILDING, PROGRAM_READY, PROGRAM_BAD } state;
	char failure[1024];                /* PROGRAM_BAD */
	enum err_code why;
	char *build_tmp, *build_path;
	int lock;                          /* held while the program is built */
	VEC(struct want *) queue;          /* ready to start when there is a place */
	size_t supplying, running, wanted, done;
	struct strv damaged;               /* said already */
	uv_timer_t poll;
	bool polling;
	unsigned serial;
	bool cancelled;
};

static void pump(struct atlas_maker *m);

/* --- the maker ------------------------------------------------------------ */

/* The program is its sources and whoever compiled them: go/types differs between versions. */
static int digest_sources(struct atlas_maker *m, struct error *err);

struct sources { struct digest *d; const char *root; };

static int add_source(void *arg, const char *rel, const struct stat *st, struct error *err)
{
	struct sources *s = arg;
	char hex[DIGEST_HEX], *path;
	int rc = 0;

	if (!S_ISREG(st->st_mode) || !(str_ends(rel, ".go") || strcmp(rel, "go.mod") == 0) ||
	    str_ends(rel, "_test.go"))
		return 0;
	path = path_join(s->root, rel);
	rc = digest_file(hex, path, err);
	digest_add(s->d, rel);
	digest_add(s->d, hex);
	mem_free(path);
	return rc;
}

static int digest_sources(struct atlas_maker *m, struct error *err)
{
	struct sources s = { digest_new("lnm-atlas"), m->sources };
	int rc = fs_walk(m->sources, add_source, &s, err);

	digest_add(s.d, m->builder->name);
	digest_end(s.d, m->identity);
	return rc;
}

int atlas_maker_new(struct atlas_maker **out, uv_loop_t *loop, struct jobs *jobs,
		    struct supplier *supplier, const struct atlas_maker_options *options,
		    struct error *err)
{
	struct atlas_maker *m = mem_zalloc(sizeof(*m));
	char *bin = path_join(options->cache, "atlas/bin");

	m->loop = loop;
	m->jobs = jobs;
	m->supplier = supplier;
	m->o = *options;
	m->lock = -1;
	m->cache = mem_strdup(options->cache);
	m->sources = mem_strdup(options->sources);
	m->builder = toolchain_new(options->builder);
	*out = m;
	if (digest_sources(m, err) < 0 || fs_mkdirs(bin, err) < 0 ||
	    atlas_dir_open(&m->dir, m->cache, err) < 0) {
		mem_free(bin);
		atlas_maker_free(m);
		*out = NULL;
		return err_wrap(err, "atlas");
	}
	m->program = mem_printf("%s/lnm-atlas-%.16s", bin, m->identity);
	mem_free(bin);
	return 0;
}

void atlas_maker_free(struct atlas_maker *m)
{
	if (!m)
		return;
	assert(m->running == 0 && m->supplying == 0);
	if (m->dir)
		atlas_dir_close(m->dir);
	toolchain_free(m->builder);
	strv_free(&m->damaged);
	vec_free(&m->queue);
	mem_free(m->cache);
	mem_free(m->sources);
	mem_free(m->program);
	mem_free(m->build_tmp);
	mem_free(m->build_path);
	mem_free(m);
}

const char *atlas_maker_program(const struct atlas_maker *m)
{
	return m->identity;
}

void atlas_maker_counts(const struct atlas_maker *m, struct atlas_maker_counts *out)
{
	*out = (struct atlas_maker_counts){
		.wanted = m->wanted, .done = m->done,
		.building = m->state == PROGRAM_SUPPLYING || m->state == PROGRAM_BUILDING,
	};
}

/* --- what is here --------------------------------------------------------- */

static struct atlas_key key_of(const struct atlas_maker *m, const struct toolchain *tc,
			       const char *target)
{
	return (struct atlas_key){ .identity = tc->identity, .toolchain = tc->name, .target = target,
				   .program = m->identity };
}

static void say_damaged(struct atlas_maker *m, const struct toolchain *tc, const char *target,
			const struct error *err)
{
	char *what = mem_printf("%s %s", tc->name, target), *line;

	if (m->o.say && !strv_has(&m->damaged, what)) {
		line = mem_printf("the atlas of %s for %s is damaged (%s) and is made again", tc->name, target,
				  err->msg);
		m->o.say(m->o.say_arg, line);
		mem_free(line);
	}
	strv_add(&m->damaged, what);
	mem_free(what);
}

struct atlas *atlas_maker_open(struct atlas_maker *m, const struct toolchain *tc, const char *target)
{
	struct atlas_key key = key_of(m, tc, target);
	struct error err = { 0 };
	struct atlas *a;

	if (!tc->identity)
		return NULL;
	if (atlas_open(&a, m->dir, &key, &err) == 0)
		return a;
	if (err.code == ERR_WORK) {
		say_damaged(m, tc, target, &err);
		atlas_discard(m->dir, &key);
	}
	return NULL;
}

bool atlas_maker_section(struct atlas_maker *m, const struct toolchain *tc, const char *target,
			 const char *package, struct atlas_section *out)
{
	/* as the Go program says it where it is asked about some packages only */
	static const char none[] = "P\t-\tunread\tno such package in std\n";
	struct atlas_key key = key_of(m, tc, target);
	struct atlas *a = atlas_maker_open(m, tc, target);
	struct error err = { 0 };

	if (!a)
		return false;
	if (atlas_section(out, a, package, &err) == 0)
		return true;
	if (err.code == ERR_WORK) {
		say_damaged(m, tc, target, &err);
		atlas_discard(m->dir, &key);
		return false;
	}
	if (!atlas_is_complete(a))
		return false;
	*out = (struct atlas_section){ none, sizeof(none) - 1 }; /* all of std is here, and it is not */
	return true;
}

/*
 * Is all that is wanted of this target here?  Only the index is looked at: what is damaged
 * inside a section shows when that is read, which removes the atlas, and then it is
 * to be needed again.
 */
static bool is_here(struct atlas_maker *m, const struct want *w, const char *target)
{
	struct atlas *a = atlas_maker_open(m, w->tc, target);
	struct strv has = { 0 };
	bool here = true;

	if (!a)
		return false;
	if (w->whole || atlas_is_complete(a)) /* what a complete one has not is not to be had */
		return atlas_is_complete(a);
	atlas_packages(a, &has);
	for (size_t i = 0; here && i < w->packages.n; i++)
		here = strv_has(&has, w->packages.v[i]);
	strv_free(&has);
	return here;
}

/* --- ends ----------------------------------------------------------------- */

static void want_end(struct want *w, const struct str *out, enum err_code why, const char *failure)
{
	struct atlas_maker *m = w->m;
	struct error ignored;

	m->done += w->targets.n;
	if (w->what == MAKE_ATLAS)
		w->made(w->arg, why, failure);
	else
		w->said(w->arg, out, why, failure);
	if (w->tmp)
		fs_remove_tree(w->tmp, &ignored);
	strv_free(&w->targets);
	strv_free(&w->packages);
	mem_free(w->mode);
	mem_free(w->input);
	mem_free(w->tmp);
	mem_free(w);
}

/* --- the program itself --------------------------------------------------- */

static void program_known(struct atlas_maker *m, enum err_code why, const char *failure)
{
	fs_unlock(m->lock);
	m->lock = -1;
	m->why = why;
	m->state = why ? PROGRAM_BAD : PROGRAM_READY;
	snprintf(m->failure, sizeof(m->failure), "%s", failure ? failure : "");
	pump(m);
}

static void base_env(struct atlas_maker *m, const char *goroot, const char *tmp, int parallel,
		     struct strv *env)
{
	strv_addf(env, "PATH=%s/bin:/usr/local/bin:/usr/bin:/bin", goroot);
	strv_addf(env, "HOME=%s/home", m->cache);
	strv_addf(env, "GOCACHE=%s/gobuild", m->cache);
	strv_addf(env, "GOPATH=%s/gopath", m->cache);
	strv_addf(env, "GOTMPDIR=%s", tmp);
	strv_addf(env, "TMPDIR=%s", tmp);
	strv_addf(env, "GOMAXPROCS=%d", parallel);
	strv_add(env, "CGO_ENABLED=0");
	strv_add(env, "GOENV=off");
	strv_add(env, "GOFLAGS=");
	strv_add(env, "GO111MODULE=on");
	strv_add(env, "GOPROXY=off");
	strv_add(env, "GOSUMDB=off");
	strv_add(env, "GOWORK=off");
	strv_add(env, "GOTOOLCHAIN=local");
	strv_add(env, "GOTELEMETRY=off");
	strv_add(env, "LC_ALL=C");
}

/* Its sum stands beside it: one that a full disk cut short would say anything. */
static bool program_is_whole(const struct atlas_maker *m)
{
	char *path = mem_printf("%s.sum", m->program), sum[DIGEST_HEX];
	struct str want = STR_INIT;
	struct error err = { 0 };
	bool whole = fs_exists(path) && fs_exists(m->program) && fs_read(&want, path, &err) == 0 &&
		     digest_file(sum, m->program, &err) == 0 && strcmp(sum, want.s) == 0;

	str_free(&want);
	mem_free(path);
	return whole;
}

static int install_program(const struct atlas_maker *m, struct error *err)
{
	char *path = mem_printf("%s.sum", m->program), sum[DIGEST_HEX];
	int rc = digest_file(sum, m->build_path, err);

	if (rc == 0)
		rc = fs_replace(path, sum, strlen(sum), 0666, err);
	if (rc == 0 && rename(m->build_path, m->program) < 0)
		rc = err_os(err, errno, "%s", m->program);
	mem_free(path);
	return rc;
}

/* What an interrupted process left, and programs of older versions of lnmatrix. */
static void remove_old(const char *dir, const char *prefix, const char *keep, time_t days)
{
	struct error ignored = { 0 };
	struct dirent *e;
	DIR *d = opendir(dir);

	while (d && (e = readdir(d)) != NULL) {
		char *path = path_join(dir, e->d_name);
		struct stat st;

		if (str_starts(e->d_name, prefix) && !str_starts(path, keep) && stat(path, &st) == 0 &&
		    st.st_mtime < time(NULL) - days * 24 * 3600)
			fs_remove_tree(path, &ignored);
		mem_free(path);
	}
	if (d)
		closedir(d);
}

static void clean_up(const struct atlas_maker *m)
{
	char *bin = path_dir(m->program), *atlas = path_dir(bin);

	remove_old(atlas, "tmp-", m->program, 1);
	remove_old(bin, "tmp-", m->program, 1);
	remove_old(bin, "lnm-atlas-", m->program, 30);
	mem_free(atlas);
	mem_free(bin);
}

static void on_program_built(struct job *job, void *arg)
{
	struct atlas_maker *m = arg;
	struct error err = { 0 };
	char *text;

	m->running--;
	if (job->end == JOB_EXITED && job->exit_status == 0) {
		int rc = install_program(m, &err);

		program_known(m, rc == 0 ? ERR_OK : err.code, rc == 0 ? NULL : err.msg);
	} else if (job->end == JOB_CANCELLED) {
		program_known(m, ERR_INTERRUPTED, "interrupted");
	} else {
		text = mem_printf("the atlas' Go program could not be built with %s: %s%.800s", m->builder->name,
				  job->end == JOB_TIMED_OUT ? "it took too long " : job->spawn_error, job->err.s);
		text[str_trimmed_len(text, strlen(text))] = '\0';
		program_known(m, ERR_WORK, text);
		mem_free(text);
	}
	fs_remove_tree(m->build_tmp, &err);
}

static void build_program(struct atlas_maker *m)
{
	struct strv argv = { 0 }, env = { 0 };
	struct job_spec spec = { .timeout_ms = BUILD_TIMEOUT_MS, .first_signal = SIGKILL, .cwd = m->sources };
	struct error err = { 0 };

	clean_up(m);
	m->build_tmp = mem_printf("%s/atlas/bin/tmp-%ld", m->cache, (long)getpid());
	m->build_path = path_join(m->build_tmp, "lnm-atlas");
	if (fs_mkdirs(m->build_tmp, &err) < 0) {
		program_known(m, err.code, err.msg);
		return;
	}
	strv_addf(&argv, "%s/bin/go", m->builder->goroot);
	strv_add(&argv, "build");
	strv_add(&argv, "-trimpath");
	strv_add(&argv, "-buildvcs=false");
	strv_add(&argv, "-o");
	strv_add(&argv, m->build_path);
	strv_add(&argv, ".");
	base_env(m, m->builder->goroot, m->build_tmp, m->o.cores, &env);
	spec.argv = strv_argv(&argv);
	spec.env = strv_argv(&env);
	m->running++;
	job_start(m->jobs, &spec, on_program_built, m);
	strv_free(&argv);
	strv_free(&env);
}

/* Only one process builds it; the others wait for the file. */
static void on_poll(uv_timer_t *timer);

static void lock_program(struct atlas_maker *m)
{
	char *path = mem_printf("%s.lock", m->program);
	struct error err = { 0 };

	m->lock = fs_lock(path, false, &err);
	mem_free(path);
	if (m->lock < 0 && err.code) {
		program_known(m, err.code, err.msg);
	} else if (m->lock < 0) {
		if (!m->polling) {
			uv_timer_init(m->loop, &m->poll);
			m->poll.data = m;
			m->polling = true;
			m->running++;
		}
		uv_timer_start(&m->poll, on_poll, 100, 0);
	} else if (program_is_whole(m)) {
		program_known(m, ERR_OK, NULL);
	} else {
		build_program(m);
	}
}

static void on_poll_closed(uv_handle_t *handle)
{
	struct atlas_maker *m = handle->data;

	m->running--;
	m->polling = false;
	if (m->cancelled)
		program_known(m, ERR_INTERRUPTED, "interrupted");
	else
		lock_program(m);
}

static void on_poll(uv_timer_t *timer)
{
	uv_close((uv_handle_t *)timer, on_poll_closed);
}

static void on_builder(void *arg, struct toolchain *tc)
{
	struct atlas_maker *m = arg;

	m->supplying--;
	if (tc->state == SUPPLY_FAILED) {
		program_known(m, tc->why ? tc->why : ERR_WORK, tc->failure);
		return;
	}
	m->state = PROGRAM_BUILDING;
	lock_program(m);
}

static void need_program(struct atlas_maker *m)
{
	if (m->state != PROGRAM_UNKNOWN)
		return;
	if (program_is_whole(m)) {
		m->state = PROGRAM_READY;
		return;
	}
	if (m->o.say)
		m->o.say(m->o.say_arg, fs_exists(m->program) ?
			 "the program that reads Go's sources is damaged, it is built again" :
			 "building the program that reads Go's sources (once)");
	m->state = PROGRAM_SUPPLYING;
	m->supplying++;
	m->supplier->need(m->supplier, m->builder, on_builder, m);
}

/* --- running it ----------------------------------------------------------- */

/* The text of each target stands behind a line "=TARGET". */
static int write_atlases(struct want *w, const struct str *out, struct error *err)
{
	struct atlas_maker *m = w->m;
	const char *at = out->s, *end = out->s + out->len;
	size_t written = 0;

	while (at < end && *at == '=') {
		const char *line_end = memchr(at, '\n', (size_t)(end - at)), *text, *next;
		struct atlas_key key;
		char *target;
		int rc;

		if (!line_end)
			break;
		target = mem_strndup(at + 1, (size_t)(line_end - at - 1));
		text = line_end + 1;
		next = text;
		if (next < end && *next != '=') {
			next = memmem(text, (size_t)(end - text), "\n=", 2);
			next = next ? next + 1 : end;
		}
		key = key_of(m, w->tc, target);
		rc = atlas_write(m->dir, &key, text, (size_t)(next - text), w->whole, err);
		mem_free(target);
		if (rc < 0)
			return rc;
		written++;
		at = next;
	}
	if (written != w->targets.n)
		return err_set(err, ERR_WORK, "the atlas' program answered for %zu of %zu targets", written,
			       w->targets.n);
	return 0;
}

static void on_said(struct job *job, void *arg)
{
	struct want *w = arg;
	struct atlas_maker *m = w->m;
	struct error err = { 0 };

	m->running--;
	if (job->end == JOB_CANCELLED) {
		err_set(&err, ERR_INTERRUPTED, "interrupted");
	} else if (job->end != JOB_EXITED || job->exit_status != 0) {
		job->err.s[str_trimmed_len(job->err.s, job->err.len)] = '\0';
		err_set(&err, ERR_WORK, "%s%.900s", job->end == JOB_TIMED_OUT ? "reading it took too long " :
			job->spawn_error, job->err.s);
	} else if (w->what == MAKE_ATLAS) {
		write_atlases(w, &job->out, &err);
	}
	want_end(w, &job->out, err.code, err.msg);
	pump(m);
}

static void start(struct want *w, int parallel)
{
	struct atlas_maker *m = w->m;
	struct strv argv = { 0 }, env = { 0 };
	struct job_spec spec = { .first_signal = SIGKILL, .keep_bytes = KEEP_BYTES };
	struct error err = { 0 };

	w->tmp = mem_printf("%s/atlas/tmp-%ld-%u", m->cache, (long)getpid(), m->serial++);
	if (fs_mkdirs(w->tmp, &err) < 0) {
		want_end(w, &(struct str)STR_INIT, err.code, err.msg);
		return;
	}
	strv_add(&argv, m->program);
	if (w->what == MAKE_ATLAS) {
		strv_add(&argv, "std");
		strv_add(&argv, "-goroot");
		strv_add(&argv, w->tc->goroot);
		if (w->tc->overlay) {
			strv_add(&argv, "-overlay");
			strv_add(&argv, w->tc->overlay);
		}
		if (!w->whole) {
			struct str list = STR_INIT;

			for (size_t i = 0; i < w->packages.n; i++)
				str_addf(&list, "%s%s", i ? "," : "", w->packages.v[i]);
			strv_add(&argv, "-packages");
			strv_add(&argv, list.s);
			str_free(&list);
		}
		for (size_t i = 0; i < w->targets.n; i++) {
			strv_add(&argv, "-target");
			strv_add(&argv, w->targets.v[i]);
		}
		spec.timeout_ms = MAKE_TIMEOUT_MS;
	} else {
		strv_add(&argv, w->mode);
		spec.input = w->input;
		spec.timeout_ms = ASK_TIMEOUT_MS;
	}
	base_env(m, w->tc ? w->tc->goroot : "/nonexistent", w->tmp, parallel, &env);
	spec.argv = strv_argv(&argv);
	spec.env = strv_argv(&env);
	m->running++;
	w->job = job_start(m->jobs, &spec, on_said, w);
	strv_free(&argv);
	strv_free(&env);
}

/* Starts what there is room for; each process gets its share of the cores. */
static void pump(struct atlas_maker *m)
{
	if (m->state == PROGRAM_SUPPLYING || m->state == PROGRAM_BUILDING)
		return;
	while (m->queue.n > 0 && (m->state == PROGRAM_BAD || m->cancelled || m->running < (size_t)m->o.cores)) {
		struct want *w = m->queue.v[0];
		int share = m->o.cores / (int)(m->queue.n + m->running);

		memmove(m->queue.v, m->queue.v + 1, --m->queue.n * sizeof(*m->queue.v));
		if (m->cancelled)
			want_end(w, &(struct str)STR_INIT, ERR_INTERRUPTED, "interrupted");
		else if (m->state == PROGRAM_BAD)
			want_end(w, &(struct str)STR_INIT, m->why, m->failure);
		else
			start(w, share > 0 ? share : 1);
	}
}

/* --- wanting -------------------------------------------------------------- */

static void on_idle(uv_timer_t *timer);

/* Ends and starts come from the loop, never from within the call that wants something. */
static void later(struct atlas_maker *m)
{
	uv_timer_t *timer = mem_zalloc(sizeof(*timer));

	m->supplying++;
	uv_timer_init(m->loop, timer);
	timer->data = m;
	uv_timer_start(timer, on_idle, 0, 0);
}

/* Nothing of it is missing. */
static bool is_nothing(const struct want *w)
{
	return w->what == MAKE_ATLAS && w->targets.n == 0;
}

static void on_idle_closed(uv_handle_t *handle)
{
	struct atlas_maker *m = handle->data;
	size_t left = 0, done = 0, n = m->queue.n;
	struct want **ready = mem_alloc((n + 1) * sizeof(struct want *));

	mem_free(handle);
	m->supplying--;
	for (size_t i = 0; i < n; i++) {
		if (is_nothing(m->queue.v[i]))
			ready[done++] = m->queue.v[i];
		else
			m->queue.v[left++] = m->queue.v[i];
	}
	m->queue.n = left;
	for (size_t i = 0; i < done; i++)
		want_end(ready[i], NULL, ERR_OK, NULL);
	mem_free(ready);
	if (m->queue.n) {
		if (!m->cancelled)
			need_program(m);
		pump(m);
	}
}

static void on_idle(uv_timer_t *timer)
{
	uv_close((uv_handle_t *)timer, on_idle_closed);
}

static void enqueue(struct want *w)
{
	vec_push(&w->m->queue, w);
	later(w->m);
}

/* Leaves the targets whose atlas is still to be made. */
static void keep_missing(struct want *w)
{
	struct strv missing = { 0 };

	for (size_t i = 0; i < w->targets.n; i++)
		if (!is_here(w->m, w, w->targets.v[i]))
			strv_add(&missing, w->targets.v[i]);
	w->m->done += w->targets.n - missing.n;
	strv_free(&w->targets);
	w->targets = missing;
}

static void on_toolchain(void *arg, struct toolchain *tc)
{
	struct want *w = arg;
	struct atlas_maker *m = w->m;

	m->supplying--;
	if (tc->state == SUPPLY_FAILED) {
		want_end(w, NULL, tc->why ? tc->why : ERR_WORK, tc->failure);
		return;
	}
	keep_missing(w);
	enqueue(w);
}

void atlas_maker_need(struct atlas_maker *m, struct toolchain *tc, const struct strv *targets,
		      const struct strv *packages, atlas_made *fn, void *arg)
{
	struct want *w = mem_zalloc(sizeof(*w));

	w->m = m;
	w->what = MAKE_ATLAS;
	w->tc = tc;
	strv_copy(&w->targets, targets);
	if (packages)
		strv_copy(&w->packages, packages);
	w->whole = !packages;
	w->made = fn;
	w->arg = arg;
	m->wanted += targets->n;
	if (tc->identity) { /* then it need not be laid out, nor looked over, when all is here */
		keep_missing(w);
		if (w->targets.n == 0) {
			enqueue(w);
			return;
		}
	}
	m->supplying++;
	m->supplier->need(m->supplier, tc, on_toolchain, w);
}

void atlas_maker_ask(struct atlas_maker *m, const char *mode, const char *input, atlas_said *fn,
		     void *arg)
{
	struct want *w = mem_zalloc(sizeof(*w));

	w->m = m;
	w->what = ASK_LOCAL;
	w->mode = mem_strdup(mode);
	w->input = mem_strdup(input);
	w->said = fn;
	w->arg = arg;
	enqueue(w);
}

void atlas_maker_cancel(struct atlas_maker *m)
{
	if (!m)
		return;
	m->cancelled = true;
	pump(m);
}
