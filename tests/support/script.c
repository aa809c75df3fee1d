/*
 * lnm-script: runs an end-to-end test that is one txtar archive.
 *
 * The archive's comment is the script, one command a line; its files are laid
 * out in a fresh folder, $WORK, where the script starts.  The first command
 * that does not do as it says ends the test, and the report shows the line, the
 * "# section" it stands in and what the program last run has printed.
 *
 * The manner is that of Go's testscript.  Stricter than that, so that a test
 * cannot pass by accident:
 *   - an unset $VAR, an unknown command or condition, and a program that cannot
 *     be started are failures, behind "!" and "?" too;
 *   - "! exec" wants an exit status other than 0; death by a signal is not one;
 *   - a sanitizer's report in any captured stderr is a failure;
 *   - so is every process that outlives the script.  The runner is a subreaper:
 *     whatever a test starts, in however many sessions, ends up as its child.
 *
 * One loop waits: procs_tick() sleeps until a child changes, a limit expires or
 * the caller's time has come.  Everything else is a sequence of commands.
 */
#include "tests/support/script.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/error.h"
#include "harness/base/fs.h"

enum {
	DEFAULT_LIMIT_S = 600,
	EXIT_USAGE = 2,
	EXIT_SKIP = 77, /* ctest's SKIP_RETURN_CODE */
};

enum verdict fail(struct script *s, const char *fmt, ...)
{
	char *msg = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&msg, fmt, ap) < 0)
		abort();
	va_end(ap);
	if (s->why.len > 0 && s->why.s[s->why.len - 1] != '\n')
		str_addc(&s->why, '\n');
	str_add(&s->why, msg);
	free(msg);
	return FAIL;
}

/* ---- from line to line */

static enum verdict run_line(struct script *s, const char *p)
{
	struct line l = { 0 };
	enum verdict v = line_read(s, p, &l);

	if (v == GO_ON)
		v = line_run(s, &l);
	strv_free(&l.words);
	if (v == GO_ON && s->interrupted)
		v = fail(s, "interrupted by SIG%s", sigabbrev_np(s->interrupted));
	return v;
}

static void script_section(struct script *s, const char *comment, bool goes_on)
{
	if (!goes_on)
		str_clear(&s->section);
	str_addf(&s->section, "%s\n", comment);
	if (s->verbose)
		printf("%s\n", comment);
}

/* Up to the script's end or its first failure, whose line *failed is (caller frees). */
static enum verdict script_run(struct script *s, char **failed)
{
	const char *p = s->archive.comment;
	enum verdict v = GO_ON;
	bool in_comment = false;

	while (v == GO_ON && *p) {
		size_t n = strcspn(p, "\n");
		char *text = mem_strndup(p, str_trimmed_len(p, n));
		const char *line = skip_blanks(text);
		double start = now_s();

		s->lineno++;
		if (*line == '#') {
			script_section(s, line, in_comment);
		} else if (*line) {
			if (s->verbose)
				printf("%s:%d: %s\n", s->path, s->lineno, line);
			v = run_line(s, line);
			if (s->verbose && now_s() - start > 0.1)
				printf("\t(%.1fs)\n", now_s() - start);
		}
		in_comment = *line == '#';
		if (v == FAIL)
			*failed = mem_strdup(line);
		mem_free(text);
		p += n + (p[n] == '\n');
	}
	return v;
}

/*
 * Leaves no process behind.  A script that has passed up to here has still to
 * answer for what it has left running and for what was not looked at.
 */
static enum verdict script_finish(struct script *s, enum verdict v)
{
	bool passing = v == GO_ON || v == STOP;
	double until = passing ? now_s() + GRACE_S : 0;
	struct str left = STR_INIT;

	for (size_t i = 0; i < s->procs.n; i++) {
		struct proc *p = s->procs.v[i];

		if (passing && p->background && !p->claimed) {
			v = fail(s, "&%s was neither waited for nor killed (line %d)", p->name,
				 p->lineno);
			s->subject = p;
		}
		proc_put_down(s, p, p->claimed ? until : 0);
		if (passing && p->claimed && !p->judged && proc_judge(s, p) == FAIL)
			v = FAIL;
	}
	orphans_put_down(s, s->orphans_ok ? 0 : until, &left);
	if (passing && left.len > 0 && !s->orphans_ok)
		v = fail(s, "processes were left running, and have been killed:\n%s", left.s);
	str_free(&left);
	if (passing && s->interrupted)
		v = fail(s, "interrupted by SIG%s", sigabbrev_np(s->interrupted));
	return v;
}

/* ---- recording */

static void archive_add(struct str *out, const struct txtar *ar)
{
	str_add(out, ar->comment);
	for (size_t i = 0; i < ar->n; i++) {
		str_addf(out, "-- %s --\n", ar->files[i].name);
		str_addn(out, ar->files[i].data, ar->files[i].size);
	}
}

/* Writes what `cmp` has recorded; text that an archive cannot hold is refused. */
static enum verdict script_update(struct script *s)
{
	struct str text = STR_INIT;
	struct error err = { 0 };
	struct txtar back;
	struct stat st;
	bool same;
	enum verdict v = GO_ON;

	archive_add(&text, &s->archive);
	same = txtar_parse(&back, text.s, text.len, s->path, &err) == 0 && back.n == s->archive.n;
	for (size_t i = 0; same && i < back.n; i++)
		same = back.files[i].size == s->archive.files[i].size;
	txtar_dispose(&back);
	if (!same)
		v = fail(s, "not updated: an archive cannot hold a file without a last newline "
			    "or with a \"-- marker --\" line");
	else if (stat(s->path_abs, &st) < 0)
		v = fail(s, "%s: %s", s->path, strerror(errno));
	else if (fs_replace(s->path_abs, text.s, text.len, st.st_mode & 0777, &err) < 0)
		v = fail(s, "%s", err.msg);
	else
		printf("updated %s\n", s->path);
	str_free(&text);
	return v;
}

/* ---- a place to run in */

/* "tests/e2e/run_pull.txtar" is the test run_pull. */
static char *test_name(const char *path)
{
	const char *name = path_base(path);

	return mem_strndup(name, strlen(name) - (str_ends(name, ".txtar") ? strlen(".txtar") : 0));
}

static int script_lay_out(struct script *s, struct error *err)
{
	static const char *const folders[] = { "work/home", "work/tmp", "out" };
	const char *tmp = getenv("TMPDIR");
	char *template = path_join(tmp && *tmp ? tmp : "/tmp", "lnm-script-XXXXXX"), *path;
	int rc = 0;

	if (!mkdtemp(template) || !(path = realpath(template, NULL))) {
		rc = err_os(err, errno, "%s", template);
		mem_free(template);
		return rc;
	}
	s->base = mem_strdup(path);
	s->work = path_join(path, "work");
	free(path);
	mem_free(template);
	for (size_t i = 0; rc == 0 && i < sizeof(folders) / sizeof(*folders); i++) {
		path = path_join(s->base, folders[i]);
		rc = fs_mkdirs(path, err);
		mem_free(path);
	}
	for (size_t i = 0; rc == 0 && i < s->archive.n; i++) {
		const struct txtar_file *f = &s->archive.files[i];

		path = path_join(s->work, f->name);
		rc = fs_write(path, f->data, f->size, 0666, err);
		mem_free(path);
	}
	if (rc == 0 && chdir(s->work) < 0)
		rc = err_os(err, errno, "%s", s->work);
	return rc;
}

/* `more` are NAME=VALUE settings of the command line. */
static void script_set_env(struct script *s, const char *path, const struct strv *more)
{
	if (!path)
		path = getenv("PATH");
	strv_addf(&s->env, "PATH=%s", path ? path : "/usr/local/bin:/usr/bin:/bin");
	strv_addf(&s->env, "HOME=%s/home", s->work);
	strv_addf(&s->env, "TMPDIR=%s/tmp", s->work);
	strv_addf(&s->env, "WORK=%s", s->work);
	strv_add(&s->env, "LC_ALL=C.UTF-8");
	for (size_t i = 0; i < more->n; i++)
		env_set(s, more->v[i]);
}

static void take_signals(struct script *s)
{
	static const int taken[] = { SIGCHLD, SIGINT, SIGTERM, SIGHUP };
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	struct rlimit no_core = { 0, 0 };

	sigemptyset(&s->signals);
	for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++) {
		sigaction(taken[i], &dfl, NULL);
		sigaddset(&s->signals, taken[i]);
	}
	sigprocmask(SIG_BLOCK, &s->signals, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	setrlimit(RLIMIT_CORE, &no_core);
	umask(022);
}

/* ---- the whole */

static void script_report(const struct script *s, enum verdict v, const char *failed, double took)
{
	const struct proc *p = s->subject ? s->subject : s->last;
	struct str out = STR_INIT;

	if (v == FAIL) {
		str_add(&out, s->section.s);
		if (failed)
			str_addf(&out, "%s:%d: %s\n", s->path, s->lineno, failed);
		else
			str_addf(&out, "%s: at the end\n", s->path);
		str_addf(&out, "%s%s", s->why.s, str_ends(s->why.s, "\n") ? "" : "\n");
		if (p)
			proc_add_report(&out, s, p);
	}
	if (s->keep && s->work)
		str_addf(&out, "WORK=%s\n", s->work);
	if (v == SKIP)
		str_addf(&out, "SKIP %s: %s\n", s->name, s->why.s);
	else
		str_addf(&out, "%s %s (%.1fs)\n", v == FAIL ? "FAIL" : "PASS", s->name, took);
	fwrite(out.s, 1, out.len, stdout);
	fflush(stdout);
	str_free(&out);
}

static void script_dispose(struct script *s)
{
	struct error err = { 0 };

	if (chdir("/") < 0)
		fputs("lnm-script: cannot leave the test's folder\n", stderr);
	if (s->base && s->keep) {
		char *out = path_join(s->base, "out");

		fs_remove_tree(out, &err);
		mem_free(out);
	} else if (s->base && fs_remove_tree(s->base, &err) < 0) {
		fprintf(stderr, "lnm-script: %s\n", err.msg);
	}
	for (size_t i = 0; i < s->procs.n; i++)
		proc_free(s->procs.v[i]);
	vec_free(&s->procs);
	txtar_dispose(&s->archive);
	strv_free(&s->env);
	strv_free(&s->conds);
	str_free(&s->section);
	str_free(&s->why);
	mem_free(s->next_stdin);
	mem_free(s->path_abs);
	mem_free(s->name);
	mem_free(s->base);
	mem_free(s->work);
}

static int usage(FILE *out)
{
	fputs("usage: lnm-script [OPTION]... FILE.txtar\n"
	      "  -k            keep $WORK and say where it is\n"
	      "  -v            show the script's lines as they are run\n"
	      "  --update      have `cmp` record what differs in the archive\n"
	      "  --path PATH   the script's PATH (default: the caller's)\n"
	      "  -e NAME=VALUE set a variable for the script\n"
	      "  -E NAME       pass the caller's variable on, if it is set\n"
	      "  -c NAME       make the condition cond:NAME hold\n"
	      "exit: 0 passed, 1 failed, 2 usage or a bad archive, 77 skipped\n"
	      "conditions, [COND] or [!COND] in front of a command: exec:NAME, env:NAME,\n"
	      "  root, file:PATH, arch:GOARCH, cond:NAME\n"
	      "commands; FILE may be stdout, stderr, or NAME.stdout, NAME.stderr of a\n"
	      "background command; regexes are POSIX extended, by line:\n",
	      out);
	commands_list(out);
	return EXIT_USAGE;
}

static int run_file(struct script *s, const char *path, const struct strv *more)
{
	struct error err = { 0 };
	char *failed = NULL;
	double start = now_s();
	enum verdict v;

	s->name = test_name(s->path);
	s->path_abs = path_abs(s->path);
	if (txtar_read(&s->archive, s->path, &err) < 0 || script_lay_out(s, &err) < 0) {
		fprintf(stderr, "lnm-script: %s\n", err.msg);
		return EXIT_USAGE;
	}
	script_set_env(s, path, more);
	v = script_finish(s, script_run(s, &failed));
	if (s->updated && v != FAIL && v != SKIP)
		v = script_update(s);
	script_report(s, v, failed, now_s() - start);
	mem_free(failed);
	if (s->interrupted)
		return 128 + s->interrupted;
	return v == FAIL ? 1 : v == SKIP ? EXIT_SKIP : 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "path", required_argument, NULL, 'p' },
		{ "update", no_argument, NULL, 'u' },
		{ 0 },
	};
	struct script s = { .limit_s = DEFAULT_LIMIT_S, .section = STR_INIT, .why = STR_INIT };
	struct strv more = { 0 };
	const char *path = NULL;
	int c, rc = 0;

	while (rc == 0 && (c = getopt_long(argc, argv, "+kvc:e:E:h", options, NULL)) != -1) {
		switch (c) {
		case 'k': s.keep = true; break;
		case 'v': s.verbose = true; break;
		case 'u': s.update = true; break;
		case 'p': path = optarg; break;
		case 'c': strv_add(&s.conds, optarg); break;
		case 'e':
			strv_add(&more, optarg);
			if (!strchr(optarg, '=') || *optarg == '=')
				rc = usage(stderr);
			break;
		case 'E':
			if (getenv(optarg))
				strv_addf(&more, "%s=%s", optarg, getenv(optarg));
			break;
		case 'h':
			usage(stdout);
			strv_free(&more);
			script_dispose(&s);
			return 0;
		default: rc = usage(stderr);
		}
	}
	if (rc == 0 && optind != argc - 1)
		rc = usage(stderr);
	if (rc == 0) {
		s.path = argv[optind];
		setvbuf(stdout, NULL, _IOLBF, 0); /* -v is to be read as it comes */
		take_signals(&s);
		rc = run_file(&s, path, &more);
	}
	strv_free(&more);
	script_dispose(&s);
	return rc;
}
