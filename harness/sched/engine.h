/*
 * The engine: takes planned cells, runs each one's steps as questions are
 * answered, and gives their outcomes.
 *
 * Life of a cell:
 *
 *   planned - admitted - attempt 1..repeat - [refused symbols, second opinion] - judged
 *                           |
 *                           steps ask: build -> asker -> store | executor
 *                                      run   -> runner's version, canary -> asker -> ...
 *
 * Everything happens on one loop in one thread; what a callback learns it records
 * and hands to the one function that moves its attempt on.
 */
#ifndef LNM_SCHED_ENGINE_H
#define LNM_SCHED_ENGINE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "harness/sched/ask.h"
#include "harness/sched/toolchain.h"
#include "harness/script/scenario.h"
#include "results/result.h"
#include "results/store.h"
#include "runners/runner.h"

/* What gets toolchains; a seam like the executor. */
struct supplier {
	/*
	 * Makes tc->identity known if that takes no work: from the lock, from what is
	 * installed. Else it stays NULL and need() must be asked.
	 */
	void (*identify)(struct supplier *s, struct toolchain *tc);
	/* Lays the toolchain out; fn is called later, once, when it is READY (its
	 * identity known) or FAILED. */
	void (*need)(struct supplier *s, struct toolchain *tc, toolchain_fn *fn, void *arg);
	/* Names of releases that are here, for canaries to be compared with; may be NULL. */
	void (*installed)(struct supplier *s, struct strv *names);
};

/* Asks an emulator for its version; a seam likewise. fn is called later, once. */
typedef void versioned_fn(void *arg, struct runner *r);
struct versioner {
	void (*ask)(struct versioner *v, struct runner *r, versioned_fn *fn, void *arg);
};

struct engine_options {
	unsigned repeat;          /* times that each program runs; 1 at least */
	uint64_t timeout_ms;      /* of each build and run; 0: the case's or the default */
	bool lower_go_line;
	int cores;
	struct strv runner_names; /* "linux/386=qemu-i386", or "qemu-i386" for all it can run */
};

enum { ENGINE_TIMEOUT_MS = 120000 };

struct engine;
struct engine_deps {
	uv_loop_t *loop;
	struct store *store;
	struct asker *asker;
	struct supplier *supplier;
	struct versioner *versioner;
	const struct runners *runners;
};

/* ERR_INPUT for a runner name that there is none of. */
int engine_new(struct engine **out, const struct engine_deps *deps,
	       const struct engine_options *options, struct error *err);
void engine_free(struct engine *e);

/* The toolchain of a name, made on first use; owned by the engine. */
struct toolchain *engine_toolchain(struct engine *e, const struct spec_item *item);
/* Plans a cell; the case must outlive the engine. ERR_INPUT for a target or a
 * variant that is none. */
int engine_add(struct engine *e, struct kase *k, struct toolchain *tc, const char *target,
	       const char *variant, bool cgo, struct error *err);
size_t engine_planned(const struct engine *e);

/* Sets cells going; returns at once, the work is done by uv_run(). `on_cell` is told
 * of each cell as it ends, `on_end` once. */
typedef void engine_fn(void *arg);
void engine_start(struct engine *e, engine_fn *on_cell, engine_fn *on_end, void *arg);
/* No new cell begins; what is under way must be cancelled at the executor. */
void engine_stop(struct engine *e);

struct engine_counts {
	size_t planned, done, live;
	const char *scenario, *kase, *target, *toolchain; /* of the cell begun last; may be NULL */
};
void engine_counts(const struct engine *e, struct engine_counts *out);
/* The first mistake that a scenario made while its steps ran; NULL: none. */
const char *engine_scenario_error(const struct engine *e);

/* After the end: each cell that has a result, before it is judged; what is added to the outcome
 * counts. Borrowed from the engine. */
struct engine_cell {
	const struct kase *k;
	struct toolchain *tc;
	const struct target *target;
	const struct variant *variant;
	bool cgo;
	const struct layout_pairs *layouts;
	struct outcome *outcome;
};
typedef void engine_cell_fn(void *arg, const struct engine_cell *cell);
void engine_each_done(struct engine *e, engine_cell_fn *fn, void *arg);

/* After the end: moves cells and columns into `out`, canaries judged, verdicts
 * given, all sorted. */
void engine_conclude(struct engine *e, struct run_result *out);

#endif
