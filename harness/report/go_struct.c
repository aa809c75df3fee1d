#include "harness/report/go_struct.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* --- what replaces a type ----------------------------------------------------- */

/* Of the targets of one layout. */
struct machine {
	int word;       /* bytes of a pointer; 0: they differ, and nothing has pointers */
	long max_align; /* of what Go source can say without sync/atomic */
};

static const struct basic {
	const char *name;
	int size;       /* 0: words, `words` of them */
	int words;
	int align;      /* 0: as the size, at most the machine's */
} basics[] = {
	{ "bool", 1, 0, 1 },      { "int8", 1, 0, 1 },     { "uint8", 1, 0, 1 },   { "byte", 1, 0, 1 },
	{ "int16", 2, 0, 2 },     { "uint16", 2, 0, 2 },   { "int32", 4, 0, 4 },   { "uint32", 4, 0, 4 },
	{ "rune", 4, 0, 4 },      { "int64", 8, 0, 0 },    { "uint64", 8, 0, 0 },  { "float32", 4, 0, 4 },
	{ "float64", 8, 0, 0 },   { "complex64", 8, 0, 4 }, { "complex128", 16, 0, 0 },
	{ "int", 0, 1, 0 },       { "uint", 0, 1, 0 },     { "uintptr", 0, 1, 0 }, { "string", 0, 2, 0 },
	{ "any", 0, 2, 0 },       { "error", 0, 2, 0 },    { "unsafe.Pointer", 0, 1, 0 },
};

static const struct basic *find_basic(const char *s, size_t n)
{
	for (size_t i = 0; i < sizeof(basics) / sizeof(basics[0]); i++)
		if (strlen(basics[i].name) == n && memcmp(basics[i].name, s, n) == 0)
			return &basics[i];
	return NULL;
}

static size_t ident_length(const char *s)
{
	size_t n = 0;

	while (isalnum((unsigned char)s[n]) || s[n] == '_' || s[n] == '.' || (unsigned char)s[n] >= 0x80)
		n++;
	return n;
}

/*
 * Can any program say this type?  Pointers, slices and arrays of basic types.  Gets its
 * size and alignment.
 */
static bool is_sayable(const char *type, const struct machine *m, long *size, long *align)
{
	const struct basic *b;
	size_t n;
	long element;

	if (*type == '*' || strncmp(type, "[]", 2) == 0) {
		*size = *type == '*' ? m->word : 3 * m->word;
		*align = m->word;
		return m->word && is_sayable(type + (*type == '*' ? 1 : 2), m, &element, &element);
	}
	if (*type == '[') {
		n = strspn(type + 1, "0123456789");
		if (n == 0 || n > 9 || type[n + 1] != ']' || !is_sayable(type + n + 2, m, &element, align))
			return false;
		*size = atol(type + 1) * element;
		return true;
	}
	if (strcmp(type, "func()") == 0 || strcmp(type, "interface{}") == 0 || strcmp(type, "interface {}") == 0) {
		*size = *type == 'f' ? m->word : 2 * m->word;
		*align = m->word;
		return m->word != 0;
	}
	n = ident_length(type);
	b = find_basic(type, n);
	if (!b || type[n] || (b->size == 0 && !m->word))
		return false;
	*size = b->size ? b->size : b->words * m->word;
	*align = b->align ? b->align : b->size ? b->size : m->word;
	if (*align > m->max_align)
		*align = m->max_align;
	return true;
}

/* The pointer words of a field: bit `i` of the hex mask. */
static bool is_pointer_word(const char *mask, size_t i)
{
	size_t n = strlen(mask), digit = i / 4;
	char c;

	if (digit >= n)
		return false;
	c = mask[n - 1 - digit];
	return ((c <= '9' ? c - '0' : tolower((unsigned char)c) - 'a' + 10) >> i % 4) & 1;
}

static bool has_pointers(const char *mask)
{
	return mask[strspn(mask, "0")] != '\0' && strcmp(mask, "-") != 0;
}

static void add_run(struct str *out, const char *what, size_t n)
{
	if (n == 1)
		str_add(out, what);
	else
		str_addf(out, "[%zu]%s", n, what);
}

/* Words of which some are pointers. */
static long add_words(struct str *out, long size, const char *mask, const struct machine *m)
{
	size_t n = (size_t)(size / m->word), runs = 0;
	struct str inner = STR_INIT;

	for (size_t i = 0, last; i < n; i = last) {
		bool pointer = *mask == '*' || is_pointer_word(mask, i);

		for (last = i; last < n && (*mask == '*' || is_pointer_word(mask, last)) == pointer; last++)
			;
		str_add(&inner, runs++ ? "; _ " : "_ ");
		add_run(&inner, pointer ? "unsafe.Pointer" : "uintptr", last - i);
	}
	if (size % m->word)
		str_addf(&inner, "; _ [%ld]byte", size % m->word);
	if (runs == 1 && size % m->word == 0)
		str_add(out, inner.s + 2);
	else
		str_addf(out, "struct{ %s }", inner.s);
	str_free(&inner);
	return m->word;
}

/* Bytes without pointers, as large as the place allows. */
static long add_bytes(struct str *out, long size, long offset, const struct machine *m)
{
	static const struct { long size; const char *name; } units[] = {
		{ 8, "uint64" }, { 4, "uint32" }, { 2, "uint16" }, { 1, "uint8" },
	};

	if (size == 0) {
		str_add(out, "struct{}");
		return 1;
	}
	if (m->word && size % m->word == 0 && offset % m->word == 0 && m->word <= m->max_align) {
		add_run(out, "uintptr", (size_t)(size / m->word));
		return m->word;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		long align = units[i].size < m->max_align ? units[i].size : m->max_align;

		if (size % units[i].size || offset % align || units[i].size > m->max_align)
			continue;
		add_run(out, units[i].name, (size_t)(size / units[i].size));
		return align;
	}
	return 1;
}

/* Appends a type for a field; returns its alignment, and sets *same when it is its own. */
static long add_type(struct str *out, const char *type, long size, long offset, const char *ptrs,
		     const struct machine *m, bool *same)
{
	long own, align;

	*same = is_sayable(type, m, &own, &align) && own == size && offset % align == 0;
	if (*same) {
		str_add(out, type);
		return align;
	}
	if (has_pointers(ptrs) && m->word)
		return add_words(out, size, ptrs, m);
	return add_bytes(out, size, offset, m);
}

/* --- one layout ------------------------------------------------------------------ */

/* Toolchains x targets with the same layout. */
struct distinct {
	const struct layout_entry *e;    /* of the newest */
	bool *on;                        /* of each entry */
	int first_minor;
};

/* Lines "name type // comment", in columns. */
struct lines {
	struct strv names, types, comments;
};

static void add_line(struct lines *l, const char *name, const char *type, const char *comment)
{
	strv_add(&l->names, name);
	strv_add(&l->types, type);
	strv_add(&l->comments, comment);
}

static void add_pad(struct lines *l, long n)
{
	char *type;

	if (n <= 0)
		return;
	type = mem_printf("[%ld]byte", n);
	add_line(l, "_", type, "");
	mem_free(type);
}

/* The widest that others are lined up with; what is far wider stands out. */
static int column_of(const struct strv *list)
{
	enum { MOST = 40 };
	size_t width = 0;

	for (size_t i = 0; i < list->n; i++) {
		size_t n = strlen(list->v[i]);

		if (n > width && n <= MOST)
			width = n;
	}
	return (int)width;
}

static void print_lines(struct str *out, struct lines *l)
{
	int name = column_of(&l->names), type = column_of(&l->types);

	for (size_t i = 0; i < l->names.n; i++) {
		if (*l->comments.v[i])
			str_addf(out, "\t%-*s %-*s // %s\n", name, l->names.v[i], type, l->types.v[i],
				 l->comments.v[i]);
		else
			str_addf(out, "\t%-*s %s\n", name, l->names.v[i], l->types.v[i]);
	}
	strv_free(&l->names);
	strv_free(&l->types);
	strv_free(&l->comments);
}

/* A field without size that aligns the struct; false: Go source cannot say it. */
static bool add_aligner(struct lines *l, long align, const struct machine *m, bool *atomic)
{
	if (align == m->word)
		add_line(l, "_", "[0]uintptr", "");
	else if (align == 2 || align == 4)
		add_line(l, "_", align == 2 ? "[0]uint16" : "[0]uint32", "");
	else if (align == 8 && m->word == 8)
		add_line(l, "_", "[0]uint64", "");
	else if (align == 8)
		add_line(l, "_", "[0]atomic.Int64", "aligned to 8 bytes");
	else
		return false;
	*atomic = align == 8 && m->word != 8;
	return true;
}

/* The struct's body; `atomic`: it needs sync/atomic. */
static void add_fields(struct str *out, const struct atlas_symbol *s, const struct machine *m, bool *atomic)
{
	struct lines lines = { 0 }, aligner = { 0 };
	struct str type = STR_INIT, comment = STR_INIT;
	long at = 0, most = 1;

	for (size_t i = 0; i < s->fields.n; i++) {
		const struct atlas_field *f = &s->fields.v[i];
		bool same;
		long align;

		str_clear(&type);
		str_clear(&comment);
		align = add_type(&type, f->type, f->size, f->offset, f->ptrs, m, &same);
		if (align > most)
			most = align;
		if ((at + align - 1) / align * align != f->offset)
			add_pad(&lines, f->offset - at);
		str_addf(&comment, "%ld%s%s%s%s", f->offset, same ? "" : ": ", same ? "" : f->type,
			 f->embedded ? ", embedded" : "",
			 *f->ptrs == '*' && !same ? ", which of its words are pointers is not known" : "");
		add_line(&lines, f->name, type.s, comment.s);
		at = f->offset + f->size;
	}
	if ((at + s->align - 1) / s->align * s->align != s->size ||
	    (s->fields.n && s->fields.v[s->fields.n - 1].size == 0))
		add_pad(&lines, s->size - at);
	if (most < s->align && !add_aligner(&aligner, s->align, m, atomic))
		str_addf(out, "\t// an alignment of %ld cannot be had\n", s->align);
	print_lines(out, &aligner);
	print_lines(out, &lines);
	str_free(&type);
	str_free(&comment);
}

/* --- build constraints ------------------------------------------------------------- */

/* "go1.22 && !go1.24 || go1.26 && !go1.27" of the minors that are set. */
static void add_minors(struct str *out, const bool *minors, int n)
{
	int runs = 0;

	for (int i = 0, last; i < n; i = last) {
		for (last = i; last < n && minors[last] == minors[i]; last++)
			;
		if (minors[i])
			str_addf(out, "%sgo1.%d && !go1.%d", runs++ ? " || " : "", i, last);
	}
}

static void add_one_of(struct str *out, const struct strv *list)
{
	if (list->n == 1) {
		str_add(out, list->v[0]);
		return;
	}
	for (size_t i = 0; i < list->n; i++)
		str_addf(out, "%s%s", i ? " || " : "(", list->v[i]);
	str_addc(out, ')');
}

static void add_arches(struct str *out, const struct timeline_source *src, const bool *targets,
		       const char *goos)
{
	struct strv arches = { 0 };

	for (size_t t = 0; t < src->ntargets; t++)
		if (targets[t] && strcmp(src->targets[t].goos, goos) == 0 &&
		    !strv_has(&arches, src->targets[t].goarch))
			strv_add(&arches, src->targets[t].goarch);
	add_one_of(out, &arches);
	strv_free(&arches);
}

/* "linux && (amd64 || arm64)"; systems with the same architectures are said together. */
static void add_targets(struct str *out, const struct timeline_source *src, const bool *targets)
{
	struct names arches = { 0 };
	VEC(struct strv) systems = { 0 };
	struct str text = STR_INIT;

	for (size_t t = 0; t < src->ntargets; t++) {
		const char *goos = src->targets[t].goos;
		struct strv none = { 0 };
		size_t at;

		if (!targets[t])
			continue;
		str_clear(&text);
		add_arches(&text, src, targets, goos);
		at = names_add(&arches, text.s);
		if (at == systems.n)
			vec_push(&systems, none);
		if (!strv_has(&systems.v[at], goos))
			strv_add(&systems.v[at], goos);
	}
	for (size_t i = 0; i < systems.n; i++) {
		if (systems.n > 1)
			str_add(out, i ? " || (" : "(");
		add_one_of(out, &systems.v[i]);
		str_addf(out, " && %s", arches.list.v[i]);
		if (systems.n > 1)
			str_addc(out, ')');
		strv_free(&systems.v[i]);
	}
	vec_free(&systems);
	names_dispose(&arches);
	str_free(&text);
}

enum { MINORS = 128 };

/* Is this toolchain the newest of its minor that was asked? Build constraints know no more. */
static bool speaks_for_minor(const struct timeline_source *src, size_t toolchain)
{
	for (size_t i = toolchain + 1; i < src->ntoolchains; i++)
		if (src->toolchains[i].version.minor == src->toolchains[toolchain].version.minor)
			return false;
	return true;
}

/* The whole constraint; empty: nothing that build constraints could tell. */
static void add_constraint(struct str *out, const struct timeline_source *src, const struct distinct *d)
{
	struct names versions = { 0 };
	struct str text = STR_INIT;
	bool *members = mem_zalloc((src->ntargets + 1) * (src->ntargets + 1) * sizeof(*members));

	/* Targets with the same versions together. */
	for (size_t t = 0; t < src->ntargets; t++) {
		bool minors[MINORS] = { false };

		for (size_t i = 0; i < src->ntoolchains; i++) {
			int minor = src->toolchains[i].version.minor;

			if (d->on[timeline_index(src, i, t)] && minor < MINORS - 1 && speaks_for_minor(src, i))
				minors[minor] = true;
		}
		str_clear(&text);
		add_minors(&text, minors, MINORS - 1);
		if (text.len)
			members[names_add(&versions, text.s) * src->ntargets + t] = true;
	}
	for (size_t k = 0; k < versions.list.n; k++) {
		bool many = versions.list.n > 1, either = strstr(versions.list.v[k], "||") != NULL;

		str_addf(out, "%s%s%s%s && ", k ? " || " : "", many ? "(" : "", either ? "(" : "",
			 versions.list.v[k]);
		if (either) {
			out->len -= strlen(" && ");
			out->s[out->len] = '\0';
			str_add(out, ") && ");
		}
		str_clear(&text);
		add_targets(&text, src, members + k * src->ntargets);
		if (strstr(text.s, ") || ("))
			str_addf(out, "(%s)", text.s);
		else
			str_add(out, text.s);
		if (many)
			str_addc(out, ')');
	}
	names_dispose(&versions);
	str_free(&text);
	mem_free(members);
}

/* --- files --------------------------------------------------------------------------- */

static struct machine machine_of(const struct timeline_source *src, const struct distinct *d)
{
	struct machine m = { 0 };

	for (size_t i = 0; i < src->ntoolchains; i++) {
		for (size_t t = 0; t < src->ntargets; t++) {
			int word = target_word(&src->targets[t]);

			if (!d->on[timeline_index(src, i, t)] || !speaks_for_minor(src, i))
				continue;
			if (m.max_align == 0)
				m = (struct machine){ word, word };
			else if (m.word != word)
				m = (struct machine){ 0, 4 };
		}
	}
	if (m.max_align > d->e->type.align && d->e->type.align > 0)
		m.max_align = d->e->type.align;
	return m;
}

/* A file name that means nothing to the go command. */
static char *file_name(const struct layout_timeline *t, const struct distinct *d, const struct machine *m,
		       struct names *taken)
{
	struct str name = STR_INIT;
	const char *p = t->local;
	size_t stem;

	while (*p == '_' || *p == '.')
		p++;
	for (; *p; p++)
		str_addc(&name, isalnum((unsigned char)*p) ? (char)tolower((unsigned char)*p) : '_');
	str_addf(&name, "_go1%d_%s", d->first_minor, m->word == 8 ? "64" : m->word == 4 ? "32" : "any");
	stem = name.len;
	for (char letter = 'b'; names_find(taken, name.s) != NAMES_NONE && letter <= 'z'; letter++) {
		name.len = stem;
		name.s[stem] = '\0';
		str_addc(&name, letter);
	}
	names_add(taken, name.s);
	str_add(&name, ".go");
	return str_detach(&name);
}

static void add_versions(struct str *out, const struct timeline_source *src, const struct distinct *d)
{
	for (size_t i = 0; i < src->ntoolchains; i++) {
		bool any = false;

		for (size_t t = 0; t < src->ntargets; t++)
			any |= d->on[timeline_index(src, i, t)];
		if (any)
			str_addf(out, " %s", src->toolchains[i].name);
	}
}

/* The pointer words of a type that is no struct. */
static const char *pointers_of(const char *kind)
{
	static const struct { const char *kind, *mask; } known[] = {
		{ "basic", "0" }, { "pointer", "1" }, { "func", "1" },     { "map", "1" },
		{ "chan", "1" },  { "slice", "1" },   { "interface", "3" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].kind, kind) == 0)
			return known[i].mask;
	return "*";
}

static void add_file(struct str *comments, struct str *out, const struct timeline_source *src,
		     const struct layout_timeline *t, const struct distinct *d, struct names *taken)
{
	const struct atlas_symbol *s = &d->e->type;
	struct machine m = machine_of(src, d);
	struct str constraint = STR_INIT, body = STR_INIT;
	bool atomic = false, same;
	char *name;

	add_constraint(&constraint, src, d);
	if (constraint.len == 0) {
		str_addf(comments, "# %s: the layout of", t->name);
		add_versions(comments, src, d);
		str_add(comments, " is left out: build constraints cannot tell patch releases apart\n");
		str_free(&constraint);
		return;
	}
	if (s->fields.n) {
		str_add(&body, "struct {\n");
		add_fields(&body, s, &m, &atomic);
		str_add(&body, "}");
	} else if (strcmp(s->type_kind, "struct") == 0) {
		str_add(&body, "struct{}");
	} else {
		add_type(&body, s->sig, s->size, 0, pointers_of(s->type_kind), &m, &same);
		if (!same)
			str_addf(&body, " // %s%s", s->sig, *pointers_of(s->type_kind) == '*'
				 ? ", which of its words are pointers is not known" : "");
	}
	name = file_name(t, d, &m, taken);
	str_addf(out, "-- %s --\n//go:build %s\n\npackage layout\n\n", name, constraint.s);
	if (atomic)
		str_add(out, "import (\n\t\"sync/atomic\"\n\t\"unsafe\"\n)\n\n");
	else
		str_add(out, "import \"unsafe\"\n\n");
	str_addf(out, "// %s is %s of", t->local, t->name);
	add_versions(out, src, d);
	str_addf(out, ": %ld bytes.\ntype %s %s\n\n", s->size, t->local, body.s);
	str_addf(out, "var _ = [1]struct{}{}[unsafe.Sizeof(*(*%s)(nil))-%ld]\n", t->local, s->size);
	mem_free(name);
	str_free(&constraint);
	str_free(&body);
}

void report_go_struct(struct str *comments, struct str *files, struct names *taken,
		      const struct timeline_source *src, const struct layout_timeline *t)
{
	VEC(struct distinct) all = { 0 };
	bool generic = false;

	for (size_t i = 0; i < src->ntoolchains; i++) {
		for (size_t k = 0; k < src->ntargets; k++) {
			const struct layout_entry *e = &t->entries[timeline_index(src, i, k)];
			struct distinct fresh = { .e = e, .first_minor = src->toolchains[i].version.minor };
			size_t at = 0;

			generic |= !e->missing && layout_is_generic(e);
			if (e->missing || !e->is_type || e->type.size < 0)
				continue;
			while (at < all.n && !layout_same(all.v[at].e, e))
				at++;
			if (at == all.n) {
				fresh.on = mem_zalloc((t->n + 1) * sizeof(*fresh.on));
				vec_push(&all, fresh);
			}
			all.v[at].e = e;
			all.v[at].on[timeline_index(src, i, k)] = true;
		}
	}
	if (generic)
		str_addf(comments, "# %s is generic: it has no layout of its own\n", t->name);
	else if (all.n == 0)
		str_addf(comments, "# %s: there is no such type\n", t->name);
	for (size_t i = 0; i < all.n; i++) {
		add_file(comments, files, src, t, &all.v[i], taken);
		mem_free(all.v[i].on);
	}
	vec_free(&all);
}
