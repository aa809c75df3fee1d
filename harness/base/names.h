/*
 * Names numbered by first appearance: 0, 1, 2, ...  What grouping and sorting
 * "in the order in which they came" is made of.
 */
#ifndef LNM_BASE_NAMES_H
#define LNM_BASE_NAMES_H

#include <stddef.h>

#include "harness/base/mem.h"

#define NAMES_NONE ((size_t)-1)

struct names {
	struct strv list;         /* in order of first appearance; owned */
	size_t *slots, nslots;    /* hash table of ordinal + 1; 0 is free */
};

/* The ordinal of `name`, which is copied when it is new. */
size_t names_add(struct names *names, const char *name);
/* The ordinal, or NAMES_NONE. */
size_t names_find(const struct names *names, const char *name);
void names_dispose(struct names *names); /* empty and usable again */

#endif
