#include "harness/sched/modules.h"

#include <assert.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/fs.h"
#include "harness/base/str.h"
#include "harness/sched/supply.h"
#include "toolchains/modfetch.h"

enum { FETCH_TIMEOUT_MS = 5 * 60000 };

struct module_waiter {
	modules_fn *fn;
	void *arg;
};

struct fetch {
	struct fetch *next;
	struct modules *m;
	const struct fixture *fixture;
	char *tmp;
	VEC(struct module_waiter) waiting;
};

struct modules {
	struct jobs *jobs;
	struct modules_options o;
	char *go;
	struct fetch *fetches;
	unsigned serial;
};

struct modules *modules_new(struct jobs *jobs, const struct modules_options *options)
{
	struct modules *m = mem_zalloc(sizeof(*m));

	m->jobs = jobs;
	m->o = *options;
	return m;
}

void modules_free(struct modules *m)
{
	if (!m)
		return;
	assert(!m->fetches);
	mem_free(m->go);
	mem_free(m);
}

/* --- what is required ------------------------------------------------------- */

/* The words of a line up to a comment; at most n. */
static size_t words_of(const char *line, size_t len, char *out[], size_t n)
{
	size_t count = 0, at = 0;

	while (count < n) {
		size_t from;

		at += strspn(line + at, " \t\r");
		if (at >= len || strncmp(line + at, "//", 2) == 0)
			break;
		from = at;
		while (at < len && !strchr(" \t\r", line[at]))
			at++;
		out[count++] = mem_strndup(line + from, at - from);
	}
	return count;
}

/* One line of a block, or a directive's rest: `require path v1`, `replace path [v] => ./folder`. */
static void take_line(const char *verb, char *const words[], size_t n, struct strv *required,
		      struct strv *replaced)
{
	const char *last = n ? words[n - 1] : "";

	if (strcmp(verb, "require") == 0 && n >= 2)
		strv_add(required, words[0]);
	if (strcmp(verb, "replace") == 0 && n >= 3 && (str_starts(last, "./") || str_starts(last, "../")))
		strv_add(replaced, words[0]);
}

void modules_required(const char *go_mod, struct strv *out)
{
	enum { WORDS = 6 };
	struct strv required = { 0 }, replaced = { 0 };
	char *verb = NULL; /* of the block that a line is in */

	for (const char *line = go_mod; *line;) {
		size_t len = strcspn(line, "\n"), n;
		char *words[WORDS];

		n = words_of(line, len, words, WORDS);
		if (n == 2 && strcmp(words[1], "(") == 0) {
			mem_free(verb);
			verb = mem_strdup(words[0]);
		} else if (n == 1 && strcmp(words[0], ")") == 0) {
			mem_free(verb);
			verb = NULL;
		} else if (verb) {
			take_line(verb, words, n, &required, &replaced);
		} else if (n > 1) {
			take_line(words[0], words + 1, n - 1, &required, &replaced);
		}
		for (size_t i = 0; i < n; i++)
			mem_free(words[i]);
		line += len + (line[len] == '\n');
	}
	for (size_t i = 0; i < required.n; i++)
		if (!strv_has(&replaced, required.v[i]))
			strv_add(out, required.v[i]);
	mem_free(verb);
	strv_free(&required);
	strv_free(&replaced);
}

/* --- fetching ----------------------------------------------------------------- */

/* Says that all is in the module cache; stands in it, so that it goes with it. */
static char *mark_of(const struct modules *m, const struct fixture *f)
{
	return mem_printf("%s/gopath/pkg/mod/.lnmatrix/%s", m->o.cache, f->digest);
}

bool modules_lacking(struct modules *m, const struct fixture *f)
{
	const struct txtar_file *mod = txtar_find(&f->ar, "go.mod");
	struct strv required = { 0 };
	char *mark;
	bool lacking;

	if (!mod || f->made_go_mod)
		return false;
	modules_required(mod->data, &required);
	mark = mark_of(m, f);
	lacking = required.n > 0 && !txtar_find(&f->ar, "vendor/modules.txt") && !fs_exists(mark);
	mem_free(mark);
	strv_free(&required);
	return lacking;
}

static void fetch_end(struct fetch *f, enum err_code why, const char *failure)
{
	struct fetch **p = &f->m->fetches;
	struct error ignored = { 0 };

	while (*p != f)
		p = &(*p)->next;
	*p = f->next;
	if (f->tmp)
		fs_remove_tree(f->tmp, &ignored);
	for (size_t i = 0; i < f->waiting.n; i++)
		f->waiting.v[i].fn(f->waiting.v[i].arg, why, failure);
	vec_free(&f->waiting);
	mem_free(f->tmp);
	mem_free(f);
}

static void on_fetched(struct job *job, void *arg)
{
	struct fetch *f = arg;
	char *mark = mark_of(f->m, f->fixture), *text;
	struct error err = { 0 };

	if (job->end == JOB_CANCELLED) {
		fetch_end(f, ERR_INTERRUPTED, "interrupted");
	} else if (job->end == JOB_EXITED && job->exit_status == 0) {
		if (fs_write(mark, "", 0, 0666, &err) < 0)
			fetch_end(f, err.code, err.msg);
		else
			fetch_end(f, ERR_OK, NULL);
	} else {
		job->err.s[str_trimmed_len(job->err.s, job->err.len)] = '\0';
		text = mem_printf("the modules that it requires could not be fetched: go mod download: %.700s",
				  job->end == JOB_NOT_STARTED ? job->spawn_error
				  : job->end == JOB_TIMED_OUT ? "no answer"
							      : job->err.s);
		fetch_end(f, ERR_WORK, text);
		mem_free(text);
	}
	mem_free(mark);
}

static int start(struct fetch *f, struct error *err)
{
	struct modules *m = f->m;
	struct strv argv = { 0 }, env = { 0 }, user = { 0 };
	struct job_spec spec = { .timeout_ms = FETCH_TIMEOUT_MS, .first_signal = SIGKILL };
	char *dir;

	if (!m->go)
		m->go = supply_find_go(m->o.go, m->o.environ);
	if (!m->go)
		return err_set(err, ERR_WORK, "the modules that it requires come through Go 1.19 or newer: install "
			       "one (./bootstrap does), or name it with --go-command");
	f->tmp = mem_printf("%s/gopath/tmp-%ld-%u", m->o.cache, (long)getpid(), m->serial++);
	if (fixture_lay_out(f->fixture, f->tmp, NULL, &dir, err) < 0)
		return err->code;
	modfetch_env(&user, m->o.environ, NULL);
	for (size_t i = 0; i < user.n; i++) /* these two are replaced below */
		if (!str_starts(user.v[i], "GOMODCACHE=") && !str_starts(user.v[i], "GOFLAGS="))
			strv_add(&env, user.v[i]);
	strv_addf(&env, "GOMODCACHE=%s/gopath/pkg/mod", m->o.cache);
	strv_add(&env, "GOFLAGS=-modcacherw");
	strv_add(&argv, m->go);
	strv_add(&argv, "mod");
	strv_add(&argv, "download");
	spec.argv = strv_argv(&argv);
	spec.env = strv_argv(&env);
	spec.cwd = dir;
	if (m->o.say)
		m->o.say(m->o.say_arg, "fetching modules that programs require");
	job_start(m->jobs, &spec, on_fetched, f);
	mem_free(dir);
	strv_free(&argv);
	strv_free(&env);
	strv_free(&user);
	return 0;
}

void modules_need(struct modules *m, const struct fixture *fixture, modules_fn *fn, void *arg)
{
	struct module_waiter waiter = { fn, arg };
	struct error err = { 0 };
	struct fetch *f;

	for (f = m->fetches; f; f = f->next)
		if (strcmp(f->fixture->digest, fixture->digest) == 0)
			break;
	if (f) {
		vec_push(&f->waiting, waiter);
		return;
	}
	f = mem_zalloc(sizeof(*f));
	f->m = m;
	f->fixture = fixture;
	f->next = m->fetches;
	m->fetches = f;
	vec_push(&f->waiting, waiter);
	if (start(f, &err) < 0)
		fetch_end(f, err.code, err.msg);
}
