/* The provider `local`, on a GOROOT made of empty files. */
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

#include "harness/base/fs.h"
#include "harness/base/mem.h"
#include "toolchains/local.h"

struct fixture {
	char dir[32];
	char *root;
};

static void put(const struct fixture *f, const char *rel, const char *text, mode_t mode)
{
	char *path = path_join(f->root, rel);
	struct error err = { 0 };

	assert_int_equal(fs_write(path, text, strlen(text), mode, &err), 0);
	mem_free(path);
}

static void drop(const struct fixture *f, const char *rel)
{
	char *path = path_join(f->root, rel);
	struct error err = { 0 };

	assert_int_equal(fs_remove_tree(path, &err), 0);
	mem_free(path);
}

static int setup(void **state)
{
	struct fixture *f = mem_zalloc(sizeof(*f));

	strcpy(f->dir, "/tmp/lnm-local-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->root = path_join(f->dir, "go-1.22");
	put(f, "VERSION", "go1.22.12\ntime 2025-01-31T18:38:03Z\n", 0644);
	put(f, "bin/go", "", 0755);
	put(f, "pkg/tool/linux_amd64/compile", "", 0755);
	put(f, "pkg/tool/linux_amd64/link", "", 0755);
	put(f, "pkg/tool/linux_amd64/asm", "", 0755);
	put(f, "src/runtime/proc.go", "package runtime\n", 0644);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };

	fs_remove_tree(f->dir, &err);
	mem_free(f->root);
	mem_free(f);
	return 0;
}

static void identity(const struct fixture *f, char out[DIGEST_HEX])
{
	struct error err = { 0 };
	struct local_go go;

	assert_int_equal(local_open(&go, f->root, "linux", "amd64", &err), 0);
	memcpy(out, go.identity, DIGEST_HEX);
	local_dispose(&go);
}

static void test_goroot(void **state)
{
	const struct fixture *f = *state;
	struct error err = { 0 };
	struct local_go go;

	assert_int_equal(local_open(&go, f->root, "linux", "amd64", &err), 0);
	assert_string_equal(go.root, f->root);
	assert_string_equal(go.version_text, "go1.22.12");
	assert_int_equal(go.version.patch, 12);
	assert_false(go.devel);
	assert_int_equal(strlen(go.identity), DIGEST_HEX - 1);
	local_dispose(&go);
}

/* As Debian has it: /usr/bin/go -> ../lib/go/bin/go, lib/go -> go-1.22, src -> share/... */
static void test_links(void **state)
{
	const struct fixture *f = *state;
	char *lib = path_join(f->dir, "go"), *bin = path_join(f->dir, "gocmd");
	char *src = path_join(f->root, "src"), *share = path_join(f->dir, "share");
	char before[DIGEST_HEX], after[DIGEST_HEX];
	struct error err = { 0 };
	struct local_go go;

	identity(f, before);
	assert_int_equal(symlink("go-1.22", lib), 0);
	assert_int_equal(symlink("go/bin/go", bin), 0);
	assert_int_equal(rename(src, share), 0);
	assert_int_equal(symlink("../share", src), 0);
	assert_int_equal(local_open(&go, bin, "linux", "amd64", &err), 0);
	assert_string_equal(go.root, f->root);
	local_dispose(&go);
	identity(f, after);
	assert_string_equal(before, after);
	put(f, "src/runtime/new.go", "", 0644);
	identity(f, after);
	assert_string_not_equal(before, after);
	mem_free(lib);
	mem_free(bin);
	mem_free(src);
	mem_free(share);
}

static void test_identity_sees_changes(void **state)
{
	const struct fixture *f = *state;
	char a[DIGEST_HEX], b[DIGEST_HEX];

	identity(f, a);
	identity(f, b);
	assert_string_equal(a, b);
	put(f, "pkg/tool/linux_amd64/link", "new", 0755);
	identity(f, b);
	assert_string_not_equal(a, b);
	put(f, "VERSION", "go1.22.13\n", 0644);
	identity(f, a);
	assert_string_not_equal(a, b);
	put(f, "README.md", "not part of it", 0644);
	identity(f, b);
	assert_string_equal(a, b);
}

static void test_versions(void **state)
{
	static const struct { const char *text, *name; bool devel; } rows[] = {
		{ "go1.17.13", "go1.17.13", false },
		{ "go1.20", "go1.20", false },
		{ "go1.27rc3\ntime 2026-08-11T00:39:34Z\n", "go1.27rc3", false },
		{ "go1.22.12 X:boringcrypto\n", "go1.22.12", false },
		{ "go1.22.12-custom\n", "go1.22.12", false },
		{ "devel go1.20-1a2b3c4d", "go1.20", true },
		{ "devel go1.28-8c2e1f0b Tue Nov 10 12:00:00 2026 +0000\n", "go1.28", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct local_go go = { 0 };
		struct error err = { 0 };
		char name[GOVER_NAME];

		assert_int_equal(local_parse_version(&go, rows[i].text, &err), 0);
		assert_string_equal(gover_name(name, &go.version), rows[i].name);
		assert_int_equal(go.devel, rows[i].devel);
		assert_true(!go.devel || !gover_is_release(&go.version));
		local_dispose(&go);
	}
}

static void refuse(const struct fixture *f, const char *path, const char *goarch,
		   const char *words)
{
	char *full = path_join(f->dir, path);
	struct error err = { 0 };
	struct local_go go;

	assert_int_equal(local_open(&go, full, "linux", goarch, &err), ERR_INPUT);
	if (!strstr(err.msg, words))
		fail_msg("wanted \"%s\", got: %s", words, err.msg);
	mem_free(full);
}

static void test_refused(void **state)
{
	const struct fixture *f = *state;

	refuse(f, "none", "amd64", "No such file");
	refuse(f, "go-1.22/VERSION", "amd64", "neither a GOROOT nor the go command");
	refuse(f, "go-1.22/src", "amd64", "no VERSION file");
	refuse(f, "go-1.22", "arm64", "pkg/tool/linux_arm64/compile is missing");
	drop(f, "src/runtime");
	refuse(f, "go-1.22", "amd64", "src/runtime is missing");
	drop(f, "pkg/tool/linux_amd64/asm");
	refuse(f, "go-1.22", "amd64", "pkg/tool/linux_amd64/asm is missing");
	drop(f, "bin/go");
	put(f, "bin/go", "", 0644);
	refuse(f, "go-1.22", "amd64", "bin/go is not executable");
	put(f, "VERSION", "gone\n", 0644);
	refuse(f, "go-1.22", "amd64", "\"gone\", which is no Go version");
	put(f, "VERSION", "", 0644);
	refuse(f, "go-1.22", "amd64", "which is no Go version");
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_goroot),   TEST(test_links),	 TEST(test_identity_sees_changes),
		TEST(test_versions), TEST(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
