/* YAML: strict in, every mistake with its place; what is written is read back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/mem.h"
#include "harness/base/yaml.h"

static struct yaml *parse(const char *text)
{
	struct error err = { 0 };
	struct yaml *y;

	if (yaml_parse(&y, text, strlen(text), "t.yaml", &err) < 0)
		fail_msg("%s", err.msg);
	return y;
}

static void refuse_n(const char *text, size_t n, const char *want)
{
	struct error err = { 0 };
	struct yaml *y = (struct yaml *)&err;

	if (yaml_parse(&y, text, n, "t.yaml", &err) != ERR_INPUT)
		fail_msg("accepted: %s", text);
	if (strncmp(err.msg, want, strlen(want)) != 0)
		fail_msg("wanted \"%s\", got \"%s\"", want, err.msg);
	assert_null(y);
}

static void refuse(const char *text, const char *want)
{
	refuse_n(text, strlen(text), want);
}

static void test_tree(void **state)
{
	struct yaml *y = parse("# top\na: 1\nb:\n  - x\n  - 'y'\n  - {k: v}\nc: ''\nd:\ne: \"1\"\n");
	const struct yaml *b = yaml_get(y, "b");

	(void)state;
	assert_int_equal(y->kind, YAML_NODE_MAP);
	assert_int_equal(y->n, 5);
	assert_string_equal(y->keys[0], "a");
	assert_string_equal(yaml_str(y, "a"), "1");
	assert_false(yaml_get(y, "a")->quoted);
	assert_true(yaml_get(y, "e")->quoted);
	assert_null(yaml_str(y, "b"));
	assert_null(yaml_get(y, "z"));
	assert_null(yaml_get(NULL, "a"));
	assert_null(yaml_get(yaml_get(y, "a"), "a"));
	assert_int_equal(b->kind, YAML_NODE_LIST);
	assert_int_equal(b->n, 3);
	assert_int_equal(b->items[1]->line, 5);
	assert_int_equal(b->items[1]->column, 5);
	assert_true(b->items[1]->quoted);
	assert_string_equal(yaml_str(b->items[2], "k"), "v");
	assert_string_equal(yaml_str(y, "c"), "");
	assert_true(yaml_get(y, "c")->quoted);
	assert_false(yaml_get(y, "d")->quoted); /* nothing at all: not the empty text */
	yaml_tree_free(y);
	yaml_tree_free(NULL);
	y = parse("{}");
	assert_int_equal(y->n, 0);
	yaml_tree_free(y);
	y = parse("[]\n");
	assert_int_equal(y->n, 0);
	yaml_tree_free(y);
	y = parse("--- \na: |\n  one\n  two\n");
	assert_string_equal(yaml_str(y, "a"), "one\ntwo\n");
	yaml_tree_free(y);
}

static void test_refused(void **state)
{
	struct str deep = STR_INIT;

	(void)state;
	refuse("", "t.yaml: the file is empty");
	refuse("# only words\n", "t.yaml: the file is empty");
	refuse("a: 1\nb: 2\na: 3\n", "t.yaml:3:1: key \"a\" stands twice");
	refuse("x:\n  k: 1\n  k: 2\n", "t.yaml:3:3: key \"k\" stands twice");
	refuse("a: &x [1]\nb: *x\n", "t.yaml:2:4: aliases");
	refuse("a: &x {k: *x}\n", "t.yaml:1:11: aliases");
	refuse("? [a]\n: b\n", "t.yaml:1:3: a key must be a plain word");
	refuse("a: \"x\\0y\"\n", "t.yaml:1:4: a value must not hold a NUL byte");
	refuse("\"x\\0y\": a\n", "t.yaml:1:1: a key must not hold a NUL byte");
	refuse("a: [1\nb: 2\n", "t.yaml:2:");
	refuse("a:\n\t- b\n", "t.yaml:2:1: ");
	refuse("a: 1\n---\nb: 2\n", "t.yaml:2:1: a second document begins here");
	refuse("a: 1\n---\n[\n", "t.yaml:4:1: ");
	refuse("a: 'x\n", "t.yaml:2:1: ");
	refuse("a: b: c\n", "t.yaml:1:5: ");
	for (int i = 0; i < 40; i++)
		str_addc(&deep, '[');
	for (int i = 0; i < 40; i++)
		str_addc(&deep, ']');
	refuse(deep.s, "t.yaml:1:34: nested too deeply");
	str_clear(&deep);
	for (int i = 0; i < 200000; i++)
		str_addc(&deep, '[');
	refuse(deep.s, "t.yaml:");
	str_free(&deep);
	/* where a byte that is no text stands */
	refuse("a: 1\nb: x\xff\n", "t.yaml:2:5: ");
	refuse_n("a: 1\nb: \0\n", 10, "t.yaml:2:4: ");
}

static void test_unknown_keys(void **state)
{
	static const char *const known[] = { "a", "b", NULL };
	struct yaml *y = parse("a: 1\nc:\n  - x\n"), *list = parse("[a]\n");
	struct error err = { 0 };

	(void)state;
	assert_int_equal(yaml_check_keys(y, "t.yaml", known, &err), ERR_INPUT);
	assert_string_equal(err.msg, "t.yaml:2:1: unknown key \"c\" (known: a, b)");
	assert_int_equal(yaml_check_keys(list, "t.yaml", known, &err), ERR_INPUT);
	assert_string_equal(err.msg, "t.yaml:1:1: expected \"key: value\" lines here");
	assert_int_equal(yaml_mistake(list->items[0], "n", &err, "no %s", "good"), ERR_INPUT);
	assert_string_equal(err.msg, "n:1:2: no good");
	yaml_tree_free(y);
	yaml_tree_free(list);
	y = parse("b: 1\n");
	assert_int_equal(yaml_check_keys(y, "t.yaml", known, &err), 0);
	yaml_tree_free(y);
}

static void test_read_names_the_path(void **state)
{
	struct error err = { 0 };
	struct yaml *y;

	(void)state;
	assert_int_equal(yaml_read(&y, "/nowhere/x.yaml", &err), ERR_OS);
	assert_non_null(strstr(err.msg, "/nowhere/x.yaml: No such file"));
	assert_null(y);
}

static void test_output(void **state)
{
	struct yaml_out *w = yaml_out_new("# made by a test\n");
	struct str text = STR_INIT;
	struct error err = { 0 };

	(void)state;
	yaml_out_map(w);
	yaml_out_str(w, "schema");
	yaml_out_str(w, "lnmatrix/x/1");
	yaml_out_str(w, "list");
	yaml_out_list(w);
	yaml_out_str(w, "plain");
	yaml_out_map(w);
	yaml_out_str(w, "1.22");
	yaml_out_str(w, "go1.22.12");
	yaml_out_end(w);
	yaml_out_end(w);
	yaml_out_str(w, "none");
	yaml_out_map(w);
	yaml_out_end(w);
	yaml_out_end(w);
	assert_int_equal(yaml_out_finish(w, &text, &err), 0);
	assert_string_equal(text.s, "# made by a test\nschema: lnmatrix/x/1\nlist:\n- plain\n"
				    "- \"1.22\": go1.22.12\nnone: {}\n");
	str_free(&text);
}

/* Any text comes back as it was; what a reader would take for something else than
 * text is quoted. */
static void test_output_quoting(void **state)
{
	static const char *const typed[] = {
		"", "1", "1.22", "-3", "1e3", "0x1F", "0xdeadbeef", "-0xab", "0o17", "0b11", "true", "NO", "on",
		"null", "~", "y", "1:30", "2026-08-11", "2026-08-11T00:39:34Z", ".inf", "-.INF", ".nan", "<<",
		"=", "1_000", "+1",
	};
	static const char *const texts[] = {
		"go1.22.12", "go1.27.4+linknamestd(runtime.load_g)", "a: b", "- a", "#x", " lead", "trail ",
		"two\nlines\n", "'", "\"", "\\", "*x", "&x", "!t", "%d", "@x", "`x`", "{a}", "[a]", "a,b", "?",
		"\x01", "\xc3\xa4", "tab\there", "h1:CQZ55qhuGAYcgv4npnr3DsfZP3i8URMjkpv7TYHRIH4=", "---", "...",
		"0xzz", "1.22rc1", "a very long text that goes on and on and on and on and on and on and on and on "
		"and on past eighty columns",
	};
	const size_t ntyped = sizeof(typed) / sizeof(typed[0]), ntexts = sizeof(texts) / sizeof(texts[0]);
	struct yaml_out *w = yaml_out_new(NULL);
	struct str text = STR_INIT;
	struct error err = { 0 };
	struct yaml *y;

	(void)state;
	yaml_out_list(w);
	for (size_t i = 0; i < ntyped + ntexts; i++) {
		const char *s = i < ntyped ? typed[i] : texts[i - ntyped];

		yaml_out_map(w);
		yaml_out_str(w, s);
		yaml_out_str(w, s);
		yaml_out_end(w);
	}
	yaml_out_end(w);
	assert_int_equal(yaml_out_finish(w, &text, &err), 0);
	y = parse(text.s);
	assert_int_equal(y->n, ntyped + ntexts);
	for (size_t i = 0; i < y->n; i++) {
		const char *s = i < ntyped ? typed[i] : texts[i - ntyped];

		assert_string_equal(y->items[i]->keys[0], s);
		assert_string_equal(y->items[i]->items[0]->scalar, s);
		if (i < ntyped && !y->items[i]->items[0]->quoted)
			fail_msg("\"%s\" is not quoted", s);
	}
	assert_false(y->items[ntyped]->items[0]->quoted); /* "go1.22.12" needs none */
	yaml_tree_free(y);
	str_free(&text);
}

static void test_output_refuses_what_is_no_text(void **state)
{
	struct yaml_out *w = yaml_out_new(NULL);
	struct str text = STR_INIT;
	struct error err = { 0 };

	(void)state;
	yaml_out_map(w);
	yaml_out_str(w, "\xff");
	yaml_out_str(w, "value");
	yaml_out_str(w, "k");
	yaml_out_list(w);
	yaml_out_end(w);
	yaml_out_end(w);
	assert_int_equal(yaml_out_finish(w, &text, &err), ERR_WORK);
	assert_string_equal(text.s, "");
	str_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_unknown_keys),
		cmocka_unit_test(test_read_names_the_path),
		cmocka_unit_test(test_output),
		cmocka_unit_test(test_output_quoting),
		cmocka_unit_test(test_output_refuses_what_is_no_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
