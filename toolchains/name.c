#include "toolchains/name.h"

#include <ctype.h>
#include <string.h>

#include "harness/base/str.h"
#include "toolchains/gover.h"

static const char *const kind_names[EDIT_KINDS] = { "linknamestd", "linkname", "remove", "strict" };

#define STRICT "+strict"

const char *edit_kind_name(enum edit_kind kind)
{
	return kind_names[kind];
}

static int kind_parse(const char *s, size_t n)
{
	for (int i = 0; i < EDIT_KINDS; i++)
		if (strlen(kind_names[i]) == n && memcmp(kind_names[i], s, n) == 0)
			return i;
	return -1;
}

/* Is s[0..n) PACKAGE.NAME, the dot being the first after the last slash? */
static bool is_symbol(const char *s, size_t n)
{
	const char *slash = NULL, *dot;

	for (size_t i = 0; i < n; i++) {
		if (isspace((unsigned char)s[i]) || s[i] == '+' || s[i] == '\\')
			return false;
		if (s[i] == '/')
			slash = s + i;
	}
	s = slash ? (n -= (size_t)(slash + 1 - s), slash + 1) : s;
	dot = memchr(s, '.', n);
	return dot && dot > s && dot + 1 < s + n;
}

static struct edit *edit_of_kind(struct edits *edits, enum edit_kind kind)
{
	struct edit edit = { .kind = kind };

	for (size_t i = 0; i < edits->n; i++)
		if (edits->v[i].kind == kind)
			return &edits->v[i];
	vec_push(edits, edit);
	return &edits->v[edits->n - 1];
}

static const struct edit *edit_with_symbol(const struct edits *edits, const char *symbol)
{
	for (size_t i = 0; i < edits->n; i++)
		if (strv_has(&edits->v[i].symbols, symbol))
			return &edits->v[i];
	return NULL;
}

static int add_symbol(struct edits *edits, enum edit_kind kind, const char *symbol,
		      const char *text, struct error *err)
{
	if (!is_symbol(symbol, strlen(symbol)))
		return err_set(err, ERR_INPUT,
			       "%.200s: \"%.80s\" is not a symbol; they look like runtime.load_g", text,
			       symbol);
	if (edit_with_symbol(edits, symbol))
		return err_set(err, ERR_INPUT, "%.200s: %.80s is named twice", text, symbol);
	strv_add(&edit_of_kind(edits, kind)->symbols, symbol);
	return 0;
}

static int unknown_edit(const char *word, size_t n, const char *text, struct error *err)
{
	return err_set(err, ERR_INPUT,
		       "%.200s: unknown what-if \"+%.*s\"; there are +linknamestd, +linkname, "
		       "+remove and +strict",
		       text, (int)n, word);
}

/* One "+kind(a,b)", given as kind, its length, and what is between the parentheses; NULL of
 * "+strict", which has none. */
static int add_edit(struct edits *edits, const char *word, size_t word_n, const char *list,
		    size_t list_n, const char *text, struct error *err)
{
	int kind = kind_parse(word, word_n), rc;
	struct strv symbols = { 0 };
	char *copy;

	if (kind < 0)
		return unknown_edit(word, word_n, text, err);
	if (kind == EDIT_STRICT && list)
		return err_set(err, ERR_INPUT, "%.200s: +strict takes no symbols: it closes every name that std "
			       "marks only for outside users", text);
	if (kind == EDIT_STRICT) {
		edit_of_kind(edits, EDIT_STRICT);
		return 0;
	}
	if (str_trimmed_len(list, list_n) == 0)
		return err_set(err, ERR_INPUT, "%.200s: +%s() names no symbol", text,
			       kind_names[kind]);
	copy = mem_strndup(list, list_n);
	rc = spec_split(&symbols, copy, err);
	if (rc < 0)
		err_wrap(err, "%.200s", text);
	for (size_t i = 0; i < symbols.n && rc == 0; i++)
		rc = add_symbol(edits, (enum edit_kind)kind, symbols.v[i], text, err);
	strv_free(&symbols);
	mem_free(copy);
	return rc;
}

/*
 * Finds the last edit of s[0..n), "+word(...)" or "+strict" at its very end; returns
 * the place of its plus and sets *open to the parenthesis, or NULL.  Symbols may
 * hold parentheses of their own: reflect.(*rtype).Align.
 */
static const char *last_edit(const char *s, size_t n, const char **open)
{
	size_t i = n;
	int depth = 0;

	*open = NULL;
	if (n >= strlen(STRICT) && memcmp(s + n - strlen(STRICT), STRICT, strlen(STRICT)) == 0)
		return s + n - strlen(STRICT);
	if (n == 0 || s[n - 1] != ')')
		return NULL;
	do {
		i--;
		depth += (s[i] == ')') - (s[i] == '(');
	} while (i > 0 && depth > 0);
	if (depth != 0)
		return NULL;
	*open = s + i;
	while (i > 0 && isalnum((unsigned char)s[i - 1]))
		i--;
	return i > 0 && s[i - 1] == '+' ? s + i - 1 : NULL;
}

/*
 * What is left as the base must not look like the rest of an edit.  A path may
 * hold plus signs and parentheses, but no "+remove(" that isn't closed.
 */
static int check_plus(const char *plus, size_t n, bool path, const char *text, struct error *err)
{
	size_t word = 0;
	int kind;

	while (1 + word < n && isalnum((unsigned char)plus[1 + word]))
		word++;
	kind = kind_parse(plus + 1, word);
	if (kind >= 0 && 1 + word < n && plus[1 + word] == '(')
		return err_set(err, ERR_INPUT, "%.200s: parentheses don't match", text);
	if (path)
		return 0;
	if (kind >= 0)
		return err_set(err, ERR_INPUT, "%.200s: +%s wants its symbols in parentheses", text,
			       kind_names[kind]);
	return unknown_edit(plus + 1, word, text, err);
}

static int check_base(const char *base, size_t n, const char *text, struct error *err)
{
	bool path = memchr(base, ':', n) != NULL;

	if (str_trimmed_len(base, n) == 0)
		return err_set(err, ERR_INPUT, "\"%.200s\" names no toolchain", text);
	for (size_t i = 0; i < n; i++)
		if (base[i] == '+' && check_plus(base + i, n - i, path, text, err) < 0)
			return err->code;
	if (!path && (memchr(base, '(', n) || memchr(base, ')', n)))
		return err_set(err, ERR_INPUT, "%.200s: parentheses don't match", text);
	return 0;
}

struct edit_place {
	const char *plus, *open, *end; /* end: behind the closing parenthesis */
};

int name_split(struct toolchain_name *out, const char *text, struct error *err)
{
	VEC(struct edit_place) places = { 0 };
	struct edit_place at;
	size_t n = strlen(text);
	int rc;

	*out = (struct toolchain_name){ 0 };
	while ((at.plus = last_edit(text, n, &at.open)) != NULL) {
		at.end = text + n;
		vec_push(&places, at);
		n = (size_t)(at.plus - text);
	}
	rc = check_base(text, n, text, err);
	for (size_t i = places.n; i-- > 0 && rc == 0;) {
		at = places.v[i];
		if (at.open)
			rc = add_edit(&out->edits, at.plus + 1, (size_t)(at.open - at.plus - 1),
				      at.open + 1, (size_t)(at.end - at.open - 2), text, err);
		else
			rc = add_edit(&out->edits, at.plus + 1, (size_t)(at.end - at.plus - 1), NULL, 0,
				      text, err);
	}
	vec_free(&places);
	if (rc < 0) {
		name_dispose(out);
		return rc;
	}
	out->base = mem_strndup(text, n);
	return 0;
}

static int canonical_base(struct toolchain_name *name, struct error *err)
{
	const char *colon = strchr(name->base, ':');
	char text[GOVER_NAME];
	struct gover v;

	if (colon && colon > name->base && colon[1] != '\0')
		return 0;
	if (colon)
		return err_set(err, ERR_INPUT, "\"%.200s\" is no toolchain; local:PATH is one",
			       name->base);
	if (gover_parse(&v, name->base, err) < 0)
		return err->code;
	mem_free(name->base);
	name->base = mem_strdup(gover_name(text, &v));
	return 0;
}

int name_parse(struct toolchain_name *out, const char *text, struct error *err)
{
	int rc = name_split(out, text, err);

	if (rc == 0 && (rc = canonical_base(out, err)) < 0)
		name_dispose(out);
	return rc;
}

char *name_format(const struct toolchain_name *name)
{
	struct str text = STR_INIT;

	str_add(&text, name->base);
	for (size_t i = 0; i < name->edits.n; i++) {
		const struct edit *e = &name->edits.v[i];

		str_addf(&text, "+%s", kind_names[e->kind]);
		if (e->kind == EDIT_STRICT)
			continue;
		str_addc(&text, '(');
		for (size_t k = 0; k < e->symbols.n; k++)
			str_addf(&text, "%s%s", k ? "," : "", e->symbols.v[k]);
		str_addc(&text, ')');
	}
	return str_detach(&text);
}

void name_dispose(struct toolchain_name *name)
{
	mem_free(name->base);
	edits_dispose(&name->edits);
	*name = (struct toolchain_name){ 0 };
}

void edits_copy(struct edits *out, const struct edits *from)
{
	*out = (struct edits){ 0 };
	for (size_t i = 0; i < from->n; i++) {
		struct edit e = { .kind = from->v[i].kind };

		strv_copy(&e.symbols, &from->v[i].symbols);
		vec_push(out, e);
	}
}

void edits_dispose(struct edits *edits)
{
	for (size_t i = 0; i < edits->n; i++)
		strv_free(&edits->v[i].symbols);
	vec_free(edits);
}

static int add_part(struct strv *out, const char *s, size_t n, const char *list,
		    struct error *err)
{
	while (n > 0 && isspace((unsigned char)*s)) {
		s++;
		n--;
	}
	n = str_trimmed_len(s, n);
	if (n == 0)
		return err_set(err, ERR_INPUT, "\"%.200s\" has an empty part", list);
	strv_addn(out, s, n);
	return 0;
}

int spec_split(struct strv *out, const char *list, struct error *err)
{
	const char *start = list, *p;
	int depth = 0;

	for (p = list; *p && depth >= 0; p++) {
		depth += (*p == '(') - (*p == ')');
		if (*p != ',' || depth != 0)
			continue;
		if (add_part(out, start, (size_t)(p - start), list, err) < 0)
			return err->code;
		start = p + 1;
	}
	if (depth != 0)
		return err_set(err, ERR_INPUT, "%.200s: parentheses don't match", list);
	return add_part(out, start, (size_t)(p - start), list, err);
}
