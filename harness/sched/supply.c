#include "harness/sched/supply.h"

#include <assert.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/fs.h"
#include "harness/base/str.h"
#include "toolchains/local.h"
#include "toolchains/modfetch.h"
#include "toolchains/whatif.h"

enum {
	DOWNLOADS = 4,                     /* at a time */
	DOWNLOAD_TIMEOUT_MS = 20 * 60000,
	ASK_TIMEOUT_MS = 60000,
	LOCK_POLL_MS = 200,
	GONE_S = 3600,                     /* that a "not available" is believed */
	TRIES = 3,
};

/* Getting one release. */
struct fetch {
	struct fetch *next;
	struct supply *s;
	struct gover version;
	char name[GOVER_NAME];             /* "go1.22.12" */
	char *root, *manifest, *modcache;
	enum { LOOKING, QUEUED, LOCKING, DOWNLOADING, PLACING } state; /* LOOKING: on_first is to come */
	int lock;
	unsigned tries;
	bool without_user_cache, said_damaged;
	struct job *job;
	struct modfetch_result result;
	uv_timer_t timer;
	uv_work_t work;
	struct error err;                  /* of the work thread, then the outcome */
	int rc;
	VEC(struct toolchain *) waiting;   /* toolchains that need it */
};

struct supply {
	struct supplier supplier;
	uv_loop_t *loop;
	struct jobs *jobs;
	struct supply_options o;
	char *cache, *go;
	char goos[16], goarch[16];
	/* the user's go, asked once */
	enum { GO_UNKNOWN, GO_ASKING, GO_KNOWN, GO_BAD } go_state;
	char *user_proxy, *user_download;
	struct error go_error;
	struct fetch *fetches;
	size_t downloading;
	VEC(int) in_use;                   /* shared locks of the trees of this run */
	bool cancelled;
};

static void pump(struct supply *s);

/* --- places --------------------------------------------------------------- */

static char *place(const struct supply *s, const struct gover *v, const char *suffix)
{
	char name[GOVER_NAME];

	return mem_printf("%s/toolchains/%s.%s-%s%s", s->cache, gover_name(name, v), s->goos, s->goarch,
			  suffix);
}

char *supply_path(const struct supply *s, const struct gover *v)
{
	return place(s, v, "");
}

char *supply_sum(const struct supply *s, const struct gover *v)
{
	char *root = place(s, v, ""), *path = place(s, v, ".sum");
	struct str text = STR_INIT;
	struct error ignored;
	char *sum = NULL;

	if (fs_is_dir(root) && fs_read(&text, path, &ignored) == 0 && text.len > 3) {
		text.s[str_trimmed_len(text.s, text.len)] = '\0';
		sum = mem_strdup(text.s);
	}
	str_free(&text);
	mem_free(root);
	mem_free(path);
	return sum;
}

static const char *locked_sum(const struct supply *s, const struct gover *v)
{
	char platform[40];

	snprintf(platform, sizeof(platform), "%s-%s", s->goos, s->goarch);
	return s->o.lock ? lock_find_sum(s->o.lock, v, platform) : NULL;
}

int supply_verify(const struct supply *s, const struct gover *v, enum tree_depth depth,
		  struct tree_report *report, struct error *err)
{
	char *root = place(s, v, ""), *manifest = place(s, v, ".manifest"), *sum = supply_sum(s, v);
	const char *want = locked_sum(s, v);
	char name[GOVER_NAME];
	int rc;

	if (!sum)
		rc = err_set(err, ERR_WORK, "%s is not installed", gover_name(name, v));
	else if (want && strcmp(want, sum) != 0)
		rc = err_set(err, ERR_WORK, "%s has the checksum %s, but the lock file has %s",
			     gover_name(name, v), sum, want);
	else
		rc = tree_check(root, manifest, depth, report, err);
	mem_free(root);
	mem_free(manifest);
	mem_free(sum);
	return rc;
}

int supply_remove(const struct supply *s, const struct gover *v, struct error *err)
{
	char *lock_path = place(s, v, ".lock"), *path = place(s, v, ".sum");
	int lock = fs_lock(lock_path, false, err), rc = 0;
	char name[GOVER_NAME];

	if (lock < 0) {
		rc = err->code ? (int)err->code
			       : err_set(err, ERR_WORK, "%s is in use by another lnmatrix",
					 gover_name(name, v));
	} else {
		unlink(path); /* first, so that half a tree is no toolchain */
		mem_free(path);
		path = place(s, v, ".manifest");
		unlink(path);
		mem_free(path);
		path = place(s, v, "");
		rc = fs_remove_tree(path, err);
	}
	fs_unlock(lock);
	mem_free(path);
	mem_free(lock_path);
	return rc;
}

/* --- telling -------------------------------------------------------------- */

static void settle(struct toolchain *tc)
{
	struct toolchain_waiter *list = tc->waiting.v;
	size_t n = tc->waiting.n;

	tc->waiting.v = NULL;
	tc->waiting.n = tc->waiting.cap = 0;
	for (size_t i = 0; i < n; i++)
		list[i].fn(list[i].arg, tc);
	mem_free(list);
}

static void fail(struct toolchain *tc, const struct error *err)
{
	tc->state = SUPPLY_FAILED;
	tc->why = err->code;
	mem_free(tc->failure);
	tc->failure = mem_strdup(err->msg);
}

static void set_identity(struct toolchain *tc, const char *base)
{
	struct toolchain_name name = { .base = (char *)"", .edits = tc->edits };
	char *edits = tc->edits.n ? name_format(&name) : mem_strdup("");

	mem_free(tc->identity);
	/* The edits say all of the overlay, which is made from the tree that `base` pins. */
	tc->identity = mem_printf("%s%s%s", base, *edits ? " whatif/6 " : "", edits);
	mem_free(edits);
}

/* The base lies at `root`: what-ifs get their overlay. */
static void provide(struct supply *s, struct toolchain *tc, const char *root, const char *identity)
{
	struct whatif_base base = { .root = root, .version = tc->version, .name = tc->base,
				    .identity = identity };
	char *dir = path_join(s->cache, "whatif");
	struct whatif w;
	struct error err = { 0 };

	mem_free(tc->goroot);
	tc->goroot = mem_strdup(root);
	set_identity(tc, identity);
	tc->state = SUPPLY_READY;
	if (tc->edits.n) {
		if (whatif_make(&w, &base, &tc->edits, dir, &err) < 0) {
			fail(tc, &err);
		} else {
			mem_free(tc->overlay);
			tc->overlay = mem_strdup(w.overlay);
			whatif_dispose(&w);
		}
	}
	mem_free(dir);
}

static void say(const struct supply *s, const char *line)
{
	if (s->o.say)
		s->o.say(s->o.say_arg, line);
}

/* --- one fetch ------------------------------------------------------------ */

static void fetch_free(struct fetch *f)
{
	mem_free(f->root);
	mem_free(f->manifest);
	mem_free(f->modcache);
	modfetch_result_dispose(&f->result);
	vec_free(&f->waiting);
	mem_free(f);
}

static void on_fetch_closed(uv_handle_t *h)
{
	fetch_free(h->data);
}

/* The end, good (sum not NULL) or bad: tells who waited. */
static void fetch_end(struct fetch *f, const char *sum)
{
	struct supply *s = f->s;
	struct fetch **p = &s->fetches;
	char *line;

	while (*p != f)
		p = &(*p)->next;
	*p = f->next;
	/* Who uses a tree holds its lock, shared, so that nobody removes or repairs it. */
	if (sum && f->lock >= 0) {
		fs_lock_share(f->lock);
		vec_push(&s->in_use, f->lock);
	} else {
		fs_unlock(f->lock);
	}
	f->lock = -1;
	for (size_t i = 0; i < f->waiting.n; i++) {
		if (sum)
			provide(s, f->waiting.v[i], f->root, sum);
		else
			fail(f->waiting.v[i], &f->err);
	}
	if (!sum && f->err.code != ERR_INTERRUPTED) {
		line = str_starts(f->err.msg, f->name) ? mem_strdup(f->err.msg)
						       : mem_printf("%s: %s", f->name, f->err.msg);
		say(s, line);
		mem_free(line);
	}
	for (size_t i = 0; i < f->waiting.n; i++)
		settle(f->waiting.v[i]);
	uv_close((uv_handle_t *)&f->timer, on_fetch_closed);
	pump(s);
}

static void fetch_fail(struct fetch *f, enum err_code code, const char *text)
{
	err_set(&f->err, code, "%s", text);
	fetch_end(f, NULL);
}

static void request_of(const struct fetch *f, struct modfetch_request *req)
{
	const struct supply *s = f->s;

	*req = (struct modfetch_request){ .go = s->go,
					  .version = f->version,
					  .goos = s->goos,
					  .goarch = s->goarch,
					  .modcache = f->modcache,
					  .user_proxy = s->user_proxy,
					  .user_download = f->without_user_cache ? NULL : s->user_download };
}

/* In a thread of the pool: reads every byte of 12,000 files. */
static void on_place_work(uv_work_t *work)
{
	struct fetch *f = work->data;
	char *sum_path = place(f->s, &f->version, ".sum"), *text;
	char *gone_path = place(f->s, &f->version, ".gone");
	struct error ignored;

	unlink(sum_path);
	unlink(gone_path);
	f->rc = fs_remove_tree(f->root, &f->err);
	if (f->rc == 0)
		f->rc = modfetch_place(f->result.dir, f->root, f->manifest, &f->err);
	if (f->rc == 0) {
		text = mem_printf("%s\n", f->result.sum);
		f->rc = fs_replace(sum_path, text, strlen(text), 0666, &f->err);
		mem_free(text);
	}
	fs_remove_tree(f->modcache, &ignored);
	mem_free(sum_path);
	mem_free(gone_path);
}

static void on_placed(uv_work_t *work, int status)
{
	struct fetch *f = work->data;

	(void)status;
	f->s->downloading--;
	if (f->rc < 0)
		fetch_end(f, NULL);
	else
		fetch_end(f, f->result.sum);
}

static void start_download(struct fetch *f);
static void note_gone(const struct fetch *f);

static void on_downloaded(struct job *job, void *arg)
{
	struct fetch *f = arg;
	struct supply *s = f->s;
	struct modfetch_request req;
	struct error ignored;

	f->job = NULL;
	if (job->end == JOB_EXITED) {
		request_of(f, &req);
		modfetch_result_dispose(&f->result);
		f->rc = modfetch_parse(&f->result, &req, job->out.s, job->err.s, locked_sum(s, &f->version),
				       s->o.published, &f->err);
	} else {
		f->result.failure = MODFETCH_OTHER;
		f->rc = job->end == JOB_CANCELLED ? err_set(&f->err, ERR_INTERRUPTED, "interrupted")
			: job->end == JOB_TIMED_OUT
				? err_set(&f->err, ERR_WORK, "the download was not through after %d minutes",
					  DOWNLOAD_TIMEOUT_MS / 60000)
				: err_set(&f->err, ERR_WORK, "%s", job->end == JOB_NOT_STARTED
					  ? job->spawn_error : "the go command was killed");
	}
	if (f->rc == 0) {
		f->state = PLACING;
		f->work.data = f;
		uv_queue_work(s->loop, &f->work, on_place_work, on_placed);
		return;
	}
	if (!s->cancelled && ++f->tries < TRIES &&
	    (f->result.failure == MODFETCH_DAMAGED ||
	     (f->result.failure == MODFETCH_CHECKSUM && s->user_download && !f->without_user_cache))) {
		f->without_user_cache = true; /* the damage may lie there */
		fs_remove_tree(f->modcache, &ignored);
		start_download(f);
		return;
	}
	fs_remove_tree(f->modcache, &ignored);
	s->downloading--;
	if (f->err.code == ERR_GONE)
		note_gone(f);
	fetch_end(f, NULL);
}

static void start_download(struct fetch *f)
{
	struct supply *s = f->s;
	struct modfetch_request req;
	struct strv argv = { 0 }, env = { 0 };
	struct job_spec spec = { .timeout_ms = DOWNLOAD_TIMEOUT_MS, .first_signal = SIGTERM };
	struct error err = { 0 };

	request_of(f, &req);
	if (fs_mkdirs(f->modcache, &err) < 0) {
		s->downloading--;
		fetch_fail(f, err.code, err.msg);
		return;
	}
	f->state = DOWNLOADING;
	modfetch_argv(&argv, &req);
	modfetch_env(&env, s->o.environ, &req);
	spec.argv = strv_argv(&argv);
	spec.env = strv_argv(&env);
	spec.cwd = f->modcache; /* away from any go.mod */
	f->job = job_start(s->jobs, &spec, on_downloaded, f);
	strv_free(&argv);
	strv_free(&env);
}

/* Does the tree stand as it was sealed? Then *sum is its checksum, owned; else NULL. */
static bool is_good(struct fetch *f, char **sum)
{
	struct error err = { 0 };
	char *line;

	*sum = supply_sum(f->s, &f->version);
	if (!*sum)
		return false;
	if (supply_verify(f->s, &f->version, TREE_QUICK, NULL, &err) == 0)
		return true;
	if (!f->said_damaged) {
		line = mem_printf("%s is damaged and will be laid out again: %s", f->name, err.msg);
		say(f->s, line);
		mem_free(line);
	}
	f->said_damaged = true;
	mem_free(*sum);
	*sum = NULL;
	return false;
}

/* What killed runs left of this version: whoever holds its lock is the only one to fetch it. */
static void sweep_downloads(const struct fetch *f)
{
	char *dir_path = path_join(f->s->cache, "download"), *prefix = mem_printf("%s-", f->name);
	DIR *dir = opendir(dir_path);
	struct dirent *e;
	struct error ignored;

	while (dir && (e = readdir(dir)) != NULL) {
		char *path = path_join(dir_path, e->d_name);

		if (str_starts(e->d_name, prefix))
			fs_remove_tree(path, &ignored);
		mem_free(path);
	}
	if (dir)
		closedir(dir);
	mem_free(prefix);
	mem_free(dir_path);
}

static void on_lock_poll(uv_timer_t *timer);

/* Shared where the tree is good, for others may be using it; alone to lay it out. */
static void try_lock(struct fetch *f)
{
	char *path = place(f->s, &f->version, ".lock"), *sum;
	struct error err = { 0 };

	f->lock = fs_lock_shared(path, &err);
	if (f->lock >= 0 && !is_good(f, &sum)) {
		fs_unlock(f->lock);
		f->lock = fs_lock(path, false, &err);
		sum = NULL;
	}
	mem_free(path);
	if (f->lock < 0 && err.code) {
		f->s->downloading--;
		fetch_fail(f, err.code, err.msg);
	} else if (f->lock < 0) {
		f->state = LOCKING; /* another lnmatrix is at it */
		uv_timer_start(&f->timer, on_lock_poll, LOCK_POLL_MS, 0);
	} else if (sum) {
		f->s->downloading--;
		fetch_end(f, sum);
		mem_free(sum);
	} else {
		sweep_downloads(f);
		start_download(f);
	}
}

static void on_lock_poll(uv_timer_t *timer)
{
	struct fetch *f = timer->data;

	if (f->s->cancelled) {
		f->s->downloading--;
		fetch_fail(f, ERR_INTERRUPTED, "interrupted");
	} else {
		try_lock(f);
	}
}

/* --- the user's go -------------------------------------------------------- */

static void go_is_bad(struct supply *s, const char *text)
{
	s->go_state = GO_BAD;
	err_set(&s->go_error, ERR_WORK, "%s; toolchains come through Go 1.19 or newer: install one "
		"(./bootstrap does), or name it with --go-command", text);
}

/* Three values, a line each. */
static void on_go_env(struct job *job, void *arg)
{
	struct supply *s = arg;
	char *lines[3] = { NULL }, *p = job->out.s;
	struct gover v, oldest = { .major = 1, .minor = 19, .patch = GOVER_NO_PATCH };
	char *text;

	if (job->end != JOB_EXITED || job->exit_status != 0) {
		text = mem_printf("%s does not answer `go env`: %.200s", s->go,
				  job->end == JOB_NOT_STARTED ? job->spawn_error : job->err.s);
		go_is_bad(s, text);
		mem_free(text);
		pump(s);
		return;
	}
	for (int i = 0; i < 3; i++) {
		size_t n = strcspn(p, "\n");

		lines[i] = mem_strndup(p, n);
		p += n + (p[n] == '\n');
	}
	if (gover_parse(&v, lines[2], &(struct error){ 0 }) == 0 && gover_cmp_minor(&v, &oldest) < 0) {
		text = mem_printf("%s is %s", s->go, lines[2]);
		go_is_bad(s, text);
		mem_free(text);
	} else {
		s->go_state = GO_KNOWN;
		s->user_proxy = mem_strdup(*lines[0] ? lines[0] : NULL);
		if (*lines[1]) {
			s->user_download = path_join(lines[1], "cache/download");
			if (!fs_is_dir(s->user_download)) {
				mem_free(s->user_download);
				s->user_download = NULL;
			}
		}
	}
	for (int i = 0; i < 3; i++)
		mem_free(lines[i]);
	pump(s);
}

/* The value of a variable, borrowed; NULL: it is not set, or empty. */
static const char *variable(char *const *environ, const char *name)
{
	size_t n = strlen(name);

	for (; *environ; environ++)
		if (strncmp(*environ, name, n) == 0 && (*environ)[n] == '=' && (*environ)[n + 1])
			return *environ + n + 1;
	return NULL;
}

/* What the user calls the go command; NULL: nothing special. */
static const char *go_name(const char *name, char *const *environ)
{
	return name ? name : variable(environ, "LNMATRIX_GO");
}

char *supply_find_go(const char *name, char *const *environ)
{
	name = go_name(name, environ);
	return fs_find_program(name ? name : "go", variable(environ, "PATH"));
}

static void ask_go(struct supply *s)
{
	struct strv argv = { 0 }, env = { 0 };
	struct job_spec spec = { .timeout_ms = ASK_TIMEOUT_MS, .first_signal = SIGKILL, .cwd = "/" };
	const char *name = go_name(s->o.go, s->o.environ);

	if (!s->go)
		s->go = supply_find_go(name, s->o.environ);
	if (!s->go) {
		char *text = name ? mem_printf("no go command at \"%s\"", name)
				  : mem_strdup("no go command on PATH");

		go_is_bad(s, text);
		mem_free(text);
		return;
	}
	s->go_state = GO_ASKING;
	strv_add(&argv, s->go);
	strv_add(&argv, "env");
	strv_add(&argv, "GOPROXY");
	strv_add(&argv, "GOMODCACHE");
	strv_add(&argv, "GOVERSION");
	modfetch_env(&env, s->o.environ, NULL);
	spec.argv = strv_argv(&argv);
	spec.env = strv_argv(&env);
	job_start(s->jobs, &spec, on_go_env, s);
	strv_free(&argv);
	strv_free(&env);
}

/* --- the queue ------------------------------------------------------------ */

static void pump(struct supply *s)
{
	struct fetch *f, *next;

	for (f = s->fetches; f; f = next) {
		next = f->next;
		if (f->state != QUEUED)
			continue;
		if (s->cancelled) {
			fetch_fail(f, ERR_INTERRUPTED, "interrupted");
			return; /* which came back here */
		}
		if (s->go_state == GO_UNKNOWN)
			ask_go(s);
		if (s->go_state == GO_BAD) {
			fetch_fail(f, s->go_error.code, s->go_error.msg);
			return;
		}
		if (s->go_state != GO_KNOWN || s->downloading >= DOWNLOADS)
			return;
		s->downloading++;
		f->state = LOCKING;
		try_lock(f);
		return pump(s);
	}
}

/* "Not available" is the answer that comes on every run of a matrix that names a
 * version which is no longer to be had: it is kept for an hour. */
static void note_gone(const struct fetch *f)
{
	char *path = place(f->s, &f->version, ".gone");
	struct error ignored;

	fs_replace(path, f->err.msg, strlen(f->err.msg), 0666, &ignored);
	mem_free(path);
}

static bool was_gone(struct fetch *f)
{
	char *path = place(f->s, &f->version, ".gone");
	struct str text = STR_INIT;
	struct stat st;
	struct error ignored;
	bool gone = !f->s->o.ask_again && stat(path, &st) == 0 && time(NULL) - st.st_mtime < GONE_S &&
		    fs_read(&text, path, &ignored) == 0 && text.len;

	if (gone)
		err_set(&f->err, ERR_GONE, "%s", text.s);
	str_free(&text);
	mem_free(path);
	return gone;
}

static void on_first(uv_timer_t *timer)
{
	struct fetch *f = timer->data;
	char *path = place(f->s, &f->version, ".lock"), *sum;
	struct error ignored;

	/* A tree that stands and is whole needs no go command. */
	f->lock = fs_lock_shared(path, &ignored);
	mem_free(path);
	if ((f->lock >= 0 || ignored.code) && is_good(f, &sum)) { /* a read-only cache has no locks */
		fetch_end(f, sum);
		mem_free(sum);
	} else if (was_gone(f)) {
		fetch_end(f, NULL);
	} else {
		fs_unlock(f->lock);
		f->lock = -1;
		f->state = QUEUED;
		pump(f->s);
	}
}

static struct fetch *fetch_get(struct supply *s, const struct gover *v)
{
	struct fetch *f;

	for (f = s->fetches; f; f = f->next)
		if (gover_cmp(&f->version, v) == 0)
			return f;
	f = mem_zalloc(sizeof(*f));
	f->s = s;
	f->version = *v;
	f->lock = -1;
	gover_name(f->name, v);
	f->root = place(s, v, "");
	f->manifest = place(s, v, ".manifest");
	f->modcache = mem_printf("%s/download/%s-%ld", s->cache, f->name, (long)getpid());
	uv_timer_init(s->loop, &f->timer);
	f->timer.data = f;
	uv_timer_start(&f->timer, on_first, 0, 0);
	f->next = s->fetches;
	s->fetches = f;
	return f;
}

/* --- the supplier --------------------------------------------------------- */

static struct supply *of(struct supplier *sr)
{
	return (struct supply *)sr;
}

static int open_local(struct supply *s, struct toolchain *tc, struct error *err)
{
	struct local_go go;

	if (local_open(&go, tc->base + strlen("local:"), s->goos, s->goarch, err) < 0)
		return err->code;
	tc->version = go.version;
	provide(s, tc, go.root, go.identity);
	local_dispose(&go);
	return 0;
}

static void identify(struct supplier *sr, struct toolchain *tc)
{
	struct supply *s = of(sr);
	struct error err = { 0 };
	char *sum;

	if (tc->identity)
		return;
	if (!tc->is_version) {
		if (open_local(s, tc, &err) < 0)
			fail(tc, &err);
		return;
	}
	if (locked_sum(s, &tc->version)) {
		set_identity(tc, locked_sum(s, &tc->version));
		return;
	}
	sum = supply_sum(s, &tc->version);
	if (sum)
		set_identity(tc, sum);
	mem_free(sum);
}

struct later {
	uv_timer_t timer;
	struct toolchain *tc;
};

static void on_later_closed(uv_handle_t *h)
{
	mem_free(h->data);
}

static void on_later(uv_timer_t *timer)
{
	struct later *l = timer->data;
	struct toolchain *tc = l->tc;

	uv_close((uv_handle_t *)timer, on_later_closed);
	settle(tc);
}

static void need(struct supplier *sr, struct toolchain *tc, toolchain_fn *fn, void *arg)
{
	struct supply *s = of(sr);
	struct toolchain_waiter waiter = { fn, arg };
	struct later *l;

	vec_push(&tc->waiting, waiter);
	if (tc->state == SUPPLY_PENDING)
		return;
	if (tc->state == SUPPLY_UNKNOWN) {
		tc->state = SUPPLY_PENDING;
		vec_push(&fetch_get(s, &tc->version)->waiting, tc);
		return;
	}
	l = mem_zalloc(sizeof(*l));
	l->tc = tc;
	uv_timer_init(s->loop, &l->timer);
	l->timer.data = l;
	uv_timer_start(&l->timer, on_later, 0, 0);
}

static int by_version(const void *a, const void *b)
{
	struct gover x, y;

	gover_parse(&x, *(char *const *)a, &(struct error){ 0 });
	gover_parse(&y, *(char *const *)b, &(struct error){ 0 });
	return gover_cmp(&x, &y);
}

static void installed(struct supplier *sr, struct strv *names)
{
	struct supply *s = of(sr);
	char *dir_path = path_join(s->cache, "toolchains");
	char *suffix = mem_printf(".%s-%s.sum", s->goos, s->goarch);
	DIR *dir = opendir(dir_path);
	struct dirent *e;

	while (dir && (e = readdir(dir)) != NULL) {
		char *name;
		struct gover v;

		if (!str_ends(e->d_name, suffix))
			continue;
		name = mem_strndup(e->d_name, strlen(e->d_name) - strlen(suffix));
		if (gover_parse(&v, name, &(struct error){ 0 }) == 0)
			strv_add(names, name);
		mem_free(name);
	}
	if (dir)
		closedir(dir);
	if (names->n > 1)
		qsort(names->v, names->n, sizeof(*names->v), by_version);
	mem_free(dir_path);
	mem_free(suffix);
}

struct supply *supply_new(uv_loop_t *loop, struct jobs *jobs, const struct supply_options *options)
{
	struct supply *s = mem_zalloc(sizeof(*s));
	const char *host = target_host();

	s->supplier = (struct supplier){ identify, need, installed };
	s->loop = loop;
	s->jobs = jobs;
	s->o = *options;
	s->cache = mem_strdup(options->cache);
	snprintf(s->goos, sizeof(s->goos), "%.*s", (int)strcspn(host, "/"), host);
	snprintf(s->goarch, sizeof(s->goarch), "%s", strchr(host, '/') + 1);
	return s;
}

void supply_free(struct supply *s)
{
	if (!s)
		return;
	assert(!s->fetches);
	for (size_t i = 0; i < s->in_use.n; i++)
		fs_unlock(s->in_use.v[i]);
	vec_free(&s->in_use);
	mem_free(s->cache);
	mem_free(s->go);
	mem_free(s->user_proxy);
	mem_free(s->user_download);
	mem_free(s);
}

struct supplier *supply_supplier(struct supply *s)
{
	return &s->supplier;
}

void supply_cancel(struct supply *s)
{
	s->cancelled = true;
	pump(s);
}

/* --- progress ------------------------------------------------------------- */

static int add_size(void *arg, const char *rel, const struct stat *st, struct error *err)
{
	uint64_t *sum = arg;

	(void)err;
	if (S_ISREG(st->st_mode) && strstr(rel, "golang.org/toolchain/@v/"))
		*sum += (uint64_t)st->st_size;
	return 0;
}

size_t supply_downloads(const struct supply *s, struct supply_download *out, size_t max)
{
	size_t n = 0;

	for (const struct fetch *f = s->fetches; f && n < max; f = f->next) {
		struct error ignored;
		char *dir;

		if (f->state != DOWNLOADING && f->state != PLACING)
			continue;
		out[n] = (struct supply_download){ .name = f->name, .placing = f->state == PLACING };
		dir = path_join(f->modcache, "cache/download");
		if (f->state == DOWNLOADING)
			fs_walk(dir, add_size, &out[n].bytes, &ignored);
		mem_free(dir);
		n++;
	}
	return n;
}

/* --- what is published ---------------------------------------------------- */

struct listing {
	struct supply *s;
	struct published *out;
	struct error *err;
	int rc;
	bool done;
};

static void on_listed(struct job *job, void *arg)
{
	struct listing *l = arg;

	l->done = true;
	if (job->end == JOB_EXITED && job->exit_status == 0 &&
	    published_merge_list(l->out, job->out.s, l->s->goos, l->s->goarch) > 0)
		return;
	l->rc = job->end == JOB_CANCELLED
			? err_set(l->err, ERR_INTERRUPTED, "interrupted")
			: err_set(l->err, ERR_WORK, "go list -m -versions golang.org/toolchain: %.300s",
				  job->end == JOB_NOT_STARTED ? job->spawn_error
				  : job->end == JOB_TIMED_OUT ? "no answer"
				  : job->err.len	      ? job->err.s
							      : "an empty answer");
}

int supply_list(struct supply *s, struct published *out, struct error *err)
{
	struct listing l = { .s = s, .out = out, .err = err };
	struct job_spec spec = { .timeout_ms = ASK_TIMEOUT_MS, .first_signal = SIGKILL, .cwd = "/" };
	struct strv argv = { 0 }, env = { 0 };

	if (s->go_state == GO_UNKNOWN)
		ask_go(s);
	while (s->go_state == GO_ASKING)
		uv_run(s->loop, UV_RUN_ONCE);
	if (s->go_state == GO_BAD) {
		*err = s->go_error;
		return err->code;
	}
	modfetch_list_argv(&argv, s->go);
	modfetch_env(&env, s->o.environ, NULL);
	spec.argv = strv_argv(&argv);
	spec.env = strv_argv(&env);
	job_start(s->jobs, &spec, on_listed, &l);
	strv_free(&argv);
	strv_free(&env);
	while (!l.done)
		uv_run(s->loop, UV_RUN_ONCE);
	return l.rc;
}
