#include "results/result.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/names.h"
#include "harness/base/str.h"

void cell_result_dispose(struct cell_result *c)
{
	char **owned[] = { &c->scenario,   &c->kase,       &c->toolchain, &c->target,
			   &c->variant,    &c->runner,     &c->out_digest, &c->err_digest,
			   &c->expected,   &c->mismatch,   &c->why,       &c->says,
			   &c->command };

	for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++)
		mem_free(*owned[i]);
	outcome_dispose(&c->outcome);
	memset(c, 0, sizeof(*c));
}

static void column_dispose(struct toolchain_column *c)
{
	mem_free(c->name);
	mem_free(c->base);
	mem_free(c->identity);
	mem_free(c->missing);
}

void run_result_drop_unchecked(struct run_result *r)
{
	for (size_t i = 0; i < r->unchecked.n; i++) {
		mem_free(r->unchecked.v[i].scenario);
		mem_free(r->unchecked.v[i].source);
		mem_free(r->unchecked.v[i].text);
		mem_free(r->unchecked.v[i].why);
	}
	vec_free(&r->unchecked);
}

void run_result_dispose(struct run_result *r)
{
	char *owned[] = { r->id, r->started, r->ended, r->host, r->version, r->command };

	for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++)
		mem_free(owned[i]);
	for (size_t i = 0; i < r->cells.n; i++)
		cell_result_dispose(&r->cells.v[i]);
	for (size_t i = 0; i < r->columns.n; i++)
		column_dispose(&r->columns.v[i]);
	for (size_t i = 0; i < r->claims.n; i++) {
		mem_free(r->claims.v[i].scenario);
		mem_free(r->claims.v[i].source);
	}
	vec_free(&r->cells);
	vec_free(&r->columns);
	vec_free(&r->changes);
	vec_free(&r->claims);
	for (size_t i = 0; i < r->claim_cases.n; i++) {
		struct claim_case *c = &r->claim_cases.v[i];

		mem_free(c->scenario);
		mem_free(c->kase);
		mem_free(c->source);
		mem_free(c->text);
		mem_free(c->at);
		mem_free(c->explain);
	}
	vec_free(&r->claim_cases);
	run_result_drop_unchecked(r);
	memset(r, 0, sizeof(*r));
}

int run_result_column(const struct run_result *r, const char *toolchain)
{
	for (size_t i = 0; i < r->columns.n; i++)
		if (strcmp(r->columns.v[i].name, toolchain) == 0)
			return (int)i;
	return -1;
}

enum { PLACES = 6 };

/* Where a cell belongs: an ordinal for each part of its name, the greatest first. */
struct place {
	size_t part[PLACES];
	size_t was; /* index before sorting: equal cells keep their order */
};

static int by_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	for (int i = 0; i < PLACES; i++)
		if (x->part[i] != y->part[i])
			return x->part[i] < y->part[i] ? -1 : 1;
	return x->was < y->was ? -1 : x->was > y->was;
}

static struct place *places_of(const struct run_result *r)
{
	struct names scenarios = { 0 }, cases = { 0 }, variants = { 0 }, targets = { 0 };
	struct place *places = mem_alloc((r->cells.n + 1) * sizeof(*places));
	struct str kase = STR_INIT;

	for (size_t i = 0; i < r->cells.n; i++) {
		const struct cell_result *c = &r->cells.v[i];
		int column = run_result_column(r, c->toolchain);

		str_clear(&kase);
		str_addf(&kase, "%s\n%s", c->scenario, c->kase);
		places[i] = (struct place){
			.part = { names_add(&scenarios, c->scenario), names_add(&cases, kase.s),
				  names_add(&variants, c->variant), names_add(&targets, c->target),
				  c->cgo, column < 0 ? r->columns.n : (size_t)column },
			.was = i,
		};
	}
	str_free(&kase);
	names_dispose(&targets);
	names_dispose(&variants);
	names_dispose(&cases);
	names_dispose(&scenarios);
	return places;
}

void run_result_sort(struct run_result *r)
{
	struct place *places = places_of(r);
	struct cell_result *sorted = mem_alloc((r->cells.n + 1) * sizeof(*sorted));

	qsort(places, r->cells.n, sizeof(*places), by_place);
	for (size_t i = 0; i < r->cells.n; i++)
		sorted[i] = r->cells.v[places[i].was];
	if (r->cells.n)
		memcpy(r->cells.v, sorted, r->cells.n * sizeof(*sorted));
	r->changes.n = 0; /* they named cells by index */
	mem_free(sorted);
	mem_free(places);
}
