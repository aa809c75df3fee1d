/*
 * The matrix of a run: toolchains across, targets down, a heading for each
 * case and variant.  Targets that look alike share a row, a case whose targets
 * all look alike is one row, and cases in which nothing is to be seen are
 * folded into "197 other cases".
 */
#ifndef LNM_REPORT_MATRIX_H
#define LNM_REPORT_MATRIX_H

#include "harness/report/axes.h"
#include "harness/report/table.h"

/* Appends matrix, legend and the meaning of letters; nothing when there are no cells. */
void matrix_add(struct str *out, const struct run_result *r, const struct axes *axes,
		const struct report_style *style);

#endif
