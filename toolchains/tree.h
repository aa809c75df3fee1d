/*
 * The integrity of a laid-out toolchain.
 *
 * Sealing writes down what every file was right after unpacking; checking
 * compares.  The manifest is a zstd frame of text, one line per file in the
 * order of fs_walk(), mode in octal:
 *
 *	100555 14942208 1763712000123456789 <sha256> bin/go
 *	...
 *	end 12072 <sha256 of all the lines above>
 *
 * The last line makes a cut-off manifest show.  Folders are not recorded.
 */
#ifndef LNM_TOOLCHAINS_TREE_H
#define LNM_TOOLCHAINS_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/error.h"
#include "harness/base/mem.h"

/*
 * Sets the run bits that a module zip doesn't carry (bin/..., pkg/tool/...),
 * takes the write bits off all files, and writes the manifest atomically.
 * Folders stay as they are.  Reads every byte: about a second.
 */
int tree_seal(const char *root, const char *manifest_path, struct error *err);

enum tree_depth {
	TREE_QUICK, /* one lstat per file: names, modes, sizes, times; some 30 ms */
	TREE_FULL,  /* the contents too */
};

enum { TREE_NAMED = 5 }; /* damaged files that a report names */

struct tree_report {
	size_t files;         /* in the manifest */
	size_t damaged;       /* missing, changed or extra */
	struct strv named;    /* the first TREE_NAMED, as "src/runtime/proc.go: size 5, was 7" */
};

/*
 * Compares a tree with its manifest.  0: it is as it was sealed.  ERR_WORK: it
 * is not, or one of the two is missing or torn, so that the toolchain must be
 * laid out again; the message names the first damage.  ERR_OS: could not look.
 * `report` may be NULL; else it is filled in either case and the caller
 * disposes of it.
 */
int tree_check(const char *root, const char *manifest_path, enum tree_depth depth,
	       struct tree_report *report, struct error *err);
void tree_report_dispose(struct tree_report *report);

#endif
