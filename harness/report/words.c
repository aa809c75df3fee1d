#include "harness/report/words.h"

#include <string.h>

#include "harness/report/text.h"
#include "results/changes.h"

struct words {
	struct str *out;
	const struct run_result *r;
	const struct axes *axes;
	const struct report_style *style;
	struct names causes;  /* of the section at work */
	struct fold fold;
	struct str key, text; /* scratch */
};

/* ---- paragraphs ---- */

static void color_on(struct words *w, const char *sgr)
{
	if (w->style->color)
		str_add(w->out, sgr);
}

/* Ends the color before the line end that the paragraph has. */
static void color_off(struct words *w)
{
	if (!w->style->color)
		return;
	w->out->s[--w->out->len] = '\0';
	str_add(w->out, "\033[0m\n");
}

static struct text_shape shape_at(const struct words *w, size_t first, size_t rest)
{
	return (struct text_shape){ (size_t)w->style->width, first, rest, 0, w->style->utf8 };
}

static void add_title(struct words *w, const char *title)
{
	str_addc(w->out, '\n');
	color_on(w, "\033[1m");
	str_addf(w->out, "%s\n", title);
	color_off(w);
}

/* w->text, made clean and wrapped. */
static void add_paragraph(struct words *w, size_t first, size_t rest, const char *sgr)
{
	struct text_shape shape = shape_at(w, first, rest);
	struct str clean = STR_INIT;

	text_add_clean(&clean, w->text.s, w->style->utf8);
	if (sgr)
		color_on(w, sgr);
	text_add_wrapped(w->out, clean.s, &shape);
	if (sgr)
		color_off(w);
	str_free(&clean);
	str_clear(&w->text);
}

static void add_entry(struct words *w, const char *sgr)
{
	add_paragraph(w, 2, 6, sgr);
}

static void add_detail(struct words *w)
{
	add_paragraph(w, 4, 6, NULL);
}

/* The tool's own words: the first lines, each behind a bar. */
static void add_evidence(struct words *w, const char *message)
{
	enum { LINES = 3, WRAPPED = 3 };
	struct text_shape shape = shape_at(w, 4, 6);
	size_t shown = 0;

	shape.max_lines = WRAPPED;
	for (size_t n; *message && shown < LINES; message += n + (message[n] == '\n')) {
		struct str line = STR_INIT, clean = STR_INIT;

		n = strcspn(message, "\n");
		if (strspn(message, " \t\r") >= n)
			continue;
		str_addn(&line, message, str_trimmed_len(message, n));
		str_add(&clean, "| ");
		text_add_clean(&clean, line.s, w->style->utf8);
		text_add_wrapped(w->out, clean.s, &shape);
		shown++;
		str_free(&clean);
		str_free(&line);
	}
}

static void add_list(struct str *out, const struct strv *list)
{
	for (size_t i = 0; i < list->n; i++)
		str_addf(out, "%s%s", i ? ", " : "", list->v[i]);
}

/* "link-rejected: runtime.a, runtime.b", "run-crash (SIGSEGV)" */
static void add_outcome(struct str *out, const struct outcome *o)
{
	str_add(out, outcome_name(o->kind));
	if (o->signal)
		str_addf(out, " (%s)", o->signal);
	else if (o->kind == OUTCOME_RUN_WRONG && o->has_exit && o->exit_status != 0)
		str_addf(out, " (exit %d)", o->exit_status);
	else if (o->kind == OUTCOME_TIMEOUT)
		str_addf(out, " (%s)", stage_name(o->stage));
	if (o->symbols.n) {
		str_add(out, " ");
		add_list(out, &o->symbols);
	}
}

/* "crosscall2, default: linux/386, amd64 on go1.27.4" */
static void add_place(struct words *w, const struct fold_entry *entry)
{
	axes_add_who(&w->text, w->axes, &entry->at[FOLD_WHO]);
	str_add(&w->text, ": ");
	axes_add_targets(&w->text, w->axes, &entry->at[FOLD_TARGET]);
	str_add(&w->text, " on ");
	axes_add_toolchains(&w->text, w->axes, &entry->at[FOLD_TOOLCHAIN]);
}

static void add_count(struct words *w, size_t n)
{
	if (n > 1)
		str_addf(&w->text, " (%zu cells)", n);
}

/* ---- sections: causes are collected, folded, and printed up to the limit ---- */

static const char *or_none(const char *s)
{
	return s ? s : "";
}

static void key_list(struct words *w, const struct strv *list)
{
	for (size_t i = 0; i < list->n; i++)
		str_addf(&w->key, "%s\n", list->v[i]);
	str_addc(&w->key, '\n');
}

/* Adds a cell under the cause in w->key; `sample` is what the printer gets. */
static void collect(struct words *w, size_t cell, size_t sample)
{
	fold_add(&w->fold, names_add(&w->causes, w->key.s), sample, w->axes->at[cell]);
	str_clear(&w->key);
}

typedef void entry_printer(struct words *w, const struct fold_entry *entry);

static void print_section(struct words *w, const char *title, entry_printer *print)
{
	size_t most = w->style->max_entries, left = 0;

	fold_up(&w->fold);
	if (w->fold.n)
		add_title(w, title);
	if (most == 0 || w->fold.n <= most)
		most = w->fold.n;
	for (size_t i = 0; i < most; i++)
		print(w, &w->fold.v[i]);
	for (size_t i = most; i < w->fold.n; i++)
		left += w->fold.v[i].count;
	if (left) {
		str_addf(&w->text, "and %zu more", w->fold.n - most);
		add_count(w, left);
		str_add(&w->text, ": --json has them all");
		add_entry(w, NULL);
	}
	fold_dispose(&w->fold);
	names_dispose(&w->causes);
}

/* ---- unexpected ---- */

static void print_unexpected(struct words *w, const struct fold_entry *entry)
{
	const struct cell_result *c = &w->r->cells.v[entry->sample];

	add_place(w, entry);
	add_count(w, entry->count);
	add_entry(w, "\033[1;31m");
	if (c->expected)
		str_addf(&w->text, "expected %s, got ", c->expected);
	else
		str_addf(&w->text, "%s: ", verdict_name(c->verdict));
	add_outcome(&w->text, &c->outcome);
	if (c->mismatch)
		str_addf(&w->text, ": %s", c->mismatch);
	add_detail(w);
	if (c->why) {
		str_addf(&w->text, "expected because: %s", c->why);
		add_detail(w);
	}
	add_evidence(w, or_none(c->outcome.message));
	if (c->command) {
		struct text_shape shape = shape_at(w, 4, 6);
		struct str clean = STR_INIT;

		text_add_clean(&clean, c->command, w->style->utf8);
		str_add(w->out, "    to see it:\n");
		text_add_command(w->out, clean.s, &shape);
		str_free(&clean);
	}
}

/* The sentence that decided, its numbers aside: addresses and line numbers differ where the
 * cause is one, other words are another cause. */
static void key_message(struct words *w, const char *message)
{
	for (const char *p = or_none(message); *p; p++) {
		if (strchr("0123456789", *p)) {
			p += strspn(p, "0123456789abcdefx") - 1;
			str_addc(&w->key, '#');
		} else {
			str_addc(&w->key, *p);
		}
	}
	str_addc(&w->key, '\n');
}

static void add_unexpected(struct words *w)
{
	for (size_t i = 0; i < w->r->cells.n; i++) {
		const struct cell_result *c = &w->r->cells.v[i];

		if (!report_is_unexpected(c))
			continue;
		str_addf(&w->key, "%s\n%d %d %d\n%s\n%s\n%s\n%s\n", c->scenario, c->verdict,
			 c->outcome.kind, c->outcome.stage, or_none(c->outcome.signal),
			 or_none(c->expected), or_none(c->mismatch), or_none(c->why));
		key_list(w, &c->outcome.symbols);
		key_message(w, c->outcome.message);
		collect(w, i, i);
	}
	print_section(w, "Unexpected", print_unexpected);
}

/* ---- changes ---- */

static void add_what_changed(struct words *w, const struct change *change)
{
	const struct outcome *from = &w->r->cells.v[change->from].outcome;
	const struct outcome *to = &w->r->cells.v[change->to].outcome;
	static const struct { const char *kind, *words; } known[] = {
		{ "new-rejection", "new rejection of " }, { "rejection-lifted", "rejection lifted: " },
		{ "symbol-removed", "symbol removed: " }, { "symbol-appeared", "symbol appeared: " },
	};
	struct strv symbols;

	change_symbols(&symbols, w->r, change);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(known[i].kind, change->kind) != 0)
			continue;
		str_add(&w->text, known[i].words);
		add_list(&w->text, &symbols);
		if (symbols.n == 0)
			str_add(&w->text, "(no symbol named)");
		strv_free(&symbols);
		return;
	}
	strv_free(&symbols);
	if (strcmp(change->kind, "other") != 0)
		str_addf(&w->text, "%s: ", change->kind);
	add_outcome(&w->text, from);
	str_add(&w->text, w->style->utf8 ? " → " : " -> ");
	add_outcome(&w->text, to);
}

static void print_change(struct words *w, const struct fold_entry *entry)
{
	static const char *const rescues[RESCUES] = {
		[RESCUE_REJECTED_ONLY] = "with -checklinkname=0 it links and behaves (rejected-only)",
		[RESCUE_GONE] = "with -checklinkname=0 it does not link either (gone)",
		[RESCUE_CHANGED] = "with -checklinkname=0 it links but behaves otherwise (changed)",
	};
	const struct change *change = &w->r->changes.v[entry->sample];
	const struct cell_result *to = &w->r->cells.v[change->to];

	axes_add_who(&w->text, w->axes, &entry->at[FOLD_WHO]);
	str_add(&w->text, ": ");
	axes_add_toolchain(&w->text, w->axes, w->axes->at[change->from][FOLD_TOOLCHAIN]);
	str_add(&w->text, w->style->utf8 ? " → " : " -> ");
	axes_add_toolchain(&w->text, w->axes, w->axes->at[change->to][FOLD_TOOLCHAIN]);
	str_add(&w->text, ": ");
	add_what_changed(w, change);
	add_entry(w, NULL);
	str_add(&w->text, "on ");
	axes_add_targets(&w->text, w->axes, &entry->at[FOLD_TARGET]);
	if (rescues[to->outcome.rescue])
		str_addf(&w->text, "; %s", rescues[to->outcome.rescue]);
	add_detail(w);
	if (!outcome_is_good(to->outcome.kind) && !report_is_unexpected(to)) /* quoted above */
		add_evidence(w, or_none(to->outcome.message));
}

/* For grouping: whether a good program could be run too depends on the machine. */
static int blur(const struct outcome *o)
{
	return outcome_is_good(o->kind) ? OUTCOME_PASS : (int)o->kind;
}

static void add_changes(struct words *w)
{
	for (size_t i = 0; i < w->r->changes.n; i++) {
		const struct change *change = &w->r->changes.v[i];
		const struct cell_result *from = &w->r->cells.v[change->from];
		const struct cell_result *to = &w->r->cells.v[change->to];
		struct strv symbols;

		change_symbols(&symbols, w->r, change);
		str_addf(&w->key, "%s\n%s\n%s\n%s\n%d\n%d\n%d\n%s\n%s\n", to->scenario, change->kind,
			 from->toolchain, to->toolchain, blur(&from->outcome), blur(&to->outcome),
			 to->outcome.rescue, or_none(from->outcome.signal),
			 or_none(to->outcome.signal));
		key_list(w, &symbols);
		strv_free(&symbols);
		collect(w, change->to, i);
	}
	print_section(w, "Changes", print_change);
}

/* ---- documents ---- */

/* The sources of a scenario, joined; "the document" when it names none. */
static void add_sources(struct str *out, const struct run_result *r, const char *scenario)
{
	bool any = false;

	for (size_t i = 0; i < r->claims.n; i++) {
		if (strcmp(r->claims.v[i].scenario, scenario) != 0)
			continue;
		str_addf(out, "%s%s", any ? ", " : "", r->claims.v[i].source);
		any = true;
	}
	if (!any)
		str_add(out, "the document");
}

static void print_claim(struct words *w, const struct fold_entry *entry)
{
	const struct cell_result *c = &w->r->cells.v[entry->sample];

	add_place(w, entry);
	add_count(w, entry->count);
	add_entry(w, NULL);
	add_sources(&w->text, w->r, c->scenario);
	str_addf(&w->text, " says %s; found: ", c->says);
	add_outcome(&w->text, &c->outcome);
	if (c->says_output && outcome_is_good(c->outcome.kind))
		str_add(&w->text, ", with other output");
	add_detail(w);
}

static void add_claims(struct words *w)
{
	size_t agree = 0;

	for (size_t i = 0; i < w->r->cells.n; i++) {
		const struct cell_result *c = &w->r->cells.v[i];

		agree += c->says && !c->says_differs;
		if (!c->says || !c->says_differs)
			continue;
		str_addf(&w->key, "%s\n%s\n%d\n%s\n", c->scenario, c->says, c->outcome.kind,
			 or_none(c->outcome.signal));
		key_list(w, &c->outcome.symbols);
		collect(w, i, i);
	}
	bool differs = w->fold.n > 0;

	print_section(w, "Where the document differs", print_claim);
	if (agree && differs) {
		str_addf(&w->text, "about %zu other cell%s it is right", agree, agree == 1 ? "" : "s");
		add_entry(w, NULL);
	}
}

/* ---- not asked ---- */

static void print_infra(struct words *w, const struct fold_entry *entry)
{
	const struct cell_result *c = &w->r->cells.v[entry->sample];
	int column = run_result_column(w->r, c->toolchain);
	const char *missing = column < 0 ? NULL : w->r->columns.v[column].missing;

	str_addf(&w->text, "%zu cell%s: ", entry->count, entry->count == 1 ? "" : "s");
	if (entry->at[FOLD_TARGET].n < w->axes->targets.list.n || w->axes->targets.list.n == 1) {
		axes_add_targets(&w->text, w->axes, &entry->at[FOLD_TARGET]);
		str_add(&w->text, " on ");
	}
	axes_add_toolchains(&w->text, w->axes, &entry->at[FOLD_TOOLCHAIN]);
	if (!missing)
		missing = or_none(c->outcome.message);
	if (str_starts(missing, c->toolchain)) /* it names the toolchain itself */
		str_addf(&w->text, "%s", missing + strlen(c->toolchain));
	else
		str_addf(&w->text, ": %s", missing);
	add_entry(w, NULL);
	if (c->runner) {
		str_addf(&w->text, "runner: %s", c->runner);
		add_detail(w);
	}
	for (size_t i = 0; i < c->outcome.notes.n; i++) {
		str_add(&w->text, c->outcome.notes.v[i]);
		add_detail(w);
	}
}

static void add_infra(struct words *w)
{
	for (size_t i = 0; i < w->r->cells.n; i++) {
		const struct cell_result *c = &w->r->cells.v[i];
		int column = run_result_column(w->r, c->toolchain);
		const char *missing = column < 0 ? NULL : w->r->columns.v[column].missing;

		if (c->outcome.kind != OUTCOME_INFRA)
			continue;
		str_addf(&w->key, "%s\n%s\n", missing ? missing : or_none(c->outcome.message),
			 or_none(c->runner));
		key_list(w, &c->outcome.notes);
		collect(w, i, i);
	}
	print_section(w, "Not asked", print_infra);
}

/* ---- findings and notes ---- */

static void print_finding(struct words *w, const struct fold_entry *entry)
{
	/* `sample` counts findings over the cells. */
	const struct finding *f = NULL;
	size_t n = entry->sample;

	for (size_t i = 0; !f; i++) {
		const struct outcome *o = &w->r->cells.v[i].outcome;

		if (n < o->findings.n)
			f = &o->findings.v[n];
		else
			n -= o->findings.n;
	}
	str_addf(&w->text, "%s", f->kind);
	if (f->severity)
		str_addf(&w->text, " (%s)", f->severity);
	if (f->symbol)
		str_addf(&w->text, " %s", f->symbol);
	str_addf(&w->text, ": %s", or_none(f->message));
	add_entry(w, NULL);
	if (f->file && !finding_is_info(f)) {
		str_addf(&w->text, f->line ? "at %s:%d" : "at %s", f->file, f->line);
		add_detail(w);
	}
	add_place(w, entry);
	add_count(w, entry->count);
	add_detail(w);
}

static void collect_findings(struct words *w, bool info)
{
	size_t n = 0;

	for (size_t i = 0; i < w->r->cells.n; i++) {
		const struct outcome *o = &w->r->cells.v[i].outcome;

		for (size_t j = 0; j < o->findings.n; j++, n++) {
			const struct finding *f = &o->findings.v[j];

			if (finding_is_info(f) != info)
				continue;
			str_addf(&w->key, "%s\n%s\n%s\n%s\n%s\n%d\n%s", f->kind,
				 or_none(f->severity), or_none(f->symbol), or_none(f->local),
				 info ? "" : or_none(f->file), info ? 0 : f->line, or_none(f->message));
			collect(w, i, n);
		}
	}
}

static void add_findings(struct words *w)
{
	collect_findings(w, false);
	print_section(w, "Findings", print_finding);
	collect_findings(w, true);
	print_section(w, "Good to know", print_finding);
}

static void print_note(struct words *w, const struct fold_entry *entry)
{
	axes_add_targets(&w->text, w->axes, &entry->at[FOLD_TARGET]);
	if (entry->at[FOLD_TOOLCHAIN].n < w->axes->toolchains.list.n) {
		str_add(&w->text, " on ");
		axes_add_toolchains(&w->text, w->axes, &entry->at[FOLD_TOOLCHAIN]);
	}
	str_addf(&w->text, ": %s", w->causes.list.v[entry->cause]);
	add_count(w, entry->count);
	add_entry(w, NULL);
}

static void add_notes(struct words *w)
{
	for (size_t i = 0; i < w->r->cells.n; i++) {
		const struct outcome *o = &w->r->cells.v[i].outcome;

		if (o->kind == OUTCOME_INFRA)
			continue;
		for (size_t j = 0; j < o->notes.n; j++) {
			str_add(&w->key, o->notes.v[j]);
			collect(w, i, i);
		}
	}
	print_section(w, "Notes", print_note);
}

void words_add(struct str *out, const struct run_result *r, const struct axes *axes,
	       const struct report_style *style)
{
	struct words w = { .out = out, .r = r, .axes = axes, .style = style,
			   .key = STR_INIT, .text = STR_INIT };

	add_unexpected(&w);
	add_changes(&w);
	add_claims(&w);
	add_infra(&w);
	add_findings(&w);
	add_notes(&w);
	str_free(&w.text);
	str_free(&w.key);
}

/* ---- totals ---- */

static void add_duration(struct str *out, uint64_t ms)
{
	if (ms < 1000)
		str_addf(out, "%u" TEXT_TIE "ms", (unsigned)ms);
	else if (ms < 120 * 1000)
		str_addf(out, "%u.%u" TEXT_TIE "s", (unsigned)(ms / 1000), (unsigned)(ms % 1000 / 100));
	else
		str_addf(out, "%llu" TEXT_TIE "min" TEXT_TIE "%u" TEXT_TIE "s", (unsigned long long)(ms / 60000),
			 (unsigned)(ms / 1000 % 60));
}

/* The outcomes that occur, the commonest first. */
static void add_outcomes(struct str *out, const struct run_result *r)
{
	size_t count[OUTCOME_KINDS] = { 0 };

	for (size_t i = 0; i < r->cells.n; i++)
		count[r->cells.v[i].outcome.kind]++;
	for (const char *sep = ": ";; sep = ", ") {
		int best = 0;

		for (int k = 1; k < OUTCOME_KINDS; k++)
			if (count[k] > count[best])
				best = k;
		if (count[best] == 0)
			return;
		str_addf(out, "%s%zu %s", sep, count[best], outcome_name(best));
		count[best] = 0;
	}
}

static void add_verdicts(struct str *out, const struct run_result *r, const char *dot)
{
	size_t expected = 0, unexpected = 0, cached = 0, none = 0;

	for (size_t i = 0; i < r->cells.n; i++) {
		const struct cell_result *c = &r->cells.v[i];

		cached += c->cached;
		expected += c->verdict == VERDICT_EXPECTED;
		unexpected += report_is_unexpected(c);
		none += c->verdict == VERDICT_NONE && c->outcome.kind != OUTCOME_INFRA;
	}
	if (unexpected)
		str_addf(out, "%s%zu" TEXT_TIE "unexpected", dot, unexpected);
	if (expected)
		str_addf(out, "%s%zu" TEXT_TIE "as" TEXT_TIE "expected", dot, expected);
	if (none)
		str_addf(out, "%s%zu" TEXT_TIE "without" TEXT_TIE "expectation", dot, none);
	if (cached)
		str_addf(out, "%s%zu" TEXT_TIE "from" TEXT_TIE "the" TEXT_TIE "store", dot, cached);
}

/* Cells that are good for now although something is wrong with the program. */
static void add_luck(struct str *text, const struct run_result *r, const char *dot)
{
	size_t lucky = 0, alarming = 0;

	for (size_t i = 0; i < r->cells.n; i++) {
		const struct outcome *o = &r->cells.v[i].outcome;
		bool grave = false;

		for (size_t k = 0; k < o->findings.n; k++)
			grave |= finding_is_grave(&o->findings.v[k]);
		lucky += grave && outcome_is_good(o->kind);
		alarming += r->cells.v[i].alarming;
	}
	if (lucky)
		str_addf(text, "%s%zu" TEXT_TIE "by" TEXT_TIE "luck", dot, lucky);
	/* what makes the exit status 1 though each outcome is as expected */
	if (alarming)
		str_addf(text, "%s%zu" TEXT_TIE "with" TEXT_TIE "unexpected" TEXT_TIE "findings", dot, alarming);
}

void words_add_totals(struct str *out, const struct run_result *r,
		      const struct report_style *style)
{
	struct text_shape shape = { (size_t)style->width, 0, 2, 0, style->utf8 };
	const char *dot = style->utf8 ? " · " : "; ";
	struct str text = STR_INIT;

	if (r->interrupted) {
		str_addf(&text, "interrupted: %zu of %zu cells; run the same command again to go on",
			 r->cells.n, r->planned);
		text_add_wrapped(out, text.s, &shape);
		str_clear(&text);
	}
	str_addf(&text, "%zu cell%s", r->cells.n, r->cells.n == 1 ? "" : "s");
	add_outcomes(&text, r);
	add_verdicts(&text, r, dot);
	add_luck(&text, r, dot);
	if (r->wall_ms) {
		str_add(&text, dot);
		add_duration(&text, r->wall_ms);
		str_add(&text, TEXT_TIE "wall," TEXT_TIE);
		add_duration(&text, r->cpu_ms);
		str_addf(&text, TEXT_TIE "CPU," TEXT_TIE "%.2f" TEXT_TIE "cores" TEXT_TIE "busy",
			 (double)r->cpu_ms / (double)r->wall_ms);
	}
	text_add_wrapped(out, text.s, &shape);
	str_free(&text);
}
