/* Go versions: parsing, order, names, conditions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "toolchains/gover.h"

static struct gover ver(const char *text)
{
	struct error err = { 0 };
	struct gover v;

	assert_int_equal(gover_parse(&v, text, &err), 0);
	return v;
}

static void test_names(void **state)
{
	static const char *const pairs[][2] = {
		{ "1.22.12", "go1.22.12" }, { "go1.22.12", "go1.22.12" }, { "1.27rc1", "go1.27rc1" },
		{ "1.21beta1", "go1.21beta1" }, { "go1.20", "go1.20" }, { "1.20.0", "go1.20" },
		{ "1.21.0", "go1.21.0" }, { "1.27", "go1.27" }, { "1.9.7", "go1.9.7" },
	};
	char name[GOVER_NAME];

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct gover v = ver(pairs[i][0]);

		assert_string_equal(gover_name(name, &v), pairs[i][1]);
	}
}

static void test_refused(void **state)
{
	static const char *const bad[] = { "", "go", "1", "1.", "1.x", "v1.22", "1.22.", "1.22.x",
					   "1.22rc", "1.22rc1.2", "1.22.3rc1", "1.022", "1.22 ",
					   "01.2", "0.1", "1.22-rc1", "1.99999999999999" };
	struct gover v = { .major = 7 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct error err = { 0 };

		assert_int_equal(gover_parse(&v, bad[i], &err), ERR_INPUT);
		assert_non_null(strstr(err.msg, bad[i]));
		assert_int_equal(v.major, 7);
	}
}

static void test_order(void **state)
{
	static const char *const order[] = { "1.17rc2", "1.17", "1.17.1", "1.20rc1", "1.20",
					     "1.20.1", "1.21", "1.21rc1", "1.21.0", "1.21.10",
					     "1.27", "1.27beta1", "1.27rc1", "1.27rc3", "1.27.0",
					     "1.27.4", "1.28" };
	size_t n = sizeof(order) / sizeof(order[0]);

	(void)state;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++) {
			struct gover a = ver(order[i]), b = ver(order[k]);

			assert_int_equal(gover_cmp(&a, &b), (i > k) - (i < k));
		}
}

static void test_kinds(void **state)
{
	struct gover rc = ver("1.27rc1"), release = ver("1.27.4"), lang = ver("1.27"), old, minor;

	(void)state;
	old = ver("1.20");
	assert_true(gover_is_candidate(&rc) && !gover_is_release(&rc));
	assert_true(!gover_is_candidate(&release) && gover_is_release(&release));
	assert_true(!gover_is_candidate(&lang) && !gover_is_release(&lang));
	assert_true(gover_is_release(&old));
	assert_true(gover_same_minor(&rc, &release) && !gover_same_minor(&rc, &old));
	assert_true(gover_parse_minor(&minor, "go1.20") && !gover_is_release(&minor));
	assert_false(gover_parse_minor(&minor, "1.20.0") || gover_parse_minor(&minor, "1.20rc1"));
}

static void test_conditions(void **state)
{
	static const struct { const char *cond, *yes, *no; } rows[] = {
		{ "1.22", "1.22.0 1.22.12 1.22rc1", "1.21.13 1.23rc1" },
		{ "1.20", "1.20 1.20.14 1.20rc1", "1.19.13 1.21.0" },
		{ "1.22.3", "1.22.3", "1.22.4 1.22.2" },
		{ "go1.27rc1", "1.27rc1", "1.27rc2 1.27.0" },
		{ "1.22..1.25", "1.22rc1 1.22.0 1.25.14 1.25rc1", "1.21.13 1.26rc1" },
		{ "1.22.3..1.24rc1", "1.22.3 1.23.0 1.24rc1", "1.22.2 1.24rc2 1.24.0" },
		{ "1.22..1.22", "1.22.5", "1.23.0" },
		{ ">=1.23", "1.23rc1 1.23.0 1.27.4", "1.22.12" },
		{ "<1.23", "1.22.12 1.17", "1.23rc1 1.23.0" },
		{ ">1.22", "1.23rc1", "1.22.12" },
		{ "<=1.22", "1.22.12 1.22rc1", "1.23rc1" },
		{ ">1.22.3", "1.22.4 1.23.0", "1.22.3 1.22rc1" },
		{ "<=1.27rc2", "1.27rc2 1.27rc1 1.26.11", "1.27rc3 1.27.0" },
		{ ">= 1.23", "1.23.0", "1.22.0" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (int want = 0; want < 2; want++) {
			char list[128], *save = NULL;

			strcpy(list, want ? rows[i].yes : rows[i].no);
			for (char *w = strtok_r(list, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
				struct error err = { 0 };
				struct gover v = ver(w);

				assert_int_equal(gover_match(rows[i].cond, &v, &err), want);
			}
		}
}

static void test_malformed_conditions(void **state)
{
	static const char *const bad[] = { "", "x", "=1.22", "==1.22", "<>1.22", "=<1.22", ">", ">=",
					   "..", "1.22..", "..1.22", "1.22...1.25", ">1.22..1.25",
					   "1.22,1.23", "~1.22", ">>1.2", "1.22.*", " 1.22" };
	struct gover v = ver("1.22.1");
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err = (struct error){ 0 };
		assert_int_equal(gover_match(bad[i], &v, &err), ERR_INPUT);
		assert_int_equal(err.code, ERR_INPUT);
	}
	assert_int_equal(gover_match("1.25..1.22", &v, &err), ERR_INPUT);
	assert_non_null(strstr(err.msg, "did you mean 1.22..1.25"));
	assert_int_equal(gover_match("1.22.3..1.22.1", &v, &err), ERR_INPUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),	   cmocka_unit_test(test_refused),
		cmocka_unit_test(test_order),	   cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_conditions), cmocka_unit_test(test_malformed_conditions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
