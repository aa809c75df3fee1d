/* What-if edits, on a std of a few files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/base/fs.h"
#include "toolchains/whatif.h"

#define NODER "src/cmd/compile/internal/noder/noder.go"

static const struct { const char *rel, *text; } std[] = {
	{ NODER, "case strings.HasPrefix(text, \"go:linknamestd \"):\n" },
	{ "src/runtime/stubs_arm64.go",
	  "package runtime\n\nimport _ \"unsafe\"\n\n//go:linkname load_g\nfunc load_g()\n" },
	{ "src/runtime/stubs_s390x.go",
	  "package runtime\n\nimport _ \"unsafe\"\n\n//go:linkname load_g\nfunc load_g()\n" },
	{ "src/runtime/stubs.go",
	  "// Package runtime.\npackage runtime // import \"runtime\"\n\n"
	  "import (\n\t\"internal/abi\"\n\t\"unsafe\"\n)\n\n"
	  "//go:linkname cgocallback runtime.cgocallback\r\nfunc cgocallback(fn uintptr)\n\n"
	  "//go:linknamestd spill\nfunc spill()\n\n"
	  "//go:linkname sync_wait sync.wait\nfunc sync_wait(s *uint32) {\n\tpanic(1)\n}\n\n"
	  "//go:linkname pulled other/pkg.pulled\nfunc pulled()\n\n"
	  "/*\n//go:linkname commented\n*/\n"
	  "const raw = `\n//go:linkname quoted\n`\n\n"
	  "func commented() {}\nfunc quoted() {}\n\n"
	  "  //go:linkname indented\nfunc indented() {}\n"
	  "//go:linkname spacey extra words here\nfunc spacey() {}\n" },
	{ "src/runtime/plain.go",
	  "package runtime\n\nvar single int\n\nvar (\n\tone, two int\n\tthree = func() int {\n"
	  "\t\tinner := '\"'\n\t\treturn int(inner)\n\t}()\n)\n\nfunc bare() {}" },
	{ "src/runtime/open.go",
	  "package runtime\n\nimport _ \"unsafe\"\n\n//go:linkname outside\nfunc outside() {}\n\n"
	  "//go:linkname legacy_old runtime.old\nfunc legacy_old() {}\n\n"
	  "//go:linkname forasm\nvar forasm int\n\n//go:linkname called\nfunc called() {}\n" },
	{ "src/net/asm_386.s", "TEXT \xc2\xb7x(SB),4,$0\n\tMOVL runtime\xc2\xb7" "forasm+4(SB), AX\n" },
	{ "src/cmd/internal/goobj/builtinlist.go", "var builtins = {\n\t{\"runtime.called\", 1},\n}\n" },
	{ "src/runtime/x_test.go", "package runtime\n\n//go:linkname onlytest\nfunc onlytest() {}\n" },
	{ "src/sync/sync.go", "package sync\n\n//go:linkname wait\nfunc wait(s *uint32)\n" },
	{ "src/net/pull.go",
	  "package net\n\n//go:linkname load_g runtime.load_g\nfunc load_g()\n\n"
	  "//go:linkname emptyif other/pkg.pulled\nfunc emptyif() interface{}\n" },
	{ "src/url/url.go",
	  "package url\n\nimport _ \"unsafe\"\n\ntype URL struct{}\n\nfunc bad(*URL, string) error\n\n"
	  "//go:linkname bad url.(*URL).set\nfunc (u *URL) set(p string) error { return nil }\n\n"
	  "//go:linkname badGet url.URL.get\nfunc badGet(URL)\n" },
	{ "src/other/pkg/p.go", "package pkg\n\n//go:linkname pulled\nfunc pulled() {}\n" },
};

struct fixture {
	char dir[32];
	char *root, *cache;
	struct whatif_base base;
};

static void put(const struct fixture *f, const char *rel, const char *text)
{
	char *path = path_join(f->root, rel);
	struct error err = { 0 };

	assert_int_equal(fs_write(path, text, strlen(text), 0644, &err), 0);
	mem_free(path);
}

static int setup(void **state)
{
	struct fixture *f = mem_zalloc(sizeof(*f));

	strcpy(f->dir, "/tmp/lnm-whatif-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->root = path_join(f->dir, "go");
	f->cache = path_join(f->dir, "cache");
	for (size_t i = 0; i < sizeof(std) / sizeof(std[0]); i++)
		put(f, std[i].rel, std[i].text);
	f->base = (struct whatif_base){ .root = f->root, .name = "go1.27.4", .identity = "h1:x",
					.version = { .major = 1, .minor = 27, .patch = 4 } };
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };

	fs_remove_tree(f->dir, &err);
	mem_free(f->root);
	mem_free(f->cache);
	mem_free(f);
	return 0;
}

static int make(struct whatif *out, const struct fixture *f, const char *edits,
		struct error *err)
{
	char *text = mem_printf("go1.27.4+%s", edits);
	struct toolchain_name name;
	int rc;

	assert_int_equal(name_parse(&name, text, err), 0);
	rc = whatif_make(out, &f->base, &name.edits, f->cache, err);
	name_dispose(&name);
	mem_free(text);
	return rc;
}

/* The changed files as one list, and a changed file's text. */
static char *changed(const struct fixture *f, const char *edits)
{
	struct error err = { 0 };
	struct str list = STR_INIT;
	struct whatif w;

	if (make(&w, f, edits, &err) < 0)
		fail_msg("%s: %s", edits, err.msg);
	for (size_t i = 0; i < w.files.n; i++)
		str_addf(&list, "%s%s", i ? " " : "", w.files.v[i]);
	whatif_dispose(&w);
	return str_detach(&list);
}

static char *text_of(const struct fixture *f, const char *edits, const char *rel)
{
	struct error err = { 0 };
	struct str text = STR_INIT;
	struct whatif w;
	char *dir, *path;

	assert_int_equal(make(&w, f, edits, &err), 0);
	dir = path_dir(w.overlay);
	path = path_join(dir, rel);
	assert_int_equal(fs_read(&text, path, &err), 0);
	mem_free(path);
	mem_free(dir);
	whatif_dispose(&w);
	return str_detach(&text);
}

static void expect_changed(const struct fixture *f, const char *edits, const char *want)
{
	char *got = changed(f, edits);

	assert_string_equal(got, want);
	mem_free(got);
}

static void expect_text(const struct fixture *f, const char *edits, const char *rel,
			const char *want)
{
	char *got = text_of(f, edits, rel);

	if (!strstr(got, want))
		fail_msg("%s: no \"%s\" in:\n%s", edits, want, got);
	mem_free(got);
}

static void expect_refused(const struct fixture *f, const char *edits, const char *words)
{
	struct error err = { 0 };
	struct whatif w;

	assert_int_equal(make(&w, f, edits, &err), ERR_INPUT);
	if (!strstr(err.msg, words))
		fail_msg("%s: %s", edits, err.msg);
}

static void test_linknamestd(void **state)
{
	const struct fixture *f = *state;
	static const char both[] = "linknamestd(runtime.load_g,runtime.cgocallback)";

	expect_changed(f, both,
		       "src/runtime/stubs.go src/runtime/stubs_arm64.go "
		       "src/runtime/stubs_s390x.go");
	expect_text(f, both, "src/runtime/stubs_s390x.go", "\n//go:linknamestd load_g\nfunc");
	expect_text(f, both, "src/runtime/stubs.go",
		    "\n//go:linknamestd cgocallback runtime.cgocallback\r\nfunc");
	expect_text(f, both, "src/runtime/stubs.go", "\n//go:linkname sync_wait sync.wait\n");
}

/* The push beside the definition counts, the pull of the same form doesn't. */
static void test_pushes(void **state)
{
	const struct fixture *f = *state;

	expect_changed(f, "linknamestd(sync.wait)", "src/runtime/stubs.go src/sync/sync.go");
	expect_changed(f, "remove(other/pkg.pulled)", "src/other/pkg/p.go");
}

static void test_linkname(void **state)
{
	const struct fixture *f = *state;

	expect_text(f, "linkname(runtime.spill)", "src/runtime/stubs.go",
		    "\n//go:linkname spill\nfunc");
	expect_refused(f, "linkname(runtime.load_g)", "its mark is linkname already");
	expect_text(f, "linkname(runtime.bare)", "src/runtime/plain.go",
		    "package runtime; import _ \"unsafe\"\n\nvar single");
	expect_text(f, "linkname(runtime.bare)", "src/runtime/plain.go",
		    "func bare() {}\n\n//go:linkname bare\n");
	expect_text(f, "linkname(runtime.quoted)", "src/runtime/stubs.go",
		    "package runtime // import \"runtime\"\n");
	expect_text(f, "linkname(runtime.single,runtime.two,runtime.three)",
		    "src/runtime/plain.go",
		    "\n\n//go:linkname single\n\n//go:linkname two\n\n//go:linkname three\n");
	expect_refused(f, "linkname(runtime.inner)", "no such symbol");
}

static void test_remove(void **state)
{
	const struct fixture *f = *state;

	expect_text(f, "remove(runtime.load_g)", "src/runtime/stubs_arm64.go",
		    "\n// (removed) go:linkname load_g\nfunc load_g()\n");
	expect_text(f, "remove(runtime.spill)", "src/runtime/stubs.go",
		    "\n// (removed) go:linknamestd spill\n");
}

/* What std itself wants from another package, from Go or from assembly, stays open. */
static void test_strict(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };
	char *noder = path_join(f->root, NODER);

	expect_text(f, "strict", "src/runtime/open.go", "\n//go:linknamestd outside\n");
	expect_text(f, "strict", "src/runtime/open.go", "\n//go:linknamestd legacy_old runtime.old\n");
	expect_text(f, "strict", "src/runtime/open.go", "\n//go:linkname forasm\n");
	expect_text(f, "strict", "src/runtime/open.go", "\n//go:linknamestd called\n");
	expect_text(f, "strict", "src/runtime/stubs.go", "\n//go:linknamestd cgocallback runtime.cgocallback\r\n");
	expect_text(f, "strict", "src/runtime/stubs.go", "\n//go:linkname sync_wait sync.wait\n");
	expect_changed(f, "strict", "src/runtime/open.go src/runtime/stubs.go src/url/url.go"); /* load_g: net pulls it */
	expect_text(f, "strict", "src/url/url.go", "\nfunc bad(*URL, string) error\n");

	/* before linknamestd the marks go, but for what the compiler calls by number */
	assert_int_equal(fs_remove_tree(noder, &err), 0);
	mem_free(noder);
	gover_parse(&f->base.version, "go1.26.1", &err);
	f->base.identity = "h1:older";
	expect_text(f, "strict", "src/runtime/open.go", "\n// (removed) go:linkname outside\n");
	expect_text(f, "strict", "src/runtime/open.go", "\n//go:linkname called\n");
	expect_text(f, "strict", "src/url/url.go", "\nfunc bad(*URL, string) error { panic(\"removed\") }\n\n"
		    "// (removed) go:linkname bad url.(*URL).set\n");
	expect_text(f, "strict", "src/url/url.go", "\nfunc badGet(URL) { panic(\"removed\") }\n");
	gover_parse(&f->base.version, "go1.22.1", &err);
	f->base.identity = "h1:oldest";
	expect_refused(f, "strict", "checks linknames only from 1.23 on");
}

static void test_only_directives_count(void **state)
{
	const struct fixture *f = *state;
	static const char *const names[] = { "commented", "quoted", "indented", "spacey" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *edits = mem_printf("remove(runtime.%s)", names[i]);

		expect_refused(f, edits, "no //go:linkname directive in src/runtime marks it "
					 "(declared in src/runtime/stubs.go)");
		mem_free(edits);
	}
	expect_refused(f, "remove(runtime.onlytest)", "no such symbol");
	expect_refused(f, "remove(no/such/pkg.x)", "looked in src/no/such/pkg for");
	expect_refused(f, "linknamestd(runtime.spill)", "its mark is linknamestd already");
}

static void test_unknown_linknamestd(void **state)
{
	struct fixture *f = *state;

	put(f, NODER, "case strings.HasPrefix(text, \"go:linkname \"):\n");
	expect_refused(f, "linknamestd(runtime.load_g)", "try go1.27.4+remove(runtime.load_g)");
	expect_changed(f, "remove(runtime.cgocallback)", "src/runtime/stubs.go");
}

static void test_overlay_and_lines(void **state)
{
	const struct fixture *f = *state;
	struct error err = { 0 };
	struct str text = STR_INIT;
	struct whatif w;
	char *want, *dir;

	assert_int_equal(make(&w, f, "remove(runtime.cgocallback)", &err), 0);
	assert_int_equal(fs_read(&text, w.overlay, &err), 0);
	dir = path_dir(w.overlay);
	want = mem_printf("{\n \"Replace\": {\n  \"%s/src/runtime/stubs.go\": "
			  "\"%s/src/runtime/stubs.go\"\n }\n}",
			  f->root, dir);
	assert_string_equal(text.s, want);
	mem_free(want);
	mem_free(dir);
	str_free(&text);
	whatif_dispose(&w);
}

/* The second time it comes from the cache; a damaged copy there is made anew. */
static void test_cache(void **state)
{
	struct fixture *f = *state;
	static const char edits[] = "remove(runtime.cgocallback)";
	struct error err = { 0 };
	struct whatif a, b;
	char *dir, *copy;

	assert_int_equal(make(&a, f, edits, &err), 0);
	put(f, "src/runtime/stubs.go", "package runtime\n"); /* identity is pinned: not looked at */
	assert_int_equal(make(&b, f, edits, &err), 0);
	assert_string_equal(a.identity, b.identity);
	assert_string_equal(a.overlay, b.overlay);
	whatif_dispose(&b);

	put(f, "src/runtime/stubs.go", std[3].text);
	dir = path_dir(a.overlay);
	copy = path_join(dir, "src/runtime/stubs.go");
	assert_int_equal(fs_write(copy, "torn", 4, 0644, &err), 0);
	expect_text(f, edits, "src/runtime/stubs.go", "// (removed) go:linkname cgocallback");
	assert_int_equal(unlink(a.overlay), 0);
	assert_int_equal(make(&b, f, edits, &err), 0);
	assert_true(fs_exists(b.overlay));
	assert_string_equal(a.identity, b.identity);
	whatif_dispose(&b);
	mem_free(copy);
	mem_free(dir);
	whatif_dispose(&a);
}

static void test_identities_differ(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };
	struct whatif a, b, c;

	assert_int_equal(make(&a, f, "remove(runtime.cgocallback)", &err), 0);
	assert_int_equal(make(&b, f, "linknamestd(runtime.cgocallback)", &err), 0);
	f->base.identity = "h1:y";
	assert_int_equal(make(&c, f, "remove(runtime.cgocallback)", &err), 0);
	assert_string_not_equal(a.identity, b.identity);
	assert_string_not_equal(a.identity, c.identity);
	whatif_dispose(&a);
	whatif_dispose(&b);
	whatif_dispose(&c);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_linknamestd),
		TEST(test_pushes),
		TEST(test_linkname),
		TEST(test_remove),
		TEST(test_strict),
		TEST(test_only_directives_count),
		TEST(test_unknown_linknamestd),
		TEST(test_overlay_and_lines),
		TEST(test_cache),
		TEST(test_identities_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
