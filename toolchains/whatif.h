/*
 * What-if toolchains: a Go distribution with linkname directives of its std
 * changed, seen through `go build -overlay`.  Changed copies of the sources and
 * the overlay file are kept in a cache folder; the distribution is not touched.
 *
 *	+linknamestd(S)  each `//go:linkname` mark of S becomes `//go:linknamestd`:
 *	                 only std may refer to S (Go 1.27 and newer)
 *	+linkname(S)     the reverse; a symbol without any mark gets one
 *	+remove(S)       each mark of S becomes a plain comment
 *	+strict          every name that std marks for outside users only - no other
 *	                 package of std names it in a directive - is closed: by
 *	                 linknamestd where the compiler knows it, else by removing the
 *	                 marks (what golang/go#67401 aims at)
 *
 * A mark of S = pkg.name is a directive at the start of a line of a non-test
 * file of std, as the compiler reads it (cmd/compile/internal/noder): with one
 * argument, `name`, in pkg itself; with two, the second being S, in pkg or
 * beside the definition that is pushed out of another package.  All
 * architectures' files are changed alike, and line numbers stay.
 *
 * The linker's own table of blocked names is not affected: a symbol on it stays
 * refused whatever its mark.
 */
#ifndef LNM_TOOLCHAINS_WHATIF_H
#define LNM_TOOLCHAINS_WHATIF_H

#include "harness/base/digest.h"
#include "harness/base/error.h"
#include "harness/base/mem.h"
#include "toolchains/gover.h"
#include "toolchains/name.h"

struct whatif_base {
	const char *root;      /* GOROOT, absolute, outside any module cache */
	struct gover version;
	const char *name;      /* for messages: "go1.27.4" */
	const char *identity;  /* pins the distribution: its checksum or local_go.identity */
};

struct whatif {
	char *overlay;                /* path, for -overlay */
	char identity[DIGEST_HEX];    /* of base identity, edits and changed sources */
	struct strv files;            /* changed, relative to the root: "src/runtime/stubs.go" */
};

/*
 * Makes the overlay below `cache_dir`, or finds it there from before, checked.
 * ERR_INPUT when there is nothing to change (unknown package or symbol, no
 * mark, already as wanted) or the compiler doesn't know linknamestd; the
 * message says what was looked for and where.  Nothing is to be disposed of
 * after a failure.
 */
int whatif_make(struct whatif *out, const struct whatif_base *base, const struct edits *edits,
		const char *cache_dir, struct error *err);
void whatif_dispose(struct whatif *whatif);

#endif
