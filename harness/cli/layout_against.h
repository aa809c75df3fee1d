/* A struct of the user's own, as each build sees it: layout --against ./pkg.MyG. */
#ifndef LNM_CLI_LAYOUT_AGAINST_H
#define LNM_CLI_LAYOUT_AGAINST_H

#include "harness/cli/atlas_query.h"

struct own_type {
	char *name;                  /* "pkg.MyG" */
	char *text;                  /* what lnm-atlas local said */
	struct atlas_symbol *types;  /* toolchain x target */
	const struct atlas_symbol **found; /* the same; NULL: not in that build */
	size_t n;
};

/*
 * `what`: FOLDER.TYPE, FILE.go.TYPE or TYPE of the current folder.  Reads the module that the
 * folder is of. ERR_INPUT when there is no such folder, or no build has the type.
 */
int own_type_read(struct own_type *out, struct atlas_query *q, const char *what, struct error *err);
void own_type_dispose(struct own_type *own);

#endif
