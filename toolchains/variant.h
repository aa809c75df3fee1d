/*
 * Variants: named sets of build choices.  "default", or settings joined by "+":
 * "checklinkname=0", "ldflags=-w+gcflags=-l", "tags=a,b".  The text is the name
 * in results.
 */
#ifndef LNM_TOOLCHAINS_VARIANT_H
#define LNM_TOOLCHAINS_VARIANT_H

#include <stdbool.h>

#include "harness/base/error.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"

struct variant {
	char *name;
	char *ldflags, *gcflags, *asmflags, *tags, *goexperiment, *buildmode; /* or NULL */
	int checklinkname;      /* 0, 1, or -1: not said */
	bool race;
};

/* ERR_INPUT for an unknown setting or value. */
int variant_parse(struct variant *out, const char *text, struct error *err);
void variant_dispose(struct variant *v);
/* Does its build give a program, and not a library or plugin? */
bool variant_is_program(const struct variant *v);
/* Splits a list of variants at commas; one within a value ("tags=a,b") stays. */
void variant_split(const char *list, struct strv *out);

/* The flags of `go build`, each a word; adds to argv. With `rescue`,
 * -checklinkname=0 whatever the variant says: the second opinion. */
void variant_flags(const struct variant *v, bool rescue, struct strv *argv);
/* What the linker itself gets of them, for a link without the go command. */
void variant_link_flags(const struct variant *v, struct strv *argv);

#endif
