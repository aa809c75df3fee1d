/* Atlases on disk: what goes in comes out, or is said to be damaged; nothing between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <zstd.h>

#include "harness/base/digest.h"
#include "harness/base/fs.h"
#include "tests/support/temp.h"
#include "toolchains/atlasfile.h"

/* Where things are in a file: see atlasfile.c. */
enum { AT_FORMAT = 8, AT_HEADER_LEN = 12, AT_INDEX_STORED = 16, AT_INDEX_LEN = 20, AT_DEPTH = 25, AT_ID = 26, ID_LEN = 16 };

#define HEADER "lnmatrix-atlas 1\n"

static struct atlas_key key_of(const char *toolchain, const char *target)
{
	return (struct atlas_key){ .identity = toolchain, .toolchain = toolchain, .target = target,
				   .program = "p1" };
}

/* A section like those of std: `version` changes a tenth of its lines. */
static void add_section(struct str *out, const char *package, unsigned lines, unsigned version)
{
	str_addf(out, "P\t%s\tok\t\n", package);
	for (unsigned i = 0; i < lines; i++) {
		unsigned salt = i % 10 == 3 ? version : 0;
		uint32_t noise = (i + 1) * 2654435761u ^ salt * 40503u;

		if (i % 50 == 0)
			str_addf(out, "D\t%s/file%u.go\n", package, i / 50);
		str_addf(out, "F\t%u\tname%u\tg\t\t%x>%x\tfunc(a%u int, b *T%x) error\n", noise % 40, i,
			 noise >> 8, noise >> 20, salt, noise);
	}
}

static void add_atlas(struct str *out, unsigned version)
{
	str_add(out, HEADER);
	add_section(out, "", 1, 0);
	add_section(out, "bufio", 20, 0);
	add_section(out, "runtime", 300, version);
	add_section(out, "sync", 10, version / 2);
	add_section(out, "vendor/golang.org/x/sys/cpu", 5, 0);
}

static struct atlas_dir *open_dir(const char *cache)
{
	struct error err = { 0 };
	struct atlas_dir *dir;

	if (atlas_dir_open(&dir, cache, &err) < 0)
		fail_msg("%s", err.msg);
	return dir;
}

static void write_text(const char *cache, struct atlas_key key, const struct str *text, bool complete)
{
	struct atlas_dir *dir = open_dir(cache);
	struct error err = { 0 };

	if (atlas_write(dir, &key, text->s, text->len, complete, &err) < 0)
		fail_msg("%s", err.msg);
	atlas_dir_close(dir);
}

static void write_version(const char *cache, struct atlas_key key, unsigned version)
{
	struct str text = STR_INIT;

	add_atlas(&text, version);
	write_text(cache, key, &text, true);
	str_free(&text);
}

/* 0 when all of the text is there, byte for byte; fails on a text that differs. */
static int compare(struct atlas_dir *dir, struct atlas_key key, const struct str *text,
		   struct error *err)
{
	struct atlas_section want, got;
	const char *package;
	struct atlas *a;
	size_t at = 0, n;

	if (atlas_open(&a, dir, &key, err) < 0)
		return err->code;
	while (atlas_next_section(text->s, text->len, &at, &want, &package, &n)) {
		char *name = mem_strndup(package, n);
		int rc = atlas_section(&got, a, name, err);

		mem_free(name);
		if (rc < 0)
			return rc;
		assert_int_equal(got.len, want.len);
		assert_memory_equal(got.text, want.text, want.len);
	}
	return 0;
}

static int compare_version(const char *cache, struct atlas_key key, unsigned version,
			   struct error *err)
{
	struct atlas_dir *dir = open_dir(cache);
	struct str text = STR_INIT;
	int rc;

	add_atlas(&text, version);
	rc = compare(dir, key, &text, err);
	str_free(&text);
	atlas_dir_close(dir);
	return rc;
}

static void expect_version(const char *cache, struct atlas_key key, unsigned version)
{
	struct error err = { 0 };

	if (compare_version(cache, key, version, &err) < 0)
		fail_msg("%s", err.msg);
}

static void expect_error(const char *cache, struct atlas_key key, int code, const char *word)
{
	struct error err = { 0 };

	if (compare_version(cache, key, 0, &err) != code || !strstr(err.msg, word))
		fail_msg("%d: %s", err.code, err.msg);
}

/* The one file of the folder whose name begins like that; the test's to free. */
static char *file_of(const char *cache, struct atlas_key key)
{
	char *list = mem_printf("%s/atlas", cache), *path = NULL;
	struct digest *d = digest_new("atlas");
	char hex[DIGEST_HEX];

	digest_add(d, key.identity);
	digest_add(d, key.target);
	digest_end(d, hex);
	path = mem_printf("%s/%s-%.32s.atlas", list, key.target, hex);
	path[strlen(list) + 1 + strcspn(key.target, "/")] = '-';
	mem_free(list);
	if (!fs_exists(path))
		fail_msg("%s is not there", path);
	return path;
}

static struct str read_file(const char *path)
{
	struct str data = STR_INIT;
	struct error err = { 0 };

	if (fs_read(&data, path, &err) < 0)
		fail_msg("%s", err.msg);
	return data;
}

static void write_file(const char *path, const char *data, size_t n)
{
	struct error err = { 0 };

	unlink(path); /* file systems take their time over a file that is cut and filled again */
	assert_int_equal(fs_write(path, data, n, 0644, &err), 0);
}

static size_t file_size(const char *cache, struct atlas_key key)
{
	char *path = file_of(cache, key);
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	mem_free(path);
	return (size_t)st.st_size;
}

static unsigned depth_of(const char *cache, struct atlas_key key)
{
	char *path = file_of(cache, key);
	struct str data = read_file(path);
	unsigned depth = (unsigned char)data.s[AT_DEPTH];

	str_free(&data);
	mem_free(path);
	return depth;
}

static void remove_atlas(const char *cache, struct atlas_key key)
{
	char *path = file_of(cache, key);

	assert_int_equal(unlink(path), 0);
	mem_free(path);
}

/* The last byte of the file: of its last section's frame. */
static void bend_end(const char *cache, struct atlas_key key)
{
	char *path = file_of(cache, key);
	struct str data = read_file(path);

	data.s[data.len - 1] ^= 1;
	write_file(path, data.s, data.len);
	str_free(&data);
	mem_free(path);
}

/* --- round trips --------------------------------------------------------------- */

#define GO21 key_of("go1.21.1", "linux/amd64")
#define GO22 key_of("go1.22.1", "linux/amd64")

static void test_round_trip(void **state)
{
	struct atlas_dir *dir = open_dir(*state);
	struct atlas_key k21 = GO21;
	struct error err = { 0 };
	struct strv packages = { 0 };
	struct atlas_section s, again;
	struct atlas_symbol symbol;
	struct atlas *a;

	assert_int_equal(atlas_open(&a, dir, &k21, &err), ERR_GONE);
	assert_non_null(strstr(err.msg, "atlas of go1.21.1 linux/amd64"));
	write_version(*state, GO21, 1);
	expect_version(*state, GO21, 1);
	assert_int_equal(atlas_open(&a, dir, &k21, &err), 0);
	assert_true(atlas_is_complete(a));
	atlas_packages(a, &packages);
	assert_int_equal(packages.n, 5);
	assert_string_equal(packages.v[0], "");
	assert_string_equal(packages.v[1], "bufio");
	assert_string_equal(packages.v[4], "vendor/golang.org/x/sys/cpu");
	assert_int_equal(atlas_section(&s, a, "net", &err), ERR_GONE);
	assert_non_null(strstr(err.msg, "no package \"net\""));
	assert_int_equal(atlas_section(&s, a, "runtime", &err), 0);
	assert_int_equal(atlas_section(&again, a, "runtime", &err), 0);
	assert_ptr_equal(s.text, again.text);
	assert_true(atlas_find(&s, "name299", &symbol));
	assert_string_equal(symbol.file, "runtime/file5.go");
	atlas_symbol_dispose(&symbol);
	strv_free(&packages);
	atlas_dir_close(dir);
}

/* Sections may come in any order, and those that are not runs of lines are texts too. */
static void test_order(void **state)
{
	static const char text[] = HEADER "P\tz\tok\t\nF\t1\tz\nP\ta\tok\t\nP\tb\n";
	struct str str = { .s = (char *)text, .len = sizeof(text) - 1 };
	struct atlas_dir *dir = open_dir(*state);
	struct strv packages = { 0 };
	struct atlas_key key = GO21;
	struct error err = { 0 };
	struct atlas *a;

	write_text(*state, key, &str, true);
	assert_int_equal(compare(dir, key, &str, &err), 0);
	assert_int_equal(atlas_open(&a, dir, &key, &err), 0);
	atlas_packages(a, &packages);
	assert_string_equal(packages.v[0], "a");
	assert_string_equal(packages.v[2], "z");
	strv_free(&packages);
	atlas_dir_close(dir);
}

static void test_identical(void **state)
{
	struct atlas_dir *dir;
	struct atlas_key k21 = GO21, k22 = GO22;
	struct atlas_section one, other;
	struct error err = { 0 };
	struct atlas *a, *b;

	write_version(*state, GO21, 1);
	write_version(*state, GO22, 1);
	expect_version(*state, GO22, 1);
	assert_true(file_size(*state, GO22) < 400);
	dir = open_dir(*state);
	assert_int_equal(atlas_open(&b, dir, &k22, &err), 0);
	assert_int_equal(atlas_open(&a, dir, &k21, &err), 0);
	assert_int_equal(atlas_section(&one, a, "runtime", &err), 0);
	assert_int_equal(atlas_section(&other, b, "runtime", &err), 0);
	assert_ptr_equal(one.text, other.text);
	atlas_dir_close(dir);
}

static void test_alike(void **state)
{
	write_version(*state, GO21, 1);
	write_version(*state, GO22, 2);
	expect_version(*state, GO22, 2);
	expect_version(*state, GO21, 1);
	assert_true(file_size(*state, GO22) * 4 < file_size(*state, GO21));
	assert_int_equal(depth_of(*state, GO21), 0);
	assert_int_equal(depth_of(*state, GO22), 1);
}

/* All of a large section is within reach of what is written against it. */
static void test_large(void **state)
{
	struct atlas_dir *dir = open_dir(*state);
	struct str text = STR_INIT;
	struct error err = { 0 };

	str_add(&text, HEADER);
	add_section(&text, "big", 100000, 0);
	assert_true(text.len > 5000000);
	write_text(*state, GO21, &text, true);
	assert_int_equal(compare(dir, GO21, &text, &err), 0);
	str_add(&text, "F\t1\tone more\n");
	write_text(*state, GO22, &text, true);
	assert_int_equal(compare(dir, GO22, &text, &err), 0);
	assert_true(file_size(*state, GO22) < 5000);
	str_free(&text);
	atlas_dir_close(dir);
}

static void expect_refused(const char *cache, const char *text, const char *word)
{
	struct atlas_dir *dir = open_dir(cache);
	struct atlas_key key = GO21;
	struct error err = { 0 };

	if (atlas_write(dir, &key, text, strlen(text), true, &err) != ERR_WORK ||
	    !strstr(err.msg, word))
		fail_msg("%s: %s", text, err.msg);
	assert_int_equal(compare_version(cache, key, 1, &err), ERR_GONE);
	atlas_dir_close(dir);
}

static void test_refused(void **state)
{
	expect_refused(*state, "", "not an atlas");
	expect_refused(*state, "P\ta\tok\t\n", "not an atlas");
	expect_refused(*state, "lnmatrix-atlas 7\n", "format 7");
	expect_refused(*state, HEADER, "is empty");
	expect_refused(*state, HEADER "P\ta\tok\t\nF\t1", "has no end");
	expect_refused(*state, HEADER "P\ta\tok\t\nP\tb\tok\t\nP\ta\tok\t\n", "has a twice");
}

/* --- whose child ---------------------------------------------------------------- */

/* Whether the one cannot be read without the other. */
static bool stands_on(const char *cache, struct atlas_key key, unsigned version,
		      struct atlas_key other)
{
	char *path = file_of(cache, other), *aside = mem_printf("%s/aside", cache);
	struct error err = { 0 };
	int rc;

	assert_int_equal(rename(path, aside), 0);
	rc = compare_version(cache, key, version, &err);
	assert_int_equal(rename(aside, path), 0);
	if (rc < 0) {
		assert_int_equal(rc, ERR_GONE);
		assert_non_null(strstr(err.msg, "its parent"));
	}
	mem_free(path);
	mem_free(aside);
	expect_version(cache, key, version);
	return rc < 0;
}

static void test_parents(void **state)
{
	struct atlas_key narrow = key_of("go1.21.1", "linux/386"), arm = key_of("go1.22.1", "linux/arm");
	struct atlas_key arm64 = key_of("go1.22.1", "linux/arm64"), near = key_of("go1.23.0", "linux/amd64");
	struct atlas_key whatif = { "whatif", "go1.22.1", "linux/arm64", "p1" };
	struct atlas_key other = { "x", "go1.22.1", "linux/arm64", "p2" };

	write_version(*state, GO21, 1);
	write_version(*state, narrow, 2);
	assert_true(stands_on(*state, narrow, 2, GO21)); /* there is nothing else */
	write_version(*state, GO22, 3);
	assert_true(stands_on(*state, GO22, 3, GO21));
	assert_false(stands_on(*state, GO22, 3, narrow));
	write_version(*state, arm, 4); /* rather another release's than another width */
	assert_true(stands_on(*state, arm, 4, narrow));
	assert_false(stands_on(*state, arm, 4, GO22));
	write_version(*state, arm64, 5);
	assert_true(stands_on(*state, arm64, 5, GO22)); /* the same release's */
	assert_int_equal(depth_of(*state, arm64), 2);
	write_version(*state, near, 6); /* from nearest release, which has room below */
	assert_true(stands_on(*state, near, 6, GO22));
	write_version(*state, whatif, 7); /* what-ifs of a release from its same target */
	assert_true(stands_on(*state, whatif, 7, arm64));
	write_version(*state, other, 8); /* another program's atlases are none */
	assert_int_equal(depth_of(*state, other), 0);
}

/* Chains stay short, and each release leaves room below it for its targets. */
static void test_depth(void **state)
{
	static const char *const targets[] = { "linux/amd64", "linux/arm64", "linux/386" };
	unsigned deepest = 0;

	for (unsigned v = 1; v <= 6; v++) {
		for (unsigned t = 0; t < 3; t++) {
			char *name = mem_printf("go1.%u.1", v);
			unsigned depth;

			write_version(*state, key_of(name, targets[t]), v * 10 + t);
			expect_version(*state, key_of(name, targets[t]), v * 10 + t);
			depth = depth_of(*state, key_of(name, targets[t]));
			assert_true(v == 1 && t == 0 ? depth == 0 : depth > 0);
			deepest = depth > deepest ? depth : deepest;
			if (t == 1)
				assert_true(stands_on(*state, key_of(name, targets[1]), v * 10 + 1,
						      key_of(name, targets[0])));
			mem_free(name);
		}
	}
	assert_int_equal(deepest, 5);
}

/* --- partial ones ---------------------------------------------------------------- */

static void write_partial(const char *cache, struct atlas_key key, const char *package,
			  unsigned version)
{
	struct str text = STR_INIT;

	str_add(&text, HEADER);
	add_section(&text, package, 20, version);
	write_text(cache, key, &text, false);
	str_free(&text);
}

static void expect_packages(const char *cache, struct atlas_key key, bool complete,
			    const char *want)
{
	struct atlas_dir *dir = open_dir(cache);
	struct strv packages = { 0 };
	struct str got = STR_INIT;
	struct error err = { 0 };
	struct atlas *a;

	if (atlas_open(&a, dir, &key, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(atlas_is_complete(a), complete);
	atlas_packages(a, &packages);
	for (size_t i = 0; i < packages.n; i++) {
		struct atlas_section s;

		assert_int_equal(atlas_section(&s, a, packages.v[i], &err), 0);
		str_addf(&got, "%s ", packages.v[i]);
	}
	assert_string_equal(got.s, want);
	strv_free(&packages);
	str_free(&got);
	atlas_dir_close(dir);
}

static void expect_partial(const char *cache, struct atlas_key key, const char *package,
			   unsigned version)
{
	struct atlas_dir *dir = open_dir(cache);
	struct str text = STR_INIT;
	struct error err = { 0 };

	add_section(&text, package, 20, version);
	if (compare(dir, key, &text, &err) < 0)
		fail_msg("%s", err.msg);
	str_free(&text);
	atlas_dir_close(dir);
}

static void test_partial(void **state)
{
	write_version(*state, GO21, 1);
	write_partial(*state, GO22, "runtime", 2);
	expect_packages(*state, GO22, false, "runtime ");
	write_partial(*state, GO22, "bufio", 3);
	write_partial(*state, GO22, "sync", 4);
	expect_packages(*state, GO22, false, "bufio runtime sync ");
	write_partial(*state, GO22, "bufio", 5); /* replaces */
	expect_partial(*state, GO22, "bufio", 5);
	expect_partial(*state, GO22, "runtime", 2);
	/* nobody stands on a partial one */
	write_version(*state, key_of("go1.22.1", "linux/arm64"), 6);
	assert_true(stands_on(*state, key_of("go1.22.1", "linux/arm64"), 6, GO21));
	assert_false(stands_on(*state, key_of("go1.22.1", "linux/arm64"), 6, GO22));
	/* the complete one does not keep what was partial, and is not touched by a late partial one */
	write_partial(*state, GO22, "gone", 5);
	write_version(*state, GO22, 7);
	expect_version(*state, GO22, 7);
	expect_packages(*state, GO22, true, " bufio runtime sync vendor/golang.org/x/sys/cpu ");
	write_partial(*state, GO22, "bufio", 5);
	expect_version(*state, GO22, 7);
	expect_packages(*state, GO22, true, " bufio runtime sync vendor/golang.org/x/sys/cpu ");
}

static void test_partial_damaged(void **state)
{
	write_partial(*state, GO22, "runtime", 2);
	bend_end(*state, GO22);
	write_partial(*state, GO22, "bufio", 3); /* what cannot be read is not merged */
	expect_packages(*state, GO22, false, "bufio ");
}

/* What is opened stays as it was; what is opened next is new. */
static void test_forgotten(void **state)
{
	struct atlas_dir *dir = open_dir(*state);
	struct str text = STR_INIT;
	struct atlas_key key = GO21;
	struct atlas_section s;
	struct error err = { 0 };
	struct atlas *old, *new;

	write_partial(*state, GO21, "runtime", 1);
	assert_int_equal(atlas_open(&old, dir, &key, &err), 0);
	add_atlas(&text, 2);
	assert_int_equal(atlas_write(dir, &key, text.s, text.len, true, &err), 0);
	assert_int_equal(atlas_open(&new, dir, &key, &err), 0);
	assert_true(atlas_is_complete(new));
	assert_false(atlas_is_complete(old));
	assert_int_equal(atlas_section(&s, old, "runtime", &err), 0);
	assert_int_equal(atlas_section(&s, old, "bufio", &err), ERR_GONE);
	str_free(&text);
	atlas_dir_close(dir);
}

static void test_rewritten(void **state)
{
	struct stat before, after;
	char *path;

	write_version(*state, GO21, 1);
	write_version(*state, GO22, 2);
	path = file_of(*state, GO21);
	assert_int_equal(stat(path, &before), 0);
	write_version(*state, GO21, 1); /* the same: left alone */
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(depth_of(*state, GO21), 0);
	expect_version(*state, GO22, 2);
	bend_end(*state, GO21);
	write_version(*state, GO21, 1); /* the same, but it could not be read */
	expect_version(*state, GO21, 1);
	expect_version(*state, GO22, 2);
	write_version(*state, GO21, 3); /* never its own child's child */
	expect_version(*state, GO21, 3);
	assert_int_equal(depth_of(*state, GO21), 0);
	expect_error(*state, GO22, ERR_GONE, "has been replaced");
	mem_free(path);
}

/* --- damage ---------------------------------------------------------------------- */

static void test_other_program(void **state)
{
	struct atlas_key other = GO21;
	char *path;
	struct str data;

	other.program = "p2";
	write_version(*state, GO21, 1);
	expect_error(*state, other, ERR_GONE, "another program");
	write_version(*state, other, 2);
	expect_version(*state, other, 2);
	expect_error(*state, GO21, ERR_GONE, "another program");
	path = file_of(*state, GO21);
	data = read_file(path);
	data.s[AT_FORMAT] = 9;
	write_file(path, data.s, data.len);
	expect_error(*state, other, ERR_GONE, "format 9");
	str_free(&data);
	mem_free(path);
}

static void test_parent_gone(void **state)
{
	write_version(*state, GO21, 1);
	write_version(*state, GO22, 2);
	remove_atlas(*state, GO21);
	expect_error(*state, GO22, ERR_GONE, "its parent");
	write_version(*state, GO22, 2); /* it is made again, alone */
	expect_version(*state, GO22, 2);
	assert_int_equal(depth_of(*state, GO22), 0);
	write_version(*state, GO21, 1);
	expect_version(*state, GO22, 2);
	assert_int_equal(depth_of(*state, GO21), 1);
}

static void test_parent_replaced(void **state)
{
	struct str data;
	char *path;

	write_version(*state, GO21, 1);
	write_version(*state, GO22, 2);
	write_version(*state, GO21, 7);
	expect_version(*state, GO21, 7);
	expect_error(*state, GO22, ERR_GONE, "has been replaced");
	write_version(*state, GO21, 1); /* the same again is as good as what it was */
	assert_int_equal(depth_of(*state, GO21), 0);
	expect_version(*state, GO22, 2);
	/* a chain that has no end */
	path = file_of(*state, GO22);
	data = read_file(path);
	mem_free(path);
	path = file_of(*state, GO21);
	write_file(path, data.s, data.len);
	expect_error(*state, GO22, ERR_GONE, "has been replaced");
	str_free(&data);
	mem_free(path);
}

/* Another process replaced both while this one had the old parent open. */
static void test_parent_opened_before(void **state)
{
	struct atlas_dir *dir = open_dir(*state);
	struct atlas_key k21 = GO21;
	struct str text = STR_INIT;
	struct error err = { 0 };
	struct atlas *a;

	write_version(*state, GO21, 1);
	assert_int_equal(atlas_open(&a, dir, &k21, &err), 0);
	write_version(*state, GO21, 2);
	write_version(*state, GO22, 3);
	add_atlas(&text, 3);
	if (compare(dir, GO22, &text, &err) < 0)
		fail_msg("%s", err.msg);
	str_free(&text);
	atlas_dir_close(dir);
}

static void test_parent_damaged(void **state)
{
	struct atlas_dir *dir;
	struct atlas_key k22 = GO22;
	struct str text = STR_INIT;
	struct error err = { 0 };
	char *path;

	write_version(*state, GO21, 1);
	write_version(*state, GO22, 2);
	bend_end(*state, GO21); /* the section vendor/..., which both have */
	path = file_of(*state, GO21);
	dir = open_dir(*state);
	add_atlas(&text, 2);
	assert_int_equal(compare(dir, GO22, &text, &err), ERR_WORK);
	assert_non_null(strstr(err.msg, path));
	assert_non_null(strstr(err.msg, "the section vendor/golang.org/x/sys/cpu does not match"));
	atlas_discard(dir, &k22); /* removes the one that is to blame too */
	assert_false(fs_exists(path));
	assert_int_equal(compare(dir, GO22, &text, &err), ERR_GONE);
	assert_int_equal(atlas_write(dir, &k22, text.s, text.len, true, &err), 0);
	assert_int_equal(compare(dir, GO22, &text, &err), 0);
	atlas_dir_close(dir);

	/* who writes finds it as well */
	write_version(*state, GO21, 1);
	bend_end(*state, GO22);
	mem_free(path);
	path = file_of(*state, GO22);
	write_version(*state, key_of("go1.22.1", "linux/arm64"), 4);
	assert_false(fs_exists(path));
	expect_version(*state, key_of("go1.22.1", "linux/arm64"), 4);
	str_free(&text);
	mem_free(path);
}

static void test_parent_header_damaged(void **state)
{
	struct atlas_dir *dir = open_dir(*state);
	struct atlas_key k22 = GO22;
	struct str data;
	char *path;

	write_version(*state, GO21, 1);
	write_version(*state, GO22, 2);
	path = file_of(*state, GO21);
	data = read_file(path);
	data.s[60] ^= 1;
	write_file(path, data.s, data.len);
	expect_error(*state, GO22, ERR_WORK, path);
	expect_error(*state, GO21, ERR_WORK, "its header does not match its checksum");
	write_version(*state, key_of("go1.23.1", "linux/amd64"), 3); /* not from such a one */
	expect_version(*state, key_of("go1.23.1", "linux/amd64"), 3);
	atlas_discard(dir, &k22);
	assert_false(fs_exists(path));
	expect_error(*state, GO22, ERR_GONE, "there is none");
	str_free(&data);
	mem_free(path);
	atlas_dir_close(dir);
}

/* A small pair: `child` has a section as the parent's, one nearly so and one of its own. */
static void write_pair(const char *cache, struct str *child)
{
	struct str parent = STR_INIT;

	str_add(&parent, HEADER);
	str_add(child, HEADER);
	for (int i = 0; i < 2; i++) {
		struct str *text = i ? child : &parent;

		add_section(text, "bufio", 5, 0);
		add_section(text, "sync", 12, (unsigned)i);
		add_section(text, i ? "zoo" : "zip", 6, (unsigned)i);
	}
	write_text(cache, GO21, &parent, true);
	write_text(cache, GO22, child, true);
	str_free(&parent);
}

/* Damages the child's file in many ways; each is noticed, or the text is what it was. */
static void test_every_bit(void **state)
{
	struct str text = STR_INIT, data;
	size_t unseen = 0, gone = 0;
	char *path;

	write_pair(*state, &text);
	path = file_of(*state, GO22);
	data = read_file(path);
	for (size_t i = 0; i < data.len * 8; i++) {
		struct atlas_dir *dir = open_dir(*state);
		struct error err = { 0 };
		int rc;

		data.s[i / 8] ^= (char)(1 << i % 8);
		write_file(path, data.s, data.len);
		rc = compare(dir, GO22, &text, &err); /* fails on a wrong text */
		unseen += rc == 0;
		gone += rc == ERR_GONE;
		if (rc == 0)
			print_message("bit %zu of byte %zu of %zu changes nothing\n", i % 8, i / 8, data.len);
		else if (rc != ERR_WORK && rc != ERR_GONE)
			fail_msg("%d %s", rc, err.msg);
		data.s[i / 8] ^= (char)(1 << i % 8);
		atlas_dir_close(dir);
	}
	assert_int_equal(gone, 32); /* the format's number */
	assert_int_equal(unseen, 0);
	str_free(&data);
	str_free(&text);
	mem_free(path);
}

static void test_every_length(void **state)
{
	struct str text = STR_INIT, data;
	char *path;

	write_pair(*state, &text);
	path = file_of(*state, GO22);
	data = read_file(path);
	str_addc(&data, 'x');
	for (size_t n = 0; n <= data.len; n++) {
		struct atlas_dir *dir = open_dir(*state);
		struct error err = { 0 };
		int rc;

		write_file(path, data.s, n);
		rc = compare(dir, GO22, &text, &err);
		if (rc != (n == data.len - 1 ? 0 : ERR_WORK))
			fail_msg("%zu of %zu: %d %s", n, data.len, rc, err.msg);
		atlas_dir_close(dir);
	}
	str_free(&data);
	str_free(&text);
	mem_free(path);
}

/* --- files that are wrong under right checksums ------------------------------------- */

static uint32_t get32(const struct str *data, size_t at)
{
	const unsigned char *p = (const unsigned char *)data->s + at;

	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void put32(struct str *data, size_t at, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		data->s[at + (size_t)i] = (char)(v >> 8 * i);
}

static void sum(char *out, size_t len, const char *p, size_t n)
{
	char hex[DIGEST_HEX];

	digest_bytes(hex, p, n);
	for (size_t i = 0; i < len; i++) {
		char pair[3] = { hex[2 * i], hex[2 * i + 1], '\0' };

		out[i] = (char)strtoul(pair, NULL, 16);
	}
}

/* Puts the right digest behind header and index. */
static void seal(struct str *data)
{
	size_t n = get32(data, AT_HEADER_LEN) + (size_t)get32(data, AT_INDEX_STORED);

	if (n + ID_LEN <= data->len)
		sum(data->s + n, ID_LEN, data->s, n);
}

static void test_odd_header(void **state)
{
	struct str text = STR_INIT, data;
	size_t header;
	char *path;

	write_pair(*state, &text);
	path = file_of(*state, GO22);
	data = read_file(path);
	header = get32(&data, AT_HEADER_LEN);
	for (size_t i = 0; i < header; i++) {
		for (int k = 0; k < 4; k++) {
			struct atlas_dir *dir = open_dir(*state);
			struct str bent = STR_INIT;
			struct error err = { 0 };

			str_addn(&bent, data.s, data.len);
			bent.s[i] = "\0\1\x7f\xff"[k];
			seal(&bent);
			write_file(path, bent.s, bent.len);
			compare(dir, GO22, &text, &err); /* whatever it says */
			str_free(&bent);
			atlas_dir_close(dir);
		}
	}
	str_free(&data);
	str_free(&text);
	mem_free(path);
}

static void test_wrong_magic(void **state)
{
	struct str data;
	char *path;

	write_version(*state, GO21, 1);
	path = file_of(*state, GO21);
	data = read_file(path);
	data.s[0] = 'L';
	seal(&data);
	write_file(path, data.s, data.len);
	expect_error(*state, GO21, ERR_WORK, "not an atlas");
	str_free(&data);
	mem_free(path);
}

/* A parent that claims to be the one that it replaced. */
static void test_wrong_prefix(void **state)
{
	struct str old, new;
	char *path;

	write_version(*state, GO21, 1);
	write_version(*state, GO22, 2);
	path = file_of(*state, GO21);
	old = read_file(path);
	write_version(*state, GO21, 3);
	new = read_file(path);
	memcpy(new.s + AT_ID, old.s + AT_ID, ID_LEN);
	seal(&new);
	write_file(path, new.s, new.len);
	expect_version(*state, GO21, 3);
	expect_error(*state, GO22, ERR_WORK, "the section runtime does not match");
	str_free(&old);
	str_free(&new);
	mem_free(path);
}

/* The index of a file that has no parent, replaced by another one. */
static struct str with_index(const struct str *data, const char *index, size_t n)
{
	size_t header = get32(data, AT_HEADER_LEN), stored = get32(data, AT_INDEX_STORED), len;
	struct str out = STR_INIT;
	char packed[4096];

	len = ZSTD_compress(packed, sizeof(packed), index, n, 3);
	assert_false(ZSTD_isError(len));
	str_addn(&out, data->s, header);
	str_addn(&out, packed, len);
	str_addn(&out, data->s + header + stored, data->len - header - stored);
	put32(&out, AT_INDEX_STORED, (uint32_t)len);
	put32(&out, AT_INDEX_LEN, (uint32_t)n);
	seal(&out);
	return out;
}

static void test_odd_index(void **state)
{
	struct str text = STR_INIT, data;
	size_t header, stored, n, good = 0;
	char index[4096];
	char *path;

	str_add(&text, HEADER);
	add_section(&text, "bufio", 5, 0);
	add_section(&text, "sync", 12, 0);
	write_text(*state, GO21, &text, true);
	path = file_of(*state, GO21);
	data = read_file(path);
	header = get32(&data, AT_HEADER_LEN);
	stored = get32(&data, AT_INDEX_STORED);
	n = ZSTD_decompress(index, sizeof(index), data.s + header, stored);
	assert_int_equal(n, get32(&data, AT_INDEX_LEN));
	for (size_t i = 0; i <= n * 5; i++) {
		struct atlas_dir *dir = open_dir(*state);
		struct error err = { 0 };
		struct str bent;
		char keep = index[i / 5];

		if (i % 5 == 4)
			bent = with_index(&data, index, i / 5); /* cut there */
		else {
			if (i < n * 5)
				index[i / 5] = "\0\1\x7f\xff"[i % 5];
			bent = with_index(&data, index, n);
		}
		index[i / 5] = keep;
		write_file(path, bent.s, bent.len);
		good += compare(dir, GO21, &text, &err) == 0;
		str_free(&bent);
		atlas_dir_close(dir);
	}
	assert_true(good >= 2 && good < 30); /* nothing changed there */
	str_free(&data);
	str_free(&text);
	mem_free(path);
}

/* A section that claims to be longer than any is. */
static void test_huge_claim(void **state)
{
	struct str text = STR_INIT, data, bent, index = STR_INIT;
	struct error err = { 0 };
	struct atlas_dir *dir = open_dir(*state);
	char packed[32768];
	char *big = mem_zalloc((64 << 20) + 1), *path;
	size_t n = ZSTD_compress(packed, sizeof(packed), big, (64 << 20) + 1, 1), stored;

	assert_false(ZSTD_isError(n));
	mem_free(big);
	str_add(&text, HEADER "P\ta\tok\t\n");
	write_text(*state, GO21, &text, true);
	path = file_of(*state, GO21);
	data = read_file(path);
	str_addn(&index, "\1\0\0\0a\n\0", 7);
	str_addn(&index, "\0\0\0\0\0\0\0\0\0\0\0\0", 12);
	put32(&index, 7, (uint32_t)n);
	put32(&index, 11, (64 << 20) + 1);
	sum(index.s + 15, 4, packed, n);
	bent = with_index(&data, index.s, index.len);
	stored = get32(&bent, AT_HEADER_LEN) + (size_t)get32(&bent, AT_INDEX_STORED) + ID_LEN;
	bent.len = stored;
	str_addn(&bent, packed, n);
	write_file(path, bent.s, bent.len);
	assert_int_equal(compare(dir, GO21, &text, &err), ERR_WORK);
	assert_non_null(strstr(err.msg, "the section a does not match"));
	atlas_dir_close(dir);
	str_free(&text);
	str_free(&data);
	str_free(&bent);
	str_free(&index);
	mem_free(path);
}

/* --- together --------------------------------------------------------------------- */

/* Each writes packages of its own into one partial atlas: none is lost, readers see no damage. */
static void test_together(void **state)
{
	enum { WRITERS = 4, EACH = 6 };
	char *want = mem_strdup("");
	pid_t pids[WRITERS];

	write_version(*state, GO21, 1);
	for (int w = 0; w < WRITERS; w++) {
		pids[w] = fork();
		assert_true(pids[w] >= 0);
		if (pids[w] == 0) {
			struct error err = { 0 };

			for (int i = 0; i < EACH; i++) {
				char *package = mem_printf("p%d%d", w, i);
				struct atlas_dir *dir = open_dir(*state);
				struct str text = STR_INIT;

				write_partial(*state, GO22, package, 1);
				add_section(&text, package, 20, 1);
				if (compare(dir, GO22, &text, &err) < 0)
					_exit(1);
				str_free(&text);
				mem_free(package);
				atlas_dir_close(dir);
			}
			_exit(0);
		}
	}
	for (int w = 0; w < WRITERS; w++) {
		int status;

		assert_int_equal(waitpid(pids[w], &status, 0), pids[w]);
		assert_int_equal(status, 0);
		for (int i = 0; i < EACH; i++) {
			char *longer = mem_printf("%sp%d%d ", want, w, i);

			mem_free(want);
			want = longer;
		}
	}
	expect_packages(*state, GO22, false, want);
	mem_free(want);
}

/* Several make the same complete one at the same time, with children of it. */
static void test_same_at_once(void **state)
{
	pid_t pids[4];

	for (unsigned w = 0; w < 4; w++) {
		pids[w] = fork();
		assert_true(pids[w] >= 0);
		if (pids[w] == 0) {
			for (unsigned i = 0; i < 5; i++) {
				write_version(*state, w % 2 ? GO21 : GO22, w % 2 ? 1 : 2);
				expect_version(*state, w % 2 ? GO21 : GO22, w % 2 ? 1 : 2);
			}
			_exit(0);
		}
	}
	for (unsigned w = 0; w < 4; w++) {
		int status;

		assert_int_equal(waitpid(pids[w], &status, 0), pids[w]);
		assert_int_equal(status, 0);
	}
	expect_version(*state, GO21, 1);
	expect_version(*state, GO22, 2);
	assert_int_equal(depth_of(*state, GO21) + depth_of(*state, GO22), 1);
}

static void test_swept(void **state)
{
	char *left = mem_printf("%s/atlas/linux-amd64-0.atlas.tmp-AbCdEf", (char *)*state);
	char *mine = mem_printf("%s/atlas/notes", (char *)*state);
	struct atlas_dir *dir = open_dir(*state);

	write_file(left, "half", 4);
	write_file(mine, "mine", 4);
	write_version(*state, GO21, 1);
	assert_false(fs_exists(left));
	assert_true(fs_exists(mine));
	atlas_dir_close(dir);
	mem_free(left);
	mem_free(mine);
}

static void test_no_folder(void **state)
{
	char *file = mem_printf("%s/file", (char *)*state);
	struct error err = { 0 };
	struct atlas_dir *dir;

	write_file(file, "", 0);
	assert_int_equal(atlas_dir_open(&dir, file, &err), ERR_OS);
	mem_free(file);
	atlas_dir_close(NULL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, temp_setup, temp_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_round_trip),
		TEST(test_order),
		TEST(test_identical),
		TEST(test_alike),
		TEST(test_large),
		TEST(test_refused),
		TEST(test_parents),
		TEST(test_depth),
		TEST(test_partial),
		TEST(test_partial_damaged),
		TEST(test_forgotten),
		TEST(test_rewritten),
		TEST(test_other_program),
		TEST(test_parent_gone),
		TEST(test_parent_replaced),
		TEST(test_parent_opened_before),
		TEST(test_parent_damaged),
		TEST(test_parent_header_damaged),
		TEST(test_every_bit),
		TEST(test_every_length),
		TEST(test_wrong_magic),
		TEST(test_wrong_prefix),
		TEST(test_odd_header),
		TEST(test_odd_index),
		TEST(test_huge_claim),
		TEST(test_together),
		TEST(test_same_at_once),
		TEST(test_swept),
		TEST(test_no_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
