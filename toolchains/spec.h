/*
 * --go specs (contract, section 4) and the toolchains they stand for.
 *
 *	1.22.12 1.27rc1       exactly that
 *	1.22                  the newest patch of a minor
 *	1.22..1.27            of each minor; an end may be exact, `latest`, ... or `tip`
 *	1.22..1.24:all        every published release and candidate
 *	latest stable         the newest release
 *	oldstable             the newest of the minor before
 *	rc                    the newest candidate of all
 *	local:PATH            a Go on this machine
 *	...+linknamestd(S)    a what-if of any that names one toolchain
 *	...?                  may be unavailable without that being a fault
 *
 * As a range's end `tip` means the newest release and, when it is newer still,
 * the newest candidate.
 */
#ifndef LNM_TOOLCHAINS_SPEC_H
#define LNM_TOOLCHAINS_SPEC_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/error.h"
#include "toolchains/lock.h"
#include "toolchains/name.h"
#include "toolchains/published.h"

struct spec_item {
	char *name;         /* "go1.27.4+linknamestd(runtime.load_g)" */
	char *base;         /* "go1.27.4", "local:/opt/go"; the name when there are no edits */
	struct edits edits;
	bool is_version;    /* base is a Go version, `version` */
	struct gover version;
	bool optional;      /* every spec that gave it ended in "?" */
	bool unlisted;      /* not known to be published, but newer than what is known */
	char *from_spec;    /* the first that gave it, as it was written */
	bool moved;         /* a moving spec was answered from the published list, not the lock */
};

/* What is to be written to the lock for the same answer tomorrow. */
struct spec_pin {
	char *spec;
	struct gover version;
};

struct spec_list {
	/* Oldest first, each once, a what-if behind its base; local ones last, as given. */
	struct { struct spec_item *v; size_t n, cap; } items;
	struct { struct spec_pin *v; size_t n, cap; } pins;
};

/*
 * Resolves a comma list.  `lock` may be NULL; what it pins goes before what is
 * published.  ERR_INPUT for what is not a spec, or names nothing published;
 * the message then says what there is.  Nothing is to be disposed of after a
 * failure.
 */
int spec_resolve(struct spec_list *out, const char *specs, const struct published *published,
		 const struct lock *lock, struct error *err);
/* Writes the pins into a lock. */
void spec_pin(const struct spec_list *list, struct lock *lock);
void spec_list_dispose(struct spec_list *list);

#endif
