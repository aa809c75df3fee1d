/*
 * Layouts of structs: a program's own copy of a struct of std beside the struct
 * itself, and std's of two toolchains beside each other.  Pure.
 */
#ifndef LNM_TOOLCHAINS_LAYOUT_H
#define LNM_TOOLCHAINS_LAYOUT_H

#include <stddef.h>

#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "toolchains/atlas.h"

/*
 * Of a struct; borrowed. Fields in order; -1: size, alignment or a field's place is not known,
 * which is never said to be wrong.
 */
struct layout {
	const struct atlas_field *fields;
	size_t n;
	long size, align;
};

enum layout_grade {
	LAYOUT_SAME,     /* offsets, sizes and pointer words; names and types may differ */
	LAYOUT_PREFIX,   /* what the copy has is right, and it is not all: smaller, less aligned, or std
	                    has fields in its padding. Harmless when only reached through pointers */
	LAYOUT_POINTERS, /* offsets and sizes are right, pointer words differ */
	LAYOUT_DRIFT,    /* a field of the copy is somewhere else in std, or of another size, or gone */
};

const char *layout_grade_name(enum layout_grade grade); /* "same", "prefix", "pointer-map-drift", "drift" */

#define LAYOUT_NOWHERE ((size_t)-1)

struct layout_report {
	enum layout_grade grade;
	size_t first;        /* the field of the copy at which it begins; LAYOUT_NOWHERE: none */
	struct str summary;  /* one line: the first divergence, and what is behind it */
	struct strv details; /* all that differs, a line each; may be there for LAYOUT_SAME as well */
};

/*
 * Fields are matched by name, the first letter in either case; blank and padding ones, which
 * stand for whatever std has there, by offset. A field whose name std has not counts as right
 * where std has fields of just that extent that the copy does not name elsewhere. `word`: bytes
 * of a pointer.
 */
void layout_compare(struct layout_report *out, const struct layout *copy, const struct layout *std,
		    long word);
void layout_report_dispose(struct layout_report *report);

/* What became of std's struct between two toolchains, a line each; added to `out`. */
void layout_timeline(struct strv *out, const struct layout *from, const struct layout *to);

#endif
