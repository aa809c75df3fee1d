/*
 * The axes of a run and what they are called on a terminal: toolchains with
 * short headings ("1.22.12", "1.27.4+A"), targets, and who was asked
 * ("crosscall2, default").  Each cell's place on them, found once.
 */
#ifndef LNM_REPORT_AXES_H
#define LNM_REPORT_AXES_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/names.h"
#include "harness/base/str.h"
#include "harness/report/fold.h"
#include "results/result.h"

struct axes {
	struct names toolchains;  /* those with cells, in the order of the columns */
	struct strv headings;     /* one for each toolchain */
	struct strv aliases;      /* what letters in headings stand for: "A = go1.27.4+..." */
	struct names targets;     /* "linux/arm64", "linux/amd64 cgo" */
	struct names who;         /* "crosscall2, default" */
	size_t (*at)[FOLD_AXES];  /* of each cell */
	bool utf8;
};

void axes_init(struct axes *axes, const struct run_result *r, bool utf8);
/* Axes without cells: toolchains with their bases (as many), and targets. */
void axes_init_names(struct axes *axes, const struct strv *toolchains, const struct strv *bases,
		     const struct strv *targets, bool utf8);
void axes_dispose(struct axes *axes);

/* "go1.27.4+A", "local A" */
void axes_add_toolchain(struct str *out, const struct axes *axes, size_t toolchain);
/* In words: "go1.22.12 to go1.26.11, go1.27.4+A"; "all 8 toolchains". */
void axes_add_toolchains(struct str *out, const struct axes *axes, const struct fold_set *set);
/* "linux/386, amd64; windows/amd64", in full */
void axes_list_targets(struct str *out, const struct axes *axes, const struct fold_set *set);
/* The same, or "all 8 targets" when it is all of the run's and many. */
void axes_add_targets(struct str *out, const struct axes *axes, const struct fold_set *set);
/* "crosscall2, default; links, default", the first ones of many */
void axes_add_who(struct str *out, const struct axes *axes, const struct fold_set *set);

#endif
