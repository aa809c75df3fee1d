/*
 * What may have taken a symbol's place.  Guesses from the atlases, each with what it
 * was guessed from; never facts.
 */
#ifndef LNM_RESULTS_SUCCESSOR_H
#define LNM_RESULTS_SUCCESSOR_H

#include "results/layout_timeline.h"
#include "results/symbol_timeline.h"

struct successor {
	char *name;    /* "runtime.rand" */
	char *reason;  /* "new in go1.22.12, same signature, named alike" */
};

struct successors { struct successor *v; size_t n, cap; };

enum { SUCCESSORS = 3 }; /* at most */

/* Best first, added to `out`. */
void successors_of_symbol(struct successors *out, const struct timeline_source *src,
			  const struct symbol_timeline *t);
void successors_of_type(struct successors *out, const struct timeline_source *src,
			const struct layout_timeline *t);
void successors_dispose(struct successors *s);

#endif
