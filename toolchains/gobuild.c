#include "toolchains/gobuild.h"

#include <stdio.h>
#include <string.h>

#include "harness/base/str.h"
#include "toolchains/cc.h"

static bool since(const struct gobuild *b, int minor)
{
	return b->version.major > 1 || b->version.minor >= minor;
}

char *gobuild_tool(const char *goroot, const char *name)
{
	char *host = mem_strdup(target_host());
	char *tool;

	host[strcspn(host, "/")] = '_';
	tool = mem_printf("%s/pkg/tool/%s/%s", goroot, host, name);
	mem_free(host);
	return tool;
}

void gobuild_tool_argv(const struct gobuild *b, const char *command, struct strv *argv)
{
	strv_addf(argv, "%s/bin/go", b->goroot);
	strv_add(argv, command);
	if (since(b, 18))
		strv_add(argv, "-buildvcs=false");
	strv_addf(argv, "-p=%d", b->parallel);
	if (b->overlay)
		strv_addf(argv, "-overlay=%s", b->overlay);
	variant_flags(b->variant, b->rescue, argv);
}

void gobuild_argv(const struct gobuild *b, struct strv *argv)
{
	gobuild_tool_argv(b, "build", argv);
	strv_add(argv, "-work"); /* after a rejection the linker is asked again about these files */
	strv_add(argv, "-o");
	strv_add(argv, b->output);
	strv_add(argv, b->package);
}

static const char *level_value(const struct target *t)
{
	if (t->level[0])
		return t->level;
	/* cmd/go's own default depends on the host */
	return strcmp(t->goarch, "arm") == 0 ? "7" : NULL;
}

void gobuild_env(const struct gobuild *b, struct strv *env)
{
	const struct target *t = b->target;

	strv_addf(env, "PATH=%s/bin:/usr/local/bin:/usr/bin:/bin", b->goroot);
	strv_addf(env, "HOME=%s/home", b->cache);
	strv_addf(env, "GOCACHE=%s/gobuild", b->cache);
	strv_addf(env, "GOPATH=%s/gopath", b->cache);
	strv_addf(env, "GOTMPDIR=%s", b->tmp);
	strv_addf(env, "TMPDIR=%s", b->tmp);
	strv_addf(env, "GOMAXPROCS=%d", b->parallel);
	strv_addf(env, "GOOS=%s", t->goos);
	strv_addf(env, "GOARCH=%s", t->goarch);
	if (level_value(t))
		strv_addf(env, "%s=%s", t->level_var, level_value(t));
	strv_addf(env, "CGO_ENABLED=%d", b->cgo);
	if (b->cgo && cc_path(t))
		strv_addf(env, "CC=%s", cc_path(t));
	if (b->variant->goexperiment)
		strv_addf(env, "GOEXPERIMENT=%s", b->variant->goexperiment);
	strv_add(env, "GOENV=off");
	strv_add(env, "GOFLAGS=");
	strv_add(env, "GO111MODULE=on");
	strv_add(env, "GOPROXY=off");
	strv_add(env, "GOSUMDB=off");
	strv_add(env, "GOWORK=off");
	strv_add(env, "GOTOOLCHAIN=local");
	strv_add(env, "GOTELEMETRY=off");
	strv_add(env, "LC_ALL=C");
}

char *gobuild_command(const struct gobuild *b, const char *toolchain)
{
	struct str out = STR_INIT;
	struct strv flags = { 0 };

	/* the value alone is quoted: 'A=b' would be a command */
	str_add(&out, "GOTOOLCHAIN=");
	str_add_quoted(&out, toolchain);
	str_addf(&out, " CGO_ENABLED=%d GOOS=%s GOARCH=%s ", b->cgo, b->target->goos, b->target->goarch);
	if (level_value(b->target))
		str_addf(&out, "%s=%s ", b->target->level_var, level_value(b->target));
	if (b->variant->goexperiment) {
		str_add(&out, "GOEXPERIMENT=");
		str_add_quoted(&out, b->variant->goexperiment);
		str_addc(&out, ' ');
	}
	str_add(&out, "go build");
	if (b->overlay)
		str_add(&out, " -overlay=overlay.json");
	variant_flags(b->variant, b->rescue, &flags);
	for (size_t i = 0; i < flags.n; i++) {
		str_addc(&out, ' ');
		str_add_quoted(&out, flags.v[i]);
	}
	str_addc(&out, ' ');
	str_add_quoted(&out, b->package);
	strv_free(&flags);
	return str_detach(&out);
}
