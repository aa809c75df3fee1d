/*
 * harness/report/: timelines of symbols and layouts as text, JSON and Go source, from
 * sections written by hand: whole texts, and that no line is too wide.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <locale.h>
#include <string.h>

#include "harness/report/go_struct.h"
#include "harness/report/grid.h"
#include "harness/report/layout_report.h"
#include "harness/report/symbol_report.h"
#include "tests/support/fake_atlas.h"
#include "tests/support/run_builder.h"

static const struct report_style plain = { .width = 100, .utf8 = true };
static const char *const three[] = { "go1.21.13", "go1.22.12", "go1.23.12", NULL };
static const char *const amd64[] = { "linux/amd64", NULL };
static const char *const both[] = { "linux/amd64", "linux/386", NULL };

#define G21                                                                            \
	"P\truntime\tok\t\nD\truntime/stubs.go\n"                                      \
	"F\t120\tfastrand\tg\t\t>w\tfunc() uint32\n"                                   \
	"F\t10\tfastrandu\tg\t\t>d\tfunc() uint\n"                                     \
	"V\t5\tfastseed\tz\t\td\t8\tuintptr\n"
#define G22                                                                            \
	"P\truntime\tok\t\nD\truntime/rand.go\n"                                       \
	"F\t130\tfastrand\tP\tpush <runtime.legacy_fastrand >rand\t>w\tfunc() uint32\n" \
	"F\t9\trand\tg\t\t>d\tfunc() uint64\n"                                         \
	"V\t5\tfastseed\tz\t\td\t8\tuintptr\n"
#define G23                                                                            \
	"P\truntime\tok\t\nD\truntime/rand.go\n"                                       \
	"F\t140\tfastrand\tP\tpush <runtime.legacy_fastrand >rand\t>d\tfunc(n int) uint32\n" \
	"F\t9\trand\tg\t\t>d\tfunc() uint64\n"                                         \
	"U\tfastrand\tgithub.com/a/b example.org/c\n"

static void fill(struct fake_atlas *f, const char *const *targets)
{
	fake_atlas_init(f, three, targets);
	fake_atlas_text(f, 0, G21);
	fake_atlas_text(f, 1, G22);
	fake_atlas_text(f, 2, G23);
}

static void add_answer(struct symbol_answers *answers, struct fake_atlas *f, const char *package,
		       const char *local, const char *asked)
{
	struct symbol_answer a = { .asked = mem_strdup(asked) };
	struct symbol_timeline t;

	symbol_timeline_build(&t, &f->source, package, local);
	successors_of_symbol(&a.successors, &f->source, &t);
	vec_push(&a.timelines, t);
	vec_push(answers, a);
}

static void dispose(struct symbol_answers *answers)
{
	for (size_t i = 0; i < answers->n; i++)
		symbol_answer_dispose(&answers->v[i]);
	vec_free(answers);
}

static void expect_table(struct symbol_answers *answers, const struct fake_atlas *f,
			 const struct report_style *style, const char *want)
{
	struct str got = STR_INIT;

	report_symbols_table(&got, &f->source, answers, style);
	assert_string_equal(got.s, want);
	str_free(&got);
}

static void test_one_symbol(void **state)
{
	struct fake_atlas f;
	struct symbol_answers answers = { 0 };

	(void)state;
	fill(&f, amd64);
	add_answer(&answers, &f, "runtime", "fastrand", "fastrand");
	expect_table(&answers, &f, &plain,
"runtime.fastrand (\"fastrand\"), linux/amd64\n"
"  go1.21.13  func() uint32       runtime/stubs.go:120  links (this version checks nothing)\n"
"  go1.22.12  func() uint32       runtime/rand.go:130   pushed by runtime.legacy_fastrand; links\n"
"                                                       (this version checks nothing)\n"
"  go1.23.12  func(n int) uint32  runtime/rand.go:140   pushed by runtime.legacy_fastrand; links (std\n"
"                                                       marks it for outside use)\n"
"  changed in go1.23.12: func() uint32 → func(n int) uint32\n"
"  from assembly: undefined (it is not defined for ABI0, which assembly refers to) in go1.21.13\n"
"  perhaps instead: runtime.rand: in go1.23.12 runtime.legacy_fastrand, which stands for it, only\n"
"      calls this\n"
"  used, says go1.23.12's own comment, by github.com/a/b, example.org/c\n");
	dispose(&answers);

	/* names of parameters are no change of the signature */
	fake_atlas_text(&f, 1, "P\truntime\tok\t\nD\truntime/rand.go\nF\t9\trand\tg\t\td>d\tfunc(int) uint64\n");
	fake_atlas_text(&f, 2, "P\truntime\tok\t\nD\truntime/rand.go\nF\t9\trand\tg\t\td>d\tfunc(n int) uint64\n");
	add_answer(&answers, &f, "runtime", "rand", "runtime.rand");
	expect_table(&answers, &f, &plain,
"runtime.rand, linux/amd64\n"
"  go1.21.13  not there                              undefined\n"
"  go1.22.12  func(int) uint64    runtime/rand.go:9  links (this version checks nothing)\n"
"  go1.23.12  func(n int) uint64  runtime/rand.go:9  rejected (std does not mark it)\n"
"  from assembly: undefined (it is not defined for ABI0, which assembly refers to) in go1.22.12,\n"
"      go1.23.12\n");
	dispose(&answers);
}

static void test_ranges_and_targets(void **state)
{
	struct fake_atlas f;
	struct symbol_answers answers = { 0 };

	(void)state;
	fill(&f, both);
	/* the same everywhere but for the lines: one range, one group; 386 is not asked in 1.21 */
	fake_atlas_text(&f, 1, "P\truntime\tok\t\nD\truntime/stubs.go\nV\t7\tfastseed\tz\t\td\t8\tuintptr\n");
	f.missing[1] = "go1.21.13 has no port linux/386";
	add_answer(&answers, &f, "runtime", "fastseed", "runtime.fastseed");
	expect_table(&answers, &f, &plain,
"runtime.fastseed, linux/amd64, 386\n"
"  go1.21.13 – go1.22.12  var uintptr  runtime/stubs.go:…  links (this version checks nothing)\n"
"  go1.23.12              not there                        undefined\n"
"\n"
"Not asked\n"
"  go1.21.13 on linux/386: go1.21.13 has no port linux/386\n");
	dispose(&answers);

	/* another course on one target */
	fake_atlas_text_on(&f, 2, 1, G22);
	add_answer(&answers, &f, "runtime", "fastseed", "runtime.fastseed");
	expect_table(&answers, &f, &plain,
"runtime.fastseed\n"
"  linux/amd64\n"
"    go1.21.13 – go1.22.12  var uintptr  runtime/stubs.go:…  links (this version checks nothing)\n"
"    go1.23.12              not there                        undefined\n"
"  linux/386\n"
"    go1.21.13  ?                                 not asked\n"
"    go1.22.12  var uintptr  runtime/stubs.go:7   links (this version checks nothing)\n"
"    go1.23.12  var uintptr  runtime/rand.go:144  rejected (std does not mark it)\n"
"\n"
"Not asked\n"
"  go1.21.13 on linux/386: go1.21.13 has no port linux/386\n");
	dispose(&answers);
}

/* Another file is another row; a target that could not be asked joins the others. */
static void test_files_and_gaps(void **state)
{
	struct fake_atlas f;
	struct symbol_answers answers = { 0 };

	(void)state;
	fill(&f, both);
	f.missing[0] = "gone";
	add_answer(&answers, &f, "runtime", "fastseed", "runtime.fastseed");
	expect_table(&answers, &f, &plain,
"runtime.fastseed, linux/amd64, 386\n"
"  go1.21.13  var uintptr  runtime/stubs.go:135  links (this version checks nothing)\n"
"  go1.22.12  var uintptr  runtime/rand.go:144   links (this version checks nothing)\n"
"  go1.23.12  not there                          undefined\n"
"\n"
"Not asked\n"
"  go1.21.13 on linux/amd64: gone\n");
	dispose(&answers);
}

static void test_narrow(void **state)
{
	struct report_style narrow = { .width = 60 };
	struct fake_atlas f;
	struct symbol_answers answers = { 0 };

	(void)state;
	fill(&f, amd64);
	add_answer(&answers, &f, "runtime", "rand", "runtime.rand");
	expect_table(&answers, &f, &narrow,
"runtime.rand, linux/amd64\n"
"  go1.21.13  not there\n"
"      undefined\n"
"  go1.22.12  runtime/rand.go:139\n"
"      func() uint64\n"
"      links (this version checks nothing)\n"
"  go1.23.12  runtime/rand.go:149\n"
"      func() uint64\n"
"      rejected (std does not mark it)\n"
"  from assembly: undefined (it is not defined for ABI0,\n"
"      which assembly refers to) in go1.22.12, go1.23.12\n");
	dispose(&answers);
}

static void test_not_found(void **state)
{
	struct fake_atlas f;
	struct symbol_answers answers = { 0 };

	(void)state;
	fill(&f, amd64);
	add_answer(&answers, &f, "runtime", "fastrnad", "runtime.fastrnad");
	strv_add(&answers.v[0].nearest, "runtime.fastrand");
	add_answer(&answers, &f, "runtme", "fastrand", "runtme.fastrand");
	assert_false(symbol_answer_found(&answers.v[0]));
	expect_table(&answers, &f, &plain,
"runtime.fastrnad\n"
"  not found in go1.21.13 – go1.23.12 on linux/amd64\n"
"  did you mean: runtime.fastrand\n"
"\n"
"runtme.fastrand\n"
"  not found: there is no package runtme in go1.21.13 – go1.23.12 on linux/amd64\n");
	dispose(&answers);
}

static void test_partial(void **state)
{
	struct fake_atlas f;
	struct symbol_answers answers = { 0 };

	(void)state;
	fill(&f, amd64);
	fake_atlas_text(&f, 2, "P\truntime\tpartial\tsrc/runtime/x.go:1:2: expected\ta\n");
	add_answer(&answers, &f, "runtime", "fastrandu", "runtime.fastrandu");
	expect_table(&answers, &f, &plain,
"runtime.fastrandu, linux/amd64\n"
"  go1.21.13              func() uint  runtime/stubs.go:130  links (this version checks nothing)\n"
"  go1.22.12 – go1.23.12  not there                          undefined\n"
"  from assembly: undefined (it is not defined for ABI0, which assembly refers to) in go1.21.13\n"
"  go1.23.12: package runtime could be read in part only: src/runtime/x.go:1:2: expected a\n");
	dispose(&answers);
}

static void add_glob(struct symbol_answers *answers, struct fake_atlas *f, const char *glob)
{
	struct symbol_answer a = { .asked = mem_printf("runtime.%s", glob), .glob = true };
	struct strv names = { 0 };

	symbol_names_matching(&names, &f->source, "runtime", glob, false);
	for (size_t i = 0; i < names.n; i++) {
		struct symbol_timeline t;

		symbol_timeline_build(&t, &f->source, "runtime", names.v[i]);
		vec_push(&a.timelines, t);
	}
	strv_free(&names);
	vec_push(answers, a);
}

static void test_glob(void **state)
{
	struct fake_atlas f;
	struct symbol_answers answers = { 0 };

	(void)state;
	fill(&f, amd64);
	add_glob(&answers, &f, "*rand*");
	add_glob(&answers, &f, "x*");
	assert_true(symbol_answer_found(&answers.v[0]));
	assert_false(symbol_answer_found(&answers.v[1]));
	expect_table(&answers, &f, &plain,
"runtime.*rand*, linux/amd64\n"
"  runtime.fastrand   func(n int) uint32  1.21.13–1.23.12 links\n"
"  runtime.fastrandu  func() uint         1.21.13 links\n"
"  runtime.rand       func() uint64       1.22.12 links, 1.23.12 rejected\n"
"\n"
"runtime.x*, linux/amd64\n"
"  nothing matches in go1.21.13 – go1.23.12\n");
	dispose(&answers);
}

/* Every width: no line is longer, and nothing is lost of what matters. */
static void test_widths(void **state)
{
	struct fake_atlas f;
	struct symbol_answers answers = { 0 };

	(void)state;
	fill(&f, both);
	add_answer(&answers, &f, "runtime", "fastrand", "runtime.fastrand");
	add_glob(&answers, &f, "*");
	for (int width = 60; width <= 200; width += 7) {
		struct report_style style = { .width = width, .utf8 = width % 2, .color = width % 3 == 0 };
		struct str got = STR_INIT;

		report_symbols_table(&got, &f.source, &answers, &style);
		assert_true(longest_line(got.s) <= (size_t)width);
		assert_non_null(strstr(got.s, "go1.23.12"));
		if (!style.color)
			assert_null(strchr(got.s, '\033'));
		if (!style.utf8)
			for (const char *p = got.s; *p; p++)
				assert_true((unsigned char)*p < 0x80);
		str_free(&got);
	}
	dispose(&answers);
}

static json_t *parse(struct str *text)
{
	json_error_t err;
	json_t *doc = json_loadb(text->s, text->len, JSON_REJECT_DUPLICATES, &err);

	if (!doc)
		fail_msg("%s at %d:%d\n%s", err.text, err.line, err.column, text->s);
	str_free(text);
	return doc;
}

static const char *text_at(json_t *item, const char *key)
{
	return json_string_value(json_object_get(item, key));
}

static void test_symbol_json(void **state)
{
	struct fake_atlas f;
	struct symbol_answers answers = { 0 };
	struct str text = STR_INIT;
	json_t *doc, *symbol, *item;

	(void)state;
	fill(&f, both);
	f.missing[1] = "no port";
	add_answer(&answers, &f, "runtime", "fastrand", "fastrand");
	add_answer(&answers, &f, "runtime", "nosuch", "nosuch");
	report_symbols_json(&text, &f.source, &answers);
	doc = parse(&text);
	assert_string_equal(text_at(doc, "schema"), "lnmatrix/symbol/1");
	assert_int_equal(json_array_size(json_object_get(doc, "symbols")), 2);
	assert_int_equal(json_array_size(json_object_get(doc, "missing")), 1);
	symbol = json_array_get(json_object_get(doc, "symbols"), 0);
	assert_string_equal(text_at(symbol, "name"), "runtime.fastrand");
	assert_true(json_is_true(json_object_get(symbol, "found")));
	/* what could not be asked is no entry */
	assert_int_equal(json_array_size(json_object_get(symbol, "timeline")), 5);
	item = json_array_get(json_object_get(symbol, "timeline"), 3);
	assert_string_equal(text_at(item, "toolchain"), "go1.23.12");
	assert_string_equal(text_at(item, "target"), "linux/amd64");
	assert_true(json_is_true(json_object_get(item, "exists")));
	assert_string_equal(text_at(item, "kind"), "func");
	assert_string_equal(text_at(item, "package"), "runtime");
	assert_string_equal(text_at(item, "signature"), "func(n int) uint32");
	assert_string_equal(text_at(item, "access"), "push");
	assert_string_equal(text_at(item, "pull"), "links");
	assert_string_equal(text_at(item, "definer"), "runtime.legacy_fastrand");
	assert_int_equal(json_integer_value(json_object_get(item, "line")), 140);
	assert_int_equal(json_array_size(json_object_get(item, "users")), 2);
	assert_string_equal(text_at(json_object_get(item, "from_asm"), "pull"), "links");
	symbol = json_array_get(json_object_get(doc, "symbols"), 1);
	assert_true(json_is_false(json_object_get(symbol, "found")));
	item = json_array_get(json_object_get(symbol, "timeline"), 0);
	assert_true(json_is_false(json_object_get(item, "exists")));
	assert_true(json_is_null(json_object_get(item, "kind")));
	assert_true(json_is_null(json_object_get(item, "signature")));
	assert_string_equal(text_at(item, "pull"), "undefined");
	assert_string_equal(text_at(item, "access"), "none");
	json_decref(doc);
	dispose(&answers);
}

/* --- layouts ------------------------------------------------------------------------ */

#define L21                                                                                  \
	"P\truntime\tok\t\nD\truntime/runtime2.go\n"                                         \
	"T\t5\tg\tstruct\t32\t8\t\tm 0 8 1 *m\tgoid 8 8 0 int64\told 16 1 0 bool\tend 17 1 0 bool\tp 24 8 1 *p\n" \
	"T\t5\tid\tbasic\t8\t8\tuintptr\n"                                                   \
	"T\t5\tgen\tgeneric\t-\t-\t\n"
/* The same bytes; a type is called otherwise. */
#define L22                                                                                  \
	"P\truntime\tok\t\nD\truntime/runtime2.go\n"                                         \
	"T\t5\tg\tstruct\t32\t8\t\tm 0 8 1 *m\tgoid 8 8 0 int64\told 16 1 0 myBool\tend 17 1 0 bool\tp 24 8 1 *p\n" \
	"T\t5\tid\tbasic\t8\t8\tuintptr\n"                                                   \
	"T\t5\tgen\tgeneric\t-\t-\t\n"
#define L23                                                                                  \
	"P\truntime\tok\t\nD\truntime/runtime2.go\n"                                         \
	"T\t5\tg\tstruct\t48\t8\t\tm 0 8 1 *m\tgoid 8 8 0 uint64\tnew 16 8 0 int\tp 24 16 3 any\tend 40 1 0 bool\n" \
	"T\t5\tid\talias\t8\t8\tabi.ID\n"                                                    \
	"T\t5\tgen\tgeneric\t-\t-\t\n"

static void fill_layouts(struct fake_atlas *f, const char *const *targets)
{
	fake_atlas_init(f, three, targets);
	fake_atlas_text(f, 0, L21);
	fake_atlas_text(f, 1, L22);
	fake_atlas_text(f, 2, L23);
}

static void add_layout(struct layout_answers *answers, struct fake_atlas *f, const char *local)
{
	struct layout_answer a = { .asked = mem_printf("runtime.%s", local) };
	struct layout_timeline t;

	layout_timeline_build(&t, &f->source, "runtime", local);
	successors_of_type(&a.successors, &f->source, &t);
	vec_push(&a.timelines, t);
	vec_push(answers, a);
}

static void expect_layout(struct fake_atlas *f, const char *local, const struct report_style *style,
			  const char *want)
{
	struct layout_answers answers = { 0 };
	struct str got = STR_INIT;

	add_layout(&answers, f, local);
	report_layouts_table(&got, &f->source, &answers, style);
	assert_string_equal(got.s, want);
	str_free(&got);
	layout_answer_dispose(&answers.v[0]);
	vec_free(&answers);
}

static void test_layout_table(void **state)
{
	struct fake_atlas f;

	(void)state;
	fill_layouts(&f, both);
	expect_layout(&f, "g", &plain,
"runtime.g, linux/amd64, 386\n"
"                  1.21.13  1.23.12\n"
"                 –1.22.12\n"
"  m      *m             0        0\n"
"  goid   uint64         8        8\n"
"  new    int                   +16\n"
"  old    myBool        16        -\n"
"  end    bool          17      ~40\n"
"  p      any           24      ~24\n"
"  size                 32      ~48\n"
"  align                 8        8\n"
"  changed in go1.23.12: p: *p (8 bytes) → any (16 bytes)\n");
	expect_layout(&f, "id", &plain,
"runtime.id, linux/amd64, 386\n"
"  go1.21.13 – go1.22.12  uintptr          size 8  align 8\n"
"  go1.23.12              alias of abi.ID  size 8  align 8\n");
	expect_layout(&f, "gen", &plain,
"runtime.gen, linux/amd64, 386\n"
"  go1.21.13 – go1.23.12  generic: every instance has a layout of its own\n");
	fake_atlas_text(&f, 2, G23);
	expect_layout(&f, "rand", &plain,
"runtime.rand\n"
"  it is a func, not a type, in go1.21.13 – go1.23.12 on linux/amd64, 386\n");
	expect_layout(&f, "g", &plain,
"runtime.g, linux/amd64, 386\n"
"                  1.21.13\n"
"                 –1.22.12\n"
"  m      *m             0\n"
"  goid   int64          8\n"
"  old    myBool        16\n"
"  end    bool          17\n"
"  p      *p            24\n"
"  size                 32\n"
"  align                 8\n"
"  not there in go1.23.12\n");
}

/* Many columns go in blocks, and no line is too wide. */
static void test_layout_blocks(void **state)
{
	static const char *const many[] = { "go1.18.1", "go1.18.2", "go1.18.3", "go1.18.4", "go1.18.5",
					    "go1.18.6", "go1.18.7", "go1.18.8", "go1.18.9", "go1.18.10", NULL };
	struct fake_atlas f;
	struct layout_answers answers = { 0 };
	char texts[10][160];

	(void)state;
	fake_atlas_init(&f, many, amd64);
	for (size_t i = 0; i < 10; i++) {
		snprintf(texts[i], sizeof(texts[i]), "P\truntime\tok\t\nD\tx.go\nT\t1\tg\tstruct\t%zu\t8\t\t"
			 "first 0 %zu 0 [%zu]uintptr\tlast %zu 8 0 int%s\n", i * 8 + 16, i * 8 + 8, i + 1, i * 8 + 8,
			 i == 0 ? "\tonce 0 0 0 struct{}" : "");
		fake_atlas_text(&f, i, texts[i]);
	}
	add_layout(&answers, &f, "g");
	for (int width = 60; width <= 140; width += 5) {
		struct report_style style = { .width = width, .utf8 = true, .color = width % 2 };
		struct str got = STR_INIT;

		report_layouts_table(&got, &f.source, &answers, &style);
		assert_true(longest_line(got.s) <= (size_t)width);
		assert_non_null(strstr(got.s, "1.18.10"));
		assert_non_null(strstr(got.s, "~80"));
		/* a field that is gone is in the block where it goes, and in no other */
		assert_non_null(strstr(got.s, "once"));
		assert_null(strstr(strstr(got.s, "once") + 1, "once"));
		str_free(&got);
	}
	layout_answer_dispose(&answers.v[0]);
	vec_free(&answers);
}

static void test_layout_json(void **state)
{
	struct fake_atlas f;
	struct layout_answers answers = { 0 };
	struct str text = STR_INIT;
	json_t *doc, *type, *item, *field;

	(void)state;
	fill_layouts(&f, amd64);
	add_layout(&answers, &f, "g");
	add_layout(&answers, &f, "gen");
	add_layout(&answers, &f, "nosuch");
	report_layouts_json(&text, &f.source, &answers);
	doc = parse(&text);
	assert_string_equal(text_at(doc, "schema"), "lnmatrix/layout/1");
	type = json_array_get(json_object_get(doc, "types"), 0);
	item = json_array_get(json_object_get(type, "timeline"), 2);
	assert_int_equal(json_integer_value(json_object_get(item, "size")), 48);
	field = json_array_get(json_object_get(item, "fields"), 3);
	assert_string_equal(text_at(field, "name"), "p");
	assert_string_equal(text_at(field, "type"), "any");
	assert_int_equal(json_integer_value(json_object_get(field, "offset")), 24);
	assert_int_equal(json_integer_value(json_object_get(field, "size")), 16);
	type = json_array_get(json_object_get(doc, "types"), 1);
	item = json_array_get(json_object_get(type, "timeline"), 0);
	assert_true(json_is_null(json_object_get(item, "size")));
	assert_string_equal(text_at(item, "kind"), "generic");
	type = json_array_get(json_object_get(doc, "types"), 2);
	assert_true(json_is_false(json_object_get(type, "found")));
	item = json_array_get(json_object_get(type, "timeline"), 0);
	assert_true(json_is_null(json_object_get(item, "size")));
	assert_int_equal(json_array_size(json_object_get(item, "fields")), 0);
	json_decref(doc);
	for (size_t i = 0; i < answers.n; i++)
		layout_answer_dispose(&answers.v[i]);
	vec_free(&answers);
}

static void test_against(void **state)
{
	struct fake_atlas f;
	struct layout_timeline t;
	struct str got = STR_INIT;
	const struct atlas_symbol *own[6] = { NULL };

	(void)state;
	fill_layouts(&f, both);
	layout_timeline_build(&t, &f.source, "runtime", "g");
	for (size_t i = 0; i < 6; i += 2)
		own[i] = &t.entries[0].type; /* the user's is the struct of 1.21, known on amd64 */
	assert_int_equal(report_layout_against(&got, &f.source, &t, "my.G", own, &plain), 1);
	assert_non_null(strstr(got.s, "my.G as runtime.g\n"));
	assert_non_null(strstr(got.s, "  go1.21.13, go1.22.12 on linux/amd64: it fits\n"));
	assert_non_null(strstr(got.s, "  go1.23.12 on linux/amd64: drift: "));
	assert_null(strstr(got.s, "386"));
	str_free(&got);
	layout_timeline_dispose(&t);
}

/* --- Go source ------------------------------------------------------------------------ */

static void expect_go(struct fake_atlas *f, const char *local, const char *comments, const char *files)
{
	struct layout_timeline t;
	struct str a = STR_INIT, b = STR_INIT;
	struct names taken = { 0 };

	layout_timeline_build(&t, &f->source, "runtime", local);
	report_go_struct(&a, &b, &taken, &f->source, &t);
	names_dispose(&taken);
	assert_string_equal(a.s, comments);
	assert_string_equal(b.s, files);
	str_free(&a);
	str_free(&b);
	layout_timeline_dispose(&t);
}

static void test_go_struct(void **state)
{
	struct fake_atlas f;

	(void)state;
	fill_layouts(&f, amd64);
	expect_go(&f, "g", "",
"-- g_go121_64.go --\n"
"//go:build go1.21 && !go1.23 && linux && amd64\n"
"\n"
"package layout\n"
"\n"
"import \"unsafe\"\n"
"\n"
"// g is runtime.g of go1.21.13 go1.22.12: 32 bytes.\n"
"type g struct {\n"
"\tm    unsafe.Pointer // 0: *m\n"
"\tgoid int64          // 8\n"
"\told  uint8          // 16: myBool\n"
"\tend  bool           // 17\n"
"\tp    unsafe.Pointer // 24: *p\n"
"}\n"
"\n"
"var _ = [1]struct{}{}[unsafe.Sizeof(*(*g)(nil))-32]\n"
"-- g_go123_64.go --\n"
"//go:build go1.23 && !go1.24 && linux && amd64\n"
"\n"
"package layout\n"
"\n"
"import \"unsafe\"\n"
"\n"
"// g is runtime.g of go1.23.12: 48 bytes.\n"
"type g struct {\n"
"\tm    unsafe.Pointer // 0: *m\n"
"\tgoid uint64         // 8\n"
"\tnew  int            // 16\n"
"\tp    any            // 24\n"
"\tend  bool           // 40\n"
"}\n"
"\n"
"var _ = [1]struct{}{}[unsafe.Sizeof(*(*g)(nil))-48]\n");
	expect_go(&f, "gen", "# runtime.gen is generic: it has no layout of its own\n", "");
	expect_go(&f, "nosuch", "# runtime.nosuch: there is no such type\n", "");
}

/* Padding, pointers in the middle, and what the alignment needs. */
static void test_go_struct_of_odd_fields(void **state)
{
	struct fake_atlas f;

	(void)state;
	fake_atlas_init(&f, three, (const char *const[]){ "linux/386", NULL });
	fake_atlas_text(&f, 0, "P\truntime\tok\t\nD\tx.go\n"
			"T\t1\tm\tstruct\t40\t8\t\ta 0 1 0 kind\t~lock 8 16 4 mutex\tb 24 3 0 [3]flag\t_ 28 8 0 [2]muintptr\te 36 0 0 cpu.Pad\n");
	expect_go(&f, "m", "",
"-- m_go121_32.go --\n"
"//go:build go1.21 && !go1.22 && linux && 386\n"
"\n"
"package layout\n"
"\n"
"import (\n"
"\t\"sync/atomic\"\n"
"\t\"unsafe\"\n"
")\n"
"\n"
"// m is runtime.m of go1.21.13: 40 bytes.\n"
"type m struct {\n"
"\t_ [0]atomic.Int64 // aligned to 8 bytes\n"
"\ta    uint8      // 0: kind\n"
"\t_    [7]byte\n"
"\tlock struct{ _ [2]uintptr; _ unsafe.Pointer; _ uintptr } // 8: mutex, embedded\n"
"\tb    [3]uint8   // 24: [3]flag\n"
"\t_    [2]uintptr // 28: [2]muintptr\n"
"\te    struct{}   // 36: cpu.Pad\n"
"\t_    [4]byte\n"
"}\n"
"\n"
"var _ = [1]struct{}{}[unsafe.Sizeof(*(*m)(nil))-40]\n");
}

static void test_go_struct_patches(void **state)
{
	static const char *const patches[] = { "go1.23.1", "go1.23.12", NULL };
	struct fake_atlas f;

	(void)state;
	fake_atlas_init(&f, patches, both);
	fake_atlas_text(&f, 0, L21);
	fake_atlas_text(&f, 1, L23);
	fake_atlas_text_on(&f, 1, 1, L21);
	expect_go(&f, "id", "",
"-- id_go123_32.go --\n"
"//go:build go1.23 && !go1.24 && linux && 386\n"
"\n"
"package layout\n"
"\n"
"import \"unsafe\"\n"
"\n"
"// id is runtime.id of go1.23.1 go1.23.12: 8 bytes.\n"
"type id [2]uintptr // uintptr\n"
"\n"
"var _ = [1]struct{}{}[unsafe.Sizeof(*(*id)(nil))-8]\n"
"-- id_go123_64.go --\n"
"//go:build go1.23 && !go1.24 && linux && amd64\n"
"\n"
"package layout\n"
"\n"
"import \"unsafe\"\n"
"\n"
"// id is runtime.id of go1.23.12: 8 bytes.\n"
"type id unsafe.Pointer // abi.ID, which of its words are pointers is not known\n"
"\n"
"var _ = [1]struct{}{}[unsafe.Sizeof(*(*id)(nil))-8]\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_symbol),
		cmocka_unit_test(test_ranges_and_targets),
		cmocka_unit_test(test_files_and_gaps),
		cmocka_unit_test(test_narrow),
		cmocka_unit_test(test_not_found),
		cmocka_unit_test(test_partial),
		cmocka_unit_test(test_glob),
		cmocka_unit_test(test_widths),
		cmocka_unit_test(test_symbol_json),
		cmocka_unit_test(test_layout_table),
		cmocka_unit_test(test_layout_blocks),
		cmocka_unit_test(test_layout_json),
		cmocka_unit_test(test_against),
		cmocka_unit_test(test_go_struct),
		cmocka_unit_test(test_go_struct_of_odd_fields),
		cmocka_unit_test(test_go_struct_patches),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
