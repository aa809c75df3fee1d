/*
 * Names of toolchains: a base and what-if edits on it.
 *
 *	go1.22.12
 *	go1.27.4+linknamestd(runtime.load_g,runtime.cgocallback)
 *	local:/opt/go+remove(runtime.nanotime)
 *	go1.27.4+strict
 *
 * The base is a Go version or PROVIDER:REST.  The canonical text, which is the
 * key in results and stores, has each kind of edit once, in the order of first
 * appearance, its symbols as they came, without blanks.
 */
#ifndef LNM_TOOLCHAINS_NAME_H
#define LNM_TOOLCHAINS_NAME_H

#include "harness/base/error.h"
#include "harness/base/mem.h"

enum edit_kind { EDIT_LINKNAMESTD, EDIT_LINKNAME, EDIT_REMOVE, EDIT_STRICT, EDIT_KINDS };

struct edit {
	enum edit_kind kind;
	struct strv symbols; /* at least one; none of EDIT_STRICT, which finds them itself */
};

struct edits { struct edit *v; size_t n, cap; };

struct toolchain_name {
	char *base;
	struct edits edits; /* none: a plain toolchain */
};

const char *edit_kind_name(enum edit_kind kind);

/*
 * Splits a text into base and edits; the base is any text but an empty one, so
 * that "1.27" or "latest" of a --go spec will do.  ERR_INPUT: unknown kind,
 * empty list, parentheses that don't match, a symbol that is not PACKAGE.NAME
 * or stands twice.  `out` is to be disposed of after success only.
 */
int name_split(struct toolchain_name *out, const char *text, struct error *err);

/*
 * The same for a name: the base must be a Go version, which gets its published
 * form ("1.27.4" becomes "go1.27.4"), or PROVIDER:REST.
 */
int name_parse(struct toolchain_name *out, const char *text, struct error *err);

/* The canonical text; caller frees. */
char *name_format(const struct toolchain_name *name);
void name_dispose(struct toolchain_name *name);

void edits_copy(struct edits *out, const struct edits *from); /* `out` is overwritten, not freed */
void edits_dispose(struct edits *edits);

/*
 * Splits a comma list, of --go or any other, at commas outside parentheses;
 * blanks around the parts go.  Adds to `out`.  ERR_INPUT for an empty part or
 * parentheses that don't match; `out` then holds what came before.
 */
int spec_split(struct strv *out, const char *list, struct error *err);

#endif
