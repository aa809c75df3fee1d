/*
 * The command line: one table of subcommands, what they share, and the only
 * place that prints and exits.  stdout carries the answer, stderr the talk.
 */
#ifndef LNM_CLI_CLI_H
#define LNM_CLI_CLI_H

#include <argp.h>
#include <stdbool.h>

#include "harness/base/error.h"
#include "harness/base/mem.h"

extern char **environ;

struct command {
	const char *name;
	int (*run)(int argc, char **argv);   /* the exit status */
	const struct argp *argp;             /* for `help NAME` */
	const char *summary;
};
extern const struct command commands[];  /* ends with a NULL name */

/* Where things are: options, then environment, then the usual places. */
struct places {
	char *cache;       /* --cache-dir, LNMATRIX_CACHE, XDG_CACHE_HOME/lnmatrix, ~/.cache/lnmatrix */
	char *state;       /* --state-dir, LNMATRIX_STATE, ./.lnmatrix */
	char *go;          /* --go-command; NULL: LNMATRIX_GO or PATH */
	char *lock;        /* --lock, LNMATRIX_LOCK, ./lnmatrix.lock.yaml if it is there, the shipped one */
	char *runners;     /* --runners, LNMATRIX_RUNNERS, the shipped one */
	char *data;        /* what is shipped with the program */
};

/* A child parser for argp: the options of `struct places`; its input is one. */
extern const struct argp places_argp;
/* Fills what the options left open. ERR_INPUT when there is no home to be found. */
int places_complete(struct places *p, struct error *err);
void places_dispose(struct places *p);

/* Prints "lnmatrix: message" to stderr and gives the exit status. */
int complain(const struct error *err);

/* Parses argv of a subcommand; exits 2 by itself on bad usage, 0 after --help. */
void cli_parse(const struct argp *argp, int argc, char **argv, void *input);

/* A terminal, its width, and whether colour is wanted there. */
struct terminal {
	bool is_tty, color, utf8;
	int width;
};
struct terminal terminal_of(int fd);

int cmd_run(int argc, char **argv);
int cmd_toolchain(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_symbol(int argc, char **argv);
int cmd_layout(int argc, char **argv);
extern const struct argp run_argp, toolchain_argp, doctor_argp, symbol_argp, layout_argp;

#define LNM_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
