/*
 * The processes of a script.  Each program is the leader of a group of its own and
 * prints into files; what it leaves behind becomes our child, since the runner is
 * a subreaper.  All waiting is in procs_tick().
 */
#include "tests/support/script.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/error.h"
#include "harness/base/fs.h"

#define FOREVER 1e18

/* A sanitizer's report, and not the "panic: runtime error:" of a Go program. */
#define SANITIZER_RE                                                               \
	"ERROR: (Address|Leak|Memory)Sanitizer|WARNING: (Thread|Memory)Sanitizer|" \
	"(:[0-9]+|\\)|0x[0-9a-f]+|<unknown>): runtime error: "

double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

int signal_number(const char *name)
{
	char *end;
	long n = strtol(name, &end, 10);

	if (end != name)
		return *end == '\0' && n > 0 && n < NSIG ? (int)n : 0;
	if (str_starts(name, "SIG"))
		name += 3;
	for (int sig = 1; sig < NSIG; sig++)
		if (sigabbrev_np(sig) && strcmp(sigabbrev_np(sig), name) == 0)
			return sig;
	return 0;
}

/* ---- waiting */

void procs_reap(struct script *s)
{
	int wstatus;
	pid_t pid;

	while ((pid = waitpid(-1, &wstatus, WNOHANG)) > 0) {
		for (size_t i = 0; i < s->procs.n; i++) {
			struct proc *p = s->procs.v[i];

			if (p->pid == pid && !p->ended) {
				p->ended = true;
				p->wstatus = wstatus;
			}
		}
	}
}

void procs_tick(struct script *s, double until)
{
	double now = now_s();
	struct timespec ts;
	int sig;

	for (size_t i = 0; i < s->procs.n; i++) {
		const struct proc *p = s->procs.v[i];

		if (!p->ended && !p->timed_out && p->deadline < until)
			until = p->deadline;
	}
	until = until - now > 3600 ? 3600 : until - now;
	if (until < 0)
		until = 0;
	ts.tv_sec = (time_t)until;
	ts.tv_nsec = (long)((until - (double)ts.tv_sec) * 1e9);
	sig = sigtimedwait(&s->signals, NULL, &ts);
	if (sig > 0 && sig != SIGCHLD)
		s->interrupted = sig;
	procs_reap(s);
	now = now_s();
	for (size_t i = 0; i < s->procs.n; i++) {
		struct proc *p = s->procs.v[i];

		if (!p->ended && !p->timed_out && p->deadline <= now) {
			p->timed_out = true;
			kill(-p->pid, SIGKILL);
		}
	}
}

void proc_await(struct script *s, const struct proc *p)
{
	while (!p->ended && !s->interrupted)
		procs_tick(s, FOREVER);
}

/* ---- starting */

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

char *program_find(const struct script *s, const char *name)
{
	const char *path = env_get(s, "PATH", 4);

	if (strchr(name, '/'))
		return is_program(name) ? mem_strdup(name) : NULL;
	while (path && *path) {
		size_t n = strcspn(path, ":");
		char *full = mem_printf("%.*s/%s", (int)n, path, name);

		if (n > 0 && is_program(full))
			return full;
		mem_free(full);
		path += n + (path[n] == ':');
	}
	return NULL;
}

/* In the child: becomes the program, or writes errno to `report`. */
static void child_main(const char *prog, char **argv, char **env, const int fd[3], int report)
	__attribute__((noreturn));

static void child_main(const char *prog, char **argv, char **env, const int fd[3], int report)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;
	int e;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0);
	for (int sig = 1; sig < NSIG; sig++)
		sigaction(sig, &dfl, NULL); /* a shell's background job ignores SIGINT */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int i = 0; i < 3; i++)
		if (dup2(fd[i], i) < 0)
			_exit(127);
	close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	execve(prog, argv, env);
	e = errno;
	if (write(report, &e, sizeof(e)) < 0)
		_exit(126);
	_exit(127);
}

/* fd[] are open; returns 0 or the errno of fork or execve. */
static int proc_fork(struct script *s, struct proc *p, const char *prog, char **argv,
		     const int fd[3])
{
	char **env = strv_argv(&s->env);
	int report[2], e = 0;

	if (pipe2(report, O_CLOEXEC) < 0)
		return errno;
	fflush(stdout);
	p->pid = fork();
	if (p->pid == 0)
		child_main(prog, argv, env, fd, report[1]);
	if (p->pid < 0)
		e = errno;
	close(report[1]);
	if (p->pid > 0) {
		setpgid(p->pid, p->pid);
		if (read(report[0], &e, sizeof(e)) == (ssize_t)sizeof(e))
			waitpid(p->pid, NULL, 0);
		else
			e = 0;
	}
	close(report[0]);
	return e;
}

enum verdict proc_start(struct script *s, struct proc *p, struct strv *argv)
{
	const char *in = s->next_stdin ? s->next_stdin : "/dev/null";
	char *prog = program_find(s, argv->v[0]);
	enum verdict v = GO_ON;
	int fd[3], e;

	if (!prog)
		return fail(s, "%s: no such program%s", argv->v[0],
			    strchr(argv->v[0], '/') ? "" : " on $PATH");
	fd[0] = open(in, O_RDONLY | O_CLOEXEC);
	if (fd[0] < 0)
		v = fail(s, "stdin %s: %s", in, strerror(errno));
	fd[1] = open(p->out, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	fd[2] = open(p->err, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd[1] < 0 || fd[2] < 0)
		v = fail(s, "%s: %s", p->out, strerror(errno));
	if (v == GO_ON && (e = proc_fork(s, p, prog, strv_argv(argv), fd)) != 0)
		v = fail(s, "%s: cannot start: %s", prog, strerror(e));
	for (int i = 0; i < 3; i++)
		if (fd[i] >= 0)
			close(fd[i]);
	mem_free(prog);
	mem_free(s->next_stdin);
	s->next_stdin = NULL;
	return v;
}

void proc_free(struct proc *p)
{
	mem_free(p->name);
	mem_free(p->command);
	mem_free(p->out);
	mem_free(p->err);
	mem_free(p);
}

/* ---- one of the script's programs */

struct proc *background_find(const struct script *s, const char *name, size_t n)
{
	for (size_t i = s->procs.n; i-- > 0;) {
		struct proc *p = s->procs.v[i];

		if (p->background && strlen(p->name) == n && memcmp(p->name, name, n) == 0)
			return p;
	}
	return NULL;
}

void proc_add_exit(struct str *out, const struct proc *p)
{
	if (!p->ended)
		str_add(out, "still running");
	else if (p->timed_out)
		str_addf(out, "killed with its group at its limit of %g s", p->limit_s);
	else if (WIFSIGNALED(p->wstatus))
		str_addf(out, "killed by SIG%s", sigabbrev_np(WTERMSIG(p->wstatus)));
	else
		str_addf(out, "exit status %d", WEXITSTATUS(p->wstatus));
}

void proc_add_report(struct str *out, const struct script *s, const struct proc *p)
{
	str_addf(out, "$ %s", p->command);
	if (p->background)
		str_addf(out, " &%s", p->name);
	str_addf(out, "\t(%s:%d)\n", s->path, p->lineno);
	proc_add_exit(out, p);
	str_addc(out, '\n');
	file_add_tail(out, "stdout", p->out);
	file_add_tail(out, "stderr", p->err);
}

enum verdict proc_judge(struct script *s, struct proc *p)
{
	struct str text = STR_INIT;
	enum verdict v = GO_ON;
	struct error err = { 0 };
	long n = 0;

	p->judged = true;
	s->subject = p;
	if (fs_read(&text, p->err, &err) < 0)
		v = fail(s, "%s", err.msg);
	else if (count_matches(s, SANITIZER_RE, &text, 1, &n) == GO_ON && n > 0)
		v = fail(s, "a sanitizer has found something");
	str_clear(&text);
	proc_add_exit(&text, p);
	if (p->timed_out)
		v = fail(s, "%s", text.s);
	else if (p->signalled || p->expect == EXPECT_ANY)
		;
	else if (WIFSIGNALED(p->wstatus))
		v = fail(s, "%s (which \"?\" would let pass)", text.s);
	else if ((WEXITSTATUS(p->wstatus) != 0) != (p->expect == EXPECT_NONZERO))
		v = fail(s, "%s, expected %s", text.s,
			 p->expect == EXPECT_NONZERO ? "a failure" : "0");
	str_free(&text);
	if (v == GO_ON)
		s->subject = NULL;
	return v;
}

void proc_put_down(struct script *s, struct proc *p, double until)
{
	while (!p->ended && now_s() < until)
		procs_tick(s, until);
	if (!p->ended)
		kill(-p->pid, SIGKILL);
	while (!p->ended)
		procs_tick(s, FOREVER);
}

/* ---- all processes of the machine */

/* A process of this machine. */
struct live {
	pid_t pid, ppid;
	char state;
	char *command; /* words joined by blanks; "" for kernel threads and zombies */
};

struct live_list { struct live *v; size_t n, cap; };

static void live_free(struct live_list *ls)
{
	for (size_t i = 0; i < ls->n; i++)
		mem_free(ls->v[i].command);
	vec_free(ls);
}

static bool live_read(struct live *out, pid_t pid)
{
	struct str text = STR_INIT;
	struct error err = { 0 };
	char path[64];
	const char *p;
	int ppid;
	bool ok;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	ok = fs_read(&text, path, &err) == 0 && (p = strrchr(text.s, ')')) != NULL &&
	     sscanf(p + 1, " %c %d", &out->state, &ppid) == 2;
	if (ok) {
		out->pid = pid;
		out->ppid = ppid;
		str_clear(&text);
		snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
		if (fs_read(&text, path, &err) < 0)
			str_clear(&text);
		while (text.len > 0 && text.s[text.len - 1] == '\0')
			text.len--;
		for (size_t i = 0; i < text.len; i++)
			if (text.s[i] == '\0')
				text.s[i] = ' ';
		out->command = mem_strndup(text.s, text.len);
	}
	str_free(&text);
	return ok;
}

static void live_scan(struct live_list *out)
{
	DIR *dir = opendir("/proc");
	struct dirent *e;
	struct live l;

	*out = (struct live_list){ 0 };
	while (dir && (e = readdir(dir)) != NULL)
		if (isdigit((unsigned char)e->d_name[0]) && live_read(&l, atoi(e->d_name)))
			vec_push(out, l);
	if (dir)
		closedir(dir);
}

/* Whoever started us may well have the regex on its own command line. */
static void live_hide_ours(struct live_list *ls)
{
	pid_t pid = getpid();

	while (pid > 1) {
		pid_t parent = 0;

		for (size_t i = 0; i < ls->n; i++) {
			if (ls->v[i].pid == pid) {
				parent = ls->v[i].ppid;
				ls->v[i].command[0] = '\0';
			}
		}
		pid = parent;
	}
}

enum verdict process_find(struct script *s, const char *pattern, char **found)
{
	enum verdict v = GO_ON;
	struct live_list ls;
	long n;

	*found = NULL;
	live_scan(&ls);
	live_hide_ours(&ls);
	for (size_t i = 0; v == GO_ON && !*found && i < ls.n; i++) {
		struct str text = { .s = ls.v[i].command, .len = strlen(ls.v[i].command) };

		if (text.len == 0)
			continue;
		v = count_matches(s, pattern, &text, 1, &n);
		if (n > 0)
			*found = mem_printf("%d %s", (int)ls.v[i].pid, text.s);
	}
	live_free(&ls);
	return v;
}

void orphans_put_down(struct script *s, double until, struct str *left)
{
	struct live_list ls;
	size_t n;

	do {
		bool over = now_s() >= until;

		procs_reap(s);
		live_scan(&ls);
		n = 0;
		for (size_t i = 0; i < ls.n; i++) {
			if (ls.v[i].ppid != getpid() || ls.v[i].state == 'Z')
				continue;
			n++;
			if (over && kill(ls.v[i].pid, SIGKILL) == 0)
				str_addf(left, "\t%d %s\n", (int)ls.v[i].pid, ls.v[i].command);
		}
		live_free(&ls);
		if (n > 0)
			procs_tick(s, now_s() + (over ? 0.01 : 0.05));
	} while (n > 0);
	procs_reap(s);
}
