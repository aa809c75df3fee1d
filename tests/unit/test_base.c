/* The base: errors, memory, strings, digests, files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/base/digest.h"
#include "harness/base/fs.h"
#include "harness/base/mem.h"
#include "harness/base/names.h"
#include "tests/support/temp.h"

static char *put(const char *dir, const char *rel, const char *text)
{
	char *path = path_join(dir, rel);
	struct error err = { 0 };

	assert_int_equal(fs_write(path, text, strlen(text), 0644, &err), 0);
	return path;
}

static void assert_content(const char *path, const char *want)
{
	struct str got = STR_INIT;
	struct error err = { 0 };

	assert_int_equal(fs_read(&got, path, &err), 0);
	assert_string_equal(got.s, want);
	str_free(&got);
}

static size_t entries(const char *dir);

/* Runs fn in a child as an ordinary user, whom modes bind; its exit status. */
static int as_nobody(int (*fn)(const char *dir), const char *dir)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (geteuid() == 0 && (chown(dir, 65534, 65534) < 0 || setgid(65534) < 0 ||
				       setuid(65534) < 0))
			_exit(99);
		_exit(fn(dir));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* --- errors ------------------------------------------------------------------ */

static void test_errors(void **state)
{
	struct error err = { 0 };
	char longer[2000];

	(void)state;
	assert_int_equal(err_set(&err, ERR_INPUT, "%s is %d", "x", 3), ERR_INPUT);
	assert_string_equal(err.msg, "x is 3");
	assert_int_equal(err_wrap(&err, "line %d", 7), ERR_INPUT);
	assert_string_equal(err.msg, "line 7: x is 3");
	assert_int_equal(err_os(&err, ENOENT, "/a/%s", "b"), ERR_OS);
	assert_string_equal(err.msg, "/a/b: No such file or directory");
	memset(longer, 'z', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	err_os(&err, ENOENT, "%s", longer);
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	err_wrap(&err, "%s", longer);
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	assert_int_equal(err.code, ERR_OS);
}

static void test_exit_statuses(void **state)
{
	(void)state;
	assert_int_equal(err_exit_status(ERR_OK), 0);
	assert_int_equal(err_exit_status(ERR_INPUT), 2);
	assert_int_equal(err_exit_status(ERR_OS), 3);
	assert_int_equal(err_exit_status(ERR_WORK), 3);
	assert_int_equal(err_exit_status(ERR_GONE), 3);
	assert_int_equal(err_exit_status(ERR_INTERRUPTED), 130);
}

/* --- memory ------------------------------------------------------------------ */

static void test_strv(void **state)
{
	struct strv a = { 0 }, b;
	char word[] = "word";

	(void)state;
	assert_null(mem_strdup(NULL));
	assert_null(strv_argv(&a)[0]);
	strv_add(&a, word);
	word[0] = 'l';
	strv_addf(&a, "%d-%s", 12, "x");
	strv_addn(&a, "abcdef", 3);
	assert_string_equal(a.v[0], "word");
	assert_string_equal(a.v[1], "12-x");
	assert_string_equal(a.v[2], "abc");
	assert_true(strv_has(&a, "abc"));
	assert_false(strv_has(&a, "ab"));
	strv_copy(&b, &a);
	strv_sort(&a);
	assert_string_equal(a.v[0], "12-x");
	assert_string_equal(a.v[2], "word");
	assert_string_equal(b.v[0], "word");
	/* at every size, also where the vector is just full, the NULL has room */
	for (int i = 0; i < 40; i++) {
		char **argv = strv_argv(&b);

		assert_null(argv[b.n]);
		strv_add(&b, "z");
	}
	strv_free(&a);
	strv_free(&b);
	assert_int_equal(b.n, 0);
	strv_add(&b, "again");
	assert_int_equal(b.n, 1);
	strv_free(&b);
	strv_sort(&b);
}

static void test_names(void **state)
{
	struct names n = { 0 };
	char name[16];

	(void)state;
	assert_true(names_find(&n, "x") == NAMES_NONE);
	for (size_t i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "n%zu", i);
		assert_int_equal(names_add(&n, name), i);
		assert_int_equal(names_add(&n, name), i);
	}
	assert_int_equal(names_find(&n, "n499"), 499);
	assert_true(names_find(&n, "n500") == NAMES_NONE);
	assert_string_equal(n.list.v[7], "n7");
	names_dispose(&n);
	assert_int_equal(names_add(&n, "n9"), 0);
	names_dispose(&n);
}

/* --- strings ----------------------------------------------------------------- */

static void test_str(void **state)
{
	struct str s = STR_INIT;
	char *owned;

	(void)state;
	assert_string_equal(s.s, "");
	str_clear(&s);
	owned = str_detach(&s);
	assert_string_equal(owned, "");
	mem_free(owned);
	str_addf(&s, "%s", "");
	assert_string_equal(s.s, "");
	str_addn(&s, "a\0b", 3);
	str_addc(&s, 'c');
	str_addf(&s, "%05d", 42);
	assert_int_equal(s.len, 9);
	assert_memory_equal(s.s, "a\0bc00042", 10);
	for (int i = 0; i < 5000; i++)
		str_addf(&s, "%d", i % 10);
	assert_int_equal(s.len, 5009);
	assert_int_equal(strlen(s.s + 3), 5006);
	str_clear(&s);
	assert_string_equal(s.s, "");
	str_add(&s, "kept");
	owned = str_detach(&s);
	assert_string_equal(owned, "kept");
	assert_int_equal(s.len, 0);
	str_add(&s, "new");
	assert_string_equal(s.s, "new");
	assert_string_equal(owned, "kept");
	mem_free(owned);
	str_free(&s);
	str_free(&s);
	assert_string_equal(str_empty, "");
}

static void test_ends(void **state)
{
	(void)state;
	assert_true(str_starts("abc", "ab") && str_starts("abc", "") && !str_starts("ab", "abc"));
	assert_true(str_ends("abc", "bc") && str_ends("abc", "") && !str_ends("c", "bc"));
	assert_int_equal(str_trimmed_len("a \t\r\n\v\f", 7), 1);
	assert_int_equal(str_trimmed_len(" \n", 2), 0);
	assert_int_equal(str_trimmed_len("a\0", 2), 2); /* a NUL is no white space */
	assert_int_equal(str_trimmed_len("", 0), 0);
}

static void test_glob(void **state)
{
	static const struct { const char *pattern, *s; bool match; } rows[] = {
		{ "", "", true },              { "", "a", false },
		{ "a", "", false },            { "*", "", true },
		{ "*", "a/b", true },          { "**", "x", true },
		{ "?", "", false },            { "?", "a", true },
		{ "?", "ab", false },          { "linux/*", "linux/arm/7", true },
		{ "linux/*", "linux", false }, { "linux/*", "xlinux/arm", false },
		{ "*/arm", "linux/arm", true },{ "*/arm", "linux/arm64", false },
		{ "a*b*c", "a_b_b_c", true },  { "a*b*c", "a_b_c_d", false },
		{ "*aab", "aaaab", true },     { "a?c*", "abc", true },
		{ "a*", "a*", true },          { "[a]", "a", false },
		{ "*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (str_glob(rows[i].pattern, rows[i].s) != rows[i].match)
			fail_msg("glob \"%s\" on \"%s\"", rows[i].pattern, rows[i].s);
}

/* What is quoted comes out of a shell as it went in. */
static void test_quoting(void **state)
{
	static const char *const words[] = {
		"", "plain", "-ldflags=-checklinkname=0", "a b", "it's", "''", "$HOME", "`id`", "a\\b",
		"\"x\"", "a\nb", "*", "~", "go1.27.4+linknamestd(runtime.load_g,runtime.x)", "#x", "a;b",
		"a&b", "a|b", "<", ">", "!x", "{a,b}", "\xc3\xa4", "a\tb", "[x]", "?",
	};
	static const struct { const char *word, *quoted; } exact[] = {
		{ "", "''" }, { "a=b", "a=b" }, { "a b", "'a b'" }, { "it's", "'it'\\''s'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(exact) / sizeof(exact[0]); i++) {
		struct str s = STR_INIT;

		str_add_quoted(&s, exact[i].word);
		assert_string_equal(s.s, exact[i].quoted);
		str_free(&s);
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct str s = STR_INIT;
		char got[256];
		size_t n;
		FILE *f;

		str_add(&s, "printf %s ");
		str_add_quoted(&s, words[i]);
		f = popen(s.s, "r");
		assert_non_null(f);
		n = fread(got, 1, sizeof(got) - 1, f);
		got[n] = '\0';
		assert_int_equal(pclose(f), 0);
		assert_string_equal(got, words[i]);
		str_free(&s);
	}
}

/* --- digests ----------------------------------------------------------------- */

#define SHA_EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SHA_ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void fields(char out[DIGEST_HEX], const char *purpose, const char *a, const char *b)
{
	struct digest *d = digest_new(purpose);

	digest_add(d, a);
	digest_add(d, b);
	digest_end(d, out);
}

static void test_digest(void **state)
{
	static const struct { const char *purpose, *a, *b; } rows[] = {
		{ "p", "ab", "c" }, { "p", "a", "bc" }, { "p", "abc", "" }, { "p", "", "abc" },
		{ "p", "abc", NULL }, { "p", NULL, "abc" }, { "q", "ab", "c" }, { "pab", "c", "" },
	};
	char hex[DIGEST_HEX], all[8][DIGEST_HEX];
	struct error err = { 0 };
	char *path = put(*state, "abc", "abc"), *none = path_join(*state, "none");

	digest_bytes(hex, "", 0);
	assert_string_equal(hex, SHA_EMPTY);
	digest_bytes(hex, "abc", 3);
	assert_string_equal(hex, SHA_ABC);
	assert_int_equal(digest_file(hex, path, &err), 0);
	assert_string_equal(hex, SHA_ABC);
	assert_int_equal(digest_file(hex, none, &err), ERR_OS);
	assert_non_null(strstr(err.msg, "none: No such file"));
	assert_int_equal(digest_file(hex, *state, &err), ERR_OS); /* a folder */
	for (size_t i = 0; i < 8; i++) {
		fields(all[i], rows[i].purpose, rows[i].a, rows[i].b);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(all[i], all[k]);
	}
	fields(hex, "p", "ab", "c");
	assert_string_equal(hex, all[0]);
	mem_free(path);
	mem_free(none);
}

/* --- paths ------------------------------------------------------------------- */

static void assert_owned(char *got, const char *want)
{
	assert_string_equal(got, want);
	mem_free(got);
}

static void test_paths(void **state)
{
	char *cwd = getcwd(NULL, 0), *want = path_join(cwd, "x/y");

	(void)state;
	assert_owned(path_join("a", "b"), "a/b");
	assert_owned(path_join("a/", "b"), "a/b");
	assert_owned(path_join("/", "b"), "/b");
	assert_owned(path_join("", "b"), "b");
	assert_owned(path_join("a", "/b"), "/b");
	assert_string_equal(path_base("/a/b"), "b");
	assert_string_equal(path_base("b"), "b");
	assert_owned(path_dir("/a/b"), "/a");
	assert_owned(path_dir("/a"), "/");
	assert_owned(path_dir("a"), ".");
	assert_owned(path_dir("a/b/c"), "a/b");
	assert_owned(path_abs("/a/../b"), "/a/../b");
	assert_owned(path_abs("x/y"), want);
	assert_owned(path_abs("./x/y"), want);
	assert_owned(path_abs("././/x/y"), want);
	assert_owned(path_abs("."), cwd);
	assert_owned(path_abs("./"), cwd);
	mem_free(want);
	free(cwd);
}

static void test_tame_names(void **state)
{
	static const char *const tame[] = { "a", "a/b", "a.go", "...", "..a", ".git/x", "a b", "-x", "\xff" };
	static const char *const wild[] = { "", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/..", "a/../b",
					    "a/./b", "./a", "a\\b", "a/b\\..", "..\\a" };

	(void)state;
	for (size_t i = 0; i < sizeof(tame) / sizeof(tame[0]); i++)
		if (!path_is_tame(tame[i]))
			fail_msg("\"%s\" is tame", tame[i]);
	for (size_t i = 0; i < sizeof(wild) / sizeof(wild[0]); i++)
		if (path_is_tame(wild[i]))
			fail_msg("\"%s\" is not tame", wild[i]);
}

/* --- files ------------------------------------------------------------------- */

static void test_write_and_read(void **state)
{
	char *deep = path_join(*state, "a/b/c"), *below = path_join(*state, "a/b/c/d");
	struct str got = STR_INIT;
	struct error err = { 0 };
	char *big = mem_zalloc(300000);

	assert_int_equal(fs_write(deep, big, 300000, 0600, &err), 0);
	str_add(&got, "x");
	assert_int_equal(fs_read(&got, deep, &err), 0);
	assert_int_equal(got.len, 300001); /* it appends, NULs and all */
	assert_int_equal(fs_write(deep, "s", 1, 0600, &err), 0);
	assert_content(deep, "s");
	assert_int_equal(fs_write(below, "x", 1, 0600, &err), ERR_OS); /* below a file */
	assert_int_equal(fs_write(*state, "x", 1, 0600, &err), ERR_OS);
	assert_int_equal(fs_read(&got, *state, &err), ERR_OS);
	assert_non_null(strstr(err.msg, "Is a directory"));
	assert_true(fs_exists(deep) && !fs_exists(below));
	assert_true(fs_is_dir(*state) && !fs_is_dir(deep));
	mem_free(big);
	str_free(&got);
	mem_free(deep);
	mem_free(below);
}

static void test_mkdirs(void **state)
{
	char *deep = path_join(*state, "a//b/c/"), *file = put(*state, "f", "");
	char *below = path_join(file, "d");
	struct error err = { 0 };

	assert_int_equal(fs_mkdirs(deep, &err), 0);
	assert_true(fs_is_dir(deep));
	assert_int_equal(fs_mkdirs(deep, &err), 0);
	assert_int_equal(fs_mkdirs("/", &err), 0);
	assert_int_equal(fs_mkdirs(file, &err), ERR_OS);
	assert_int_equal(fs_mkdirs(below, &err), ERR_OS);
	assert_non_null(strstr(err.msg, "Not a directory"));
	assert_int_equal(fs_mkdirs("", &err), ERR_OS);
	mem_free(deep);
	mem_free(file);
	mem_free(below);
}

static void test_replace(void **state)
{
	char *path = put(*state, "d/f", "old");
	char *dir = path_join(*state, "d"), *fresh = path_join(*state, "n/m/f"), *sub = path_join(*state, "d/sub/x");
	char *sub_dir = path_dir(sub);
	struct error err = { 0 };
	struct stat before, after;
	struct str got = STR_INIT;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char buf[8] = "";

	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(fs_replace(path, "new", 3, 0640, &err), 0);
	assert_content(path, "new");
	assert_int_equal(read(fd, buf, sizeof(buf)), 3); /* who had it open keeps the old */
	assert_memory_equal(buf, "old", 3);
	close(fd);
	assert_int_equal(stat(path, &after), 0);
	assert_true(before.st_ino != after.st_ino);
	assert_int_equal(after.st_mode & 07777, 0640);
	assert_int_equal(entries(dir), 1);
	assert_int_equal(fs_replace(fresh, "x", 1, 0644, &err), 0);
	assert_content(fresh, "x");
	/* a failing rename leaves no temporary file */
	assert_int_equal(fs_mkdirs(sub, &err), 0);
	assert_int_equal(fs_replace(sub_dir, "x", 1, 0644, &err), ERR_OS);
	assert_int_equal(entries(dir), 3); /* f, sub, sub/x */
	str_free(&got);
	mem_free(path);
	mem_free(dir);
	mem_free(fresh);
	mem_free(sub);
	mem_free(sub_dir);
}

/* What the user names: links are followed, devices written to, modes kept, nothing created above it. */
static void test_output(void **state)
{
	char *path = put(*state, "f", "old"), *to = path_join(*state, "link"), *lost = path_join(*state, "lost/f");
	struct error err = { 0 };
	struct stat st;
	mode_t was = umask(022);

	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(symlink("f", to), 0);
	assert_int_equal(fs_output(to, "new", 3, &err), 0);
	assert_content(path, "new");
	assert_int_equal(lstat(to, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);

	assert_int_equal(unlink(path), 0); /* a link to nowhere yet */
	assert_int_equal(fs_output(to, "more", 4, &err), 0);
	assert_content(path, "more");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);

	assert_int_equal(fs_output("/dev/full", "x", 1, &err), ERR_OS);
	assert_int_equal(stat("/dev/full", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	assert_int_equal(fs_output("/dev/null", "x", 1, &err), 0);
	assert_int_equal(fs_output(*state, "x", 1, &err), ERR_OS);
	assert_non_null(strstr(err.msg, "it is a folder"));
	assert_int_equal(fs_output(lost, "x", 1, &err), ERR_OS);
	assert_non_null(strstr(err.msg, "there is no folder"));
	assert_int_equal(entries(*state), 2);
	umask(was);
	mem_free(path);
	mem_free(to);
	mem_free(lost);
}

/* A disk that fills up: the old file stays, whole, and nothing beside it. */
static void test_replace_on_full_disk(void **state)
{
	char *path = put(*state, "f", "old");
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct rlimit rl = { 4096, 4096 };
		struct error err = { 0 };
		char *big = mem_zalloc(100000);

		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &rl);
		_exit(fs_replace(path, big, 100000, 0644, &err) == ERR_OS ? 7 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 7);
	assert_content(path, "old");
	assert_int_equal(entries(*state), 1);
	mem_free(path);
}

/* --- removing ---------------------------------------------------------------- */

static int remove_readonly(const char *dir)
{
	char *root = path_join(dir, "mod"), *file = put(root, "a/b/c.go", "x"), *sub = path_join(dir, "mod/a");
	char *b = path_join(sub, "b"), *outside = put(dir, "outside/f", "x"), *link_at = path_join(root, "l");
	char *kept = path_join(dir, "outside");
	struct error err = { 0 };

	if (symlink(kept, link_at) < 0 || chmod(file, 0444) < 0 || chmod(b, 0555) < 0 || chmod(sub, 0) < 0 ||
	    chmod(root, 0555) < 0)
		return 1;
	if (fs_remove_tree(root, &err) < 0)
		return 2;
	if (fs_exists(root))
		return 3;
	if (!fs_exists(outside))
		return 4; /* the link went, not what it points to */
	/* a file in a folder that is not below root cannot go, and is said to be denied */
	if (chmod(kept, 0555) < 0 || fs_remove_tree(outside, &err) != ERR_OS)
		return 5;
	if (!strstr(err.msg, "Permission denied"))
		return 6;
	if (chmod(kept, 0755) < 0)
		return 7;
	mem_free(root);
	mem_free(file);
	mem_free(sub);
	mem_free(b);
	mem_free(outside);
	mem_free(link_at);
	mem_free(kept);
	return 0;
}

static void test_remove_tree(void **state)
{
	char *none = path_join(*state, "none/at/all");
	struct error err = { 0 };

	assert_int_equal(as_nobody(remove_readonly, *state), 0);
	assert_int_equal(fs_remove_tree(none, &err), 0);
	mem_free(none);
}

/* Two that remove the same tree: neither fails because the other was quicker. */
static void test_remove_together(void **state)
{
	char *root = path_join(*state, "t");

	for (int round = 0; round < 10; round++) {
		int status, failed = 0;
		pid_t pids[3];

		for (int i = 0; i < 200; i++) {
			char name[32];

			snprintf(name, sizeof(name), "%d/%d/f", i % 20, i);
			mem_free(put(root, name, ""));
		}
		for (int i = 0; i < 3; i++) {
			pids[i] = fork();
			if (pids[i] == 0) {
				struct error err = { 0 };

				_exit(fs_remove_tree(root, &err) < 0);
			}
		}
		for (int i = 0; i < 3; i++) {
			assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
			failed += status != 0;
		}
		assert_int_equal(failed, 0);
		assert_false(fs_exists(root));
	}
	mem_free(root);
}

/* --- walking ----------------------------------------------------------------- */

static int note(void *arg, const char *rel, const struct stat *st, struct error *err)
{
	(void)err;
	str_addf(arg, "%s%s ", rel, S_ISDIR(st->st_mode) ? "/" : S_ISLNK(st->st_mode) ? "@" : "");
	return 0;
}

static int stop_at_b(void *arg, const char *rel, const struct stat *st, struct error *err)
{
	note(arg, rel, st, err);
	return strcmp(rel, "b") == 0 ? err_set(err, ERR_WORK, "enough") : 0;
}

static size_t entries(const char *dir)
{
	struct str seen = STR_INIT;
	struct error err = { 0 };
	size_t n = 0;

	assert_int_equal(fs_walk(dir, note, &seen, &err), 0);
	for (const char *p = seen.s; (p = strchr(p, ' ')) != NULL; p++)
		n++;
	str_free(&seen);
	return n;
}

static void test_walk(void **state)
{
	char *link_at = path_join(*state, "z"), *none = path_join(*state, "none");
	struct str seen = STR_INIT;
	struct error err = { 0 };

	mem_free(put(*state, "b", ""));
	mem_free(put(*state, "a/y", ""));
	mem_free(put(*state, "a/B/f", ""));
	mem_free(put(*state, "c/f", ""));
	assert_int_equal(symlink("a", link_at), 0);
	assert_int_equal(fs_walk(*state, note, &seen, &err), 0);
	assert_string_equal(seen.s, "a/ a/B/ a/B/f a/y b c/ c/f z@ ");
	str_clear(&seen);
	assert_int_equal(fs_walk(*state, stop_at_b, &seen, &err), ERR_WORK);
	assert_string_equal(seen.s, "a/ a/B/ a/B/f a/y b ");
	assert_string_equal(err.msg, "enough");
	assert_int_equal(fs_walk(none, note, &seen, &err), ERR_OS);
	str_free(&seen);
	mem_free(link_at);
	mem_free(none);
}

/* --- locks ------------------------------------------------------------------- */

static int try_lock(const char *path)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct error err = { .code = ERR_WORK };
		int fd = fs_lock(path, false, &err);

		_exit(fd >= 0 ? 1 : err.code == ERR_OK ? 2 : 3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

static void test_lock(void **state)
{
	char *path = path_join(*state, "d/lock");
	struct error err = { 0 };
	int fd = fs_lock(path, false, &err), ready[2], status;
	pid_t pid;
	char c;

	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(try_lock(path), 2);
	fs_unlock(fd);
	assert_int_equal(try_lock(path), 1);
	assert_int_equal(try_lock(*state), 3); /* a folder */
	/* it ends with its holder, however that ends, and who waits gets it then */
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		fs_lock(path, true, &err);
		if (write(ready[1], "x", 1) == 1)
			usleep(100000);
		raise(SIGKILL);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_int_equal(try_lock(path), 2);
	fd = fs_lock(path, true, &err);
	assert_true(fd >= 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	fs_unlock(fd);
	fs_unlock(-1);
	close(ready[0]);
	close(ready[1]);
	mem_free(path);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, temp_setup, temp_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_errors),	  TEST(test_exit_statuses), TEST(test_strv),
		TEST(test_names),	    TEST(test_str),
		TEST(test_ends),	  TEST(test_glob),	    TEST(test_quoting),
		TEST(test_digest),	  TEST(test_paths),	    TEST(test_tame_names),
		TEST(test_write_and_read), TEST(test_mkdirs),	    TEST(test_replace),
		TEST(test_output), TEST(test_replace_on_full_disk), TEST(test_remove_tree), TEST(test_remove_together),
		TEST(test_walk),	  TEST(test_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
