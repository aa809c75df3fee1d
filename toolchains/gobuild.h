/*
 * The command line and the environment of a `go build`.  The environment is made
 * from nothing, so that nothing of the user's (GOFLAGS, GOENV, GOROOT, HOME)
 * leaks in.  Pure: strings in, strings out.
 */
#ifndef LNM_TOOLCHAINS_GOBUILD_H
#define LNM_TOOLCHAINS_GOBUILD_H

#include <stdbool.h>

#include "harness/base/mem.h"
#include "toolchains/gover.h"
#include "toolchains/target.h"
#include "toolchains/variant.h"

struct gobuild {
	const char *goroot;
	struct gover version;
	const struct target *target;
	const struct variant *variant;
	bool cgo;
	bool rescue;             /* with -checklinkname=0 whatever the variant says */
	const char *overlay;     /* overlay.json of a what-if toolchain, or NULL */
	const char *package;     /* "." */
	const char *output;
	const char *cache;       /* lnmatrix's cache folder: Go's own caches go below it */
	const char *tmp;         /* this build's temporary folder */
	int parallel;            /* cores that it may use */
};

/* Adds to argv; argv[0] is the toolchain's own go command. */
void gobuild_argv(const struct gobuild *b, struct strv *argv);
/* The same for another command that takes build flags ("vet"), up to them; what it is about is the
 * caller's to add. Needs no output. */
void gobuild_tool_argv(const struct gobuild *b, const char *command, struct strv *argv);
/* Adds NAME=VALUE. */
void gobuild_env(const struct gobuild *b, struct strv *env);
/* What would be pasted into a shell to see the same with plain Go; caller frees.
 * `toolchain` is the name in results. */
char *gobuild_command(const struct gobuild *b, const char *toolchain);
/* GOROOT/pkg/tool/HOST/NAME; caller frees. */
char *gobuild_tool(const char *goroot, const char *name);

#endif
