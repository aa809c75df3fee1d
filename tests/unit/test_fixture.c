/* Fixtures: from an archive to a folder that holds it, whole and unchanged. */
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

#include "harness/base/fs.h"
#include "harness/base/mem.h"
#include "harness/script/fixture.h"
#include "tests/support/temp.h"

#define MAIN "-- main.go --\npackage main\n"

static struct fixture parse_n(const char *text, size_t n)
{
	struct error err = { 0 };
	struct fixture f;

	if (fixture_parse(&f, text, n, "f.txtar", &err) < 0)
		fail_msg("%s", err.msg);
	return f;
}

static struct fixture parse(const char *text)
{
	return parse_n(text, strlen(text));
}

static char *lay_out(const struct fixture *f, const char *root, const char *lowered)
{
	struct error err = { 0 };
	char *dir;

	if (fixture_lay_out(f, root, lowered, &dir, &err) < 0)
		fail_msg("%s", err.msg);
	return dir;
}

static int note(void *arg, const char *rel, const struct stat *st, struct error *err)
{
	(void)err;
	str_addf(arg, "%s%s ", rel, S_ISDIR(st->st_mode) ? "/" : "");
	return 0;
}

static void assert_files(const char *dir, const char *want)
{
	struct str seen = STR_INIT;
	struct error err = { 0 };

	assert_int_equal(fs_walk(dir, note, &seen, &err), 0);
	assert_string_equal(seen.s, want);
	str_free(&seen);
}

static void assert_content(const char *dir, const char *rel, const char *want)
{
	char *path = path_join(dir, rel);
	struct str got = STR_INIT;
	struct error err = { 0 };

	assert_int_equal(fs_read(&got, path, &err), 0);
	assert_string_equal(got.s, want);
	str_free(&got);
	mem_free(path);
}

static void put(const char *dir, const char *rel, const char *text)
{
	char *path = path_join(dir, rel);
	struct error err = { 0 };

	assert_int_equal(fs_write(path, text, strlen(text), 0644, &err), 0);
	mem_free(path);
}

static void drop(const char *dir, const char *rel)
{
	char *path = path_join(dir, rel);
	struct error err = { 0 };

	assert_int_equal(fs_remove_tree(path, &err), 0);
	mem_free(path);
}

/* --- reading ----------------------------------------------------------------- */

static void test_wants(void **state)
{
	struct fixture f = parse(MAIN "-- want.stdout --\nhello\n-- want.exit --\n 3 \n");

	(void)state;
	assert_string_equal(f.want_out, "hello\n");
	assert_null(f.want_err);
	assert_true(f.has_want_exit);
	assert_int_equal(f.want_exit, 3);
	fixture_dispose(&f);
	f = parse(MAIN "-- want.stderr --\n");
	assert_string_equal(f.want_err, "");
	assert_null(f.want_out);
	assert_false(f.has_want_exit);
	fixture_dispose(&f);
	fixture_dispose(&f);
}

static void test_go_line(void **state)
{
	static const struct { const char *mod, *line; } rows[] = {
		{ "module m\n\ngo 1.22\n", "1.22" },
		{ "go 1.22.3 // why\nmodule m\n", "1.22.3" },
		{ "module m\ngo\t1.21rc1", "1.21rc1" },
		{ "module m\r\ngo 1.20\r\n", "1.20" },
		{ "module m\n  go 1.19//x\n", "1.19" },
		{ "module m\n", NULL },
		{ "module m\n// go 1.22\n", NULL },
		{ "module m\ngo\n", NULL },
		{ "module m\ngo \n", NULL },
		{ "module go\ngodebug x=1\n", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = mem_printf(MAIN "-- go.mod --\n%s", rows[i].mod);
		struct fixture f = parse(text);

		if (strcmp(f.go_line ? f.go_line : "-", rows[i].line ? rows[i].line : "-") != 0)
			fail_msg("\"%s\" gave %s", rows[i].mod, f.go_line);
		assert_false(f.made_go_mod);
		fixture_dispose(&f);
		mem_free(text);
	}
}

static void test_made_go_mod(void **state)
{
	struct fixture f = parse(MAIN "-- sub/go.mod --\nmodule x\n");
	const struct txtar_file *mod = txtar_find(&f.ar, "go.mod");

	(void)state;
	assert_true(f.made_go_mod);
	assert_string_equal(mod->data, "module lnmatrix.invalid/case\n\ngo 1.17\n");
	assert_int_equal(mod->size, strlen(mod->data));
	assert_string_equal(f.go_line, "1.17");
	fixture_dispose(&f);
}

static void test_digest(void **state)
{
	static const char *const others[] = {
		MAIN "-- a.s --\n\n", MAIN "-- b.s --\n", "-- a.s --\n" MAIN, MAIN, MAIN "-- a.s --\n-- go.mod --\nmodule x\n",
		"-- main.go --\npackage main\n-- a.s --\n-- c --\n",
	};
	struct fixture f = parse(MAIN "-- a.s --\n"), g;

	(void)state;
	assert_int_equal(strlen(f.digest), DIGEST_HEX - 1);
	/* what is wanted is not what is built */
	g = parse("words\n" MAIN "-- a.s --\n-- want.stdout --\nx\n-- want.exit --\n1\n-- want.stderr --\n");
	assert_string_equal(g.digest, f.digest);
	fixture_dispose(&g);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		g = parse(others[i]);
		assert_string_not_equal(g.digest, f.digest);
		fixture_dispose(&g);
	}
	fixture_dispose(&f);
}

static void test_refused(void **state)
{
	static const struct { const char *text, *words; } rows[] = {
		{ "", "f.txtar: holds no files; each begins with" },
		{ "only words\n", "f.txtar: holds no files" },
		{ "-- want.stdout --\nx\n", "f.txtar: holds no files" },
		{ MAIN "-- ../x --\n", "f.txtar:3: file name \"../x\" must stay inside" },
		{ MAIN "-- want.exit --\n", "f.txtar:3: want.exit must be a number from 0 to 255" },
		{ MAIN "-- want.exit --\nx\n", "f.txtar:3: want.exit" },
		{ MAIN "-- want.exit --\n256\n", "f.txtar:3: want.exit" },
		{ MAIN "-- want.exit --\n-1\n", "f.txtar:3: want.exit" },
		{ MAIN "-- want.exit --\n1 2\n", "f.txtar:3: want.exit" },
		{ MAIN "-- want.exit --\n99999999999999999999\n", "f.txtar:3: want.exit" },
	};
	char *none = path_join(*state, "none.txtar");
	struct error err = { 0 };
	struct fixture f;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (fixture_parse(&f, rows[i].text, strlen(rows[i].text), "f.txtar", &err) != ERR_INPUT)
			fail_msg("accepted: %s", rows[i].text);
		if (!str_starts(err.msg, rows[i].words))
			fail_msg("wanted \"%s\", got \"%s\"", rows[i].words, err.msg);
		assert_null(f.ar.files);
	}
	assert_int_equal(fixture_read(&f, none, &err), ERR_INPUT);
	assert_non_null(strstr(err.msg, "none.txtar: No such file"));
	put(*state, "none.txtar", MAIN);
	assert_int_equal(fixture_read(&f, none, &err), 0);
	fixture_dispose(&f);
	mem_free(none);
}

/* --- laying out -------------------------------------------------------------- */

static void test_lay_out(void **state)
{
	struct fixture f = parse_n(MAIN "-- a/b.s --\n-- a/c --\nx\0y\n-- want.stdout --\nz\n", sizeof(MAIN) - 1 + 44);
	char *root = path_join(*state, "new/src"), *dir = lay_out(&f, root, NULL), *again, *main_go;
	struct stat before, after;

	assert_string_equal(path_base(dir), f.digest);
	assert_files(dir, "a/ a/b.s a/c go.mod main.go ");
	assert_content(dir, "main.go", "package main\n");
	assert_content(dir, "a/b.s", "");
	assert_content(dir, "go.mod", "module lnmatrix.invalid/case\n\ngo 1.17\n");
	main_go = path_join(dir, "main.go");
	assert_int_equal(stat(main_go, &before), 0);
	again = lay_out(&f, root, NULL);
	assert_string_equal(again, dir);
	assert_int_equal(stat(main_go, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino); /* it stood there, and stays */
	mem_free(again);
	mem_free(main_go);
	mem_free(dir);
	mem_free(root);
	fixture_dispose(&f);
}

static void test_lowering(void **state)
{
	static const struct { const char *mod, *lowered; } rows[] = {
		{ "module m\n\ngo 1.22\n", "module m\n\ngo 1.18\n" },
		{ "module m\ngo 1.22.3 // why\n\ntoolchain go1.23.1\n\nrequire x v1.0.0\n",
		  "module m\ngo 1.18 // why\n\n\nrequire x v1.0.0\n" },
		{ "toolchain go1.23.1\ngo 1.22", "go 1.18\n" },
		{ "go 1.22\ntoolchain\tgo1.23.1\n", "go 1.18\n" },
		{ "go 1.22\n  toolchain go1.23.1\n", "go 1.18\n" },
		{ "go 1.22\ntoolchains x\n", "go 1.18\ntoolchains x\n" },
		{ "go 1.22\r\ntoolchain go1.23.1\r\nx\r\n", "go 1.18\r\nx\r\n" },
		{ "module m\ntoolchain go1.23.1\n", "module m\ntoolchain go1.23.1\n" }, /* nothing to lower */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = mem_printf(MAIN "-- sub/go.mod --\ngo 1.22\n-- go.mod --\n%s", rows[i].mod);
		struct fixture f = parse(text);
		char *want = mem_printf("%s/%s-go1.18", (char *)*state, f.digest);
		char *dir = lay_out(&f, *state, "1.18"), *plain = lay_out(&f, *state, NULL), *again;
		char *mod = mem_printf("%s%s", rows[i].mod, str_ends(rows[i].mod, "\n") ? "" : "\n");

		assert_string_equal(dir, want);
		assert_content(dir, "go.mod", rows[i].lowered);
		assert_content(dir, "sub/go.mod", "go 1.22\n");
		assert_content(plain, "go.mod", mod); /* the other one beside it */
		put(dir, "mark", "");
		drop(dir, "mark");
		again = lay_out(&f, *state, "1.18");
		assert_string_equal(again, dir);
		fixture_dispose(&f);
		mem_free(text);
		mem_free(want);
		mem_free(dir);
		mem_free(plain);
		mem_free(again);
		mem_free(mod);
	}
}

static void test_lowering_keeps_bytes(void **state)
{
	static const char text[] = MAIN "-- go.mod --\ngo 1.22\n// a\0b\nmodule m\n";
	struct fixture f = parse_n(text, sizeof(text) - 1);
	char *dir = lay_out(&f, *state, "1.18"), *path = path_join(dir, "go.mod");
	struct str got = STR_INIT;
	struct error err = { 0 };

	assert_int_equal(fs_read(&got, path, &err), 0);
	assert_int_equal(got.len, 24);
	assert_memory_equal(got.s, "go 1.18\n// a\0b\nmodule m\n", 24);
	str_free(&got);
	mem_free(dir);
	mem_free(path);
	fixture_dispose(&f);
}

/* A copy that somebody touched is not built. */
static void test_tampered(void **state)
{
	struct fixture f = parse(MAIN "-- a/b.s --\n");
	char *dir = lay_out(&f, *state, NULL), *main_go = path_join(dir, "main.go");

	for (int i = 0; i < 6; i++) {
		switch (i) {
		case 0: put(dir, "main.go", "package mine\n"); break; /* of the same length */
		case 1: put(dir, "main.go", "package main\n\n"); break;
		case 2: drop(dir, "a/b.s"); break;
		case 3: put(dir, "extra.go", "package main\n"); break; /* one more file is another program */
		case 4: put(dir, "a/extra_test.s", ""); break;
		case 5:
			drop(dir, "");
			put(*state, f.digest, "a file where the folder was");
			break;
		}
		mem_free(lay_out(&f, *state, NULL));
		assert_files(dir, "a/ a/b.s go.mod main.go ");
		assert_content(dir, "main.go", "package main\n");
	}
	mem_free(dir);
	mem_free(main_go);
	fixture_dispose(&f);
}

/* What a killed run left behind is in nobody's way, and does not stay. */
static void test_leftovers(void **state)
{
	struct fixture f = parse(MAIN);
	char *want = mem_printf(".lock %s/ %s/go.mod %s/main.go ", f.digest, f.digest, f.digest);
	char *dir;

	put(*state, "tmp/old/main.go", "half");
	dir = lay_out(&f, *state, NULL);
	assert_files(dir, "go.mod main.go ");
	assert_files(*state, want);
	mem_free(dir);
	mem_free(want);
	fixture_dispose(&f);
}

static void test_no_room(void **state)
{
	struct fixture f = parse(MAIN);
	struct error err = { 0 };
	char *dir = (char *)&err, *root = path_join(*state, "file");

	put(*state, "file", "");
	assert_int_equal(fixture_lay_out(&f, root, NULL, &dir, &err), ERR_OS);
	assert_null(dir);
	mem_free(root);
	fixture_dispose(&f);
}

/* Many at once: each finds it whole, also while others find it damaged. Nobody's
 * folder is taken away under them. */
static void test_concurrent(void **state)
{
	enum { RUNS = 6 };
	struct str text = STR_INIT;
	struct fixture f;
	char *dir, *ready = path_join(*state, "ready");

	for (int i = 0; i < 100; i++)
		str_addf(&text, "-- d%d/f%d.go --\npackage d%d\n", i % 7, i, i);
	f = parse(text.s);
	for (int round = 0; round < 6; round++) {
		int bad = 0, status;
		pid_t pids[RUNS];

		if (round % 2 == 0)
			drop(*state, f.digest);
		else
			put(*state, "x", ""), put(dir = lay_out(&f, *state, NULL), "d1/f1.go", "no"), mem_free(dir);
		for (int i = 0; i < RUNS; i++) {
			pids[i] = fork();
			if (pids[i] == 0) {
				struct error err = { 0 };
				struct str seen = STR_INIT;
				char *mine, *last;

				while (!fs_exists(ready))
					usleep(100);
				if (fixture_lay_out(&f, *state, NULL, &mine, &err) < 0) {
					fprintf(stderr, "%s\n", err.msg);
					_exit(1);
				}
				last = path_join(mine, "d1/f1.go");
				for (int k = 0; k < 200; k++) { /* a build that reads it */
					str_clear(&seen);
					if (fs_read(&seen, last, &err) < 0 || strcmp(seen.s, "package d1\n") != 0)
						_exit(2);
					usleep(100);
				}
				_exit(0);
			}
		}
		put(*state, "ready", "");
		for (int i = 0; i < RUNS; i++) {
			assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
			bad += status != 0;
		}
		assert_int_equal(bad, 0);
		drop(*state, "ready");
	}
	str_free(&text);
	mem_free(ready);
	fixture_dispose(&f);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, temp_setup, temp_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_wants),    TEST(test_go_line),	       TEST(test_made_go_mod), TEST(test_digest),
		TEST(test_refused),  TEST(test_lay_out),	       TEST(test_lowering),
		TEST(test_lowering_keeps_bytes), TEST(test_tampered), TEST(test_leftovers),
		TEST(test_no_room),  TEST(test_concurrent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
