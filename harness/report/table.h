/*
 * A run as people read it on a terminal: the matrix, then in words what is
 * unexpected, what changed and what else should be known, then one line of
 * totals.  A pure function of the run: same input, same bytes.
 */
#ifndef LNM_REPORT_TABLE_H
#define LNM_REPORT_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/str.h"
#include "results/result.h"

struct report_style {
	int width;          /* columns; no line is longer (60 at least; less is taken as 60) */
	bool color;         /* SGR escapes; without it there is no escape in the output */
	bool utf8;          /* glyphs and dashes; the locale must be a UTF-8 one */
	size_t max_entries; /* of each section of the words; 0: all */
};

/* The cells must be sorted and r->changes filled. Appends to `out`. */
void report_table(struct str *out, const struct run_result *r, const struct report_style *style);

/* Whether a cell is one to look at first: not as expected, or worse than before. */
bool report_is_unexpected(const struct cell_result *c);

#endif
