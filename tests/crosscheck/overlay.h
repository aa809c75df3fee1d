/*
 * A file of our own in a package of std: an overlay adds it, so that nothing is written to
 * GOROOT, and the compiler takes it for one of the package's.
 */
#ifndef LNM_TESTS_CROSSCHECK_OVERLAY_H
#define LNM_TESTS_CROSSCHECK_OVERLAY_H

#include "tests/crosscheck/crosscheck.h"

/* All packages of one toolchain's std, as `go list` has them. */
struct std {
	struct crosscheck *x;
	size_t toolchain;
	const char *target;
	struct strv columns;
};
void std_list(struct std *out, struct crosscheck *x, size_t toolchain, const char *target);
void std_dispose(struct std *std);

struct overlay {
	struct std *std;
	const char *package, *name, *dir, *imports, *deps; /* borrowed from std */
	struct strv idents;   /* packages that were named */
	struct str imported;
	struct str body;      /* what follows the imports */
};
/* false: std has no such package; everything is empty then. */
bool overlay_init(struct overlay *out, struct std *std, const char *package);
void overlay_dispose(struct overlay *o);

/*
 * Imports what the text of a type names: "ident.Name", outside of tags. false: Go cannot
 * say that type there, it has something of another package that is not exported.
 */
bool overlay_import(struct overlay *o, const char *type);
/* Builds the package; `said` is what the compiler said. The go command's exit status. */
int overlay_build(struct overlay *o, struct str *said);
/*
 * Iterates over the lines of the body that `said` is about: 0 is the first one, -1 the line
 * of the imports. `at` is `said` at first; false: no more. `message` is borrowed from it.
 */
bool overlay_next_mistake(const char **at, long *line, const char **message, size_t *message_len);

#endif
