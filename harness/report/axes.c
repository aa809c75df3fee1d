#include "harness/report/axes.h"

#include <string.h>

#include "harness/report/text.h"

/* A, B, ... Z, AA, AB, ... */
static void add_letter(struct str *out, size_t n)
{
	if (n >= 26)
		add_letter(out, n / 26 - 1);
	str_addc(out, (char)('A' + n % 26));
}

/* Letters are given to whole names (local toolchains) and to what-if suffixes. */
struct letters {
	struct names given;
	struct strv meaning; /* the text that stands behind '=' */
};

static void add_alias(struct str *out, struct letters *letters, const char *key,
		      const char *meaning)
{
	size_t n = names_add(&letters->given, key);

	if (n == letters->meaning.n) {
		strv_add(&letters->meaning, meaning);
	} else if (strcmp(letters->meaning.v[n], meaning) != 0) {
		/* The same what-if over several releases: what they share. */
		mem_free(letters->meaning.v[n]);
		letters->meaning.v[n] = mem_strdup(key);
	}
	add_letter(out, n);
}

/* The heading of a toolchain that is not a variant of another. */
static void add_plain_heading(struct str *out, struct letters *letters, const char *name)
{
	enum { LONGEST = 11 };
	const char *colon = strchr(name, ':');

	if (str_starts(name, "go"))
		name += 2;
	if (strlen(name) <= LONGEST) {
		str_add(out, name);
		return;
	}
	if (colon) {
		str_addn(out, name, (size_t)(colon - name));
		str_addc(out, ' ');
	}
	add_alias(out, letters, name, name);
}

static void add_heading(struct axes *axes, struct letters *letters, const char *name,
			const char *base)
{
	struct str out = STR_INIT, clean = STR_INIT;

	if (base && str_starts(name, base) && name[strlen(base)] == '+') {
		add_plain_heading(&out, letters, base);
		str_addc(&out, '+');
		add_alias(&out, letters, name + strlen(base), name);
	} else {
		add_plain_heading(&out, letters, name);
	}
	text_add_clean(&clean, out.s, axes->utf8);
	strv_add(&axes->headings, clean.s);
	str_free(&clean);
	str_free(&out);
}

/* The headings of axes->toolchains, whose bases are `bases`; one may be NULL. */
static void find_headings(struct axes *axes, const char *const *bases)
{
	struct letters letters = { 0 };

	for (size_t i = 0; i < axes->toolchains.list.n; i++)
		add_heading(axes, &letters, axes->toolchains.list.v[i], bases[i]);
	for (size_t i = 0; i < letters.meaning.n; i++) {
		struct str line = STR_INIT;

		add_letter(&line, i);
		str_add(&line, " = ");
		text_add_clean(&line, letters.meaning.v[i], axes->utf8);
		strv_add(&axes->aliases, line.s);
		str_free(&line);
	}
	strv_free(&letters.meaning);
	names_dispose(&letters.given);
}

static void find_toolchains(struct axes *axes, const struct run_result *r)
{
	struct names used = { 0 };
	const char **bases;

	for (size_t i = 0; i < r->cells.n; i++)
		names_add(&used, r->cells.v[i].toolchain);
	for (size_t i = 0; i < r->columns.n; i++)
		if (names_find(&used, r->columns.v[i].name) != NAMES_NONE)
			names_add(&axes->toolchains, r->columns.v[i].name);
	for (size_t i = 0; i < used.list.n; i++)
		names_add(&axes->toolchains, used.list.v[i]);
	bases = mem_zalloc((axes->toolchains.list.n + 1) * sizeof(*bases));
	for (size_t i = 0; i < axes->toolchains.list.n; i++) {
		int column = run_result_column(r, axes->toolchains.list.v[i]);

		bases[i] = column < 0 ? NULL : r->columns.v[column].base;
	}
	find_headings(axes, bases);
	mem_free(bases);
	names_dispose(&used);
}

void axes_init_names(struct axes *axes, const struct strv *toolchains, const struct strv *bases,
		     const struct strv *targets, bool utf8)
{
	memset(axes, 0, sizeof(*axes));
	axes->utf8 = utf8;
	for (size_t i = 0; i < toolchains->n; i++)
		names_add(&axes->toolchains, toolchains->v[i]);
	for (size_t i = 0; i < targets->n; i++)
		names_add(&axes->targets, targets->v[i]);
	find_headings(axes, (const char *const *)bases->v);
}

static bool has_scenarios(const struct run_result *r)
{
	for (size_t i = 1; i < r->cells.n; i++)
		if (strcmp(r->cells.v[i].scenario, r->cells.v[0].scenario) != 0)
			return true;
	return false;
}

static void find_places(struct axes *axes, const struct run_result *r)
{
	bool scenarios = has_scenarios(r);
	struct str text = STR_INIT, clean = STR_INIT;

	axes->at = mem_zalloc((r->cells.n + 1) * sizeof(*axes->at));
	for (size_t i = 0; i < r->cells.n; i++) {
		const struct cell_result *c = &r->cells.v[i];

		str_clear(&text);
		str_clear(&clean);
		if (scenarios)
			str_addf(&text, "%s: ", c->scenario);
		str_addf(&text, "%s, %s", c->kase, c->variant);
		text_add_clean(&clean, text.s, axes->utf8);
		axes->at[i][FOLD_WHO] = names_add(&axes->who, clean.s);

		str_clear(&clean);
		text_add_clean(&clean, c->target, axes->utf8);
		if (c->cgo)
			str_add(&clean, " cgo");
		axes->at[i][FOLD_TARGET] = names_add(&axes->targets, clean.s);
		axes->at[i][FOLD_TOOLCHAIN] = names_find(&axes->toolchains, c->toolchain);
	}
	str_free(&clean);
	str_free(&text);
}

void axes_init(struct axes *axes, const struct run_result *r, bool utf8)
{
	memset(axes, 0, sizeof(*axes));
	axes->utf8 = utf8;
	find_toolchains(axes, r);
	find_places(axes, r);
}

void axes_dispose(struct axes *axes)
{
	names_dispose(&axes->toolchains);
	strv_free(&axes->headings);
	strv_free(&axes->aliases);
	names_dispose(&axes->targets);
	names_dispose(&axes->who);
	mem_free(axes->at);
}

void axes_add_toolchain(struct str *out, const struct axes *axes, size_t toolchain)
{
	if (str_starts(axes->toolchains.list.v[toolchain], "go"))
		str_add(out, "go");
	str_add(out, axes->headings.v[toolchain]);
}

void axes_add_toolchains(struct str *out, const struct axes *axes, const struct fold_set *set)
{
	size_t all = axes->toolchains.list.n;

	if (set->n == all && all > 2) {
		str_addf(out, "all %zu toolchains", all);
		return;
	}
	for (size_t i = 0, last; i < set->n; i = last + 1) {
		for (last = i; last + 1 < set->n; last++)
			if (set->v[last + 1] != set->v[last] + 1)
				break;
		if (last == i + 1) /* two are not a range */
			last = i;
		if (i > 0)
			str_add(out, ", ");
		axes_add_toolchain(out, axes, set->v[i]);
		if (last > i) {
			str_add(out, " to ");
			axes_add_toolchain(out, axes, set->v[last]);
		}
	}
}

void axes_list_targets(struct str *out, const struct axes *axes, const struct fold_set *set)
{
	const char *before = "";
	size_t shared = 0; /* length of "linux/" of the one before */

	for (size_t i = 0; i < set->n; i++) {
		const char *name = axes->targets.list.v[set->v[i]];
		const char *slash = strchr(name, '/');

		if (shared > 0 && strncmp(name, before, shared) == 0) {
			str_addf(out, ", %s", name + shared);
			continue;
		}
		str_addf(out, "%s%s", i ? "; " : "", name);
		before = name;
		shared = slash ? (size_t)(slash - name) + 1 : 0;
	}
}

void axes_add_targets(struct str *out, const struct axes *axes, const struct fold_set *set)
{
	enum { FEW = 3 };

	if (set->n == axes->targets.list.n && set->n > FEW)
		str_addf(out, "all %zu targets", set->n);
	else
		axes_list_targets(out, axes, set);
}

void axes_add_who(struct str *out, const struct axes *axes, const struct fold_set *set)
{
	enum { MOST = 8 };
	size_t shown = set->n > MOST + 1 ? MOST : set->n;

	for (size_t i = 0; i < shown; i++)
		str_addf(out, "%s%s", i ? "; " : "", axes->who.list.v[set->v[i]]);
	if (shown < set->n)
		str_addf(out, "; and %zu more", set->n - shown);
}
