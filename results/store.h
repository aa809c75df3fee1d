/*
 * The store: facts, canaries and runs of one project, in .lnmatrix/lnmatrix.db.
 *
 * SQLite in WAL mode keeps it whole whatever happens to the process; texts are
 * zstd frames kept once under their SHA-256.  Facts are only ever added: asking
 * again puts a newer one beside the old.
 */
#ifndef LNM_RESULTS_STORE_H
#define LNM_RESULTS_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/base/digest.h"
#include "harness/base/error.h"
#include "harness/base/str.h"

struct store;

/* What was observed of one build, run or question to the linker. */
struct fact {
	int64_t id;              /* rising; 0 before it is stored */
	char key[DIGEST_HEX];    /* of everything that could change the answer */
	const char *kind;        /* "build", "run", "refused"; a literal of ours */
	const char *end;         /* job_end_name(); a literal of ours */
	int exit_status, term_signal;
	bool has_out, has_err;
	char out[DIGEST_HEX], err[DIGEST_HEX]; /* digests of the texts */
	uint64_t out_total, err_total; /* bytes written, kept or not */
	double wall_ms;
	char *about;             /* JSON text: argv, env, versions; owned; may be NULL */
};

/*
 * Opens or creates. `dir` is the .lnmatrix folder; ":memory:" keeps nothing.
 * ERR_OS or ERR_WORK with the path when it cannot be used, or when it was made
 * by a newer lnmatrix.
 */
int store_open(struct store **out, const char *dir, struct error *err);
void store_close(struct store *st);

/* Stores a text and gives its digest. */
int store_text_add(struct store *st, const char *text, size_t n, char digest[DIGEST_HEX],
		   struct error *err);
/* Appends the text to `out`; ERR_WORK when it is missing or damaged. */
int store_text_get(struct store *st, const char *digest, struct str *out, struct error *err);

/* Adds; sets f->id. */
int store_fact_add(struct store *st, struct fact *f, struct error *err);
/*
 * The newest fact of a key with id > after. Returns 1 and fills `out`
 * (fact_dispose), 0 when there is none, or an error.
 */
int store_fact_find(struct store *st, const char *key, int64_t after, struct fact *out,
		    struct error *err);
int64_t store_fact_last_id(struct store *st);
void fact_dispose(struct fact *f);

/* Canaries: did a plain program of ours live there? */
struct canary_record {
	char *runner, *target, *toolchain; /* runner: its whole identity */
	bool alive;
	char *message;
};
int store_canary_put(struct store *st, const struct canary_record *c, struct error *err);
typedef void store_canary_fn(void *arg, const struct canary_record *c);
/* Calls fn for each record of this runner and target. */
int store_canary_each(struct store *st, const char *runner, const char *target,
		      store_canary_fn *fn, void *arg, struct error *err);

/* Small answers that depend on a file (an emulator's version by its stat); keys
 * are free text. Returns 1 with *out owned by the caller, or 0. */
int store_memo_get(struct store *st, const char *key, char **out);
void store_memo_put(struct store *st, const char *key, const char *value);

/* Runs and their cells. */
int store_run_begin(struct store *st, const char *id, const char *started, const char *command,
		    const char *version, const char *host, struct error *err);
/* `body`: JSON of the cell as reported; `facts`: JSON array of fact ids. */
int store_cell_add(struct store *st, const char *run, int64_t n, const char *body,
		   const char *facts, struct error *err);
int store_run_end(struct store *st, const char *id, const char *ended, bool interrupted,
		  struct error *err);

/*
 * Groups writes into one transaction; they nest.  A write in it that fails undoes
 * and ends it: there is nothing to commit then, and store_commit() says so.
 */
int store_begin(struct store *st, struct error *err);
int store_commit(struct store *st, struct error *err);

#endif
