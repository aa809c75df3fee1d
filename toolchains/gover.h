/*
 * Go versions and their order, as Go's own go/version has it:
 *
 *	1.27  <  1.27beta1  <  1.27rc1  <  1.27.0  <  1.27.1  <  1.28
 *
 * "1.27" is the language version, older than all that is published of it.  Up
 * to 1.20 the first release of a minor was published without a patch number,
 * so there "go1.20" is the release itself, the same as 1.20.0.
 */
#ifndef LNM_TOOLCHAINS_GOVER_H
#define LNM_TOOLCHAINS_GOVER_H

#include <stdbool.h>

#include "harness/base/error.h"

enum gover_stage { GOVER_RELEASE, GOVER_ALPHA, GOVER_BETA, GOVER_RC };

enum { GOVER_NO_PATCH = -1, GOVER_NAME = 48 };

/* A plain value. */
struct gover {
	int major, minor;
	int patch;              /* GOVER_NO_PATCH: a candidate or a language version */
	enum gover_stage stage; /* of a candidate; GOVER_RELEASE otherwise */
	int number;             /* of a candidate: the 3 of rc3 */
};

/*
 * "1.22", "go1.22.12", "1.27rc1", "go1.20" (the release).  The whole text must
 * be the version.  ERR_INPUT otherwise; `out` is then untouched.
 */
int gover_parse(struct gover *out, const char *text, struct error *err);

/*
 * Whether the text names a minor, "1.22" or "go1.20", and nothing narrower.
 * `out` is its language version, also for 1.20 and older.  This is how specs
 * and conditions read such a text; names of toolchains use gover_parse().
 */
bool gover_parse_minor(struct gover *out, const char *text);

/* <0, 0, >0 in Go's order. */
int gover_cmp(const struct gover *a, const struct gover *b);
/* The same by minor alone. */
int gover_cmp_minor(const struct gover *a, const struct gover *b);
bool gover_same_minor(const struct gover *a, const struct gover *b);

bool gover_is_candidate(const struct gover *v); /* alpha, beta, rc */
bool gover_is_release(const struct gover *v);   /* neither candidate nor language version */
/* The language version (1.27) of any version of a minor. */
struct gover gover_lang(const struct gover *v);

/*
 * The name it is published under: "go1.22.12", "go1.27rc1", "go1.20", "go1.21.0";
 * of a language version "go1.27".  Returns `out`.
 */
const char *gover_name(char out[GOVER_NAME], const struct gover *v);

/*
 * Does `v` meet the condition of an expectation?
 *
 *	1.22          that minor, its candidates and patches
 *	1.22.3        exactly this; so 1.27rc1
 *	1.22..1.25    from the one to the other, both included
 *	>=1.23 >1.22.3 <1.23 <=1.27rc2
 *
 * An end or bound that is a minor stands for the whole of it: <1.23 leaves
 * 1.23rc1 out, >1.22 leaves 1.22.12 out.  Returns 1 or 0; ERR_INPUT for a
 * condition that is none of these, or a range that runs backwards.
 */
int gover_match(const char *cond, const struct gover *v, struct error *err);

#endif
