#include "harness/report/layout_report.h"

#include <string.h>

#include "harness/report/grid.h"
#include "harness/report/text.h"
#include "harness/report/timeline_words.h"
#include "toolchains/layout.h"

void layout_answer_dispose(struct layout_answer *a)
{
	for (size_t i = 0; i < a->timelines.n; i++)
		layout_timeline_dispose(&a->timelines.v[i]);
	vec_free(&a->timelines);
	successors_dispose(&a->successors);
	strv_free(&a->nearest);
	mem_free(a->asked);
}

bool layout_answer_found(const struct layout_answer *a)
{
	for (size_t i = 0; i < a->timelines.n; i++)
		if (a->timelines.v[i].found)
			return true;
	return false;
}

struct report {
	struct str *out;
	const struct timeline_source *src;
	struct axes axes;
	const struct report_style *style;
};

static const struct layout_entry *entry_at(const struct report *r, const struct layout_timeline *t,
					   size_t toolchain, size_t target)
{
	return &t->entries[timeline_index(r->src, toolchain, target)];
}

/* --- ranges of toolchains, groups of targets --------------------------------- */

/* Where a target could not be asked, the others of its group speak for it. */
struct group {
	struct fold_set targets;
	const struct layout_entry **course; /* of each toolchain */
	struct timeline_spans spans;
};

struct groups { struct group *v; size_t n, cap; };

static bool joins(const struct report *r, const struct group *g, const struct layout_timeline *t,
		  size_t target)
{
	for (size_t i = 0; i < r->src->ntoolchains; i++) {
		const struct layout_entry *e = entry_at(r, t, i, target);

		if (!e->missing && !g->course[i]->missing && !layout_same(e, g->course[i]))
			return false;
	}
	return true;
}

static void join(const struct report *r, struct group *g, const struct layout_timeline *t, size_t target)
{
	vec_push(&g->targets, target);
	for (size_t i = 0; i < r->src->ntoolchains; i++)
		if (!g->course[i] || g->course[i]->missing)
			g->course[i] = entry_at(r, t, i, target);
}

static void find_spans(struct group *g, const struct report *r)
{
	for (size_t i = 0; i < r->src->ntoolchains; i++) {
		struct timeline_span fresh = { i, i };

		if (i && layout_same(g->course[i - 1], g->course[i]))
			g->spans.v[g->spans.n - 1].last = i;
		else
			vec_push(&g->spans, fresh);
	}
}

static void find_groups(struct groups *out, const struct report *r, const struct layout_timeline *t)
{
	*out = (struct groups){ 0 };
	for (size_t target = 0; target < r->src->ntargets; target++) {
		struct group fresh = { 0 };
		size_t at = 0;

		while (at < out->n && !joins(r, &out->v[at], t, target))
			at++;
		if (at == out->n) {
			fresh.course = mem_zalloc((r->src->ntoolchains + 1) * sizeof(*fresh.course));
			vec_push(out, fresh);
		}
		join(r, &out->v[at], t, target);
	}
	for (size_t i = 0; i < out->n; i++)
		find_spans(&out->v[i], r);
}

static void groups_dispose(struct groups *g)
{
	for (size_t i = 0; i < g->n; i++) {
		vec_free(&g->v[i].targets);
		vec_free(&g->v[i].spans);
		mem_free(g->v[i].course);
	}
	vec_free(g);
}

/* --- the table of a struct ---------------------------------------------------- */

/* A column: a range of toolchains that have the type, laid out alike. */
struct column {
	struct timeline_span span;
	const struct layout_entry *e;
};

struct row {
	const char *name;
	size_t nth;        /* of the fields with this name */
	const char *type;  /* the newest that has it */
};

struct table {
	VEC(struct column) columns;
	VEC(struct row) rows;
};

static bool is_struct(const struct layout_entry *e)
{
	return e->is_type && e->type.fields.n > 0;
}

static size_t find_row(const struct table *tb, const char *name, size_t nth)
{
	for (size_t i = 0; i < tb->rows.n; i++)
		if (tb->rows.v[i].nth == nth && strcmp(tb->rows.v[i].name, name) == 0)
			return i;
	return tb->rows.n;
}

/* New fields come behind the one that they stand behind. */
static void merge_fields(struct table *tb, const struct layout_entry *e)
{
	size_t at = 0;

	for (size_t i = 0; i < e->type.fields.n; i++) {
		const struct atlas_field *f = &e->type.fields.v[i];
		struct row fresh = { f->name, layout_nth(e, i), f->type };
		size_t found = find_row(tb, fresh.name, fresh.nth);

		if (found < tb->rows.n) {
			tb->rows.v[found].type = f->type;
			at = found + 1;
			continue;
		}
		vec_push(&tb->rows, fresh);
		memmove(tb->rows.v + at + 1, tb->rows.v + at, (tb->rows.n - 1 - at) * sizeof(fresh));
		tb->rows.v[at++] = fresh;
	}
}

static void table_init(struct table *tb, const struct group *g)
{
	*tb = (struct table){ 0 };
	for (size_t i = 0; i < g->spans.n; i++) {
		/* the newest of the range: types are called what they are called now */
		struct column c = { g->spans.v[i], g->course[g->spans.v[i].last] };

		if (!c.e->is_type)
			continue;
		vec_push(&tb->columns, c);
		merge_fields(tb, c.e);
	}
}

static void table_dispose(struct table *tb)
{
	vec_free(&tb->columns);
	vec_free(&tb->rows);
}

/* "+152", "~160", "-": compared with the column before. */
static const char *add_cell(struct str *out, const struct table *tb, size_t column, const struct row *row)
{
	const struct atlas_field *now = layout_field(tb->columns.v[column].e, row->name, row->nth);
	const struct atlas_field *before =
		column ? layout_field(tb->columns.v[column - 1].e, row->name, row->nth) : NULL;

	if (!now) {
		str_add(out, before ? "-" : "");
		return before ? SGR_RED : NULL;
	}
	if (column && !before) {
		str_addf(out, "+%ld", now->offset);
		return SGR_GREEN;
	}
	if (before && (now->offset != before->offset || now->size != before->size ||
		       strcmp(now->ptrs, before->ptrs) != 0)) {
		str_addf(out, "~%ld", now->offset);
		return SGR_YELLOW;
	}
	str_addf(out, "%ld", now->offset);
	return NULL;
}

static const char *add_number(struct str *out, const struct table *tb, size_t column, bool align)
{
	const struct atlas_symbol *now = &tb->columns.v[column].e->type;
	const struct atlas_symbol *before = column ? &tb->columns.v[column - 1].e->type : NULL;
	long value = align ? now->align : now->size;
	bool moved = before && (align ? before->align : before->size) != value;

	if (value < 0)
		str_add(out, "?");
	else
		str_addf(out, "%s%ld", moved ? "~" : "", value);
	return moved ? SGR_YELLOW : NULL;
}

static bool has_ranges(const struct table *tb, size_t lo, size_t hi)
{
	for (size_t c = lo; c < hi; c++)
		if (tb->columns.v[c].span.last > tb->columns.v[c].span.first)
			return true;
	return false;
}

/* Has the field a place in these columns, or goes it there? */
static bool is_in_block(const struct table *tb, size_t lo, size_t hi, const struct row *row)
{
	for (size_t c = lo ? lo - 1 : lo; c < hi; c++)
		if (layout_field(tb->columns.v[c].e, row->name, row->nth))
			return true;
	return false;
}

enum { NAME_MOST = 24, TYPE_MOST = 28, FIXED = 2 };

/* The columns lo..hi; without the types where they would take too much room. */
static void fill_grid(struct grid *grid, const struct report *r, const struct table *tb, size_t lo,
		      size_t hi, bool types)
{
	struct str text = STR_INIT, cut = STR_INIT;

	*grid = (struct grid){ .columns = hi - lo + FIXED };
	for (size_t c = FIXED; c < grid->columns; c++)
		grid->right[c] = true;
	for (int half = 0; half < 1 + has_ranges(tb, lo, hi); half++) {
		grid_add(grid, "", NULL, r->style);
		grid_add(grid, "", NULL, r->style);
		for (size_t c = lo; c < hi; c++) {
			const struct timeline_span *s = &tb->columns.v[c].span;

			str_clear(&text);
			if (!half)
				str_add(&text, r->axes.headings.v[s->first]);
			else if (s->last > s->first)
				str_addf(&text, "%s%s", r->style->utf8 ? "–" : "-", r->axes.headings.v[s->last]);
			grid_add(grid, text.s, SGR_BOLD, r->style);
		}
	}
	for (size_t i = 0; i < tb->rows.n; i++) {
		if (!is_in_block(tb, lo, hi, &tb->rows.v[i]))
			continue;
		str_clear(&cut);
		text_add_cut(&cut, tb->rows.v[i].name, NAME_MOST, r->style->utf8);
		grid_add(grid, cut.s, NULL, r->style);
		str_clear(&cut);
		if (types)
			text_add_cut(&cut, tb->rows.v[i].type, TYPE_MOST, r->style->utf8);
		grid_add(grid, cut.s, SGR_DIM, r->style);
		for (size_t c = lo; c < hi; c++) {
			const char *look;

			str_clear(&text);
			look = add_cell(&text, tb, c, &tb->rows.v[i]);
			grid_add(grid, text.s, look, r->style);
		}
	}
	for (int align = 0; align < 2; align++) {
		grid_add(grid, align ? "align" : "size", SGR_BOLD, r->style);
		grid_add(grid, "", NULL, r->style);
		for (size_t c = lo; c < hi; c++) {
			const char *look;

			str_clear(&text);
			look = add_number(&text, tb, c, align);
			grid_add(grid, text.s, look, r->style);
		}
	}
	str_free(&text);
	str_free(&cut);
}

static bool fits(const struct report *r, const struct table *tb, size_t lo, size_t hi, bool types,
		 size_t indent)
{
	struct grid grid;
	bool ok;

	if (hi - lo + FIXED > GRID_COLUMNS)
		return false;
	fill_grid(&grid, r, tb, lo, hi, types);
	ok = indent + grid_width(&grid) <= (size_t)r->style->width;
	grid_dispose(&grid);
	return ok;
}

static size_t block_start(const struct table *tb, size_t b, size_t blocks)
{
	return tb->columns.n * b / blocks;
}

/* As few blocks as fit, as even as can be. */
static size_t blocks_needed(const struct report *r, const struct table *tb, bool types, size_t indent)
{
	for (size_t blocks = 1; blocks < tb->columns.n; blocks++) {
		bool ok = true;

		for (size_t b = 0; b < blocks && ok; b++)
			ok = fits(r, tb, block_start(tb, b, blocks), block_start(tb, b + 1, blocks), types,
				  indent);
		if (ok)
			return blocks;
	}
	return tb->columns.n;
}

static void add_table(const struct report *r, const struct table *tb, size_t indent)
{
	bool types = fits(r, tb, 0, tb->columns.n, true, indent);
	size_t blocks;

	/* Rather without types than in more blocks. */
	if (!types && blocks_needed(r, tb, true, indent) == blocks_needed(r, tb, false, indent))
		types = true;
	blocks = blocks_needed(r, tb, types, indent);
	for (size_t b = 0; b < blocks; b++) {
		struct grid grid;

		if (b)
			str_addc(r->out, '\n');
		fill_grid(&grid, r, tb, block_start(tb, b, blocks), block_start(tb, b + 1, blocks), types);
		grid_print(r->out, &grid, indent, r->style);
		grid_dispose(&grid);
	}
}

/* --- types without fields ------------------------------------------------------ */

static void add_plain_rows(const struct report *r, const struct table *tb, size_t indent)
{
	struct grid grid = { .columns = 4, .least = { 0, 20, 0, 0 } };
	struct str text = STR_INIT;

	for (size_t i = 0; i < tb->columns.n; i++) {
		const struct column *c = &tb->columns.v[i];
		const struct atlas_symbol *s = &c->e->type;

		str_clear(&text);
		timeline_add_range(&text, &r->axes, c->span.first, c->span.last);
		grid_add(&grid, text.s, NULL, r->style);
		str_clear(&text);
		if (layout_is_generic(c->e))
			str_add(&text, "generic: every instance has a layout of its own");
		else if (layout_alias_of(c->e))
			str_addf(&text, "alias of %s", layout_alias_of(c->e));
		else
			str_add(&text, is_struct(c->e) ? "struct" : *s->sig ? s->sig : s->type_kind);
		grid_add(&grid, text.s, NULL, r->style);
		for (int align = 0; align < 2; align++) {
			long value = align ? s->align : s->size;

			str_clear(&text);
			if (value >= 0)
				str_addf(&text, "%s %ld", align ? "align" : "size", value);
			grid_add(&grid, text.s, NULL, r->style);
		}
	}
	grid_print(r->out, &grid, indent, r->style);
	grid_dispose(&grid);
	str_free(&text);
}

/* --- words ----------------------------------------------------------------------- */

/* Ranges of which one thing holds: "alias of abi.Type", "not there". */
static void add_about_ranges(const struct report *r, const struct group *g, size_t indent)
{
	struct names things = { 0 };
	struct str text = STR_INIT, line = STR_INIT;
	size_t n = r->src->ntoolchains, *what = mem_alloc((n + 1) * sizeof(*what));

	for (size_t i = 0; i < n; i++) {
		const struct layout_entry *e = g->course[i];

		str_clear(&text);
		if (!e->missing && !e->is_type)
			str_addf(&text, e->declared ? "a %s, not a type" : "not there",
				 e->declared ? atlas_kind_name(e->type.kind) : "");
		else if (!e->missing && layout_alias_of(e))
			str_addf(&text, "alias of %s", layout_alias_of(e));
		else if (!e->missing && layout_is_generic(e))
			str_add(&text, "generic");
		what[i] = text.len ? names_add(&things, text.s) : NAMES_NONE;
	}
	for (size_t k = 0; k < things.list.n; k++) {
		str_clear(&line);
		str_addf(&line, "%s in ", things.list.v[k]);
		for (size_t i = 0, last; i < n; i = last + 1) {
			for (last = i; last + 1 < n && what[last + 1] == what[i]; last++)
				;
			if (what[i] != k)
				continue;
			if (line.s[line.len - 1] != ' ')
				str_add(&line, ", ");
			timeline_add_range(&line, &r->axes, i, last);
		}
		timeline_paragraph(r->out, line.s, indent, indent + 4, SGR_DIM, r->style);
	}
	names_dispose(&things);
	str_free(&text);
	str_free(&line);
	mem_free(what);
}

/* What became of fields that are other things now: "m: *m, 8 bytes -> muintptr, 8 bytes". */
static void add_changes(const struct report *r, const struct table *tb, size_t indent)
{
	struct str text = STR_INIT;

	for (size_t c = 1; c < tb->columns.n; c++) {
		for (size_t i = 0; i < tb->rows.n; i++) {
			const struct row *row = &tb->rows.v[i];
			const struct atlas_field *a = layout_field(tb->columns.v[c - 1].e, row->name, row->nth);
			const struct atlas_field *b = layout_field(tb->columns.v[c].e, row->name, row->nth);

			if (!a || !b || (a->size == b->size && strcmp(a->ptrs, b->ptrs) == 0))
				continue;
			str_clear(&text);
			str_add(&text, "changed in ");
			axes_add_toolchain(&text, &r->axes, tb->columns.v[c].span.first);
			str_addf(&text, ": %s: %s", row->name, a->type);
			if (a->size != b->size)
				str_addf(&text, " (%ld bytes)", a->size);
			str_addf(&text, " %s %s", r->style->utf8 ? "→" : "->", b->type);
			if (a->size != b->size)
				str_addf(&text, " (%ld bytes)", b->size);
			else
				str_add(&text, ", same size, other pointers");
			timeline_paragraph(r->out, text.s, indent, indent + 4, NULL, r->style);
		}
	}
	str_free(&text);
}

static void add_troubles(const struct report *r, const struct layout_timeline *t)
{
	for (size_t i = 0; i < r->src->ntoolchains; i++) {
		for (size_t k = 0; k < r->src->ntargets; k++) {
			const struct layout_entry *e = entry_at(r, t, i, k);
			struct str text = STR_INIT;

			if (e->missing || !e->trouble)
				continue;
			axes_add_toolchain(&text, &r->axes, i);
			str_addf(&text, ": package %s could be read in part only: %s", t->package, e->trouble);
			timeline_paragraph(r->out, text.s, 2, 6, SGR_YELLOW, r->style);
			str_free(&text);
			break;
		}
	}
}

static const char *kind_if_no_type(const struct layout_timeline *t)
{
	for (size_t i = t->n; i-- > 0;)
		if (t->entries[i].declared && !t->entries[i].is_type)
			return atlas_kind_name(t->entries[i].type.kind);
	return NULL;
}

static void add_not_found(const struct report *r, const struct layout_answer *a,
			  const struct layout_timeline *t)
{
	const char *kind = kind_if_no_type(t);
	struct str text = STR_INIT;
	struct fold_set all = { 0 };

	if (kind)
		str_addf(&text, "it is a %s, not a type, in ", kind);
	else if (t->no_package && *t->package)
		str_addf(&text, "not found: there is no package %s in ", t->package);
	else
		str_add(&text, "not found in ");
	if (r->src->ntoolchains)
		timeline_add_range(&text, &r->axes, 0, r->src->ntoolchains - 1);
	str_add(&text, " on ");
	for (size_t i = 0; i < r->src->ntargets; i++)
		vec_push(&all, i);
	axes_add_targets(&text, &r->axes, &all);
	timeline_paragraph(r->out, text.s, 2, 6, SGR_RED, r->style);
	timeline_add_nearest(r->out, &a->nearest, r->style);
	vec_free(&all);
	str_free(&text);
}

static bool has_fields(const struct table *tb)
{
	return tb->rows.n > 0;
}

static void add_group(const struct report *r, const struct group *g, size_t indent)
{
	struct table tb;

	table_init(&tb, g);
	if (tb.columns.n == 0) {
		add_about_ranges(r, g, indent);
	} else if (has_fields(&tb)) {
		add_table(r, &tb, indent);
		add_about_ranges(r, g, indent);
		add_changes(r, &tb, indent);
	} else {
		add_plain_rows(r, &tb, indent);
	}
	table_dispose(&tb);
}

static void add_type(const struct report *r, const struct layout_answer *a,
		     const struct layout_timeline *t)
{
	struct groups groups;
	struct str where = STR_INIT;

	find_groups(&groups, r, t);
	if (groups.n == 1 && t->found)
		axes_add_targets(&where, &r->axes, &groups.v[0].targets);
	timeline_title(r->out, t->name, a->glob ? NULL : a->asked, where.s, r->style);
	if (t->found) {
		for (size_t i = 0; i < groups.n; i++) {
			if (groups.n > 1) {
				str_clear(&where);
				axes_list_targets(&where, &r->axes, &groups.v[i].targets);
				timeline_paragraph(r->out, where.s, 2, 6, NULL, r->style);
			}
			add_group(r, &groups.v[i], groups.n > 1 ? 4 : 2);
		}
		timeline_add_successors(r->out, &a->successors, r->style);
	} else {
		add_not_found(r, a, t);
	}
	add_troubles(r, t);
	groups_dispose(&groups);
	str_free(&where);
}

void report_layouts_table(struct str *out, const struct timeline_source *src,
			  const struct layout_answers *answers, const struct report_style *style)
{
	struct report_style used = *style;
	struct report r = { .out = out, .src = src, .style = &used };

	if (used.width < 60)
		used.width = 60;
	timeline_axes_init(&r.axes, src, used.utf8);
	for (size_t i = 0; i < answers->n && timeline_any_asked(src); i++) {
		const struct layout_answer *a = &answers->v[i];

		for (size_t k = 0; k < a->timelines.n; k++)
			add_type(&r, a, &a->timelines.v[k]);
		if (a->timelines.n == 0) {
			timeline_title(out, a->asked, NULL, NULL, &used);
			timeline_paragraph(out, "no type matches", 2, 6, SGR_RED, &used);
			timeline_add_nearest(out, &a->nearest, &used);
		}
	}
	timeline_add_missing(out, src, &r.axes, &used);
	timeline_add_aliases(out, &r.axes, &used);
	axes_dispose(&r.axes);
}

/* --- compared with the user's own ------------------------------------------------- */

#define FITS "it fits"

/* Whether it fits, at least as far as it goes. */
static bool add_comparison(struct str *out, const struct atlas_symbol *std, const struct atlas_symbol *own,
			   int word)
{
	struct layout theirs = { std->fields.v, std->fields.n, std->size, std->align };
	struct layout mine = { own->fields.v, own->fields.n, own->size, own->align };
	struct layout_report report;

	bool fits;

	layout_compare(&report, &mine, &theirs, word);
	fits = report.grade == LAYOUT_SAME || report.grade == LAYOUT_PREFIX;
	if (report.grade == LAYOUT_SAME)
		str_add(out, FITS);
	else if (fits)
		str_addf(out, FITS ", %s", report.summary.s);
	else
		str_addf(out, "%s: %s", layout_grade_name(report.grade), report.summary.s);
	layout_report_dispose(&report);
	return fits;
}

size_t report_layout_against(struct str *out, const struct timeline_source *src,
			     const struct layout_timeline *t, const char *own_name,
			     const struct atlas_symbol *const *own, const struct report_style *style)
{
	struct report r = { .out = out, .src = src, .style = style };
	struct names causes = { 0 };
	struct fold fold = { 0 };
	struct str text = STR_INIT;
	size_t differing = 0;

	timeline_axes_init(&r.axes, src, style->utf8);
	for (size_t i = 0; i < src->ntoolchains; i++) {
		for (size_t k = 0; k < src->ntargets; k++) {
			const struct layout_entry *e = entry_at(&r, t, i, k);
			size_t at[FOLD_AXES] = { [FOLD_TOOLCHAIN] = i, [FOLD_TARGET] = k };

			const struct atlas_symbol *mine = own[i * src->ntargets + k];
			bool fits = false;

			if (e->missing || !mine)
				continue;
			str_clear(&text);
			if (!e->is_type)
				str_addf(&text, "there is no %s", t->name);
			else
				fits = add_comparison(&text, &e->type, mine, target_word(&src->targets[k]));
			differing += !fits;
			fold_add(&fold, names_add(&causes, text.s), i, at);
		}
	}
	fold_up(&fold);
	str_clear(&text);
	str_addf(&text, "%s as %s", own_name, t->name);
	timeline_title(out, text.s, NULL, NULL, style);
	for (size_t i = 0; i < fold.n; i++) {
		const char *cause = causes.list.v[fold.v[i].cause];

		str_clear(&text);
		axes_add_toolchains(&text, &r.axes, &fold.v[i].at[FOLD_TOOLCHAIN]);
		str_add(&text, " on ");
		axes_add_targets(&text, &r.axes, &fold.v[i].at[FOLD_TARGET]);
		str_addf(&text, ": %s", cause);
		timeline_paragraph(out, text.s, 2, 6, str_starts(cause, FITS) ? SGR_GREEN : SGR_RED, style);
	}
	fold_dispose(&fold);
	names_dispose(&causes);
	str_free(&text);
	axes_dispose(&r.axes);
	return differing;
}

/* --- JSON -------------------------------------------------------------------------- */

static json_t *long_or_null(long n)
{
	return n >= 0 ? json_integer(n) : json_null();
}

static json_t *field_of(const struct atlas_field *f)
{
	json_t *item = json_object();

	json_set_text(item, "name", f->name);
	json_set_text(item, "type", f->type);
	json_object_set_new(item, "offset", json_integer(f->offset));
	json_object_set_new(item, "size", json_integer(f->size));
	json_set_text(item, "ptrs", f->ptrs);
	if (f->embedded)
		json_object_set_new(item, "embedded", json_true());
	return item;
}

static json_t *entry_of(const struct report *r, const struct layout_timeline *t, size_t toolchain,
			size_t target)
{
	const struct layout_entry *e = entry_at(r, t, toolchain, target);
	json_t *item = json_object(), *fields = json_array();

	json_set_text(item, "toolchain", r->src->toolchains[toolchain].name);
	json_set_text(item, "target", r->src->targets[target].name);
	json_object_set_new(item, "exists", json_boolean(e->is_type));
	json_object_set_new(item, "size", e->is_type ? long_or_null(e->type.size) : json_null());
	json_object_set_new(item, "align", e->is_type ? long_or_null(e->type.align) : json_null());
	for (size_t i = 0; e->is_type && i < e->type.fields.n; i++)
		json_array_append_new(fields, field_of(&e->type.fields.v[i]));
	json_object_set_new(item, "fields", fields);
	if (e->is_type) {
		json_set_text(item, "kind", e->type.type_kind);
		json_set_optional(item, "alias_of", layout_alias_of(e));
		if (!layout_alias_of(e) && e->type.fields.n == 0 && *e->type.sig)
			json_set_text(item, "underlying", e->type.sig);
		json_set_text(item, "file", e->type.file);
		json_object_set_new(item, "line", json_integer(e->type.line));
	} else if (e->declared) {
		json_set_text(item, "kind", atlas_kind_name(e->type.kind));
	}
	json_set_optional(item, "partial", e->trouble);
	return item;
}

static void add_json_type(const struct report *r, size_t n, const struct layout_answer *a,
			  const struct layout_timeline *t)
{
	size_t entries = 0;

	str_add(r->out, n ? ",\n {\"name\": " : "\n {\"name\": ");
	json_add_value(r->out, json_text(t->name, strlen(t->name)));
	str_add(r->out, ", \"asked\": ");
	json_add_value(r->out, json_text(a->asked, strlen(a->asked)));
	str_addf(r->out, ", \"found\": %s, \"suggestions\": ", t->found ? "true" : "false");
	json_add_value(r->out, timeline_json_successors(&a->successors));
	if (!t->found) {
		str_add(r->out, ", \"nearest\": ");
		json_add_value(r->out, json_list(&a->nearest));
	}
	json_open_list(r->out, "timeline");
	for (size_t i = 0; i < r->src->ntoolchains; i++)
		for (size_t k = 0; k < r->src->ntargets; k++)
			if (!entry_at(r, t, i, k)->missing)
				json_add_item(r->out, entries++, entry_of(r, t, i, k));
	json_close_list(r->out, entries);
	str_addc(r->out, '}');
}

void report_layouts_json(struct str *out, const struct timeline_source *src,
			 const struct layout_answers *answers)
{
	struct report r = { .out = out, .src = src };
	size_t n = 0;

	str_add(out, "{\"schema\": \"lnmatrix/layout/1\"");
	json_open_list(out, "types");
	for (size_t i = 0; i < answers->n; i++)
		for (size_t k = 0; k < answers->v[i].timelines.n; k++)
			add_json_type(&r, n++, &answers->v[i], &answers->v[i].timelines.v[k]);
	json_close_list(out, n);
	timeline_json_missing(out, src);
	str_add(out, "\n}\n");
}
