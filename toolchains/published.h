/*
 * What is published: the shipped catalogue (catalogue.yaml, releases and
 * candidates known when lnmatrix was made) and what `go list -m -versions
 * golang.org/toolchain` answers today.  Neither alone is complete: the list
 * leaves out versions that can be had (1.18.10), the catalogue grows old.
 */
#ifndef LNM_TOOLCHAINS_PUBLISHED_H
#define LNM_TOOLCHAINS_PUBLISHED_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/error.h"
#include "harness/base/str.h"
#include "toolchains/gover.h"

struct published_item {
	struct gover v;
	bool listed; /* by today's go list, for this host */
};

/* Oldest first, no duplicates. */
struct published { struct published_item *v; size_t n, cap; };

/*
 * Reads a catalogue, adding to `out`.  ERR_INPUT "file:line:column: ..." for an
 * unknown key or schema, or a version that is none or stands under another's minor.
 */
int published_load(struct published *out, const char *path, struct error *err);
int published_parse(struct published *out, const char *text, size_t n, const char *name,
		    struct error *err);

/*
 * Merges the text output of `go list -m -versions golang.org/toolchain`: words
 * "v0.0.1-go1.22.12.linux-amd64", of which those for goos-goarch count.
 * Whatever else stands there is passed over.  Returns how many counted.
 */
size_t published_merge_list(struct published *out, const char *text, const char *goos,
			    const char *goarch);
void published_add(struct published *out, const struct gover *v, bool listed);
void published_dispose(struct published *out);

/* These return borrowed items, good until the next addition, or NULL. */
const struct published_item *published_find(const struct published *p, const struct gover *v);
/* The newest release or candidate of all; of one minor when `minor` is given. */
const struct published_item *published_newest_release(const struct published *p,
						      const struct gover *minor);
const struct published_item *published_newest_candidate(const struct published *p,
							const struct gover *minor);

/*
 * Adds to `out` the versions to use instead of one that can't be had, as a
 * phrase: "go1.27rc2, go1.27.0".  At most two, of the same minor if there are
 * any, the nearest below and above; nothing is added when there are none.
 */
void published_add_nearest(struct str *out, const struct published *p, const struct gover *v);

#endif
