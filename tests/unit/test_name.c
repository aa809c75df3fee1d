/* Names of toolchains, what-if edits, comma lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "toolchains/name.h"

static void test_canonical(void **state)
{
	static const char *const pairs[][2] = {
		{ "1.22.12", "go1.22.12" },
		{ "go1.20.0", "go1.20" },
		{ "1.27rc1", "go1.27rc1" },
		{ "1.27.4+linknamestd( runtime.load_g , runtime.cgocallback )",
		  "go1.27.4+linknamestd(runtime.load_g,runtime.cgocallback)" },
		{ "go1.27.4+remove(a.b)+linkname(c.d)+remove(e.f)",
		  "go1.27.4+remove(a.b,e.f)+linkname(c.d)" },
		{ "1.27.4+strict", "go1.27.4+strict" },
		{ "go1.27.4+strict+remove(a.b)+strict", "go1.27.4+strict+remove(a.b)" },
		{ "local:/opt/go+strict", "local:/opt/go+strict" },
		{ "local:/opt/go", "local:/opt/go" },
		{ "local:/opt/g++/go (old)", "local:/opt/g++/go (old)" },
		{ "local:/opt/go+remove(x.y)", "local:/opt/go+remove(x.y)" },
		{ "1.27.4+remove(reflect.(*rtype).Align)", "go1.27.4+remove(reflect.(*rtype).Align)" },
		{ "1.27.4+remove(internal/runtime/maps.foo,gopkg.in/yaml.v3.x)",
		  "go1.27.4+remove(internal/runtime/maps.foo,gopkg.in/yaml.v3.x)" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct error err = { 0 };
		struct toolchain_name name;
		char *text;

		assert_int_equal(name_parse(&name, pairs[i][0], &err), 0);
		text = name_format(&name);
		assert_string_equal(text, pairs[i][1]);
		mem_free(text);
		name_dispose(&name);
	}
}

static void test_parts(void **state)
{
	struct error err = { 0 };
	struct toolchain_name name;
	struct edits copy;

	(void)state;
	assert_int_equal(name_split(&name, "latest+linknamestd(a.b,c.d)+remove(e.f)", &err), 0);
	assert_string_equal(name.base, "latest");
	edits_copy(&copy, &name.edits);
	name_dispose(&name);
	assert_int_equal(copy.n, 2);
	assert_int_equal(copy.v[0].kind, EDIT_LINKNAMESTD);
	assert_int_equal(copy.v[0].symbols.n, 2);
	assert_string_equal(copy.v[0].symbols.v[1], "c.d");
	assert_int_equal(copy.v[1].kind, EDIT_REMOVE);
	edits_dispose(&copy);
}

static void test_refused(void **state)
{
	static const char *const rows[][2] = {
		{ "go1.27.4+foo(a.b)", "unknown what-if \"+foo\"" },
		{ "go1.27.4+foo", "unknown what-if \"+foo\"" },
		{ "go1.27.4+remove()", "names no symbol" },
		{ "go1.27.4+remove( )", "names no symbol" },
		{ "go1.27.4+remove(a.b", "don't match" },
		{ "go1.27.4+remove(a.b))", "don't match" },
		{ "go1.27.4+removea.b)", "unknown what-if \"+removea\"" },
		{ "go1.27.4+remove", "in parentheses" },
		{ "go1.27.4+strict()", "+strict takes no symbols" },
		{ "go1.27.4+strict(a.b)", "+strict takes no symbols" },
		{ "go1.27.4+stricter", "unknown what-if \"+stricter\"" },
		{ "local:/opt/go+remove(a.b", "don't match" },
		{ "go1.27.4+remove(a.b,,c.d)", "empty part" },
		{ "go1.27.4+remove(ab)", "not a symbol" },
		{ "go1.27.4+remove(.b)", "not a symbol" },
		{ "go1.27.4+remove(a.)", "not a symbol" },
		{ "go1.27.4+remove(a.b,a.b)", "named twice" },
		{ "go1.27.4+remove(a.b)+linkname(a.b)", "named twice" },
		{ "+remove(a.b)", "names no toolchain" },
		{ "", "names no toolchain" },
		{ "latest", "not a Go version" },
		{ "local:", "is no toolchain" },
		{ ":x", "is no toolchain" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error err = { 0 };
		struct toolchain_name name;

		assert_int_equal(name_parse(&name, rows[i][0], &err), ERR_INPUT);
		if (!strstr(err.msg, rows[i][1]))
			fail_msg("%s: %s", rows[i][0], err.msg);
	}
}

static void test_split(void **state)
{
	struct error err = { 0 };
	struct strv parts = { 0 };

	(void)state;
	assert_int_equal(spec_split(&parts, " 1.22 ,1.27.4+remove(a.b,c.d)?,local:/x", &err), 0);
	assert_int_equal(parts.n, 3);
	assert_string_equal(parts.v[0], "1.22");
	assert_string_equal(parts.v[1], "1.27.4+remove(a.b,c.d)?");
	assert_string_equal(parts.v[2], "local:/x");
	assert_int_equal(spec_split(&parts, "1.22,", &err), ERR_INPUT);
	assert_int_equal(spec_split(&parts, "", &err), ERR_INPUT);
	assert_int_equal(spec_split(&parts, "a(b,c", &err), ERR_INPUT);
	assert_int_equal(spec_split(&parts, "a)b,c(", &err), ERR_INPUT);
	strv_free(&parts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_canonical),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
