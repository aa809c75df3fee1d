#include "results/symbol_timeline.h"

#include <string.h>

#include "harness/base/names.h"
#include "harness/base/str.h"

/* How a plain pull would declare it: variables as variables, all else as a function. */
static enum link_reference reference_of(const struct symbol_entry *e)
{
	return e->declared && e->symbol.kind == ATLAS_VAR ? LINK_FROM_GO_VAR : LINK_FROM_GO_FUNC;
}

static void judge(struct symbol_entry *e, const struct timeline_toolchain *toolchain,
		  const struct target *target, const char *name)
{
	struct link_question q = { .version = toolchain->version, .target = target, .symbol = name,
				   .found = e->declared ? &e->symbol : NULL, .blocked = e->blocked,
				   .reference = reference_of(e) };

	e->go = link_judge(&q);
	q.reference = LINK_FROM_ASM;
	e->assembly = link_judge(&q);
	e->access = link_access_of(&toolchain->version, q.found, e->blocked);
	e->exists = e->declared && link_exists(&e->symbol);
}

static char *copy(const char *s)
{
	return mem_strdup(s ? s : "");
}

/* Without a type's fields. */
static void copy_symbol(struct atlas_symbol *out, const struct atlas_symbol *s)
{
	*out = *s;
	memset(&out->fields, 0, sizeof(out->fields));
	out->name = copy(s->name);
	out->file = copy(s->file);
	out->linked_as = copy(s->linked_as);
	out->definer = copy(s->definer);
	out->forwards = copy(s->forwards);
	out->asm_package = copy(s->asm_package);
	out->shape = copy(s->shape);
	out->sig = copy(s->sig);
	out->type_kind = copy(s->type_kind);
}

/* Is `word` one of a comma list? */
static bool has_part(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = list; *p; p += *p == ',') {
		size_t len = strcspn(p, ",");

		if (len == n && memcmp(p, word, n) == 0)
			return true;
		p += len;
	}
	return false;
}

static bool is_blocked(const struct atlas_section *s, const char *local)
{
	struct str allowed = STR_INIT;
	bool blocked = atlas_blocked(s, local, &allowed) && !has_part(allowed.s, "main");

	str_free(&allowed);
	return blocked;
}

/* --- building ------------------------------------------------------------- */

struct builder {
	const struct timeline_source *src;
	struct symbol_timeline *timelines;  /* as many as names */
	struct names locals;
	size_t at;                          /* the entry at work */
};

static void found(void *arg, const struct atlas_symbol *symbol)
{
	struct builder *b = arg;
	size_t name = names_find(&b->locals, symbol->name);
	struct symbol_entry *e;

	if (name == NAMES_NONE)
		return;
	e = &b->timelines[name].entries[b->at];
	if (e->declared) /* the first counts */
		return;
	e->declared = true;
	copy_symbol(&e->symbol, symbol);
}

static void read_section(struct builder *b, const struct atlas_section *s)
{
	enum { FEW = 8 };
	struct str trouble = STR_INIT;
	bool part = timeline_section_state(s, &trouble) == TIMELINE_PART;
	size_t n = b->locals.list.n;

	if (n > FEW)
		atlas_each(s, "*", found, b);
	for (size_t i = 0; i < n; i++) {
		struct symbol_entry *e = &b->timelines[i].entries[b->at];
		const char *local = b->locals.list.v[i];
		struct atlas_symbol symbol;

		if (n <= FEW && atlas_find(s, local, &symbol)) {
			found(b, &symbol);
			atlas_symbol_dispose(&symbol);
		}
		e->blocked = is_blocked(s, local);
		atlas_users(s, local, &e->users);
		atlas_directives(s, local, &e->directives);
		if (part)
			e->trouble = mem_strdup(trouble.s);
	}
	str_free(&trouble);
}

static void start(struct symbol_timeline *out, const struct timeline_source *src, const char *package,
		  const char *local)
{
	*out = (struct symbol_timeline){ .name = timeline_full_name(package, local),
					 .package = mem_strdup(package),
					 .local = mem_strdup(local),
					 .n = src->ntoolchains * src->ntargets };
	out->entries = mem_zalloc((out->n + 1) * sizeof(*out->entries));
}

/* Of timelines that are started: b->locals says of what. */
static void build(struct builder *b, const char *package)
{
	const struct timeline_source *src = b->src;

	for (size_t i = 0; i < src->ntoolchains; i++) {
		for (size_t t = 0; t < src->ntargets; t++) {
			const char *missing = timeline_missing(src, i, t);
			struct atlas_section section;

			b->at = timeline_index(src, i, t);
			if (!missing && src->section(src->arg, i, t, package, &section))
				read_section(b, &section);
			for (size_t k = 0; k < b->locals.list.n; k++) {
				struct symbol_timeline *one = &b->timelines[k];

				one->entries[b->at].missing = missing;
				if (!missing)
					judge(&one->entries[b->at], &src->toolchains[i], &src->targets[t], one->name);
				one->declared |= one->entries[b->at].declared;
			}
		}
	}
}

void symbol_timelines_build(struct symbol_timelines *out, const struct timeline_source *src,
			    const char *package, const struct strv *locals)
{
	struct builder b = { .src = src };
	size_t first = out->n;

	for (size_t i = 0; i < locals->n; i++) {
		struct symbol_timeline t;

		names_add(&b.locals, locals->v[i]);
		start(&t, src, package, locals->v[i]);
		vec_push(out, t);
	}
	b.timelines = out->v + first;
	build(&b, package);
	for (size_t i = first; i < out->n; i++)
		out->v[i].no_package = !out->v[i].declared && !timeline_has_package(src, package);
	names_dispose(&b.locals);
}

void symbol_timeline_build(struct symbol_timeline *out, const struct timeline_source *src,
			   const char *package, const char *local)
{
	struct symbol_timelines one = { 0 };
	struct strv locals = { 0 };

	strv_add(&locals, local);
	symbol_timelines_build(&one, src, package, &locals);
	*out = one.v[0];
	vec_free(&one);
	strv_free(&locals);
}

void symbol_timeline_dispose(struct symbol_timeline *t)
{
	for (size_t i = 0; i < t->n; i++) {
		if (t->entries[i].declared)
			atlas_symbol_dispose(&t->entries[i].symbol);
		strv_free(&t->entries[i].users);
		atlas_directives_dispose(&t->entries[i].directives);
		mem_free(t->entries[i].trouble);
	}
	mem_free(t->entries);
	mem_free(t->name);
	mem_free(t->package);
	mem_free(t->local);
	*t = (struct symbol_timeline){ 0 };
}

/* --- globs ---------------------------------------------------------------- */

struct matching {
	const char *glob;
	bool types;
	struct names names;
};

static void add_match(void *arg, const struct atlas_symbol *s)
{
	struct matching *m = arg;

	if ((!m->types || s->kind == ATLAS_TYPE) && timeline_name_matches(m->glob, s->name))
		names_add(&m->names, s->name);
}

void symbol_names_matching(struct strv *out, const struct timeline_source *src, const char *package,
			   const char *glob, bool types)
{
	struct matching m = { .glob = glob, .types = types };
	struct atlas_section section;

	for (size_t i = 0; i < src->ntoolchains; i++)
		for (size_t t = 0; t < src->ntargets; t++)
			if (!timeline_missing(src, i, t) &&
			    src->section(src->arg, i, t, package, &section))
				atlas_each(&section, glob, add_match, &m);
	strv_sort(&m.names.list);
	for (size_t i = 0; i < m.names.list.n; i++)
		strv_add(out, m.names.list.v[i]);
	names_dispose(&m.names);
}
