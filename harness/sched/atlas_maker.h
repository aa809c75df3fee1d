/*
 * Making atlases (toolchains/atlasfile.h) on demand: builds the Go program that
 * asks go/types, once, with the newest toolchain there is, and runs it on the
 * sources of a toolchain, for as many targets as are wanted in one process: most
 * files are the same for all of them.
 *
 * Below the cache folder:
 *
 *	atlas/bin/lnm-atlas-DIGEST    the program, by its sources and who built it
 *	atlas/...                     atlases, see atlasfile.h
 */
#ifndef LNM_SCHED_ATLAS_MAKER_H
#define LNM_SCHED_ATLAS_MAKER_H

#include <uv.h>

#include "harness/job/job.h"
#include "harness/sched/engine.h"
#include "harness/sched/toolchain.h"
#include "toolchains/atlasfile.h"

struct atlas_maker;
struct atlas_maker_options {
	const char *cache;        /* absolute */
	const char *sources;      /* folder of the Go program */
	const struct spec_item *builder; /* the toolchain that builds it: the newest */
	int cores;
	void (*say)(void *arg, const char *line); /* a line for stderr; may be NULL */
	void *say_arg;
};

/* ERR_OS, ERR_WORK: no cache folder, no sources. */
int atlas_maker_new(struct atlas_maker **out, uv_loop_t *loop, struct jobs *jobs,
		    struct supplier *supplier, const struct atlas_maker_options *options,
		    struct error *err);
void atlas_maker_free(struct atlas_maker *m); /* nothing may be under way */

/* What was wanted is there, or `why` and `failure` say why not. */
typedef void atlas_made(void *arg, enum err_code why, const char *failure);

/*
 * Lays the toolchain out if needed and makes what is missing of the atlases of `targets`:
 * with `packages` these sections only (what they need is type-checked, no more), with NULL
 * all of std.  `fn` is called once, later.  A section that is there is not made again, nor
 * read: one that turns out to be damaged later must be needed once more.
 */
void atlas_maker_need(struct atlas_maker *m, struct toolchain *tc, const struct strv *targets,
		      const struct strv *packages, atlas_made *fn, void *arg);

/*
 * An atlas that is here; NULL: not here, or damaged, which is said once and the file
 * removed.  The identity of the toolchain must be known.  Borrowed from the maker.
 */
struct atlas *atlas_maker_open(struct atlas_maker *m, const struct toolchain *tc, const char *target);
/* A section of it. false: not in it, or damaged (said once, the atlas is removed). */
bool atlas_maker_section(struct atlas_maker *m, const struct toolchain *tc, const char *target,
			 const char *package, struct atlas_section *out);

/*
 * Runs the program in another mode (`local`) with `input` on its stdin; `fn` gets what it wrote.
 */
typedef void atlas_said(void *arg, const struct str *out, enum err_code why, const char *failure);
void atlas_maker_ask(struct atlas_maker *m, const char *mode, const char *input, atlas_said *fn,
		     void *arg);

/* Identity of the program: part of the keys of what it says. */
const char *atlas_maker_program(const struct atlas_maker *m);

struct atlas_maker_counts {
	size_t wanted, done;      /* (toolchain, target) pairs */
	bool building;            /* the program itself */
};
void atlas_maker_counts(const struct atlas_maker *m, struct atlas_maker_counts *out);
/* What is under way fails as interrupted; jobs are cancelled by the caller. */
void atlas_maker_cancel(struct atlas_maker *m);

#endif
