/*
 * Runners: how a target's binary is run here.  Described in runners.yaml; this
 * reads it, finds what is on the machine and chooses.  No process is started:
 * whoever runs jobs asks runner_version_argv() and hands the answer back.
 */
#ifndef LNM_RUNNERS_RUNNER_H
#define LNM_RUNNERS_RUNNER_H

#include <stdbool.h>

#include "harness/base/error.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"

struct runner {
	char *name;
	bool native;
	struct strv targets;       /* globs; of a native one: for this host */
	struct strv command, also, version_args;
	char *cpu, *package;       /* package may be NULL */
	char *program;             /* absolute path; NULL: not on this machine, or native */
	char *version;             /* runner_set_version(); NULL until then */
	char *identity;            /* likewise: name, version and CPU, as results show it */
	char *key;                 /* likewise: all that was printed; part of a fact's key */
};

struct runners {
	VEC(struct runner *) list;
};

/* Reads `path`; `host` is target_host(), `search` a PATH. ERR_INPUT with
 * line:column for a mistake in the file. */
int runners_load(struct runners *out, const char *path, const char *host, const char *search,
		 struct error *err);
void runners_dispose(struct runners *rs);

/* By name, or NULL. */
struct runner *runners_named(const struct runners *rs, const char *name);
/* The runner for a target that is here; else NULL, and `missing` (if not NULL)
 * is set to the first that would do if it were installed, or NULL. */
struct runner *runners_for(const struct runners *rs, const char *target, struct runner **missing);

/* argv that prints the emulator's version; false when there is nothing to ask. */
bool runner_version_argv(const struct runner *r, struct strv *argv);
/* A key that changes with the program file, under which the version can be kept. */
char *runner_memo_key(const struct runner *r);
/* Takes what the program printed; of a native runner the kernel is asked. */
void runner_set_version(struct runner *r, const char *printed);
/* It does not answer: `version` says why, identity and key stay NULL. */
void runner_no_version(struct runner *r, const char *why);
/* The command that runs a binary; adds to argv. */
void runner_argv(const struct runner *r, const char *binary, struct strv *argv);

#endif
