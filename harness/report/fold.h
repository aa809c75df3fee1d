/*
 * One entry for one cause: what forty cells have in common is said once, with
 * its cells named by what they span.
 *
 * An item is a cause and a place (who x target x toolchain).  Items of a cause
 * are folded along the toolchains, then the targets, then who, as long as they
 * fill a rectangle; what comes out is in the order of first appearance.
 */
#ifndef LNM_REPORT_FOLD_H
#define LNM_REPORT_FOLD_H

#include <stddef.h>

#include "harness/base/mem.h"

enum fold_axis { FOLD_TOOLCHAIN, FOLD_TARGET, FOLD_WHO, FOLD_AXES };

struct fold_set {
	size_t *v, n, cap; /* ascending ordinals */
};

struct fold_entry {
	size_t cause;                      /* ordinal, of the caller's choice */
	size_t sample;                     /* of its first item: an index of the caller's */
	size_t count;                      /* items in it */
	struct fold_set at[FOLD_AXES];
};

struct fold {
	struct fold_entry *v;
	size_t n, cap;
};

void fold_add(struct fold *fold, size_t cause, size_t sample, const size_t at[FOLD_AXES]);
void fold_up(struct fold *fold);
void fold_dispose(struct fold *fold);

#endif
