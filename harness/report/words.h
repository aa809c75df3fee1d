/*
 * A run in words: what is unexpected, what changed, where a checked document
 * differs, what could not be asked, findings and notes; each cause once, with
 * the cells that it spans.
 */
#ifndef LNM_REPORT_WORDS_H
#define LNM_REPORT_WORDS_H

#include "harness/report/axes.h"
#include "harness/report/table.h"

void words_add(struct str *out, const struct run_result *r, const struct axes *axes,
	       const struct report_style *style);
/* "256 cells: 180 linked, ..." and, after Ctrl-C, how to go on. */
void words_add_totals(struct str *out, const struct run_result *r,
		      const struct report_style *style);

#endif
