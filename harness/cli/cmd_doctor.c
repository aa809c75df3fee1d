/* lnmatrix doctor: what is missing on this machine, and the command that mends it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "harness/base/fs.h"
#include "harness/base/str.h"
#include "harness/cli/live.h"
#include "harness/cli/session.h"

struct doctor_args {
	struct places places;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct doctor_args *a = state->input;

	(void)arg;
	if (key == ARGP_KEY_INIT) {
		state->child_inputs[0] = &a->places;
		return 0;
	}
	if (key == ARGP_KEY_ARG)
		argp_error(state, "doctor takes no arguments");
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_child children[] = { { &places_argp, 0, NULL, 0 }, { 0 } };
const struct argp doctor_argp = {
	NULL, parse, "",
	"Looks for what lnmatrix needs here: a go command, room and write access for its cache, a "
	"runner for each architecture. Exit status 1 when something is missing.",
	children, NULL, NULL,
};

static bool trouble;

static void good(const char *what, const char *detail)
{
	printf("ok       %s: %s\n", what, detail);
}

static void bad(const char *what, const char *detail, const char *mend)
{
	trouble = true;
	printf("missing  %s: %s\n", what, detail);
	if (mend)
		printf("         %s\n", mend);
}

static void say(void *arg, const char *line)
{
	(void)arg;
	fprintf(stderr, "lnmatrix: %s\n", line);
}

static void check_go(struct session *s)
{
	struct error err = { 0 };
	char *text;

	if (supply_list(s->supply, &s->published, &err) < 0) {
		bad("go command", err.msg, "install Go 1.19 or newer, or check the network and GOPROXY");
		return;
	}
	text = mem_printf("answers; %zu releases and candidates known", s->published.n);
	good("go command", text);
	mem_free(text);
}

static void check_folder(const char *what, const char *path)
{
	struct error err = { 0 };
	struct statvfs vfs;
	char *text;

	if (fs_mkdirs(path, &err) < 0 || access(path, W_OK) < 0) {
		text = mem_printf("%s cannot be written to", path);
		bad(what, text, "choose another with --cache-dir or --state-dir");
	} else {
		double gb = statvfs(path, &vfs) == 0 ? (double)vfs.f_bavail * (double)vfs.f_frsize / 1e9 : 0;

		text = mem_printf("%s, %.1f GB free", path, gb);
		if (gb < 2)
			bad(what, text, "a toolchain takes about half a gigabyte laid out");
		else
			good(what, text);
	}
	mem_free(text);
}

static void check_runners(const struct runners *rs)
{
	static const char *const targets[] = {
		"linux/386", "linux/amd64", "linux/arm", "linux/arm64", "linux/loong64", "linux/mips",
		"linux/mips64", "linux/mips64le", "linux/mipsle", "linux/ppc64", "linux/ppc64le",
		"linux/riscv64", "linux/s390x",
	};

	for (size_t i = 0; i < LNM_COUNT(targets); i++) {
		struct runner *missing, *r = runners_for(rs, targets[i], &missing);
		char *mend = missing && missing->package
				     ? mem_printf("apt-get install %s (or your system's package of it)",
						  missing->package)
				     : NULL;

		if (r)
			good(targets[i], r->native ? "this machine itself" : r->program);
		else
			bad(targets[i], "programs are linked but not run", mend);
		mem_free(mend);
	}
	puts("\nWhere a plain program dies on an emulator with every Go, that emulator is at fault:\n"
	     "386 programs die on qemu-i386 before 10.0 (an amd64 kernel runs them itself), and\n"
	     "mips64 programs may die on qemu before 11 where real kernels mend unaligned loads.\n"
	     "A newer qemu-user can stand beside the old one: a few lines in a copy of runners.yaml,\n"
	     "and --runners FILE.");
}

int cmd_doctor(int argc, char **argv)
{
	struct doctor_args a = { 0 };
	struct session s = { 0 };
	struct runners rs = { 0 };
	struct error err = { 0 };
	int status = 0;

	cli_parse(&doctor_argp, argc, argv, &a);
	if (places_complete(&a.places, &err) < 0 || session_open(&s, &a.places, true, say, NULL, &err) < 0 ||
	    runners_load(&rs, a.places.runners, target_host(), getenv("PATH"), &err) < 0) {
		status = complain(&err);
	} else {
		check_go(&s);
		check_folder("cache folder", a.places.cache);
		check_folder("state folder", a.places.state);
		check_runners(&rs);
		status = trouble;
	}
	runners_dispose(&rs);
	session_close(&s);
	places_dispose(&a.places);
	return status;
}
