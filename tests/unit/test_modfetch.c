/* What `go mod download` is asked, and what its real answers mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/fs.h"
#include "toolchains/modfetch.h"
#include "toolchains/tree.h"

#define FIXTURES LNM_SOURCE_DIR "/tests/fixtures/modfetch/"
#define SUM "h1:Hdh4VJAlDWzMnhKpqDwqJJr+sE7NgsJ86dyR4wrv2oY="

static struct modfetch_request request(void)
{
	struct modfetch_request req = {
		.go = "/usr/bin/go", .goos = "linux", .goarch = "amd64", .modcache = "/cache/dl-1",
		.version = { .major = 1, .minor = 22, .patch = 12 },
	};

	return req;
}

static void test_argv(void **state)
{
	struct modfetch_request req = request();
	struct strv argv = { 0 };

	(void)state;
	modfetch_argv(&argv, &req);
	assert_int_equal(argv.n, 5);
	assert_string_equal(argv.v[0], "/usr/bin/go");
	assert_string_equal(argv.v[3], "-json");
	assert_string_equal(argv.v[4], "golang.org/toolchain@v0.0.1-go1.22.12.linux-amd64");
	strv_free(&argv);
	modfetch_list_argv(&argv, "go");
	assert_string_equal(argv.v[4], "golang.org/toolchain");
	strv_free(&argv);
}

static void test_env(void **state)
{
	static char *const user[] = { (char *)"HOME=/root", (char *)"GOFLAGS=-buildvcs=false",
				      (char *)"GOTOOLCHAIN=auto", (char *)"GOPROXY=https://x",
				      (char *)"GOMODCACHE=/mine", (char *)"GONOSUMDB=y",
				      (char *)"GOFLAGSX=1", (char *)"GO=1", NULL };
	struct modfetch_request req = request();
	struct strv env = { 0 };

	(void)state;
	modfetch_env(&env, user, &req);
	assert_true(strv_has(&env, "HOME=/root") && strv_has(&env, "GONOSUMDB=y"));
	assert_true(strv_has(&env, "GOPROXY=https://x") && strv_has(&env, "GOFLAGSX=1"));
	assert_true(strv_has(&env, "GO=1"));
	assert_true(strv_has(&env, "GOFLAGS=-modcacherw") && strv_has(&env, "GOWORK=off"));
	assert_true(strv_has(&env, "GOTOOLCHAIN=local") && !strv_has(&env, "GOTOOLCHAIN=auto"));
	assert_true(strv_has(&env, "GOMODCACHE=/cache/dl-1") && !strv_has(&env, "GOMODCACHE=/mine"));
	assert_false(strv_has(&env, "GOFLAGS=-buildvcs=false"));
	strv_free(&env);

	req.user_download = "/home/a b,c/mod/cache/download";
	req.user_proxy = "https://x,direct";
	modfetch_env(&env, user, &req);
	assert_true(strv_has(
		&env, "GOPROXY=file:///home/a%20b%2Cc/mod/cache/download,https://x,direct"));
	assert_false(strv_has(&env, "GOPROXY=https://x"));
	strv_free(&env);

	modfetch_env(&env, user, NULL);
	assert_true(strv_has(&env, "GOMODCACHE=/mine") && strv_has(&env, "GOFLAGS=-mod=mod"));
	strv_free(&env);
}

static int parse_file(struct modfetch_result *out, const char *name, const char *locked,
		      struct error *err)
{
	struct modfetch_request req = request();
	char *path = path_join(FIXTURES, name);
	struct str text = STR_INIT;
	bool is_err = str_ends(name, ".err");
	int rc;

	assert_int_equal(fs_read(&text, path, err), 0);
	rc = modfetch_parse(out, &req, is_err ? "" : text.s, is_err ? text.s : "", locked, NULL,
			    err);
	str_free(&text);
	mem_free(path);
	return rc;
}

static void test_success(void **state)
{
	struct modfetch_result result;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(parse_file(&result, "ok.out", NULL, &err), 0);
	assert_int_equal(result.failure, MODFETCH_OK);
	assert_true(str_ends(result.dir, "/golang.org/toolchain@v0.0.1-go1.22.12.linux-amd64"));
	assert_true(str_ends(result.zip, ".zip"));
	assert_string_equal(result.sum, SUM);
	modfetch_result_dispose(&result);
	assert_int_equal(parse_file(&result, "ok.out", SUM, &err), 0);
	modfetch_result_dispose(&result);
}

static void test_locked_sum(void **state)
{
	struct modfetch_result result;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(parse_file(&result, "ok.out", "h1:other", &err), ERR_WORK);
	assert_int_equal(result.failure, MODFETCH_CHECKSUM);
	assert_null(result.dir);
	assert_non_null(strstr(err.msg, "h1:other"));
	modfetch_result_dispose(&result);
}

static void test_failures(void **state)
{
	static const struct {
		const char *file;
		enum modfetch_failure failure;
		int code;
		const char *words;
	} rows[] = {
		{ "gone-403.out", MODFETCH_GONE, ERR_GONE, "403 Forbidden" },
		{ "gone-403-go1.19.out", MODFETCH_GONE, ERR_GONE, "not available" },
		{ "gone-never.out", MODFETCH_GONE, ERR_GONE, "go1.22.12 is not available" },
		{ "gone-file.out", MODFETCH_GONE, ERR_GONE, "for linux/amd64" },
		{ "checksum.out", MODFETCH_CHECKSUM, ERR_WORK, "SECURITY ERROR" },
		{ "damaged.out", MODFETCH_DAMAGED, ERR_WORK, "not a valid zip" },
		{ "proxy-off.out", MODFETCH_NETWORK, ERR_WORK, "GOPROXY=off" },
		{ "proxy-refused.out", MODFETCH_NETWORK, ERR_WORK, "no network" },
		{ "http-proxy-refused.out", MODFETCH_NETWORK, ERR_WORK, "proxyconnect" },
		{ "no-host.out", MODFETCH_NETWORK, ERR_WORK, "no such host" },
		{ "direct.out", MODFETCH_NETWORK, ERR_WORK, "no such host" },
		{ "sumdb-refused.out", MODFETCH_NETWORK, ERR_WORK, "connection refused" },
		{ "disk-full.out", MODFETCH_DISK, ERR_OS, "/cache/dl-1" },
		{ "bad-goflags.err", MODFETCH_OTHER, ERR_WORK, "unknown flag -nosuch" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct modfetch_result result;
		struct error err = { 0 };

		assert_int_equal(parse_file(&result, rows[i].file, NULL, &err), rows[i].code);
		assert_int_equal(result.failure, rows[i].failure);
		if (!strstr(err.msg, rows[i].words) || strchr(err.msg, '\n'))
			fail_msg("%s: %s", rows[i].file, err.msg);
		modfetch_result_dispose(&result);
	}
}

static void test_silence_and_nonsense(void **state)
{
	static const char *const texts[] = { "", "{", "[]", "{}", "{\"Dir\": 1}", "null" };
	struct modfetch_request req = request();

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct modfetch_result result;
		struct error err = { 0 };

		assert_int_equal(modfetch_parse(&result, &req, texts[i], "", NULL, NULL, &err),
				 ERR_WORK);
		assert_int_equal(result.failure, MODFETCH_OTHER);
		assert_non_null(strstr(err.msg, "said nothing"));
		modfetch_result_dispose(&result);
	}
}

static void test_gone_names_neighbours(void **state)
{
	static const char list[] = "v0.0.1-go1.22.11.linux-amd64 v0.0.1-go1.23.0.linux-amd64 "
				   "v0.0.1-go1.22.13.linux-amd64";
	struct modfetch_request req = request();
	struct modfetch_result result;
	struct published p = { 0 };
	struct error err = { 0 };

	(void)state;
	published_merge_list(&p, list, "linux", "amd64");
	assert_int_equal(modfetch_parse(&result, &req, "{\"Error\": \"410 Gone\"}", "", NULL, &p,
					&err),
			 ERR_GONE);
	assert_non_null(strstr(err.msg, "use instead: go1.22.11, go1.22.13 "));
	modfetch_result_dispose(&result);
	published_dispose(&p);
}

static void put(const char *dir, const char *rel)
{
	char *path = path_join(dir, rel);
	struct error err = { 0 };

	assert_int_equal(fs_write(path, "x", 1, 0644, &err), 0);
	mem_free(path);
}

static void test_place(void **state)
{
	char dir[] = "/tmp/lnm-place-XXXXXX";
	char *from, *to, *manifest;
	struct error err = { 0 };

	(void)state;
	assert_non_null(mkdtemp(dir));
	from = path_join(dir, "unpacked");
	to = path_join(dir, "toolchains/go1.22.12");
	manifest = path_join(dir, "toolchains/go1.22.12.manifest");
	put(from, "VERSION");
	assert_int_equal(modfetch_place(from, to, manifest, &err), ERR_WORK);
	assert_false(fs_exists(to));
	put(from, "bin/go");
	assert_int_equal(modfetch_place(from, to, manifest, &err), 0);
	assert_false(fs_exists(from));
	assert_int_equal(tree_check(to, manifest, TREE_FULL, NULL, &err), 0);

	/* What is there already stays. */
	put(from, "bin/go");
	assert_int_equal(modfetch_place(from, to, manifest, &err), ERR_WORK);
	assert_int_equal(tree_check(to, manifest, TREE_QUICK, NULL, &err), 0);
	fs_remove_tree(dir, &err);
	mem_free(from);
	mem_free(to);
	mem_free(manifest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_argv),
		cmocka_unit_test(test_env),
		cmocka_unit_test(test_success),
		cmocka_unit_test(test_locked_sum),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_silence_and_nonsense),
		cmocka_unit_test(test_gone_names_neighbours),
		cmocka_unit_test(test_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
