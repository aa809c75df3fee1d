#include "harness/job/job.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/mem.h"

enum {
	SAW_EXIT = 1,
	SAW_OUT = 2,
	SAW_ERR = 4,
	SAW_ALL = 7,
	KEEP_BYTES = 1 << 20,
	FLOOD_FACTOR = 32,       /* times keep_bytes and a program is stopped */
	GRACE_MS = 2000,         /* between the first signal and SIGKILL */
	DRAIN_MS = 100,          /* after the exit, for output still in the pipe */
	SWEEP_MS = 10,
	MAX_SWEEPS = 300,        /* 3 s: then what is left cannot be killed (state D) */
};

struct pids { pid_t *v; size_t n, cap; };

struct jobs {
	uv_loop_t *loop;
	struct job *running;
	size_t n;
	bool cancelled;        /* what is started from now on ends at once */
	struct pids inherited; /* children that were here before us: not ours to kill */
};

static const char *const end_names[JOB_ENDS] = {
	"exited", "signalled", "timed-out", "flooded", "cancelled", "not-started",
};

const char *job_end_name(enum job_end end)
{
	return end_names[end];
}

int job_end_parse(const char *name)
{
	for (int i = 0; i < JOB_ENDS; i++)
		if (strcmp(name, end_names[i]) == 0)
			return i;
	return -1;
}

/* Adds this process's children. Nothing without CONFIG_PROC_CHILDREN: then process
 * groups are what we have. */
static void list_children(struct pids *out)
{
	char path[64];
	FILE *f;
	int pid;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	f = fopen(path, "re");
	while (f && fscanf(f, "%d", &pid) == 1)
		vec_push(out, pid);
	if (f)
		fclose(f);
}

struct jobs *jobs_new(uv_loop_t *loop)
{
	struct jobs *jobs = mem_zalloc(sizeof(*jobs));

	jobs->loop = loop;
	list_children(&jobs->inherited); /* of a shell that did `daemon & exec lnmatrix` */
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	signal(SIGPIPE, SIG_IGN); /* a child that does not read its stdin */
	return jobs;
}

void jobs_free(struct jobs *jobs)
{
	if (!jobs)
		return;
	assert(jobs->n == 0);
	vec_free(&jobs->inherited);
	mem_free(jobs);
}

size_t jobs_running(const struct jobs *jobs)
{
	return jobs->n;
}

uv_loop_t *jobs_loop(const struct jobs *jobs)
{
	return jobs->loop;
}

static void job_advance(struct job *job);

/* --- killing ---------------------------------------------------------- */

static void kill_group(struct job *job, int sig)
{
	if (job->proc.pid > 0)
		kill(-job->proc.pid, sig);
}

static bool is_job_pid(const struct jobs *jobs, pid_t pid, const struct job *except)
{
	for (const struct job *j = jobs->running; j; j = j->next)
		if (j != except && j->proc.pid == pid)
			return true;
	return false;
}

static bool is_inherited(const struct jobs *jobs, pid_t pid)
{
	for (size_t i = 0; i < jobs->inherited.n; i++)
		if (jobs->inherited.v[i] == pid)
			return true;
	return false;
}

/*
 * Kills and reaps processes that came to us because their parents died and that
 * belong to no job that still runs (`ended` has just ceased to). Returns how
 * many were found: the children of those come to us only now, so that nothing
 * is left only when a sweep finds nothing.
 */
static unsigned sweep_orphans(struct jobs *jobs, const struct job *ended)
{
	struct pids pids = { 0 };
	unsigned found = 0;

	list_children(&pids); /* whole before the first is reaped: the file skips then */
	for (size_t i = 0; i < pids.n; i++) {
		pid_t pid = pids.v[i], session;

		if (is_job_pid(jobs, pid, ended) || is_inherited(jobs, pid))
			continue;
		session = getsid(pid);
		if (session > 0 && is_job_pid(jobs, session, ended))
			continue; /* of a job that still runs */
		kill(pid, SIGKILL);
		waitpid(pid, NULL, WNOHANG);
		found++;
	}
	vec_free(&pids);
	return found;
}

static void on_deadline(uv_timer_t *timer)
{
	struct job *job = timer->data;

	if (!job->killed) {
		job->killed = true;
		job->why_killed = JOB_TIMED_OUT;
	}
	if (job->first_signal && job->first_signal != SIGKILL) {
		kill_group(job, job->first_signal);
		job->first_signal = 0;
		uv_timer_start(&job->deadline, on_deadline, GRACE_MS, 0);
		return;
	}
	kill_group(job, SIGKILL);
}

static void stop_for(struct job *job, enum job_end why)
{
	if (job->seen & SAW_EXIT)
		return;
	if (!job->killed || why == JOB_CANCELLED)
		job->why_killed = why; /* the user, even while a timed-out one has its grace */
	job->killed = true;
	kill_group(job, SIGKILL);
}

void job_cancel(struct job *job)
{
	stop_for(job, JOB_CANCELLED);
}

void jobs_cancel_all(struct jobs *jobs)
{
	jobs->cancelled = true;
	for (struct job *j = jobs->running; j; j = j->next)
		job_cancel(j);
}

/* --- the end ---------------------------------------------------------- */

static void unlink_job(struct job *job)
{
	if (job->prev)
		job->prev->next = job->next;
	else
		job->jobs->running = job->next;
	if (job->next)
		job->next->prev = job->prev;
	job->jobs->n--;
}

static void on_closed(uv_handle_t *handle)
{
	struct job *job = handle->data;

	if (--job->open > 0)
		return;
	job->done(job, job->arg);
	str_free(&job->out);
	str_free(&job->err);
	mem_free(job->input);
	mem_free(job);
}

static void close_handle(void *handle)
{
	uv_handle_t *h = handle;

	if (h->type == UV_UNKNOWN_HANDLE || uv_is_closing(h))
		return;
	uv_close(h, on_closed);
}

static void job_finish(struct job *job)
{
	if (job->closing)
		return;
	job->closing = true;
	if (job->killed)
		job->end = job->why_killed;
	else if (job->end != JOB_NOT_STARTED)
		job->end = job->term_signal ? JOB_SIGNALLED : JOB_EXITED;
	if (job->counted)
		unlink_job(job);
	close_handle(&job->deadline);
	close_handle(&job->leftover);
	close_handle(&job->in_pipe);
	close_handle(&job->out_pipe);
	close_handle(&job->err_pipe);
	close_handle(&job->proc);
}

/* After the exit: first the output may drain, then what is left of the tree is
 * killed, which also ends a pipe that a grandchild holds open. */
static void on_leftover(uv_timer_t *timer)
{
	struct job *job = timer->data;
	unsigned left;

	kill_group(job, SIGKILL);
	left = sweep_orphans(job->jobs, job);
	if (++job->sweeps < MAX_SWEEPS && (left > 0 || job->seen != SAW_ALL)) {
		uv_timer_start(&job->leftover, on_leftover, SWEEP_MS, 0);
		return;
	}
	job_finish(job);
}

static void job_advance(struct job *job)
{
	if (!(job->seen & SAW_EXIT) || job->closing || uv_is_active((uv_handle_t *)&job->leftover))
		return;
	uv_timer_stop(&job->deadline);
	uv_timer_start(&job->leftover, on_leftover, job->seen == SAW_ALL ? 0 : DRAIN_MS, 0);
}

static void on_exit_cb(uv_process_t *proc, int64_t status, int sig)
{
	struct job *job = proc->data;

	job->wall_ms = (uv_hrtime() - job->started) / 1000000;
	job->exit_status = (int)status;
	job->term_signal = sig;
	job->seen |= SAW_EXIT;
	job_advance(job);
}

/* --- output ----------------------------------------------------------- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	/* One loop, one thread, and every read is used up before the next. */
	static char shared[65536];

	(void)handle;
	(void)suggested;
	*buf = uv_buf_init(shared, sizeof(shared));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct job *job = stream->data;
	bool is_out = stream == (uv_stream_t *)&job->out_pipe;
	struct str *keep = is_out ? &job->out : &job->err;
	uint64_t *total = is_out ? &job->out_total : &job->err_total;

	if (n < 0) {
		uv_read_stop(stream);
		job->seen |= is_out ? SAW_OUT : SAW_ERR;
		if (job->seen == SAW_ALL && uv_is_active((uv_handle_t *)&job->leftover))
			uv_timer_start(&job->leftover, on_leftover, 0, 0);
		job_advance(job);
		return;
	}
	*total += (uint64_t)n;
	if (keep->len < job->keep_bytes) {
		size_t room = job->keep_bytes - keep->len;

		str_addn(keep, buf->base, (size_t)n < room ? (size_t)n : room);
	}
	if (*total > (uint64_t)job->keep_bytes * FLOOD_FACTOR)
		stop_for(job, JOB_FLOODED);
}

static void on_written(uv_write_t *req, int status)
{
	struct job *job = req->data;

	(void)status; /* a program need not read its input */
	close_handle(&job->in_pipe);
}

/* --- the start -------------------------------------------------------- */

static void limit(pid_t pid, int what, uint64_t value)
{
	struct rlimit rl = { value, value };

	if (value)
		prlimit(pid, (__rlimit_resource_t)what, &rl, NULL);
}

static void on_not_started(uv_timer_t *timer)
{
	job_finish(timer->data);
}

static void start_streams(struct job *job)
{
	uv_buf_t buf;

	uv_read_start((uv_stream_t *)&job->out_pipe, on_alloc, on_read);
	uv_read_start((uv_stream_t *)&job->err_pipe, on_alloc, on_read);
	if (job->input) {
		buf = uv_buf_init(job->input, (unsigned)strlen(job->input));
		job->write.data = job;
		if (uv_write(&job->write, (uv_stream_t *)&job->in_pipe, &buf, 1, on_written) < 0)
			close_handle(&job->in_pipe);
	}
}

static void init_handles(struct job *job, uv_loop_t *loop)
{
	uv_timer_init(loop, &job->deadline);
	uv_timer_init(loop, &job->leftover);
	uv_pipe_init(loop, &job->out_pipe, 0);
	uv_pipe_init(loop, &job->err_pipe, 0);
	job->open = 4;
	if (job->input) {
		uv_pipe_init(loop, &job->in_pipe, 0);
		job->open++;
	}
	job->deadline.data = job->leftover.data = job->out_pipe.data = job->err_pipe.data =
		job->in_pipe.data = job->proc.data = job;
}

struct job *job_start(struct jobs *jobs, const struct job_spec *spec, job_done *done, void *arg)
{
	struct job *job = mem_zalloc(sizeof(*job));
	uv_stdio_container_t stdio[3] = { { .flags = UV_IGNORE } };
	uv_process_options_t opt = { 0 };
	int rc;

	job->jobs = jobs;
	job->done = done;
	job->arg = arg;
	job->out = job->err = (struct str)STR_INIT;
	job->keep_bytes = spec->keep_bytes ? spec->keep_bytes : KEEP_BYTES;
	job->first_signal = spec->first_signal;
	job->input = mem_strdup(spec->input);
	job->started = uv_hrtime();
	init_handles(job, jobs->loop);
	if (job->input) {
		stdio[0].flags = UV_CREATE_PIPE | UV_READABLE_PIPE;
		stdio[0].data.stream = (uv_stream_t *)&job->in_pipe;
	}
	stdio[1].flags = stdio[2].flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE;
	stdio[1].data.stream = (uv_stream_t *)&job->out_pipe;
	stdio[2].data.stream = (uv_stream_t *)&job->err_pipe;
	opt.file = spec->argv[0];
	opt.args = (char **)spec->argv;
	opt.env = (char **)spec->env;
	opt.cwd = spec->cwd;
	opt.stdio = stdio;
	opt.stdio_count = 3;
	opt.flags = UV_PROCESS_DETACHED; /* a session and process group of its own */
	opt.exit_cb = on_exit_cb;
	if (jobs->cancelled) {
		job->killed = true;
		job->why_killed = JOB_CANCELLED;
		uv_timer_start(&job->leftover, on_not_started, 0, 0);
		return job;
	}
	rc = uv_spawn(jobs->loop, &job->proc, &opt);
	job->open++; /* the process handle, also when the spawn failed */
	if (rc < 0) {
		job->end = JOB_NOT_STARTED;
		snprintf(job->spawn_error, sizeof(job->spawn_error), "%s: %s",
			 spec->cwd && access(spec->cwd, X_OK) < 0 ? spec->cwd : spec->argv[0],
			 uv_strerror(rc));
		job->proc.pid = 0;
		uv_timer_start(&job->leftover, on_not_started, 0, 0);
		return job;
	}
	limit(job->proc.pid, RLIMIT_CPU, spec->cpu_s);
	limit(job->proc.pid, RLIMIT_DATA, spec->data_bytes);
	limit(job->proc.pid, RLIMIT_FSIZE, spec->file_bytes);
	job->counted = true;
	job->next = jobs->running;
	if (job->next)
		job->next->prev = job;
	jobs->running = job;
	jobs->n++;
	if (spec->timeout_ms) {
		uv_update_time(jobs->loop); /* or the caller's own time would count */
		uv_timer_start(&job->deadline, on_deadline, spec->timeout_ms, 0);
	}
	start_streams(job);
	return job;
}
