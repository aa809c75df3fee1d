/*
 * Fakes for the engine's seams: an executor that replays canned answers from the
 * loop, a supplier and a versioner.  No process is started, nothing is read.
 */
#ifndef LNM_TESTS_FAKES_H
#define LNM_TESTS_FAKES_H

#include "harness/sched/engine.h"

/* What is answered to questions that match; of several the first that does.
 * A NULL condition matches all. */
struct fake_rule {
	const char *kind;      /* "build", "refused", "run" */
	const char *program;   /* glob: the first word of the fixture's comment, or "canary" */
	const char *toolchain, *target; /* globs */
	const char *flags;     /* must stand in the build's flags; "-": must not: -checklinkname=0 */
	int repeat;            /* 0: any; n: the n-th run */
	/* the answer */
	const char *end;       /* NULL: "exited" */
	int exit_status, signal;
	const char *out, *err;
	const char *fail;      /* the question could not be put: why */
};

struct fake_wait {
	struct toolchain *tc;
	toolchain_fn *supplied;
	struct runner *runner;
	versioned_fn *versioned;
	void *arg;
};

struct fake {
	struct executor ex;    /* first: the executor is the fake */
	struct supplier sup;
	struct versioner ver;
	uv_loop_t *loop;
	uv_idle_t idle;
	const struct fake_rule *rules;
	size_t nrules;
	struct strv log;       /* each question: "build prog go1.22.12 linux/arm64 default" */
	bool silent;           /* keep no log */
	size_t most;           /* questions that were under way at once */
	bool hold;             /* answer nothing until that is false again */
	const char *slow;      /* glob: toolchains that must be laid out first */
	const char *broken;    /* glob: those of them that cannot be */
	bool hold_supply;
	const char *mute;      /* glob: runners that do not tell their version */
	struct strv installed;
	struct runners runners; /* "emu" linux/arm64, "emu386" linux/386, "other" linux/mips*;
	                           "absent" would do for linux/s390x */
	/* private */
	VEC(struct ask *) queue;
	VEC(struct fake_wait) waits;
};

void fake_init(struct fake *f, uv_loop_t *loop);
void fake_go(struct fake *f);      /* after clearing hold or hold_supply */
void fake_close(struct fake *f);   /* its handle; then run the loop once more */
void fake_dispose(struct fake *f);
/* How many questions of the log match the glob. */
size_t fake_asked(const struct fake *f, const char *glob);

#endif
