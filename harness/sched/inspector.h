/*
 * Inspects the programs of a run: reads each once for all its toolchains and targets
 * (lnm-atlas local), has the atlases made that it takes, compares (results/inspect.h),
 * and keeps what it found in the store, so that the same is not looked at twice.
 */
#ifndef LNM_SCHED_INSPECTOR_H
#define LNM_SCHED_INSPECTOR_H

#include <uv.h>

#include "harness/sched/atlas_maker.h"
#include "harness/sched/engine.h"
#include "results/inspect.h"
#include "results/store.h"

struct inspector;
struct inspector_options {
	const char *cache;            /* fixtures are laid out below it */
	bool fresh;                   /* what the store knows does not count */
	void (*say)(void *arg, const char *line);
	void *say_arg;
};

struct inspector *inspector_new(uv_loop_t *loop, struct atlas_maker *maker, struct store *store,
				struct supplier *supplier, const struct inspector_options *options);
void inspector_free(struct inspector *in);

/* A toolchain newer than all of the run; oldest first; borrowed. */
void inspector_add_newer(struct inspector *in, struct toolchain *tc);

/* What is inspected; all borrowed until the inspector is freed. */
struct inspect_item {
	const struct fixture *fixture;
	struct toolchain *tc;
	const struct target *target;
	const struct variant *variant;
	bool cgo;
	const struct layout_pairs *pairs;
	struct outcome *outcome;      /* gets the findings */
};
/* A program without linknames, assembly and copies is passed over at once. */
void inspector_add(struct inspector *in, const struct inspect_item *item);

/* Runs the loop until all is inspected or cancelled, then attaches the findings. What could not be
 * inspected is said once; false: there is such. */
bool inspector_run(struct inspector *in);

#endif
