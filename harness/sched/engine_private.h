/*
 * Private to the engine: engine.c plans, admits and concludes cells, attempt.c takes one
 * through its steps.
 */
#ifndef LNM_SCHED_ENGINE_PRIVATE_H
#define LNM_SCHED_ENGINE_PRIVATE_H

#include "harness/sched/canary.h"
#include "harness/sched/engine.h"

struct cell {
	struct kase *k;
	struct toolchain *tc;
	const struct target *target;
	const struct variant *variant;
	bool cgo;
	/* while it lives and after */
	struct cell_result result;
	struct canary *canary;     /* of its runs; NULL: it did not run */
	struct canary *rescue_canary; /* of the second opinion's run, likewise */
	struct layout_pairs layouts; /* that its steps named */
	char *not_run;             /* why a cell that should run could not; or NULL */
	bool claim_differs;        /* the program did not print what the checked document says */
	bool done, all_cached, asked;
	bool dropped;              /* interrupted: no result */
	VEC(struct outcome) repeats;
};

struct engine {
	struct engine_deps d;
	struct engine_options o;
	VEC(struct toolchain *) toolchains;
	VEC(struct target *) targets;
	VEC(struct variant *) variants;
	VEC(struct cell) cells;
	struct canaries *canaries;
	size_t done, live, blocked, limit;
	size_t *order, first;      /* cells in the order of admission; all before `first` are taken */
	size_t last_begun;
	bool stopping, ended, admitting;
	engine_fn *on_cell, *on_end;
	void *arg;
	char *scenario_error;
};

/* engine.c: where the cell stands, for rules; borrowed. */
struct place cell_place(const struct cell *c);

/* attempt.c: begins a cell, or its second opinion. It ends in cell_end(). */
void attempt_begin(struct engine *e, struct cell *c, unsigned repeat, bool rescue);

/* engine.c: a cell has come to its end, with a result or dropped. */
void cell_end(struct engine *e, struct cell *c);
/* Begins as many cells as there is room for, and tells when all is done. */
void engine_admit(struct engine *e);

#endif
