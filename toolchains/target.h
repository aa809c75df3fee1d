/*
 * Targets: "linux/arm64", "linux/arm/7", "linux/amd64/v3" - GOOS, GOARCH and,
 * where there is one, the variable of the architecture's level (GOARM, GOAMD64).
 */
#ifndef LNM_TOOLCHAINS_TARGET_H
#define LNM_TOOLCHAINS_TARGET_H

#include "harness/base/error.h"
#include "harness/base/mem.h"

enum { TARGET_NAME = 48 };

struct target {
	char name[TARGET_NAME];    /* as asked: "linux/arm/7" */
	char goos[16], goarch[16];
	const char *level_var;     /* "GOARM", a literal; NULL: none */
	char level[16];            /* its value; "" : Go's default */
	int level_since;           /* Go 1.N that first knew the variable */
};

/* ERR_INPUT when Go has no such port, with the nearest that it has. */
int target_parse(struct target *out, const char *name, struct error *err);
int target_word(const struct target *t); /* bytes of a pointer */
/* Which Go 1.N knows the port, oldest and newest; 0: no bound. */
void target_span(const struct target *t, int *since, int *until);
/*
 * Expands one entry of a --target list: a target, a glob over the ports that build
 * without cgo, or "all". Adds names, each once, in the table's order.
 */
int target_expand(struct strv *out, const char *entry, struct error *err);
/* This machine's own, as Go names it: "linux/amd64". */
const char *target_host(void);

#endif
