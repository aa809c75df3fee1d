/*
 * Who may refer to a symbol of std: the rule of the compiler, the assembler and
 * cmd/link/internal/loader, per version and architecture.  Pure.
 *
 * What is judged is the plain case: a program of a user (package main, outside std, the
 * package that defines the symbol linked in) refers to the symbol
 *
 *	from Go, as a function    //go:linkname f pkg.f  and  func f(...)   (and calls it)
 *	from Go, as a variable    //go:linkname v pkg.v  and  var v T       (the same type, no value)
 *	from assembly             CALL pkg·f(SB), or MOV of pkg·v(SB)
 *
 * with the default flags.  The rule is an imitation: where the linker itself can be
 * asked, its word counts.  tests/calibrate/ compares the two over all of std.
 *
 * In short: before 1.23 nobody checks and only the definition matters.  From 1.23 on
 * the linker lets through what std marks (a push), what assembly defines, and ABI
 * wrappers; from 1.27 on only marks, but where there are no wrappers (no register
 * arguments) still all that assembly defines.  A name on the blocked table is refused
 * before anything else.  A function has up to two definitions, ABIInternal (what Go
 * refers to) and ABI0 (what assembly refers to): the one that is referred to must be there.
 */
#ifndef LNM_TOOLCHAINS_LINKRULE_H
#define LNM_TOOLCHAINS_LINKRULE_H

#include <stdbool.h>

#include "harness/base/str.h"
#include "toolchains/atlas.h"
#include "toolchains/gover.h"
#include "toolchains/target.h"

enum link_reference { LINK_FROM_GO_FUNC, LINK_FROM_GO_VAR, LINK_FROM_ASM };
enum link_pull {
	LINK_LINKS,
	LINK_REJECTED,   /* "invalid reference to": the check refuses it */
	LINK_UNDEFINED,  /* "relocation target ... not defined", for this ABI or at all */
	LINK_DUPLICATE,  /* "duplicated definition of symbol" */
};
/* How std opens the symbol; of the contract's JSON. */
enum link_access { LINK_ACCESS_NONE, LINK_ACCESS_PUSH, LINK_ACCESS_STD_ONLY, LINK_ACCESS_BLOCKED };

const char *link_pull_name(enum link_pull pull);       /* "links", "rejected", "undefined", "duplicate" */
const char *link_access_name(enum link_access access); /* "none", "push", "std-only", "blocked" */

struct link_question {
	struct gover version;
	const struct target *target;
	const char *symbol;                  /* "runtime.fastrand" */
	/* What the atlas knows; NULL: std has nothing of that name. */
	const struct atlas_symbol *found;
	bool blocked;                        /* on the linker's table, and not for package main */
	enum link_reference reference;
	/* LINK_FROM_GO_VAR: how the user's own variable is declared. size 0: of the same size. */
	bool user_has_data;
	long user_size;
};

struct link_ruling {
	enum link_pull pull;
	const char *reason;   /* a literal, one clause: "std marks it for outside use" */
	bool checked;         /* this version has a check, and it looks at such a reference */
};

struct link_ruling link_judge(const struct link_question *q);
/* How std opens it, whoever asks. */
enum link_access link_access_of(const struct gover *version, const struct atlas_symbol *found, bool blocked);
/*
 * Is it defined, as the linker sees it (types and constants: is it declared)?  An intrinsic
 * without body (ATLAS_DEF_NOWHERE) is not, though from 1.26 on the compiler makes one a body.
 */
bool link_exists(const struct atlas_symbol *found);
/* Has (version, architecture) register arguments, and so ABI wrappers? */
bool link_has_regabi(const struct gover *version, const char *goarch);

#endif
