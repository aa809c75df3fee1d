/*
 * What the commands that ask the atlas share: options, toolchains and targets, getting
 * sections (from the cache, or made now), and finding out which package a name is of.
 */
#ifndef LNM_CLI_ATLAS_QUERY_H
#define LNM_CLI_ATLAS_QUERY_H

#include <uv.h>

#include "harness/cli/cli.h"
#include "harness/cli/live.h"
#include "harness/cli/session.h"
#include "harness/report/table.h"
#include "harness/sched/atlas_maker.h"
#include "results/timeline.h"

/* --- options ---------------------------------------------------------------- */

struct atlas_query_args {
	struct places places;
	struct strv names;       /* what is asked about */
	struct strv go, target;
	const char *format, *output;
};
/* A child parser for argp; its input is a struct atlas_query_args. Takes the arguments, too. */
extern const struct argp atlas_query_argp;
void atlas_query_args_dispose(struct atlas_query_args *a);

/* --- the query -------------------------------------------------------------- */

struct atlas_query {
	const struct atlas_query_args *a;
	struct session session;
	struct live *live;
	struct atlas_maker *maker;
	struct spec_list builder;
	VEC(struct toolchain *) toolchains;            /* oldest first */
	VEC(struct timeline_toolchain) described;      /* of each */
	VEC(struct target) targets;
	char **missing;                                /* toolchain x target; owned texts */
	bool damaged;                                  /* an atlas turned out to be, while it was read */
	size_t under_way;
	uv_signal_t signals[3];
	bool watching, interrupted;
	char *mistake;                                 /* a toolchain that cannot be: a usage error */
	bool lacking;                                  /* something that is not optional is missing */
	struct timeline_source source;                 /* what the reports read */
};

int atlas_query_open(struct atlas_query *q, const struct atlas_query_args *a, struct error *err);
void atlas_query_close(struct atlas_query *q);

/*
 * Gets the sections of these packages (NULL: everything) for all toolchains, or for one; what
 * could not be had is in q->missing afterwards. ERR_INTERRUPTED.
 */
enum { ATLAS_QUERY_ALL = -1 };
int atlas_query_need(struct atlas_query *q, int toolchain, const struct strv *packages, struct error *err);

/* --- names ------------------------------------------------------------------ */

/* What a name of the command line stands for. */
struct atlas_name {
	char *asked;
	bool glob;           /* `local` or the package is a pattern */
	struct strv packages; /* one; of a glob any number */
	char *local;
	bool nearest_is_package; /* no package is called, or ends, so: what may have been meant */
	struct strv nearest;
};
struct atlas_names { struct atlas_name *v; size_t n, cap; };

/*
 * Finds out what all the names are, and gets their sections. `types`: names of types
 * only. ERR_INPUT for one that may be several.
 */
int atlas_query_names(struct atlas_query *q, bool types, struct atlas_names *out, struct error *err);
void atlas_names_dispose(struct atlas_names *names);
/* Names near `local`: of its package, and, where all of std is known, the same one elsewhere. */
void atlas_query_nearest(struct atlas_query *q, const char *package, const char *local, bool types,
			 struct strv *out);

/* --- the answer ------------------------------------------------------------- */

/* Prints or writes it, and gives the exit status: 1 when not all was found, 3 when something
 * could not be asked. */
struct report_style atlas_query_style(const struct atlas_query *q);
int atlas_query_answer(struct atlas_query *q, const struct str *text, bool all_found,
		       struct error *err);

#endif
