#include "harness/report/table.h"

#include "harness/report/axes.h"
#include "harness/report/matrix.h"
#include "harness/report/words.h"

bool report_is_unexpected(const struct cell_result *c)
{
	return c->verdict == VERDICT_UNEXPECTED || c->verdict == VERDICT_REGRESSED ||
	       c->verdict == VERDICT_CHANGED;
}

void report_table(struct str *out, const struct run_result *r, const struct report_style *style)
{
	enum { LEAST_WIDTH = 60 };
	struct report_style used = *style;
	struct axes axes;

	if (used.width < LEAST_WIDTH)
		used.width = LEAST_WIDTH;
	axes_init(&axes, r, used.utf8);
	matrix_add(out, r, &axes, &used);
	words_add(out, r, &axes, &used);
	if (r->cells.n)
		str_addc(out, '\n');
	words_add_totals(out, r, &used);
	axes_dispose(&axes);
}
