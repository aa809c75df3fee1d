/* harness/report/progress.c: the live line and how it gives way to a narrow terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <locale.h>
#include <string.h>

#include "harness/report/progress.h"
#include "harness/report/text.h"

static const struct progress_download downloads[] = {
	{ "go1.27.4", 34123456, 0 },
	{ "go1.26.11", 61000000, 65400000 },
};

static const struct progress busy = {
	.done = 87, .total = 256, .building = 2, .running = 1,
	.downloads = downloads, .ndownloads = 1,
	.current = "crosscall2 linux/arm64 go1.26.11",
	.elapsed_ms = 12999, .eta_ms = -1, .utf8 = true,
};

static void expect_line(const struct progress *p, int width, const char *want)
{
	struct str got = STR_INIT;

	progress_line(&got, p, width);
	assert_string_equal(got.s, want);
	str_free(&got);
}

static void test_whole_line(void **state)
{
	struct progress p = busy;

	(void)state;
	expect_line(&busy, 100, "[ 87/256] 2 building, 1 running · go1.27.4 34 MB · "
				"crosscall2 linux/arm64 go1.26.11 · 0:12");
	p.ndownloads = 2;
	p.eta_ms = 65000;
	expect_line(&p, 140, "[ 87/256] 2 building, 1 running · go1.27.4 34 MB, "
			     "go1.26.11 61/66 MB · crosscall2 linux/arm64 go1.26.11 · "
			     "0:12, ≈1:05 left");
	p.utf8 = false;
	p.current = "é\033[2J";
	expect_line(&p, 140, "[ 87/256] 2 building, 1 running - go1.27.4 34 MB, "
			     "go1.26.11 61/66 MB - ??[2J - 0:12, ~1:05 left");
}

static void test_idle_and_hours(void **state)
{
	struct progress p = { .done = 3, .total = 3, .elapsed_ms = 3723000, .eta_ms = -1 };

	(void)state;
	expect_line(&p, 80, "[3/3] 1:02:03");
	p.running = 4;
	expect_line(&p, 80, "[3/3] 4 running - 1:02:03");
}

static void test_what_gives_way(void **state)
{
	struct progress p = busy;

	(void)state;
	p.eta_ms = 65000;
	p.ndownloads = 2;
	/* First the cell's name, then the single downloads and what is left of time. */
	expect_line(&p, 106, "[ 87/256] 2 building, 1 running · go1.27.4 34 MB, go1.26.11 61/66 MB · "
			     "crosscall2 linu… · 0:12, ≈1:05 left");
	expect_line(&p, 94, "[ 87/256] 2 building, 1 running · 2 downloads 95 MB · "
			    "crosscall2 linux/arm64 go1.26.11 · 0:12");
	expect_line(&p, 70, "[ 87/256] 2 building, 1 running · 2 downloads 95 MB · 0:12");
	expect_line(&p, 46, "[ 87/256] 2 building, 1 running · 0:12");
	expect_line(&p, 30, "[ 87/256] 0:12");
	expect_line(&p, 10, "[ 87/256]");
	expect_line(&p, 5, "[ 87…");
}

static void test_never_wider(void **state)
{
	struct progress p = busy;

	(void)state;
	p.ndownloads = 2;
	p.eta_ms = 3000;
	for (int width = -1; width < 160; width++) {
		struct str got = STR_INIT;

		progress_line(&got, &p, width);
		assert_true(text_width(got.s) <= (size_t)(width > 0 ? width : 0));
		if (width >= 9)
			assert_memory_equal(got.s, "[ 87/256]", 9);
		str_free(&got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_line),
		cmocka_unit_test(test_idle_and_hours),
		cmocka_unit_test(test_what_gives_way),
		cmocka_unit_test(test_never_wider),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
