/*
 * The fact check of documents: each statement, the verdict on it, and what happened, grouped.
 * Releases are called by their minor, so that the text lasts from one patch to the next.
 */
#ifndef LNM_REPORT_CLAIMS_H
#define LNM_REPORT_CLAIMS_H

#include "harness/report/json.h"
#include "harness/report/table.h"
#include "results/result.h"

/* `load` is for what programs printed where a document says what they print. */
void report_claims_table(struct str *out, const struct run_result *r, report_load_text *load, void *arg,
			 const struct report_style *style);
void report_claims_markdown(struct str *out, const struct run_result *r, report_load_text *load, void *arg);

#endif
