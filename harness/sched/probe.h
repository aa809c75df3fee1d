/*
 * Every symbol that the linker's check refuses in a program, though it stops at
 * the first: see toolchains/goobj.h. Works on what `go build -work` left.
 */
#ifndef LNM_SCHED_PROBE_H
#define LNM_SCHED_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/job/job.h"
#include "toolchains/gobuild.h"

struct probe_result {
	struct str lines;       /* "symbol\tsentence\n" each */
	struct str trouble;     /* why the list may not be complete; empty: it is */
	uint64_t wall_ms;
	bool cancelled;
};

typedef void probe_fn(void *arg, struct probe_result *r); /* r is good during the call */
struct probe;

/*
 * `build` gives GOROOT, target, variant and tmp, below which the build's work
 * folder lies; package, symbol and sentence are those of the first refusal.
 * fn is called once, later.
 */
struct probe *probe_start(struct jobs *jobs, const struct gobuild *build, const char *package,
			  const char *symbol, const char *sentence, probe_fn *fn, void *arg);

#endif
