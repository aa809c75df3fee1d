/*
 * A toolchain as a run knows it: first a name, then an identity (a checksum that
 * goes into the keys of facts), and, only when something must really be built, a
 * tree on disk.
 */
#ifndef LNM_SCHED_TOOLCHAIN_H
#define LNM_SCHED_TOOLCHAIN_H

#include <stdbool.h>

#include "harness/base/error.h"
#include "harness/base/mem.h"
#include "toolchains/spec.h"

enum supply_state { SUPPLY_UNKNOWN, SUPPLY_PENDING, SUPPLY_READY, SUPPLY_FAILED };

struct toolchain;
typedef void toolchain_fn(void *arg, struct toolchain *tc);

struct toolchain_waiter {
	toolchain_fn *fn;
	void *arg;
};

struct toolchain {
	char *name;              /* "go1.27.4+linknamestd(runtime.load_g)" */
	char *base;              /* "go1.27.4", "local:/opt/go" */
	struct edits edits;
	struct gover version;
	bool is_version;         /* base is a published version, not a folder */
	bool optional;           /* may be unavailable without that being a failure */
	char *identity;          /* NULL until known */
	enum supply_state state;
	char *goroot, *overlay;  /* READY: absolute paths; overlay NULL without edits */
	enum err_code why;       /* FAILED */
	char *failure;           /* FAILED: in words */
	VEC(struct toolchain_waiter) waiting; /* supply's */
};

struct toolchain *toolchain_new(const struct spec_item *item);
void toolchain_free(struct toolchain *tc);

#endif
