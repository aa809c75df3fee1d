/*
 * Timelines of types' layouts as people and programs read them.  Pure functions of
 * the answers: same input, same bytes.
 */
#ifndef LNM_REPORT_LAYOUT_REPORT_H
#define LNM_REPORT_LAYOUT_REPORT_H

#include "harness/report/table.h"
#include "results/layout_timeline.h"
#include "results/successor.h"

/* What there is to say about one name of the command line. */
struct layout_answer {
	char *asked;
	bool glob;
	VEC(struct layout_timeline) timelines; /* of a glob any number, sorted; else one */
	struct successors successors;          /* not of a glob */
	struct strv nearest;                   /* not found: names that may have been meant */
};
void layout_answer_dispose(struct layout_answer *answer);
bool layout_answer_found(const struct layout_answer *answer);

struct layout_answers { struct layout_answer *v; size_t n, cap; };

void report_layouts_table(struct str *out, const struct timeline_source *src,
			  const struct layout_answers *answers, const struct report_style *style);
/* The contract's `lnmatrix/layout/1`. */
void report_layouts_json(struct str *out, const struct timeline_source *src,
			 const struct layout_answers *answers);

/*
 * A struct of the user's compared with std's: where it fits and where it does not.
 *
 * own   the user's type of each toolchain x target as that build sees it, laid out for the
 *       target; NULL: not known there
 * Appends lines such as "go1.23.12 – go1.27.4 on linux/amd64: goid is at 160, yours at 152".
 * Returns how many (toolchain, target) differ.
 */
size_t report_layout_against(struct str *out, const struct timeline_source *src,
			     const struct layout_timeline *t, const char *own_name,
			     const struct atlas_symbol *const *own, const struct report_style *style);

#endif
