/*
 * Rows of text in columns, for a terminal: cells that are too long are broken over
 * several lines, so that no line is wider than asked.
 */
#ifndef LNM_REPORT_GRID_H
#define LNM_REPORT_GRID_H

#include <stddef.h>

#include "harness/base/mem.h"
#include "harness/report/table.h"

enum { GRID_COLUMNS = 24 };

struct grid {
	size_t columns;
	size_t least[GRID_COLUMNS];          /* a column that may be broken: its least width; 0: not to be */
	bool right[GRID_COLUMNS];            /* numbers */
	VEC(char *) cells;                   /* row by row; owned */
	VEC(const char *) looks;             /* of each: an SGR escape, a literal; NULL: none */
};

/* Adds a cell; rows are filled from the left. The text is made clean. */
void grid_add(struct grid *g, const char *text, const char *look, const struct report_style *style);
/* Columns that it would take in one line a row. */
size_t grid_width(const struct grid *g);
/* Appends the rows, each line indented. */
void grid_print(struct str *out, const struct grid *g, size_t indent, const struct report_style *style);
void grid_dispose(struct grid *g);

#endif
