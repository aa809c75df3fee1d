/*
 * Judging: from facts to outcomes.  Pure: no process, no file, no clock, so that
 * old facts can be judged again by a better version.
 */
#ifndef LNM_RESULTS_JUDGE_H
#define LNM_RESULTS_JUDGE_H

#include <stdbool.h>

#include "results/diagnose.h"
#include "results/expect.h"
#include "results/outcome.h"
#include "results/result.h"

/* How a child ended and what it said; strings borrowed. */
struct seen {
	const char *end;        /* job_end_name(): "exited", "timed-out", ... */
	int exit_status, term_signal;
	struct text out, err;
	uint64_t out_total, err_total; /* more than out.n means that it was cut */
	uint64_t timeout_ms;    /* the limit that it had */
};

/* Each overwrites what `o` says of kind, stage, symbols, message, exit, signal;
 * notes and findings stay. */
void judge_build(struct outcome *o, const struct seen *build, const struct path_aliases *aliases);
void judge_run(struct outcome *o, const struct seen *run, const struct run_expectation *want);
/* What was not the program's doing: it met our memory limit (a note), or wanted to start a
 * program of its own architecture, which only an emulator could have run (infra). */
void judge_run_limits(struct outcome *o, const struct seen *run, bool native, unsigned megabytes);
/* One of Go's tools: what it says is for the steps; false when it did not end by itself. */
bool judge_tool(struct outcome *o, const struct seen *tool);
/* A check of the scenario's own failed. */
void judge_check(struct outcome *o, const char *message);
/* Something kept the question from being put. */
void judge_prepare(struct outcome *o, enum outcome_kind kind, const char *message);

/* Adds what the linker refuses besides: lines of "symbol\tsentence\n". */
void judge_refused(struct outcome *o, struct text lines);
/* What the same link showed with -checklinkname=0. */
enum rescue judge_rescue(const struct outcome *with_flag);

/*
 * Repeats of one cell: when all agree in kind the first stands; otherwise the
 * outcome is `flaky`, with the counts in its message ("pass 7, run-crash 3"). The
 * counts of more than one are kept in either case.
 */
void judge_repeats(struct outcome *o, const struct outcome *repeats, size_t n);

/* A canary: did a plain program of ours live on this toolchain with this runner? */
struct canary_seen {
	const char *toolchain;
	bool alive;
	const char *message;    /* of a dead one */
};
enum canary_blame {
	BLAME_NOBODY,           /* alive */
	BLAME_RUNNER,           /* dead on every toolchain asked */
	BLAME_GO,               /* dead here, alive on others with the same runner */
	BLAME_UNKNOWN,          /* dead, and no other toolchain was asked */
};
/* `others` are the same runner's and target's canaries on other toolchains. */
enum canary_blame judge_canary(const struct canary_seen *self, const struct canary_seen *others,
			       size_t n);
/*
 * What a dead canary means for a cell that was run there: infra, or a
 * runner-doubt finding. `runner` is its identity.
 */
void judge_doubt(struct outcome *o, enum canary_blame blame, const struct canary_seen *self,
		 const struct canary_seen *others, size_t n, const char *runner,
		 const char *target);

/*
 * Compares with the expectation of this place and with what a document says.
 * Fills expected, verdict, mismatch, why, says, says_differs. `not_run` says why
 * a cell that should have been run was only linked (this machine has no runner),
 * or NULL: such a cell, like infra, gets no verdict.
 */
void judge_verdict(struct cell_result *c, const struct rules *expect, const struct rules *says,
		   const struct place *place, const char *not_run);

/*
 * How the claim of a document fits: fills `fit` and `because`. `output_differs`: the program did not
 * print, or end with, what the document says of this place. Comes after judge_verdict().
 */
void judge_claim(struct cell_result *c, const struct rules *says, const struct rules *because,
		 const struct place *place, bool output_differs);

#endif
