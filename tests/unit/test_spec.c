/* What is published, and what --go specs stand for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/fs.h"
#include "toolchains/spec.h"

static const char catalogue[] = "schema: lnmatrix/catalogue/1\n"
				"published:\n"
				"  \"1.20\": [go1.20rc1, go1.20, go1.20.14]\n"
				"  \"1.22\": [go1.22rc1, go1.22.0, go1.22.12]\n"
				"  \"1.23\": [go1.23rc1, go1.23.0]\n"
				"  \"1.24\": [go1.24rc1, go1.24rc2, go1.24.0, go1.24.1]\n";

static struct published known(const char *more)
{
	struct error err = { 0 };
	struct published p = { 0 };

	assert_int_equal(published_parse(&p, catalogue, strlen(catalogue), "c.yaml", &err), 0);
	published_merge_list(&p, more, "linux", "amd64");
	return p;
}

/* "go1.22.12 go1.24.1? ..." : ? optional, * moved, ! unlisted; or the complaint. */
static char *resolve_with(const char *specs, const char *more, struct lock *lock, bool pin)
{
	struct published p = known(more);
	struct error err = { 0 };
	struct str out = STR_INIT;
	struct spec_list list;

	if (spec_resolve(&list, specs, &p, lock, &err) < 0) {
		assert_int_equal(err.code, ERR_INPUT);
		str_add(&out, err.msg);
	} else {
		for (size_t i = 0; i < list.items.n; i++) {
			const struct spec_item *item = &list.items.v[i];

			str_addf(&out, "%s%s%s%s%s", i ? " " : "", item->name,
				 item->optional ? "?" : "", item->moved ? "*" : "",
				 item->unlisted ? "!" : "");
		}
		if (pin)
			spec_pin(&list, lock);
		spec_list_dispose(&list);
	}
	published_dispose(&p);
	return str_detach(&out);
}

static void expect(const char *specs, const char *want)
{
	char *got = resolve_with(specs, "", NULL, false);

	if (strcmp(got, want) != 0)
		fail_msg("%s: wanted %s, got %s", specs, want, got);
	mem_free(got);
}

static void refuse(const char *specs, const char *words)
{
	char *got = resolve_with(specs, "", NULL, false);

	if (!strstr(got, words))
		fail_msg("%s: wanted \"%s\", got %s", specs, words, got);
	mem_free(got);
}

static void test_exact(void **state)
{
	(void)state;
	expect("1.22.12", "go1.22.12");
	expect("go1.24rc1,1.20.0", "go1.20 go1.24rc1");
	expect("1.22.12,go1.22.12?,1.22.0?", "go1.22.0? go1.22.12");
	refuse("1.22.5", "go1.22.5 was never published; nearest: go1.22.0, go1.22.12");
	expect("1.24.2", "go1.24.2!");
	expect("1.25rc1", "go1.25rc1!");
	refuse("1.24rc9", "was never published; nearest: go1.24rc2, go1.24.0");
}

static void test_moving(void **state)
{
	(void)state;
	expect("1.22", "go1.22.12*");
	expect("go1.20", "go1.20.14*");
	expect("latest", "go1.24.1*");
	expect("stable,oldstable,rc", "go1.23.0* go1.24rc2* go1.24.1*");
}

static void test_ranges(void **state)
{
	(void)state;
	expect("1.22..1.24", "go1.22.12* go1.23.0* go1.24.1*");
	expect("1.20..1.23", "go1.20.14* go1.22.12* go1.23.0*");
	expect("1.23..tip", "go1.23.0* go1.24.1*");
	expect("1.23..latest", "go1.23.0* go1.24.1*");
	expect("1.22.0..1.24rc1", "go1.22.0 go1.23.0* go1.24rc1");
	expect("1.22.0..1.22.12", "go1.22.0 go1.22.12");
	expect("1.22.0..1.22", "go1.22.0 go1.22.12*");
	expect("1.24.1..1.24.7:all", "go1.24.1 go1.24.7!");
	expect("oldstable..1.24.0", "go1.23.0* go1.24.0");
	expect("1.23..1.24:all", "go1.23rc1* go1.23.0* go1.24rc1* go1.24rc2* go1.24.0* go1.24.1*");
	expect("1.24rc2..1.24.0:all", "go1.24rc2 go1.24.0");
	expect("1.24:all", "go1.24rc1* go1.24rc2* go1.24.0* go1.24.1*");
}

static void test_tip_is_a_newer_candidate(void **state)
{
	static const char list[] = "golang.org/toolchain v0.0.1-go1.25rc1.linux-amd64 "
				   "v0.0.1-go1.25rc9.linux-arm64 v0.0.1-go1.99.darwin-amd64 junk";
	char *got = resolve_with("1.24..tip", list, NULL, false);

	(void)state;
	assert_string_equal(got, "go1.24.1* go1.25rc1*");
	mem_free(got);
	got = resolve_with("1.25", list, NULL, false);
	assert_string_equal(got, "Go 1.25 has no release yet; its newest candidate is go1.25rc1");
	mem_free(got);
}

static void test_whatif_and_local(void **state)
{
	(void)state;
	expect("1.24+linknamestd(a.b,c.d)?,1.24,local:/opt/go,1.22.12",
	       "go1.22.12 go1.24.1* go1.24.1+linknamestd(a.b,c.d)?* local:/opt/go");
	refuse("1.22..1.24+remove(a.b)", "a what-if wants one toolchain, not a range");
	expect("local:/opt/go+remove(a.b)", "local:/opt/go+remove(a.b)");
	refuse("local:", "wants a path");
}

static void test_refused(void **state)
{
	(void)state;
	refuse("1.99", "no Go 1.99 is published; newest is go1.24.1");
	refuse("1.22..1.99", "no Go 1.99 is published; newest is go1.24.1");
	refuse("1.5", "oldest is go1.20rc1");
	refuse("1.24..1.22", "1.24..1.22 runs backwards; did you mean 1.22..1.24");
	refuse("tip", "wants a Go repository");
	refuse("tip..1.24", "is not a Go version spec");
	refuse("garbage", "\"garbage\" is not a Go version spec");
	refuse("1.22:some", "is not a Go version spec");
	refuse("1.24rc1:all", "is not a Go version spec");
	refuse("..", "is not a Go version spec");
	refuse("?", "names no toolchain");
	refuse("1.22,,1.23", "empty part");
	refuse("", "empty part");
}

static void test_lock_answers_first(void **state)
{
	static const char later[] = "v0.0.1-go1.22.13.linux-amd64 v0.0.1-go1.25.0.linux-amd64";
	static const char specs[] = "1.22..tip,latest,rc";
	struct lock lock = { 0 };
	char *before, *after;

	(void)state;
	before = resolve_with(specs, "", &lock, true);
	assert_string_equal(before, "go1.22.12* go1.23.0* go1.24rc2* go1.24.1*");
	after = resolve_with(specs, later, &lock, false);
	assert_string_equal(after, "go1.22.12 go1.23.0 go1.24rc2 go1.24.1");
	mem_free(after);
	after = resolve_with("1.22:all", later, &lock, false);
	assert_string_equal(after, "go1.22rc1 go1.22.0 go1.22.12");
	mem_free(after);
	after = resolve_with(specs, later, NULL, false);
	assert_string_equal(after, "go1.22.13* go1.23.0* go1.24rc2* go1.24.1* go1.25.0*");
	mem_free(after);
	mem_free(before);
	lock_dispose(&lock);
}

static void test_catalogue_mistakes(void **state)
{
	static const char *const rows[][2] = {
		{ "schema: other\npublished: {}\n", "schema must be" },
		{ "schema: lnmatrix/catalogue/1\n", "published must be" },
		{ "schema: lnmatrix/catalogue/1\nextra: 1\npublished: {}\n", "c.yaml:2:" },
		{ "schema: lnmatrix/catalogue/1\npublished:\n  \"1.22\": [go1.23.0]\n",
		  "c.yaml:3:12: go1.23.0 is not of Go 1.22" },
		{ "schema: lnmatrix/catalogue/1\npublished:\n  \"1.22\": go1.22.0\n", "wanted a list" },
		{ "schema: lnmatrix/catalogue/1\npublished:\n  x: []\n", "is not a minor" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error err = { 0 };
		struct published p = { 0 };

		assert_int_equal(published_parse(&p, rows[i][0], strlen(rows[i][0]), "c.yaml", &err),
				 ERR_INPUT);
		assert_non_null(strstr(err.msg, rows[i][1]));
		published_dispose(&p);
	}
}

/* The shipped catalogue, and a real answer of go list. */
static void test_shipped(void **state)
{
	struct error err = { 0 };
	struct published p = { 0 };
	struct str text = STR_INIT;
	struct gover v;

	(void)state;
	assert_int_equal(published_load(&p, LNM_SOURCE_DIR "/toolchains/catalogue.yaml", &err), 0);
	assert_true(p.n >= 172);
	gover_parse(&v, "1.26.9", &err);
	assert_false(published_find(&p, &v)->listed);
	assert_int_equal(
		fs_read(&text, LNM_SOURCE_DIR "/tests/fixtures/modfetch/versions.txt", &err), 0);
	assert_true(published_merge_list(&p, text.s, "linux", "amd64") > 80);
	assert_true(published_find(&p, &v)->listed);
	gover_parse(&v, "1.18.10", &err);
	assert_false(published_find(&p, &v)->listed);
	str_free(&text);
	published_dispose(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_moving),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_tip_is_a_newer_candidate),
		cmocka_unit_test(test_whatif_and_local),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_lock_answers_first),
		cmocka_unit_test(test_catalogue_mistakes),
		cmocka_unit_test(test_shipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
