#include "results/successor.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/str.h"
#include "results/nearest.h"
#include "toolchains/abi.h"

enum { STEM = 4 }; /* bytes of a name that two must share to be alike */

static void successors_add(struct successors *out, const char *name, char *reason)
{
	struct successor s = { .reason = reason };

	for (size_t i = 0; i < out->n; i++) {
		if (strcmp(out->v[i].name, name) == 0) {
			mem_free(reason);
			return;
		}
	}
	s.name = mem_strdup(name);
	vec_push(out, s);
}

void successors_dispose(struct successors *s)
{
	for (size_t i = 0; i < s->n; i++) {
		mem_free(s->v[i].name);
		mem_free(s->v[i].reason);
	}
	vec_free(s);
}

/* --- what it forwards to --------------------------------------------------- */

/* A name that its own package keeps for others, by a function that does nothing but call
 * another one: that is it. */
static void add_forwarded(struct successors *out, const struct timeline_source *src,
			  const struct symbol_timeline *t)
{
	for (size_t i = t->n; i-- > 0;) {
		const struct symbol_entry *e = &t->entries[i];
		struct str package = STR_INIT, local = STR_INIT;
		bool kept = e->declared && *e->symbol.forwards &&
			    atlas_split_name(e->symbol.definer, &package, &local) &&
			    strcmp(package.s, t->package) == 0;

		if (kept) {
			char *name = timeline_full_name(t->package, e->symbol.forwards);

			successors_add(out, name, mem_printf("in %s %s, which stands for it, only calls this",
							     src->toolchains[i / src->ntargets].name,
							     e->symbol.definer));
			mem_free(name);
		}
		str_free(&package);
		str_free(&local);
		if (kept)
			return;
	}
}

/* --- what came when it went ------------------------------------------------ */

enum presence { NOT_ASKED, ABSENT, PRESENT };

/* The newest toolchain that has it, and the next one that was asked, which has not; false: none. */
static bool last_loss(const enum presence *of, size_t n, size_t *with, size_t *without)
{
	bool lost = false;

	for (size_t i = n; i-- > 0;) {
		if (of[i] == PRESENT) {
			*with = i;
			return lost;
		}
		if (of[i] == ABSENT) {
			*without = i;
			lost = true;
		}
	}
	return false;
}

struct guess {
	char *local, *reason;
	size_t rank;  /* more is better */
	size_t order; /* less is better */
};

struct search {
	const struct timeline_source *src;
	const char *toolchain;               /* the one that has it no longer */
	struct atlas_section before;         /* where the old one was */
	const struct atlas_symbol *old;
	struct str plain, other;             /* signatures without parameter names */
	VEC(struct guess) found;
};

static bool is_new(const struct search *s, const char *local)
{
	struct atlas_symbol was;

	if (!atlas_find(&s->before, local, &was))
		return true;
	atlas_symbol_dispose(&was);
	return false;
}

/* Without what a type is called by its receiver: "alloc" of "(*mheap).alloc". */
static const char *stem_of(const char *local)
{
	const char *dot = strrchr(local, '.');

	return dot ? dot + 1 : local;
}

static void guess_function(void *arg, const struct atlas_symbol *symbol)
{
	struct search *s = arg;
	struct guess g = { 0 };
	bool same_file = strcmp(symbol->file, s->old->file) == 0;

	if (symbol->kind != s->old->kind || strcmp(symbol->name, s->old->name) == 0)
		return;
	g.rank = nearest_common(stem_of(symbol->name), stem_of(s->old->name));
	if (g.rank < STEM || !is_new(s, symbol->name))
		return;
	str_clear(&s->other);
	abi_plain_sig(symbol->sig, &s->other);
	if (!s->plain.len || strcmp(s->plain.s, s->other.s) != 0)
		return;
	g.rank = g.rank * 2 + same_file;
	g.order = s->found.n;
	g.local = mem_strdup(symbol->name);
	g.reason = mem_printf("new in %s, same %s%s, named alike", s->toolchain,
			      symbol->kind == ATLAS_VAR || symbol->kind == ATLAS_CONST ? "type" : "signature",
			      same_file ? ", in the same file" : "");
	vec_push(&s->found, g);
}

static size_t shared_fields(const struct atlas_symbol *a, const struct atlas_symbol *b, size_t *of)
{
	size_t n = 0;

	*of = 0;
	for (size_t i = 0; i < a->fields.n; i++) {
		const char *name = a->fields.v[i].name;

		if (strcmp(name, "_") == 0)
			continue;
		++*of;
		for (size_t k = 0; k < b->fields.n; k++) {
			if (strcmp(b->fields.v[k].name, name) == 0) {
				n++;
				break;
			}
		}
	}
	return n;
}

static void guess_type(void *arg, const struct atlas_symbol *symbol)
{
	struct search *s = arg;
	struct guess g = { 0 };
	size_t shared, of;

	if (symbol->kind != ATLAS_TYPE || strcmp(symbol->name, s->old->name) == 0)
		return;
	shared = shared_fields(s->old, symbol, &of);
	if (shared < 2 || shared * 2 < of || !is_new(s, symbol->name))
		return;
	g.rank = shared;
	g.order = s->found.n;
	g.local = mem_strdup(symbol->name);
	g.reason = mem_printf("new in %s, has %zu of its %zu fields by name", s->toolchain, shared, of);
	vec_push(&s->found, g);
}

static int by_rank(const void *a, const void *b)
{
	const struct guess *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank > y->rank ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

/* `old` was in the one toolchain's package, and is not in the other's. */
static void search_newcomers(struct successors *out, const struct timeline_source *src, size_t target,
			     const char *package, const struct atlas_symbol *old, size_t with,
			     size_t without)
{
	struct search s = { .src = src, .toolchain = src->toolchains[without].name, .old = old,
			    .plain = STR_INIT, .other = STR_INIT };
	struct atlas_section now;

	if (!src->section(src->arg, with, target, package, &s.before) ||
	    !src->section(src->arg, without, target, package, &now))
		return;
	if (*old->sig && strcmp(old->sig, "-") != 0)
		abi_plain_sig(old->sig, &s.plain);
	atlas_each(&now, "*", old->kind == ATLAS_TYPE ? guess_type : guess_function, &s);
	if (s.found.n > 1)
		qsort(s.found.v, s.found.n, sizeof(*s.found.v), by_rank);
	for (size_t i = 0; i < s.found.n; i++) {
		char *name = timeline_full_name(package, s.found.v[i].local);

		if (out->n < SUCCESSORS)
			successors_add(out, name, mem_strdup(s.found.v[i].reason));
		mem_free(name);
		mem_free(s.found.v[i].local);
		mem_free(s.found.v[i].reason);
	}
	vec_free(&s.found);
	str_free(&s.plain);
	str_free(&s.other);
}

/*
 * The package itself is gone: others of the newer toolchain whose path ends alike
 * (runtime/internal/atomic, internal/runtime/atomic) may have it.
 */
static void search_moved(struct successors *out, const struct timeline_source *src, size_t target,
			 const char *package, const struct atlas_symbol *old, size_t without)
{
	const char *slash = strrchr(package, '/');
	char *tail = mem_printf("/%s", slash ? slash + 1 : package);
	struct strv packages = { 0 };

	if (src->packages && src->packages(src->arg, without, target, &packages)) {
		for (size_t i = 0; i < packages.n && out->n < SUCCESSORS; i++) {
			struct atlas_section section;
			struct atlas_symbol now;
			char *name;

			if (!str_ends(packages.v[i], tail) || strcmp(packages.v[i], package) == 0 ||
			    !src->section(src->arg, without, target, packages.v[i], &section) ||
			    !atlas_find(&section, old->name, &now))
				continue;
			name = timeline_full_name(packages.v[i], old->name);
			if (now.kind == old->kind)
				successors_add(out, name,
					       mem_printf("in %s %s is no more, and this has the same name%s",
							  src->toolchains[without].name, package,
							  strcmp(now.sig, old->sig) == 0 ? " and type" : ""));
			mem_free(name);
			atlas_symbol_dispose(&now);
		}
	}
	strv_free(&packages);
	mem_free(tail);
}

static void search(struct successors *out, const struct timeline_source *src, size_t target,
		   const char *package, const struct atlas_symbol *old, size_t with, size_t without)
{
	if (timeline_state(src, without, target, package) != TIMELINE_NO_PACKAGE)
		search_newcomers(out, src, target, package, old, with, without);
	else
		search_moved(out, src, target, package, old, without);
}

void successors_of_symbol(struct successors *out, const struct timeline_source *src,
			  const struct symbol_timeline *t)
{
	enum presence *of = mem_alloc((src->ntoolchains + 1) * sizeof(*of));
	size_t with, without;

	add_forwarded(out, src, t);
	for (size_t target = 0; target < src->ntargets && out->n < SUCCESSORS; target++) {
		for (size_t i = 0; i < src->ntoolchains; i++) {
			const struct symbol_entry *e = &t->entries[timeline_index(src, i, target)];

			of[i] = e->missing ? NOT_ASKED : e->declared ? PRESENT : ABSENT;
		}
		if (last_loss(of, src->ntoolchains, &with, &without))
			search(out, src, target, t->package,
			       &t->entries[timeline_index(src, with, target)].symbol, with, without);
	}
	mem_free(of);
}

void successors_of_type(struct successors *out, const struct timeline_source *src,
			const struct layout_timeline *t)
{
	enum presence *of = mem_alloc((src->ntoolchains + 1) * sizeof(*of));
	size_t with, without;

	for (size_t target = 0; target < src->ntargets && out->n < SUCCESSORS; target++) {
		for (size_t i = 0; i < src->ntoolchains; i++) {
			const struct layout_entry *e = &t->entries[timeline_index(src, i, target)];

			of[i] = e->missing ? NOT_ASKED : e->is_type ? PRESENT : ABSENT;
		}
		if (last_loss(of, src->ntoolchains, &with, &without))
			search(out, src, target, t->package,
			       &t->entries[timeline_index(src, with, target)].type, with, without);
	}
	mem_free(of);
}
