#include "harness/report/claims.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/names.h"
#include "harness/report/fold.h"
#include "harness/report/text.h"
#include "results/claims.h"

enum { PRINTED_MOST = 80 }; /* bytes of what a program printed */

/* What happened in some cells of a claim's case. */
struct evidence {
	char *where, *what;
	enum claim_fit fit, because;
};
struct evidences { struct evidence *v; size_t n, cap; };

struct source {
	const struct run_result *r;
	report_load_text *load;
	void *arg;
};

/* One case's cells: which toolchains, targets and variants they are on. */
struct spread {
	struct names toolchains, targets, variants;
	struct strv short_names;   /* of the toolchains */
};

/* --- where -------------------------------------------------------------------- */

/* "1.22" of "go1.22.12"; the whole name of a candidate, a what-if or a local one. */
static char *minor_name(const char *toolchain)
{
	const char *s = toolchain;
	size_t n;

	if (!str_starts(s, "go1."))
		return mem_strdup(s);
	n = 4 + strspn(s + 4, "0123456789");
	if (s[n] != '.' && s[n] != '\0')
		return mem_strdup(s + 2);
	if (s[n] == '.' && s[n + 1 + strspn(s + n + 1, "0123456789")] != '\0')
		return mem_strdup(s + 2);
	return mem_strndup(s + 2, n - 2);
}

static void spread_init(struct spread *s, const struct run_result *r, const struct claim_case *claim)
{
	struct names minors = { 0 };

	*s = (struct spread){ 0 };
	for (size_t i = 0; i < r->columns.n; i++) { /* in the order of the columns */
		for (size_t k = 0; k < r->cells.n; k++) {
			const struct cell_result *c = &r->cells.v[k];

			if (strcmp(c->toolchain, r->columns.v[i].name) == 0 && claim_is_of(claim, c)) {
				names_add(&s->toolchains, c->toolchain);
				break;
			}
		}
	}
	for (size_t i = 0; i < s->toolchains.list.n; i++) {
		char *name = minor_name(s->toolchains.list.v[i]);

		/* a second one of that minor goes by its whole name */
		strv_add(&s->short_names, names_find(&minors, name) == NAMES_NONE ? name
									    : s->toolchains.list.v[i]);
		names_add(&minors, name);
		mem_free(name);
	}
	names_dispose(&minors);
	for (size_t k = 0; k < r->cells.n; k++) {
		if (claim_is_of(claim, &r->cells.v[k])) {
			names_add(&s->targets, r->cells.v[k].target);
			names_add(&s->variants, r->cells.v[k].variant);
		}
	}
}

static void spread_dispose(struct spread *s)
{
	names_dispose(&s->toolchains);
	names_dispose(&s->targets);
	names_dispose(&s->variants);
	strv_free(&s->short_names);
}

/* "1.18–1.22, 1.27"; ranges are of neighbours. */
static void add_toolchains(struct str *out, const struct spread *s, const struct fold_set *set)
{
	for (size_t i = 0; i < set->n;) {
		size_t last = i;

		while (last + 1 < set->n && set->v[last + 1] == set->v[last] + 1)
			last++;
		str_addf(out, "%s%s", i ? ", " : "", s->short_names.v[set->v[i]]);
		if (last > i)
			str_addf(out, "%s%s", last == i + 1 ? ", " : "–", s->short_names.v[set->v[last]]);
		i = last + 1;
	}
}

static void add_names(struct str *out, const struct names *names, const struct fold_set *set)
{
	if (names->list.n < 2 || set->n == names->list.n)
		return;
	str_add(out, "; ");
	for (size_t i = 0; i < set->n; i++)
		str_addf(out, "%s%s", i ? ", " : "", names->list.v[set->v[i]]);
}

static char *where_of(const struct spread *s, const struct fold_entry *entry)
{
	struct str out = STR_INIT;

	add_toolchains(&out, s, &entry->at[FOLD_TOOLCHAIN]);
	add_names(&out, &s->targets, &entry->at[FOLD_TARGET]);
	add_names(&out, &s->variants, &entry->at[FOLD_WHO]);
	return str_detach(&out);
}

/* --- what --------------------------------------------------------------------- */

static void add_printed(struct str *out, const struct source *src, const char *what, const char *digest)
{
	size_t n = 0;
	char *text = digest && src->load ? src->load(src->arg, digest, &n) : NULL;

	n = str_trimmed_len(text ? text : "", n);
	str_addf(out, ", %s \"", what);
	for (size_t i = 0; i < n && i < PRINTED_MOST; i++)
		str_addc(out, text[i] == '\n' ? ' ' : text[i]);
	str_add(out, n > PRINTED_MOST ? "...\"" : "\"");
	free(text);
}

/* What numbers of one build come after, and before: "(type STEXT size 36)", "sym 29338/runtime.x". */
static const struct { const char *before; char after; size_t keep; } passing[] = {
	{ " size ", ')', 0 },
	{ " sym ", '/', 5 },
};

/* The message without numbers that the next patch release may change. */
static void add_message(struct str *out, const char *message)
{
	str_add(out, ": ");
	for (const char *s = message; *s;) {
		size_t skip = 0;

		for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]) && !skip; i++) {
			size_t n = strlen(passing[i].before), digits;

			digits = str_starts(s, passing[i].before) ? strspn(s + n, "0123456789") : 0;
			if (digits && s[n + digits] == passing[i].after) {
				str_addn(out, s, passing[i].keep);
				skip = n + digits + (passing[i].after == '/');
			}
		}
		if (skip)
			s += skip;
		else
			str_addc(out, *s++);
	}
}

static char *what_of(const struct source *src, const struct cell_result *c)
{
	const struct outcome *o = &c->outcome;
	struct str out = STR_INIT;
	unsigned runs = 0;

	str_add(&out, outcome_name(o->kind));
	for (size_t i = 0; i < o->symbols.n; i++)
		str_addf(&out, "%s%s", i ? ", " : " of ", o->symbols.v[i]);
	for (int k = 0; k < OUTCOME_KINDS; k++)
		runs += o->repeats[k];
	if (runs > 1 || o->kind == OUTCOME_FLAKY) /* a class of outcomes: what one run said means nothing */
		;
	else if (!outcome_is_good(o->kind) && o->message && *o->message)
		add_message(&out, o->message);
	else if (c->says_output && c->out_digest)
		add_printed(&out, src, "prints", c->out_digest);
	else if (c->says_output && c->err_digest)
		add_printed(&out, src, "prints to stderr", c->err_digest);
	for (size_t i = 0; i < o->findings.n; i++) {
		const char *kind = o->findings.v[i].kind;
		bool said = !finding_is_grave(&o->findings.v[i]);

		for (size_t k = 0; k < i && !said; k++)
			said = strcmp(o->findings.v[k].kind, kind) == 0;
		if (!said)
			str_addf(&out, "; finding: %s", kind);
	}
	if (c->why)
		str_addf(&out, " (%s)", c->why);
	return str_detach(&out);
}

/* Cells of which the same is to be said, as one entry each. */
static void evidences_collect(struct evidences *out, const struct source *src, const struct claim_case *claim)
{
	struct spread s;
	struct names causes = { 0 };
	struct fold fold = { 0 };

	spread_init(&s, src->r, claim);
	for (size_t i = 0; i < src->r->cells.n; i++) {
		const struct cell_result *c = &src->r->cells.v[i];
		size_t at[FOLD_AXES];
		char *what, *key;

		if (!claim_is_of(claim, c) || c->outcome.kind == OUTCOME_INFRA)
			continue;
		at[FOLD_TOOLCHAIN] = names_find(&s.toolchains, c->toolchain);
		at[FOLD_TARGET] = names_find(&s.targets, c->target);
		at[FOLD_WHO] = names_find(&s.variants, c->variant);
		what = what_of(src, c);
		key = mem_printf("%d %d %s", c->fit, c->because, what);
		fold_add(&fold, names_add(&causes, key), i, at);
		mem_free(what);
		mem_free(key);
	}
	fold_up(&fold);
	for (size_t i = 0; i < fold.n; i++) {
		const struct cell_result *c = &src->r->cells.v[fold.v[i].sample];
		struct evidence e = { where_of(&s, &fold.v[i]), what_of(src, c), c->fit, c->because };

		vec_push(out, e);
	}
	fold_dispose(&fold);
	names_dispose(&causes);
	spread_dispose(&s);
}

static void evidences_dispose(struct evidences *list)
{
	for (size_t i = 0; i < list->n; i++) {
		mem_free(list->v[i].where);
		mem_free(list->v[i].what);
	}
	vec_free(list);
}

/* How it stands to what the document says. */
static const char *remark(const struct evidence *e)
{
	if (e->because == CLAIM_FAILS)
		return e->fit == CLAIM_FAILS ? "not so, nor for that cause" : "so the cause is another";
	switch (e->fit) {
	case CLAIM_HOLDS:  return "as it says";
	case CLAIM_NEARLY: return "nearly as it says";
	case CLAIM_FAILS:  return "not as it says";
	default:           return e->because == CLAIM_HOLDS ? "as its cause wants" : NULL;
	}
}

/* --- both forms ----------------------------------------------------------------- */

struct tally { size_t n[CLAIM_VERDICTS], all; };

static void add_tally(struct str *out, const struct tally *t)
{
	bool any = false;

	str_addf(out, "%zu statement%s", t->all, t->all == 1 ? "" : "s");
	for (int v = CLAIM_CONFIRMED; v <= CLAIM_VERDICTS; v++) {
		int which = v == CLAIM_VERDICTS ? CLAIM_UNASKED : v; /* last */

		if (!t->n[which])
			continue;
		str_addf(out, "%s%zu %s", any ? ", " : ": ", t->n[which], claim_verdict_name((enum claim_verdict)which));
		any = true;
	}
}

static struct tally tally_of(const struct run_result *r, const char *scenario)
{
	struct tally t = { 0 };

	for (size_t i = 0; i < r->claim_cases.n; i++) {
		if (scenario && strcmp(r->claim_cases.v[i].scenario, scenario) != 0)
			continue;
		t.n[claim_judge(r, &r->claim_cases.v[i])]++;
		t.all++;
	}
	return t;
}

static const char *statement(const struct claim_case *c)
{
	return c->text ? c->text : "(see the scenario)";
}

static void scenarios_of(struct names *out, const struct run_result *r)
{
	for (size_t i = 0; i < r->claim_cases.n; i++)
		names_add(out, r->claim_cases.v[i].scenario);
	for (size_t i = 0; i < r->unchecked.n; i++)
		names_add(out, r->unchecked.v[i].scenario);
}

/* --- the table ------------------------------------------------------------------- */

struct pen {
	struct str *out;
	const struct report_style *style;
};

static void write_line(const struct pen *pen, size_t first, size_t rest, const char *sgr, const char *text)
{
	struct text_shape shape = { .width = (size_t)pen->style->width, .first = first, .rest = rest,
				    .utf8 = pen->style->utf8 };
	struct str clean = STR_INIT;

	text_add_clean(&clean, text, pen->style->utf8);
	if (sgr && pen->style->color)
		str_add(pen->out, sgr);
	text_add_wrapped(pen->out, clean.s, &shape);
	if (sgr && pen->style->color)
		str_add(pen->out, "\x1b[0m");
	str_free(&clean);
}

static void write_claim(const struct pen *pen, const struct source *src, const struct claim_case *c)
{
	static const char *const colors[] = { NULL, "\x1b[32m", "\x1b[33m", "\x1b[33m", "\x1b[31m" };
	enum claim_verdict verdict = claim_judge(src->r, c);
	struct evidences list = { 0 };
	char *line = mem_printf("%s/%s: %s", c->scenario, c->kase, claim_verdict_name(verdict));

	write_line(pen, 0, 2, colors[verdict], line);
	mem_free(line);
	line = c->at ? mem_printf("%s (it speaks of %s)", statement(c), c->at) : mem_strdup(statement(c));
	write_line(pen, 2, 2, NULL, line);
	mem_free(line);
	evidences_collect(&list, src, c);
	for (size_t i = 0; i < list.n; i++) {
		const char *how = remark(&list.v[i]);

		line = mem_printf("%s: %s%s%s", list.v[i].where, list.v[i].what, how ? " - " : "", how ? how : "");
		write_line(pen, 4, 6, NULL, line);
		mem_free(line);
	}
	if (c->explain && verdict != CLAIM_CONFIRMED)
		write_line(pen, 2, 2, NULL, c->explain);
	evidences_dispose(&list);
}

void report_claims_table(struct str *out, const struct run_result *r, report_load_text *load, void *arg,
			 const struct report_style *style)
{
	struct report_style used = *style;
	struct pen pen = { out, &used };
	struct source src = { r, load, arg };
	struct tally all = tally_of(r, NULL);
	struct str text = STR_INIT;

	if (used.width < 60)
		used.width = 60;
	for (size_t i = 0; i < r->claim_cases.n; i++)
		write_claim(&pen, &src, &r->claim_cases.v[i]);
	for (size_t i = 0; i < r->unchecked.n; i++) {
		const struct unchecked_claim *u = &r->unchecked.v[i];
		char *line = mem_printf("%s: not checkable: %s", u->scenario, u->text);

		write_line(&pen, 0, 2, NULL, line);
		write_line(&pen, 2, 2, NULL, u->why);
		mem_free(line);
	}
	add_tally(&text, &all);
	if (r->unchecked.n)
		str_addf(&text, "; %zu not checkable", r->unchecked.n);
	if (all.all + r->unchecked.n)
		str_addc(out, '\n');
	write_line(&pen, 0, 2, NULL, text.s);
	str_free(&text);
}

/* --- Markdown -------------------------------------------------------------------- */

/* What Markdown would take for its own is made plain; code spans keep their text. */
static void add_plain(struct str *out, const char *s)
{
	bool code = false;

	for (; *s; s++) {
		if (*s == '`')
			code = !code;
		if (*s == '\n' || *s == '\r') {
			str_addc(out, ' ');
			continue;
		}
		if (!code && strchr("*_<>[]|#\\", *s))
			str_addc(out, '\\');
		str_addc(out, *s);
	}
	if (code)
		str_addc(out, '`');
}

static void markdown_claim(struct str *out, const struct source *src, const struct claim_case *c)
{
	enum claim_verdict verdict = claim_judge(src->r, c);
	struct evidences list = { 0 };

	str_addf(out, "\n### %s/%s: %s\n\n", c->scenario, c->kase, claim_verdict_name(verdict));
	add_plain(out, statement(c));
	if (c->at)
		str_addf(out, " (It speaks of %s.)", c->at);
	str_add(out, "\n\n");
	evidences_collect(&list, src, c);
	for (size_t i = 0; i < list.n; i++) {
		const char *how = remark(&list.v[i]);

		str_add(out, "- ");
		add_plain(out, list.v[i].where);
		str_add(out, ": ");
		add_plain(out, list.v[i].what);
		str_addf(out, "%s%s\n", how ? " - " : "", how ? how : "");
	}
	if (c->explain && verdict != CLAIM_CONFIRMED) {
		str_addc(out, '\n');
		add_plain(out, c->explain);
		str_addc(out, '\n');
	}
	evidences_dispose(&list);
}

void report_claims_markdown(struct str *out, const struct run_result *r, report_load_text *load, void *arg)
{
	struct source src = { r, load, arg };
	struct names scenarios = { 0 };
	struct tally all = tally_of(r, NULL);

	str_add(out, "# What documents say of linkname, and what is true\n\n"
		     "Written by `lnmatrix run --claims --format markdown`: each verdict comes from what "
		     "happened.\n\n");
	add_tally(out, &all);
	str_add(out, ".\n");
	scenarios_of(&scenarios, r);
	for (size_t s = 0; s < scenarios.list.n; s++) {
		const char *name = scenarios.list.v[s];
		struct tally t = tally_of(r, name);
		bool titled = false;

		for (size_t i = 0; i < r->claim_cases.n; i++) {
			const struct claim_case *c = &r->claim_cases.v[i];

			if (strcmp(c->scenario, name) != 0)
				continue;
			if (!titled) {
				str_addf(out, "\n## %s: ", name);
				add_plain(out, c->source);
				str_add(out, "\n\n");
				add_tally(out, &t);
				str_add(out, ".\n");
				titled = true;
			}
			markdown_claim(out, &src, c);
		}
	}
	for (size_t i = 0; i < r->unchecked.n; i++) {
		const struct unchecked_claim *u = &r->unchecked.v[i];

		if (i == 0)
			str_add(out, "\n## What no program can check\n\n");
		str_addf(out, "- %s: ", u->scenario);
		add_plain(out, u->text);
		str_add(out, " - ");
		add_plain(out, u->why);
		str_addc(out, '\n');
	}
	names_dispose(&scenarios);
}
