#include "results/inspect.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "harness/base/str.h"
#include "toolchains/abi.h"
#include "toolchains/layout.h"

/* --- looking things up ---------------------------------------------------- */

struct looked_up {
	bool known;                  /* the package's section is */
	bool found, blocked;
	struct atlas_section section;
	struct atlas_symbol symbol;
	struct str package, name;
};

static void look_up(struct looked_up *out, const struct inspect_std *std, const char *full)
{
	*out = (struct looked_up){ .package = STR_INIT, .name = STR_INIT };
	if (!atlas_split_name(full, &out->package, &out->name))
		str_add(&out->name, full); /* a symbol without a dot: of section "" */
	out->known = std->section(std->arg, out->package.s, &out->section);
	if (!out->known)
		return;
	out->found = atlas_find(&out->section, out->name.s, &out->symbol);
	out->blocked = atlas_blocked(&out->section, out->name.s, NULL);
}

static void looked_up_dispose(struct looked_up *l)
{
	if (l->found)
		atlas_symbol_dispose(&l->symbol);
	str_free(&l->package);
	str_free(&l->name);
}

/* Packages of std have no dot in the first element of their path. */
static bool names_std(const char *symbol)
{
	struct str package = STR_INIT, name = STR_INIT;
	bool std = atlas_split_name(symbol, &package, &name) && strcmp(package.s, "main") != 0 &&
		   !memchr(package.s, '.', strcspn(package.s, "/")) && *package.s;

	str_free(&package);
	str_free(&name);
	return std;
}

/* "sync.Pool" of sync and "(*Pool).pin" */
static void receiver_type(struct str *out, const char *package, const char *name)
{
	const char *start = name[0] == '(' ? name + 2 : name;

	str_addf(out, "%s.", package);
	str_addn(out, start, strcspn(start, ")."));
}

static bool is_ident(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static bool mentions_type(const char *sig, const char *type)
{
	size_t n = strlen(type);

	for (const char *p = sig; (p = strstr(p, type)) != NULL; p++)
		if ((p == sig || !(is_ident(p[-1]) || p[-1] == '/')) && !is_ident(p[n]))
			return true;
	return false;
}

/*
 * A declaration that speaks of the receiver's type makes the compiler read the type with its methods,
 * and refer to the one that is pulled by number, as to any imported method: the linker's check looks
 * at references by name (cmd/link/internal/loader, loadObjRefs).
 */
static bool comes_with_its_type(const struct looked_up *l, const struct local_link *link)
{
	struct str type = STR_INIT;
	bool comes;

	if (!l->found || l->symbol.kind != ATLAS_METHOD || !link || !link->sig)
		return false;
	receiver_type(&type, l->package.s, l->name.s);
	comes = mentions_type(link->sig, type.s);
	str_free(&type);
	return comes;
}

static struct link_ruling rule(const struct inspect_question *q, const struct inspect_std *std,
			       const struct looked_up *l, const char *symbol, enum link_reference ref,
			       const struct local_link *link)
{
	struct link_question lq = { .version = std->version, .target = q->target, .symbol = symbol,
				    .found = l->found ? &l->symbol : NULL, .blocked = l->blocked,
				    .reference = ref };
	struct abi_machine m = { .version = std->version, .goarch = q->target->goarch };
	struct link_ruling r;
	long align;

	if (link && ref == LINK_FROM_GO_VAR) {
		lq.user_has_data = link->what == LOCAL_DATA;
		if (!abi_size(&m, link->shape, &lq.user_size, &align))
			lq.user_size = 0;
	}
	r = link_judge(&lq);
	if (r.pull == LINK_REJECTED && ref == LINK_FROM_GO_FUNC && comes_with_its_type(l, link)) {
		r.pull = LINK_LINKS;
		r.reason = "the receiver's type brings its methods in, and the linker checks no such reference";
	}
	return r;
}

/* --- findings ------------------------------------------------------------- */

static struct finding *add(struct inspection *out, const char *kind, const char *severity,
			   const char *symbol, const char *file, int line, struct str *message)
{
	struct finding f = { .kind = mem_strdup(kind), .severity = mem_strdup(severity),
			     .symbol = mem_strdup(symbol), .file = mem_strdup(file), .line = line,
			     .message = mem_strdup(message->s) };

	str_free(message);
	vec_push(&out->findings, f);
	return &out->findings.v[out->findings.n - 1];
}

/* Packages that are part of every program. */
static bool always_linked(const char *symbol)
{
	static const char *const packages[] = { "runtime.", "internal/runtime/", "runtime/internal/",
						"internal/abi.", "internal/bytealg.", "internal/cpu." };

	for (size_t i = 0; i < sizeof(packages) / sizeof(packages[0]); i++)
		if (str_starts(symbol, packages[i]))
			return true;
	return false;
}

static void predict(struct inspection *out, const char *symbol, const struct link_ruling *r, bool from_asm,
		    bool seen)
{
	struct prediction p = { .symbol = mem_strdup(symbol), .pull = r->pull, .from_asm = from_asm,
				.certain = seen && always_linked(symbol), .reason = mem_strdup(r->reason) };

	for (size_t i = 0; i < out->predictions.n; i++)
		if (strcmp(out->predictions.v[i].symbol, symbol) == 0 &&
		    out->predictions.v[i].from_asm == from_asm) {
			mem_free(p.symbol);
			mem_free(p.reason);
			return;
		}
	vec_push(&out->predictions, p);
}

/* The first newer toolchain that lets this reference through no longer. */
static void look_ahead(struct inspection *out, const struct inspect_question *q, const char *symbol,
		       enum link_reference ref, const struct local_link *link, const char *file, int line)
{
	for (size_t i = 0; i < q->nnewer; i++) {
		const struct inspect_std *std = &q->newer[i];
		struct looked_up l;
		struct link_ruling r;
		struct str text = STR_INIT;

		look_up(&l, std, symbol);
		r = rule(q, std, &l, symbol, ref, link);
		if (l.known && r.pull != LINK_LINKS && !(q->unchecked && r.pull == LINK_REJECTED)) {
			str_addf(&text, "%s will not link it: %s (%s)", std->toolchain, link_pull_name(r.pull),
				 r.reason);
			add(out, "will-be-rejected", "warning", symbol, file, line, &text);
			looked_up_dispose(&l);
			return;
		}
		looked_up_dispose(&l);
	}
}

/* Would the linker let it pass if std's mark were not there? */
static bool needs_mark(const struct inspect_question *q, const struct looked_up *l, const char *symbol,
		       enum link_reference ref, const struct local_link *link)
{
	struct looked_up unmarked = *l;

	unmarked.symbol.push = unmarked.symbol.std = false;
	return rule(q, &q->std, &unmarked, symbol, ref, link).pull == LINK_REJECTED;
}

static void look_at_exception(struct inspection *out, const struct inspect_question *q,
			      const struct looked_up *l, const char *symbol, enum link_reference ref,
			      const struct local_link *link, const char *file, int line)
{
	struct strv users = { 0 };
	struct str text = STR_INIT;

	atlas_users(&l->section, l->name.s, &users);
	if (users.n && l->symbol.push && !q->unchecked && needs_mark(q, l, symbol, ref, link)) {
		str_add(&text, "links only because std keeps it open for outside users; its comment names ");
		for (size_t i = 0; i < users.n && i < 3; i++)
			str_addf(&text, "%s%s", i ? ", " : "", users.v[i]);
		if (users.n > 3)
			str_addf(&text, " and %zu more", users.n - 3);
		add(out, "allowed-by-exception", "info", symbol, file, line, &text);
	}
	strv_free(&users);
}

/* --- layouts -------------------------------------------------------------- */

/* What differs besides, "; " between; caller frees, NULL: nothing. */
static char *join_details(const struct strv *details)
{
	struct str text = STR_INIT;

	for (size_t i = 0; i < details->n; i++)
		str_addf(&text, "%s%s", i ? "; " : "", details->v[i]);
	return details->n ? str_detach(&text) : NULL;
}

static struct layout layout_of(const struct atlas_symbol *t)
{
	return (struct layout){ .fields = t->fields.v, .n = t->fields.n, .size = t->size, .align = t->align };
}

static bool is_struct(const struct atlas_symbol *t)
{
	return t->kind == ATLAS_TYPE && t->fields.n > 0;
}

/* Packages that a type's text may mean by its last element: runtime says "abi.Type". */
static bool find_named_type(const struct inspect_std *std, const char *package, const char *text,
			    struct str *full, struct atlas_symbol *out)
{
	static const char *const places[] = { "internal/%s", "internal/runtime/%s", "runtime/internal/%s", "%s" };
	const char *dot = strchr(text, '.');

	for (size_t i = 0; i < (dot ? sizeof(places) / sizeof(places[0]) : 1); i++) {
		char *name = dot ? mem_strndup(text, (size_t)(dot - text)) : NULL;
		struct looked_up l;

		str_clear(full);
		if (dot) {
			str_add(full, places[i]);
			full->s[strcspn(full->s, "%")] = '\0';
			full->len = strlen(full->s);
			str_add(full, name);
		} else {
			str_add(full, package);
		}
		mem_free(name);
		str_addf(full, ".%s", dot ? dot + 1 : text);
		look_up(&l, std, full->s);
		if (l.found && l.symbol.kind == ATLAS_TYPE) {
			*out = l.symbol;
			l.found = false;
			looked_up_dispose(&l);
			return true;
		}
		looked_up_dispose(&l);
	}
	return false;
}

static void compare_types(struct inspection *out, long word, const char *copy_name, const struct atlas_symbol *copy,
			  const char *of, const struct atlas_symbol *std, const char *file, int line)
{
	struct layout have = layout_of(copy), want = layout_of(std);
	struct layout_report d;
	struct str text = STR_INIT;
	struct finding *f;

	layout_compare(&d, &have, &want, word);
	if (d.grade == LAYOUT_SAME || d.grade == LAYOUT_PREFIX) {
		layout_report_dispose(&d);
		return;
	}
	str_addf(&text, "%s as a copy of %s: %s", copy_name, of, d.summary.s);
	f = add(out, d.grade == LAYOUT_POINTERS ? "pointer-map-drift" : "layout-drift",
		"error", of, file, line, &text);
	f->local = mem_strdup(copy_name);
	f->target = join_details(&d.details);
	layout_report_dispose(&d);
}

/* Pointers to a struct of the program's own, where std's function has one to a struct of std. */
static const char *pointee(const char *type)
{
	return *type == '*' ? type + 1 : NULL;
}

/* A local type's counterpart by place: the texts of the two types at the same argument. */
static void compare_pointees(struct inspection *out, const struct inspect_question *q,
			     const struct local_link *link, const struct looked_up *l, const char *have,
			     const char *want, struct strv *seen)
{
	const char *mine = pointee(have), *theirs = pointee(want);
	struct atlas_symbol copy, std;
	struct str full = STR_INIT;

	if (!mine || !theirs || strpbrk(mine, "*[]( ") || strpbrk(theirs, "*[]( ") || strv_has(seen, mine))
		return;
	strv_add(seen, mine);
	if (local_program_type(q->program, link->package, mine, &copy)) {
		if (is_struct(&copy) && find_named_type(&q->std, l->package.s, theirs, &full, &std)) {
			if (is_struct(&std))
				compare_types(out, target_word(q->target), mine, &copy, full.s, &std, link->file, link->line);
			atlas_symbol_dispose(&std);
		}
		atlas_symbol_dispose(&copy);
	}
	str_free(&full);
}

/* The types of a plain signature, "func(*T, int) (U, error)", arguments then results. */
static void sig_types(const char *plain, struct strv *args, struct strv *results)
{
	struct strv *list = args;
	int depth = 0;
	const char *p = plain, *start;

	p += str_starts(p, "func") ? 4 : 0;
	for (int part = 0; part < 2 && *p; part++) {
		p += strspn(p, " ");
		if (*p != '(') {
			if (*p)
				strv_add(list, p);
			return;
		}
		start = ++p;
		for (depth = 0; *p && !(depth == 0 && *p == ')'); p++) {
			depth += strchr("([{", *p) ? 1 : strchr(")]}", *p) ? -1 : 0;
			if (*p == ',' && depth == 0) {
				strv_addn(list, start, (size_t)(p - start));
				start = p + 1 + strspn(p + 1, " ");
			}
		}
		if (p > start)
			strv_addn(list, start, (size_t)(p - start));
		p += *p == ')';
		list = results;
	}
}

static void compare_parameters(struct inspection *out, const struct inspect_question *q,
			       const struct local_link *link, const struct looked_up *l)
{
	struct str have = STR_INIT, want = STR_INIT;
	struct strv have_in = { 0 }, have_out = { 0 }, want_in = { 0 }, want_out = { 0 }, seen = { 0 };
	size_t skip;

	abi_plain_sig(link->sig, &have);
	abi_plain_sig(l->symbol.sig, &want);
	sig_types(have.s, &have_in, &have_out);
	sig_types(want.s, &want_in, &want_out);
	skip = l->symbol.kind == ATLAS_METHOD ? 1 : 0; /* the receiver stands in front */
	for (size_t i = skip; i < have_in.n && i - skip < want_in.n; i++)
		compare_pointees(out, q, link, l, have_in.v[i], want_in.v[i - skip], &seen);
	for (size_t i = 0; i < have_out.n && i < want_out.n; i++)
		compare_pointees(out, q, link, l, have_out.v[i], want_out.v[i], &seen);
	strv_free(&have_in);
	strv_free(&have_out);
	strv_free(&want_in);
	strv_free(&want_out);
	strv_free(&seen);
	str_free(&have);
	str_free(&want);
}

/* --- directives ----------------------------------------------------------- */

/* std says its own package's types bare, a program by the package's name: "time.Time" becomes
 * "Time", as std has it. */
static char *as_std_says(const char *sig, const char *package)
{
	const char *slash = strrchr(package, '/'), *name = slash ? slash + 1 : package;
	size_t n = strlen(name);
	struct str text = STR_INIT;

	for (const char *p = sig; *p;) {
		bool start = p == sig || !(isalnum((unsigned char)p[-1]) || p[-1] == '_' || p[-1] == '.');

		if (start && strncmp(p, name, n) == 0 && p[n] == '.')
			p += n + 1;
		else
			str_addc(&text, *p++);
	}
	return str_detach(&text);
}

static void inspect_signature(struct inspection *out, const struct inspect_question *q,
			      const struct local_link *link, const struct looked_up *l)
{
	struct abi_machine m = { .version = q->std.version, .goarch = q->target->goarch,
				 .goos = q->target->goos };
	struct str why = STR_INIT, text = STR_INIT;
	enum abi_grade grade;
	struct finding *f;
	char *sig;

	if (strcmp(l->symbol.shape, "-") == 0 || !*l->symbol.shape)
		return; /* known to assembly only */
	sig = as_std_says(link->sig, l->package.s);
	grade = abi_compare_funcs(&m, link->shape, sig, l->symbol.shape, l->symbol.sig, &why);
	mem_free(sig);
	if (grade == ABI_BREAKS || grade == ABI_SAME) {
		str_addf(&text, "%s: declared %s, std has %s: %s",
			 grade == ABI_BREAKS ? "breaks the ABI" : "same ABI, other type", link->sig,
			 l->symbol.sig, why.s);
		f = add(out, "signature-mismatch", grade == ABI_BREAKS ? "error" : "info", link->target,
			link->file, link->line, &text);
		f->local = mem_strdup(link->sig);
		f->target = mem_strdup(l->symbol.sig);
	}
	str_free(&why);
	compare_parameters(out, q, link, l);
}

static void inspect_variable(struct inspection *out, const struct inspect_question *q,
			     const struct local_link *link, const struct looked_up *l)
{
	struct abi_machine m = { .version = q->std.version, .goarch = q->target->goarch };
	struct atlas_symbol copy, std;
	struct str text = STR_INIT, full = STR_INIT;
	long size, align;
	struct finding *f;

	if (!l->found || l->symbol.kind != ATLAS_VAR || !link_exists(&l->symbol)) {
		if (l->known && (!l->found || l->symbol.kind != ATLAS_FUNC)) {
			str_addf(&text, "std has no variable of that name: %s links in silence and is the program's own, "
				 "%s", link->local, link->what == LOCAL_DATA ? "with its own initial value"
									     : "always zero");
			f = add(out, "orphan-variable", "error", link->target, link->file, link->line, &text);
			f->local = mem_strdup(link->sig);
		}
		return;
	}
	if (local_program_type(q->program, link->package, link->sig, &copy)) {
		if (is_struct(&copy) && find_named_type(&q->std, l->package.s, l->symbol.sig, &full, &std)) {
			if (is_struct(&std)) {
				compare_types(out, target_word(q->target), link->sig, &copy, full.s, &std, link->file, link->line);
				atlas_symbol_dispose(&std);
				atlas_symbol_dispose(&copy);
				str_free(&full);
				return;
			}
			atlas_symbol_dispose(&std);
		}
		atlas_symbol_dispose(&copy);
	}
	str_free(&full);
	if (abi_size(&m, link->shape, &size, &align) && l->symbol.size >= 0 && size != l->symbol.size) {
		str_addf(&text, "declared as %s of %ld bytes, std's is %s of %ld", link->sig, size, l->symbol.sig,
			 l->symbol.size);
		f = add(out, "layout-drift", "error", link->target, link->file, link->line, &text);
		f->local = mem_strdup(link->sig);
		f->target = mem_strdup(l->symbol.sig);
	}
}

/* Does the program define the symbol itself? */
static bool is_pushed(const struct local_program *p, const char *symbol)
{
	for (size_t i = 0; i < p->links.n; i++)
		if (p->links.v[i].what == LOCAL_BODY && strcmp(p->links.v[i].target, symbol) == 0)
			return true;
	return false;
}

/* A variable for a function, or the reverse: what links makes no sense. */
static void inspect_kind(struct inspection *out, const struct local_link *link, const struct looked_up *l,
			 bool variable)
{
	struct str text = STR_INIT;
	struct finding *f;

	str_addf(&text, "declared as a %s, std's is a %s: %s", variable ? "variable" : "function",
		 atlas_kind_name(l->symbol.kind), l->symbol.sig);
	f = add(out, "signature-mismatch", "error", link->target, link->file, link->line, &text);
	f->local = mem_strdup(link->sig);
	f->target = mem_strdup(l->symbol.sig);
}

static void inspect_link(struct inspection *out, const struct inspect_question *q,
			 const struct local_link *link)
{
	bool variable = link->what == LOCAL_VAR || link->what == LOCAL_DATA;
	enum link_reference ref = variable ? LINK_FROM_GO_VAR : LINK_FROM_GO_FUNC;
	struct link_ruling r;
	struct looked_up l;

	if (link->form == LOCAL_ONE || (!variable && link->what != LOCAL_FUNC) || !names_std(link->target) ||
	    is_pushed(q->program, link->target))
		return;
	look_up(&l, &q->std, link->target);
	if (!l.known) {
		looked_up_dispose(&l);
		return;
	}
	r = rule(q, &q->std, &l, link->target, ref, link);
	if (l.found && link_exists(&l.symbol) &&
	    (l.symbol.kind == ATLAS_VAR ? !variable : variable && (l.symbol.kind == ATLAS_FUNC ||
								    l.symbol.kind == ATLAS_METHOD)))
		inspect_kind(out, link, &l, variable);
	else if (variable)
		inspect_variable(out, q, link, &l);
	else if (l.found && (l.symbol.kind == ATLAS_FUNC || l.symbol.kind == ATLAS_METHOD))
		inspect_signature(out, q, link, &l);
	if (l.found && r.pull == LINK_LINKS)
		look_at_exception(out, q, &l, link->target, ref, link, link->file, link->line);
	if (link->used && r.pull == LINK_LINKS)
		look_ahead(out, q, link->target, ref, link, link->file, link->line);
	if (link->used && !q->unchecked)
		predict(out, link->target, &r, false, link->called);
	looked_up_dispose(&l);
}

static void inspect_asm(struct inspection *out, const struct inspect_question *q, const struct local_asm *a)
{
	struct link_ruling r;
	struct looked_up l;

	if (!names_std(a->symbol))
		return;
	look_up(&l, &q->std, a->symbol);
	if (l.known) {
		r = rule(q, &q->std, &l, a->symbol, LINK_FROM_ASM, NULL);
		if (l.found && r.pull == LINK_LINKS)
			look_at_exception(out, q, &l, a->symbol, LINK_FROM_ASM, NULL, a->file, a->line);
		if (r.pull == LINK_LINKS)
			look_ahead(out, q, a->symbol, LINK_FROM_ASM, NULL, a->file, a->line);
		if (!q->unchecked)
			predict(out, a->symbol, &r, true, true);
	}
	looked_up_dispose(&l);
}

/* A function that is meant to be called like std's. */
static void inspect_like(struct inspection *out, const struct inspect_question *q,
			 const struct layout_pair *pair, const struct looked_up *l)
{
	struct str text = STR_INIT;

	for (size_t i = 0; i < q->program->funcs.n; i++) {
		const struct local_func *f = &q->program->funcs.v[i];
		struct local_link link = { .package = f->package, .file = f->file, .line = f->line, .local = f->name,
					   .target = pair->of, .what = LOCAL_FUNC, .shape = f->shape, .sig = f->sig };

		if (strcmp(f->name, pair->copy) == 0) {
			inspect_signature(out, q, &link, l);
			return;
		}
	}
	str_addf(&text, "the program has no function %s to compare with %s", pair->copy, pair->of);
	add(out, "signature-mismatch", "error", pair->of, NULL, 0, &text);
}

static void inspect_pair(struct inspection *out, const struct inspect_question *q,
			 const struct layout_pair *pair)
{
	struct atlas_symbol copy = { 0 };
	struct atlas_section section;
	struct looked_up l;
	struct str text = STR_INIT;
	const char *path;
	size_t at = 0, n;
	bool have = false;

	while (!have && atlas_next_section(q->program->types.s, q->program->types.len, &at, &section, &path, &n))
		have = atlas_find(&section, pair->copy, &copy);
	look_up(&l, &q->std, pair->of);
	if (l.found && (l.symbol.kind == ATLAS_FUNC || l.symbol.kind == ATLAS_METHOD)) {
		inspect_like(out, q, pair, &l);
	} else if (!have) {
		str_addf(&text, "the program has no type %s to compare with %s", pair->copy, pair->of);
		add(out, "layout-drift", "error", pair->of, NULL, 0, &text);
	} else if (l.known && !(l.found && l.symbol.kind == ATLAS_TYPE)) {
		str_addf(&text, "%s is a copy of %s, which %s does not have", pair->copy, pair->of,
			 q->std.toolchain);
		add(out, "layout-drift", "error", pair->of, copy.file, copy.line, &text);
	} else if (l.known) {
		compare_types(out, target_word(q->target), pair->copy, &copy, pair->of, &l.symbol, copy.file, copy.line);
	}
	if (have)
		atlas_symbol_dispose(&copy);
	looked_up_dispose(&l);
}

void inspect(struct inspection *out, const struct inspect_question *q)
{
	const struct local_program *p = q->program;

	*out = (struct inspection){ 0 };
	for (size_t i = 0; i < p->links.n; i++)
		inspect_link(out, q, &p->links.v[i]);
	for (size_t i = 0; i < p->refs.n; i++)
		inspect_asm(out, q, &p->refs.v[i]);
	for (size_t i = 0; q->pairs && i < q->pairs->n; i++)
		inspect_pair(out, q, &q->pairs->v[i]);
	for (size_t i = 0; i < p->remarks.n; i++) {
		const struct local_remark *r = &p->remarks.v[i];
		struct str text = STR_INIT;

		str_add(&text, r->text);
		add(out, r->kind, "warning", NULL, r->file, r->line, &text);
	}
}

void inspection_dispose(struct inspection *i)
{
	for (size_t k = 0; k < i->findings.n; k++)
		finding_dispose(&i->findings.v[k]);
	for (size_t k = 0; k < i->predictions.n; k++) {
		mem_free(i->predictions.v[k].symbol);
		mem_free(i->predictions.v[k].reason);
	}
	vec_free(&i->findings);
	vec_free(&i->predictions);
}

static void add_package(struct strv *out, const char *symbol)
{
	struct str package = STR_INIT, name = STR_INIT;

	if (names_std(symbol) && atlas_split_name(symbol, &package, &name) && !strv_has(out, package.s))
		strv_add(out, package.s);
	str_free(&package);
	str_free(&name);
}

void inspect_packages(struct strv *out, const struct local_program *p, const struct layout_pairs *pairs)
{
	for (size_t i = 0; i < p->links.n; i++)
		if (p->links.v[i].form != LOCAL_ONE)
			add_package(out, p->links.v[i].target);
	for (size_t i = 0; i < p->refs.n; i++)
		add_package(out, p->refs.v[i].symbol);
	for (size_t i = 0; pairs && i < pairs->n; i++)
		add_package(out, pairs->v[i].of);
	if (out->n && !strv_has(out, "internal/abi"))
		strv_add(out, "internal/abi"); /* runtime's types live there */
	strv_sort(out);
}

/* --- the linker's word ---------------------------------------------------- */

static void disagree(struct outcome *o, const struct prediction *p, const char *linker)
{
	char *text = mem_printf("the atlas says %s (%s), the linker %s", link_pull_name(p->pull), p->reason, linker);
	struct finding *f = outcome_add_finding(o, "disagreement", "warning", text);

	f->symbol = mem_strdup(p->symbol);
	mem_free(text);
}

/* Was the link done, so that it says something about every reference? */
static bool links_whole(const struct outcome *o)
{
	return o->kind == OUTCOME_PASS || o->kind == OUTCOME_LINKED || o->kind == OUTCOME_RUN_CRASH ||
	       o->kind == OUTCOME_RUN_WRONG || o->kind == OUTCOME_FLAKY ||
	       (o->kind == OUTCOME_TIMEOUT && o->stage == STAGE_RUN);
}

/* cmd/link gives up after 21 errors (cmd/link/internal/ld, Errorf): what else is undefined only the
 * atlas can say. */
enum { LINK_ERRORS = 21 };

static void add_undefined(const struct inspection *in, struct outcome *o)
{
	size_t added = 0;

	if (o->kind != OUTCOME_LINK_UNDEFINED || o->symbols.n < LINK_ERRORS)
		return;
	for (size_t i = 0; i < in->predictions.n; i++) {
		const struct prediction *p = &in->predictions.v[i];

		if (p->pull == LINK_UNDEFINED && !strv_has(&o->symbols, p->symbol)) {
			outcome_add_symbol(o, p->symbol);
			added++;
		}
	}
	if (added)
		strv_addf(&o->notes, "the linker stops after %d undefined symbols; %zu more are undefined by the "
			  "atlas", LINK_ERRORS, added);
}

void inspection_attach(const struct inspection *in, struct outcome *o)
{
	for (size_t i = 0; i < in->findings.n; i++) {
		const struct finding *f = &in->findings.v[i];
		struct finding *mine = outcome_add_finding(o, f->kind, f->severity, f->message);

		mine->symbol = mem_strdup(f->symbol);
		mine->local = mem_strdup(f->local);
		mine->target = mem_strdup(f->target);
		mine->file = mem_strdup(f->file);
		mine->line = f->line;
	}
	for (size_t i = 0; i < in->predictions.n; i++) {
		const struct prediction *p = &in->predictions.v[i];
		bool refused = o->kind == OUTCOME_LINK_REJECTED && strv_has(&o->symbols, p->symbol);
		bool undefined = o->kind == OUTCOME_LINK_UNDEFINED && strv_has(&o->symbols, p->symbol);

		if (refused && p->pull != LINK_REJECTED)
			disagree(o, p, "rejects it");
		else if (undefined && p->pull != LINK_UNDEFINED && always_linked(p->symbol))
			disagree(o, p, "finds it undefined");
		else if (links_whole(o) && p->pull == LINK_REJECTED && p->certain) /* undefined may be unreachable */
			disagree(o, p, "links it");
		else if (o->kind == OUTCOME_LINK_REJECTED && !refused && !o->symbols_unknown &&
			 p->pull == LINK_REJECTED && p->certain)
			disagree(o, p, "does not reject it");
	}
	add_undefined(in, o);
}

/* --- storing -------------------------------------------------------------- */

static void put(json_t *o, const char *key, const char *value)
{
	json_t *text = value ? json_string(value) : NULL;

	if (value)
		json_object_set_new(o, key, text ? text : json_string("(text that is not UTF-8)"));
}

char *inspection_dump(const struct inspection *in)
{
	json_t *root = json_object(), *findings = json_array(), *predictions = json_array();
	char *text, *copy;

	for (size_t i = 0; i < in->findings.n; i++) {
		const struct finding *f = &in->findings.v[i];
		json_t *o = json_object();

		put(o, "kind", f->kind);
		put(o, "severity", f->severity);
		put(o, "symbol", f->symbol);
		put(o, "local", f->local);
		put(o, "target", f->target);
		put(o, "file", f->file);
		json_object_set_new(o, "line", json_integer(f->line));
		put(o, "message", f->message);
		json_array_append_new(findings, o);
	}
	for (size_t i = 0; i < in->predictions.n; i++) {
		const struct prediction *p = &in->predictions.v[i];
		json_t *o = json_object();

		put(o, "symbol", p->symbol);
		put(o, "reason", p->reason);
		json_object_set_new(o, "pull", json_integer(p->pull));
		json_object_set_new(o, "asm", json_boolean(p->from_asm));
		json_object_set_new(o, "certain", json_boolean(p->certain));
		json_array_append_new(predictions, o);
	}
	json_object_set_new(root, "findings", findings);
	json_object_set_new(root, "predictions", predictions);
	text = json_dumps(root, JSON_COMPACT);
	copy = mem_strdup(text);
	free(text);
	json_decref(root);
	return copy;
}

static char *get(const json_t *o, const char *key)
{
	return mem_strdup(json_string_value(json_object_get(o, key)));
}

static bool is_text(const json_t *o, const char *key)
{
	return json_is_string(json_object_get(o, key));
}

static bool is_inspection(const json_t *root)
{
	const json_t *findings = json_object_get(root, "findings"), *predictions = json_object_get(root, "predictions");
	json_t *o;
	size_t i;

	if (!json_is_array(findings) || !json_is_array(predictions))
		return false;
	json_array_foreach(findings, i, o)
		if (!is_text(o, "kind") || !is_text(o, "severity") || !is_text(o, "message"))
			return false;
	json_array_foreach(predictions, i, o) {
		const json_t *pull = json_object_get(o, "pull");

		if (!is_text(o, "symbol") || !is_text(o, "reason") || !json_is_integer(pull) ||
		    json_integer_value(pull) < LINK_LINKS || json_integer_value(pull) > LINK_DUPLICATE)
			return false;
	}
	return true;
}

int inspection_load(struct inspection *out, const char *text, struct error *err)
{
	json_t *root = json_loads(text, 0, NULL), *o;
	size_t i;

	*out = (struct inspection){ 0 };
	if (!is_inspection(root)) {
		json_decref(root);
		return err_set(err, ERR_WORK, "a stored inspection is damaged");
	}
	json_array_foreach(json_object_get(root, "findings"), i, o) {
		struct finding f = { .kind = get(o, "kind"), .severity = get(o, "severity"),
				     .symbol = get(o, "symbol"), .local = get(o, "local"),
				     .target = get(o, "target"), .file = get(o, "file"),
				     .line = (int)json_integer_value(json_object_get(o, "line")),
				     .message = get(o, "message") };

		vec_push(&out->findings, f);
	}
	json_array_foreach(json_object_get(root, "predictions"), i, o) {
		struct prediction p = { .symbol = get(o, "symbol"), .reason = get(o, "reason"),
					.pull = (enum link_pull)json_integer_value(json_object_get(o, "pull")),
					.from_asm = json_is_true(json_object_get(o, "asm")),
					.certain = json_is_true(json_object_get(o, "certain")) };

		vec_push(&out->predictions, p);
	}
	json_decref(root);
	return 0;
}
