/*
 * What the atlases of many toolchains and targets say about one name: the axes,
 * and where the sections come from.  Pure; see symbol_timeline.h, layout_timeline.h.
 */
#ifndef LNM_RESULTS_TIMELINE_H
#define LNM_RESULTS_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>

#include "toolchains/atlas.h"
#include "toolchains/gover.h"
#include "toolchains/target.h"

struct timeline_toolchain {
	const char *name;      /* "go1.27.4+linknamestd(...)" */
	const char *base;      /* "go1.27.4" */
	struct gover version;
};

/* Everything borrowed. */
struct timeline_source {
	const struct timeline_toolchain *toolchains; /* oldest first */
	size_t ntoolchains;
	const struct target *targets;
	size_t ntargets;
	/* Of each toolchain x target, the toolchain's targets side by side: why it could not be
	 * asked; NULL: it was. */
	const char *const *missing;
	/* The section of a package, good until the source goes; false: there is no such package. */
	bool (*section)(void *arg, size_t toolchain, size_t target, const char *package,
			struct atlas_section *out);
	/* All packages of the atlas, added to `out`; false: they are not known. May be NULL. */
	bool (*packages)(void *arg, size_t toolchain, size_t target, struct strv *out);
	void *arg;
};

static inline size_t timeline_index(const struct timeline_source *src, size_t toolchain, size_t target)
{
	return toolchain * src->ntargets + target;
}

/* NULL: it was asked. */
static inline const char *timeline_missing(const struct timeline_source *src, size_t toolchain,
					   size_t target)
{
	return src->missing ? src->missing[timeline_index(src, toolchain, target)] : NULL;
}

/* Could any pair be asked? */
bool timeline_any_asked(const struct timeline_source *src);

/* "runtime.fastrand"; the name alone in the package "". Caller frees. */
char *timeline_full_name(const char *package, const char *local);
/*
 * Does a name match what was asked for?  * is any run, ? one byte, except that the
 * star of "(*mheap)" is a star.
 */
bool timeline_name_matches(const char *pattern, const char *name);
/* Has it a * or ? that is not a pointer receiver's star? */
bool timeline_name_is_glob(const char *text);

/* How a package was read. */
enum timeline_state {
	TIMELINE_NO_PACKAGE,
	TIMELINE_WHOLE,
	TIMELINE_PART,       /* something stood in the way: what is not found may be there */
};
/* `trouble` (may be NULL) is overwritten with what stood in the way. */
enum timeline_state timeline_section_state(const struct atlas_section *section, struct str *trouble);
enum timeline_state timeline_state(const struct timeline_source *src, size_t toolchain, size_t target,
				   const char *package);
/* Is the package there in any of them? */
bool timeline_has_package(const struct timeline_source *src, const char *package);

#endif
