/* Expectations: which rule decides, and when an outcome satisfies it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "results/expect.h"

static struct place place(const char *toolchain, const char *version, const char *target,
			  const char *variant, bool cgo)
{
	struct place p = { .toolchain = toolchain, .target = target, .variant = variant, .cgo = cgo };
	struct error err = { 0 };

	assert_int_equal(gover_parse(&p.version, version, &err), 0);
	return p;
}

static struct rule *add(struct rules *rules)
{
	struct rule empty = { .cgo = -1, .rescue = -1 };

	vec_push(rules, empty);
	return &rules->v[rules->n - 1];
}

static void test_first_wins(void **state)
{
	struct rules rules = { 0 };
	struct place p = place("go1.23.1", "1.23.1", "linux/arm64", "default", false);

	(void)state;
	assert_null(rules_find(&rules, &p));
	strv_add(&add(&rules)->go, "<1.23");
	strv_add(&add(&rules)->go, "1.23");
	add(&rules);
	assert_ptr_equal(rules_find(&rules, &p), &rules.v[1]);
	p = place("go1.22.1", "1.22.1", "linux/arm64", "default", false);
	assert_ptr_equal(rules_find(&rules, &p), &rules.v[0]);
	p = place("go1.24.1", "1.24.1", "linux/arm64", "default", false);
	assert_ptr_equal(rules_find(&rules, &p), &rules.v[2]);
	rules_dispose(&rules);
}

/* Each condition alone, both ways; all together must hold. */
static void test_conditions(void **state)
{
	struct rules rules = { 0 };
	struct rule *r = add(&rules);
	struct place yes = place("go1.27.4+remove(a.b)", "1.27.4", "linux/arm/7", "default", true), p;

	(void)state;
	strv_add(&r->go, "1.22");
	strv_add(&r->go, ">=1.26");
	strv_add(&r->toolchain, "go1.2*+remove(*)");
	strv_add(&r->target, "windows/*");
	strv_add(&r->target, "linux/arm/?");
	strv_add(&r->variant, "def*");
	r->cgo = 1;
	assert_ptr_equal(rules_find(&rules, &yes), r);
	p = yes;
	p.version.minor = 25;
	assert_null(rules_find(&rules, &p));
	p = yes;
	p.toolchain = "go1.27.4";
	assert_null(rules_find(&rules, &p));
	p = yes;
	p.target = "linux/arm";
	assert_null(rules_find(&rules, &p));
	p = yes;
	p.variant = "xdefault";
	assert_null(rules_find(&rules, &p));
	p = yes;
	p.cgo = false;
	assert_null(rules_find(&rules, &p));
	r->cgo = 0;
	assert_ptr_equal(rules_find(&rules, &p), r);
	rules_dispose(&rules);
}

static void test_check(void **state)
{
	struct rules rules = { 0 };
	struct error err = { 0 };

	(void)state;
	strv_add(&add(&rules)->go, "1.22..1.24");
	assert_int_equal(rule_check(&rules.v[0], &err), 0);
	strv_add(&rules.v[0].go, "new");
	assert_int_equal(rule_check(&rules.v[0], &err), ERR_INPUT);
	rules_dispose(&rules);
}

/* NULL want: satisfied. */
static void says(const struct rule *r, const struct outcome *o, const char *want)
{
	struct str why = STR_INIT;

	assert_int_equal(rule_satisfied(r, o, &why), want == NULL);
	assert_int_equal(rule_satisfied(r, o, NULL), want == NULL);
	assert_string_equal(why.s, want ? want : "");
	str_free(&why);
}

static void test_satisfied(void **state)
{
	struct rules rules = { 0 };
	struct rule *r = add(&rules);
	struct outcome o = { .kind = OUTCOME_LINK_REJECTED };

	(void)state;
	says(r, &o, NULL); /* asks nothing */
	r->outcomes = 1u << OUTCOME_PASS | 1u << OUTCOME_LINKED;
	says(r, &o, "expected pass or linked, got link-rejected");
	r->outcomes = 1u << OUTCOME_LINK_REJECTED;
	says(r, &o, NULL);
	outcome_add_symbol(&o, "b.b");
	outcome_add_symbol(&o, "a.a");
	says(r, &o, NULL);
	r->has_symbols = true;
	says(r, &o, "expected symbols none; got a.a, b.b");
	strv_add(&r->symbols, "a.a");
	says(r, &o, "expected symbols a.a; got a.a, b.b"); /* exactly these */
	strv_add(&r->symbols, "b.b");
	says(r, &o, NULL);
	strv_add(&r->symbols, "c.c");
	says(r, &o, "expected symbols a.a, b.b, c.c; got a.a, b.b");
	r->has_symbols = false;
	r->rescue = RESCUE_GONE;
	says(r, &o, "expected rescue gone, got none");
	r->rescue = RESCUE_NONE;
	says(r, &o, NULL);
	o.rescue = RESCUE_CHANGED;
	says(r, &o, "expected rescue none, got changed");
	r->rescue = -1;
	r->signal = mem_strdup("SIGSEGV");
	says(r, &o, "expected signal SIGSEGV, got none");
	o.signal = mem_strdup("SIGBUS");
	says(r, &o, "expected signal SIGSEGV, got SIGBUS");
	mem_free(r->signal);
	r->signal = mem_strdup("SIGBUS");
	says(r, &o, NULL);
	r->message = mem_strdup("invalid");
	says(r, &o, "expected a message with \"invalid\", got \"\"");
	outcome_set_message(&o, "is invalid here");
	says(r, &o, NULL);
	rules_dispose(&rules);
	outcome_dispose(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_wins),
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_satisfied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
