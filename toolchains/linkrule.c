#include "toolchains/linkrule.h"

#include <string.h>

/* Minors of Go 1 in which something changed. */
enum {
	ALIASES_UNTIL = 17,   /* ABI aliases where there are no wrappers: two ABIs everywhere */
	CHECK_SINCE = 23,     /* checkLinkname */
	BUILTINS_SINCE = 24,  /* it sees references to the compiler's builtins, too */
	BODIES_SINCE = 26,    /* intrinsics without body are given one */
	STRICT_SINCE = 27,    /* wrappers and assembly have no privilege; linknamestd */
};

const char *link_pull_name(enum link_pull pull)
{
	static const char *const names[] = { "links", "rejected", "undefined", "duplicate" };

	return names[pull];
}

const char *link_access_name(enum link_access access)
{
	static const char *const names[] = { "none", "push", "std-only", "blocked" };

	return names[access];
}

/* internal/buildcfg/exp.go; 1.17 has it for linux, darwin, windows and android only. */
static bool has_regabi(const struct gover *version, const char *goos, const char *goarch)
{
	static const struct {
		const char *goarch;
		int since;
	} known[] = {
		{ "amd64", 17 }, { "arm64", 18 }, { "ppc64", 18 }, { "ppc64le", 18 },
		{ "riscv64", 19 }, { "loong64", 22 }, { "s390x", 26 },
	};
	static const char *const first[] = { "linux", "darwin", "windows", "android" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(known[i].goarch, goarch) != 0)
			continue;
		if (version->minor != 17 || !goos)
			return version->minor >= known[i].since;
		for (size_t j = 0; known[i].since == 17 && j < sizeof(first) / sizeof(first[0]); j++)
			if (strcmp(first[j], goos) == 0)
				return true;
		return false;
	}
	return false;
}

bool link_has_regabi(const struct gover *version, const char *goarch)
{
	return has_regabi(version, NULL, goarch);
}

/* --- definitions ------------------------------------------------------------- */

enum abi { ABI0, ABI_INTERNAL };

/* What the linker has under (name, ABI). */
struct def {
	bool there;
	bool assembly;      /* the assembler's object has it */
	bool wrapper;       /* the compiler made it, to call the other ABI */
	bool mark, std;     /* linkname, linknamestd */
	bool data;          /* of a variable: with content */
	bool package;       /* a package symbol: loaded before all that is bound by name */
};

static bool is_var(const struct atlas_symbol *s)
{
	return s->kind == ATLAS_VAR;
}

static bool is_func(const struct atlas_symbol *s)
{
	return s->kind == ATLAS_FUNC || s->kind == ATLAS_METHOD;
}

/* Of what is declared without body the compiler gives one to intrinsics of its table. */
static bool is_given_body(const struct link_question *q)
{
	return q->version.minor >= BODIES_SINCE && (str_starts(q->symbol, "internal/runtime/") ||
						    str_starts(q->symbol, "simd/archsimd."));
}

/* Go code has the definition, whoever's. */
static bool by_go(const struct link_question *q)
{
	const struct atlas_symbol *s = q->found;

	return s->def == ATLAS_DEF_GO || s->def == ATLAS_DEF_PUSHED ||
	       (s->def == ATLAS_DEF_NOWHERE && is_given_body(q));
}

/* A variable that is declared in Go gets its value by DATA. */
static bool of_assembly(const struct atlas_symbol *s)
{
	return s->def == ATLAS_DEF_ASM || (is_var(s) && s->asm_package && s->asm_package[0]);
}

static bool is_pushed(const struct atlas_symbol *s)
{
	return s->push || s->std || s->def == ATLAS_DEF_PUSHED;
}

static void add_marks(const struct link_question *q, struct def *d)
{
	d->std = q->found->std;
	d->mark = q->found->push || (q->found->def == ATLAS_DEF_PUSHED && !d->std);
}

/* The definition itself. */
static struct def own_def(const struct link_question *q)
{
	struct def d = { .there = true };

	if (by_go(q) && !of_assembly(q->found)) {
		add_marks(q, &d);
		d.package = !d.mark && !d.std;
	} else {
		d.assembly = true;
		/* Until 1.26 the assembler marks all that it names. */
		d.mark = q->version.minor < STRICT_SINCE;
	}
	d.data = q->found->has_data;
	return d;
}

static enum abi own_abi(const struct link_question *q)
{
	if (by_go(q))
		return q->found->abi0 ? ABI0 : ABI_INTERNAL;
	return q->found->abi_internal ? ABI_INTERNAL : ABI0;
}

/*
 * The same function by the other ABI: a wrapper, if the compiler knew that it is
 * needed.  A Go function is called by ABI0 if assembly of its package does so, or
 * - who knows? - if it has a mark; assembly's is called by ABIInternal if the
 * package declares it.
 */
static struct def wrapper_def(const struct link_question *q)
{
	const struct atlas_symbol *s = q->found;
	struct def d = { .wrapper = true };

	if (own_abi(q) == ABI_INTERNAL)
		d.there = s->kind != ATLAS_METHOD && (is_pushed(s) || s->asm_refers);
	else
		d.there = s->asm_package && s->asm_package[0] ? is_pushed(s) : s->go_decl;
	if (q->version.minor >= STRICT_SINCE)
		add_marks(q, &d);
	return d;
}

static bool has_two_abis(const struct link_question *q)
{
	return q->version.minor <= ALIASES_UNTIL ||
	       has_regabi(&q->version, q->target->goos, q->target->goarch);
}

static struct def find_def(const struct link_question *q, enum abi abi)
{
	const struct atlas_symbol *s = q->found;

	if (!s || (!is_func(s) && !is_var(s)) || (!by_go(q) && s->def != ATLAS_DEF_ASM))
		return (struct def){ 0 };
	if (is_var(s))
		return abi == ABI0 ? own_def(q) : (struct def){ 0 };
	if (!has_two_abis(q))
		return own_def(q);
	return own_abi(q) == abi ? own_def(q) : wrapper_def(q);
}

/* --- the check --------------------------------------------------------------- */

static struct link_ruling rule(enum link_pull pull, bool checked, const char *reason)
{
	return (struct link_ruling){ .pull = pull, .reason = reason, .checked = checked };
}

/* checkLinkname of 1.27: who defines it by assembly asks for the marks of the wrapper. */
static struct link_ruling check_strictly(const struct link_question *q, struct def d, enum abi abi)
{
	struct def other;

	if (d.assembly) {
		if (!strchr(q->symbol, '.'))
			return rule(LINK_LINKS, true, "assembly defines it, under a name without package");
		if (!has_two_abis(q))
			return rule(LINK_LINKS, true,
				    "assembly defines it, and this architecture has no ABI wrappers to look at");
		other = find_def(q, abi == ABI0 ? ABI_INTERNAL : ABI0);
		if (other.there)
			d = other;
	}
	if (d.mark)
		return rule(LINK_LINKS, true, "std marks it for outside use");
	return rule(LINK_REJECTED, true, d.std ? "std opens it to std only" : "std does not mark it");
}

/* `d` is what the reference is bound to. */
static struct link_ruling check(const struct link_question *q, struct def d, enum abi abi)
{
	if (q->version.minor < CHECK_SINCE)
		return rule(LINK_LINKS, false, "this version checks nothing");
	if (q->blocked)
		return rule(LINK_REJECTED, true, "it is on the linker's table of blocked names");
	if (!d.there)
		return rule(LINK_LINKS, true, "nothing of std is referred to");
	if (q->version.minor >= STRICT_SINCE)
		return check_strictly(q, d, abi);
	if (d.assembly)
		return rule(LINK_LINKS, true, "assembly defines it, which this version lets through");
	if (d.mark)
		return rule(LINK_LINKS, true, "std marks it for outside use");
	if (d.wrapper)
		return rule(LINK_LINKS, true, "an ABI wrapper stands for it, which this version lets through");
	return rule(LINK_REJECTED, true, "std does not mark it");
}

/* --- functions, and all from assembly ----------------------------------------- */

static const char *why_undefined(const struct link_question *q, enum abi abi)
{
	const struct atlas_symbol *s = q->found;

	if (!s)
		return "std has nothing of that name";
	if (s->kind == ATLAS_TYPE || s->kind == ATLAS_CONST)
		return s->kind == ATLAS_TYPE ? "it is a type" : "it is a constant";
	if (s->def == ATLAS_DEF_GENERIC)
		return "it is generic, and has no symbol of that name";
	if (s->def == ATLAS_DEF_ELSEWHERE)
		return "its symbol has another name";
	if (!by_go(q) && s->def != ATLAS_DEF_ASM)
		return "it is declared, but nobody defines it";
	if (is_var(s))
		return "it is a variable";
	return abi == ABI0 ? "it is not defined for ABI0, which assembly refers to"
			   : "it is not defined for ABIInternal, which Go refers to";
}

static struct link_ruling judge_reference(const struct link_question *q, enum abi abi)
{
	struct def d = find_def(q, abi);
	struct link_ruling r = check(q, d, abi);

	/* The check comes first, while the linker loads. */
	if (r.pull == LINK_LINKS && !d.there)
		return rule(LINK_UNDEFINED, r.checked, why_undefined(q, abi));
	return r;
}

/*
 * What the compiler itself refers to (cmd/internal/goobj/builtinlist.go) is referred to
 * by its number, and no one checks numbers.  In Go that ended with 1.24; the
 * assembler goes on with it, for those on the list with its ABI.
 */
static bool escapes(const struct link_question *q, enum abi abi)
{
	static const char *const of_abi0[] = { "runtime.morestack", "runtime.retpoline" };
	bool listed = is_var(q->found) || !has_two_abis(q);

	for (size_t i = 0; i < sizeof(of_abi0) / sizeof(of_abi0[0]); i++)
		listed = listed || str_starts(q->symbol, of_abi0[i]);
	return abi == ABI0 || !has_two_abis(q) ? listed : !listed;
}

static struct link_ruling judge_builtin(const struct link_question *q, enum abi abi)
{
	struct link_question before = *q;
	struct link_ruling r;

	before.version.minor = CHECK_SINCE - 1;
	r = judge_reference(&before, abi);
	if (r.pull == LINK_LINKS)
		r.reason = "the compiler knows it as a builtin, and references to those are not checked";
	return r;
}

static struct link_ruling judge_go_func(const struct link_question *q)
{
	const struct atlas_symbol *s = q->found;
	/* A variable of that name, where there is one name space for all. */
	enum abi abi = s && is_var(s) && !has_two_abis(q) ? ABI0 : ABI_INTERNAL;

	if (q->version.minor >= CHECK_SINCE && q->version.minor < BUILTINS_SINCE && s && s->builtin &&
	    escapes(q, abi))
		return judge_builtin(q, abi);
	return judge_reference(q, abi);
}

static struct link_ruling judge_asm(const struct link_question *q)
{
	const struct atlas_symbol *s = q->found;

	if (strpbrk(q->symbol, "()*[]"))
		return rule(LINK_UNDEFINED, q->version.minor >= CHECK_SINCE, "assembly cannot say such a name");
	if (q->version.minor >= CHECK_SINCE && s && s->builtin && escapes(q, ABI0))
		return judge_builtin(q, ABI0);
	return judge_reference(q, ABI0);
}

/* --- variables ---------------------------------------------------------------- */

/* Of two variables without content the larger wins: issue 72032. */
static bool larger_wins(const struct gover *v)
{
	if (v->minor == 23)
		return v->patch >= 9;
	if (v->minor == 24)
		return v->patch >= 3;
	return v->minor >= 25;
}

/*
 * The user's variable is a definition of the same name.  The linker keeps one
 * (addSym), and then checks whose it is - if the user's has no content: one that
 * has is taken for a push of the user's.
 */
static struct link_ruling judge_go_var(const struct link_question *q)
{
	const struct atlas_symbol *s = q->found;
	struct def d = find_def(q, ABI0);
	long user_size = q->user_size ? q->user_size : s ? s->size : 0;
	bool checked = q->version.minor >= CHECK_SINCE && !q->user_has_data && strchr(q->symbol, '.');
	bool user_wins;

	if (d.there && is_func(s)) {
		if (q->user_has_data || q->version.minor < CHECK_SINCE)
			return rule(LINK_DUPLICATE, checked, "it is a function");
		return check(q, d, ABI0);
	}
	/* It is thread-local, which is no kind of data to the linker. */
	if (checked && d.assembly && strcmp(q->symbol, "runtime.tls_g") == 0)
		return rule(LINK_DUPLICATE, true, "the variable of assembly is thread-local");
	if (d.there && d.data && q->user_has_data)
		return rule(LINK_DUPLICATE, checked, "both variables have a value");
	if (checked && q->blocked)
		return rule(LINK_REJECTED, true, "it is on the linker's table of blocked names");
	if (!d.there)
		return rule(LINK_LINKS, checked, "std has no such variable: it is the program's own");
	if (q->user_has_data)
		return rule(LINK_LINKS, checked, "the program's variable has a value, and replaces std's");
	if (d.data)
		user_wins = false;
	else if (d.package)
		user_wins = larger_wins(&q->version) && user_size > s->size;
	else /* both are bound by name, and the program is loaded first */
		user_wins = !larger_wins(&q->version) || user_size >= s->size;
	if (!checked || (user_wins && !d.mark))
		return rule(LINK_LINKS, checked,
			    !checked ? "this version checks nothing"
			    : d.assembly ? "assembly defines it, and the program's variable replaces it"
					 : "the program's variable is larger, and replaces std's");
	return check(q, d, ABI0);
}

/* ------------------------------------------------------------------------------ */

struct link_ruling link_judge(const struct link_question *q)
{
	switch (q->reference) {
	case LINK_FROM_GO_FUNC: return judge_go_func(q);
	case LINK_FROM_GO_VAR:  return judge_go_var(q);
	case LINK_FROM_ASM:     break;
	}
	return judge_asm(q);
}

enum link_access link_access_of(const struct gover *version, const struct atlas_symbol *found, bool blocked)
{
	if (blocked && version->minor >= CHECK_SINCE)
		return LINK_ACCESS_BLOCKED;
	if (!found)
		return LINK_ACCESS_NONE;
	if (found->push)
		return LINK_ACCESS_PUSH;
	if (found->std)
		return LINK_ACCESS_STD_ONLY;
	return found->def == ATLAS_DEF_PUSHED ? LINK_ACCESS_PUSH : LINK_ACCESS_NONE;
}

bool link_exists(const struct atlas_symbol *found)
{
	if (!found)
		return false;
	if (found->kind == ATLAS_TYPE || found->kind == ATLAS_CONST)
		return true;
	return found->def == ATLAS_DEF_GO || found->def == ATLAS_DEF_ASM || found->def == ATLAS_DEF_PUSHED;
}
