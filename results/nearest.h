/* Names that somebody may have meant. Pure. */
#ifndef LNM_RESULTS_NEAREST_H
#define LNM_RESULTS_NEAREST_H

#include <stddef.h>

#include "harness/base/mem.h"

/* Insertions, deletions, changes and swaps of neighbours from `a` to `b`, case aside; `most` + 1
 * when there are more. */
size_t nearest_distance(const char *a, const char *b, size_t most);
/* Length of the longest run of bytes that both have, case aside. */
size_t nearest_common(const char *a, const char *b);

/*
 * The names that are closest to `name`, best first, at most `max`, added to `out`; those
 * that are too far away to be meant are left out.
 */
void nearest_names(struct strv *out, const char *name, const struct strv *names, size_t max);

#endif
