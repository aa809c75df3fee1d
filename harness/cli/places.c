#include <langinfo.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "harness/base/fs.h"
#include "harness/base/str.h"
#include "harness/cli/cli.h"
#include "harness/cli/version.h"

enum { OPT_CACHE = 500, OPT_STATE, OPT_GO, OPT_LOCK, OPT_RUNNERS };

static const struct argp_option options[] = {
	{ "cache-dir", OPT_CACHE, "DIR", 0, "toolchains and Go's build cache (LNMATRIX_CACHE; "
	  "default ~/.cache/lnmatrix)", 90 },
	{ "state-dir", OPT_STATE, "DIR", 0, "this project's runs (LNMATRIX_STATE; default .lnmatrix)", 90 },
	{ "go-command", OPT_GO, "PATH", 0, "the go that fetches toolchains (LNMATRIX_GO; default: on "
	  "PATH)", 90 },
	{ "lock", OPT_LOCK, "FILE", 0, "pinned versions and checksums (LNMATRIX_LOCK; default "
	  "lnmatrix.lock.yaml, else the shipped one)", 90 },
	{ "runners", OPT_RUNNERS, "FILE", 0, "how binaries are run (LNMATRIX_RUNNERS)", 90 },
	{ 0 },
};

static void set(char **field, const char *value)
{
	mem_free(*field);
	*field = mem_strdup(value);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct places *p = state->input;

	switch (key) {
	case OPT_CACHE: set(&p->cache, arg); return 0;
	case OPT_STATE: set(&p->state, arg); return 0;
	case OPT_GO: set(&p->go, arg); return 0;
	case OPT_LOCK: set(&p->lock, arg); return 0;
	case OPT_RUNNERS: set(&p->runners, arg); return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

const struct argp places_argp = { options, parse, NULL, NULL, NULL, NULL, NULL };

static const char *env_of(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* Beside the program in a build tree, in share/ of an installed one, or where it
 * was built from. */
static char *find_data(void)
{
	char exe[PATH_MAX];
	size_t n = sizeof(exe);
	char *dir, *up, *path, *found = NULL;
	const char *const tries[] = { "", "share/lnmatrix" };

	if (env_of("LNMATRIX_DATA"))
		return mem_strdup(env_of("LNMATRIX_DATA"));
	if (uv_exepath(exe, &n) == 0) {
		dir = path_dir(exe);
		up = path_dir(dir);
		for (size_t i = 0; i < LNM_COUNT(tries) && !found; i++) {
			char *at = *tries[i] ? path_join(up, tries[i]) : mem_strdup(up);

			path = path_join(at, "runners/runners.yaml");
			if (fs_exists(path))
				found = mem_strdup(at);
			mem_free(path);
			mem_free(at);
		}
		mem_free(dir);
		mem_free(up);
	}
	return found ? found : mem_strdup(LNM_SOURCE_DATA);
}

static void make_absolute(char **path)
{
	char *abs = path_abs(*path);

	mem_free(*path);
	*path = abs;
}

int places_complete(struct places *p, struct error *err)
{
	p->data = find_data();
	if (!p->cache && env_of("LNMATRIX_CACHE"))
		p->cache = mem_strdup(env_of("LNMATRIX_CACHE"));
	if (!p->cache && env_of("XDG_CACHE_HOME"))
		p->cache = path_join(env_of("XDG_CACHE_HOME"), "lnmatrix");
	if (!p->cache && env_of("HOME"))
		p->cache = path_join(env_of("HOME"), ".cache/lnmatrix");
	if (!p->cache)
		return err_set(err, ERR_INPUT, "no cache folder: set HOME or LNMATRIX_CACHE, or give --cache-dir");
	make_absolute(&p->cache);
	if (!p->state)
		p->state = mem_strdup(env_of("LNMATRIX_STATE") ? env_of("LNMATRIX_STATE") : ".lnmatrix");
	make_absolute(&p->state);
	if (!p->lock && env_of("LNMATRIX_LOCK"))
		p->lock = mem_strdup(env_of("LNMATRIX_LOCK"));
	if (!p->lock && fs_exists("lnmatrix.lock.yaml"))
		p->lock = mem_strdup("lnmatrix.lock.yaml");
	if (!p->lock)
		p->lock = path_join(p->data, "toolchains/lock.yaml");
	if (!p->runners && env_of("LNMATRIX_RUNNERS"))
		p->runners = mem_strdup(env_of("LNMATRIX_RUNNERS"));
	if (!p->runners)
		p->runners = path_join(p->data, "runners/runners.yaml");
	return 0;
}

void places_dispose(struct places *p)
{
	mem_free(p->cache);
	mem_free(p->state);
	mem_free(p->go);
	mem_free(p->lock);
	mem_free(p->runners);
	mem_free(p->data);
	*p = (struct places){ 0 };
}

int complain(const struct error *err)
{
	fprintf(stderr, "lnmatrix: %s\n", err->msg);
	return err_exit_status(err->code);
}

void cli_parse(const struct argp *argp, int argc, char **argv, void *input)
{
	char *name = mem_printf("lnmatrix %s", argv[0]);

	argp_err_exit_status = 2;
	argv[0] = name; /* in usage messages; the process keeps it */
	argp_parse(argp, argc, argv, 0, NULL, input);
	mem_free(name);
	argv[0] = (char *)"lnmatrix";
}

struct terminal terminal_of(int fd)
{
	struct terminal t = { .width = 80 };
	const char *columns = env_of("COLUMNS");
	uv_tty_t tty;
	uv_loop_t loop;
	int width = 0, height;

	t.is_tty = uv_guess_handle(fd) == UV_TTY && !(env_of("TERM") && strcmp(env_of("TERM"), "dumb") == 0);
	t.color = t.is_tty && !env_of("NO_COLOR");
	t.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	if (t.is_tty && uv_loop_init(&loop) == 0) {
		if (uv_tty_init(&loop, &tty, fd, 0) == 0) {
			uv_tty_get_winsize(&tty, &width, &height);
			uv_close((uv_handle_t *)&tty, NULL);
			uv_run(&loop, UV_RUN_DEFAULT);
		}
		uv_loop_close(&loop);
	}
	if (width <= 0 && columns)
		width = atoi(columns);
	t.width = width > 0 ? width : t.is_tty ? 80 : 100;
	return t;
}
