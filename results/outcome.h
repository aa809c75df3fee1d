/*
 * Outcomes: the class that a cell's facts fall in, and what proves it
 * (contract, sections 2, 3 and 5).  Plain values; nothing here knows that
 * processes exist.
 */
#ifndef LNM_RESULTS_OUTCOME_H
#define LNM_RESULTS_OUTCOME_H

#include <stdbool.h>

#include "harness/base/mem.h"

/* In the contract's order. */
enum outcome_kind {
	OUTCOME_PASS,
	OUTCOME_LINKED,
	OUTCOME_COMPILE_ERROR,
	OUTCOME_LINK_REJECTED,
	OUTCOME_LINK_UNDEFINED,
	OUTCOME_LINK_DUPLICATE,
	OUTCOME_LINK_ERROR,
	OUTCOME_RUN_CRASH,
	OUTCOME_RUN_WRONG,
	OUTCOME_TIMEOUT,
	OUTCOME_UNSUPPORTED,
	OUTCOME_FLAKY,
	OUTCOME_INFRA,
	OUTCOME_KINDS
};

enum stage { STAGE_PREPARE, STAGE_COMPILE, STAGE_LINK, STAGE_POST_LINK, STAGE_RUN, STAGES };

/* What the same link showed with -checklinkname=0. */
enum rescue { RESCUE_NONE, RESCUE_REJECTED_ONLY, RESCUE_GONE, RESCUE_CHANGED, RESCUES };

enum verdict {
	VERDICT_NONE, /* nothing to compare with, or the machine lacks what it takes */
	VERDICT_EXPECTED,
	VERDICT_UNEXPECTED,
	VERDICT_REGRESSED,
	VERDICT_FIXED,
	VERDICT_CHANGED,
	VERDICT_NEW,
	VERDICTS
};

/* The names of the contract; the parsers return -1 for any other. */
const char *outcome_name(enum outcome_kind kind);
int outcome_parse(const char *name);
const char *stage_name(enum stage stage);
const char *rescue_name(enum rescue rescue); /* NULL for RESCUE_NONE */
int rescue_parse(const char *name);
const char *verdict_name(enum verdict verdict); /* NULL for VERDICT_NONE */

/* Did the program build (and, where it was run, behave)? pass and linked. */
bool outcome_is_good(enum outcome_kind kind);

/* All strings owned; optional ones may be NULL, `line` 0. */
struct finding {
	char *kind;     /* of the contract: "runner-doubt", ... */
	char *symbol, *local, *target, *file;
	int line;
	char *severity; /* info, warning, error */
	char *message;
};

struct outcome {
	enum outcome_kind kind;
	enum stage stage;
	struct strv symbols; /* sorted, no duplicates */
	char *message;       /* the sentence that decided, as the tool said it; may be "" */
	bool has_exit;
	int exit_status;
	char *signal;        /* "SIGSEGV", or NULL */
	enum rescue rescue;
	bool symbols_unknown; /* of a rejected cell: there may be more than `symbols` */
	bool rescue_unknown; /* the second opinion could not be had here */
	unsigned repeats[OUTCOME_KINDS]; /* of a cell that ran more than once: how often each */
	struct strv notes;
	VEC(struct finding) findings;
};

void outcome_set_message(struct outcome *o, const char *text); /* copies */
/* Adds a symbol in its place; a second time it is passed over. */
void outcome_add_symbol(struct outcome *o, const char *symbol);
struct finding *outcome_add_finding(struct outcome *o, const char *kind, const char *severity,
				    const char *message);
/* Is there a finding of that kind? */
bool outcome_has_finding(const struct outcome *o, const char *kind);
void finding_dispose(struct finding *f);
/* The kinds of the contract; NULL at the end. */
extern const char *const finding_kinds[];
bool finding_kind_known(const char *kind);
/* Says that the program is wrong whether or not it shows ("error"): makes the exit status 1 unless the
 * expectation names its kind. */
bool finding_is_grave(const struct finding *f);
/* Good to know, and nothing to act on. */
bool finding_is_info(const struct finding *f);
void outcome_dispose(struct outcome *o);

#endif
