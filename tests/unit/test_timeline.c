/*
 * results/: timelines of symbols and layouts from sections written by hand, names
 * that were meant, and what may have taken a symbol's place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "results/layout_timeline.h"
#include "results/nearest.h"
#include "results/successor.h"
#include "results/symbol_timeline.h"
#include "tests/support/fake_atlas.h"

static const char *const two[] = { "go1.21.13", "go1.23.12", NULL };
static const char *const three[] = { "go1.21.13", "go1.23.12", "go1.27.4", NULL };
static const char *const amd64[] = { "linux/amd64", NULL };
static const char *const both[] = { "linux/amd64", "linux/386", NULL };

#define OLD                                                                             \
	"P\truntime\tok\t\n"                                                            \
	"D\truntime/stubs.go\n"                                                         \
	"F\t120\tfastrand\tg\t\t>w\tfunc() uint32\n"                                    \
	"F\t10\tfastrandu\tg\t\t>d\tfunc() uint\n"                                      \
	"V\t5\tfastseed\tz\t\td\t8\tuintptr\n"                                          \
	"T\t5\tg\tstruct\t24\t8\t\tm 0 8 1 *m\tgoid 8 8 0 int64\tok 16 1 0 bool\n"         \
	"F\t1\trandu\tg\t\t>d\tfunc() uint\n"                                            \
	"T\t5\tbig\tstruct\t40\t8\t\tm 0 8 1 *m\tgoid 8 8 0 int64\ta 16 8 0 int\tb 24 8 0 int\tc 32 8 0 int\n" \
	"T\t5\ttwin\tstruct\t16\t8\t\tm 0 8 1 *m\tgoid 8 8 0 uint64\n"
#define NEW                                                                             \
	"P\truntime\tok\t\n"                                                            \
	"D\truntime/rand.go\n"                                                          \
	"F\t30\tcheaprandu\tg\t\t>d\tfunc() uint\n"                                     \
	"F\t1\tcheaprand64\tg\t\t>d\tfunc() int64\n"                                    \
	"F\t99\tfastrand\tP\tpush <runtime.legacy_fastrand >rand\t>w\tfunc() uint32\n"  \
	"F\t0\tlegacy_fastrand\to\t=runtime.fastrand\t>w\tfunc() uint32\n"              \
	"F\t9\trand\tg\t\t>d\tfunc() uint64\n"                                          \
	"F\t1\trandu\tg\t\t>d\tfunc() uint\n"                                            \
	"F\t9\tunlike\tg\t\t>d\tfunc() uint\n"                                          \
	"T\t5\ttwin\tstruct\t16\t8\t\tm 0 8 1 *m\tgoid 8 8 0 uint64\n"                    \
	"T\t5\tcoro\tstruct\t24\t8\t\tm 0 8 1 *m\tgoid 8 8 0 uint64\tflag 16 1 0 bool\n" \
	"T\t5\tother\tstruct\t8\t8\t\tm 0 8 1 *m\n"                                     \
	"L\tfastrand\tpush\truntime\tlegacy_fastrand\truntime/rand.go:130\tg\n"         \
	"B\tgonly\treflect\n"                                                           \
	"B\tblocked\t\n"                                                                \
	"B\topen\treflect,main\n"                                                       \
	"U\tfastrand\tgithub.com/a/b example.org/c\n"

static void test_symbol(void **state)
{
	struct fake_atlas f;
	struct symbol_timeline t;

	(void)state;
	fake_atlas_init(&f, two, amd64);
	fake_atlas_text(&f, 0, OLD);
	fake_atlas_text(&f, 1, NEW);
	symbol_timeline_build(&t, &f.source, "runtime", "fastrand");
	assert_string_equal(t.name, "runtime.fastrand");
	assert_true(t.declared);
	assert_false(t.no_package);
	assert_int_equal(t.n, 2);
	assert_true(t.entries[0].exists);
	assert_int_equal(t.entries[0].symbol.line, 120);
	assert_int_equal(t.entries[0].access, LINK_ACCESS_NONE);
	assert_int_equal(t.entries[0].go.pull, LINK_LINKS);
	assert_true(t.entries[1].exists);
	assert_int_equal(t.entries[1].access, LINK_ACCESS_PUSH);
	assert_int_equal(t.entries[1].go.pull, LINK_LINKS);
	assert_string_equal(t.entries[1].symbol.definer, "runtime.legacy_fastrand");
	assert_int_equal(t.entries[1].users.n, 2);
	assert_string_equal(t.entries[1].users.v[1], "example.org/c");
	assert_int_equal(t.entries[1].directives.n, 1);
	assert_null(t.entries[1].trouble);
	symbol_timeline_dispose(&t);

	symbol_timeline_build(&t, &f.source, "runtime", "fastrandu");
	assert_true(t.declared);
	assert_false(t.entries[1].declared);
	assert_false(t.entries[1].exists);
	assert_int_equal(t.entries[1].go.pull, LINK_UNDEFINED);
	symbol_timeline_dispose(&t);

	/* rejected: defined, and not opened */
	symbol_timeline_build(&t, &f.source, "runtime", "rand");
	assert_int_equal(t.entries[1].go.pull, LINK_REJECTED);
	symbol_timeline_dispose(&t);
}

static void test_variable_is_pulled_as_one(void **state)
{
	struct fake_atlas f;
	struct symbol_timeline t;

	(void)state;
	fake_atlas_init(&f, two, amd64);
	fake_atlas_text(&f, 0, OLD);
	fake_atlas_text(&f, 1, OLD);
	symbol_timeline_build(&t, &f.source, "runtime", "fastseed");
	assert_int_equal(t.entries[0].go.pull, LINK_LINKS);
	/* as a function it would not be defined */
	assert_int_equal(t.entries[0].symbol.kind, ATLAS_VAR);
	symbol_timeline_dispose(&t);
}

static void test_blocked(void **state)
{
	struct fake_atlas f;
	struct symbol_timeline t;

	(void)state;
	fake_atlas_init(&f, two, amd64);
	fake_atlas_text(&f, 1, NEW);
	symbol_timeline_build(&t, &f.source, "runtime", "blocked");
	assert_false(t.declared);
	assert_true(t.entries[1].blocked);
	assert_int_equal(t.entries[1].access, LINK_ACCESS_BLOCKED);
	assert_int_equal(t.entries[1].go.pull, LINK_REJECTED);
	symbol_timeline_dispose(&t);
	symbol_timeline_build(&t, &f.source, "runtime", "gonly");
	assert_true(t.entries[1].blocked);
	symbol_timeline_dispose(&t);
	/* package main is excepted */
	symbol_timeline_build(&t, &f.source, "runtime", "open");
	assert_false(t.entries[1].blocked);
	symbol_timeline_dispose(&t);
}

static void test_absent(void **state)
{
	struct fake_atlas f;
	struct symbol_timeline t;

	(void)state;
	fake_atlas_init(&f, two, both);
	fake_atlas_text(&f, 0, OLD "P\tnone\tunread\tno such package in std\n");
	fake_atlas_text(&f, 1, NEW "P\tbroken\tpartial\tx.go:1:2: expected 'IDENT'\n");
	f.missing[1] = "no such port";
	symbol_timeline_build(&t, &f.source, "nosuch", "fastrand");
	assert_true(t.no_package);
	assert_false(t.declared);
	assert_string_equal(t.entries[1].missing, "no such port");
	assert_null(t.entries[0].missing);
	assert_int_equal(t.entries[0].go.pull, LINK_UNDEFINED);
	symbol_timeline_dispose(&t);

	symbol_timeline_build(&t, &f.source, "none", "x");
	assert_true(t.no_package);
	assert_null(t.entries[0].trouble);
	symbol_timeline_dispose(&t);

	symbol_timeline_build(&t, &f.source, "broken", "x");
	assert_false(t.no_package);
	assert_string_equal(t.entries[2].trouble, "x.go:1:2: expected 'IDENT'");
	assert_null(t.entries[0].trouble);
	symbol_timeline_dispose(&t);
}

/* Many names at once say what each says alone; of two records the first counts. */
static void test_many(void **state)
{
	struct fake_atlas f;
	struct symbol_timelines all = { 0 };
	struct strv names = { 0 };

	(void)state;
	fake_atlas_init(&f, two, amd64);
	fake_atlas_text(&f, 0, OLD "F\t9\tfastrand\tn\t\t-\t-\n");
	fake_atlas_text(&f, 1, NEW);
	symbol_names_matching(&names, &f.source, "runtime", "*", false);
	assert_true(names.n > 8);
	symbol_timelines_build(&all, &f.source, "runtime", &names);
	assert_int_equal(all.n, names.n);
	for (size_t i = 0; i < all.n; i++) {
		struct symbol_timeline one;

		symbol_timeline_build(&one, &f.source, "runtime", names.v[i]);
		assert_string_equal(all.v[i].name, one.name);
		for (size_t k = 0; k < one.n; k++) {
			assert_int_equal(all.v[i].entries[k].declared, one.entries[k].declared);
			assert_int_equal(all.v[i].entries[k].exists, one.entries[k].exists);
			assert_int_equal(all.v[i].entries[k].go.pull, one.entries[k].go.pull);
			if (one.entries[k].declared)
				assert_int_equal(all.v[i].entries[k].symbol.line, one.entries[k].symbol.line);
		}
		symbol_timeline_dispose(&one);
		symbol_timeline_dispose(&all.v[i]);
	}
	vec_free(&all);
	strv_free(&names);
}

static void test_globs(void **state)
{
	struct fake_atlas f;
	struct strv names = { 0 };

	(void)state;
	assert_true(timeline_name_is_glob("runtime.fastrand*"));
	assert_true(timeline_name_is_glob("runtime.(*mheap).*"));
	assert_true(timeline_name_is_glob("a?"));
	assert_false(timeline_name_is_glob("runtime.(*mheap).alloc"));
	assert_true(timeline_name_matches("(*m).*", "(*m).x"));
	assert_false(timeline_name_matches("(*m).*", "(*gm).x"));
	assert_true(timeline_name_matches("*", "(*gm).x"));

	fake_atlas_init(&f, two, amd64);
	fake_atlas_text(&f, 0, OLD);
	fake_atlas_text(&f, 1, NEW);
	symbol_names_matching(&names, &f.source, "runtime", "*rand*", false);
	assert_int_equal(names.n, 7);
	assert_string_equal(names.v[0], "cheaprand64");
	assert_string_equal(names.v[3], "fastrandu");
	strv_free(&names);
	symbol_names_matching(&names, &f.source, "runtime", "*", true);
	assert_int_equal(names.n, 5);
	strv_free(&names);
	f.missing[1] = "gone";
	symbol_names_matching(&names, &f.source, "runtime", "cheap*", false);
	assert_int_equal(names.n, 0);
}

static void test_layout(void **state)
{
	struct fake_atlas f;
	struct layout_timeline t;

	(void)state;
	fake_atlas_init(&f, three, amd64);
	fake_atlas_text(&f, 0, OLD);
	/* other names of types are no other layout */
	fake_atlas_text(&f, 1, "P\truntime\tok\t\nD\tx.go\n"
			"T\t5\tg\tstruct\t24\t8\t\tm 0 8 1 *abi.M\tgoid 8 8 0 int64\tok 16 1 0 bool\n");
	/* the same bytes, other pointers */
	fake_atlas_text(&f, 2, "P\truntime\tok\t\nD\tx.go\n"
			"T\t5\tg\talias\t24\t8\tabi.G\tm 0 8 0 uintptr\tgoid 8 8 0 int64\tok 16 1 0 bool\n"
			"F\t1\tf\tg\t\t>\tfunc()\n");
	layout_timeline_build(&t, &f.source, "runtime", "g");
	assert_true(t.found);
	assert_true(layout_same(&t.entries[0], &t.entries[1]));
	assert_false(layout_same(&t.entries[1], &t.entries[2]));
	assert_null(layout_alias_of(&t.entries[0]));
	assert_string_equal(layout_alias_of(&t.entries[2]), "abi.G");
	assert_int_equal(layout_field(&t.entries[0], "goid", 0)->offset, 8);
	assert_null(layout_field(&t.entries[0], "goid", 1));
	layout_timeline_dispose(&t);

	/* one offset */
	fake_atlas_text(&f, 1, "P\truntime\tok\t\nD\tx.go\n"
			"T\t5\tg\tstruct\t24\t8\t\tm 0 8 1 *m\tgoid 8 8 0 int64\tok 17 1 0 bool\n");
	layout_timeline_build(&t, &f.source, "runtime", "g");
	assert_false(layout_same(&t.entries[0], &t.entries[1]));
	layout_timeline_dispose(&t);

	layout_timeline_build(&t, &f.source, "runtime", "f");
	assert_false(t.found);
	assert_false(t.entries[0].declared);
	assert_true(t.entries[2].declared);
	assert_false(t.entries[2].is_type);
	layout_timeline_dispose(&t);
}

static void expect_near(const char *name, const char *const *names, const char *want)
{
	struct strv all = { 0 }, near = { 0 };
	struct str got = STR_INIT;

	for (size_t i = 0; names[i]; i++)
		strv_add(&all, names[i]);
	nearest_names(&near, name, &all, 2);
	for (size_t i = 0; i < near.n; i++)
		str_addf(&got, "%s%s", i ? " " : "", near.v[i]);
	assert_string_equal(got.s, want);
	strv_free(&all);
	strv_free(&near);
	str_free(&got);
}

static void test_nearest(void **state)
{
	static const char *const names[] = { "fastrandn", "fastrand", "rand", "g", "FastRand64", NULL };

	(void)state;
	assert_int_equal(nearest_distance("abc", "abc", 3), 0);
	assert_int_equal(nearest_distance("abc", "acb", 3), 1);
	assert_int_equal(nearest_distance("abc", "xbz", 3), 2);
	assert_int_equal(nearest_distance("kitten", "sitting", 9), 3);
	assert_int_equal(nearest_distance("kitten", "sitting", 2), 3);
	assert_int_equal(nearest_distance("ABC", "abc", 3), 0);
	assert_int_equal(nearest_common("fastrandu", "cheaprandu"), 5);
	assert_int_equal(nearest_common("abc", "xyz"), 0);
	expect_near("fastrnad", names, "fastrand fastrandn");
	expect_near("fastrand65", names, "FastRand64 fastrand");
	expect_near("zzz", names, "");
	expect_near("h", names, "g");
}

static void test_successors(void **state)
{
	struct fake_atlas f;
	struct symbol_timeline t;
	struct successors s = { 0 };

	(void)state;
	fake_atlas_init(&f, two, both);
	fake_atlas_text(&f, 0, OLD);
	fake_atlas_text(&f, 1, NEW);
	symbol_timeline_build(&t, &f.source, "runtime", "fastrandu");
	successors_of_symbol(&s, &f.source, &t);
	assert_int_equal(s.n, 1);
	assert_string_equal(s.v[0].name, "runtime.cheaprandu");
	assert_string_equal(s.v[0].reason, "new in go1.23.12, same signature, named alike");
	successors_dispose(&s);
	symbol_timeline_dispose(&t);

	symbol_timeline_build(&t, &f.source, "runtime", "fastrand");
	successors_of_symbol(&s, &f.source, &t);
	assert_int_equal(s.n, 1);
	assert_string_equal(s.v[0].name, "runtime.rand");
	assert_string_equal(s.v[0].reason,
			    "in go1.23.12 runtime.legacy_fastrand, which stands for it, only calls this");
	successors_dispose(&s);
	symbol_timeline_dispose(&t);

	/* a push from another package is how things are done, no relic */
	fake_atlas_text(&f, 1, "P\tsync\tok\t\nD\truntime/proc.go\n"
			"F\t1\tprocPin\tp\tpush <runtime.sync_procPin >procPin\t>d\tfunc() int\n");
	symbol_timeline_build(&t, &f.source, "sync", "procPin");
	successors_of_symbol(&s, &f.source, &t);
	assert_int_equal(s.n, 0);
	symbol_timeline_dispose(&t);
	fake_atlas_text(&f, 1, NEW);

	/* what is there still has no successor, nor has what could not be asked about */
	symbol_timeline_build(&t, &f.source, "runtime", "rand");
	successors_of_symbol(&s, &f.source, &t);
	assert_int_equal(s.n, 0);
	symbol_timeline_dispose(&t);
	f.missing[2] = f.missing[3] = "gone";
	symbol_timeline_build(&t, &f.source, "runtime", "fastrandu");
	successors_of_symbol(&s, &f.source, &t);
	assert_int_equal(s.n, 0);
	symbol_timeline_dispose(&t);
}

/* What could not be asked is passed over. */
static void test_successor_beyond_a_gap(void **state)
{
	struct fake_atlas f;
	struct symbol_timeline t;
	struct successors s = { 0 };

	(void)state;
	fake_atlas_init(&f, three, amd64);
	fake_atlas_text(&f, 0, OLD);
	fake_atlas_text(&f, 2, NEW);
	f.missing[1] = "gone";
	symbol_timeline_build(&t, &f.source, "runtime", "fastrandu");
	successors_of_symbol(&s, &f.source, &t);
	assert_int_equal(s.n, 1);
	assert_string_equal(s.v[0].reason, "new in go1.27.4, same signature, named alike");
	successors_dispose(&s);
	symbol_timeline_dispose(&t);
}

static void test_successor_in_a_moved_package(void **state)
{
	struct fake_atlas f;
	struct symbol_timeline t;
	struct successors s = { 0 };

	(void)state;
	fake_atlas_init(&f, two, amd64);
	fake_atlas_text(&f, 0, "P\truntime/internal/atomic\tok\t\nD\ta.go\nF\t1\tXadd\tg\t\tp>w\tfunc(p *uint32) uint32\n");
	fake_atlas_text(&f, 1, "P\tinternal/runtime/atomic\tok\t\nD\ta.go\nF\t1\tXadd\tg\t\tp>w\tfunc(p *uint32) uint32\n"
			"P\truntime/internal/atomic\tunread\tno such package in std\n"
			"P\tsync/atomic\tok\t\nD\tb.go\nF\t1\tOther\tg\t\t>\tfunc()\n");
	symbol_timeline_build(&t, &f.source, "runtime/internal/atomic", "Xadd");
	successors_of_symbol(&s, &f.source, &t);
	assert_int_equal(s.n, 0); /* not all of std is known */
	f.complete = true;
	successors_of_symbol(&s, &f.source, &t);
	assert_int_equal(s.n, 1);
	assert_string_equal(s.v[0].name, "internal/runtime/atomic.Xadd");
	successors_dispose(&s);
	symbol_timeline_dispose(&t);
}

static void test_successor_of_a_type(void **state)
{
	struct fake_atlas f;
	struct layout_timeline t;
	struct successors s = { 0 };

	(void)state;
	fake_atlas_init(&f, two, amd64);
	fake_atlas_text(&f, 0, OLD);
	fake_atlas_text(&f, 1, NEW);
	layout_timeline_build(&t, &f.source, "runtime", "g");
	successors_of_type(&s, &f.source, &t);
	assert_int_equal(s.n, 1);
	assert_string_equal(s.v[0].name, "runtime.coro");
	assert_string_equal(s.v[0].reason, "new in go1.23.12, has 2 of its 3 fields by name");
	successors_dispose(&s);
	layout_timeline_dispose(&t);

	/* two of five are too few */
	layout_timeline_build(&t, &f.source, "runtime", "big");
	successors_of_type(&s, &f.source, &t);
	assert_int_equal(s.n, 0);
	layout_timeline_dispose(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_symbol),
		cmocka_unit_test(test_variable_is_pulled_as_one),
		cmocka_unit_test(test_blocked),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_globs),
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_successors),
		cmocka_unit_test(test_successor_beyond_a_gap),
		cmocka_unit_test(test_successor_in_a_moved_package),
		cmocka_unit_test(test_successor_of_a_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
