/*
 * What the cross-checks share: toolchains by `lnmatrix toolchain install`, children
 * with an environment made from nothing, lnmatrix's JSON answers, and one count of
 * what went wrong.  A cross-check asks lnmatrix what it believes of std and lets
 * somebody who cannot be wrong (the compiler) judge.
 */
#ifndef LNM_TESTS_CROSSCHECK_H
#define LNM_TESTS_CROSSCHECK_H

#include <jansson.h>
#include <stdbool.h>

#include "harness/base/mem.h"
#include "harness/base/str.h"

/* Skipped, for ctest's SKIP_RETURN_CODE; broken: the check itself could not be done. */
enum { CROSSCHECK_SKIP = 77, CROSSCHECK_BROKEN = 99 };

struct crosscheck {
	char *lnmatrix, *cache;         /* $LNMATRIX, $LNMATRIX_CACHE, absolute; owned */
	char *dir;                      /* temporary, removed at the end; owned */
	struct strv toolchains, roots;  /* "go1.24.13" and its GOROOT, oldest first */
	bool incomplete;                /* some toolchain is not to be had here */
	int failures;
};

/* Exits with a reason when nothing can be checked here. */
void crosscheck_init(struct crosscheck *x, const char *const *versions);
/* Removes the folder, says the result; the exit status. */
int crosscheck_end(struct crosscheck *x);

/* Counts a failure and prints it. */
void crosscheck_fail(struct crosscheck *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The check itself cannot go on: prints why, cleans up, exits. */
void crosscheck_broken(struct crosscheck *x, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), noreturn));

/*
 * `go ARGS...` of the toolchain in x->dir, which is a module of its own; nothing inherited;
 * target "linux/arm64". What it wrote overwrites `out` and `err`, either may be NULL. The
 * exit status, 128 + N for signal N.
 */
int crosscheck_go(struct crosscheck *x, size_t toolchain, const char *target, struct strv *args,
		  struct str *out, struct str *err);
/*
 * `lnmatrix COMMAND NAMES... --json` for one toolchain and target. Caller's reference. Names
 * that are not found are no trouble.
 */
json_t *crosscheck_ask(struct crosscheck *x, const char *command, const struct strv *names,
		       size_t toolchain, const char *target);
/* The entry of an answer's symbol or type, which has one toolchain and one target. NULL: none. */
const json_t *crosscheck_entry(const json_t *thing);
/* x->dir/name with that text. */
void crosscheck_write(struct crosscheck *x, const char *name, const char *text);

#endif
