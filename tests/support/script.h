/*
 * lnm-script's inside: what its parts share.  Private to script*.c.
 *
 *   script.c        the whole: options, the archive, the script from line to line
 *   script_words.c  environment, words, conditions: a line of text as a struct line
 *   script_cmds.c   the table of commands, and each of them
 *   script_proc.c   processes: started, waited for, limited, judged, put down
 *   script_text.c   files and output: matched, shown, compared
 *
 * Whatever gives a verdict has called fail() before it says FAIL.
 */
#ifndef LNM_TESTS_SCRIPT_H
#define LNM_TESTS_SCRIPT_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "harness/base/txtar.h"

enum { GRACE_S = 3 }; /* for processes to be gone that should be */

/* What a command says about the script: on with it, or its end. */
enum verdict { GO_ON, STOP, SKIP, FAIL };

/* What the script expects of an exec's exit. */
enum expect { EXPECT_ZERO = 0, EXPECT_NONZERO = '!', EXPECT_ANY = '?' };

/* A program that the script has started. Its captured output is kept to the end. */
struct proc {
	char *name;    /* of a background command; "" without a name */
	char *command; /* as one would paste it */
	char *out, *err;
	int lineno;
	enum expect expect;
	pid_t pid;
	double limit_s, deadline;
	int wstatus; /* when ended */
	bool background;
	bool ended;
	bool timed_out;
	bool signalled; /* by `kill` while alive: its exit is the script's doing */
	bool claimed;   /* by `kill` or `wait`: not a leftover */
	bool judged;
};

/* One line of the script, cut into words. */
struct line {
	char prefix;       /* '!', '?' or 0 */
	struct strv words; /* the command's name first */
	bool amp;          /* the last word is a bare &name */
	bool applies;      /* its conditions hold; else it has its first word alone, unexpanded */
};

struct script {
	const char *path; /* as given: file:line can be clicked */
	char *path_abs;
	char *name;
	struct txtar archive;
	bool updated, update, keep, verbose;
	char *base; /* base/work is $WORK, base/out has the captured output */
	char *work;
	char *next_stdin; /* of the next exec, or NULL */
	struct strv env, conds;
	struct str section, why;
	int lineno;
	double limit_s;
	VEC(struct proc *) procs;
	struct proc *last;    /* of which stdout, stderr and status speak */
	struct proc *subject; /* to be shown in a failure's report */
	sigset_t signals;
	int interrupted; /* by this signal, or 0 */
	bool orphans_ok; /* SIGKILL was sent: it could not tidy up */
};

/* Says why the script fails; more than one reason is a list of lines. */
enum verdict fail(struct script *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- script_words.c */

/* The value of the variable name[0..n), borrowed until it changes; NULL: not set. */
const char *env_get(const struct script *s, const char *name, size_t n);
/* `setting` is NAME=VALUE; false when it is not. */
bool env_set(struct script *s, const char *setting);
void env_unset(struct script *s, const char *name, size_t n);

/* `cond` is KIND or KIND:VALUE, "!" in front turns it round. */
enum verdict condition_holds(struct script *s, const char *cond, bool *out);

const char *skip_blanks(const char *p);
/* `out` is zeroed; caller frees its words, after a failure too. */
enum verdict line_read(struct script *s, const char *p, struct line *out);

/* ---- script_cmds.c */

/* Runs the line's command if the line applies; there must be such a command anyhow. */
enum verdict line_run(struct script *s, struct line *l);
/* One line a command, for the help text. */
void commands_list(FILE *out);

/* ---- script_proc.c */

/* Of a clock that is never set back. */
double now_s(void);
/* "INT", "SIGINT" or "2"; 0 when there is no such signal. */
int signal_number(const char *name);

/* Looks on the script's PATH, not on ours. Caller frees; NULL when there is none. */
char *program_find(const struct script *s, const char *name);
/* The newest background command of this name; NULL: none. */
struct proc *background_find(const struct script *s, const char *name, size_t n);

/* Collects every child that has ended, also those that were inherited. */
void procs_reap(struct script *s);
/* Sleeps until `until` at most, less if a child ends; kills what is over its limit. */
void procs_tick(struct script *s, double until);

/* `p` has its files and its limit. A failure leaves no process behind. */
enum verdict proc_start(struct script *s, struct proc *p, struct strv *argv);
/* Until it has ended, or the script is interrupted. */
void proc_await(struct script *s, const struct proc *p);
/* Holds an ended program against what its line expects. */
enum verdict proc_judge(struct script *s, struct proc *p);
/* Gives `p` until `until` to end, then kills its group. */
void proc_put_down(struct script *s, struct proc *p, double until);
void proc_free(struct proc *p);

/* "exit status 1" and the like. */
void proc_add_exit(struct str *out, const struct proc *p);
/* The command, its exit and what it has printed. */
void proc_add_report(struct str *out, const struct script *s, const struct proc *p);

/* A process of this machine, ours and those above us excepted, whose command line
 * matches: "PID COMMAND" in *found (caller frees), or NULL. */
enum verdict process_find(struct script *s, const char *pattern, char **found);
/* Ends our children that are left, of which the script knows nothing: `left` has a
 * line on each that had to be killed when `until` had come. */
void orphans_put_down(struct script *s, double until, struct str *left);

/* ---- script_text.c */

/* Matches of the POSIX extended regex in `text`: in *count, not more than `max`. */
enum verdict count_matches(struct script *s, const char *pattern, const struct str *text, long max,
			   long *count);

/* The background command whose output NAME.stdout or NAME.stderr is; NULL for other names. */
struct proc *background_of_file(const struct script *s, const char *file);
/*
 * The path of a FILE of a command: stdout and stderr are the last program's
 * output, name.stdout and name.stderr a background command's, as it stands.
 * Borrowed; NULL, and a failure, when there is no output to speak of.
 */
const char *file_path(struct script *s, const char *file);
enum verdict file_text(struct script *s, const char *file, struct str *out);
/* The last lines of a file, under a title. */
void file_add_tail(struct str *out, const char *title, const char *path);

/* What makes `b` out of `a`, much as diff -u has it. */
void text_add_diff(struct str *out, const struct str *a, const struct str *b);

#endif
