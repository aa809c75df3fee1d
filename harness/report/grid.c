#include "harness/report/grid.h"

#include <libsmartcols.h>
#include <stdio.h>
#include <string.h>

#include "harness/report/text.h"

enum { GAP = 2 };

void grid_add(struct grid *g, const char *text, const char *look, const struct report_style *style)
{
	struct str clean = STR_INIT;

	text_add_clean(&clean, text, style->utf8);
	vec_push(&g->cells, str_detach(&clean));
	vec_push(&g->looks, style->color ? look : NULL);
}

void grid_dispose(struct grid *g)
{
	for (size_t i = 0; i < g->cells.n; i++)
		mem_free(g->cells.v[i]);
	vec_free(&g->cells);
	vec_free(&g->looks);
}

static void natural_widths(const struct grid *g, size_t widths[GRID_COLUMNS])
{
	memset(widths, 0, GRID_COLUMNS * sizeof(*widths));
	for (size_t i = 0; i < g->cells.n; i++) {
		size_t w = text_width(g->cells.v[i]);

		if (w > widths[i % g->columns])
			widths[i % g->columns] = w;
	}
}

static size_t sum_of(const struct grid *g, const size_t widths[GRID_COLUMNS])
{
	size_t sum = 0;

	for (size_t c = 0; c < g->columns; c++)
		if (widths[c])
			sum += widths[c] + (sum ? GAP : 0);
	return sum;
}

size_t grid_width(const struct grid *g)
{
	size_t widths[GRID_COLUMNS];

	natural_widths(g, widths);
	return sum_of(g, widths);
}

/* Takes columns off the widest that may be broken until all fit; where that does not do, off
 * any. */
static void fit(const struct grid *g, size_t widths[GRID_COLUMNS], size_t room)
{
	enum { LEAST = 8 };

	for (int anyone = 0; anyone < 2; anyone++) {
		while (sum_of(g, widths) > room) {
			size_t widest = g->columns;

			for (size_t c = 0; c < g->columns; c++) {
				size_t least = anyone ? LEAST : g->least[c] ? g->least[c] : widths[c];

				if (widths[c] > least && (widest == g->columns || widths[c] > widths[widest]))
					widest = c;
			}
			if (widest == g->columns)
				break;
			widths[widest]--;
		}
	}
}

/* A row of the grid as rows of the table: one for each line of its longest cell. */
static void print_row(struct libscols_table *tb, const struct grid *g, size_t row, size_t indent,
		      const size_t widths[GRID_COLUMNS], const struct report_style *style)
{
	struct str wrapped[GRID_COLUMNS];
	const char *at[GRID_COLUMNS];
	bool more;

	for (size_t c = 0; c < g->columns; c++) {
		struct text_shape shape = { widths[c] ? widths[c] : 1, 0, 0, 0, style->utf8 };

		wrapped[c] = (struct str)STR_INIT;
		text_add_wrapped(&wrapped[c], g->cells.v[row * g->columns + c], &shape);
		at[c] = wrapped[c].s;
	}
	for (;;) {
		struct libscols_line *line;
		size_t column = 0;

		more = false;
		for (size_t c = 0; c < g->columns; c++)
			more |= *at[c] != '\0';
		if (!more)
			break;
		line = scols_table_new_line(tb, NULL);
		for (size_t c = 0; c < g->columns; c++) {
			size_t n = strcspn(at[c], "\n");
			const char *look = g->looks.v[row * g->columns + c];
			char *text = mem_printf("%*s%.*s", column ? 0 : (int)indent, "", (int)n, at[c]);

			if (widths[c]) {
				scols_line_set_data(line, column, text);
				if (look && n)
					scols_cell_set_color(scols_line_get_cell(line, column), look);
				column++;
			}
			mem_free(text);
			at[c] += n + (at[c][n] == '\n');
		}
	}
	for (size_t c = 0; c < g->columns; c++)
		str_free(&wrapped[c]);
}

/* Without the blanks that padding left at the ends of lines. */
static void add_trimmed(struct str *out, const char *text)
{
	for (size_t n; *text; text += n + (text[n] == '\n')) {
		size_t kept;

		n = strcspn(text, "\n");
		for (kept = n; kept > 0 && text[kept - 1] == ' ';)
			kept--;
		str_addn(out, text, kept);
		str_addc(out, '\n');
	}
}

void grid_print(struct str *out, const struct grid *g, size_t indent, const struct report_style *style)
{
	struct libscols_table *tb = scols_new_table();
	size_t widths[GRID_COLUMNS], n = 0, room = (size_t)style->width;
	char *text = NULL;
	FILE *f = open_memstream(&text, &n);

	if (!f || !tb || g->columns == 0) /* memory, or nothing */
		return;
	natural_widths(g, widths);
	fit(g, widths, room > indent ? room - indent : 1);
	scols_table_set_stream(tb, f);
	scols_table_enable_noheadings(tb, 1);
	scols_table_enable_colors(tb, style->color);
	scols_table_set_column_separator(tb, "  ");
	scols_table_set_termforce(tb, SCOLS_TERMFORCE_ALWAYS);
	scols_table_set_termwidth(tb, 10000); /* the widths are settled here */
	for (size_t c = 0; c < g->columns; c++)
		if (widths[c])
			scols_table_new_column(tb, NULL, 0, g->right[c] ? SCOLS_FL_RIGHT : 0);
	for (size_t row = 0; row < g->cells.n / g->columns; row++)
		print_row(tb, g, row, indent, widths, style);
	scols_print_table(tb);
	scols_unref_table(tb);
	fclose(f);
	add_trimmed(out, text ? text : "");
	mem_free(text);
}
