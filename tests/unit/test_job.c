/*
 * Jobs, on real processes: however a child ends, `done` is called once, from the
 * loop, and nothing is left - no handle, no process, no zombie.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/base/fs.h"
#include "harness/base/mem.h"
#include "harness/job/job.h"

enum { MAX_JOBS = 64 };

struct bench;
struct seen {
	struct bench *bench;
	unsigned calls;
	enum job_end end;
	int exit_status, term_signal;
	char *out, *err, *spawn_error;
	size_t out_len;
	uint64_t out_total, err_total, wall_ms;
};

struct bench {
	uv_loop_t loop;
	struct jobs *jobs;
	struct seen seen[MAX_JOBS];
	size_t n;
	bool starting;
	char dir[32];
};

static int setup(void **state)
{
	struct bench *b = mem_zalloc(sizeof(*b));

	assert_int_equal(uv_loop_init(&b->loop), 0);
	b->jobs = jobs_new(&b->loop);
	strcpy(b->dir, "/tmp/lnm-job-XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;
	struct error err = { 0 };
	int left;

	assert_int_equal(jobs_running(b->jobs), 0);
	jobs_free(b->jobs);
	assert_int_equal(uv_loop_close(&b->loop), 0);
	left = waitpid(-1, NULL, WNOHANG);
	assert_true(left == -1 && errno == ECHILD); /* no child, alive or dead */
	for (size_t i = 0; i < b->n; i++) {
		assert_int_equal(b->seen[i].calls, 1);
		mem_free(b->seen[i].out);
		mem_free(b->seen[i].err);
		mem_free(b->seen[i].spawn_error);
	}
	fs_remove_tree(b->dir, &err);
	mem_free(b);
	return 0;
}

static void on_done(struct job *job, void *arg)
{
	struct seen *s = arg;

	assert_int_equal(s->calls, 0);
	assert_false(s->bench->starting); /* never from within job_start() */
	s->calls++;
	s->end = job->end;
	s->exit_status = job->exit_status;
	s->term_signal = job->term_signal;
	s->out_len = job->out.len;
	s->out = str_detach(&job->out);
	s->err = str_detach(&job->err);
	s->out_total = job->out_total;
	s->err_total = job->err_total;
	s->wall_ms = job->wall_ms;
	s->spawn_error = mem_strdup(job->spawn_error);
}

static struct job *start(struct bench *b, const struct job_spec *spec)
{
	static char *const env[] = { (char *)"PATH=/usr/bin:/bin", (char *)"LC_ALL=C", NULL };
	struct job_spec full = *spec;
	struct seen *s = &b->seen[b->n++];
	struct job *job;

	assert_true(b->n <= MAX_JOBS);
	if (!full.env)
		full.env = env;
	s->bench = b;
	b->starting = true;
	job = job_start(b->jobs, &full, on_done, s);
	b->starting = false;
	assert_int_equal(s->calls, 0);
	return job;
}

static struct job *start_sh(struct bench *b, struct job_spec spec, const char *script)
{
	char *argv[] = { (char *)"/bin/sh", (char *)"-c", (char *)script, NULL };

	spec.argv = argv;
	return start(b, &spec);
}

/* Runs one script to its end. */
static const struct seen *sh(struct bench *b, struct job_spec spec, const char *script)
{
	start_sh(b, spec, script);
	assert_int_equal(uv_run(&b->loop, UV_RUN_DEFAULT), 0);
	return &b->seen[b->n - 1];
}

static bool gone(pid_t pid)
{
	return kill(pid, 0) < 0 && errno == ESRCH;
}

/* --- how it ends ------------------------------------------------------------- */

static void test_names(void **state)
{
	(void)state;
	for (int i = 0; i < JOB_ENDS; i++)
		assert_int_equal(job_end_parse(job_end_name((enum job_end)i)), i);
	assert_int_equal(job_end_parse("exploded"), -1);
	assert_string_equal(job_end_name(JOB_TIMED_OUT), "timed-out");
}

static void test_exit_status(void **state)
{
	static const int statuses[] = { 0, 1, 2, 42, 255 };

	for (size_t i = 0; i < 5; i++) {
		char script[16];
		const struct seen *s;

		snprintf(script, sizeof(script), "exit %d", statuses[i]);
		s = sh(*state, (struct job_spec){ 0 }, script);
		assert_int_equal(s->end, JOB_EXITED);
		assert_int_equal(s->exit_status, statuses[i]);
		assert_int_equal(s->term_signal, 0);
		assert_string_equal(s->out, "");
	}
}

static void test_signal(void **state)
{
	static const int signals[] = { SIGKILL, SIGSEGV, SIGTERM, SIGPIPE };

	for (size_t i = 0; i < 4; i++) {
		char script[32];
		const struct seen *s;

		/* SIGPIPE too: that we ignore it must not reach the child */
		snprintf(script, sizeof(script), "kill -%d $$; sleep 5", signals[i]);
		s = sh(*state, (struct job_spec){ 0 }, script);
		assert_int_equal(s->end, JOB_SIGNALLED);
		assert_int_equal(s->term_signal, signals[i]);
	}
}

static void test_two_streams(void **state)
{
	const struct seen *s = sh(*state, (struct job_spec){ 0 },
				  "printf 'o1\\000x'; echo e1 >&2; printf o2; printf e2 >&2");

	assert_int_equal(s->end, JOB_EXITED);
	assert_int_equal(s->out_len, 6);
	assert_memory_equal(s->out, "o1\0xo2", 7);
	assert_string_equal(s->err, "e1\ne2");
	assert_int_equal(s->out_total, 6);
	assert_int_equal(s->err_total, 5);
}

static void test_environment_and_folder(void **state)
{
	struct bench *b = *state;
	char *const env[] = { (char *)"PATH=/usr/bin:/bin", (char *)"ONLY=this", NULL };
	char *const argv[] = { (char *)"env", NULL };
	struct job_spec spec = { .argv = argv, .env = env };
	const struct seen *s;

	setenv("LNM_LEAK", "1", 1);
	start(b, &spec); /* found on env's PATH */
	uv_run(&b->loop, UV_RUN_DEFAULT);
	assert_string_equal(b->seen[0].out, "PATH=/usr/bin:/bin\nONLY=this\n");
	unsetenv("LNM_LEAK");
	s = sh(b, (struct job_spec){ .cwd = b->dir }, "pwd; ulimit -f");
	assert_int_equal(strncmp(s->out, b->dir, strlen(b->dir)), 0);
	assert_non_null(strstr(s->out, "unlimited"));
}

static void test_limits(void **state)
{
	const struct seen *s = sh(*state, (struct job_spec){ .cpu_s = 7, .data_bytes = 1 << 30, .file_bytes = 51200 },
				  "sleep 0.2; ulimit -t; ulimit -d; ulimit -f");

	assert_string_equal(s->out, "7\n1048576\n100\n");
}

/* --- output ------------------------------------------------------------------ */

static void test_output_is_capped(void **state)
{
	const struct seen *s = sh(*state, (struct job_spec){ .keep_bytes = 100000 },
				  "head -c 1000000 /dev/zero | tr '\\0' x; head -c 10 /dev/zero | tr '\\0' y >&2");

	assert_int_equal(s->end, JOB_EXITED);
	assert_int_equal(s->out_len, 100000);
	assert_int_equal(strspn(s->out, "x"), 100000);
	assert_int_equal(s->out_total, 1000000); /* all of it was read */
	assert_string_equal(s->err, "yyyyyyyyyy");
}

static void test_flood_is_stopped(void **state)
{
	const struct seen *s = sh(*state, (struct job_spec){ .keep_bytes = 4096, .timeout_ms = 20000 },
				  "trap '' TERM PIPE; yes >&2");

	assert_int_equal(s->end, JOB_FLOODED);
	assert_true(s->err_total > 4096 * 32);
	assert_int_equal(strlen(s->err), 4096);
	assert_true(s->wall_ms < 10000);
}

/* --- input ------------------------------------------------------------------- */

static void test_input(void **state)
{
	char *big = mem_alloc(500001);
	const struct seen *s;

	memset(big, 'i', 500000);
	big[500000] = '\0';
	assert_string_equal(sh(*state, (struct job_spec){ .input = "a\nb" }, "cat")->out, "a\nb");
	assert_string_equal(sh(*state, (struct job_spec){ .input = "" }, "cat; echo end")->out, "end\n");
	assert_string_equal(sh(*state, (struct job_spec){ 0 }, "cat; echo end")->out, "end\n");
	s = sh(*state, (struct job_spec){ .input = big }, "wc -c");
	assert_int_equal(strtol(s->out, NULL, 10), 500000);
	s = sh(*state, (struct job_spec){ .input = big }, "exit 3"); /* it need not read it */
	assert_int_equal(s->end, JOB_EXITED);
	assert_int_equal(s->exit_status, 3);
	s = sh(*state, (struct job_spec){ .input = big }, "exec <&-; sleep 0.2");
	assert_int_equal(s->end, JOB_EXITED);
	mem_free(big);
}

/* --- time -------------------------------------------------------------------- */

static void test_timeout(void **state)
{
	const struct seen *s = sh(*state, (struct job_spec){ .timeout_ms = 200 }, "echo before; sleep 60");

	assert_int_equal(s->end, JOB_TIMED_OUT);
	assert_string_equal(s->out, "before\n");
	assert_true(s->wall_ms >= 190 && s->wall_ms < 5000);
}

/* Asked first, so that a Go program can dump its goroutines. */
static void test_timeout_asks_first(void **state)
{
	const struct seen *s = sh(*state, (struct job_spec){ .timeout_ms = 200, .first_signal = SIGQUIT },
				  "trap 'echo dump; exit 2' QUIT; while :; do sleep 0.05; done");

	assert_int_equal(s->end, JOB_TIMED_OUT);
	assert_string_equal(s->out, "dump\n");
	assert_int_equal(s->exit_status, 2);
}

static void test_timeout_of_the_stubborn(void **state)
{
	const struct seen *s = sh(*state, (struct job_spec){ .timeout_ms = 100, .first_signal = SIGQUIT },
				  "trap '' TERM QUIT INT HUP; echo ready; while :; do sleep 0.05; done");

	assert_int_equal(s->end, JOB_TIMED_OUT);
	assert_string_equal(s->out, "ready\n");
	assert_int_equal(s->term_signal, SIGKILL);
	assert_true(s->wall_ms >= 2000 && s->wall_ms < 8000);
}

/* A deadline counts from the spawn, whatever the caller did since the loop last
 * looked at the clock. */
static void test_timeout_counts_from_the_spawn(void **state)
{
	struct bench *b = *state;
	const struct seen *s;

	uv_update_time(&b->loop);
	usleep(1600000);
	s = sh(b, (struct job_spec){ .timeout_ms = 1500 }, "sleep 0.1; echo done");
	assert_int_equal(s->end, JOB_EXITED);
	assert_string_equal(s->out, "done\n");
}

static void test_no_timeout_after_the_exit(void **state)
{
	const struct seen *s = sh(*state, (struct job_spec){ .timeout_ms = 10000 }, "exit 0");

	assert_int_equal(s->end, JOB_EXITED);
	assert_true(s->wall_ms < 5000);
}

/* --- trees ------------------------------------------------------------------- */

static void test_grandchild_holds_the_pipe(void **state)
{
	struct bench *b = *state;
	uint64_t begin = uv_hrtime(), all_ms;
	const struct seen *s = sh(b, (struct job_spec){ 0 }, "sleep 60 & echo $!; exit 4");

	assert_int_equal(s->end, JOB_EXITED);
	assert_int_equal(s->exit_status, 4);
	assert_true(gone((pid_t)strtol(s->out, NULL, 10)));
	all_ms = (uv_hrtime() - begin) / 1000000;
	assert_true(all_ms < 2500);
	assert_true(s->wall_ms + 90 < all_ms); /* of the program, not of clearing up after it */
}

/* What a grandchild says just after the program's end is not lost; on a busy machine
 * it may be slower than we wait. */
static void test_late_output(void **state)
{
	int heard = 0;

	for (int i = 0; i < 5 && !heard; i++)
		heard = strcmp(sh(*state, (struct job_spec){ 0 }, "(sleep 0.02; echo late) & exit 0")->out,
			       "late\n") == 0;
	assert_true(heard);
}

/* Double-forked, in a session of its own, its pipes closed. */
static void test_daemon_is_killed(void **state)
{
	struct bench *b = *state;
	char *pid_file = path_join(b->dir, "pid");
	struct str text = STR_INIT;
	struct error err = { 0 };
	const struct seen *s = sh(b, (struct job_spec){ .cwd = b->dir },
				  "(setsid sh -c 'echo $$ >p; mv p pid; exec sleep 60' "
				  "</dev/null >/dev/null 2>&1 &); until [ -e pid ]; do sleep 0.01; done");

	assert_int_equal(s->end, JOB_EXITED);
	assert_int_equal(fs_read(&text, pid_file, &err), 0);
	assert_true(gone((pid_t)strtol(text.s, NULL, 10)));
	str_free(&text);
	mem_free(pid_file);
}

/* A whole tree of sessions: each level only comes to us when the one above dies. */
static void test_tree_of_daemons_is_killed(void **state)
{
	struct bench *b = *state;
	const struct seen *s = sh(b, (struct job_spec){ .cwd = b->dir },
				  "setsid sh -c 'echo $$ >>pids; setsid sh -c \"echo \\$\\$ >>pids; "
				  "setsid sleep 60 & echo \\$! >>pids; sleep 60\" & sleep 60' & "
				  "while [ $(cat pids | wc -l) -lt 3 ]; do sleep 0.01; done 2>/dev/null");
	char *path = path_join(b->dir, "pids"), *p;
	struct str text = STR_INIT;
	struct error err = { 0 };
	int n = 0;

	assert_int_equal(s->end, JOB_EXITED);
	assert_int_equal(fs_read(&text, path, &err), 0);
	for (p = text.s; *p; n++)
		assert_true(gone((pid_t)strtol(p, &p, 10))), p += *p == '\n';
	assert_int_equal(n, 3);
	str_free(&text);
	mem_free(path);
}

static void test_timeout_kills_the_tree(void **state)
{
	const struct seen *s = sh(*state, (struct job_spec){ .timeout_ms = 300 },
				  "sleep 60 & echo $!; setsid sleep 60 & echo $!; wait");
	char *p = s->out;

	assert_int_equal(s->end, JOB_TIMED_OUT);
	assert_true(gone((pid_t)strtol(p, &p, 10)));
	assert_true(gone((pid_t)strtol(p, &p, 10)));
}

/* Hundreds at once are more than one look at /proc may show. */
static void test_crowd_is_killed(void **state)
{
	const struct seen *s = sh(*state, (struct job_spec){ 0 },
				  "i=0; while [ $i -lt 300 ]; do setsid sleep 60 & i=$((i+1)); done; echo $i");

	assert_int_equal(s->end, JOB_EXITED);
	assert_string_equal(s->out, "300\n");
}

/* The end of one job is not the end of another's grandchildren. */
static void test_others_are_spared(void **state)
{
	struct bench *b = *state;

	start_sh(b, (struct job_spec){ 0 }, "(sleep 0.6; echo alive) & wait");
	start_sh(b, (struct job_spec){ 0 }, "((sleep 0.6; echo alive) &); sleep 0.9"); /* an orphan */
	start_sh(b, (struct job_spec){ 0 }, "setsid sleep 60 & sleep 0.1");
	uv_run(&b->loop, UV_RUN_DEFAULT);
	assert_string_equal(b->seen[0].out, "alive\n");
	assert_string_equal(b->seen[1].out, "alive\n");
	assert_int_equal(b->seen[2].end, JOB_EXITED);
}

/* A child from before: of a shell that did `server & exec lnmatrix`. */
static void test_inherited_are_spared(void **state)
{
	struct bench *b = *state;
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execl("/bin/sleep", "sleep", "60", (char *)NULL);
		_exit(99);
	}
	jobs_free(b->jobs);
	b->jobs = jobs_new(&b->loop);
	sh(b, (struct job_spec){ 0 }, "sleep 60 & exit 0");
	assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

/* --- not started ------------------------------------------------------------- */

static void spawn_fails(struct bench *b, const char *program, const char *cwd, const char *words)
{
	char *const argv[] = { (char *)program, (char *)"x", NULL };
	struct job_spec spec = { .argv = argv, .cwd = cwd, .input = "in", .timeout_ms = 1000 };
	const struct seen *s = &b->seen[b->n];

	start(b, &spec);
	uv_run(&b->loop, UV_RUN_DEFAULT);
	assert_int_equal(s->end, JOB_NOT_STARTED);
	if (strcmp(s->spawn_error, words) != 0)
		fail_msg("wanted \"%s\", got \"%s\"", words, s->spawn_error);
	assert_string_equal(s->out, "");
}

static void test_not_started(void **state)
{
	struct bench *b = *state;
	char *text = path_join(b->dir, "text"), *words = mem_printf("%s: permission denied", text);
	struct error err = { 0 };

	assert_int_equal(fs_write(text, "x", 1, 0644, &err), 0);
	spawn_fails(b, "/nowhere/x", NULL, "/nowhere/x: no such file or directory");
	spawn_fails(b, "no-such-program-here", NULL, "no-such-program-here: no such file or directory");
	spawn_fails(b, text, NULL, words);
	spawn_fails(b, "/bin/true", "/nowhere", "/nowhere: no such file or directory");
	mem_free(text);
	mem_free(words);
}

static void test_not_started_with_others(void **state)
{
	struct bench *b = *state;
	char *const argv[] = { (char *)"/nowhere/x", NULL };

	start_sh(b, (struct job_spec){ 0 }, "echo a");
	start(b, &(struct job_spec){ .argv = argv });
	start_sh(b, (struct job_spec){ 0 }, "echo b");
	uv_run(&b->loop, UV_RUN_DEFAULT);
	assert_string_equal(b->seen[0].out, "a\n");
	assert_int_equal(b->seen[1].end, JOB_NOT_STARTED);
	assert_string_equal(b->seen[2].out, "b\n");
}

/* --- cancelling -------------------------------------------------------------- */

static void test_cancel(void **state)
{
	struct bench *b = *state;
	struct job *job = start_sh(b, (struct job_spec){ .first_signal = SIGQUIT }, "trap '' TERM; sleep 60");

	assert_int_equal(jobs_running(b->jobs), 1);
	job_cancel(job);
	assert_int_equal(b->seen[0].calls, 0);
	job_cancel(job);
	uv_run(&b->loop, UV_RUN_DEFAULT);
	assert_int_equal(b->seen[0].end, JOB_CANCELLED);
	assert_true(b->seen[0].wall_ms < 2000);
}

static void on_cancel_all(uv_timer_t *timer)
{
	struct bench *b = timer->data;

	jobs_cancel_all(b->jobs);
	uv_close((uv_handle_t *)timer, NULL);
}

static void test_cancel_all(void **state)
{
	struct bench *b = *state;
	uint64_t begin = uv_hrtime();
	uv_timer_t timer;

	uv_timer_init(&b->loop, &timer);
	timer.data = b;
	start_sh(b, (struct job_spec){ 0 }, "exit 0");
	start_sh(b, (struct job_spec){ 0 }, "sleep 60");
	start_sh(b, (struct job_spec){ 0 }, "setsid sleep 60 & sleep 60");
	/* one that is being asked to end: nobody waits for its grace any more */
	start_sh(b, (struct job_spec){ .timeout_ms = 150, .first_signal = SIGQUIT },
		 "trap '' QUIT; while :; do sleep 0.05; done");
	uv_timer_start(&timer, on_cancel_all, 400, 0);
	uv_run(&b->loop, UV_RUN_DEFAULT);
	assert_int_equal(b->seen[0].end, JOB_EXITED);
	for (int i = 1; i < 4; i++)
		assert_int_equal(b->seen[i].end, JOB_CANCELLED);
	assert_true(uv_hrtime() - begin < 2100000000u);
}

/* --- many -------------------------------------------------------------------- */

static void test_many(void **state)
{
	struct bench *b = *state;

	for (int i = 0; i < 40; i++) {
		char script[64];

		snprintf(script, sizeof(script), "echo %d; echo %d >&2; exit %d", i, i, i);
		start_sh(b, (struct job_spec){ .timeout_ms = 30000 }, script);
	}
	assert_int_equal(jobs_running(b->jobs), 40);
	uv_run(&b->loop, UV_RUN_DEFAULT);
	for (int i = 0; i < 40; i++) {
		assert_int_equal(b->seen[i].exit_status, i);
		assert_int_equal(strtol(b->seen[i].out, NULL, 10), i);
		assert_int_equal(strtol(b->seen[i].err, NULL, 10), i);
	}
}

/* A `done` that starts the next one, as pools do. */
static void on_done_next(struct job *job, void *arg)
{
	struct bench *b = arg;

	assert_int_equal(job->end, JOB_EXITED);
	start_sh(b, (struct job_spec){ 0 }, "echo second");
}

static void test_chain(void **state)
{
	struct bench *b = *state;
	char *const argv[] = { (char *)"/bin/true", NULL }, *const env[] = { NULL };
	struct job_spec spec = { .argv = argv, .env = env };

	job_start(b->jobs, &spec, on_done_next, b);
	uv_run(&b->loop, UV_RUN_DEFAULT);
	assert_int_equal(b->n, 1);
	assert_string_equal(b->seen[0].out, "second\n");
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_names),
		TEST(test_exit_status),
		TEST(test_signal),
		TEST(test_two_streams),
		TEST(test_environment_and_folder),
		TEST(test_limits),
		TEST(test_output_is_capped),
		TEST(test_flood_is_stopped),
		TEST(test_input),
		TEST(test_timeout),
		TEST(test_timeout_asks_first),
		TEST(test_timeout_of_the_stubborn),
		TEST(test_timeout_counts_from_the_spawn),
		TEST(test_no_timeout_after_the_exit),
		TEST(test_grandchild_holds_the_pipe),
		TEST(test_late_output),
		TEST(test_daemon_is_killed),
		TEST(test_tree_of_daemons_is_killed),
		TEST(test_timeout_kills_the_tree),
		TEST(test_crowd_is_killed),
		TEST(test_others_are_spared),
		TEST(test_inherited_are_spared),
		TEST(test_not_started),
		TEST(test_not_started_with_others),
		TEST(test_cancel),
		TEST(test_cancel_all),
		TEST(test_many),
		TEST(test_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
