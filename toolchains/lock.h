/*
 * The lock file: what moving specs ("1.22", "latest", "rc") stood for when they
 * were first used, and the checksums of the toolchains, so that the same
 * command means the same tomorrow.
 *
 *	schema: lnmatrix/lock/1
 *	specs:
 *	  "1.22": go1.22.12
 *	  latest: go1.27.4
 *	toolchains:
 *	  go1.22.12:
 *	    linux-amd64:
 *	      sum: h1:...
 *
 * A range is pinned through its minors, `tip` through latest and rc.  Sums are
 * those of the module zips, as in go.sum.
 */
#ifndef LNM_TOOLCHAINS_LOCK_H
#define LNM_TOOLCHAINS_LOCK_H

#include <stddef.h>

#include "harness/base/error.h"
#include "toolchains/gover.h"

struct lock_spec {
	char *spec;
	struct gover version;
};

struct lock_sum {
	struct gover version;
	char *platform; /* "linux-amd64" */
	char *sum;      /* "h1:..." */
};

/* Kept sorted: words before minors, versions oldest first, then platforms. */
struct lock {
	struct { struct lock_spec *v; size_t n, cap; } specs;
	struct { struct lock_sum *v; size_t n, cap; } sums;
};

/*
 * Loads; a file that does not exist gives an empty lock.  Strict: ERR_INPUT
 * "file:line:column: ..." for unknown keys, wrong types, specs that don't
 * move, a minor pinned to another's version, sums that aren't "h1:" and 44
 * characters of base64.  Nothing is to be disposed of after a failure.
 */
int lock_load(struct lock *out, const char *path, struct error *err);
int lock_parse(struct lock *out, const char *text, size_t n, const char *name,
	       struct error *err);
/* Saves atomically; the same lock gives the same bytes. */
int lock_save(const struct lock *lock, const char *path, struct error *err);
void lock_dispose(struct lock *lock);

/* What a moving spec is pinned to; borrowed, or NULL. */
const struct gover *lock_find_spec(const struct lock *lock, const char *spec);
void lock_set_spec(struct lock *lock, const char *spec, const struct gover *version);
/* The sum of a toolchain for a platform; borrowed, or NULL. */
const char *lock_find_sum(const struct lock *lock, const struct gover *version,
			  const char *platform);
void lock_set_sum(struct lock *lock, const struct gover *version, const char *platform,
		  const char *sum);

/* Is this a spec that moves and may be pinned: a minor, latest, stable, oldstable, rc? */
bool lock_is_moving(const char *spec);

#endif
