#include "results/local.h"

#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 12 };

#define HEADER "lnmatrix-local 1\n"

/* Splits at tabs; the last column has the rest. Returns how many. */
static size_t columns(char *line, char *out[COLUMNS])
{
	size_t n = 0;

	for (char *p = line; p && n < COLUMNS;) {
		char *tab = n + 1 < COLUMNS ? strchr(p, '\t') : NULL;

		out[n++] = p;
		if (tab)
			*tab++ = '\0';
		p = tab;
	}
	return n;
}

static enum local_what what_of(const char *s)
{
	static const char *const names[] = { "none", "func", "body", "var", "data" };

	for (int i = 0; i < 5; i++)
		if (strcmp(names[i], s) == 0)
			return (enum local_what)i;
	return LOCAL_NONE;
}

static void add_link(struct local_program *p, char *const c[COLUMNS])
{
	struct local_link l = {
		.package = mem_strdup(c[1]), .file = mem_strdup(c[2]), .line = atoi(c[3]),
		.form = strcmp(c[4], "pull") == 0 ? LOCAL_PULL : strcmp(c[4], "push") == 0 ? LOCAL_PUSH : LOCAL_ONE,
		.local = mem_strdup(c[5]), .target = mem_strdup(c[6]), .what = what_of(c[7]),
		.used = strcmp(c[8], "0") != 0, .called = strcmp(c[8], "2") == 0, .shape = mem_strdup(c[9]), .sig = mem_strdup(c[10]),
	};

	vec_push(&p->links, l);
}

static void take_line(struct local_program *p, const char *text, size_t n)
{
	char *line = mem_strndup(text, n), *c[COLUMNS];
	size_t have = columns(line, c);

	if (strcmp(c[0], "l") == 0 && have == 11) {
		add_link(p, c);
	} else if (strcmp(c[0], "f") == 0 && have == 7) {
		struct local_func f = { .package = mem_strdup(c[1]), .file = mem_strdup(c[2]), .line = atoi(c[3]),
					.name = mem_strdup(c[4]), .shape = mem_strdup(c[5]), .sig = mem_strdup(c[6]) };

		vec_push(&p->funcs, f);
	} else if (strcmp(c[0], "m") == 0 && have == 5) {
		struct local_remark r = { .file = mem_strdup(c[1]), .line = atoi(c[2]), .kind = mem_strdup(c[3]),
					  .text = mem_strdup(c[4]) };

		vec_push(&p->remarks, r);
	} else if (strcmp(c[0], "a") == 0 && have == 4) {
		struct local_asm a = { .file = mem_strdup(c[1]), .line = atoi(c[2]), .symbol = mem_strdup(c[3]) };

		vec_push(&p->refs, a);
	} else if (strcmp(c[0], "e") == 0 && have == 2) {
		strv_add(&p->errors, c[1]);
	} else if (*c[0] && strchr("PDTFMVC", *c[0]) && !c[0][1]) {
		str_addn(&p->types, text, n);
		str_addc(&p->types, '\n');
	}
	mem_free(line);
}

/* "=0 3 5": does the list name the context? */
static bool names_context(const char *line, size_t n, unsigned context)
{
	const char *end = line + n;

	for (const char *p = line + 1; p < end;) {
		char *next;
		unsigned long k = strtoul(p, &next, 10);

		if (next == p)
			return false;
		if (k == context)
			return true;
		p = next;
	}
	return false;
}

int local_program_parse(struct local_program *out, const char *text, size_t len, unsigned context,
		struct error *err)
{
	const char *end = text + len;
	bool mine = false, found = false;

	*out = (struct local_program){ .types = STR_INIT };
	if (len < strlen(HEADER) || memcmp(text, HEADER, strlen(HEADER)) != 0)
		return err_set(err, ERR_WORK, "this is not what lnm-atlas local writes");
	for (const char *p = text + strlen(HEADER); p < end;) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((nl ? nl : end) - p);

		if (n && *p == '=')
			found |= mine = names_context(p, n, context);
		else if (mine && n)
			take_line(out, p, n);
		p = nl ? nl + 1 : end;
	}
	if (!found) {
		local_program_dispose(out);
		return err_set(err, ERR_WORK, "lnm-atlas local said nothing about context %u", context);
	}
	return 0;
}

void local_program_dispose(struct local_program *p)
{
	for (size_t i = 0; i < p->links.n; i++) {
		struct local_link *l = &p->links.v[i];

		mem_free(l->package);
		mem_free(l->file);
		mem_free(l->local);
		mem_free(l->target);
		mem_free(l->shape);
		mem_free(l->sig);
	}
	for (size_t i = 0; i < p->funcs.n; i++) {
		struct local_func *f = &p->funcs.v[i];

		mem_free(f->package);
		mem_free(f->file);
		mem_free(f->name);
		mem_free(f->shape);
		mem_free(f->sig);
	}
	for (size_t i = 0; i < p->remarks.n; i++) {
		mem_free(p->remarks.v[i].kind);
		mem_free(p->remarks.v[i].file);
		mem_free(p->remarks.v[i].text);
	}
	for (size_t i = 0; i < p->refs.n; i++) {
		mem_free(p->refs.v[i].file);
		mem_free(p->refs.v[i].symbol);
	}
	vec_free(&p->links);
	vec_free(&p->funcs);
	vec_free(&p->remarks);
	vec_free(&p->refs);
	strv_free(&p->errors);
	str_free(&p->types);
}

bool local_program_type(const struct local_program *p, const char *package, const char *name,
		struct atlas_symbol *out)
{
	struct atlas_section section;
	const char *path;
	size_t at = 0, n;

	while (atlas_next_section(p->types.s, p->types.len, &at, &section, &path, &n)) {
		if (n != strlen(package) || memcmp(path, package, n) != 0)
			continue;
		if (atlas_find(&section, name, out)) {
			if (out->kind == ATLAS_TYPE)
				return true;
			atlas_symbol_dispose(out);
		}
		return false;
	}
	return false;
}

void layout_pairs_add(struct layout_pairs *pairs, const char *copy, const char *of)
{
	struct layout_pair pair;

	for (size_t i = 0; i < pairs->n; i++)
		if (strcmp(pairs->v[i].copy, copy) == 0 && strcmp(pairs->v[i].of, of) == 0)
			return;
	pair = (struct layout_pair){ mem_strdup(copy), mem_strdup(of) };
	vec_push(pairs, pair);
}

void layout_pairs_free(struct layout_pairs *pairs)
{
	for (size_t i = 0; i < pairs->n; i++) {
		mem_free(pairs->v[i].copy);
		mem_free(pairs->v[i].of);
	}
	vec_free(pairs);
}
