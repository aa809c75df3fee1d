#include "harness/sched/engine_private.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/str.h"
#include "results/judge.h"
#include "toolchains/linkrule.h"

/* --- making --------------------------------------------------------------- */

static int check_runner_names(const struct engine *e, struct error *err)
{
	for (size_t i = 0; i < e->o.runner_names.n; i++) {
		const char *s = e->o.runner_names.v[i], *eq = strchr(s, '=');
		const char *name = eq ? eq + 1 : s;
		struct runner *r = runners_named(e->d.runners, name);

		if (!r)
			return err_set(err, ERR_INPUT, "no runner is called \"%s\"; runners.yaml describes them",
				       name);
		if (!r->native && !r->program)
			return err_set(err, ERR_INPUT, "runner %s is not on this machine%s%s", name,
				       r->package ? ": install " : "", r->package ? r->package : "");
	}
	return 0;
}

int engine_new(struct engine **out, const struct engine_deps *deps,
	       const struct engine_options *options, struct error *err)
{
	struct engine *e = mem_zalloc(sizeof(*e));

	e->d = *deps;
	e->o = *options;
	if (e->o.repeat == 0)
		e->o.repeat = 1;
	if (check_runner_names(e, err) < 0) {
		mem_free(e);
		*out = NULL;
		return err->code;
	}
	e->limit = (size_t)(e->o.cores > 0 ? e->o.cores : 1) * 8;
	e->canaries = canaries_new(e->d.asker, e->d.store, e->d.supplier);
	*out = e;
	return 0;
}

static void cell_dispose(struct cell *c)
{
	cell_result_dispose(&c->result);
	layout_pairs_free(&c->layouts);
	mem_free(c->not_run);
	for (size_t i = 0; i < c->repeats.n; i++)
		outcome_dispose(&c->repeats.v[i]);
	vec_free(&c->repeats);
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < e->cells.n; i++)
		cell_dispose(&e->cells.v[i]);
	vec_free(&e->cells);
	for (size_t i = 0; i < e->toolchains.n; i++)
		toolchain_free(e->toolchains.v[i]);
	vec_free(&e->toolchains);
	for (size_t i = 0; i < e->targets.n; i++)
		mem_free(e->targets.v[i]);
	vec_free(&e->targets);
	for (size_t i = 0; i < e->variants.n; i++) {
		variant_dispose(e->variants.v[i]);
		mem_free(e->variants.v[i]);
	}
	vec_free(&e->variants);
	canaries_free(e->canaries);
	mem_free(e->order);
	mem_free(e->scenario_error);
	mem_free(e);
}

struct toolchain *engine_toolchain(struct engine *e, const struct spec_item *item)
{
	struct toolchain *tc;

	for (size_t i = 0; i < e->toolchains.n; i++) {
		tc = e->toolchains.v[i];
		if (strcmp(tc->name, item->name) == 0) {
			tc->optional = tc->optional && item->optional;
			return tc;
		}
	}
	tc = toolchain_new(item);
	e->d.supplier->identify(e->d.supplier, tc);
	vec_push(&e->toolchains, tc);
	return tc;
}

static const struct target *target_of(struct engine *e, const char *name, struct error *err)
{
	struct target *t;

	for (size_t i = 0; i < e->targets.n; i++)
		if (strcmp(e->targets.v[i]->name, name) == 0)
			return e->targets.v[i];
	t = mem_zalloc(sizeof(*t));
	if (target_parse(t, name, err) < 0) {
		mem_free(t);
		return NULL;
	}
	vec_push(&e->targets, t);
	return t;
}

static const struct variant *variant_of(struct engine *e, const char *name, struct error *err)
{
	struct variant *v;

	for (size_t i = 0; i < e->variants.n; i++)
		if (strcmp(e->variants.v[i]->name, name) == 0)
			return e->variants.v[i];
	v = mem_zalloc(sizeof(*v));
	if (variant_parse(v, name, err) < 0) {
		mem_free(v);
		return NULL;
	}
	vec_push(&e->variants, v);
	return v;
}

int engine_add(struct engine *e, struct kase *k, struct toolchain *tc, const char *target,
	       const char *variant, bool cgo, struct error *err)
{
	struct cell c = { .k = k, .tc = tc, .cgo = cgo, .all_cached = true };

	c.target = target_of(e, target, err);
	c.variant = c.target ? variant_of(e, variant, err) : NULL;
	if (!c.variant)
		return err->code;
	vec_push(&e->cells, c);
	return 0;
}

size_t engine_planned(const struct engine *e)
{
	return e->cells.n;
}

/* --- admission ------------------------------------------------------------ */

/*
 * By toolchain, then variant, so that neighbours share what cmd/go has just
 * compiled: the variants of one program differ in their link only, and come
 * after one another rather than at the same time.
 */
static int by_admission(const void *x, const void *y, void *arg)
{
	const struct engine *e = arg;
	size_t i = *(const size_t *)x, k = *(const size_t *)y;
	const struct cell *a = &e->cells.v[i], *b = &e->cells.v[k];
	int by_version = gover_cmp(&a->tc->version, &b->tc->version);

	if (by_version)
		return by_version;
	if (a->tc != b->tc)
		return strcmp(a->tc->name, b->tc->name);
	if (a->variant != b->variant) {
		for (size_t v = 0; v < e->variants.n; v++)
			if (e->variants.v[v] == a->variant || e->variants.v[v] == b->variant)
				return e->variants.v[v] == a->variant ? -1 : 1;
	}
	return i < k ? -1 : i > k;
}

static void check_end(struct engine *e)
{
	if (e->ended || e->live > 0)
		return;
	if (!e->stopping && e->done < e->cells.n)
		return;
	if (canaries_pending(e->canaries))
		return;
	e->ended = true;
	e->on_end(e->arg);
}

/* The next cell that need not wait for a toolchain on its way. */
static size_t next_cell(struct engine *e)
{
	size_t n = e->cells.n;

	while (e->first < n && e->order[e->first] == SIZE_MAX)
		e->first++;
	for (size_t i = e->first; i < n; i++) {
		size_t at = e->order[i];
		const struct toolchain *tc;

		if (at == SIZE_MAX)
			continue;
		tc = e->cells.v[at].tc;
		if (tc->state == SUPPLY_PENDING)
			continue;
		e->order[i] = SIZE_MAX;
		return at;
	}
	return SIZE_MAX;
}

void engine_admit(struct engine *e)
{
	if (e->admitting) /* cells that end at once come back here */
		return;
	e->admitting = true;
	while (!e->stopping && e->live - e->blocked < e->limit) {
		size_t at = next_cell(e);

		if (at == SIZE_MAX)
			break;
		e->live++;
		e->last_begun = at;
		attempt_begin(e, &e->cells.v[at], 0, false);
	}
	e->admitting = false;
	check_end(e);
}

void cell_end(struct engine *e, struct cell *c)
{
	c->done = !c->dropped;
	c->result.cached = c->all_cached && c->asked;
	e->live--;
	e->done += c->done;
	if (e->on_cell)
		e->on_cell(e->arg);
	engine_admit(e);
}

static void on_canaries_idle(void *arg)
{
	check_end(arg);
}

void engine_start(struct engine *e, engine_fn *on_cell, engine_fn *on_end, void *arg)
{
	e->on_cell = on_cell;
	e->on_end = on_end;
	e->arg = arg;
	e->order = mem_alloc((e->cells.n + 1) * sizeof(*e->order));
	for (size_t i = 0; i < e->cells.n; i++)
		e->order[i] = i;
	if (e->cells.n > 1)
		qsort_r(e->order, e->cells.n, sizeof(*e->order), by_admission, e);
	canaries_on_idle(e->canaries, on_canaries_idle, e);
	engine_admit(e);
}

void engine_stop(struct engine *e)
{
	e->stopping = true;
	canaries_stop(e->canaries);
	check_end(e);
}

void engine_counts(const struct engine *e, struct engine_counts *out)
{
	const struct cell *c = e->cells.n ? &e->cells.v[e->last_begun] : NULL;

	*out = (struct engine_counts){ .planned = e->cells.n, .done = e->done, .live = e->live };
	if (c) {
		out->scenario = c->k->scenario->name;
		out->kase = c->k->name;
		out->target = c->target->name;
		out->toolchain = c->tc->name;
	}
}

const char *engine_scenario_error(const struct engine *e)
{
	return e->scenario_error;
}

void engine_each_done(struct engine *e, engine_cell_fn *fn, void *arg)
{
	for (size_t i = 0; i < e->cells.n; i++) {
		struct cell *c = &e->cells.v[i];
		struct engine_cell view = { c->k, c->tc, c->target, c->variant, c->cgo, &c->layouts,
					    &c->result.outcome };

		if (c->done)
			fn(arg, &view);
	}
}

/* --- conclusion ----------------------------------------------------------- */

/* What a second opinion showed by a runner that is not to be believed is none. */
static void doubt_rescue(struct engine *e, struct cell *c, struct outcome *o)
{
	struct outcome scratch = { .kind = OUTCOME_RUN_CRASH };

	if (!c->rescue_canary || o->rescue != RESCUE_CHANGED)
		return;
	canary_doubt(e->canaries, c->rescue_canary, &scratch);
	if (scratch.kind == OUTCOME_INFRA) {
		o->rescue = RESCUE_NONE;
		o->rescue_unknown = true;
		strv_addf(&o->notes, "no second opinion: %s", scratch.message);
	}
	outcome_dispose(&scratch);
}

struct place cell_place(const struct cell *c)
{
	return (struct place){ .toolchain = c->tc->name, .version = c->tc->version,
			       .target = c->target->name, .variant = c->variant->name, .cgo = c->cgo,
			       .registers = link_has_regabi(&c->tc->version, c->target->goarch) };
}

static void conclude_cell(struct engine *e, struct cell *c, struct run_result *out)
{
	struct cell_result *r = &c->result;
	struct place place = cell_place(c);

	r->scenario = mem_strdup(c->k->scenario->name);
	r->kase = mem_strdup(c->k->name);
	r->toolchain = mem_strdup(c->tc->name);
	r->target = mem_strdup(c->target->name);
	r->variant = mem_strdup(c->variant->name);
	r->cgo = c->cgo;
	if (c->canary)
		canary_doubt(e->canaries, c->canary, &r->outcome);
	doubt_rescue(e, c, &r->outcome);
	judge_verdict(r, &c->k->expect, &c->k->claim.says, &place, c->not_run);
	judge_claim(r, &c->k->claim.says, &c->k->claim.because, &place, c->claim_differs);
	vec_push(&out->cells, *r);
	*r = (struct cell_result){ 0 };
}

/* Oldest first, a what-if after its release, what is no release last; else as they were named. */
static bool comes_before(const struct toolchain *a, const struct toolchain *b)
{
	int order;

	if (a->is_version != b->is_version || !a->is_version)
		return a->is_version && !b->is_version;
	order = gover_cmp(&a->version, &b->version);
	return order < 0 || (order == 0 && a->edits.n == 0 && b->edits.n > 0);
}

/* Cases may have toolchains of their own: they come in the order in which cases name them. */
static void sort_toolchains(struct engine *e)
{
	struct toolchain **v = e->toolchains.v;

	for (size_t i = 1; i < e->toolchains.n; i++) {
		struct toolchain *tc = v[i];
		size_t at = i;

		for (; at > 0 && comes_before(tc, v[at - 1]); at--)
			v[at] = v[at - 1];
		v[at] = tc;
	}
}

static void conclude_columns(struct engine *e, struct run_result *out)
{
	sort_toolchains(e);
	for (size_t i = 0; i < e->toolchains.n; i++) {
		struct toolchain *tc = e->toolchains.v[i];
		struct toolchain_column col = {
			.name = mem_strdup(tc->name),
			.base = tc->edits.n ? mem_strdup(tc->base) : NULL,
			.identity = mem_strdup(tc->identity),
			.missing = tc->state == SUPPLY_FAILED ? mem_strdup(tc->failure) : NULL,
			.mistaken = tc->state == SUPPLY_FAILED && tc->why == ERR_INPUT,
			.excused = tc->state == SUPPLY_FAILED && tc->optional && tc->why == ERR_GONE,
		};

		vec_push(&out->columns, col);
	}
}

/* Each case's claim once, in the order of the cases; and what their scenarios cannot check. */
static void conclude_claims(struct engine *e, struct run_result *out)
{
	const struct scenario *last = NULL;
	const struct kase *before = NULL;

	for (size_t i = 0; i < e->cells.n; i++) {
		const struct kase *k = e->cells.v[i].k;
		struct claim_case c = { .scenario = mem_strdup(k->scenario->name), .kase = mem_strdup(k->name) };

		if (k == before || !k->claim.source) {
			mem_free(c.scenario);
			mem_free(c.kase);
		} else {
			c.source = mem_strdup(k->claim.source);
			c.text = mem_strdup(k->claim.text);
			c.at = mem_strdup(k->claim.at);
			c.explain = mem_strdup(k->explain);
			vec_push(&out->claim_cases, c);
		}
		for (size_t n = 0; k->scenario != last && n < k->scenario->unchecked.n; n++) {
			const struct unchecked *u = &k->scenario->unchecked.v[n];
			struct unchecked_claim copy = { mem_strdup(k->scenario->name), mem_strdup(u->source),
							mem_strdup(u->text), mem_strdup(u->why) };

			vec_push(&out->unchecked, copy);
		}
		last = k->scenario;
		before = k;
	}
}

void engine_conclude(struct engine *e, struct run_result *out)
{
	out->planned = e->cells.n;
	for (size_t i = 0; i < e->cells.n; i++)
		if (e->cells.v[i].done)
			conclude_cell(e, &e->cells.v[i], out);
	conclude_columns(e, out);
	conclude_claims(e, out);
	for (size_t i = 0; i < e->cells.n; i++) {
		const struct kase *k = e->cells.v[i].k;
		bool seen = false;

		for (size_t n = 0; n < out->claims.n; n++)
			seen |= strcmp(out->claims.v[n].scenario, k->scenario->name) == 0;
		if (k->claim.source && !seen) {
			struct claim_source cs = { mem_strdup(k->scenario->name), mem_strdup(k->claim.source) };

			vec_push(&out->claims, cs);
		}
	}
	run_result_sort(out);
}
