/*
 * From what the tools said to an outcome: reads the text of a failed `go build`
 * (the go command, compiler, assembler, Go and C linker of 1.17 to today) or of
 * a program that ran, and says what happened, whom it names and in which
 * sentence.  Pure: text in, value out; old runs can be judged again.
 *
 * tests/fixtures/diagnose holds what real toolchains said; each file's header has
 * the command that gives it again.
 */
#ifndef LNM_RESULTS_DIAGNOSE_H
#define LNM_RESULTS_DIAGNOSE_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/mem.h"
#include "results/outcome.h"

/* How a child ended. A sandbox or shell that turns a death by signal n into
 * exit 128+n must be seen through by the caller: no guess is made here. */
struct ending {
	int exit_status;
	int signal;     /* that killed it; 0: none */
	bool timed_out; /* we killed it: its limit was over */
};

/* A folder of this machine and what it is called in messages: { "/home/u/go", "$GOROOT" }. */
struct path_alias {
	const char *path; /* absolute, no slash at the end; NULL: passed over */
	const char *name;
};

struct path_aliases {
	const struct path_alias *v;
	size_t n;
};

/* Bytes that may hold NULs; `s` NULL where there is no such text. */
struct text {
	const char *s;
	size_t n;
};

struct diagnosis {
	enum outcome_kind kind;
	enum stage stage;
	struct strv symbols; /* all that were named in this class; sorted, no duplicates */
	char *message;       /* the sentence that decided, one line of 1000 bytes at most; or "" */
	char *package;       /* who refers to the symbol, or did not compile; or NULL */
	char *signal;        /* "SIGSEGV": that killed the program or that it reports; or NULL */
};

void diagnosis_dispose(struct diagnosis *d);

/*
 * A build's stderr.  `out` is overwritten.  A build that ended well is `linked`.
 * Of several causes the one that makes the others doubtful wins: a fault of the
 * machine, then a toolchain that can't be asked, then the compiler, then the
 * linker; among equals the first.  Text that fits nothing is compile-error or
 * link-error by who spoke.
 */
void diagnose_build(struct diagnosis *out, struct text said, const struct ending *end,
		    const struct path_aliases *aliases);

/* What a program must do; a text whose `s` is NULL is not compared. */
struct run_expectation {
	struct text out, err;
	bool has_exit;   /* else 0 */
	int exit_status;
};

/*
 * A run: pass, run-crash, run-wrong, timeout, or infra when the emulator itself
 * could not start the program.  Texts are compared without the white space at
 * their ends.  A crash that an expectation asks for by its exit status, and
 * whose output is as expected, is a pass.  `want` NULL: exit 0, any output.
 * What the program printed is quoted as it is; other messages are cleaned.
 */
void diagnose_run(struct diagnosis *out, struct text out_said, struct text err_said,
		  const struct ending *end, const struct run_expectation *want,
		  const struct path_aliases *aliases);

/*
 * The text without what differs between machines and moments: folders by their
 * aliases, go's own temporary folders as $WORK, no time of day at the start of
 * lines.  Caller frees; NULs become blanks.
 */
char *diagnose_path_clean(struct text said, const struct path_aliases *aliases);
/*
 * The folders alone, for texts that are still to be judged: up to 1.20 a time of day in
 * front is how the linker's fatal messages are known from others'.
 */
char *diagnose_path_alias(struct text said, const struct path_aliases *aliases);

/* "SIGSEGV" for 11; NULL for what has no name. Borrowed, for ever. */
const char *signal_name(int number);

#endif
