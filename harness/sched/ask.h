/*
 * Questions: "what does this build say?", "what does this binary do?".
 *
 * Each has a key made of everything that could change the answer, and each is
 * asked once: of the store if it knows, else of the executor, and whoever asks
 * the same while it is under way waits for the one answer.  The answer is a fact.
 *
 * The executor is a seam: the real one starts processes (exec_go.c), the fake one
 * of the tests replays canned answers, ten thousand of them without a process.
 */
#ifndef LNM_SCHED_ASK_H
#define LNM_SCHED_ASK_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "harness/job/job.h"
#include "harness/sched/toolchain.h"
#include "harness/script/fixture.h"
#include "harness/script/scenario.h"
#include "results/judge.h"
#include "results/store.h"
#include "runners/runner.h"
#include "toolchains/target.h"
#include "toolchains/variant.h"

enum { EXEC_RUN_MEGABYTES = 2048 }; /* RLIMIT_DATA of each process of a run */

enum ask_kind {
	ASK_BUILD,   /* go build; stderr is what it said */
	ASK_REFUSED, /* after a rejection: every symbol that the linker refuses, one per
	                line of stdout: symbol, tab, the linker's sentence */
	ASK_RUN,
	ASK_TOOL,    /* one of Go's tools, or a look into its sources */
};

/* What is built. All borrowed; must live until the answer has come. */
struct build_question {
	struct toolchain *tc;
	const struct target *target;
	const struct variant *variant;
	bool cgo, rescue;
	const struct fixture *fixture;
	const char *lowered;       /* go.mod's go line is lowered to this; or NULL */
	const char *package;
	const char *host;          /* what loads the library that is built: "host.c", "./host"; or NULL */
	uint64_t timeout_ms;
};

/* How it is run. Borrowed likewise. */
struct run_question {
	struct runner *runner;     /* its version is known */
	const struct strv *args, *env;
	const char *input;         /* or NULL */
	unsigned repeat;           /* the n-th time of asking */
	int round;                 /* likewise, as the steps count */
	uint64_t timeout_ms;
};

/* What a tool is asked. Borrowed likewise. */
struct tool_question {
	enum go_tool tool;
	const struct strv *args;   /* as enum go_tool has them */
	struct runner *runner;     /* TOOL_TEST: its version is known */
	uint64_t timeout_ms;
};

struct ask;
typedef void ask_fn(void *arg, const struct ask *ask);

struct ask_waiter {
	ask_fn *fn;
	void *arg;
};

struct ask {
	enum ask_kind kind;
	char key[DIGEST_HEX];
	char build_key[DIGEST_HEX]; /* of the build that it is about; own key for ASK_BUILD */
	struct build_question build;
	struct run_question run;
	struct tool_question tool;

	/* the answer, for the waiters */
	struct fact fact;
	struct str out, err;       /* texts */
	bool cached;               /* the store knew from before this run */
	/* The question could not be put at all (no toolchain, no disk): not stored. */
	bool failed;
	enum err_code why;
	char failure[1024];

	/* private */
	struct asker *asker;
	struct ask *next, *prev;
	VEC(struct ask_waiter) waiting;
};

/*
 * start() fills, then or later, fact.end, exits, totals, wall_ms, about, out and
 * err (or failed, why and failure) and calls ask_answered(); the waiters are told
 * from the loop.  cancel_all() makes every question under way be answered soon, as
 * cancelled.
 */
struct executor {
	void (*start)(struct executor *ex, struct ask *ask);
	void (*cancel_all)(struct executor *ex);
};
void ask_answered(struct ask *ask);

/* An answer as judging takes it; its texts are borrowed from the ask. */
struct seen ask_seen(const struct ask *ask, uint64_t timeout_ms);

struct asker;
/* `fresh`: facts from before now do not count. */
struct asker *asker_new(uv_loop_t *loop, struct store *store, struct executor *ex, bool fresh);
void asker_free(struct asker *a); /* nothing may be under way */

/* Keys; of what the build reads only what can change its answer goes in. */
void build_key(char out[DIGEST_HEX], const struct build_question *q);
void refused_key(char out[DIGEST_HEX], const char build[DIGEST_HEX]);
void tool_key(char out[DIGEST_HEX], const char build[DIGEST_HEX], const struct tool_question *q);
void run_key(char out[DIGEST_HEX], const char build[DIGEST_HEX], const struct run_question *q);

/*
 * Each calls `fn` exactly once, never before it returns. The ask that fn gets is
 * good during the call. The toolchain's identity must be known.
 */
void ask_build(struct asker *a, const struct build_question *q, ask_fn *fn, void *arg);
void ask_refused(struct asker *a, const struct build_question *q, ask_fn *fn, void *arg);
void ask_run(struct asker *a, const struct build_question *q, const struct run_question *r,
	     ask_fn *fn, void *arg);
void ask_tool(struct asker *a, const struct build_question *q, const struct tool_question *t,
	      ask_fn *fn, void *arg);
/* Questions under way. */
size_t asker_pending(const struct asker *a);
/* Stores a second fact that came with an answer (the refused symbols with the
 * rejection); for executors. */
int asker_store_extra(struct asker *a, const char key[DIGEST_HEX], const char *kind,
		      const struct str *out, const struct str *err_text, double wall_ms,
		      struct error *err);
/* The first failure to write to the store, or NULL; then the run must end. */
const struct error *asker_store_error(const struct asker *a);

#endif
