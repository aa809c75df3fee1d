#include "harness/report/symbol_report.h"

#include <string.h>

#include "harness/report/grid.h"
#include "harness/report/text.h"
#include "harness/report/timeline_words.h"
#include "toolchains/abi.h"

void symbol_answer_dispose(struct symbol_answer *a)
{
	for (size_t i = 0; i < a->timelines.n; i++)
		symbol_timeline_dispose(&a->timelines.v[i]);
	vec_free(&a->timelines);
	successors_dispose(&a->successors);
	strv_free(&a->nearest);
	mem_free(a->asked);
}

bool symbol_answer_found(const struct symbol_answer *a)
{
	for (size_t i = 0; i < a->timelines.n; i++)
		if (a->timelines.v[i].declared)
			return true;
	return false;
}

struct report {
	struct str *out;
	const struct timeline_source *src;
	struct axes axes;
	const struct report_style *style;
};

static const struct symbol_entry *entry_at(const struct report *r, const struct symbol_timeline *t,
					   size_t toolchain, size_t target)
{
	return &t->entries[timeline_index(r->src, toolchain, target)];
}

/* --- what is said of an entry ------------------------------------------------ */

static bool has_text(const char *s)
{
	return s && *s && strcmp(s, "-") != 0;
}

/* "func() uint32", "var uint32", "type struct" */
static void add_what(struct str *out, const struct symbol_entry *e)
{
	const struct atlas_symbol *s = &e->symbol;

	if (e->missing) {
		str_add(out, "?");
	} else if (!e->declared) {
		str_add(out, "not there");
	} else if (s->kind == ATLAS_FUNC || s->kind == ATLAS_METHOD) {
		if (has_text(s->sig))
			str_add(out, s->sig);
		else
			str_addf(out, "%s, in assembly only", atlas_kind_name(s->kind));
	} else if (s->kind == ATLAS_TYPE && has_text(s->type_kind) && strcmp(s->type_kind, "struct") != 0) {
		str_addf(out, "%s type", s->type_kind);
		if (has_text(s->sig))
			str_addf(out, " %s", s->sig);
	} else {
		str_add(out, atlas_kind_name(s->kind));
		if (has_text(s->sig))
			str_addf(out, " %s", s->sig);
	}
}

static void add_ruling(struct str *out, const struct link_ruling *r)
{
	str_add(out, link_pull_name(r->pull));
	if (r->reason)
		str_addf(out, " (%s)", r->reason);
}

/* Worth a word where it differs; assembly cannot even name a method. */
static bool says_assembly(const struct symbol_entry *e)
{
	return e->declared && e->symbol.kind != ATLAS_METHOD && e->assembly.pull != e->go.pull &&
	       (e->exists || e->assembly.pull != LINK_UNDEFINED);
}

static void add_verdict(struct str *out, const struct symbol_entry *e)
{
	if (e->missing) {
		str_add(out, "not asked");
		return;
	}
	if (!e->declared && !e->blocked) {
		str_add(out, link_pull_name(e->go.pull));
		return;
	}
	if (e->declared && *e->symbol.definer)
		str_addf(out, "pushed by %s; ", e->symbol.definer);
	if (e->declared && *e->symbol.linked_as)
		str_addf(out, "linked as %s; ", e->symbol.linked_as);
	add_ruling(out, &e->go);
}

static const char *look_of(const struct symbol_entry *e)
{
	if (e->missing)
		return SGR_YELLOW;
	if (!e->declared)
		return SGR_DIM;
	return e->go.pull == LINK_LINKS ? SGR_GREEN : SGR_RED;
}

/* --- ranges of toolchains, groups of targets ---------------------------------- */

/* What a row says, as text: entries with the same text are one row. */
typedef void say_fn(struct str *out, const struct symbol_entry *e);

static void say_in_full(struct str *out, const struct symbol_entry *e)
{
	add_what(out, e);
	str_addc(out, '\n');
	add_verdict(out, e);
}

static bool say_same(say_fn *say, const struct symbol_entry *a, const struct symbol_entry *b)
{
	struct str x = STR_INIT, y = STR_INIT;
	bool same;

	say(&x, a);
	say(&y, b);
	same = strcmp(x.s, y.s) == 0;
	str_free(&x);
	str_free(&y);
	return same;
}

/*
 * Targets with the same course.  Where one could not be asked (older than the port,
 * say), the others speak for it; what is missing is said apart.
 */
struct group {
	struct fold_set targets;
	const struct symbol_entry **course; /* of each toolchain: the first target's that could be asked */
	struct timeline_spans spans;
};

struct groups { struct group *v; size_t n, cap; };

static bool joins(const struct report *r, const struct group *g, const struct symbol_timeline *t,
		  size_t target, say_fn *say)
{
	for (size_t i = 0; i < r->src->ntoolchains; i++) {
		const struct symbol_entry *e = entry_at(r, t, i, target);

		if (!e->missing && !g->course[i]->missing && !say_same(say, e, g->course[i]))
			return false;
	}
	return true;
}

static void join(const struct report *r, struct group *g, const struct symbol_timeline *t, size_t target)
{
	vec_push(&g->targets, target);
	for (size_t i = 0; i < r->src->ntoolchains; i++)
		if (!g->course[i] || g->course[i]->missing)
			g->course[i] = entry_at(r, t, i, target);
}

static bool same_file(const struct symbol_entry *a, const struct symbol_entry *b)
{
	return !a->declared || !b->declared || strcmp(a->symbol.file, b->symbol.file) == 0;
}

/* `files`: another file is another row. */
static void find_spans(struct group *g, const struct report *r, say_fn *say, bool files)
{
	for (size_t i = 0; i < r->src->ntoolchains; i++) {
		struct timeline_span fresh = { i, i };
		const struct symbol_entry *before = i ? g->course[i - 1] : NULL;

		if (before && say_same(say, before, g->course[i]) &&
		    (!files || same_file(before, g->course[i])))
			g->spans.v[g->spans.n - 1].last = i;
		else
			vec_push(&g->spans, fresh);
	}
}

static void find_groups(struct groups *out, const struct report *r, const struct symbol_timeline *t,
			say_fn *say, bool files)
{
	*out = (struct groups){ 0 };
	for (size_t target = 0; target < r->src->ntargets; target++) {
		struct group fresh = { 0 };
		size_t at = 0;

		while (at < out->n && !joins(r, &out->v[at], t, target, say))
			at++;
		if (at == out->n) {
			fresh.course = mem_zalloc((r->src->ntoolchains + 1) * sizeof(*fresh.course));
			vec_push(out, fresh);
		}
		join(r, &out->v[at], t, target);
	}
	for (size_t i = 0; i < out->n; i++)
		find_spans(&out->v[i], r, say, files);
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

/* What two file names have in common, "runtime/asm_*.s"; the first alone when it is little. */
static char *common_file(const char *a, const char *b)
{
	size_t front = 0, back = 0, na = strlen(a), nb = strlen(b), least = na < nb ? na : nb;

	while (front < least && a[front] == b[front])
		front++;
	if (front == na && front == nb)
		return mem_strdup(a);
	while (front > 0 && a[front - 1] != '_' && a[front - 1] != '/')
		front--;
	while (back < least - front && a[na - 1 - back] == b[nb - 1 - back] && a[na - 1 - back] != '_')
		back++;
	return mem_printf("%.*s*%s", (int)front, a, a + na - back);
}

/* "runtime/stubs.go:120"; what differs within the range or between the targets is left open. */
static void add_where(struct str *out, const struct report *r, const struct symbol_timeline *t,
		      const struct group *g, const struct timeline_span *span)
{
	char *file = NULL;
	int line = 0;

	for (size_t k = 0; k < g->targets.n; k++) {
		for (size_t i = span->first; i <= span->last; i++) {
			const struct symbol_entry *e = entry_at(r, t, i, g->targets.v[k]);
			char *both;

			if (e->missing || !e->declared || !*e->symbol.file)
				continue;
			if (!file) {
				file = mem_strdup(e->symbol.file);
				line = e->symbol.line;
				continue;
			}
			both = common_file(file, e->symbol.file);
			if (line != e->symbol.line || strcmp(both, file) != 0)
				line = 0;
			mem_free(file);
			file = both;
		}
	}
	if (file && line)
		str_addf(out, "%s:%d", file, line);
	else if (file)
		str_addf(out, "%s:%s", file, r->style->utf8 ? "…" : "...");
	mem_free(file);
}

/* --- one symbol ---------------------------------------------------------------- */

struct row {
	const struct symbol_entry *e;
	struct str range, what, where, verdict;
};

static void row_init(struct row *row, const struct report *r, const struct symbol_timeline *t,
		     const struct group *g, const struct timeline_span *span)
{
	*row = (struct row){ .range = STR_INIT, .what = STR_INIT, .where = STR_INIT, .verdict = STR_INIT };
	row->e = g->course[span->first];
	timeline_add_range(&row->range, &r->axes, span->first, span->last);
	add_what(&row->what, row->e);
	add_where(&row->where, r, t, g, span);
	add_verdict(&row->verdict, row->e);
}

static void row_dispose(struct row *row)
{
	str_free(&row->range);
	str_free(&row->what);
	str_free(&row->where);
	str_free(&row->verdict);
}

/* In columns; where that is too narrow to read, below each other. */
static void add_rows(const struct report *r, const struct symbol_timeline *t, const struct group *g,
		     size_t indent)
{
	enum { WHAT = 16, VERDICT = 20, GAPS = 6 };
	struct grid grid = { .columns = 4, .least = { 0, WHAT, 0, VERDICT } };
	struct grid narrow = { .columns = 2, .least = { 8, 8 } };
	struct row *rows = mem_zalloc((g->spans.n + 1) * sizeof(*rows));
	size_t range = 0, where = 0;
	bool stacked;

	for (size_t i = 0; i < g->spans.n; i++) {
		row_init(&rows[i], r, t, g, &g->spans.v[i]);
		if (text_width(rows[i].range.s) > range)
			range = text_width(rows[i].range.s);
		if (text_width(rows[i].where.s) > where)
			where = text_width(rows[i].where.s);
	}
	stacked = indent + range + where + WHAT + VERDICT + GAPS > (size_t)r->style->width;
	for (size_t i = 0; i < g->spans.n; i++) {
		grid_add(stacked ? &narrow : &grid, rows[i].range.s, NULL, r->style);
		if (stacked) {
			grid_add(&narrow, rows[i].e->declared ? rows[i].where.s : rows[i].what.s, SGR_DIM, r->style);
			grid_print(r->out, &narrow, indent, r->style);
			grid_dispose(&narrow);
			if (rows[i].e->declared)
				timeline_paragraph(r->out, rows[i].what.s, indent + 4, indent + 8, NULL, r->style);
			timeline_paragraph(r->out, rows[i].verdict.s, indent + 4, indent + 8,
					   look_of(rows[i].e), r->style);
		} else {
			grid_add(&grid, rows[i].what.s, rows[i].e->declared ? NULL : SGR_DIM, r->style);
			grid_add(&grid, rows[i].where.s, SGR_DIM, r->style);
			grid_add(&grid, rows[i].verdict.s, look_of(rows[i].e), r->style);
		}
		row_dispose(&rows[i]);
	}
	if (!stacked)
		grid_print(r->out, &grid, indent, r->style);
	grid_dispose(&grid);
	mem_free(rows);
}

/* Names of parameters aside. */
static bool is_changed(const struct atlas_symbol *a, const struct atlas_symbol *b)
{
	struct str x = STR_INIT, y = STR_INIT;
	bool changed = a->kind != b->kind;

	if (!changed && has_text(a->sig) && has_text(b->sig)) {
		abi_plain_sig(a->sig, &x);
		abi_plain_sig(b->sig, &y);
		changed = strcmp(x.s, y.s) != 0;
	}
	str_free(&x);
	str_free(&y);
	return changed;
}

/* "signature changed in go1.22.12: func() -> func(int)", once for all targets that say so. */
static void add_changes(const struct report *r, const struct groups *groups)
{
	struct names said = { 0 };
	struct str text = STR_INIT;

	for (size_t k = 0; k < groups->n; k++) {
		const struct group *g = &groups->v[k];
		const struct symbol_entry *before = NULL;

		for (size_t i = 0; i < g->spans.n; i++) {
			const struct symbol_entry *e = g->course[g->spans.v[i].first];
			size_t known = said.list.n;

			if (e->missing || !e->declared)
				continue;
			if (before && is_changed(&before->symbol, &e->symbol)) {
				str_clear(&text);
				str_add(&text, "changed in ");
				axes_add_toolchain(&text, &r->axes, g->spans.v[i].first);
				str_add(&text, ": ");
				add_what(&text, before);
				str_add(&text, r->style->utf8 ? " → " : " -> ");
				add_what(&text, e);
				names_add(&said, text.s);
				if (said.list.n > known)
					timeline_paragraph(r->out, text.s, 2, 6, NULL, r->style);
			}
			before = e;
		}
	}
	names_dispose(&said);
	str_free(&text);
}

/* Where a reference from assembly fares otherwise. */
static void add_assembly(const struct report *r, const struct symbol_timeline *t)
{
	struct names causes = { 0 };
	struct fold fold = { 0 };
	struct str text = STR_INIT;

	for (size_t i = 0; i < r->src->ntoolchains; i++) {
		for (size_t k = 0; k < r->src->ntargets; k++) {
			const struct symbol_entry *e = entry_at(r, t, i, k);
			size_t at[FOLD_AXES] = { [FOLD_TOOLCHAIN] = i, [FOLD_TARGET] = k };

			if (e->missing || !says_assembly(e))
				continue;
			str_clear(&text);
			add_ruling(&text, &e->assembly);
			fold_add(&fold, names_add(&causes, text.s), i, at);
		}
	}
	fold_up(&fold);
	for (size_t i = 0; i < fold.n; i++) {
		str_clear(&text);
		str_addf(&text, "from assembly: %s in ", causes.list.v[fold.v[i].cause]);
		axes_add_toolchains(&text, &r->axes, &fold.v[i].at[FOLD_TOOLCHAIN]);
		if (r->src->ntargets > 1) {
			str_add(&text, " on ");
			axes_add_targets(&text, &r->axes, &fold.v[i].at[FOLD_TARGET]);
		}
		timeline_paragraph(r->out, text.s, 2, 6, NULL, r->style);
	}
	fold_dispose(&fold);
	names_dispose(&causes);
	str_free(&text);
}

/* Who uses it, from the newest that says so. */
static void add_users(const struct report *r, const struct symbol_timeline *t)
{
	for (size_t i = r->src->ntoolchains; i-- > 0;) {
		for (size_t k = 0; k < r->src->ntargets; k++) {
			const struct symbol_entry *e = entry_at(r, t, i, k);
			struct str text = STR_INIT;

			if (e->missing || e->users.n == 0)
				continue;
			str_add(&text, "used, says ");
			axes_add_toolchain(&text, &r->axes, i);
			str_add(&text, "'s own comment, by ");
			for (size_t u = 0; u < e->users.n; u++)
				str_addf(&text, "%s%s", u ? ", " : "", e->users.v[u]);
			timeline_paragraph(r->out, text.s, 2, 6, NULL, r->style);
			str_free(&text);
			return;
		}
	}
}

/* Which packages of the newest std pull it. */
static void add_pullers(const struct report *r, const struct symbol_timeline *t)
{
	enum { MOST = 6 };

	for (size_t i = r->src->ntoolchains; i-- > 0;) {
		struct names packages = { 0 };
		struct str text = STR_INIT;

		for (size_t k = 0; k < r->src->ntargets; k++) {
			const struct symbol_entry *e = entry_at(r, t, i, k);

			for (size_t d = 0; d < e->directives.n; d++)
				if (e->directives.v[d].form == ATLAS_PULL)
					names_add(&packages, e->directives.v[d].package);
		}
		if (packages.list.n) {
			str_add(&text, "pulled within ");
			axes_add_toolchain(&text, &r->axes, i);
			str_add(&text, "'s std by ");
			for (size_t p = 0; p < packages.list.n && p < MOST; p++)
				str_addf(&text, "%s%s", p ? ", " : "", packages.list.v[p]);
			if (packages.list.n > MOST)
				str_addf(&text, " and %zu more", packages.list.n - MOST);
			timeline_paragraph(r->out, text.s, 2, 6, NULL, r->style);
			names_dispose(&packages);
			str_free(&text);
			return;
		}
	}
}

/* Where the answer may be incomplete. */
static void add_troubles(const struct report *r, const struct symbol_timeline *t)
{
	for (size_t i = 0; i < r->src->ntoolchains; i++) {
		for (size_t k = 0; k < r->src->ntargets; k++) {
			const struct symbol_entry *e = entry_at(r, t, i, k);
			struct str text = STR_INIT;

			if (e->missing || !e->trouble)
				continue;
			axes_add_toolchain(&text, &r->axes, i);
			str_addf(&text, ": package %s could be read in part only: %s", t->package, e->trouble);
			timeline_paragraph(r->out, text.s, 2, 6, SGR_YELLOW, r->style);
			str_free(&text);
			break; /* the other targets have the same files, or nearly */
		}
	}
}

static bool is_blocked(const struct symbol_timeline *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->entries[i].blocked)
			return true;
	return false;
}

static void add_range_of_all(struct str *out, const struct report *r)
{
	if (r->src->ntoolchains)
		timeline_add_range(out, &r->axes, 0, r->src->ntoolchains - 1);
}

static void add_not_found(const struct report *r, const struct symbol_answer *a,
			  const struct symbol_timeline *t)
{
	struct str text = STR_INIT;
	struct fold_set all = { 0 };

	if (t->no_package && *t->package)
		str_addf(&text, "not found: there is no package %s in ", t->package);
	else
		str_add(&text, "not found in ");
	add_range_of_all(&text, r);
	str_add(&text, " on ");
	for (size_t i = 0; i < r->src->ntargets; i++)
		vec_push(&all, i);
	axes_add_targets(&text, &r->axes, &all);
	timeline_paragraph(r->out, text.s, 2, 6, SGR_RED, r->style);
	timeline_add_nearest(r->out, &a->nearest, r->style);
	vec_free(&all);
	str_free(&text);
}

static void add_symbol(const struct report *r, const struct symbol_answer *a)
{
	const struct symbol_timeline *t = &a->timelines.v[0];
	struct groups groups;
	struct str where = STR_INIT;

	find_groups(&groups, r, t, say_in_full, true);
	if (groups.n == 1)
		axes_add_targets(&where, &r->axes, &groups.v[0].targets);
	if (!t->declared && !is_blocked(t))
		str_clear(&where);
	timeline_title(r->out, t->name, a->asked, where.s, r->style);
	if (t->declared || is_blocked(t)) {
		for (size_t i = 0; i < groups.n; i++) {
			if (groups.n > 1) {
				str_clear(&where);
				axes_list_targets(&where, &r->axes, &groups.v[i].targets);
				timeline_paragraph(r->out, where.s, 2, 6, NULL, r->style);
			}
			add_rows(r, t, &groups.v[i], groups.n > 1 ? 4 : 2);
		}
		add_changes(r, &groups);
		add_assembly(r, t);
		timeline_add_successors(r->out, &a->successors, r->style);
		add_users(r, t);
		add_pullers(r, t);
	} else {
		add_not_found(r, a, t);
	}
	add_troubles(r, t);
	groups_dispose(&groups);
	str_free(&where);
}

/* --- what a wildcard gives --------------------------------------------------------- */

static void say_in_brief(struct str *out, const struct symbol_entry *e)
{
	str_addf(out, "%d %d %d %d", e->missing != NULL, e->declared, e->exists, e->go.pull);
}

/* "1.18.10–1.21.13 links, 1.22.12–1.27.4 rejected" */
static void add_brief(struct str *out, const struct report *r, const struct group *g)
{
	const char *comma = "";

	for (size_t i = 0; i < g->spans.n; i++) {
		const struct timeline_span *span = &g->spans.v[i];
		const struct symbol_entry *e = g->course[span->first];

		if (!e->missing && !e->declared)
			continue;
		str_addf(out, "%s%s", comma, r->axes.headings.v[span->first]);
		if (span->last > span->first)
			str_addf(out, "%s%s", r->style->utf8 ? "–" : "-", r->axes.headings.v[span->last]);
		str_addf(out, " %s", e->missing ? "not asked" : link_pull_name(e->go.pull));
		comma = ", ";
	}
}

/* The newest that has it. */
static const struct symbol_entry *newest(const struct report *r, const struct group *g)
{
	for (size_t i = r->src->ntoolchains; i-- > 0;)
		if (g->course[i]->declared)
			return g->course[i];
	return NULL;
}

static void add_brief_rows(const struct report *r, struct grid *grid, const struct symbol_timeline *t)
{
	struct groups groups;
	struct str text = STR_INIT;

	find_groups(&groups, r, t, say_in_brief, false);
	for (size_t i = 0; i < groups.n; i++) {
		const struct symbol_entry *e = newest(r, &groups.v[i]);

		if (!e)
			continue;
		grid_add(grid, t->name, NULL, r->style);
		str_clear(&text);
		if (groups.n > 1)
			axes_add_targets(&text, &r->axes, &groups.v[i].targets);
		grid_add(grid, text.s, SGR_DIM, r->style);
		str_clear(&text);
		add_what(&text, e);
		grid_add(grid, text.s, NULL, r->style);
		str_clear(&text);
		add_brief(&text, r, &groups.v[i]);
		grid_add(grid, text.s, look_of(e), r->style);
	}
	groups_dispose(&groups);
	str_free(&text);
}

static void add_glob(const struct report *r, const struct symbol_answer *a)
{
	struct grid grid = { .columns = 4, .least = { 24, 16, 20, 24 } };
	struct str where = STR_INIT;
	struct fold_set all = { 0 };

	for (size_t i = 0; i < r->src->ntargets; i++)
		vec_push(&all, i);
	axes_add_targets(&where, &r->axes, &all);
	timeline_title(r->out, a->asked, NULL, where.s, r->style);
	for (size_t i = 0; i < a->timelines.n; i++)
		add_brief_rows(r, &grid, &a->timelines.v[i]);
	if (grid.cells.n) {
		grid_print(r->out, &grid, 2, r->style);
	} else {
		str_clear(&where);
		str_add(&where, "nothing matches in ");
		add_range_of_all(&where, r);
		timeline_paragraph(r->out, where.s, 2, 6, SGR_RED, r->style);
		timeline_add_nearest(r->out, &a->nearest, r->style);
	}
	grid_dispose(&grid);
	vec_free(&all);
	str_free(&where);
}

void report_symbols_table(struct str *out, const struct timeline_source *src,
			  const struct symbol_answers *answers, const struct report_style *style)
{
	struct report_style used = *style;
	struct report r = { .out = out, .src = src, .style = &used };

	if (used.width < 60)
		used.width = 60;
	timeline_axes_init(&r.axes, src, used.utf8);
	for (size_t i = 0; i < answers->n && timeline_any_asked(src); i++) {
		if (answers->v[i].glob)
			add_glob(&r, &answers->v[i]);
		else
			add_symbol(&r, &answers->v[i]);
	}
	timeline_add_missing(out, src, &r.axes, &used);
	timeline_add_aliases(out, &r.axes, &used);
	axes_dispose(&r.axes);
}

/* --- JSON ---------------------------------------------------------------------------- */

/* The contract has three; a plain pull gives no duplicate. */
static const char *pull_text(enum link_pull pull)
{
	return link_pull_name(pull == LINK_DUPLICATE ? LINK_REJECTED : pull);
}

static const char *def_text(enum atlas_def def)
{
	switch (def) {
	case ATLAS_DEF_GO:        return "go";
	case ATLAS_DEF_ASM:       return "assembly";
	case ATLAS_DEF_NOWHERE:   return "nowhere";
	case ATLAS_DEF_ELSEWHERE: return "elsewhere";
	case ATLAS_DEF_PUSHED:    return "pushed";
	case ATLAS_DEF_GENERIC:   return "generic";
	case ATLAS_DEF_UNKNOWN:   break;
	}
	return NULL;
}

static const char *or_null(const char *s)
{
	return has_text(s) ? s : NULL;
}

static json_t *directive_of(const struct atlas_directive *d)
{
	static const char *const forms[] = { "push", "pull", "one-arg" };
	json_t *item = json_object();

	json_set_text(item, "form", forms[d->form]);
	json_object_set_new(item, "std", json_boolean(d->std));
	json_set_text(item, "package", d->package);
	json_set_text(item, "local", d->local);
	json_set_text(item, "file", d->file);
	json_object_set_new(item, "line", json_integer(d->line));
	return item;
}

static void set_symbol(json_t *item, const struct atlas_symbol *s)
{
	json_set_optional(item, "file", or_null(s->file));
	if (s->line > 0)
		json_object_set_new(item, "line", json_integer(s->line));
	if (s->kind == ATLAS_FUNC || s->kind == ATLAS_METHOD || s->kind == ATLAS_VAR) {
		json_set_optional(item, "defined", def_text(s->def));
		json_set_optional(item, "definer", or_null(s->definer));
		json_set_optional(item, "linked_as", or_null(s->linked_as));
		json_set_optional(item, "forwards", or_null(s->forwards));
		json_set_optional(item, "shape", or_null(s->shape));
	}
	if (s->kind == ATLAS_VAR && s->size >= 0)
		json_object_set_new(item, "size", json_integer(s->size));
}

static json_t *entry_of(const struct report *r, const struct symbol_timeline *t, size_t toolchain,
			size_t target)
{
	const struct symbol_entry *e = entry_at(r, t, toolchain, target);
	json_t *item = json_object(), *from_asm = json_object();

	json_set_text(item, "toolchain", r->src->toolchains[toolchain].name);
	json_set_text(item, "target", r->src->targets[target].name);
	json_object_set_new(item, "exists", json_boolean(e->exists));
	json_set_text(item, "kind", e->declared ? atlas_kind_name(e->symbol.kind) : NULL);
	json_set_text(item, "package", e->declared ? t->package : NULL);
	json_set_text(item, "signature", e->declared ? or_null(e->symbol.sig) : NULL);
	json_set_text(item, "access", link_access_name(e->access));
	json_set_text(item, "pull", pull_text(e->go.pull));
	json_set_optional(item, "reason", e->go.reason);
	json_set_text(from_asm, "pull", pull_text(e->assembly.pull));
	json_set_optional(from_asm, "reason", e->assembly.reason);
	json_object_set_new(item, "from_asm", from_asm);
	if (e->declared)
		set_symbol(item, &e->symbol);
	if (e->users.n)
		json_set_list(item, "users", &e->users);
	if (e->directives.n) {
		json_t *directives = json_array();

		for (size_t i = 0; i < e->directives.n; i++)
			json_array_append_new(directives, directive_of(&e->directives.v[i]));
		json_object_set_new(item, "directives", directives);
	}
	json_set_optional(item, "partial", e->trouble);
	return item;
}

/* One symbol: a line for what is said of all of it, and one for each entry. */
static void add_json_symbol(const struct report *r, size_t n, const struct symbol_answer *a,
			    const struct symbol_timeline *t)
{
	size_t entries = 0;

	str_add(r->out, n ? ",\n {\"name\": " : "\n {\"name\": ");
	json_add_value(r->out, json_text(t->name, strlen(t->name)));
	str_add(r->out, ", \"asked\": ");
	json_add_value(r->out, json_text(a->asked, strlen(a->asked)));
	str_addf(r->out, ", \"found\": %s, \"suggestions\": ", t->declared ? "true" : "false");
	json_add_value(r->out, timeline_json_successors(&a->successors));
	if (!t->declared) {
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

void report_symbols_json(struct str *out, const struct timeline_source *src,
			 const struct symbol_answers *answers)
{
	struct report r = { .out = out, .src = src };
	size_t n = 0;

	str_add(out, "{\"schema\": \"lnmatrix/symbol/1\"");
	json_open_list(out, "symbols");
	for (size_t i = 0; i < answers->n; i++)
		for (size_t k = 0; k < answers->v[i].timelines.n; k++)
			add_json_symbol(&r, n++, &answers->v[i], &answers->v[i].timelines.v[k]);
	json_close_list(out, n);
	timeline_json_missing(out, src);
	str_add(out, "\n}\n");
}
