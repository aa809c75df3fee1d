#include "results/changes.h"

#include <string.h>

#define NOBODY ((size_t)-1)

bool cell_was_asked(const struct cell_result *c)
{
	const struct outcome *o = &c->outcome;

	if (o->kind == OUTCOME_INFRA || o->kind == OUTCOME_UNSUPPORTED)
		return false;
	if (o->kind != OUTCOME_FLAKY)
		return true;
	for (size_t i = 0; i < o->findings.n; i++)
		if (strcmp(o->findings.v[i].kind, "runner-doubt") == 0)
			return false;
	return true;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* `a` without what is in `b`, appended to `out`. */
static void add_difference(struct strv *out, const struct strv *a, const struct strv *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (!strv_has(b, a->v[i]))
			strv_add(out, a->v[i]);
}

static bool has_more(const struct strv *a, const struct strv *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (!strv_has(b, a->v[i]))
			return true;
	return false;
}

/* The same outcome twice: what may differ all the same. */
static const char *kind_within(const struct outcome *from, const struct outcome *to,
			       bool same_output)
{
	bool grew = has_more(&to->symbols, &from->symbols);
	bool differs = grew || has_more(&from->symbols, &to->symbols);

	switch (to->kind) {
	case OUTCOME_LINK_REJECTED:
		return grew ? "new-rejection" : differs ? "other" : NULL;
	case OUTCOME_LINK_UNDEFINED:
		return grew ? "symbol-removed" : differs ? "other" : NULL;
	case OUTCOME_LINK_DUPLICATE:
		return differs ? "other" : NULL;
	case OUTCOME_RUN_CRASH:
		return same_text(from->signal, to->signal) ? NULL : "other";
	case OUTCOME_RUN_WRONG:
		return same_output ? NULL : "output-changed";
	default:
		return NULL;
	}
}

const char *change_kind(const struct outcome *from, const struct outcome *to, bool same_output)
{
	bool was_good = outcome_is_good(from->kind), is_good = outcome_is_good(to->kind);

	if (from->kind == to->kind)
		return kind_within(from, to, same_output);
	if (was_good && is_good)
		return NULL;
	if (to->kind == OUTCOME_RUN_CRASH)
		return "crash";
	if (to->kind == OUTCOME_FLAKY)
		return "flaky-now";
	if (was_good && to->kind == OUTCOME_LINK_REJECTED)
		return "new-rejection";
	if (was_good && to->kind == OUTCOME_LINK_UNDEFINED)
		return "symbol-removed";
	if (was_good && to->kind == OUTCOME_RUN_WRONG)
		return "output-changed";
	if (!is_good)
		return "other";
	if (from->kind == OUTCOME_LINK_REJECTED)
		return "rejection-lifted";
	return from->kind == OUTCOME_LINK_UNDEFINED ? "symbol-appeared" : "fixed";
}

void change_symbols(struct strv *out, const struct run_result *r, const struct change *change)
{
	const struct outcome *from = &r->cells.v[change->from].outcome;
	const struct outcome *to = &r->cells.v[change->to].outcome;

	memset(out, 0, sizeof(*out));
	if (outcome_is_good(to->kind)) {
		strv_copy(out, &from->symbols);
	} else if (from->kind != to->kind) {
		strv_copy(out, to->symbols.n ? &to->symbols : &from->symbols);
	} else {
		add_difference(out, &to->symbols, &from->symbols);
		if (out->n == 0)
			add_difference(out, &from->symbols, &to->symbols);
	}
}

static bool same_series(const struct cell_result *a, const struct cell_result *b)
{
	return a->cgo == b->cgo && strcmp(a->target, b->target) == 0 &&
	       strcmp(a->variant, b->variant) == 0 && strcmp(a->kase, b->kase) == 0 &&
	       strcmp(a->scenario, b->scenario) == 0;
}

static void compare(struct run_result *r, size_t from, size_t to)
{
	const struct cell_result *a = &r->cells.v[from], *b = &r->cells.v[to];
	const char *kind = change_kind(&a->outcome, &b->outcome,
				       same_text(a->out_digest, b->out_digest) &&
					       same_text(a->err_digest, b->err_digest));
	struct change change = { b->scenario, b->kase, b->target, b->variant, from, to, kind };

	if (kind)
		vec_push(&r->changes, change);
}

static const char *base_of(const struct run_result *r, const struct cell_result *c)
{
	int column = run_result_column(r, c->toolchain);

	return column < 0 ? NULL : r->columns.v[column].base;
}

/* One series: cells [lo, hi) in the order of their toolchains. */
static void compare_series(struct run_result *r, size_t lo, size_t hi)
{
	size_t last = NOBODY; /* the last release that was asked */

	for (size_t i = lo; i < hi; i++) {
		const char *base = base_of(r, &r->cells.v[i]);
		size_t from = last;

		if (!cell_was_asked(&r->cells.v[i]))
			continue;
		for (size_t j = lo; base && j < hi; j++)
			if (cell_was_asked(&r->cells.v[j]) &&
			    strcmp(r->cells.v[j].toolchain, base) == 0)
				from = j;
		if (from != NOBODY)
			compare(r, from, i);
		if (!base)
			last = i;
	}
}

void changes_find(struct run_result *r)
{
	size_t hi;

	r->changes.n = 0;
	for (size_t lo = 0; lo < r->cells.n; lo = hi) {
		for (hi = lo + 1; hi < r->cells.n; hi++)
			if (!same_series(&r->cells.v[lo], &r->cells.v[hi]))
				break;
		compare_series(r, lo, hi);
	}
}
