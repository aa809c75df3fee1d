/*
 * What a run gives: its cells with their outcomes and verdicts, and the changes
 * between neighbouring toolchains.  The value that reports are made from.
 */
#ifndef LNM_RESULTS_RESULT_H
#define LNM_RESULTS_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "results/outcome.h"

/* What a document says of a cell, against what happened. */
enum claim_fit {
	CLAIM_NONE,   /* it says nothing */
	CLAIM_HOLDS,
	CLAIM_NEARLY, /* the outcome is as it says, but not the message or the symbols */
	CLAIM_FAILS,
};

/* Strings are owned unless said otherwise. */
struct cell_result {
	char *scenario, *kase;   /* "fakecgo", "crosscall2" */
	char *toolchain;         /* "go1.22.12", "go1.27.4+linknamestd(runtime.load_g)" */
	char *target;            /* "linux/arm64" */
	char *variant;           /* "default", "checklinkname=0" */
	bool cgo;
	struct outcome outcome;
	char *runner;            /* "qemu-aarch64 7.2.22, cpu default"; NULL when not run */
	char *out_digest, *err_digest; /* the last run's stdout and stderr in the store, or NULL */
	double duration_ms;      /* of its builds and runs, wall */
	bool cached;             /* answered from the store alone */
	char *expected;          /* "link-rejected runtime.a,runtime.b", or NULL: no expectation */
	enum verdict verdict;
	bool alarming;           /* has a grave finding that the expectation does not name */
	char *mismatch;          /* of an unexpected cell: what differs besides the outcome; or NULL */
	char *why;               /* the expectation's reason as the scenario gives it, or NULL */
	char *says;              /* what the checked document says of this cell, or NULL */
	bool says_differs;       /* the document is wrong about this cell */
	bool says_output;        /* it says what the program prints */
	enum claim_fit fit;      /* how wrong */
	enum claim_fit because;  /* whether the cause that it names can be: HOLDS, FAILS, or NONE */
	char *command;           /* a plain `go build` to see the same, or NULL */
};

/* A toolchain's place in the run. */
struct toolchain_column {
	char *name;       /* as in cell_result.toolchain */
	char *base;       /* of a what-if variant: the release's name; else NULL */
	char *identity;   /* checksum that pins it, or NULL when it could not be had */
	char *missing;    /* why it could not be had, or NULL */
	bool excused;     /* it is not to be had, and the spec said so with a "?" */
	bool mistaken;    /* it cannot be: a what-if of a symbol that there is none of */
};

struct change {
	const char *scenario, *kase, *target, *variant; /* borrowed from the cells */
	size_t from, to;    /* indices of cells */
	const char *kind;   /* of the contract: "new-rejection", ... */
};

/* A document that a scenario checks. */
struct claim_source {
	char *scenario, *source;
};

/* A statement of a document that a case checks; all but the first three may be NULL. */
struct claim_case {
	char *scenario, *kase, *source;
	char *text;       /* the statement, in a sentence */
	char *at;         /* the version that the document speaks of */
	char *explain;    /* what is true instead */
};

/* One that no program can check. */
struct unchecked_claim {
	char *scenario, *source, *text, *why;
};

struct run_result {
	char *id, *started, *ended; /* RFC 3339 in UTC; ended NULL while it goes on */
	char *host, *version, *command;
	bool interrupted;
	size_t planned;          /* cells that were to be run; more than cells.n after Ctrl-C */
	VEC(struct cell_result) cells; /* sorted: scenario, case, variant, target, toolchain column */
	VEC(struct toolchain_column) columns; /* oldest first; a what-if after its base */
	VEC(struct change) changes;
	VEC(struct claim_source) claims;
	VEC(struct claim_case) claim_cases;
	VEC(struct unchecked_claim) unchecked;
	uint64_t wall_ms, cpu_ms; /* of this run; cpu: children and lnmatrix itself */
};

void cell_result_dispose(struct cell_result *c);
void run_result_dispose(struct run_result *r);
/* Forgets what cannot be checked: the run is about some cases only. */
void run_result_drop_unchecked(struct run_result *r);

/* Index of a toolchain's column, or -1. */
int run_result_column(const struct run_result *r, const char *toolchain);
/* Puts cells in the order given above: scenarios and cases in the order of first
 * appearance, likewise variants and targets; stable. */
void run_result_sort(struct run_result *r);

#endif
