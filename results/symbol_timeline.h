/*
 * A symbol over toolchains and targets: is it there, what is it, and who may refer
 * to it, from Go and from assembly.  A pure function of the atlases' sections.
 */
#ifndef LNM_RESULTS_SYMBOL_TIMELINE_H
#define LNM_RESULTS_SYMBOL_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/mem.h"
#include "results/timeline.h"
#include "toolchains/linkrule.h"

/* On one toolchain and target. */
struct symbol_entry {
	const char *missing;         /* could not be asked, and why (borrowed); nothing else holds then */
	bool declared;               /* std says something about it; else `symbol` is empty */
	bool exists;                 /* and it is defined */
	struct atlas_symbol symbol;  /* owned; without a type's fields */
	bool blocked;                /* the linker's table names it, and does not except package main */
	enum link_access access;
	struct link_ruling go, assembly;
	struct strv users;           /* modules that std's comment names */
	struct atlas_directives directives; /* of std, that target it */
	char *trouble;               /* the package could be read in part only, and why; NULL: it is whole */
};

struct symbol_timeline {
	char *name, *package, *local;  /* "runtime.fastrand", "runtime", "fastrand"; owned */
	struct symbol_entry *entries;  /* as timeline_index() has it */
	size_t n;
	bool declared;                 /* in any of them */
	bool no_package;               /* none of them has the package */
};

struct symbol_timelines { struct symbol_timeline *v; size_t n, cap; };

/* One name. Dispose of it. */
void symbol_timeline_build(struct symbol_timeline *out, const struct timeline_source *src,
			   const char *package, const char *local);
/* Many names of one package, each once, added to `out` in their order. */
void symbol_timelines_build(struct symbol_timelines *out, const struct timeline_source *src,
			    const char *package, const struct strv *locals);
void symbol_timeline_dispose(struct symbol_timeline *t);

/*
 * Names of a package that match a glob on any toolchain and target, added to `out`, each
 * once, sorted. `types` : types only.
 */
void symbol_names_matching(struct strv *out, const struct timeline_source *src, const char *package,
			   const char *glob, bool types);

#endif
