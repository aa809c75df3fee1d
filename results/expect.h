/*
 * Expectations: "on these toolchains, targets and variants, this outcome".
 * A case has a list of them, read from the top; the first whose conditions all
 * hold decides.  What a checked document says has the same form.
 */
#ifndef LNM_RESULTS_EXPECT_H
#define LNM_RESULTS_EXPECT_H

#include <stdbool.h>

#include "harness/base/error.h"
#include "harness/base/str.h"
#include "results/outcome.h"
#include "toolchains/gover.h"

/* Where a cell stands in its matrix; strings borrowed. */
struct place {
	const char *toolchain;     /* the whole name, what-if edits included */
	struct gover version;      /* of its release */
	const char *target, *variant;
	bool cgo;
	bool registers;            /* arguments travel in registers here */
};

struct rule {
	int line;                  /* in the scenario, for messages */
	/* when: an empty list holds everywhere, otherwise one entry must hold */
	struct strv go;            /* conditions of gover_match(): "1.22", ">=1.23" */
	struct strv toolchain;     /* globs over the whole name: "*+linknamestd(*)" */
	struct strv target;        /* globs: "linux/arm", "linux/arm64" */
	struct strv variant;       /* globs */
	int cgo;                   /* 0, 1, or -1: either */
	int registers;             /* likewise */
	/* then */
	unsigned outcomes;         /* bits 1 << enum outcome_kind; 0: any */
	unsigned never;            /* likewise: none of the repeats may have come to these */
	bool has_symbols;
	struct strv symbols;       /* exactly these, sorted */
	int rescue;                /* enum rescue, or -1: any */
	struct strv findings;      /* kinds, each of which must have been found; sorted */
	char *message;             /* must occur in the outcome's message; or NULL */
	char *signal;              /* or NULL */
	bool has_exit;
	int exit_status;           /* what the program's exit must be; 0 without */
	char *out, *err;           /* what it must print; NULL: as the fixture says */
	char *why;                 /* shown beside the verdict; or NULL */
};

struct rules {
	struct rule *v;
	size_t n, cap;
};

/* The first rule that holds at this place, or NULL. Conditions were checked
 * when the scenario was read (rule_check), so this cannot fail. */
const struct rule *rules_find(const struct rules *rules, const struct place *place);
/* ERR_INPUT when a version condition is malformed. */
int rule_check(const struct rule *rule, struct error *err);
/* Does the outcome satisfy the rule? If not, `mismatch` (if not NULL) gets what
 * differs, in words. */
bool rule_satisfied(const struct rule *rule, const struct outcome *o, struct str *mismatch);
/* Likewise, of the outcome alone: whatever was said, about which symbols, and found. */
bool rule_nearly_satisfied(const struct rule *rule, const struct outcome *o);
/* "link-rejected", "run-crash or run-wrong", "any" */
void rule_describe(const struct rule *rule, struct str *out);
void rule_dispose(struct rule *rule);
void rules_dispose(struct rules *rules);

#endif
