#include "harness/sched/exec_tool.h"

#include <string.h>

#include "harness/base/str.h"
#include "toolchains/gobuild.h"

/* A function's name as a pattern that fits nothing else. */
static void add_exactly(struct strv *argv, const char *name)
{
	struct str s = STR_INIT;

	str_addc(&s, '^');
	for (; *name; name++) {
		if (strchr("\\.+*?()|[]{}^$", *name))
			str_addc(&s, '\\');
		str_addc(&s, *name);
	}
	str_addc(&s, '$');
	strv_add(argv, s.s);
	str_free(&s);
}

/* The runner's words before the program, as `go test -exec` wants them. */
static void add_exec(struct strv *argv, struct runner *runner)
{
	struct strv words = { 0 };
	struct str joined = STR_INIT;

	runner_argv(runner, "", &words);
	for (size_t i = 0; i + 1 < words.n; i++)
		str_addf(&joined, "%s%s", i ? " " : "", words.v[i]);
	if (joined.len)
		strv_addf(argv, "-exec=%s", joined.s);
	str_free(&joined);
	strv_free(&words);
}

static void add_all(struct strv *argv, const struct strv *args)
{
	for (size_t i = 0; i < args->n; i++)
		strv_add(argv, args->v[i]);
}

const char *tool_command(const struct ask *ask, const struct tool_place *place, struct strv *argv,
			 struct strv *env)
{
	const struct build_question *q = &ask->build;
	const struct strv *args = ask->tool.args;
	struct gobuild g = { .goroot = q->tc->goroot, .version = q->tc->version, .target = q->target,
			     .variant = q->variant, .cgo = q->cgo, .rescue = q->rescue,
			     .overlay = q->tc->overlay, .package = q->package,
			     .cache = place->cache, .tmp = place->tmp, .parallel = 1 };

	gobuild_env(&g, env);
	switch (ask->tool.tool) {
	case TOOL_COMPILE:
		gobuild_tool_argv(&g, "list", argv);
		strv_add(argv, "-export");
		strv_add(argv, "-f=");
		add_all(argv, args);
		strv_add(argv, q->package);
		break;
	case TOOL_VET:
		gobuild_tool_argv(&g, "vet", argv);
		strv_add(argv, q->package);
		break;
	case TOOL_TEST:
		gobuild_tool_argv(&g, "test", argv);
		strv_add(argv, "-count=1");
		add_exec(argv, ask->tool.runner);
		strv_add(argv, q->package);
		add_all(argv, args);
		break;
	case TOOL_OBJDUMP:
		strv_addf(argv, "%s/bin/go", g.goroot);
		strv_add(argv, "tool");
		strv_add(argv, "objdump");
		strv_add(argv, "-s");
		add_exactly(argv, args->v[0]);
		strv_add(argv, place->binary);
		break;
	case TOOL_SOURCE:
		strv_add(argv, "grep");
		strv_add(argv, "-rnHF");
		strv_add(argv, "-e");
		strv_add(argv, args->v[0]);
		strv_add(argv, "--");
		strv_add(argv, args->v[1]);
		return g.goroot;
	}
	return place->sources;
}
