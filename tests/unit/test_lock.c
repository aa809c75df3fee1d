/* The lock file: strict in, stable out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/fs.h"
#include "harness/base/mem.h"
#include "toolchains/lock.h"

#define SUM "h1:Hdh4VJAlDWzMnhKpqDwqJJr+sE7NgsJ86dyR4wrv2oY="
#define SUM2 "h1:CQZ55qhuGAYcgv4npnr3DsfZP3i8URMjkpv7TYHRIH4="
#define HEAD "schema: lnmatrix/lock/1\n"

static struct gover ver(const char *text)
{
	struct error err = { 0 };
	struct gover v;

	assert_int_equal(gover_parse(&v, text, &err), 0);
	return v;
}

static void set(struct lock *lock, bool backwards)
{
	static const char *const versions[] = { "1.9.7", "1.22.12", "1.27rc3", "1.27.4" };
	struct gover v;

	for (int i = 0; i < 4; i++) {
		v = ver(versions[backwards ? 3 - i : i]);
		lock_set_sum(lock, &v, backwards ? "linux-arm64" : "linux-amd64", SUM);
		lock_set_sum(lock, &v, backwards ? "linux-amd64" : "linux-arm64", SUM);
	}
	v = ver("1.27.4");
	lock_set_spec(lock, backwards ? "latest" : "1.27", &v);
	lock_set_spec(lock, backwards ? "1.27" : "latest", &v);
	v = ver("1.9.7");
	lock_set_spec(lock, "1.9", &v);
}

static void test_round_trip(void **state)
{
	char dir[] = "/tmp/lnm-lock-XXXXXX", *path, *path2;
	struct lock a = { 0 }, b = { 0 }, c;
	struct str ta = STR_INIT, tb = STR_INIT;
	struct error err = { 0 };
	struct gover v = ver("1.27.4");

	(void)state;
	assert_non_null(mkdtemp(dir));
	path = path_join(dir, "a.yaml");
	path2 = path_join(dir, "b.yaml");
	set(&a, false);
	set(&b, true);
	assert_int_equal(lock_save(&a, path, &err), 0);
	assert_int_equal(lock_load(&c, path, &err), 0);
	assert_string_equal(lock_find_sum(&c, &v, "linux-amd64"), SUM);
	assert_null(lock_find_sum(&c, &v, "darwin-amd64"));
	assert_int_equal(gover_cmp(lock_find_spec(&c, "latest"), &v), 0);
	assert_null(lock_find_spec(&c, "rc"));
	lock_dispose(&c);

	/* The order of setting doesn't show. */
	assert_int_equal(lock_save(&b, path2, &err), 0);
	assert_int_equal(fs_read(&ta, path, &err), 0);
	assert_int_equal(fs_read(&tb, path2, &err), 0);
	assert_string_equal(ta.s, tb.s);
	assert_true(strstr(ta.s, "latest:") < strstr(ta.s, "\"1.9\""));
	assert_true(strstr(ta.s, "\"1.9\"") < strstr(ta.s, "\"1.27\""));
	assert_true(strstr(ta.s, "go1.27rc3:") < strstr(ta.s, "go1.27.4:"));

	lock_set_sum(&a, &v, "linux-amd64", SUM2);
	assert_string_equal(lock_find_sum(&a, &v, "linux-amd64"), SUM2);
	str_free(&ta);
	str_free(&tb);
	lock_dispose(&a);
	lock_dispose(&b);
	mem_free(path);
	mem_free(path2);
	fs_remove_tree(dir, &err);
}

static void test_missing_and_empty(void **state)
{
	struct error err = { 0 };
	struct lock lock;

	(void)state;
	assert_int_equal(lock_load(&lock, "/nonexistent/lock.yaml", &err), 0);
	assert_int_equal(lock.specs.n + lock.sums.n, 0);
	assert_int_equal(lock_parse(&lock, HEAD, strlen(HEAD), "l", &err), 0);
	lock_dispose(&lock);
}

static void test_mistakes(void **state)
{
	static const char *const rows[][2] = {
		{ "specs: {}\n", "schema must be" },
		{ "schema: lnmatrix/lock/2\n", "schema must be" },
		{ HEAD "more: 1\n", "l.yaml:2:" },
		{ HEAD "specs: [a]\n", "l.yaml:2:8: specs must be a map" },
		{ HEAD "specs:\n  1.22.3: go1.22.3\n", "is not a spec that moves" },
		{ HEAD "specs:\n  go1.22: go1.22.3\n", "is not a spec that moves" },
		{ HEAD "specs:\n  \"1.22\": go1.23.3\n", "l.yaml:3:11: go1.23.3 is not of Go 1.22" },
		{ HEAD "specs:\n  \"1.22\": 1.22.3\n", "is not the name of a Go version" },
		{ HEAD "specs:\n  latest: go1.22\n", "is not exact" },
		{ HEAD "specs:\n  latest: [go1.22.0]\n", "wanted an exact Go version" },
		{ HEAD "toolchains:\n  x:\n    linux-amd64: {sum: " SUM "}\n", "is not the name" },
		{ HEAD "toolchains:\n  go1.22.0: 1\n", "wanted a map of platforms" },
		{ HEAD "toolchains:\n  go1.22.0:\n    linux: {sum: " SUM "}\n", "is not a platform" },
		{ HEAD "toolchains:\n  go1.22.0:\n    linux-amd64: {sun: " SUM "}\n", "l.yaml:4:" },
		{ HEAD "toolchains:\n  go1.22.0:\n    linux-amd64: {sum: h1:short=}\n", "sum must be" },
		{ HEAD "toolchains:\n  go1.22.0:\n    linux-amd64: {}\n", "sum must be" },
		{ HEAD "specs:\n  latest: go1.22.0\n  latest: go1.22.1\n", "l.yaml:4:" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error err = { 0 };
		struct lock lock;

		assert_int_equal(lock_parse(&lock, rows[i][0], strlen(rows[i][0]), "l.yaml", &err),
				 ERR_INPUT);
		if (!strstr(err.msg, rows[i][1]) || !strstr(err.msg, "l.yaml:"))
			fail_msg("wanted %s, got %s", rows[i][1], err.msg);
	}
}

static void test_shipped(void **state)
{
	struct gover v = ver("1.27.4");
	struct error err = { 0 };
	struct lock lock;

	(void)state;
	assert_int_equal(lock_load(&lock, LNM_SOURCE_DIR "/toolchains/lock.yaml", &err), 0);
	assert_non_null(lock_find_sum(&lock, &v, "linux-amd64"));
	assert_non_null(lock_find_spec(&lock, "1.22"));
	lock_dispose(&lock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_missing_and_empty),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_shipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
