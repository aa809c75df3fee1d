#include "harness/sched/canary.h"

#include <string.h>

#include "harness/base/mem.h"
#include "harness/sched/engine.h"
#include "results/judge.h"

/*
 * Two programs, since faults that depend on where the linker put things show in one
 * and not in another (Go's unaligned loads on mips64: a hello died with 1.27rc1,
 * golang/go#80668, a sleep dies with 1.22): the smallest that most people begin with, and
 * one that does what most programs do - goroutines, maps, a timer, a collection.
 */
static const char canary_files[] =
	"-- go.mod --\n"
	"module lnmatrix.invalid/canary\n"
	"\n"
	"go 1.17\n"
	"-- hello/main.go --\n"
	"package main\n"
	"\n"
	"import \"fmt\"\n"
	"\n"
	"func main() {\n"
	"\tfmt.Println(\"hello\")\n"
	"}\n"
	"-- busy/main.go --\n"
	"package main\n"
	"\n"
	"import (\n"
	"\t\"fmt\"\n"
	"\t\"runtime\"\n"
	"\t\"time\"\n"
	")\n"
	"\n"
	"func main() {\n"
	"\tm := map[string]int{\"a\": 1, \"b\": 2}\n"
	"\tc := make(chan int)\n"
	"\tgo func() { c <- m[\"a\"] + m[\"b\"] }()\n"
	"\tn := <-c\n"
	"\ttime.Sleep(time.Millisecond)\n"
	"\truntime.GC()\n"
	"\tfmt.Println(\"canary\", n, 0.5)\n"
	"}\n";
static const struct {
	const char *package, *says;
} programs[] = {
	{ "./hello", "hello" },
	{ "./busy", "canary 3 0.5" },
};
enum { PROGRAMS = sizeof(programs) / sizeof(programs[0]) };

enum { CANARY_TIMEOUT_MS = 120000, NEIGHBOURS = 2 };

struct canary_waiter {
	canary_fn *fn;
	void *arg;
};

struct canary {
	struct canaries *cs;
	struct canary_place place; /* tc: the release, for a what-if */
	unsigned program;          /* the one under way */
	bool done, alive, unknown; /* unknown: it could not be built, so it says nothing */
	struct outcome outcome;
	struct build_question build;
	struct run_question run;
	VEC(struct canary_waiter) waiting;
};

struct canaries {
	struct asker *asker;
	struct store *store;
	struct supplier *supplier;
	struct fixture fixture;
	struct variant plain;
	struct strv none;
	VEC(struct canary *) list;
	VEC(struct toolchain *) bases; /* releases that stand behind what-ifs, and neighbours */
	size_t pending;
	bool stopping;
	canaries_idle_fn *on_idle;
	void *idle_arg;
};

struct canaries *canaries_new(struct asker *asker, struct store *store, struct supplier *supplier)
{
	struct canaries *cs = mem_zalloc(sizeof(*cs));
	struct error err = { 0 };

	cs->asker = asker;
	cs->store = store;
	cs->supplier = supplier;
	fixture_parse(&cs->fixture, canary_files, sizeof(canary_files) - 1, "canary", &err);
	variant_parse(&cs->plain, "default", &err);
	return cs;
}

void canaries_free(struct canaries *cs)
{
	if (!cs)
		return;
	for (size_t i = 0; i < cs->list.n; i++) {
		outcome_dispose(&cs->list.v[i]->outcome);
		vec_free(&cs->list.v[i]->waiting);
		mem_free(cs->list.v[i]);
	}
	vec_free(&cs->list);
	for (size_t i = 0; i < cs->bases.n; i++)
		toolchain_free(cs->bases.v[i]);
	vec_free(&cs->bases);
	fixture_dispose(&cs->fixture);
	variant_dispose(&cs->plain);
	mem_free(cs);
}

/* A release by its name, for a what-if's base or a neighbour. */
static struct toolchain *release(struct canaries *cs, const char *name, const struct gover *version,
				 bool is_version)
{
	struct spec_item item = { .name = (char *)name, .base = (char *)name, .version = *version,
				  .is_version = is_version };
	struct toolchain *tc;

	for (size_t i = 0; i < cs->bases.n; i++)
		if (strcmp(cs->bases.v[i]->name, name) == 0)
			return cs->bases.v[i];
	tc = toolchain_new(&item);
	cs->supplier->identify(cs->supplier, tc);
	vec_push(&cs->bases, tc);
	return tc;
}

static struct canary *find(struct canaries *cs, const char *toolchain, const char *target,
			   const char *runner_key)
{
	for (size_t i = 0; i < cs->list.n; i++) {
		struct canary *c = cs->list.v[i];

		if (strcmp(c->place.tc->name, toolchain) == 0 &&
		    strcmp(c->place.target->name, target) == 0 &&
		    strcmp(c->place.runner->key, runner_key) == 0)
			return c;
	}
	return NULL;
}

static void canary_start(struct canary *c);
static void ask_program(struct canary *c);

/* Others with the same runner and target: of this run, then of the store. */
struct neighbours {
	VEC(struct canary_seen) seen;
	struct strv texts;
	const char *self;
};

static void on_record(void *arg, const struct canary_record *r)
{
	struct neighbours *n = arg;
	struct canary_seen seen = { .alive = r->alive };

	if (strcmp(r->toolchain, n->self) == 0)
		return;
	for (size_t i = 0; i < n->seen.n; i++)
		if (strcmp(n->seen.v[i].toolchain, r->toolchain) == 0)
			return;
	strv_add(&n->texts, r->toolchain);
	seen.toolchain = n->texts.v[n->texts.n - 1];
	strv_add(&n->texts, r->message ? r->message : "");
	seen.message = n->texts.v[n->texts.n - 1];
	vec_push(&n->seen, seen);
}

static void find_neighbours(struct canaries *cs, const struct canary *c, struct neighbours *out)
{
	struct error ignored = { 0 };

	*out = (struct neighbours){ .self = c->place.tc->name };
	for (size_t i = 0; i < cs->list.n; i++) {
		const struct canary *o = cs->list.v[i];
		struct canary_seen seen = { .toolchain = o->place.tc->name, .alive = o->alive,
					    .message = o->outcome.message };

		if (o != c && o->done && !o->unknown && o->place.runner == c->place.runner &&
		    strcmp(o->place.target->name, c->place.target->name) == 0)
			vec_push(&out->seen, seen);
	}
	store_canary_each(cs->store, c->place.runner->key, c->place.target->name, on_record, out, &ignored);
}

static void neighbours_dispose(struct neighbours *n)
{
	vec_free(&n->seen);
	strv_free(&n->texts);
}

/* A dead canary all alone: releases that are here anyway are asked as well. */
static void ask_neighbours(struct canary *c)
{
	struct canaries *cs = c->cs;
	struct neighbours known;
	struct strv names = { 0 };
	unsigned asked = 0;

	for (size_t i = 0; i < cs->list.n; i++) {
		const struct canary *o = cs->list.v[i];

		if (o != c && !o->done && o->place.runner == c->place.runner &&
		    o->place.target == c->place.target)
			return; /* one of this run is under way */
	}
	find_neighbours(cs, c, &known);
	if (known.seen.n == 0 && cs->supplier->installed && !cs->stopping)
		cs->supplier->installed(cs->supplier, &names);
	for (size_t i = names.n; i-- > 0 && asked < NEIGHBOURS;) {
		struct canary_place place = c->place;
		struct gover version;

		if (strcmp(names.v[i], c->place.tc->name) == 0 ||
		    gover_parse(&version, names.v[i], &(struct error){ 0 }) < 0 ||
		    (place.target->level[0] && version.minor < place.target->level_since))
			continue; /* which would pass the level over, and be no witness */
		place.tc = release(cs, names.v[i], &version, true);
		canary_need(cs, &place, NULL, NULL);
		asked++;
	}
	strv_free(&names);
	neighbours_dispose(&known);
}

static void canary_done(struct canary *c)
{
	struct canaries *cs = c->cs;
	struct error ignored = { 0 };

	c->done = true;
	c->alive = c->outcome.kind == OUTCOME_PASS;
	if (!c->unknown) {
		struct canary_record r = { .runner = c->place.runner->key,
					   .target = (char *)c->place.target->name,
					   .toolchain = c->place.tc->name,
					   .alive = c->alive,
					   .message = c->outcome.message };

		/* a hang may be the busy machine's, and would be held against the runner for good */
		if (c->outcome.kind != OUTCOME_TIMEOUT && c->outcome.kind != OUTCOME_INFRA)
			store_canary_put(cs->store, &r, &ignored);
		if (!c->alive)
			ask_neighbours(c);
	}
	for (size_t i = 0; i < c->waiting.n; i++)
		if (c->waiting.v[i].fn)
			c->waiting.v[i].fn(c->waiting.v[i].arg, c);
	vec_free(&c->waiting);
	if (--cs->pending == 0 && cs->on_idle)
		cs->on_idle(cs->idle_arg);
}

static void on_ran(void *arg, const struct ask *ask)
{
	struct canary *c = arg;
	const char *says = programs[c->program].says;
	struct run_expectation want = { .out = { says, strlen(says) } };
	struct seen seen = ask_seen(ask, CANARY_TIMEOUT_MS);

	if (ask->failed) {
		judge_prepare(&c->outcome, OUTCOME_INFRA, ask->failure);
		c->unknown = true;
	} else {
		judge_run(&c->outcome, &seen, &want);
		c->unknown = strcmp(seen.end, "cancelled") == 0;
		if (c->outcome.kind == OUTCOME_PASS && ++c->program < PROGRAMS) {
			ask_program(c);
			return;
		}
	}
	canary_done(c);
}

static void on_built(void *arg, const struct ask *ask)
{
	struct canary *c = arg;
	struct seen seen = ask_seen(ask, CANARY_TIMEOUT_MS);

	if (ask->failed) {
		judge_prepare(&c->outcome, OUTCOME_INFRA, ask->failure);
	} else {
		judge_build(&c->outcome, &seen, NULL);
		if (outcome_is_good(c->outcome.kind)) {
			ask_run(c->cs->asker, &c->build, &c->run, on_ran, c);
			return;
		}
	}
	c->unknown = true;
	canary_done(c);
}

static void ask_program(struct canary *c)
{
	struct canaries *cs = c->cs;

	c->build = (struct build_question){ .tc = c->place.tc,
					    .target = c->place.target,
					    .variant = &cs->plain,
					    .fixture = &cs->fixture,
					    .package = programs[c->program].package,
					    .timeout_ms = CANARY_TIMEOUT_MS };
	c->run = (struct run_question){ .runner = c->place.runner,
					.args = &cs->none,
					.env = &cs->none,
					.timeout_ms = CANARY_TIMEOUT_MS };
	ask_build(cs->asker, &c->build, on_built, c);
}

static void on_supplied(void *arg, struct toolchain *tc)
{
	struct canary *c = arg;

	if (tc->state == SUPPLY_FAILED) {
		judge_prepare(&c->outcome, OUTCOME_INFRA, tc->failure);
		c->unknown = true;
		canary_done(c);
		return;
	}
	canary_start(c);
}

static void canary_start(struct canary *c)
{
	struct canaries *cs = c->cs;

	if (!c->place.tc->identity) {
		cs->supplier->need(cs->supplier, c->place.tc, on_supplied, c);
		return;
	}
	ask_program(c);
}

void canary_need(struct canaries *cs, const struct canary_place *place, canary_fn *fn, void *arg)
{
	struct toolchain *tc = place->tc;
	struct canary_waiter waiter = { fn, arg };
	struct canary *c;

	if (tc->edits.n)
		tc = release(cs, tc->base, &tc->version, tc->is_version);
	c = find(cs, tc->name, place->target->name, place->runner->key);
	if (c && c->done) {
		if (fn)
			fn(arg, c);
		return;
	}
	if (c) {
		vec_push(&c->waiting, waiter);
		return;
	}
	c = mem_zalloc(sizeof(*c));
	c->cs = cs;
	c->place = *place;
	c->place.tc = tc;
	vec_push(&c->waiting, waiter);
	vec_push(&cs->list, c);
	cs->pending++;
	canary_start(c);
}

bool canary_blocks_runs(const struct canary *c)
{
	return c->done && (c->outcome.kind == OUTCOME_TIMEOUT || c->outcome.kind == OUTCOME_INFRA);
}

const char *canary_message(const struct canary *c)
{
	return c->outcome.message ? c->outcome.message : "";
}

void canary_doubt(struct canaries *cs, struct canary *c, struct outcome *o)
{
	struct canary_seen self = { .toolchain = c->place.tc->name,
				    .alive = c->alive,
				    .message = c->outcome.message };
	enum canary_blame blame;
	struct neighbours n;

	if (c->alive || c->unknown || !c->done)
		return;
	find_neighbours(cs, c, &n);
	blame = judge_canary(&self, n.seen.v, n.seen.n);
	if (blame == BLAME_GO && c->outcome.kind == OUTCOME_TIMEOUT && o->kind == OUTCOME_INFRA) {
		/* it was not run, since it would hang as well: that is Go's, too */
		judge_prepare(o, OUTCOME_TIMEOUT, c->outcome.message);
		o->stage = STAGE_RUN;
	}
	judge_doubt(o, blame, &self, n.seen.v, n.seen.n, c->place.runner->identity,
		    c->place.target->name);
	neighbours_dispose(&n);
}

bool canaries_pending(const struct canaries *cs)
{
	return cs->pending > 0;
}

void canaries_on_idle(struct canaries *cs, canaries_idle_fn *fn, void *arg)
{
	cs->on_idle = fn;
	cs->idle_arg = arg;
}

void canaries_stop(struct canaries *cs)
{
	cs->stopping = true;
}
