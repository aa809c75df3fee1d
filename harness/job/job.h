/*
 * One child process: spawn, drain, deadline, and nothing of it left behind.
 *
 * Exit and end of output are separate events that come in either order; a job
 * is over when it has seen all of them and its process tree is gone.  `done` is
 * called exactly once, never before job_start() has returned.
 *
 * lnmatrix makes itself the reaper of its descendants (PR_SET_CHILD_SUBREAPER),
 * so that a grandchild that left its process group still comes back to us when
 * its parent dies, and is found and killed.
 */
#ifndef LNM_JOB_JOB_H
#define LNM_JOB_JOB_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "harness/base/error.h"
#include "harness/base/str.h"

enum job_end {
	JOB_EXITED,      /* exit_status */
	JOB_SIGNALLED,   /* term_signal, and it was not us */
	JOB_TIMED_OUT,
	JOB_FLOODED,     /* wrote far more than is kept */
	JOB_CANCELLED,
	JOB_NOT_STARTED, /* `spawn_error` says why */
	JOB_ENDS
};

/* Short words for storing: "exited", "signalled", ... */
const char *job_end_name(enum job_end end);
int job_end_parse(const char *name); /* -1 for any other */

struct job_spec {
	char *const *argv;        /* NULL-terminated; argv[0] is looked up on env's PATH */
	char *const *env;         /* NULL-terminated; all of it */
	const char *cwd;          /* or NULL */
	const char *input;        /* stdin's text, or NULL for an empty one */
	uint64_t timeout_ms;      /* wall clock from the spawn; 0 means none */
	int first_signal;         /* at the timeout; SIGKILL follows. SIGQUIT makes a Go program
	                             dump its goroutines, SIGKILL ends it at once */
	size_t keep_bytes;        /* kept of each stream; 0 means the default, 1 MiB */
	uint64_t cpu_s;           /* RLIMIT_CPU of each process; 0 means none */
	uint64_t data_bytes;      /* RLIMIT_DATA of each process; 0 means none */
	uint64_t file_bytes;      /* RLIMIT_FSIZE of each process; 0 means none */
};

struct jobs; /* the set of running children on one loop */
struct job;
typedef void job_done(struct job *job, void *arg);

/* The loop stays the caller's and must outlive the set. */
struct jobs *jobs_new(uv_loop_t *loop);
void jobs_free(struct jobs *jobs); /* none may be running */
size_t jobs_running(const struct jobs *jobs);
uv_loop_t *jobs_loop(const struct jobs *jobs);
/* Kills every running job's tree; each still gets its `done`, as cancelled, and so does,
 * without a process, each that is started from now on. */
void jobs_cancel_all(struct jobs *jobs);

/*
 * Starts a child in a session of its own. The spec and what it points at may go
 * when this returns. Failing to spawn is a job that ends as JOB_NOT_STARTED.
 * The job is freed after `done` returns.
 */
struct job *job_start(struct jobs *jobs, const struct job_spec *spec, job_done *done, void *arg);
void job_cancel(struct job *job);

/* For `done`: what was observed. */
struct job {
	enum job_end end;
	int exit_status, term_signal;
	char spawn_error[160];
	struct str out, err;       /* detach what you keep */
	uint64_t out_total, err_total; /* bytes written, kept or not */
	uint64_t wall_ms;

	/* private */
	struct jobs *jobs;
	struct job *next, *prev;
	job_done *done;
	void *arg;
	uv_process_t proc;
	uv_pipe_t in_pipe, out_pipe, err_pipe;
	uv_timer_t deadline, leftover;
	uv_write_t write;
	char *input;
	unsigned seen, open;
	uint64_t started;
	size_t keep_bytes;
	int first_signal;
	bool killed, counted, closing;
	unsigned sweeps;
	enum job_end why_killed;
};

#endif
