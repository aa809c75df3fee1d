/* Targets: what Go can build for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "toolchains/target.h"

static void test_parse(void **state)
{
	static const struct { const char *name, *goos, *goarch, *var, *level; } rows[] = {
		{ "linux/amd64", "linux", "amd64", "GOAMD64", "" },
		{ "linux/amd64/v3", "linux", "amd64", "GOAMD64", "v3" },
		{ "linux/arm/7", "linux", "arm", "GOARM", "7" },
		{ "linux/386/softfloat", "linux", "386", "GO386", "softfloat" },
		{ "linux/arm64/v9.0", "linux", "arm64", "GOARM64", "v9.0" },
		{ "linux/mips/softfloat", "linux", "mips", "GOMIPS", "softfloat" },
		{ "linux/mips64le/hardfloat", "linux", "mips64le", "GOMIPS64", "hardfloat" },
		{ "linux/ppc64le/power10", "linux", "ppc64le", "GOPPC64", "power10" },
		{ "linux/riscv64/rva22u64", "linux", "riscv64", "GORISCV64", "rva22u64" },
		{ "linux/s390x", "linux", "s390x", NULL, "" },
		{ "linux/loong64", "linux", "loong64", NULL, "" },
		{ "windows/386", "windows", "386", "GO386", "" },
		{ "wasip1/wasm", "wasip1", "wasm", NULL, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error err = { 0 };
		struct target t;

		if (target_parse(&t, rows[i].name, &err) < 0)
			fail_msg("%s", err.msg);
		assert_string_equal(t.name, rows[i].name);
		assert_string_equal(t.goos, rows[i].goos);
		assert_string_equal(t.goarch, rows[i].goarch);
		assert_string_equal(t.level_var ? t.level_var : "", rows[i].var ? rows[i].var : "");
		assert_string_equal(t.level, rows[i].level);
	}
}

static void test_refused(void **state)
{
	static const struct { const char *name, *words; } rows[] = {
		{ "", "\"\" is not a target: write GOOS/GOARCH" },
		{ "linux", "\"linux\" is not a target" },
		{ "linux/", "Go has no port linux/; near it are linux/386, " },
		{ "/amd64", "Go has no port /amd64; near it are darwin/amd64, " },
		{ "/", "Go has no port /; a target is GOOS/GOARCH" },
		{ "linux/vax", "Go has no port linux/vax; near it are linux/386, linux/amd64, " },
		{ "beos/arm64", "near it are android/arm64, darwin/arm64, freebsd/arm64, linux/arm64, " },
		{ "beos/vax", "Go has no port beos/vax; a target is GOOS/GOARCH" },
		{ "LINUX/amd64", "Go has no port LINUX/amd64" },
		{ "linux/amd64 ", "Go has no port" },
		{ "linux/amd64/", "linux/amd64 has no level \"\"; it may be v1 v2 v3 v4" },
		{ "linux/amd64/v", "linux/amd64 has no level \"v\"" },
		{ "linux/amd64/v5", "linux/amd64 has no level \"v5\"; it may be v1 v2 v3 v4" },
		{ "linux/amd64/v1 v2", "linux/amd64 has no level \"v1 v2\"" },
		{ "linux/amd64/ ", "linux/amd64 has no level \" \"" },
		{ "linux/amd64/v1/v2", "linux/amd64 has no level \"v1/v2\"" },
		{ "linux/arm64/v8", "linux/arm64 has no level \"v8\"" },
		{ "linux/s390x/z13", "linux/s390x has no level \"z13\"" },
		{ "linux/s390x/", "linux/s390x has no level \"\"" },
		{ "averyveryverylongname/averyveryverylongname/andalevel", "is not a target" },
		{ "averyveryverylongname/arm64", "Go has no port averyveryverylongname/arm64; near it" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error err = { 0 };
		struct target t;

		if (target_parse(&t, rows[i].name, &err) != ERR_INPUT)
			fail_msg("accepted: \"%s\"", rows[i].name);
		if (!strstr(err.msg, rows[i].words))
			fail_msg("wanted \"%s\", got \"%s\"", rows[i].words, err.msg);
	}
}

static void expand(struct strv *out, const char *entry)
{
	struct error err = { 0 };

	if (target_expand(out, entry, &err) < 0)
		fail_msg("%s", err.msg);
}

static void test_expand(void **state)
{
	struct strv out = { 0 };
	struct error err = { 0 };
	struct target t;
	size_t n;

	(void)state;
	expand(&out, "linux/arm64");
	expand(&out, "linux/arm*");
	expand(&out, "linux/arm/7");
	expand(&out, "linux/arm64");
	assert_int_equal(out.n, 3); /* each once */
	assert_string_equal(out.v[0], "linux/arm64");
	assert_string_equal(out.v[1], "linux/arm");
	assert_string_equal(out.v[2], "linux/arm/7");
	strv_free(&out);
	expand(&out, "linux/*");
	assert_int_equal(out.n, 13);
	assert_string_equal(out.v[0], "linux/386");
	assert_string_equal(out.v[12], "linux/s390x");
	expand(&out, "all");
	n = out.n;
	expand(&out, "*");
	assert_int_equal(out.n, n);
	for (size_t i = 0; i < out.n; i++) /* all that is offered is accepted */
		assert_int_equal(target_parse(&t, out.v[i], &err), 0);
	assert_true(strv_has(&out, "windows/amd64") && strv_has(&out, "js/wasm"));
	strv_free(&out);
	expand(&out, "*/?86");
	assert_string_equal(out.v[0], "freebsd/386");
	strv_free(&out);
	assert_int_equal(target_expand(&out, "linux/vax*", &err), ERR_INPUT);
	assert_string_equal(err.msg, "no port of Go matches the target \"linux/vax*\"");
	assert_int_equal(target_expand(&out, "linux/vax", &err), ERR_INPUT);
	assert_int_equal(target_expand(&out, "", &err), ERR_INPUT);
	assert_int_equal(out.n, 0);
	strv_free(&out);
}

static void test_host(void **state)
{
	struct error err = { 0 };
	struct target t;

	(void)state;
	assert_int_equal(target_parse(&t, target_host(), &err), 0);
#if defined(__x86_64__)
	assert_string_equal(t.goarch, "amd64");
#elif defined(__aarch64__)
	assert_string_equal(t.goarch, "arm64");
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_expand),
		cmocka_unit_test(test_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
