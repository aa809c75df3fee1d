#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "harness/cli/cli.h"
#include "harness/cli/version.h"

static int cmd_help(int argc, char **argv);

const struct command commands[] = {
	{ "run", cmd_run, &run_argp, "the matrix of one or more scenarios" },
	{ "symbol", cmd_symbol, &symbol_argp, "a symbol's timeline: exists, signature, who may link to it" },
	{ "layout", cmd_layout, &layout_argp, "a type's size and field offsets, release by release" },
	{ "toolchain", cmd_toolchain, &toolchain_argp,
	  "list, install, remove, verify and lock Go toolchains" },
	{ "doctor", cmd_doctor, &doctor_argp, "what is missing on this machine, and what mends it" },
	{ "help", cmd_help, NULL, "what a command does and its options" },
	{ NULL, NULL, NULL, NULL },
};

static void print_usage(FILE *f)
{
	fputs("Usage: lnmatrix COMMAND [OPTION...] [ARGUMENT...]\n"
	      "\n"
	      "Runs Go programs that reach into Go's internals on many Go versions and\n"
	      "architectures, and shows where, since when and why they break.\n"
	      "\n"
	      "Commands:\n", f);
	for (const struct command *c = commands; c->name; c++)
		fprintf(f, "  %-10s %s\n", c->name, c->summary);
	fputs("\n"
	      "  lnmatrix run scenarios/fakecgo.lua      a whole matrix\n"
	      "  lnmatrix help run                       the options of a command\n"
	      "\n"
	      "Exit status: 0 all as expected, 1 findings to look at, 2 bad usage or input,\n"
	      "3 could not do the work, 130 interrupted.\n", f);
}

static const struct command *find(const char *name)
{
	for (const struct command *c = commands; c->name; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

static int unknown(const char *name)
{
	fprintf(stderr, "lnmatrix: there is no command \"%s\"; the commands are", name);
	for (const struct command *c = commands; c->name; c++)
		fprintf(stderr, "%s %s", c == commands ? "" : ",", c->name);
	fputc('\n', stderr);
	return 2;
}

static int cmd_help(int argc, char **argv)
{
	const struct command *c;
	char name[64];

	if (argc < 2) {
		print_usage(stdout);
		return 0;
	}
	c = find(argv[1]);
	if (!c)
		return unknown(argv[1]);
	if (!c->argp) {
		print_usage(stdout);
		return 0;
	}
	snprintf(name, sizeof(name), "lnmatrix %s", c->name);
	argp_help(c->argp, stdout, ARGP_HELP_STD_HELP & ~(unsigned)ARGP_HELP_EXIT_OK, name);
	return 0;
}

int main(int argc, char **argv)
{
	struct rlimit no_core = { 0, 0 };
	const struct command *c;
	int status;

	setlocale(LC_CTYPE, "");
	setrlimit(RLIMIT_CORE, &no_core); /* crashes are wanted here, their cores are not */
	if (argc < 2) {
		print_usage(stderr);
		return 2;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		print_usage(stdout);
		return 0;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		puts("lnmatrix " LNM_VERSION);
		return 0;
	}
	c = find(argv[1]);
	if (!c)
		return unknown(argv[1]);
	status = c->run(argc - 1, argv + 1);
	if (fflush(stdout) != 0 && errno != EPIPE) {
		fprintf(stderr, "lnmatrix: standard output: %s\n", strerror(errno));
		return 3;
	}
	return status;
}
