/* txtar archives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/mem.h"
#include "harness/base/txtar.h"

static struct txtar parse(const char *text)
{
	struct error err = { 0 };
	struct txtar ar;

	if (txtar_parse(&ar, text, strlen(text), "a.txtar", &err) < 0)
		fail_msg("%s", err.msg);
	return ar;
}

static void refuse(const char *text, size_t n, const char *want)
{
	struct error err = { 0 };
	struct txtar ar;

	assert_int_equal(txtar_parse(&ar, text, n, "a.txtar", &err), ERR_INPUT);
	if (strncmp(err.msg, want, strlen(want)) != 0)
		fail_msg("wanted \"%s\", got \"%s\"", want, err.msg);
	assert_int_equal(ar.n, 0);
	assert_null(ar.files);
}

static void assert_file(const struct txtar *ar, size_t i, const char *name, const char *data, int line)
{
	assert_true(i < ar->n);
	assert_string_equal(ar->files[i].name, name);
	assert_string_equal(ar->files[i].data, data);
	assert_int_equal(ar->files[i].size, strlen(data));
	assert_int_equal(ar->files[i].line, line);
}

static void test_files(void **state)
{
	struct txtar ar = parse("words\nmore\n-- b.go --\nb\n\n-- a/c.s --\n-- d --\nlast\n");

	(void)state;
	assert_string_equal(ar.comment, "words\nmore\n");
	assert_int_equal(ar.n, 3);
	assert_file(&ar, 0, "b.go", "b\n\n", 3);
	assert_file(&ar, 1, "a/c.s", "", 6); /* an empty .s is a file like any other */
	assert_file(&ar, 2, "d", "last\n", 7);
	assert_ptr_equal(txtar_find(&ar, "a/c.s"), &ar.files[1]);
	assert_null(txtar_find(&ar, "a"));
	txtar_dispose(&ar);
	txtar_dispose(&ar);
}

static void test_ends(void **state)
{
	struct txtar ar = parse("-- a --\nno newline");

	(void)state;
	assert_string_equal(ar.comment, "");
	assert_file(&ar, 0, "a", "no newline\n", 1); /* the format adds it */
	txtar_dispose(&ar);
	ar = parse("-- a --");
	assert_file(&ar, 0, "a", "", 1);
	txtar_dispose(&ar);
	ar = parse("-- a --\n-- b --\n");
	assert_file(&ar, 0, "a", "", 1);
	assert_file(&ar, 1, "b", "", 2);
	txtar_dispose(&ar);
	ar = parse("");
	assert_int_equal(ar.n, 0);
	assert_string_equal(ar.comment, "");
	txtar_dispose(&ar);
	ar = parse("just text");
	assert_int_equal(ar.n, 0);
	assert_string_equal(ar.comment, "just text");
	txtar_dispose(&ar);
}

static void test_markers(void **state)
{
	static const char *const not_markers[] = {
		"-- a --x\n", " -- a --\n", "--a--\n", "-- a--\n", "--  --\n", "-- --\n", "--- a ---\n",
		"-- a -- \n", "//-- a --\n",
	};
	struct txtar ar = parse("--   spaced name \t --\nx\n");

	(void)state;
	assert_file(&ar, 0, "spaced name", "x\n", 1);
	txtar_dispose(&ar);
	for (size_t i = 0; i < sizeof(not_markers) / sizeof(not_markers[0]); i++) {
		ar = parse(not_markers[i]);
		if (ar.n != 0)
			fail_msg("a marker: %s", not_markers[i]);
		txtar_dispose(&ar);
	}
	ar = parse("-- a -- --\n");
	assert_file(&ar, 0, "a --", "", 1);
	txtar_dispose(&ar);
}

static void test_windows_line_ends(void **state)
{
	struct txtar ar = parse("c\r\n-- a --\r\nx\r\n-- b --\r\ny\r\n");

	(void)state;
	assert_string_equal(ar.comment, "c\r\n");
	assert_file(&ar, 0, "a", "x\r\n", 2);
	assert_file(&ar, 1, "b", "y\r\n", 4);
	txtar_dispose(&ar);
}

static void test_bytes(void **state)
{
	static const char text[] = "-- a --\nx\0y\n-- b --\nz\0";
	struct error err = { 0 };
	struct txtar ar;

	(void)state;
	assert_int_equal(txtar_parse(&ar, text, sizeof(text) - 1, "a.txtar", &err), 0);
	assert_int_equal(ar.files[0].size, 4);
	assert_memory_equal(ar.files[0].data, "x\0y\n", 5);
	assert_int_equal(ar.files[1].size, 3);
	assert_memory_equal(ar.files[1].data, "z\0\n", 4);
	txtar_dispose(&ar);
}

static void test_refused(void **state)
{
#define REFUSE(text, want) refuse(text, sizeof(text) - 1, want)
	static const char *const names[] = { "../x", "/etc/passwd", "a/../../x", "a//b", "a/", "./a", ".", "..",
					     "a\\b" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *text = mem_printf("c\n-- ok --\n-- %s --\nx\n", names[i]);
		char *want = mem_printf("a.txtar:3: file name \"%s\" must stay inside", names[i]);

		refuse(text, strlen(text), want);
		mem_free(text);
		mem_free(want);
	}
	REFUSE("-- a --\n-- b --\n-- a --\n", "a.txtar:3: file \"a\" stands twice (first in line 1)");
	REFUSE("-- a --\n-- a/b --\n", "a.txtar:2: \"a/b\" and \"a\" (line 1): one name is both");
	REFUSE("-- a/b/c --\n-- a/b --\n", "a.txtar:2: \"a/b\" and \"a/b/c\" (line 1): one name is both");
	REFUSE("-- a\0b --\nx\n", "a.txtar:1: file name holds a NUL byte");
	REFUSE("-- ok --\nx\n-- a\0b --\nx\n", "a.txtar:3: file name holds a NUL byte");
}

static void test_alike_is_not_the_same(void **state)
{
	struct txtar ar = parse("-- a/b --\n-- a/bc --\n-- a.b --\n-- A/b --\n-- a/b.d/c --\n");

	(void)state;
	assert_int_equal(ar.n, 5);
	txtar_dispose(&ar);
}

static void test_read(void **state)
{
	struct error err = { 0 };
	struct txtar ar;

	(void)state;
	assert_int_equal(txtar_read(&ar, "/nowhere/x.txtar", &err), ERR_OS);
	assert_int_equal(ar.n, 0);
	assert_non_null(strstr(err.msg, "/nowhere/x.txtar"));
	assert_int_equal(txtar_read(&ar, LNM_SOURCE_DIR "/scenarios/fakecgo/crosscall2.txtar", &err), 0);
	assert_non_null(txtar_find(&ar, "go.mod"));
	txtar_dispose(&ar);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),	cmocka_unit_test(test_ends),
		cmocka_unit_test(test_markers), cmocka_unit_test(test_windows_line_ends),
		cmocka_unit_test(test_bytes),	cmocka_unit_test(test_refused),
		cmocka_unit_test(test_alike_is_not_the_same), cmocka_unit_test(test_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
