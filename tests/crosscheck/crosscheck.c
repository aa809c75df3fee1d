#include "tests/crosscheck/crosscheck.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/fs.h"

static void clean_up(struct crosscheck *x)
{
	struct error err = { 0 };

	if (x->dir && fs_remove_tree(x->dir, &err) < 0)
		fprintf(stderr, "%s\n", err.msg);
	mem_free(x->dir);
	mem_free(x->lnmatrix);
	mem_free(x->cache);
	strv_free(&x->toolchains);
	strv_free(&x->roots);
}

void crosscheck_fail(struct crosscheck *x, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("FAIL ", stdout);
	vprintf(fmt, ap);
	putchar('\n');
	va_end(ap);
	x->failures++;
}

void crosscheck_broken(struct crosscheck *x, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("cannot check: ", stdout);
	vprintf(fmt, ap);
	putchar('\n');
	va_end(ap);
	clean_up(x);
	exit(CROSSCHECK_BROKEN);
}

static void skip(struct crosscheck *x, const char *reason)
{
	printf("skipped: %s\n", reason);
	clean_up(x);
	exit(CROSSCHECK_SKIP);
}

/* --- children ---------------------------------------------------------------- */

static void read_back(struct crosscheck *x, struct str *out, const char *path)
{
	struct error err = { 0 };

	if (!out)
		return;
	str_clear(out);
	if (fs_read(out, path, &err) < 0)
		crosscheck_broken(x, "%s", err.msg);
}

/* As crosscheck_go(); env NULL: our own. */
static int run(struct crosscheck *x, struct strv *argv, struct strv *env, struct str *out, struct str *err)
{
	char *out_path = path_join(x->dir, "stdout"), *err_path = path_join(x->dir, "stderr");
	posix_spawn_file_actions_t files;
	pid_t pid;
	int rc, status;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, 1, out_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	posix_spawn_file_actions_addopen(&files, 2, err_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	posix_spawn_file_actions_addchdir_np(&files, x->dir);
	rc = posix_spawn(&pid, argv->v[0], &files, NULL, strv_argv(argv), env ? strv_argv(env) : environ);
	posix_spawn_file_actions_destroy(&files);
	if (rc != 0)
		crosscheck_broken(x, "%s: %s", argv->v[0], strerror(rc));
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			crosscheck_broken(x, "waitpid: %s", strerror(errno));
	read_back(x, out, out_path);
	read_back(x, err, err_path);
	mem_free(out_path);
	mem_free(err_path);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int crosscheck_go(struct crosscheck *x, size_t toolchain, const char *target, struct strv *args,
		  struct str *out, struct str *err)
{
	const char *slash = strchr(target, '/');
	struct strv argv = { 0 }, env = { 0 };
	int status;

	strv_addf(&argv, "%s/bin/go", x->roots.v[toolchain]);
	for (size_t i = 0; i < args->n; i++)
		strv_add(&argv, args->v[i]);
	strv_addf(&env, "HOME=%s/home", x->dir);
	strv_addf(&env, "GOCACHE=%s/gobuild", x->cache);
	strv_addf(&env, "GOOS=%.*s", (int)(slash - target), target);
	strv_addf(&env, "GOARCH=%s", slash + 1);
	strv_add(&env, "PATH=/usr/bin:/bin");
	strv_add(&env, "GOTOOLCHAIN=local");
	strv_add(&env, "GOENV=off");
	strv_add(&env, "GOFLAGS=");
	strv_add(&env, "GOPROXY=off");
	strv_add(&env, "GOWORK=off");
	strv_add(&env, "CGO_ENABLED=0");
	status = run(x, &argv, &env, out, err);
	strv_free(&argv);
	strv_free(&env);
	return status;
}

/* --- lnmatrix ---------------------------------------------------------------- */

json_t *crosscheck_ask(struct crosscheck *x, const char *command, const struct strv *names,
		       size_t toolchain, const char *target)
{
	struct strv argv = { 0 };
	struct str out = STR_INIT, said = STR_INIT;
	json_error_t mistake;
	json_t *answer;
	int status;

	strv_add(&argv, x->lnmatrix);
	strv_add(&argv, command);
	strv_add(&argv, "--json");
	strv_addf(&argv, "--go=%s", x->toolchains.v[toolchain]);
	strv_addf(&argv, "--target=%s", target);
	strv_add(&argv, "--");
	for (size_t i = 0; i < names->n; i++)
		strv_add(&argv, names->v[i]);
	status = run(x, &argv, NULL, &out, &said);
	if (status > 1) /* 1: something was not found */
		crosscheck_broken(x, "lnmatrix %s ended with %d: %s", command, status, said.s);
	answer = json_loadb(out.s, out.len, 0, &mistake);
	if (!answer)
		crosscheck_broken(x, "lnmatrix %s --json, line %d: %s", command, mistake.line, mistake.text);
	strv_free(&argv);
	str_free(&out);
	str_free(&said);
	return answer;
}

const json_t *crosscheck_entry(const json_t *thing)
{
	return json_array_get(json_object_get(thing, "timeline"), 0);
}

/* Lines "go1.24.13<TAB>/path", as `toolchain install` lists them. */
static void read_toolchains(struct crosscheck *x, const char *text)
{
	for (const char *line = text, *end; *line; line = *end ? end + 1 : end) {
		const char *tab = strchr(line, '\t');

		end = strchrnul(line, '\n');
		if (!tab || tab > end)
			continue;
		strv_addn(&x->toolchains, line, (size_t)(tab - line));
		strv_addn(&x->roots, tab + 1, (size_t)(end - tab - 1));
	}
}

void crosscheck_init(struct crosscheck *x, const char *const *versions)
{
	struct strv argv = { 0 };
	struct str out = STR_INIT, said = STR_INIT;
	size_t wanted = 0;
	int status;

	*x = (struct crosscheck){ 0 };
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!getenv("LNMATRIX") || !getenv("LNMATRIX_CACHE"))
		crosscheck_broken(x, "LNMATRIX (the program) and LNMATRIX_CACHE must be set");
	x->lnmatrix = path_abs(getenv("LNMATRIX"));
	x->cache = path_abs(getenv("LNMATRIX_CACHE"));
	setenv("LNMATRIX_CACHE", x->cache, 1);
	x->dir = mem_strdup("/tmp/lnm-crosscheck-XXXXXX");
	if (!mkdtemp(x->dir))
		crosscheck_broken(x, "%s: %s", x->dir, strerror(errno));
	/* Else the go command leaves a child behind that reports, or would. */
	crosscheck_write(x, "home/.config/go/telemetry/mode", "off\n");
	crosscheck_write(x, "go.mod", "module crosscheck\n\ngo 1.21\n");
	strv_add(&argv, x->lnmatrix);
	strv_add(&argv, "toolchain");
	strv_add(&argv, "install");
	for (; versions[wanted]; wanted++)
		strv_add(&argv, versions[wanted]);
	status = run(x, &argv, NULL, &out, &said);
	read_toolchains(x, out.s);
	x->incomplete = x->toolchains.n < wanted;
	if (status != 0 && status != 3)
		crosscheck_broken(x, "lnmatrix toolchain install ended with %d: %s", status, said.s);
	if (x->incomplete)
		printf("not all toolchains are to be had here: %s", said.len ? said.s : "?\n");
	if (x->toolchains.n == 0)
		skip(x, "no toolchain");
	strv_free(&argv);
	str_free(&out);
	str_free(&said);
}

void crosscheck_write(struct crosscheck *x, const char *name, const char *text)
{
	char *path = path_join(x->dir, name);
	struct error err = { 0 };

	if (fs_write(path, text, strlen(text), 0644, &err) < 0)
		crosscheck_broken(x, "%s", err.msg);
	mem_free(path);
}

int crosscheck_end(struct crosscheck *x)
{
	bool incomplete = x->incomplete;
	int failures = x->failures;

	clean_up(x);
	if (failures) {
		printf("%d failures\n", failures);
		return 1;
	}
	if (incomplete)
		puts("skipped: what is not to be had here was not checked, the rest is right");
	return incomplete ? CROSSCHECK_SKIP : 0;
}
