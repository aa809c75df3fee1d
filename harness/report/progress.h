/*
 * The live line of a run: what is done, what is under way.  A pure function
 * of the counts; who draws it and how often is the command line's business.
 */
#ifndef LNM_REPORT_PROGRESS_H
#define LNM_REPORT_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/str.h"

struct progress_download {
	const char *name;          /* "go1.27.4" */
	uint64_t bytes;            /* so far */
	uint64_t total;            /* 0: not known */
};

struct progress {
	size_t done, total;        /* cells */
	unsigned building, running;
	const struct progress_download *downloads;
	size_t ndownloads;
	const char *current;       /* "crosscall2 linux/arm64 go1.26.11", or NULL */
	uint64_t elapsed_ms;
	int64_t eta_ms;            /* what is left; negative: not known */
	bool utf8;
};

/*
 * Appends one line without a line end that fills at most `width` columns:
 *   [ 87/256] 2 building, 1 running · go1.27.4 34 MB · crosscall2 linux/arm64 · 0:12
 * What matters least is shortened first, then left out.
 */
void progress_line(struct str *out, const struct progress *p, int width);

#endif
