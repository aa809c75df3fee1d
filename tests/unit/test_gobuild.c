/* The command line and environment of a build, word by word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/str.h"
#include "toolchains/gobuild.h"

struct build {
	struct target target;
	struct variant variant;
	struct gobuild b;
};

static void build_init(struct build *x, const char *version, const char *target, const char *variant)
{
	struct error err = { 0 };

	*x = (struct build){ .b = { .goroot = "/t/go", .package = ".", .output = "/o/out", .cache = "/c",
				    .tmp = "/tmp/w", .parallel = 2 } };
	assert_int_equal(gover_parse(&x->b.version, version, &err), 0);
	assert_int_equal(target_parse(&x->target, target, &err), 0);
	assert_int_equal(variant_parse(&x->variant, variant, &err), 0);
	x->b.target = &x->target;
	x->b.variant = &x->variant;
}

static void assert_words(struct strv *got, const char *const *want)
{
	size_t n = 0;

	for (; want[n] && n < got->n; n++)
		assert_string_equal(got->v[n], want[n]);
	assert_null(want[n]);
	assert_int_equal(got->n, n);
	strv_free(got);
}

static void test_argv(void **state)
{
	static const char *const plain[] = { "/t/go/bin/go", "build", "-buildvcs=false", "-p=2", "-work", "-o",
					     "/o/out", ".", NULL };
	static const char *const old[] = { "/t/go/bin/go", "build", "-p=2", "-work", "-o", "/o/out", ".", NULL };
	static const char *const all[] = { "/t/go/bin/go", "build", "-buildvcs=false", "-p=8",
					   "-overlay=/v/overlay.json", "-gcflags=-l", "-race",
					   "-ldflags=-w -checklinkname=0", "-work", "-o", "/o/out", "./cmd/x", NULL };
	struct strv argv = { 0 };
	struct build x;

	(void)state;
	build_init(&x, "1.18", "linux/arm64", "default");
	gobuild_argv(&x.b, &argv);
	assert_words(&argv, plain);
	variant_dispose(&x.variant);
	build_init(&x, "1.17.13", "linux/arm64", "default"); /* knows no -buildvcs */
	gobuild_argv(&x.b, &argv);
	assert_words(&argv, old);
	variant_dispose(&x.variant);
	build_init(&x, "1.27rc1", "linux/arm64", "ldflags=-w+gcflags=-l+race=1");
	x.b.rescue = true;
	x.b.overlay = "/v/overlay.json";
	x.b.package = "./cmd/x";
	x.b.parallel = 8;
	gobuild_argv(&x.b, &argv);
	assert_words(&argv, all);
	variant_dispose(&x.variant);
}

/* All of it, and nothing of ours. */
static void test_env(void **state)
{
	static const char *const plain[] = {
		"PATH=/t/go/bin:/usr/local/bin:/usr/bin:/bin", "HOME=/c/home", "GOCACHE=/c/gobuild",
		"GOPATH=/c/gopath", "GOTMPDIR=/tmp/w", "TMPDIR=/tmp/w", "GOMAXPROCS=2", "GOOS=linux",
		"GOARCH=s390x", "CGO_ENABLED=0", "GOENV=off", "GOFLAGS=", "GO111MODULE=on", "GOPROXY=off",
		"GOSUMDB=off", "GOWORK=off", "GOTOOLCHAIN=local", "GOTELEMETRY=off", "LC_ALL=C", NULL,
	};
	static const char *const users[] = { "GOFLAGS", "GOENV", "GOROOT", "GOPATH", "GOCACHE", "GOEXPERIMENT",
					     "GOWORK", "HOME", "CC", "CGO_CFLAGS", "GOARM", "GOAMD64", "GODEBUG",
					     "LANG", "LD_LIBRARY_PATH", "GOTOOLCHAIN", "GOPRIVATE" };
	struct strv env = { 0 };
	struct build x;

	(void)state;
	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++)
		setenv(users[i], "LEAK", 1);
	build_init(&x, "1.22.12", "linux/s390x", "default");
	gobuild_env(&x.b, &env);
	assert_words(&env, plain);
	variant_dispose(&x.variant);
	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++)
		unsetenv(users[i]);
}

static const char *value(const struct strv *env, const char *name)
{
	const char *found = NULL;

	for (size_t i = 0; i < env->n; i++) {
		if (!str_starts(env->v[i], name) || env->v[i][strlen(name)] != '=')
			continue;
		assert_null(found); /* once */
		found = env->v[i] + strlen(name) + 1;
	}
	return found ? found : "-";
}

static void test_env_levels(void **state)
{
	static const struct { const char *target, *variant, *name, *want; } rows[] = {
		{ "linux/arm", "default", "GOARM", "7" },
		{ "linux/arm/5", "default", "GOARM", "5" },
		{ "linux/arm64", "default", "GOARM", "-" },
		{ "linux/arm64", "default", "GOARM64", "-" },
		{ "linux/amd64/v3", "default", "GOAMD64", "v3" },
		{ "linux/amd64", "default", "GOAMD64", "-" },
		{ "linux/mipsle/softfloat", "default", "GOMIPS", "softfloat" },
		{ "linux/amd64", "goexperiment=noswissmap,x", "GOEXPERIMENT", "noswissmap,x" },
		{ "linux/amd64", "default", "GOEXPERIMENT", "-" },
		{ "windows/386", "default", "GOOS", "windows" },
		{ "windows/386", "default", "GOARCH", "386" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct strv env = { 0 };
		struct build x;

		build_init(&x, "1.22.12", rows[i].target, rows[i].variant);
		x.b.cgo = true;
		gobuild_env(&x.b, &env);
		assert_string_equal(value(&env, rows[i].name), rows[i].want);
		assert_string_equal(value(&env, "CGO_ENABLED"), "1");
		strv_free(&env);
		variant_dispose(&x.variant);
	}
}

static void test_command(void **state)
{
	static const struct { const char *target, *variant, *toolchain; bool rescue, overlay; const char *want; } rows[] = {
		{ "linux/s390x", "default", "go1.22.12", false, false,
		  "GOTOOLCHAIN=go1.22.12 CGO_ENABLED=0 GOOS=linux GOARCH=s390x go build ." },
		{ "linux/amd64/v3", "ldflags=-w -s+goexperiment=noswissmap", "go1.26.1", true, false,
		  "GOTOOLCHAIN=go1.26.1 CGO_ENABLED=0 GOOS=linux GOARCH=amd64 GOAMD64=v3 GOEXPERIMENT=noswissmap "
		  "go build '-ldflags=-w -s -checklinkname=0' ." },
		{ "linux/arm", "tags=a,b", "go1.27.4+linknamestd(runtime.load_g)", false, true,
		  "GOTOOLCHAIN='go1.27.4+linknamestd(runtime.load_g)' CGO_ENABLED=0 GOOS=linux GOARCH=arm GOARM=7 "
		  "go build -overlay=overlay.json -tags=a,b ." },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct build x;
		char *got;

		build_init(&x, "1.22.12", rows[i].target, rows[i].variant);
		x.b.rescue = rows[i].rescue;
		x.b.overlay = rows[i].overlay ? "/v/overlay.json" : NULL;
		got = gobuild_command(&x.b, rows[i].toolchain);
		assert_string_equal(got, rows[i].want);
		mem_free(got);
		variant_dispose(&x.variant);
	}
}

static void test_tool(void **state)
{
	char host[TARGET_NAME], *want, *got = gobuild_tool("/t/go", "link");

	(void)state;
	snprintf(host, sizeof(host), "%s", target_host());
	*strchr(host, '/') = '_';
	want = mem_printf("/t/go/pkg/tool/%s/link", host);
	assert_string_equal(got, want);
	assert_non_null(strchr(target_host(), '/')); /* a copy was changed, not the name */
	mem_free(got);
	mem_free(want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_argv),
		cmocka_unit_test(test_env),
		cmocka_unit_test(test_env_levels),
		cmocka_unit_test(test_command),
		cmocka_unit_test(test_tool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
