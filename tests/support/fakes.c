#include "tests/support/fakes.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/str.h"

static const char *program_of(const struct ask *ask, char buf[64])
{
	const char *comment = ask->build.fixture->ar.comment;

	if (!comment || !*comment)
		return "canary"; /* ours has none */
	snprintf(buf, 64, "%.*s", (int)strcspn(comment, " \n"), comment);
	return buf;
}

static const char *kind_of(const struct ask *ask)
{
	static const char *const kinds[] = { "build", "refused", "run" };

	return kinds[ask->kind];
}

static bool has_flag(const struct ask *ask, const char *flag)
{
	struct strv flags = { 0 };
	bool has = false;

	variant_flags(ask->build.variant, ask->build.rescue, &flags);
	for (size_t i = 0; i < flags.n; i++)
		has |= strstr(flags.v[i], flag) != NULL;
	strv_free(&flags);
	return has;
}

static bool matches(const struct fake_rule *r, const struct ask *ask)
{
	char program[64];

	return (!r->kind || strcmp(r->kind, kind_of(ask)) == 0) &&
	       (!r->program || str_glob(r->program, program_of(ask, program))) &&
	       (!r->toolchain || str_glob(r->toolchain, ask->build.tc->name)) &&
	       (!r->target || str_glob(r->target, ask->build.target->name)) &&
	       (!r->flags || (*r->flags == '-' ? !has_flag(ask, "checklinkname=0") : has_flag(ask, r->flags))) &&
	       (!r->repeat || (ask->kind == ASK_RUN && ask->run.repeat + 1 == (unsigned)r->repeat));
}

static void answer(struct fake *f, struct ask *ask)
{
	static const struct fake_rule plain = { 0 };
	const struct fake_rule *r = &plain;
	char program[64];

	for (size_t i = 0; i < f->nrules; i++) {
		if (matches(&f->rules[i], ask)) {
			r = &f->rules[i];
			break;
		}
	}
	ask->fact.end = r->end ? r->end : r->signal ? "signalled" : "exited";
	ask->fact.exit_status = r->exit_status;
	ask->fact.term_signal = r->signal;
	ask->fact.wall_ms = 1;
	if (r->out)
		str_add(&ask->out, r->out);
	else if (r == &plain && ask->kind == ASK_RUN && strcmp(program_of(ask, program), "canary") == 0)
		str_add(&ask->out, strcmp(ask->build.package, "./hello") == 0 ? "hello\n" : "canary 3 0.5\n");
	if (r->err)
		str_add(&ask->err, r->err);
	ask->fact.out_total = ask->out.len;
	ask->fact.err_total = ask->err.len;
	if (r->fail) {
		ask->failed = true;
		ask->why = ERR_WORK;
		snprintf(ask->failure, sizeof(ask->failure), "%s", r->fail);
	}
	ask_answered(ask);
}

static void end_wait(struct fake *f, size_t i)
{
	struct fake_wait w = f->waits.v[i];

	f->waits.v[i] = f->waits.v[--f->waits.n];
	if (w.runner) {
		if (!f->mute || !str_glob(f->mute, w.runner->name))
			runner_set_version(w.runner, "fake version 1.0");
		w.versioned(w.arg, w.runner);
		return;
	}
	if (f->broken && str_glob(f->broken, w.tc->name)) {
		w.tc->state = SUPPLY_FAILED;
		w.tc->why = ERR_WORK;
		mem_free(w.tc->failure);
		w.tc->failure = mem_printf("%s: the download broke off", w.tc->name);
	} else {
		w.tc->state = SUPPLY_READY;
		if (!w.tc->identity)
			w.tc->identity = mem_printf("sum of %s", w.tc->name);
	}
	w.supplied(w.arg, w.tc);
}

/* One event a turn, so that what happens in between is seen. */
static void on_idle(uv_idle_t *idle)
{
	struct fake *f = idle->data;

	if (f->queue.n > f->most)
		f->most = f->queue.n;
	for (size_t i = 0; i < f->waits.n; i++) {
		if (f->waits.v[i].runner || !f->hold_supply) {
			end_wait(f, i);
			return;
		}
	}
	if (f->queue.n && !f->hold) {
		struct ask *ask = f->queue.v[0];

		memmove(f->queue.v, f->queue.v + 1, --f->queue.n * sizeof(ask));
		answer(f, ask);
		return;
	}
	uv_idle_stop(idle);
}

void fake_go(struct fake *f)
{
	uv_idle_start(&f->idle, on_idle);
}

static void start(struct executor *ex, struct ask *ask)
{
	struct fake *f = (struct fake *)ex;
	char program[64];

	if (!f->silent)
		strv_addf(&f->log, "%s %s %s %s %s%s", kind_of(ask), program_of(ask, program),
			  ask->build.tc->name, ask->build.target->name, ask->build.variant->name,
			  ask->build.rescue ? " rescue" : "");
	vec_push(&f->queue, ask);
	fake_go(f);
}

static void cancel_all(struct executor *ex)
{
	struct fake *f = (struct fake *)ex;

	while (f->queue.n) {
		struct ask *ask = f->queue.v[--f->queue.n];

		ask->fact.end = "cancelled";
		ask_answered(ask);
	}
	while (f->waits.n) {
		struct fake_wait w = f->waits.v[--f->waits.n];

		if (w.runner) {
			w.versioned(w.arg, w.runner);
			continue;
		}
		w.tc->state = SUPPLY_FAILED;
		w.tc->why = ERR_INTERRUPTED;
		mem_free(w.tc->failure);
		w.tc->failure = mem_strdup("interrupted");
		w.supplied(w.arg, w.tc);
	}
}

static struct fake *of_supplier(struct supplier *s)
{
	return (struct fake *)((char *)s - offsetof(struct fake, sup));
}

static void identify(struct supplier *s, struct toolchain *tc)
{
	struct fake *f = of_supplier(s);

	if (!f->slow || !str_glob(f->slow, tc->name))
		tc->identity = mem_printf("sum of %s", tc->name);
}

static void need(struct supplier *s, struct toolchain *tc, toolchain_fn *fn, void *arg)
{
	struct fake *f = of_supplier(s);
	struct fake_wait w = { .tc = tc, .supplied = fn, .arg = arg };

	tc->state = SUPPLY_PENDING;
	vec_push(&f->waits, w);
	fake_go(f);
}

static void installed(struct supplier *s, struct strv *names)
{
	struct fake *f = of_supplier(s);

	for (size_t i = 0; i < f->installed.n; i++)
		strv_add(names, f->installed.v[i]);
}

static void ask_version(struct versioner *v, struct runner *r, versioned_fn *fn, void *arg)
{
	struct fake *f = (struct fake *)((char *)v - offsetof(struct fake, ver));
	struct fake_wait w = { .runner = r, .versioned = fn, .arg = arg };

	vec_push(&f->waits, w);
	fake_go(f);
}

static void add_runner(struct fake *f, const char *name, const char *target)
{
	struct runner *r = mem_zalloc(sizeof(*r));

	r->name = mem_strdup(name);
	strv_add(&r->targets, target);
	strv_add(&r->command, name);
	r->cpu = mem_strdup("default");
	r->package = mem_strdup("fake-user");
	if (strcmp(name, "absent") != 0)
		r->program = mem_printf("/fake/%s", name);
	vec_push(&f->runners.list, r);
}

void fake_init(struct fake *f, uv_loop_t *loop)
{
	*f = (struct fake){ .ex = { start, cancel_all }, .sup = { identify, need, installed },
			    .ver = { ask_version }, .loop = loop };
	uv_idle_init(loop, &f->idle);
	f->idle.data = f;
	add_runner(f, "emu", "linux/arm64");
	add_runner(f, "emu386", "linux/386");
	add_runner(f, "absent", "linux/s390x");
	add_runner(f, "other", "linux/mips*");
}

void fake_close(struct fake *f)
{
	uv_close((uv_handle_t *)&f->idle, NULL);
}

void fake_dispose(struct fake *f)
{
	strv_free(&f->log);
	strv_free(&f->installed);
	vec_free(&f->queue);
	vec_free(&f->waits);
	runners_dispose(&f->runners);
}

size_t fake_asked(const struct fake *f, const char *glob)
{
	size_t n = 0;

	for (size_t i = 0; i < f->log.n; i++)
		n += str_glob(glob, f->log.v[i]);
	return n;
}
