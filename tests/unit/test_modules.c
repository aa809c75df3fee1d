/* Which modules a go.mod wants fetched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/base/str.h"
#include "harness/sched/modules.h"

static void expect(const char *go_mod, const char *want)
{
	struct strv list = { 0 };
	struct str text = STR_INIT;

	modules_required(go_mod, &list);
	for (size_t i = 0; i < list.n; i++)
		str_addf(&text, "%s%s", i ? " " : "", list.v[i]);
	assert_string_equal(text.len ? text.s : "", want);
	str_free(&text);
	strv_free(&list);
}

static void test_required(void **state)
{
	(void)state;
	expect("", "");
	expect("module require\n\ngo 1.17", "");
	expect("module x\nrequire a.b/c v1.0.0\n", "a.b/c");
	expect("module x\n\nrequire (\n\ta/b v1.0.0 // indirect\r\n\t// c/d v1.0.0\n\te/f v2.0.0\n)\n", "a/b e/f");
	expect("require a/b v0.0.0\nrequire c/d v0.0.0\nreplace a/b => ./b\nreplace c/d => e/f v1.0.0\n", "c/d");
	expect("require (\n\ta/b v0.0.0\n)\nreplace (\n\ta/b v0.0.0 => ../b // near\n)\n", "");
	expect("require a/b v0.0.0\nreplace (\n\ta/b v0.0.0 => ../b\n)\nexclude c/d v1.0.0\n", "");
	expect("require", "");
	expect("require (\n\ta/b v1.0.0", "a/b");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_required) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
