/* Variants: from text to flags. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "toolchains/variant.h"

static struct variant parse(const char *text)
{
	struct error err = { 0 };
	struct variant v;

	if (variant_parse(&v, text, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(v.name, text); /* the text is the name */
	return v;
}

static char *joined(struct strv *words)
{
	struct str s = STR_INIT;

	for (size_t i = 0; i < words->n; i++)
		str_addf(&s, "%s%s", i ? "|" : "", words->v[i]);
	strv_free(words);
	return str_detach(&s);
}

static void test_flags(void **state)
{
	static const struct { const char *text, *flags, *rescue, *link; } rows[] = {
		{ "default", "", "-ldflags=-checklinkname=0", "-buildmode=exe" },
		{ "checklinkname=0", "-ldflags=-checklinkname=0", "-ldflags=-checklinkname=0",
		  "-buildmode=exe|-checklinkname=0" },
		{ "checklinkname=1", "-ldflags=-checklinkname=1", "-ldflags=-checklinkname=0",
		  "-buildmode=exe|-checklinkname=1" },
		{ "ldflags=-w", "-ldflags=-w", "-ldflags=-w -checklinkname=0", "-w|-buildmode=exe" },
		{ "ldflags=-w -s  -X a.b=c+checklinkname=0", "-ldflags=-w -s  -X a.b=c -checklinkname=0",
		  "-ldflags=-w -s  -X a.b=c -checklinkname=0",
		  "-w|-s|-X|a.b=c|-buildmode=exe|-checklinkname=0" },
		{ "ldflags=-X 'main.s=a b' -w", "-ldflags=-X 'main.s=a b' -w",
		  "-ldflags=-X 'main.s=a b' -w -checklinkname=0", "-X|main.s=a b|-w|-buildmode=exe" },
		{ "ldflags=all=-w -s", "-ldflags=all=-w -s", "-ldflags=all=-w -s -checklinkname=0",
		  "-w|-s|-buildmode=exe" },
		{ "gcflags=-l", "-gcflags=-l", "-gcflags=-l|-ldflags=-checklinkname=0", "-buildmode=exe" },
		{ "tags=a,b+buildmode=c-shared+race=1", "-tags=a,b|-buildmode=c-shared|-race",
		  "-tags=a,b|-buildmode=c-shared|-race|-ldflags=-checklinkname=0", "-buildmode=c-shared|-race" },
		{ "asmflags=-S+gcflags=all=-N -l", "-gcflags=all=-N -l|-asmflags=-S",
		  "-gcflags=all=-N -l|-asmflags=-S|-ldflags=-checklinkname=0", "-buildmode=exe" },
		{ "goexperiment=noswissmap", "", "-ldflags=-checklinkname=0", "-buildmode=exe" },
		{ "race=0", "", "-ldflags=-checklinkname=0", "-buildmode=exe" },
		/* a plus that begins no setting is the value's */
		{ "tags=a+b", "-tags=a+b", "-tags=a+b|-ldflags=-checklinkname=0", "-buildmode=exe" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct variant v = parse(rows[i].text);
		struct strv argv = { 0 };
		char *got;

		variant_flags(&v, false, &argv);
		got = joined(&argv);
		assert_string_equal(got, rows[i].flags);
		mem_free(got);
		variant_flags(&v, true, &argv);
		got = joined(&argv);
		assert_string_equal(got, rows[i].rescue);
		mem_free(got);
		variant_link_flags(&v, &argv);
		got = joined(&argv);
		assert_string_equal(got, rows[i].link);
		mem_free(got);
		variant_dispose(&v);
	}
}

static void test_fields(void **state)
{
	struct variant v = parse("goexperiment=noswissmap,x+tags=a,b+race=1");

	(void)state;
	assert_string_equal(v.goexperiment, "noswissmap,x");
	assert_string_equal(v.tags, "a,b");
	assert_true(v.race);
	assert_int_equal(v.checklinkname, -1);
	assert_null(v.ldflags);
	variant_dispose(&v);
	variant_dispose(&v);
	v = parse("default");
	assert_false(v.race);
	assert_int_equal(v.checklinkname, -1);
	variant_dispose(&v);
}

static void test_refused(void **state)
{
	static const struct { const char *text, *words; } rows[] = {
		{ "", "an empty variant" },
		{ "Default", "no setting at \"Default\"" },
		{ "default+race=1", "no setting at \"default+race=1\"" },
		{ "colour=red", "no setting at \"colour=red\"; there are default, checklinkname=0|1" },
		{ "ldflags", "no setting at \"ldflags\"" },
		{ "ldflags=", "ldflags has no value" },
		{ "ldflags=+race=1", "ldflags has no value" },
		{ "race=1+", "\"1+\" must be 0 or 1" },
		{ "race=1+x", "\"1+x\" must be 0 or 1" },
		{ "race=", "\"\" must be 0 or 1" },
		{ "race=yes", "\"yes\" must be 0 or 1" },
		{ "checklinkname=2", "\"2\" must be 0 or 1" },
		{ "checklinkname=01", "\"01\" must be 0 or 1" },
		{ "tags=a+tags=b", "tags stands twice" },
		{ "checklinkname=0+checklinkname=1", "checklinkname stands twice" },
		{ "race=0+race=1", "race stands twice" },
		{ "+race=1", "no setting at \"+race=1\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error err = { 0 };
		struct variant v;

		if (variant_parse(&v, rows[i].text, &err) != ERR_INPUT)
			fail_msg("accepted: \"%s\"", rows[i].text);
		if (!strstr(err.msg, rows[i].words))
			fail_msg("wanted \"%s\", got \"%s\"", rows[i].words, err.msg);
		assert_null(v.name);
	}
}

static void test_split(void **state)
{
	static const struct { const char *list, *words; } rows[] = {
		{ "default", "default" },
		{ "default,checklinkname=0", "default|checklinkname=0" },
		{ "tags=a,b,race=1", "tags=a,b|race=1" },
		{ "tags=a,b+race=1,default", "tags=a,b+race=1|default" },
		{ "tags=defaults,default,default_x", "tags=defaults|default,default_x" },
		{ "tags=a,default_x", "tags=a,default_x" },
		{ "ldflags=-X=a,b,checklinkname=1", "ldflags=-X=a,b|checklinkname=1" },
		{ "", "" },
		{ ",default,", "default" },
		{ "foo", "foo" },
	};
	struct strv out = { 0 };
	char *got;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		variant_split(rows[i].list, &out);
		got = joined(&out);
		assert_string_equal(got, rows[i].words);
		mem_free(got);
	}
	/* a second --variant is not the tail of the first */
	variant_split("tags=a", &out);
	variant_split("b", &out);
	got = joined(&out);
	assert_string_equal(got, "tags=a|b");
	mem_free(got);
}

static void test_is_program(void **state)
{
	static const struct { const char *text; bool is; } rows[] = {
		{ "default", true }, { "buildmode=pie", true }, { "buildmode=exe", true },
		{ "buildmode=c-shared", false }, { "buildmode=plugin+gcflags=-l", false },
	};
	struct error err = { 0 };
	struct variant v;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(variant_parse(&v, rows[i].text, &err), 0);
		assert_int_equal(variant_is_program(&v), rows[i].is);
		variant_dispose(&v);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_is_program),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
