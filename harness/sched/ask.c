#include "harness/sched/ask.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/mem.h"
#include "toolchains/cc.h"

/* Raise it when the way of asking changes, so that old facts do not answer. */
#define BUILD_PURPOSE "build/1"

struct asker {
	uv_loop_t *loop;
	struct store *store;
	struct executor *ex;
	int64_t started;        /* the newest fact when this run began */
	int64_t after;          /* facts up to this id do not count */
	struct ask *under_way;  /* with the executor */
	struct ask *answered;   /* waiting for the idle handle to tell */
	size_t pending;
	uv_idle_t idle;
	bool idle_running;
	struct error store_error;
};

/* --- keys ---------------------------------------------------------------- */

static void add_list(struct digest *d, const struct strv *list)
{
	char n[24];

	snprintf(n, sizeof(n), "%zu", list ? list->n : 0);
	digest_add(d, n);
	for (size_t i = 0; list && i < list->n; i++)
		digest_add(d, list->v[i]);
}

void build_key(char out[DIGEST_HEX], const struct build_question *q)
{
	struct digest *d = digest_new(BUILD_PURPOSE);
	struct strv flags = { 0 };

	assert(q->tc->identity);
	variant_flags(q->variant, q->rescue, &flags);
	digest_add(d, q->tc->identity);
	digest_add(d, q->target->goos);
	digest_add(d, q->target->goarch);
	digest_add(d, q->target->level);
	digest_add(d, q->cgo ? cc_identity(q->target) : "no cgo");
	digest_add(d, q->variant->goexperiment);
	add_list(d, &flags);
	digest_add(d, q->fixture->digest);
	digest_add(d, q->lowered);
	digest_add(d, q->package);
	if (q->host)
		digest_add(d, q->host);
	digest_end(d, out);
	strv_free(&flags);
}

void refused_key(char out[DIGEST_HEX], const char build[DIGEST_HEX])
{
	struct digest *d = digest_new("refused/2");

	digest_add(d, build);
	digest_end(d, out);
}

void run_key(char out[DIGEST_HEX], const char build[DIGEST_HEX], const struct run_question *q)
{
	struct digest *d = digest_new("run/2");
	char n[32];

	if (q->round)
		snprintf(n, sizeof(n), "%u.%d", q->repeat, q->round);
	else
		snprintf(n, sizeof(n), "%u", q->repeat);
	digest_add(d, build);
	digest_add(d, q->runner->key);
	add_list(d, q->args);
	add_list(d, q->env);
	digest_add(d, q->input);
	digest_add(d, n);
	digest_end(d, out);
}

void tool_key(char out[DIGEST_HEX], const char build[DIGEST_HEX], const struct tool_question *q)
{
	static const char *const names[] = { "compile", "vet", "test", "objdump", "source" };
	struct digest *d = digest_new("tool/2");

	digest_add(d, build);
	digest_add(d, names[q->tool]);
	add_list(d, q->args);
	digest_add(d, q->runner ? q->runner->key : NULL);
	digest_end(d, out);
}

/* --- telling the waiters -------------------------------------------------- */

static void ask_free(struct ask *ask)
{
	str_free(&ask->out);
	str_free(&ask->err);
	fact_dispose(&ask->fact);
	vec_free(&ask->waiting);
	mem_free(ask);
}

static void on_idle(uv_idle_t *idle)
{
	struct asker *a = idle->data;
	struct ask *list = a->answered;

	a->answered = NULL;
	if (!list) {
		uv_idle_stop(idle);
		a->idle_running = false;
		return;
	}
	while (list) {
		struct ask *ask = list;

		list = ask->next;
		a->pending--;
		for (size_t i = 0; i < ask->waiting.n; i++)
			ask->waiting.v[i].fn(ask->waiting.v[i].arg, ask);
		ask_free(ask);
	}
}

/* Answers are told from the loop, so that fn is never called from within ask_*(). */
static void tell_later(struct ask *ask)
{
	struct asker *a = ask->asker;
	struct ask **tail = &a->answered;

	while (*tail)
		tail = &(*tail)->next;
	*tail = ask;
	ask->next = NULL;
	if (!a->idle_running) {
		uv_idle_start(&a->idle, on_idle);
		a->idle_running = true;
	}
}

/* --- facts ---------------------------------------------------------------- */

static int texts_of(struct asker *a, struct ask *ask, struct error *err)
{
	if (ask->fact.has_out && store_text_get(a->store, ask->fact.out, &ask->out, err) < 0)
		return err->code;
	if (ask->fact.has_err && store_text_get(a->store, ask->fact.err, &ask->err, err) < 0)
		return err->code;
	return 0;
}

/*
 * A timeout may come from a busy machine, a cancel from the user, a process that
 * could not start from a missing file: these are recorded, but asked again.
 */
static bool settles(const struct fact *f)
{
	int end = job_end_parse(f->end);

	/* a SIGKILL that was not ours is most likely the kernel's, for want of memory */
	return end == JOB_EXITED || end == JOB_FLOODED ||
	       (end == JOB_SIGNALLED && f->term_signal != SIGKILL);
}

static bool known(struct asker *a, struct ask *ask)
{
	struct error err = { 0 };

	if (store_fact_find(a->store, ask->key, a->after, &ask->fact, &err) != 1)
		return false;
	if (!settles(&ask->fact) || texts_of(a, ask, &err) < 0) {
		str_clear(&ask->out); /* a damaged text is asked for again */
		str_clear(&ask->err);
		ask->fact = (struct fact){ 0 };
		return false;
	}
	return true;
}

static int add_text(struct asker *a, const struct str *text, bool *has, char digest[DIGEST_HEX],
		    struct error *err)
{
	*has = text->len > 0;
	return *has ? store_text_add(a->store, text->s, text->len, digest, err) : 0;
}

static void store_fact(struct asker *a, struct fact *f, const struct str *out,
		       const struct str *errs)
{
	struct error err = { 0 };

	if (store_begin(a->store, &err) < 0 ||
	    add_text(a, out, &f->has_out, f->out, &err) < 0 ||
	    add_text(a, errs, &f->has_err, f->err, &err) < 0 ||
	    store_fact_add(a->store, f, &err) < 0 || store_commit(a->store, &err) < 0) {
		if (!a->store_error.code)
			a->store_error = err;
	}
}

int asker_store_extra(struct asker *a, const char key[DIGEST_HEX], const char *kind,
		      const struct str *out, const struct str *err_text, double wall_ms,
		      struct error *err)
{
	struct fact f = { .kind = kind, .end = job_end_name(JOB_EXITED), .wall_ms = wall_ms };

	memcpy(f.key, key, DIGEST_HEX);
	store_fact(a, &f, out, err_text);
	if (a->store_error.code) {
		*err = a->store_error;
		return err->code;
	}
	return 0;
}

const struct error *asker_store_error(const struct asker *a)
{
	return a->store_error.code ? &a->store_error : NULL;
}

void ask_answered(struct ask *ask)
{
	static const char *const kinds[] = { "build", "refused", "run", "tool" };
	struct asker *a = ask->asker;

	if (ask->prev)
		ask->prev->next = ask->next;
	else
		a->under_way = ask->next;
	if (ask->next)
		ask->next->prev = ask->prev;
	if (!ask->failed) {
		ask->fact.kind = kinds[ask->kind];
		memcpy(ask->fact.key, ask->key, DIGEST_HEX);
		store_fact(a, &ask->fact, &ask->out, &ask->err);
	}
	tell_later(ask);
}

/* --- asking --------------------------------------------------------------- */

static void put(struct asker *a, struct ask *ask, ask_fn *fn, void *arg)
{
	struct ask_waiter waiter = { fn, arg };
	struct ask *twin;

	for (twin = a->under_way; twin; twin = twin->next)
		if (strcmp(twin->key, ask->key) == 0)
			break;
	if (twin) {
		vec_push(&twin->waiting, waiter);
		ask_free(ask);
		return;
	}
	ask->asker = a;
	vec_push(&ask->waiting, waiter);
	a->pending++;
	if (known(a, ask)) {
		ask->cached = ask->fact.id <= a->started;
		tell_later(ask);
		return;
	}
	ask->next = a->under_way;
	if (ask->next)
		ask->next->prev = ask;
	a->under_way = ask;
	a->ex->start(a->ex, ask);
}

static struct ask *ask_new(enum ask_kind kind, const struct build_question *q)
{
	struct ask *ask = mem_zalloc(sizeof(*ask));

	ask->kind = kind;
	ask->build = *q;
	ask->out = ask->err = (struct str)STR_INIT;
	build_key(ask->build_key, q);
	return ask;
}

void ask_build(struct asker *a, const struct build_question *q, ask_fn *fn, void *arg)
{
	struct ask *ask = ask_new(ASK_BUILD, q);

	memcpy(ask->key, ask->build_key, DIGEST_HEX);
	put(a, ask, fn, arg);
}

void ask_refused(struct asker *a, const struct build_question *q, ask_fn *fn, void *arg)
{
	struct ask *ask = ask_new(ASK_REFUSED, q);

	refused_key(ask->key, ask->build_key);
	put(a, ask, fn, arg);
}

void ask_run(struct asker *a, const struct build_question *q, const struct run_question *r,
	     ask_fn *fn, void *arg)
{
	struct ask *ask = ask_new(ASK_RUN, q);

	ask->run = *r;
	run_key(ask->key, ask->build_key, r);
	put(a, ask, fn, arg);
}

void ask_tool(struct asker *a, const struct build_question *q, const struct tool_question *t,
	      ask_fn *fn, void *arg)
{
	struct ask *ask = ask_new(ASK_TOOL, q);

	ask->tool = *t;
	tool_key(ask->key, ask->build_key, t);
	put(a, ask, fn, arg);
}

struct asker *asker_new(uv_loop_t *loop, struct store *store, struct executor *ex, bool fresh)
{
	struct asker *a = mem_zalloc(sizeof(*a));

	a->loop = loop;
	a->store = store;
	a->ex = ex;
	a->started = store_fact_last_id(store);
	a->after = fresh ? a->started : 0;
	uv_idle_init(loop, &a->idle);
	a->idle.data = a;
	return a;
}

static void on_idle_closed(uv_handle_t *handle)
{
	mem_free(handle->data);
}

void asker_free(struct asker *a)
{
	if (!a)
		return;
	assert(a->pending == 0);
	uv_close((uv_handle_t *)&a->idle, on_idle_closed);
}

size_t asker_pending(const struct asker *a)
{
	return a->pending;
}

struct seen ask_seen(const struct ask *ask, uint64_t timeout_ms)
{
	return (struct seen){ .end = ask->fact.end,
			      .exit_status = ask->fact.exit_status,
			      .term_signal = ask->fact.term_signal,
			      .out = { ask->out.s, ask->out.len },
			      .err = { ask->err.s, ask->err.len },
			      .out_total = ask->fact.out_total,
			      .err_total = ask->fact.err_total,
			      .timeout_ms = timeout_ms };
}
