/*
 * Verdicts about documents: what a document says of many cells, against what happened in
 * them.  Pure.
 */
#ifndef LNM_RESULTS_CLAIMS_H
#define LNM_RESULTS_CLAIMS_H

#include "results/result.h"

enum claim_verdict {
	CLAIM_UNASKED,   /* no cell that it speaks of could be asked */
	CLAIM_CONFIRMED, /* all as it says */
	CLAIM_PARTLY,    /* what it says happens; the message, the symbols or the cause are others */
	CLAIM_DEPENDS,   /* right in some cells, wrong in others */
	CLAIM_REFUTED,   /* right in none */
	CLAIM_VERDICTS
};

const char *claim_verdict_name(enum claim_verdict verdict);
enum claim_verdict claim_judge(const struct run_result *r, const struct claim_case *claim);
/* Is the cell one of the claim's case? */
bool claim_is_of(const struct claim_case *claim, const struct cell_result *cell);

#endif
