/*
 * harness/report/json.c: every required key, in its order; bytes that are not
 * text; and nothing invented where there is nothing.  Whether documents obey
 * docs/schemas/run.schema.json is checked end to end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "harness/report/json.h"
#include "tests/support/run_builder.h"

/* What the "store" holds: "text" has bytes that are no UTF-8, "gone" is lost. */
static char *load(void *arg, const char *digest, size_t *n)
{
	static const char bytes[] = "ok \xff\xc3(\xed\xa0\x80 \0 é\n";

	*(int *)arg += 1;
	if (strcmp(digest, "gone") == 0)
		return NULL;
	*n = sizeof(bytes) - 1;
	return memcpy(mem_alloc(*n), bytes, *n);
}

static json_t *document(const struct run_result *r, report_load_text *loader, void *arg)
{
	struct str text = STR_INIT;
	json_error_t err;
	json_t *doc;

	report_json(&text, r, loader, arg);
	doc = json_loadb(text.s, text.len, JSON_REJECT_DUPLICATES, &err);
	if (!doc)
		fail_msg("%s at %d:%d\n%s", err.text, err.line, err.column, text.s);
	str_free(&text);
	return doc;
}

static json_t *at(json_t *doc, const char *list, size_t i)
{
	json_t *item = json_array_get(json_object_get(doc, list), i);

	assert_non_null(item);
	return item;
}

static void check_keys(json_t *object, const char *want)
{
	struct str got = STR_INIT;
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
		str_addf(&got, "%s%s", got.len ? " " : "", key);
	assert_string_equal(got.s, want);
	str_free(&got);
}

static void check_string(json_t *object, const char *key, const char *want)
{
	json_t *value = json_object_get(object, key);

	assert_non_null(value);
	if (want)
		assert_string_equal(json_string_value(value), want);
	else
		assert_true(json_is_null(value));
}

static void test_whole_document(void **state)
{
	struct run_result r;
	struct str got = STR_INIT;

	(void)state;
	build_run(&r);
	build_column(&r, "go1.22.12", NULL);
	build_column(&r, "go1.23.12", NULL);
	r.wall_ms = 1500;
	build_cell(&r, "s/a", "default", "go1.22.12", "linux/386", "pass")->duration_ms = 350.26;
	struct cell_result *c = build_cell(&r, "s/a", "default", "go1.23.12", "linux/386",
					   "link-rejected runtime.a,runtime.b");

	outcome_set_message(&c->outcome, "link: main: invalid reference to runtime.a");
	c->outcome.rescue = RESCUE_REJECTED_ONLY;
	build_finish(&r);
	report_json(&got, &r, NULL, NULL);
	assert_string_equal(
		got.s,
		"{\"schema\": \"lnmatrix/run/1\",\n"
		"\"run\": {\"id\":\"20261121T094605Z-1\",\"started\":\"2026-11-21T09:46:05Z\","
		"\"ended\":null,\"host\":\"linux/amd64, 2 cores\",\"version\":\"0.1.0\","
		"\"command\":\"lnmatrix run scenarios/fakecgo.lua\",\"interrupted\":false,"
		"\"planned\":2,\"wall_ms\":1500,\"cpu_ms\":0},\n"
		"\"toolchains\": [\n"
		" {\"name\":\"go1.22.12\",\"base\":null,\"identity\":null},\n"
		" {\"name\":\"go1.23.12\",\"base\":null,\"identity\":null}\n"
		"],\n"
		"\"claims\": [],\n"
		"\"claim_verdicts\": [],\n"
		"\"cells\": [\n"
		" {\"scenario\":\"s\",\"case\":\"a\",\"toolchain\":\"go1.22.12\","
		"\"target\":\"linux/386\",\"variant\":\"default\",\"cgo\":false,"
		"\"outcome\":\"pass\",\"stage\":\"run\",\"symbols\":[],\"message\":\"\","
		"\"exit\":null,\"signal\":null,\"rescue\":null,\"runner\":null,\"stdout\":null,"
		"\"stderr\":null,\"duration_ms\":350.3,\"cached\":false,\"notes\":[],"
		"\"expected\":\"pass\",\"verdict\":\"expected\",\"findings\":[]},\n"
		" {\"scenario\":\"s\",\"case\":\"a\",\"toolchain\":\"go1.23.12\","
		"\"target\":\"linux/386\",\"variant\":\"default\",\"cgo\":false,"
		"\"outcome\":\"link-rejected\",\"stage\":\"link\","
		"\"symbols\":[\"runtime.a\",\"runtime.b\"],"
		"\"message\":\"link: main: invalid reference to runtime.a\",\"exit\":null,"
		"\"signal\":null,\"rescue\":\"rejected-only\",\"runner\":null,\"stdout\":null,"
		"\"stderr\":null,\"duration_ms\":0.0,\"cached\":false,\"notes\":[],"
		"\"expected\":\"link-rejected runtime.a,runtime.b\",\"verdict\":\"expected\","
		"\"findings\":[]}\n"
		"],\n"
		"\"changes\": [\n"
		" {\"scenario\":\"s\",\"case\":\"a\",\"target\":\"linux/386\","
		"\"variant\":\"default\",\"cgo\":false,"
		"\"from\":{\"toolchain\":\"go1.22.12\",\"outcome\":\"pass\",\"symbols\":[]},"
		"\"to\":{\"toolchain\":\"go1.23.12\",\"outcome\":\"link-rejected\","
		"\"symbols\":[\"runtime.a\",\"runtime.b\"]},\"kind\":\"new-rejection\","
		"\"symbols\":[\"runtime.a\",\"runtime.b\"]}\n"
		"]\n"
		"}\n");
	str_free(&got);
	run_result_dispose(&r);
}

static void test_empty_run(void **state)
{
	struct run_result r = { 0 };
	json_t *doc;

	(void)state;
	doc = document(&r, NULL, NULL);
	check_keys(doc, "schema run toolchains claims claim_verdicts cells changes");
	check_string(json_object_get(doc, "run"), "id", "");
	check_string(json_object_get(doc, "run"), "ended", NULL);
	json_decref(doc);
}

static void test_outputs(void **state)
{
	struct run_result r;
	struct cell_result *c;
	int calls = 0;
	json_t *doc, *cell;

	(void)state;
	build_run(&r);
	c = build_cell(&r, "a", "default", "go1.22.12", "linux/386", "run-crash");
	c->out_digest = mem_strdup("text");
	c->err_digest = mem_strdup("gone");
	outcome_set_message(&c->outcome, "bad \xfe byte");
	doc = document(&r, load, &calls);
	cell = at(doc, "cells", 0);
	assert_int_equal(calls, 2);
	check_string(cell, "stdout",
		      "ok \xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd \xef\xbf\xbd é\n");
	check_string(cell, "stderr", NULL);
	check_string(cell, "message", "bad \xef\xbf\xbd byte");
	json_decref(doc);
	run_result_dispose(&r);
}

static void test_what_is_there_only_when_said(void **state)
{
	struct run_result r;
	struct cell_result *c;
	struct claim_source claim = { mem_strdup("s"), mem_strdup("golang/go#1") };
	json_t *doc, *cell;

	(void)state;
	build_run(&r);
	vec_push(&r.claims, claim);
	build_column(&r, "go1.22.12", NULL);
	r.columns.v[0].missing = mem_strdup("no network");
	c = build_cell(&r, "a", "default", "go1.22.12", "linux/386", "infra");
	c->verdict = VERDICT_UNEXPECTED;
	c->mismatch = mem_strdup("m");
	c->why = mem_strdup("w");
	c->says = mem_strdup("pass");
	c->says_differs = true;
	c->command = mem_strdup("go build");
	c->outcome.has_exit = true;
	c->outcome.exit_status = 2;
	c->outcome.repeats[OUTCOME_PASS] = 7;
	doc = document(&r, NULL, NULL);
	cell = at(doc, "cells", 0);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(cell, "repeats"), "pass")), 7);
	assert_int_equal(json_object_size(json_object_get(cell, "repeats")), 1);
	check_keys(cell, "scenario case toolchain target variant cgo outcome stage symbols message "
			  "exit signal rescue repeats runner stdout stderr duration_ms cached notes expected "
			  "verdict mismatch why says says_differs command findings");
	assert_int_equal(json_integer_value(json_object_get(cell, "exit")), 2);
	assert_true(json_is_true(json_object_get(cell, "says_differs")));
	check_string(cell, "verdict", "unexpected");
	check_string(at(doc, "toolchains", 0), "missing", "no network");
	check_string(at(doc, "claims", 0), "source", "golang/go#1");
	json_decref(doc);
	run_result_dispose(&r);
}

static void test_findings(void **state)
{
	struct run_result r;
	struct finding *f;
	struct cell_result *c;
	json_t *doc, *finding;

	(void)state;
	build_run(&r);
	c = build_cell(&r, "a", "default", "go1.22.12", "linux/386", "pass");
	outcome_add_finding(&c->outcome, "runner-doubt", "warning", "only qemu says so");
	f = outcome_add_finding(&c->outcome, "signature-mismatch", "error", "m");
	f->symbol = mem_strdup("runtime.a");
	f->file = mem_strdup("a.go");
	f->line = 7;
	doc = document(&r, NULL, NULL);
	finding = json_array_get(json_object_get(at(doc, "cells", 0), "findings"), 0);
	check_keys(finding, "kind symbol severity local target file line message");
	check_string(finding, "symbol", NULL);
	assert_true(json_is_null(json_object_get(finding, "line")));
	finding = json_array_get(json_object_get(at(doc, "cells", 0), "findings"), 1);
	check_string(finding, "symbol", "runtime.a");
	assert_int_equal(json_integer_value(json_object_get(finding, "line")), 7);
	json_decref(doc);
	run_result_dispose(&r);
}

static void test_durations(void **state)
{
	static const struct { double in, out; } times[] = {
		{ 0, 0 }, { 12.34, 12.3 }, { -1, 0 }, { (double)NAN, 0 }, { (double)INFINITY, 0 },
		{ 86400000.06, 86400000.1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		struct run_result r;
		json_t *doc;

		build_run(&r);
		build_cell(&r, "a", "default", "go1.22.12", "linux/386", "pass")->duration_ms =
			times[i].in;
		doc = document(&r, NULL, NULL);
		assert_true(json_real_value(json_object_get(at(doc, "cells", 0), "duration_ms")) ==
			    times[i].out);
		json_decref(doc);
		run_result_dispose(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_document),
		cmocka_unit_test(test_empty_run),
		cmocka_unit_test(test_outputs),
		cmocka_unit_test(test_what_is_there_only_when_said),
		cmocka_unit_test(test_findings),
		cmocka_unit_test(test_durations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
