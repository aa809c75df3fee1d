/*
 * A type's layout over toolchains and targets.  A pure function of the atlases'
 * sections.
 */
#ifndef LNM_RESULTS_LAYOUT_TIMELINE_H
#define LNM_RESULTS_LAYOUT_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>

#include "results/timeline.h"

struct layout_entry {
	const char *missing;       /* could not be asked, and why (borrowed); nothing else holds then */
	bool declared;             /* the package has this name, as whatever */
	bool is_type;
	struct atlas_symbol type;  /* declared; owned */
	char *trouble;             /* the package could be read in part only; NULL: it is whole */
};

struct layout_timeline {
	char *name, *package, *local;
	struct layout_entry *entries; /* as timeline_index() has it */
	size_t n;
	bool found;                   /* a type in any of them */
	bool no_package;
};

void layout_timeline_build(struct layout_timeline *out, const struct timeline_source *src,
			   const char *package, const char *local);
void layout_timeline_dispose(struct layout_timeline *t);

bool layout_is_generic(const struct layout_entry *e);
/* "abi.Type", borrowed; NULL: it is no alias. */
const char *layout_alias_of(const struct layout_entry *e);

/*
 * The same bytes in the same places: size, alignment, the fields' names, offsets, sizes and
 * pointers. What the fields' types are called does not count.
 */
bool layout_same(const struct layout_entry *a, const struct layout_entry *b);
/* The field of that name; the nth of them, for blank ones. NULL: none. */
const struct atlas_field *layout_field(const struct layout_entry *e, const char *name, size_t nth);
/* How many fields before `at` have the same name: the nth of `at`. */
size_t layout_nth(const struct layout_entry *e, size_t at);

#endif
