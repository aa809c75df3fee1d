/*
 * The executor that starts real processes: builds and runs in pools of their own,
 * each as large as the machine has cores.
 */
#ifndef LNM_SCHED_EXEC_GO_H
#define LNM_SCHED_EXEC_GO_H

#include "harness/job/job.h"
#include "harness/sched/ask.h"
#include "harness/sched/engine.h"
#include "harness/sched/modules.h"

struct exec_go;
struct exec_go_options {
	const char *cache;      /* the user's cache folder, absolute */
	int cores;              /* size of each pool, give or take one build */
	struct modules *modules; /* gets what programs require; NULL: nobody does */
};

/*
 * Makes this run's own folder below the cache (and removes those that killed runs
 * left behind). The supplier lays toolchains out when a build needs them.
 */
int exec_go_new(struct exec_go **out, uv_loop_t *loop, struct jobs *jobs,
		struct supplier *supplier, const struct exec_go_options *options,
		struct error *err);
/* Nothing may be under way; the run's folder is removed. */
void exec_go_free(struct exec_go *x);

struct executor *exec_go_executor(struct exec_go *x);
struct versioner *exec_go_versioner(struct exec_go *x, struct store *store);
/* Where second facts go; to be set once the asker is there. */
void exec_go_set_asker(struct exec_go *x, struct asker *asker);

struct exec_go_counts {
	size_t building, running, waiting;
};
void exec_go_counts(const struct exec_go *x, struct exec_go_counts *out);

#endif
