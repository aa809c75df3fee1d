/* A laid-out tree is sealed, damaged in every way, and checked. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <zstd.h>

#include "harness/base/fs.h"
#include "toolchains/tree.h"

struct fixture {
	char dir[32];
	char *root, *manifest;
};

static void put(const struct fixture *f, const char *rel, const char *text)
{
	char *path = path_join(f->root, rel);
	struct error err = { 0 };

	unlink(path);
	assert_int_equal(fs_write(path, text, strlen(text), 0644, &err), 0);
	mem_free(path);
}

static mode_t mode_of(const struct fixture *f, const char *rel)
{
	char *path = path_join(f->root, rel);
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	mem_free(path);
	return st.st_mode & 07777;
}

static int setup(void **state)
{
	struct fixture *f = mem_zalloc(sizeof(*f));
	struct error err = { 0 };
	char *link;

	strcpy(f->dir, "/tmp/lnm-tree-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->root = path_join(f->dir, "go");
	f->manifest = path_join(f->dir, "go.manifest");
	put(f, "VERSION", "go1.22.12\n");
	put(f, "bin/go", "#!go");
	put(f, "pkg/tool/linux_amd64/link", "link");
	put(f, "pkg/include/textflag.h", "#define");
	put(f, "src/a/b.go", "package a");
	put(f, "src/a.go", "package main");
	put(f, "src/a-b/c.go", "package b");
	put(f, "src/a name.go", "package main");
	put(f, "src/empty", "");
	link = path_join(f->root, "src/link");
	assert_int_equal(symlink("a.go", link), 0);
	mem_free(link);
	assert_int_equal(tree_seal(f->root, f->manifest, &err), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };

	fs_remove_tree(f->dir, &err);
	mem_free(f->root);
	mem_free(f->manifest);
	mem_free(f);
	return 0;
}

/* The damage that a check names, "; " between; "" when the tree is whole. */
static char *damage(const struct fixture *f, enum tree_depth depth)
{
	struct error err = { 0 };
	struct tree_report report;
	struct str names = STR_INIT;
	int rc = tree_check(f->root, f->manifest, depth, &report, &err);

	for (size_t i = 0; i < report.named.n; i++)
		str_addf(&names, "%s%s", i ? "; " : "", report.named.v[i]);
	assert_int_equal(rc, report.damaged ? ERR_WORK : 0);
	if (report.damaged)
		assert_non_null(strstr(err.msg, report.named.v[0]));
	tree_report_dispose(&report);
	return str_detach(&names);
}

static void expect(const struct fixture *f, enum tree_depth depth, const char *want)
{
	char *got = damage(f, depth);

	assert_string_equal(got, want);
	mem_free(got);
}

static void test_whole(void **state)
{
	const struct fixture *f = *state;

	expect(f, TREE_QUICK, "");
	expect(f, TREE_FULL, "");
	assert_int_equal(mode_of(f, "bin/go"), 0555);
	assert_int_equal(mode_of(f, "pkg/tool/linux_amd64/link"), 0555);
	assert_int_equal(mode_of(f, "pkg/include/textflag.h"), 0444);
	assert_int_equal(mode_of(f, "src/a.go"), 0444);
}

static void test_damage(void **state)
{
	const struct fixture *f = *state;
	char *path = path_join(f->root, "bin/go");

	assert_int_equal(chmod(path, 0444), 0);
	expect(f, TREE_QUICK, "bin/go: mode 444, was 555");
	assert_int_equal(unlink(path), 0);
	expect(f, TREE_QUICK, "bin/go: missing");
	put(f, "src/a.go", "package other");
	expect(f, TREE_QUICK, "bin/go: missing; src/a.go: size 13, was 12");
	put(f, "src/a/zz.go", "");
	put(f, "zz", "");
	expect(f, TREE_QUICK,
	       "bin/go: missing; src/a/zz.go: doesn't belong here; src/a.go: size 13, was 12; "
	       "zz: doesn't belong here");
	mem_free(path);
}

static void test_last_missing(void **state)
{
	const struct fixture *f = *state;
	char *path = path_join(f->root, "src/link");

	assert_int_equal(unlink(path), 0);
	expect(f, TREE_QUICK, "src/link: missing");
	assert_int_equal(mkdir(path, 0755), 0);
	expect(f, TREE_QUICK, "src/link: missing");
	mem_free(path);
}

static void test_time_and_content(void **state)
{
	const struct fixture *f = *state;
	char *path = path_join(f->root, "src/a.go");
	struct stat st;
	struct timespec times[2];

	assert_int_equal(lstat(path, &st), 0);
	put(f, "src/a.go", "package evil");
	assert_int_equal(chmod(path, 0444), 0);
	expect(f, TREE_QUICK, "src/a.go: changed since it was laid out");
	times[0] = times[1] = st.st_mtim;
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	expect(f, TREE_QUICK, "");
	expect(f, TREE_FULL, "src/a.go: its content is another");
	mem_free(path);
}

static void test_names_only_the_first(void **state)
{
	const struct fixture *f = *state;
	struct error err = { 0 };
	struct tree_report report;
	char *path = path_join(f->root, "src");

	fs_remove_tree(path, &err);
	assert_int_equal(tree_check(f->root, f->manifest, TREE_QUICK, &report, &err), ERR_WORK);
	assert_int_equal(report.files, 10);
	assert_int_equal(report.damaged, 6);
	assert_int_equal(report.named.n, TREE_NAMED);
	assert_non_null(strstr(err.msg, "6 of 10 files"));
	tree_report_dispose(&report);
	mem_free(path);
}

static void test_missing(void **state)
{
	const struct fixture *f = *state;
	struct error err = { 0 };

	assert_int_equal(unlink(f->manifest), 0);
	assert_int_equal(tree_check(f->root, f->manifest, TREE_QUICK, NULL, &err), ERR_WORK);
	assert_non_null(strstr(err.msg, "is missing"));
	assert_int_equal(tree_check("/nonexistent", f->manifest, TREE_QUICK, NULL, &err), ERR_WORK);
}

static void expect_torn(const struct fixture *f, const char *data, size_t n)
{
	struct error err = { 0 };

	assert_int_equal(fs_write(f->manifest, data, n, 0644, &err), 0);
	assert_int_equal(tree_check(f->root, f->manifest, TREE_QUICK, NULL, &err), ERR_WORK);
	assert_non_null(strstr(err.msg, "is torn"));
}

/* A manifest cut anywhere is not believed, */
static void test_cut_manifest(void **state)
{
	const struct fixture *f = *state;
	struct error err = { 0 };
	struct str whole = STR_INIT;

	assert_int_equal(fs_read(&whole, f->manifest, &err), 0);
	for (size_t n = 0; n < whole.len; n++)
		expect_torn(f, whole.s, n);
	str_free(&whole);
}

/* nor one whose text is cut or has any byte changed, though the frame is sound. */
static void test_changed_manifest(void **state)
{
	const struct fixture *f = *state;
	struct str whole = STR_INIT;
	struct error err = { 0 };
	char text[4096], packed[8192];
	size_t n;

	assert_int_equal(fs_read(&whole, f->manifest, &err), 0);
	n = ZSTD_decompress(text, sizeof(text), whole.s, whole.len);
	assert_true(!ZSTD_isError(n) && n > 500);
	for (size_t i = 0; i < n; i++) {
		text[i] ^= 1;
		expect_torn(f, packed, ZSTD_compress(packed, sizeof(packed), text, n, 1));
		text[i] ^= 1;
		expect_torn(f, packed, ZSTD_compress(packed, sizeof(packed), text, i, 1));
	}
	str_free(&whole);
}

static void test_empty_is_not_sealed(void **state)
{
	const struct fixture *f = *state;
	char *path = path_join(f->dir, "nothing");
	struct error err = { 0 };

	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(tree_seal(path, f->manifest, &err), ERR_WORK);
	mem_free(path);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_whole),
		TEST(test_damage),
		TEST(test_last_missing),
		TEST(test_time_and_content),
		TEST(test_names_only_the_first),
		TEST(test_missing),
		TEST(test_cut_manifest),
		TEST(test_changed_manifest),
		TEST(test_empty_is_not_sealed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
