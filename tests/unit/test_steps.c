/* A cell's steps: what they ask, what they are told, how they fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/fs.h"
#include "harness/base/str.h"
#include "harness/script/scenario.h"

static const struct cell_view view = {
	.toolchain = "go1.27.4+remove(runtime.x)", .version = "1.27.4", .target = "linux/arm/7",
	.goos = "linux", .goarch = "arm", .variant = "default", .cgo = true,
};
static const struct answer good = { .ok = true, .outcome = "pass", .out = "out\0put", .out_len = 7 };
static struct scenario *sc;
static char *where; /* the scenario's path */

/* `body` begins in line 3 of the file. */
static struct steps *with(const char *body, struct request *r)
{
	char dir[] = "/tmp/lnm-steps-XXXXXX";
	struct error err = { 0 };
	struct steps *s;
	char *text = mem_printf("scenario { }\nlocal saved\n"
				"local function steps(cell) %s\nend\n"
				"case 'a' { steps = steps, files = [[\n-- main.go --\npackage main\n]] }\n", body);

	assert_non_null(mkdtemp(dir));
	where = path_join(dir, "t.lua");
	assert_int_equal(fs_write(where, text, strlen(text), 0666, &err), 0);
	if (scenario_load(&sc, where, &err) < 0)
		fail_msg("%s", err.msg);
	fs_remove_tree(dir, &err);
	mem_free(text);
	s = steps_start(sc->cases.v[0], &view);
	steps_resume(s, NULL, r);
	return s;
}

static void done(struct steps *s, struct request *r)
{
	request_dispose(r);
	steps_free(s);
	scenario_free(sc);
	mem_free(where);
}

/* The first request is ERROR "t.lua:LINE:" with `want`. */
static void fails(const char *body, int line, const char *want)
{
	struct request r;
	struct steps *s = with(body, &r);
	char *place = mem_printf("%s:%d: ", where, line);

	if (r.kind != REQUEST_ERROR || !str_starts(r.message, place) || !strstr(r.message, want))
		fail_msg("wanted \"%s\" \"%s\", got %d \"%s\"", place, want, r.kind, r.message ? r.message : "");
	mem_free(place);
	done(s, &r);
}

/* The steps end without a request. */
static void ends(const char *body)
{
	struct request r;
	struct steps *s = with(body, &r);

	if (r.kind != REQUEST_END)
		fail_msg("%s: got %d \"%s\"", body, r.kind, r.message ? r.message : "");
	done(s, &r);
}

static void test_requests(void **state)
{
	struct request r;
	struct steps *s = with(
		"local b = cell:build { package = './x', may_fail = true }\n"
		"assert(b.ok and b.outcome == 'pass' and b.exit == 0 and b.signal == nil)\n"
		"assert(b.stdout == 'out\\0put' and b.stderr == nil)\n"
		"local r = cell:run { args = { 'a', 'b,c' }, env = 'X=1', stdin = 'in', check = false }\n"
		"assert(not r.ok and r.exit == 3 and r.signal == 'SIGSEGV' and r.stderr == 'e')\n"
		"cell:run()", &r);

	(void)state;
	assert_int_equal(r.kind, REQUEST_BUILD);
	assert_true(r.may_fail);
	assert_string_equal(r.package, "./x");
	request_dispose(&r);
	steps_resume(s, &good, &r);
	assert_int_equal(r.kind, REQUEST_RUN);
	assert_false(r.may_fail);
	assert_false(r.check);
	assert_true(r.has_args && r.has_env && r.has_input);
	assert_int_equal(r.args.n, 2);
	assert_string_equal(r.args.v[1], "b,c");
	assert_string_equal(r.env.v[0], "X=1");
	assert_string_equal(r.input, "in");
	request_dispose(&r);
	steps_resume(s, &(struct answer){ .exit_status = 3, .signal = "SIGSEGV", .err = "e", .err_len = 1 }, &r);
	if (r.kind != REQUEST_RUN)
		fail_msg("%s", r.message);
	assert_true(r.check);
	assert_false(r.has_args || r.has_env || r.has_input);
	request_dispose(&r);
	steps_resume(s, &good, &r);
	assert_int_equal(r.kind, REQUEST_END);
	done(s, &r);
}

static void test_check_and_fail(void **state)
{
	struct request r;
	struct steps *s = with("cell:check(true, 'x') cell:check(nil, 'no good')", &r);

	(void)state;
	assert_int_equal(r.kind, REQUEST_FAIL);
	assert_string_equal(r.message, "no good");
	done(s, &r);
	s = with("cell:check(false)", &r);
	assert_string_equal(r.message, "a check of the scenario failed");
	done(s, &r);
	s = with("cell:fail('bad')", &r);
	assert_int_equal(r.kind, REQUEST_FAIL);
	assert_string_equal(r.message, "bad");
	done(s, &r);
}

static void test_remarks(void **state)
{
	struct request r;
	struct steps *s = with("cell:note('one') cell:note('two')\n"
			       "cell:finding { kind = 'layout-drift', message = 'm', symbol = 's', line = 7 }\n"
			       "cell:finding { kind = 'disagreement', message = 'n', severity = 'error' }", &r);
	const struct cell_remarks *m = steps_remarks(s);

	(void)state;
	assert_int_equal(r.kind, REQUEST_END);
	assert_int_equal(m->notes.n, 2);
	assert_string_equal(m->notes.v[1], "two");
	assert_int_equal(m->findings.n, 2);
	assert_string_equal(m->findings.v[0].kind, "layout-drift");
	assert_string_equal(m->findings.v[0].severity, "warning");
	assert_string_equal(m->findings.v[0].symbol, "s");
	assert_int_equal(m->findings.v[0].line, 7);
	assert_string_equal(m->findings.v[1].severity, "error");
	done(s, &r);
}

static void test_where_it_is(void **state)
{
	(void)state;
	ends("assert(cell.toolchain == 'go1.27.4+remove(runtime.x)' and cell.go == '1.27.4')\n"
	     "assert(cell.target == 'linux/arm/7' and cell.goos == 'linux' and cell.goarch == 'arm')\n"
	     "assert(cell.variant == 'default' and cell.cgo == true)\n"
	     "assert(cell:go_is('1.27') and cell:go_is('>=1.22') and not cell:go_is('<1.27'))\n"
	     "assert(not tostring(cell):find('0x') and not ('%s'):format(cell):find('0x'))");
}

static void test_mistakes(void **state)
{
	(void)state;
	fails("\nlocal x = nil + 1", 4, "arithmetic");
	fails("cell:biuld()", 3, "a cell has no \"biuld\" (fields: toolchain, ");
	fails("cell.go = 1", 3, "cannot be set");
	fails("cell.build()", 3, "bad argument");
	fails("cell:build { pakage = 'x' }", 3, "unknown key \"pakage\" (known: package, may_fail)");
	fails("cell:build { may_fail = 1 }", 3, "must be true or false");
	fails("cell:build 'x'", 3, "table expected");
	fails("cell:run { args = 1 }", 3, "must be a string or a list");
	fails("cell:run { env = 'X' }", 3, "NAME=value");
	fails("cell:check()", 3, "value expected");
	fails("cell:fail()", 3, "string expected");
	fails("cell:note()", 3, "string expected");
	fails("cell:go_is('x')", 3, "cell:go_is: ");
	fails("cell:finding { kind = 'odd', message = 'm' }", 3, "\"odd\" is no kind of finding");
	fails("cell:finding { kind = 'layout-drift' }", 3, "must be given");
	fails("cell:finding { kind = 'layout-drift', message = 'm', severity = 'x' }", 3, "severity");
	fails("cell:finding { kind = 'layout-drift', message = 'm', line = 0 }", 3, "from 1 to");
	fails("table.sort({ 1, 2, 3 }, function() cell:build() end)", 3, "yield");
	fails("\nerror({})", 4, "error() was given a table");
	fails("\nerror('boom')", 4, "boom");
	fails("\nerror('boom', 0)", 4, "boom");
}

static void test_endless(void **state)
{
	struct request r;
	struct steps *s;
	unsigned n = 0;

	(void)state;
	fails("while true do end", 3, "is there an endless loop?");
	fails("while true do pcall(function() while true do end end) end", 3, "is there an endless loop?");
	fails("pcall(string.match, ('a'):rep(5000), ('a*'):rep(30) .. 'b')", 4, "is there an endless loop?");
	s = with("while true do cell:note('x') end", &r);
	assert_int_equal(r.kind, REQUEST_ERROR);
	assert_true(steps_remarks(s)->notes.n < 60000); /* they lie outside the memory cap */
	done(s, &r);
	fails("local t = { kind = 'layout-drift', message = ('x'):rep(1000) }\n"
	      "while true do cell:finding(t) end", 4, "is there an endless loop?");
	fails("\nlocal s = ('x'):rep(1 << 30)", 4, "needs more than 32 MB");
	fails("local t = {}\nwhile true do t[#t + 1] = {} end", 4, "needs more than 32 MB");
	/* each answer gives it a new budget */
	s = with("while true do cell:build() end", &r);
	while (r.kind == REQUEST_BUILD && n++ < 5000) {
		request_dispose(&r);
		steps_resume(s, &good, &r);
	}
	assert_int_equal(r.kind, REQUEST_ERROR);
	assert_int_equal(n, 1000);
	done(s, &r);
}

/* A request that was caught half-read leaves nothing in the next. */
static void test_caught(void **state)
{
	struct request r;
	struct steps *s = with("pcall(cell.run, cell, { args = { 'a' }, stdin = 'x', env = 3 })\n"
			       "pcall(cell.build, cell, { package = 'p', may_fail = true, x = 1 })\n"
			       "cell:run { args = { 'b' } }", &r);

	(void)state;
	assert_int_equal(r.kind, REQUEST_RUN);
	assert_int_equal(r.args.n, 1);
	assert_string_equal(r.args.v[0], "b");
	assert_false(r.has_input || r.has_env || r.may_fail);
	assert_null(r.package);
	done(s, &r);
}

static void test_ended_cell(void **state)
{
	struct request r;
	struct steps *s = with("if saved then saved:note('x') end saved = cell", &r), *other;

	(void)state;
	assert_int_equal(r.kind, REQUEST_END);
	/* while the first still stands: another's cell */
	other = steps_start(sc->cases.v[0], &view);
	steps_resume(other, NULL, &r);
	assert_int_equal(r.kind, REQUEST_ERROR);
	assert_non_null(strstr(r.message, "t.lua:3: this cell belongs to other steps"));
	request_dispose(&r);
	steps_free(other);
	steps_free(s);
	s = steps_start(sc->cases.v[0], &view);
	steps_resume(s, NULL, &r);
	assert_int_equal(r.kind, REQUEST_ERROR);
	assert_non_null(strstr(r.message, "t.lua:3: this cell has ended"));
	done(s, &r);
}

/* Without steps: build, run. */
static void test_default(void **state)
{
	struct request r;
	struct steps *s = with("", &r);
	struct kase plain;

	(void)state;
	plain = *sc->cases.v[0];
	plain.steps_ref = -2; /* LUA_NOREF */
	steps_free(s);
	s = steps_start(&plain, &view);
	steps_resume(s, NULL, &r);
	assert_int_equal(r.kind, REQUEST_BUILD);
	steps_resume(s, &good, &r);
	assert_int_equal(r.kind, REQUEST_RUN);
	assert_true(r.check);
	steps_resume(s, &good, &r);
	assert_int_equal(r.kind, REQUEST_END);
	done(s, &r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_check_and_fail),
		cmocka_unit_test(test_remarks),
		cmocka_unit_test(test_where_it_is),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_endless),
		cmocka_unit_test(test_caught),
		cmocka_unit_test(test_ended_cell),
		cmocka_unit_test(test_default),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
