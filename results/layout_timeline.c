#include "results/layout_timeline.h"

#include <string.h>

#include "harness/base/mem.h"
#include "harness/base/str.h"

static void read_section(struct layout_entry *e, const struct atlas_section *s, const char *local)
{
	struct str trouble = STR_INIT;

	e->declared = atlas_find(s, local, &e->type);
	e->is_type = e->declared && e->type.kind == ATLAS_TYPE;
	if (timeline_section_state(s, &trouble) == TIMELINE_PART)
		e->trouble = mem_strdup(trouble.s);
	str_free(&trouble);
}

void layout_timeline_build(struct layout_timeline *out, const struct timeline_source *src,
			   const char *package, const char *local)
{
	*out = (struct layout_timeline){ .name = timeline_full_name(package, local),
					 .package = mem_strdup(package),
					 .local = mem_strdup(local),
					 .n = src->ntoolchains * src->ntargets };
	out->entries = mem_zalloc((out->n + 1) * sizeof(*out->entries));
	for (size_t i = 0; i < src->ntoolchains; i++) {
		for (size_t t = 0; t < src->ntargets; t++) {
			struct layout_entry *e = &out->entries[timeline_index(src, i, t)];
			struct atlas_section section;

			e->missing = timeline_missing(src, i, t);
			if (e->missing || !src->section(src->arg, i, t, package, &section))
				continue;
			read_section(e, &section, local);
			out->found |= e->is_type;
		}
	}
	out->no_package = !out->found && !timeline_has_package(src, package);
}

void layout_timeline_dispose(struct layout_timeline *t)
{
	for (size_t i = 0; i < t->n; i++) {
		if (t->entries[i].declared)
			atlas_symbol_dispose(&t->entries[i].type);
		mem_free(t->entries[i].trouble);
	}
	mem_free(t->entries);
	mem_free(t->name);
	mem_free(t->package);
	mem_free(t->local);
	*t = (struct layout_timeline){ 0 };
}

bool layout_is_generic(const struct layout_entry *e)
{
	return e->is_type && strcmp(e->type.type_kind, "generic") == 0;
}

const char *layout_alias_of(const struct layout_entry *e)
{
	return e->is_type && strcmp(e->type.type_kind, "alias") == 0 ? e->type.sig : NULL;
}

static bool same_field(const struct atlas_field *a, const struct atlas_field *b)
{
	return a->offset == b->offset && a->size == b->size && a->embedded == b->embedded &&
	       strcmp(a->name, b->name) == 0 && strcmp(a->ptrs, b->ptrs) == 0;
}

/* What a type is that has no fields to compare. */
static const char *bare_kind(const struct layout_entry *e)
{
	return e->type.fields.n ? "struct" : e->type.sig;
}

bool layout_same(const struct layout_entry *a, const struct layout_entry *b)
{
	if (a->missing || b->missing)
		return a->missing && b->missing && strcmp(a->missing, b->missing) == 0;
	if (a->is_type != b->is_type)
		return false;
	if (!a->is_type)
		return true;
	if (a->type.size != b->type.size || a->type.align != b->type.align ||
	    a->type.fields.n != b->type.fields.n || layout_is_generic(a) != layout_is_generic(b) ||
	    strcmp(bare_kind(a), bare_kind(b)) != 0)
		return false;
	for (size_t i = 0; i < a->type.fields.n; i++)
		if (!same_field(&a->type.fields.v[i], &b->type.fields.v[i]))
			return false;
	return true;
}

const struct atlas_field *layout_field(const struct layout_entry *e, const char *name, size_t nth)
{
	for (size_t i = 0; e->is_type && i < e->type.fields.n; i++)
		if (strcmp(e->type.fields.v[i].name, name) == 0 && nth-- == 0)
			return &e->type.fields.v[i];
	return NULL;
}

size_t layout_nth(const struct layout_entry *e, size_t at)
{
	size_t n = 0;

	for (size_t i = 0; i < at; i++)
		n += strcmp(e->type.fields.v[i].name, e->type.fields.v[at].name) == 0;
	return n;
}
