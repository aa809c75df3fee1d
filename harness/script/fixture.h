/*
 * A fixture: the files of a case, from a txtar archive, and what the program
 * must print ("want.stdout", "want.stderr", "want.exit" in the archive, which
 * are not among the files that are built).
 */
#ifndef LNM_SCRIPT_FIXTURE_H
#define LNM_SCRIPT_FIXTURE_H

#include <stdbool.h>

#include "harness/base/digest.h"
#include "harness/base/error.h"
#include "harness/base/txtar.h"

struct fixture {
	struct txtar ar;
	char digest[DIGEST_HEX];   /* of the files that are built: names and contents */
	char *want_out, *want_err; /* or NULL: anything */
	bool has_want_exit;
	int want_exit;
	char *go_line;             /* "1.22" of go.mod's go line; NULL: none */
	bool made_go_mod;          /* the archive had none and one was made */
};

/* `name` is what messages call the archive. */
int fixture_parse(struct fixture *out, const char *text, size_t n, const char *name,
		  struct error *err);
int fixture_read(struct fixture *out, const char *path, struct error *err);
void fixture_dispose(struct fixture *f);

/*
 * Lays the files out in root/<digest> (root/<digest>-go<lowered> with go.mod's
 * go line replaced when `lowered` is not NULL) unless they stand there already,
 * unchanged.  The folder appears whole or not at all.  *dir: caller frees.
 */
int fixture_lay_out(const struct fixture *f, const char *root, const char *lowered, char **dir,
		    struct error *err);

#endif
