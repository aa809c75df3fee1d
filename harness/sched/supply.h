/*
 * Getting toolchains: through the user's own go command as modules, from folders
 * on this machine, and as what-if variants of either.
 *
 * Below the cache folder:
 *
 *	toolchains/go1.22.12.linux-amd64            the tree, read-only
 *	toolchains/go1.22.12.linux-amd64.manifest   what it looked like when sealed
 *	toolchains/go1.22.12.linux-amd64.sum        the module's checksum
 *	toolchains/go1.22.12.linux-amd64.lock       held while it is being laid out
 *	toolchains/go1.22.12.linux-amd64.gone       why it was not to be had an hour ago
 *	download/                                   module caches of downloads under way
 *	whatif/                                     overlays
 *
 * A tree is used only after it was compared with its manifest; one that differs is
 * laid out again.
 */
#ifndef LNM_SCHED_SUPPLY_H
#define LNM_SCHED_SUPPLY_H

#include <uv.h>

#include "harness/job/job.h"
#include "harness/sched/engine.h"
#include "toolchains/lock.h"
#include "toolchains/published.h"
#include "toolchains/tree.h"

struct supply;

struct supply_options {
	const char *cache;         /* absolute */
	const char *go;            /* --go-command, or NULL: LNMATRIX_GO, then PATH */
	char *const *environ;      /* the user's */
	const struct lock *lock;   /* pinned sums; borrowed */
	const struct published *published; /* borrowed; for "use instead" */
	bool ask_again;            /* do not believe an old "not available" */
	void (*say)(void *arg, const char *line); /* a line for stderr; may be NULL */
	void *say_arg;
};

struct supply *supply_new(uv_loop_t *loop, struct jobs *jobs, const struct supply_options *options);
void supply_free(struct supply *s);       /* nothing may be under way */
struct supplier *supply_supplier(struct supply *s);
/* Downloads under way fail as interrupted. Their jobs are cancelled by the caller. */
void supply_cancel(struct supply *s);

/*
 * What is published today, by `go list`; merged into `out`. Runs the loop until
 * the answer is there. ERR_WORK without a go command or network.
 */
int supply_list(struct supply *s, struct published *out, struct error *err);

/* The user's go command: `name` (--go-command), else LNMATRIX_GO, else go on the PATH; NULL: there is
 * none. Caller frees. */
char *supply_find_go(const char *name, char *const *environ);

/* Downloads under way, for progress. */
struct supply_download {
	const char *name;          /* "go1.27.4" */
	uint64_t bytes;            /* that have come */
	bool placing;              /* all is here and is being laid out */
};
size_t supply_downloads(const struct supply *s, struct supply_download *out, size_t max);

/* The sum of an installed toolchain; caller frees; NULL: not installed. */
char *supply_sum(const struct supply *s, const struct gover *v);
/* Compares an installed toolchain with its manifest and, at full depth, the lock. */
int supply_verify(const struct supply *s, const struct gover *v, enum tree_depth depth,
		  struct tree_report *report, struct error *err);
int supply_remove(const struct supply *s, const struct gover *v, struct error *err);
/* Where it lies or would lie; caller frees. */
char *supply_path(const struct supply *s, const struct gover *v);

#endif
