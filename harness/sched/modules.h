/*
 * Modules that programs require: fetched through the user's own go command, with its proxies,
 * credentials and checksum database, into the module cache that builds see.  A step of its own,
 * once per fixture; builds are offline.
 */
#ifndef LNM_SCHED_MODULES_H
#define LNM_SCHED_MODULES_H

#include "harness/base/mem.h"
#include "harness/job/job.h"
#include "harness/script/fixture.h"

struct modules;
struct modules_options {
	const char *cache;        /* absolute */
	const char *go;           /* as struct supply_options has it */
	char *const *environ;     /* the user's */
	void (*say)(void *arg, const char *line); /* a line for stderr; may be NULL */
	void *say_arg;
};

struct modules *modules_new(struct jobs *jobs, const struct modules_options *options);
void modules_free(struct modules *m); /* nothing may be under way */

/* Is there something to fetch first? Requirements that are replaced by folders of the archive need
 * nothing, nor does what was fetched before. */
bool modules_lacking(struct modules *m, const struct fixture *f);
typedef void modules_fn(void *arg, enum err_code why, const char *failure);
/* Fetches; fn is called once, now or later. The fixture must live until then. */
void modules_need(struct modules *m, const struct fixture *f, modules_fn *fn, void *arg);

/* The paths that a go.mod requires and does not replace by a folder. Pure. */
void modules_required(const char *go_mod, struct strv *out);

#endif
