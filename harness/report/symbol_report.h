/*
 * Timelines of symbols as people and programs read them.  Pure functions of the
 * answers: same input, same bytes.
 */
#ifndef LNM_REPORT_SYMBOL_REPORT_H
#define LNM_REPORT_SYMBOL_REPORT_H

#include "harness/report/table.h"
#include "results/successor.h"
#include "results/symbol_timeline.h"

/* What there is to say about one name of the command line. */
struct symbol_answer {
	char *asked;                          /* as it was written */
	bool glob;
	struct symbol_timelines timelines;    /* of a glob any number, sorted; else one */
	struct successors successors;         /* not of a glob */
	struct strv nearest;                  /* not found: names that may have been meant */
};
void symbol_answer_dispose(struct symbol_answer *answer);
/* Did any toolchain that was asked have it? */
bool symbol_answer_found(const struct symbol_answer *answer);

struct symbol_answers { struct symbol_answer *v; size_t n, cap; };

void report_symbols_table(struct str *out, const struct timeline_source *src,
			  const struct symbol_answers *answers, const struct report_style *style);
/* The contract's `lnmatrix/symbol/1`. */
void report_symbols_json(struct str *out, const struct timeline_source *src,
			 const struct symbol_answers *answers);

#endif
