#include "harness/report/matrix.h"

#include <libsmartcols.h>
#include <stdio.h>
#include <string.h>

#include "harness/report/text.h"

enum {
	LABEL_LEAST = 26, /* below this the toolchains go in blocks instead */
	LABEL_MOST = 44,
	CASE_INDENT = 2,
	ROW_INDENT = 4,
	FOLD_CASES = 6, /* more quiet cases than this are folded into one row */
};

#define BOLD "\033[1m"
#define DIM "\033[2m"
#define LOUD "\033[1;7m"
#define RESET "\033[0m"

static const struct look {
	const char *utf8, *ascii, *color;
} looks[OUTCOME_KINDS] = {
	[OUTCOME_PASS] = { "✓", "P", "\033[32m" },
	[OUTCOME_LINKED] = { "●", "L", "\033[36m" },
	[OUTCOME_COMPILE_ERROR] = { "C", "C", "\033[33m" },
	[OUTCOME_LINK_REJECTED] = { "R", "R", "\033[31m" },
	[OUTCOME_LINK_UNDEFINED] = { "U", "U", "\033[35m" },
	[OUTCOME_LINK_DUPLICATE] = { "D", "D", "\033[35m" },
	[OUTCOME_LINK_ERROR] = { "E", "E", "\033[31m" },
	[OUTCOME_RUN_CRASH] = { "✗", "X", "\033[31m" },
	[OUTCOME_RUN_WRONG] = { "W", "W", "\033[31m" },
	[OUTCOME_TIMEOUT] = { "T", "T", "\033[33m" },
	[OUTCOME_UNSUPPORTED] = { "–", "-", DIM },
	[OUTCOME_FLAKY] = { "~", "~", "\033[33m" },
	[OUTCOME_INFRA] = { "?", "?", "\033[33m" },
};

static const char *glyph_of(const struct cell_result *c, bool utf8)
{
	const struct look *look = &looks[c->outcome.kind];

	return utf8 ? look->utf8 : look->ascii;
}

static const char *gap_glyph(bool utf8)
{
	return utf8 ? "·" : ".";
}

/* What leaps to the eye: '!' not as expected, '*' something to read below. */
static const char *mark_of(const struct cell_result *c)
{
	if (report_is_unexpected(c))
		return "!";
	for (size_t i = 0; i < c->outcome.findings.n; i++)
		if (!finding_is_info(&c->outcome.findings.v[i]))
			return "*";
	return "";
}

/* A case in one variant: its cells, targets down and toolchains across. */
struct group {
	size_t first;             /* its first cell */
	struct fold_set targets;  /* in the order of the rows */
	size_t *cells;            /* rows x toolchains: index + 1, 0 is no cell */
	bool quiet;               /* complete, all cells alike and as expected */
	bool folded;              /* shown in the row of the quiet ones */
};

/* Groups [lo, hi) are of one scenario. */
struct part {
	size_t lo, hi;
	struct fold_set targets;
};

struct line {
	char *heading;        /* a line of its own; else a row: */
	char *label;
	const size_t *cells;  /* by toolchain, or NULL on a label's further lines */
};

struct layout {
	bool stacked;         /* headings on two lines */
	size_t gap;           /* blanks between columns */
	size_t label;         /* columns for labels at most */
	size_t blocks;
};

struct matrix {
	const struct run_result *r;
	const struct axes *axes;
	const struct report_style *style;
	size_t ntoolchains, width;
	VEC(struct group) groups;
	VEC(struct part) parts;
	VEC(struct line) lines;
	struct layout layout;
	size_t lo, hi;        /* toolchains of the block at work */
};

/* ---- groups and parts ---- */

static size_t set_index(const struct fold_set *set, size_t ordinal)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->v[i] == ordinal)
			return i;
	return set->n;
}

static const struct cell_result *cell_at(const struct matrix *m, const size_t *row, size_t column)
{
	return row[column] ? &m->r->cells.v[row[column] - 1] : NULL;
}

static bool group_is_quiet(const struct matrix *m, const struct group *g)
{
	const struct cell_result *first = &m->r->cells.v[g->first];

	for (size_t i = 0; i < g->targets.n * m->ntoolchains; i++) {
		const struct cell_result *c = cell_at(m, g->cells, i);

		if (!c || c->outcome.kind != first->outcome.kind || mark_of(c)[0])
			return false;
	}
	return true;
}

static void add_group(struct matrix *m, size_t lo, size_t hi)
{
	struct group g = { .first = lo };

	for (size_t i = lo; i < hi; i++)
		if (set_index(&g.targets, m->axes->at[i][FOLD_TARGET]) == g.targets.n)
			vec_push(&g.targets, m->axes->at[i][FOLD_TARGET]);
	g.cells = mem_zalloc(g.targets.n * m->ntoolchains * sizeof(*g.cells));
	for (size_t i = lo; i < hi; i++) {
		size_t row = set_index(&g.targets, m->axes->at[i][FOLD_TARGET]);

		g.cells[row * m->ntoolchains + m->axes->at[i][FOLD_TOOLCHAIN]] = i + 1;
	}
	g.quiet = group_is_quiet(m, &g);
	vec_push(&m->groups, g);
}

static const char *scenario_of(const struct matrix *m, const struct group *g)
{
	return m->r->cells.v[g->first].scenario;
}

static void add_part(struct matrix *m, size_t lo, size_t hi)
{
	struct part part = { .lo = lo, .hi = hi };
	size_t ntargets = m->axes->targets.list.n;
	bool *has = mem_zalloc(ntargets * sizeof(*has));

	for (size_t i = lo; i < hi; i++)
		for (size_t j = 0; j < m->groups.v[i].targets.n; j++)
			has[m->groups.v[i].targets.v[j]] = true;
	for (size_t i = 0; i < ntargets; i++)
		if (has[i])
			vec_push(&part.targets, i);
	mem_free(has);
	vec_push(&m->parts, part);
}

static void find_groups(struct matrix *m)
{
	size_t n = m->r->cells.n, hi;

	for (size_t lo = 0; lo < n; lo = hi) {
		const struct cell_result *c = &m->r->cells.v[lo];

		for (hi = lo + 1; hi < n; hi++)
			if (m->axes->at[hi][FOLD_WHO] != m->axes->at[lo][FOLD_WHO] ||
			    strcmp(m->r->cells.v[hi].scenario, c->scenario) != 0)
				break;
		add_group(m, lo, hi);
	}
	for (size_t lo = 0; lo < m->groups.n; lo = hi) {
		const char *scenario = scenario_of(m, &m->groups.v[lo]);

		for (hi = lo + 1; hi < m->groups.n; hi++)
			if (strcmp(scenario_of(m, &m->groups.v[hi]), scenario) != 0)
				break;
		add_part(m, lo, hi);
	}
}

/* ---- lines ---- */

static void push_heading(struct matrix *m, const char *text, size_t indent)
{
	struct text_shape shape = { m->width, indent, indent + 4, 0, m->style->utf8 };
	struct str wrapped = STR_INIT;
	struct line line = { 0 };

	text_add_wrapped(&wrapped, text, &shape);
	for (char *s = wrapped.s, *end; (end = strchr(s, '\n')); s = end + 1) {
		line.heading = mem_strndup(s, (size_t)(end - s));
		vec_push(&m->lines, line);
	}
	str_free(&wrapped);
}

/* A row whose label may take several lines; the cells stand on the first. */
static void push_row(struct matrix *m, const char *label, size_t indent, const size_t *cells)
{
	struct text_shape shape = { m->layout.label, indent, indent, 0, m->style->utf8 };
	struct str wrapped = STR_INIT;
	struct line line = { .cells = cells };

	text_add_wrapped(&wrapped, label, &shape);
	for (char *s = wrapped.s, *end; (end = strchr(s, '\n')); s = end + 1) {
		line.label = mem_strndup(s, (size_t)(end - s));
		vec_push(&m->lines, line);
		line.cells = NULL;
	}
	str_free(&wrapped);
}

/* How a row of the block looks, as text; empty when it has no cell there. */
static void row_look(struct str *out, const struct matrix *m, const size_t *row)
{
	bool any = false;

	str_clear(out);
	for (size_t i = m->lo; i < m->hi; i++) {
		const struct cell_result *c = cell_at(m, row, i);

		str_addf(out, "%s%s ", c ? glyph_of(c, m->style->utf8) : "", c ? mark_of(c) : "");
		any |= c != NULL;
	}
	if (!any)
		str_clear(out);
}

/* Rows of a group that look alike in this block. */
struct row_class {
	struct fold_set targets;
	const size_t *cells;
};

struct row_classes {
	struct row_class *v;
	size_t n, cap;
	size_t targets; /* in all of them */
};

static void classes_find(struct row_classes *out, const struct matrix *m, const struct group *g)
{
	struct names seen = { 0 };
	struct str look = STR_INIT;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < g->targets.n; i++) {
		const size_t *row = g->cells + i * m->ntoolchains;
		struct row_class fresh = { .cells = row };
		size_t k;

		row_look(&look, m, row);
		if (look.len == 0)
			continue;
		k = names_add(&seen, look.s);
		if (k == out->n)
			vec_push(out, fresh);
		vec_push(&out->v[k].targets, g->targets.v[i]);
		out->targets++;
	}
	str_free(&look);
	names_dispose(&seen);
}

static void classes_dispose(struct row_classes *classes)
{
	for (size_t i = 0; i < classes->n; i++)
		vec_free(&classes->v[i].targets);
	vec_free(classes);
}

static void case_label(struct str *out, const struct matrix *m, const struct group *g)
{
	const struct cell_result *c = &m->r->cells.v[g->first];

	str_clear(out);
	text_add_clean(out, c->kase, m->style->utf8);
	str_add(out, ", ");
	text_add_clean(out, c->variant, m->style->utf8);
}

static bool label_fits(const struct matrix *m, const char *label, size_t indent)
{
	return indent + text_width(label) <= m->layout.label;
}

/*
 * The class to be called "the other 7 targets": the largest, when there are
 * others, the part's targets are all there and its list is too long to read.
 */
static size_t others_of(const struct matrix *m, const struct part *part,
			const struct row_classes *classes)
{
	struct str list = STR_INIT;
	size_t best = 0;

	for (size_t i = 1; i < classes->n; i++)
		if (classes->v[i].targets.n > classes->v[best].targets.n)
			best = i;
	axes_list_targets(&list, m->axes, &classes->v[best].targets);
	if (classes->n < 2 || classes->targets != part->targets.n ||
	    label_fits(m, list.s, ROW_INDENT))
		best = classes->n;
	str_free(&list);
	return best;
}

static void push_classes(struct matrix *m, const struct part *part,
			 const struct row_classes *classes)
{
	size_t others = others_of(m, part, classes);
	struct str label = STR_INIT;

	for (size_t i = 0; i < classes->n; i++) {
		if (i == others)
			continue;
		str_clear(&label);
		if (classes->n == 1 && classes->targets == part->targets.n && part->targets.n > 1)
			str_addf(&label, "all %zu targets", classes->targets);
		else
			axes_list_targets(&label, m->axes, &classes->v[i].targets);
		push_row(m, label.s, ROW_INDENT, classes->v[i].cells);
	}
	if (others < classes->n) {
		str_clear(&label);
		str_addf(&label, "the other %zu targets", classes->v[others].targets.n);
		push_row(m, label.s, ROW_INDENT, classes->v[others].cells);
	}
	str_free(&label);
}

static void push_group(struct matrix *m, const struct part *part, const struct group *g)
{
	struct row_classes classes;
	struct str label = STR_INIT;

	classes_find(&classes, m, g);
	case_label(&label, m, g);
	if (classes.n == 1 && classes.targets == part->targets.n &&
	    label_fits(m, label.s, CASE_INDENT)) {
		push_row(m, label.s, CASE_INDENT, classes.v[0].cells);
	} else if (classes.n > 0) {
		push_heading(m, label.s, CASE_INDENT);
		push_classes(m, part, &classes);
	}
	str_free(&label);
	classes_dispose(&classes);
}

/* What quiet groups must share to be one row. */
static void quiet_key(struct str *out, const struct matrix *m, const struct group *g)
{
	const struct cell_result *c = &m->r->cells.v[g->first];

	str_clear(out);
	str_addf(out, "%d %s", c->outcome.kind, c->variant);
}

struct quiet {
	size_t count, first;
};

/* Marks the quiet groups that are folded; appends their rows' groups to `out`. */
static void fold_quiet(struct matrix *m, const struct part *part, struct quiet **out, size_t *n)
{
	struct names keys = { 0 };
	struct str key = STR_INIT;
	struct quiet *sums = mem_zalloc((part->hi - part->lo) * sizeof(*sums));

	for (size_t i = part->lo; i < part->hi; i++) {
		struct group *g = &m->groups.v[i];

		g->folded = false;
		if (!g->quiet || g->targets.n != part->targets.n)
			continue;
		quiet_key(&key, m, g);
		struct quiet *sum = &sums[names_add(&keys, key.s)];

		if (sum->count++ == 0)
			sum->first = i;
	}
	for (size_t i = part->lo; i < part->hi; i++) {
		struct group *g = &m->groups.v[i];

		if (!g->quiet || g->targets.n != part->targets.n)
			continue;
		quiet_key(&key, m, g);
		g->folded = sums[names_find(&keys, key.s)].count > FOLD_CASES;
	}
	*out = sums;
	*n = keys.list.n;
	str_free(&key);
	names_dispose(&keys);
}

static size_t count_variant(const struct matrix *m, const struct part *part, const char *variant)
{
	size_t n = 0;

	for (size_t i = part->lo; i < part->hi; i++)
		if (strcmp(m->r->cells.v[m->groups.v[i].first].variant, variant) == 0)
			n++;
	return n;
}

static void push_quiet(struct matrix *m, const struct part *part, const struct quiet *sum)
{
	const struct group *g = &m->groups.v[sum->first];
	const char *variant = m->r->cells.v[g->first].variant;
	bool all = sum->count == count_variant(m, part, variant);
	struct str label = STR_INIT;

	str_addf(&label, all ? "all %zu cases, " : "%zu other cases, ", sum->count);
	text_add_clean(&label, variant, m->style->utf8);
	if (label_fits(m, label.s, CASE_INDENT)) {
		push_row(m, label.s, CASE_INDENT, g->cells);
	} else {
		push_heading(m, label.s, CASE_INDENT);
		push_row(m, part->targets.n == 1 ? "its target" : "all targets", ROW_INDENT, g->cells);
	}
	str_free(&label);
}

static void push_part(struct matrix *m, const struct part *part)
{
	struct str heading = STR_INIT;
	struct quiet *sums;
	size_t nsums;

	text_add_clean(&heading, scenario_of(m, &m->groups.v[part->lo]), m->style->utf8);
	if (part->targets.n > 1)
		str_addf(&heading, ", %zu targets: ", part->targets.n);
	else
		str_add(&heading, ": ");
	axes_list_targets(&heading, m->axes, &part->targets);
	push_heading(m, heading.s, 0);
	str_free(&heading);

	fold_quiet(m, part, &sums, &nsums);
	for (size_t i = part->lo; i < part->hi; i++)
		if (!m->groups.v[i].folded)
			push_group(m, part, &m->groups.v[i]);
	for (size_t i = 0; i < nsums; i++)
		if (sums[i].count > FOLD_CASES)
			push_quiet(m, part, &sums[i]);
	mem_free(sums);
}

static void lines_clear(struct matrix *m)
{
	for (size_t i = 0; i < m->lines.n; i++) {
		mem_free(m->lines.v[i].heading);
		mem_free(m->lines.v[i].label);
	}
	vec_free(&m->lines);
}

/* ---- layout ---- */

/* Where "1.27.4+A" breaks when headings are stacked: "1.27" over ".4+A". */
static size_t heading_break(const char *h)
{
	size_t n = strspn(h, "0123456789");

	if (n && h[n] == '.')
		return n + 1 + strspn(h + n + 1, "0123456789");
	n = strcspn(h, " :");
	return h[n] == ':' ? n + 1 : n;
}

static void stacked_half(struct str *out, const char *h, bool lower)
{
	size_t at = heading_break(h);

	str_clear(out);
	if (lower)
		str_add(out, h + at + (h[at] == ' '));
	else
		str_addn(out, h, at);
}

static size_t heading_width(const struct matrix *m, size_t toolchain, bool stacked)
{
	const char *h = m->axes->headings.v[toolchain];
	struct str half = STR_INIT;
	size_t upper, lower;

	if (!stacked)
		return text_width(h);
	stacked_half(&half, h, false);
	upper = text_width(half.s);
	stacked_half(&half, h, true);
	lower = text_width(half.s);
	str_free(&half);
	return upper > lower ? upper : lower;
}

static size_t columns_width(const struct matrix *m, size_t lo, size_t hi, bool stacked, size_t gap)
{
	size_t sum = 0;

	for (size_t i = lo; i < hi; i++)
		sum += gap + heading_width(m, i, stacked);
	return sum;
}

/* Columns that the labels would like to have. */
static size_t natural_label(struct matrix *m)
{
	size_t most = 0;

	m->layout.label = LABEL_MOST;
	m->lo = 0;
	m->hi = m->ntoolchains;
	for (size_t i = 0; i < m->parts.n; i++)
		push_part(m, &m->parts.v[i]);
	for (size_t i = 0; i < m->lines.n; i++) {
		size_t w = m->lines.v[i].label ? text_width(m->lines.v[i].label) : 0;

		if (w > most)
			most = w;
	}
	lines_clear(m);
	return most;
}

/* The toolchains that begin block `b` of `blocks`, as even as can be. */
static size_t block_start(const struct matrix *m, size_t b, size_t blocks)
{
	return m->ntoolchains * b / blocks;
}

static size_t blocks_needed(const struct matrix *m, bool stacked, size_t room)
{
	for (size_t blocks = 1; blocks < m->ntoolchains; blocks++) {
		bool fits = true;

		for (size_t b = 0; b < blocks && fits; b++)
			fits = columns_width(m, block_start(m, b, blocks),
					     block_start(m, b + 1, blocks), stacked, 1) <= room;
		if (fits)
			return blocks;
	}
	return m->ntoolchains;
}

/* The first way that fits: wide, close, with stacked headings, in blocks. */
static struct layout choose_layout(struct matrix *m)
{
	static const struct { bool stacked; size_t gap; bool squeeze; } ways[] = {
		{ false, 2, false }, { false, 1, false }, { false, 1, true },
		{ true, 2, false },  { true, 1, false },  { true, 1, true },
	};
	size_t natural = natural_label(m), plain, stacked;
	size_t least = natural < LABEL_LEAST ? natural : LABEL_LEAST;

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		size_t need = columns_width(m, 0, m->ntoolchains, ways[i].stacked, ways[i].gap);
		size_t label = ways[i].squeeze ? least : natural;

		if (need + label > m->width)
			continue;
		if (m->width - need < natural)
			natural = m->width - need;
		return (struct layout){ ways[i].stacked, ways[i].gap, natural, 1 };
	}
	plain = blocks_needed(m, false, m->width - least);
	stacked = blocks_needed(m, true, m->width - least);
	return (struct layout){ stacked < plain, 1, least, stacked < plain ? stacked : plain };
}

/* ---- printing ---- */

static void print_headings(const struct matrix *m, struct libscols_table *tb)
{
	struct str text = STR_INIT;

	for (int half = 0; half <= (int)m->layout.stacked; half++) {
		struct libscols_line *line = scols_table_new_line(tb, NULL);

		for (size_t i = m->lo; i < m->hi; i++) {
			str_clear(&text);
			if (m->layout.stacked)
				stacked_half(&text, m->axes->headings.v[i], half);
			else
				str_add(&text, m->axes->headings.v[i]);
			scols_line_set_data(line, i - m->lo + 1, text.s);
		}
	}
	str_free(&text);
}

static void print_row(const struct matrix *m, struct libscols_table *tb, const struct line *row)
{
	struct libscols_line *line = scols_table_new_line(tb, NULL);

	scols_line_set_data(line, 0, row->label);
	for (size_t i = m->lo; row->cells && i < m->hi; i++) {
		const struct cell_result *c = cell_at(m, row->cells, i);
		char text[16];

		snprintf(text, sizeof(text), "%s%s",
			 c ? glyph_of(c, m->style->utf8) : gap_glyph(m->style->utf8),
			 c ? mark_of(c) : "");
		scols_line_set_data(line, i - m->lo + 1, text);
	}
}

/* Rows through libsmartcols: one line of output each. Caller frees. */
static char *print_rows(const struct matrix *m)
{
	struct libscols_table *tb = scols_new_table();
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	if (!f || !tb) /* memory, or nothing */
		return mem_strdup("");
	scols_table_set_stream(tb, f);
	scols_table_enable_noheadings(tb, 1);
	scols_table_set_column_separator(tb, m->layout.gap == 2 ? "  " : " ");
	scols_table_set_termforce(tb, SCOLS_TERMFORCE_ALWAYS);
	scols_table_set_termwidth(tb, m->width);
	for (size_t i = 0; i <= m->hi - m->lo; i++)
		scols_table_new_column(tb, NULL, 0, 0);
	print_headings(m, tb);
	for (size_t i = 0; i < m->lines.n; i++)
		if (!m->lines.v[i].heading)
			print_row(m, tb, &m->lines.v[i]);
	scols_print_table(tb);
	scols_unref_table(tb);
	fclose(f);
	return text;
}

/* The next line of *rows without the blanks that padding left; *rows moves on. */
static size_t take_line(const char **line, const char **rows)
{
	size_t n = strcspn(*rows, "\n"), kept = n;

	*line = *rows;
	while (kept > 0 && (*line)[kept - 1] == ' ')
		kept--;
	*rows += n + ((*rows)[n] == '\n');
	return kept;
}

static void add_heading_line(struct str *out, const struct matrix *m, const char *s, size_t n)
{
	if (m->style->color)
		str_add(out, BOLD);
	str_addn(out, s, n);
	str_add(out, m->style->color ? RESET "\n" : "\n");
}

/*
 * A row, its glyphs colored.  Done here, because libsmartcols would color the
 * padding too; no cell is empty, so the words behind the label are the cells.
 */
static void add_row(struct str *out, const struct matrix *m, const struct line *row, const char *s,
		    size_t n)
{
	size_t at = strlen(row->label), word;

	if (!m->style->color || !row->cells || at > n || memcmp(s, row->label, at) != 0) {
		str_addn(out, s, n);
		str_addc(out, '\n');
		return;
	}
	str_addn(out, s, at);
	for (size_t i = m->lo; at < n; i++, at += word) {
		const struct cell_result *c = cell_at(m, row->cells, i);
		size_t blanks = strspn(s + at, " ");

		str_addn(out, s + at, blanks);
		at += blanks;
		word = strcspn(s + at, " \n");
		str_add(out, c ? looks[c->outcome.kind].color : DIM);
		if (c && report_is_unexpected(c))
			str_add(out, LOUD);
		str_addn(out, s + at, word);
		str_add(out, RESET);
	}
	str_addc(out, '\n');
}

static void add_block(struct str *out, struct matrix *m)
{
	const char *rows, *s;
	char *text;
	size_t n;

	for (size_t i = 0; i < m->parts.n; i++)
		push_part(m, &m->parts.v[i]);
	rows = text = print_rows(m);
	for (int i = 0; i <= (int)m->layout.stacked; i++) {
		n = take_line(&s, &rows);
		add_heading_line(out, m, s, n);
	}
	for (size_t i = 0; i < m->lines.n; i++) {
		const struct line *line = &m->lines.v[i];

		if (!line->heading) {
			n = take_line(&s, &rows);
			add_row(out, m, line, s, n);
		} else if (line->heading[0] != ' ') {
			add_heading_line(out, m, line->heading, strlen(line->heading));
		} else {
			str_addf(out, "%s\n", line->heading);
		}
	}
	mem_free(text);
	lines_clear(m);
}

/* ---- legend ---- */

static void add_key(struct str *out, const char *glyph, const char *meaning)
{
	str_addf(out, "%s%s" TEXT_TIE "%s", out->len ? "   " : "", glyph, meaning);
}

static bool has_gaps(const struct matrix *m)
{
	for (size_t i = 0; i < m->groups.n; i++)
		for (size_t j = 0; j < m->groups.v[i].targets.n * m->ntoolchains; j++)
			if (m->groups.v[i].cells[j] == 0)
				return true;
	return false;
}

static void add_legend(struct str *out, const struct matrix *m)
{
	struct text_shape shape = { m->width, 0, 0, 0, m->style->utf8 };
	struct str keys = STR_INIT;
	size_t seen[OUTCOME_KINDS] = { 0 };
	bool unexpected = false, marked = false;

	for (size_t i = 0; i < m->r->cells.n; i++) {
		const struct cell_result *c = &m->r->cells.v[i];

		seen[c->outcome.kind]++;
		unexpected |= mark_of(c)[0] == '!';
		marked |= mark_of(c)[0] == '*';
	}
	for (int k = 0; k < OUTCOME_KINDS; k++)
		if (seen[k])
			add_key(&keys, m->style->utf8 ? looks[k].utf8 : looks[k].ascii,
				outcome_name(k));
	if (has_gaps(m))
		add_key(&keys, gap_glyph(m->style->utf8),
			m->r->interrupted ? "not" TEXT_TIE "run" TEXT_TIE "yet" :
					     "not" TEXT_TIE "asked" TEXT_TIE "for");
	if (unexpected)
		add_key(&keys, "!", "unexpected");
	if (marked)
		add_key(&keys, "*", "see" TEXT_TIE "findings");
	text_add_wrapped(out, keys.s, &shape);
	for (size_t i = 0; i < m->axes->aliases.n; i++) {
		shape.rest = 4;
		text_add_wrapped(out, m->axes->aliases.v[i], &shape);
	}
	str_free(&keys);
}

void matrix_add(struct str *out, const struct run_result *r, const struct axes *axes,
		const struct report_style *style)
{
	struct matrix m = { .r = r, .axes = axes, .style = style };

	if (r->cells.n == 0)
		return;
	m.ntoolchains = axes->toolchains.list.n;
	m.width = (size_t)style->width;
	find_groups(&m);
	m.layout = choose_layout(&m);
	for (size_t b = 0; b < m.layout.blocks; b++) {
		m.lo = block_start(&m, b, m.layout.blocks);
		m.hi = block_start(&m, b + 1, m.layout.blocks);
		add_block(out, &m);
		str_addc(out, '\n');
	}
	add_legend(out, &m);

	for (size_t i = 0; i < m.groups.n; i++) {
		vec_free(&m.groups.v[i].targets);
		mem_free(m.groups.v[i].cells);
	}
	for (size_t i = 0; i < m.parts.n; i++)
		vec_free(&m.parts.v[i].targets);
	vec_free(&m.groups);
	vec_free(&m.parts);
}
