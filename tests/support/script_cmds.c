/*
 * The commands of a script, by what they are about; their table is at the end.
 */
#include "tests/support/script.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/error.h"
#include "harness/base/fs.h"

/* ---- running programs */

static enum verdict read_seconds(struct script *s, const char *word, double *out)
{
	char *end;

	errno = 0;
	*out = strtod(word, &end);
	if (end == word || *end || errno || !(*out >= 0 && *out < 1e9))
		return fail(s, "\"%s\" is not a number of seconds", word);
	return GO_ON;
}

static enum verdict cmd_exec(struct script *s, struct line *l)
{
	struct proc *p = mem_zalloc(sizeof(*p));
	struct strv argv = { 0 };
	struct str command = STR_INIT;
	size_t n = l->words.n - l->amp;
	enum verdict v;

	for (size_t i = 1; i < n; i++) {
		strv_add(&argv, l->words.v[i]);
		if (i > 1)
			str_addc(&command, ' ');
		str_add_quoted(&command, l->words.v[i]);
	}
	p->background = l->amp;
	p->name = mem_strdup(l->amp ? l->words.v[n] + 1 : "");
	p->command = str_detach(&command);
	p->expect = (enum expect)l->prefix;
	p->lineno = s->lineno;
	p->limit_s = s->limit_s;
	p->deadline = now_s() + s->limit_s;
	p->out = mem_printf("%s/out/%zu.stdout", s->base, s->procs.n + 1);
	p->err = mem_printf("%s/out/%zu.stderr", s->base, s->procs.n + 1);
	if (argv.n == 0)
		v = fail(s, "exec: no program");
	else
		v = proc_start(s, p, &argv);
	strv_free(&argv);
	if (v == FAIL) {
		proc_free(p);
		return v;
	}
	vec_push(&s->procs, p);
	if (p->background)
		return GO_ON;
	proc_await(s, p);
	s->last = p;
	return p->ended ? proc_judge(s, p) : GO_ON;
}

/* A background command that `wait` or `kill` may name; more than one may be anonymous. */
static struct proc *background_expect(struct script *s, const char *name)
{
	for (size_t i = s->procs.n; i-- > 0;) {
		struct proc *p = s->procs.v[i];

		if (p->background && !p->judged && strcmp(p->name, name) == 0)
			return p;
	}
	fail(s, "no background command &%s is to be waited for", name);
	return NULL;
}

static enum verdict wait_for(struct script *s, struct proc *p)
{
	p->claimed = true;
	proc_await(s, p);
	if (!p->ended)
		return GO_ON; /* interrupted */
	s->last = p;
	return proc_judge(s, p);
}

static enum verdict cmd_wait(struct script *s, struct line *l)
{
	enum verdict v = GO_ON;
	struct proc *p;

	if (l->words.n > 1) {
		p = background_expect(s, l->words.v[1] + (l->words.v[1][0] == '&'));
		return p ? wait_for(s, p) : FAIL;
	}
	for (size_t i = 0; v == GO_ON && i < s->procs.n; i++)
		if (s->procs.v[i]->background && !s->procs.v[i]->judged)
			v = wait_for(s, s->procs.v[i]);
	return v;
}

/* To the process alone: what it owes its children is part of what is tested. */
static void proc_signal(struct script *s, struct proc *p, int sig)
{
	p->claimed = true;
	procs_reap(s);
	if (p->ended)
		return; /* on its own, so its exit will be judged */
	p->signalled = true;
	if (sig == SIGKILL)
		s->orphans_ok = true;
	kill(p->pid, sig);
}

static enum verdict cmd_kill(struct script *s, struct line *l)
{
	size_t at = 1;
	int sig = SIGTERM;
	struct proc *p;

	if (at < l->words.n && l->words.v[at][0] == '-') {
		sig = signal_number(l->words.v[at++] + 1);
		if (sig == 0)
			return fail(s, "%s: no such signal", l->words.v[1]);
	}
	if (at + 1 < l->words.n)
		return fail(s, "kill: one name, or none for all");
	if (at < l->words.n) {
		p = background_expect(s, l->words.v[at] + (l->words.v[at][0] == '&'));
		if (!p)
			return FAIL;
		proc_signal(s, p, sig);
		return GO_ON;
	}
	for (size_t i = 0; i < s->procs.n; i++)
		if (s->procs.v[i]->background && !s->procs.v[i]->judged)
			proc_signal(s, s->procs.v[i], sig);
	return GO_ON;
}

static enum verdict cmd_status(struct script *s, struct line *l)
{
	const char *want = l->words.v[1];
	struct str is = STR_INIT;
	bool number_wanted = isdigit((unsigned char)*want), ok;
	int sig = number_wanted ? 0 : signal_number(want);
	enum verdict v = GO_ON;
	char *end;
	long n = strtol(want, &end, 10);

	if (!s->last)
		return fail(s, "status: nothing has been run yet");
	if (number_wanted ? *end != '\0' || n > 255 : sig == 0)
		return fail(s, "status: \"%s\" is neither 0 to 255 nor a signal", want);
	if (number_wanted)
		ok = WIFEXITED(s->last->wstatus) && WEXITSTATUS(s->last->wstatus) == n;
	else
		ok = WIFSIGNALED(s->last->wstatus) && WTERMSIG(s->last->wstatus) == sig;
	if (!ok) {
		proc_add_exit(&is, s->last);
		v = fail(s, "%s, expected %s", is.s, want);
	}
	str_free(&is);
	return v;
}

static enum verdict cmd_timeout(struct script *s, struct line *l)
{
	return read_seconds(s, l->words.v[1], &s->limit_s);
}

static enum verdict cmd_stdin(struct script *s, struct line *l)
{
	const char *path = file_path(s, l->words.v[1]);

	if (!path)
		return FAIL;
	if (!fs_exists(path))
		return fail(s, "%s: no such file", path);
	mem_free(s->next_stdin);
	s->next_stdin = path_abs(path);
	return GO_ON;
}

static enum verdict cmd_noprocess(struct script *s, struct line *l)
{
	double until = now_s() + GRACE_S;
	enum verdict v;
	char *found;
	bool again;

	do {
		v = process_find(s, l->words.v[1], &found);
		if (found && now_s() >= until)
			v = fail(s, "still alive after %d s: %s", GRACE_S, found);
		else if (found)
			procs_tick(s, now_s() + 0.05);
		again = found && v == GO_ON && !s->interrupted;
		mem_free(found);
	} while (again);
	return v;
}

static enum verdict cmd_waitfor(struct script *s, struct line *l)
{
	const char *file = l->words.v[1], *path = file_path(s, file);
	struct proc *p = background_of_file(s, file);
	struct str text = STR_INIT, tail = STR_INIT;
	struct error err = { 0 };
	double until, nap = 0.01;
	enum verdict v;
	long n = 0;

	if (!path || read_seconds(s, l->words.v[3], &until) == FAIL)
		return FAIL;
	until += now_s();
	for (;;) {
		bool ended = p && p->ended; /* asked before reading: nothing comes after */

		str_clear(&text);
		if (fs_read(&text, path, &err) < 0)
			str_clear(&text); /* it may yet come */
		v = count_matches(s, l->words.v[2], &text, 1, &n);
		if (v == FAIL || n > 0 || s->interrupted)
			break;
		if (ended || now_s() >= until) {
			if (p)
				s->subject = p;
			else
				file_add_tail(&tail, file, path);
			v = fail(s, "%s: %s without a match of '%s'\n%s", file,
				 ended ? "the command has ended" : "the time is over",
				 l->words.v[2], tail.s);
			break;
		}
		procs_tick(s, now_s() + nap < until ? now_s() + nap : until);
		nap = nap < 0.1 ? nap * 1.5 : 0.1;
	}
	str_free(&text);
	str_free(&tail);
	return v;
}

/* ---- looking at what came out */

/* `count` is the -count=N word, or NULL when any match will do (or none, after a "!"). */
static enum verdict match(struct script *s, struct line *l, const char *file, const char *pattern,
			  const char *count)
{
	struct str text = STR_INIT;
	enum verdict v;
	char *end = NULL;
	long n, want = count ? strtol(count + strlen("-count="), &end, 10) : 0;

	if (count && (*end || end == count + strlen("-count=") || want < 0 || l->prefix))
		return fail(s, "%s: a number is wanted, and no \"!\"", count);
	v = file_text(s, file, &text);
	if (v == GO_ON)
		v = count_matches(s, pattern, &text, count ? LONG_MAX : 1, &n);
	if (v == GO_ON && count && n != want)
		v = fail(s, "%s: %ld matches of '%s', expected %ld", file, n, pattern, want);
	else if (v == GO_ON && !count && n == 0 && !l->prefix)
		v = fail(s, "%s: no match of '%s'", file, pattern);
	else if (v == GO_ON && !count && n > 0 && l->prefix)
		v = fail(s, "%s: there is a match of '%s'", file, pattern);
	str_free(&text);
	return v;
}

static const char *count_option(const struct line *l)
{
	return l->words.n > 1 && str_starts(l->words.v[1], "-count=") ? l->words.v[1] : NULL;
}

static enum verdict cmd_output(struct script *s, struct line *l)
{
	const char *count = count_option(l);

	if (l->words.n != (count ? 3 : 2))
		return fail(s, "%s: one regex is wanted", l->words.v[0]);
	return match(s, l, l->words.v[0], l->words.v[l->words.n - 1], count);
}

static enum verdict cmd_grep(struct script *s, struct line *l)
{
	const char *count = count_option(l);

	if (l->words.n != (count ? 4 : 3))
		return fail(s, "grep: a regex and a file are wanted");
	return match(s, l, l->words.v[l->words.n - 1], l->words.v[l->words.n - 2], count);
}

/* The archive's file that lies at `path`, or NULL. */
static struct txtar_file *archived(struct script *s, const char *path)
{
	char *real = realpath(path, NULL);
	size_t n = strlen(s->work);
	struct txtar_file *f = NULL;

	if (real && str_starts(real, s->work) && real[n] == '/')
		for (size_t i = 0; !f && i < s->archive.n; i++)
			if (strcmp(s->archive.files[i].name, real + n + 1) == 0)
				f = &s->archive.files[i];
	free(real);
	return f;
}

static enum verdict cmd_cmp(struct script *s, struct line *l)
{
	const char *name1 = l->words.v[1], *name2 = l->words.v[2];
	struct str got = STR_INIT, want = STR_INIT, diff = STR_INIT;
	struct txtar_file *f;
	struct error err = { 0 };
	enum verdict v = file_text(s, name1, &got);

	if (v == GO_ON)
		v = file_text(s, name2, &want);
	if (v == FAIL || (got.len == want.len && memcmp(got.s, want.s, got.len) == 0))
		goto done;
	f = s->update ? archived(s, file_path(s, name2)) : NULL;
	if (f) {
		mem_free(f->data);
		f->data = mem_strndup(got.s, got.len);
		f->size = got.len;
		s->updated = true;
		if (fs_write(file_path(s, name2), got.s, got.len, 0666, &err) < 0)
			v = fail(s, "%s", err.msg);
		goto done;
	}
	text_add_diff(&diff, &want, &got);
	v = fail(s, "%s and %s differ\n--- %s\n+++ %s\n%s", name1, name2, name2, name1, diff.s);
done:
	str_free(&got);
	str_free(&want);
	str_free(&diff);
	return v;
}

static enum verdict cmd_exists(struct script *s, struct line *l)
{
	for (size_t i = 1; i < l->words.n; i++) {
		bool there = fs_exists(l->words.v[i]);

		if (there == (l->prefix == '!'))
			return fail(s, "%s %s", l->words.v[i], there ? "exists" : "does not exist");
	}
	return GO_ON;
}

/* ---- files and environment */

static enum verdict cmd_cd(struct script *s, struct line *l)
{
	if (chdir(l->words.v[1]) < 0)
		return fail(s, "%s: %s", l->words.v[1], strerror(errno));
	return GO_ON;
}

static enum verdict cmd_env(struct script *s, struct line *l)
{
	for (size_t i = 1; i < l->words.n; i++)
		if (!env_set(s, l->words.v[i]))
			return fail(s, "\"%s\" is not NAME=VALUE", l->words.v[i]);
	return GO_ON;
}

static enum verdict cmd_unset(struct script *s, struct line *l)
{
	for (size_t i = 1; i < l->words.n; i++)
		env_unset(s, l->words.v[i], strlen(l->words.v[i]));
	return GO_ON;
}

static enum verdict cmd_mkdir(struct script *s, struct line *l)
{
	struct error err = { 0 };

	for (size_t i = 1; i < l->words.n; i++)
		if (fs_mkdirs(l->words.v[i], &err) < 0)
			return fail(s, "%s", err.msg);
	return GO_ON;
}

/* Whether the path lies below $WORK; links in the folders before its last name resolved. */
static bool below_work(const struct script *s, const char *path)
{
	char *dir = path_dir(path), *real = realpath(dir, NULL);
	const char *last = path_base(path);
	size_t n = strlen(s->work);
	bool ok = *last && strcmp(last, ".") != 0 && strcmp(last, "..") != 0 &&
		  (!real || (str_starts(real, s->work) && (real[n] == '\0' || real[n] == '/')));

	free(real);
	mem_free(dir);
	return ok;
}

static enum verdict cmd_rm(struct script *s, struct line *l)
{
	struct error err = { 0 };

	for (size_t i = 1; i < l->words.n; i++) {
		if (!below_work(s, l->words.v[i]))
			return fail(s, "%s: only what lies below $WORK is removed, by its name",
				    l->words.v[i]);
		if (fs_remove_tree(l->words.v[i], &err) < 0)
			return fail(s, "%s", err.msg);
	}
	return GO_ON;
}

/* `dst`, or the name in it when it is a folder. Caller frees. */
static char *target_path(const char *dst, const char *src)
{
	return fs_is_dir(dst) ? path_join(dst, path_base(src)) : mem_strdup(dst);
}

static enum verdict copy_file(struct script *s, const char *src, const char *dst)
{
	const char *path = file_path(s, src);
	struct str text = STR_INIT;
	struct error err = { 0 };
	enum verdict v = GO_ON;
	struct stat st;
	char *to;

	if (!path)
		return FAIL;
	to = target_path(dst, src);
	if (fs_read(&text, path, &err) < 0 || fs_write(to, text.s, text.len, 0666, &err) < 0)
		v = fail(s, "%s", err.msg);
	else if (path == src && (stat(path, &st) < 0 || chmod(to, st.st_mode & 0777) < 0))
		v = fail(s, "%s: %s", to, strerror(errno));
	str_free(&text);
	mem_free(to);
	return v;
}

static enum verdict cmd_cp(struct script *s, struct line *l)
{
	const char *dst = l->words.v[l->words.n - 1];
	enum verdict v = GO_ON;

	if (l->words.n > 3 && !fs_is_dir(dst))
		return fail(s, "%s: not a folder", dst);
	for (size_t i = 1; v == GO_ON && i + 1 < l->words.n; i++)
		v = copy_file(s, l->words.v[i], dst);
	return v;
}

static enum verdict cmd_mv(struct script *s, struct line *l)
{
	char *to = target_path(l->words.v[2], l->words.v[1]);
	enum verdict v = GO_ON;

	if (rename(l->words.v[1], to) < 0)
		v = fail(s, "%s to %s: %s", l->words.v[1], to, strerror(errno));
	mem_free(to);
	return v;
}

static enum verdict cmd_chmod(struct script *s, struct line *l)
{
	char *end;
	unsigned long mode = strtoul(l->words.v[1], &end, 8);

	if (*end || end == l->words.v[1] || mode > 07777)
		return fail(s, "\"%s\" is not an octal mode", l->words.v[1]);
	for (size_t i = 2; i < l->words.n; i++)
		if (chmod(l->words.v[i], (mode_t)mode) < 0)
			return fail(s, "%s: %s", l->words.v[i], strerror(errno));
	return GO_ON;
}

static enum verdict cmd_symlink(struct script *s, struct line *l)
{
	if (strcmp(l->words.v[2], "->") != 0)
		return fail(s, "symlink: NAME -> TARGET is wanted");
	if (symlink(l->words.v[3], l->words.v[1]) < 0)
		return fail(s, "%s: %s", l->words.v[1], strerror(errno));
	return GO_ON;
}

/* ---- the script itself */

static enum verdict skip(struct script *s, const struct line *l, size_t from)
{
	str_clear(&s->why);
	for (size_t i = from; i < l->words.n; i++)
		str_addf(&s->why, "%s%s", i > from ? " " : "", l->words.v[i]);
	return SKIP;
}

static enum verdict cmd_skip(struct script *s, struct line *l)
{
	return skip(s, l, 1);
}

static enum verdict cmd_need(struct script *s, struct line *l)
{
	char *cond = l->words.v[1];
	size_t n = strlen(cond);
	bool ok = true;

	if (*cond == '[' && cond[n - 1] == ']') {
		cond[n - 1] = '\0';
		cond++;
	}
	if (condition_holds(s, cond, &ok) == FAIL)
		return FAIL;
	return ok ? GO_ON : skip(s, l, 2);
}

static enum verdict cmd_stop(struct script *s, struct line *l)
{
	(void)s;
	(void)l;
	return STOP;
}

/* ---- the table */

static const struct command {
	const char *name;
	enum verdict (*run)(struct script *, struct line *);
	const char *prefixes; /* that it may have */
	size_t min, max;      /* words after the name */
	const char *usage;
} commands[] = {
	{ "cd", cmd_cd, "", 1, 1, "cd FOLDER" },
	{ "chmod", cmd_chmod, "", 2, SIZE_MAX, "chmod OCTAL FILE..." },
	{ "cmp", cmd_cmp, "", 2, 2, "cmp FILE1 FILE2 (--update records FILE1 as FILE2)" },
	{ "cp", cmd_cp, "", 2, SIZE_MAX, "cp FILE... TARGET" },
	{ "env", cmd_env, "", 1, SIZE_MAX, "env NAME=VALUE..." },
	{ "exec", cmd_exec, "!?", 1, SIZE_MAX, "[!|?] exec PROGRAM WORD... [&[NAME]]" },
	{ "exists", cmd_exists, "!", 1, SIZE_MAX, "[!] exists PATH..." },
	{ "grep", cmd_grep, "!", 2, 3, "[!] grep [-count=N] REGEX FILE" },
	{ "kill", cmd_kill, "", 0, 2, "kill [-SIGNAL] [NAME] (SIGTERM, all)" },
	{ "mkdir", cmd_mkdir, "", 1, SIZE_MAX, "mkdir FOLDER..." },
	{ "mv", cmd_mv, "", 2, 2, "mv PATH TARGET" },
	{ "need", cmd_need, "", 2, SIZE_MAX,
	  "need [!]CONDITION REASON (else the test is skipped)" },
	{ "noprocess", cmd_noprocess, "", 1, 1, "noprocess REGEX (of command lines; up to 3 s)" },
	{ "rm", cmd_rm, "", 1, SIZE_MAX, "rm PATH... (trees; a missing one is fine)" },
	{ "skip", cmd_skip, "", 1, SIZE_MAX, "skip REASON" },
	{ "status", cmd_status, "", 1, 1, "status NUMBER|SIGNAL" },
	{ "stderr", cmd_output, "!", 1, 2, "[!] stderr [-count=N] REGEX" },
	{ "stdin", cmd_stdin, "", 1, 1, "stdin FILE (of the next exec)" },
	{ "stdout", cmd_output, "!", 1, 2, "[!] stdout [-count=N] REGEX" },
	{ "stop", cmd_stop, "", 0, 0, "stop (the test has passed)" },
	{ "symlink", cmd_symlink, "", 3, 3, "symlink NAME -> TARGET" },
	{ "timeout", cmd_timeout, "", 1, 1, "timeout SECONDS (of each exec from here on)" },
	{ "unset", cmd_unset, "", 1, SIZE_MAX, "unset NAME..." },
	{ "wait", cmd_wait, "", 0, 1, "wait [NAME]" },
	{ "waitfor", cmd_waitfor, "", 3, 3, "waitfor FILE|NAME.stdout|NAME.stderr REGEX SECONDS" },
};

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static enum verdict run_command(struct script *s, const struct command *c, struct line *l)
{
	size_t n = l->words.n - 1;

	if (l->prefix && !strchr(c->prefixes, l->prefix))
		return fail(s, "\"%c\" says nothing before %s; usage: %s", l->prefix, c->name,
			    c->usage);
	if (n < c->min || n > c->max)
		return fail(s, "usage: %s", c->usage);
	return c->run(s, l);
}

enum verdict line_run(struct script *s, struct line *l)
{
	const struct command *c;

	if (l->words.n == 0)
		return fail(s, "no command");
	c = find_command(l->words.v[0]);
	if (!c)
		return fail(s, "%s: no such command", l->words.v[0]);
	return l->applies ? run_command(s, c, l) : GO_ON;
}

void commands_list(FILE *out)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		fprintf(out, "  %s\n", commands[i].usage);
}
