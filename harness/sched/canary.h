/*
 * Canaries: plain programs of ours that must build and run with a toolchain, on
 * a target, by a runner, before anything is believed there.  Whose fault a dead
 * one is, its neighbours decide: the same runner and target on other toolchains.
 * What-if toolchains differ from their release in a directive, not in what runs,
 * and share its canary.
 */
#ifndef LNM_SCHED_CANARY_H
#define LNM_SCHED_CANARY_H

#include <stdbool.h>

#include "harness/sched/ask.h"
#include "results/outcome.h"

struct canaries;
struct canary;
struct supplier;

struct canary_place {
	struct toolchain *tc;
	const struct target *target;
	struct runner *runner;     /* its key is known */
};

typedef void canary_fn(void *arg, struct canary *canary);
typedef void canaries_idle_fn(void *arg);

struct canaries *canaries_new(struct asker *asker, struct store *store, struct supplier *supplier);
void canaries_free(struct canaries *cs);

/* fn is called once, when the canary has lived or died; at once, from within, if
 * that is known already. The canary stays the set's. */
void canary_need(struct canaries *cs, const struct canary_place *place, canary_fn *fn, void *arg);
/* A dead canary that no run there could outlive: it hung, or could not be started. */
bool canary_blocks_runs(const struct canary *c);
const char *canary_message(const struct canary *c);
/* What its death, if it died, means for the outcome of a cell that ran there. Asks
 * the neighbours of this run and of the store. */
void canary_doubt(struct canaries *cs, struct canary *c, struct outcome *o);

/* Is any still under way? fn is called each time that the last one ended. */
bool canaries_pending(const struct canaries *cs);
void canaries_on_idle(struct canaries *cs, canaries_idle_fn *fn, void *arg);
/* Begins no more neighbours. */
void canaries_stop(struct canaries *cs);

#endif
