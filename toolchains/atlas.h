/*
 * The atlas' text: what std of one toolchain offers on one target, as the Go
 * program in toolchains/atlas/ wrote it (its format is described there, in
 * FORMAT.md), read section by section.  Pure: text in, records out; a text that
 * is cut or bent gives fewer or odder records and never more than that.
 */
#ifndef LNM_TOOLCHAINS_ATLAS_H
#define LNM_TOOLCHAINS_ATLAS_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/error.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"

enum atlas_kind { ATLAS_FUNC, ATLAS_METHOD, ATLAS_VAR, ATLAS_CONST, ATLAS_TYPE };
const char *atlas_kind_name(enum atlas_kind kind); /* of the contract: "func", ... */

enum atlas_def {
	ATLAS_DEF_GO,        /* g, d, z: defined by Go code of its own package; constants, types */
	ATLAS_DEF_ASM,       /* a, A: a TEXT (or DATA) of assembly */
	ATLAS_DEF_NOWHERE,   /* n: declared, and nobody defines it */
	ATLAS_DEF_ELSEWHERE, /* o: what is declared here is linked under another name */
	ATLAS_DEF_PUSHED,    /* p, P: defined by another package's push */
	ATLAS_DEF_GENERIC,   /* x: no symbol of that name */
	ATLAS_DEF_UNKNOWN,   /* a letter that this version does not know */
};

struct atlas_field {
	char *name, *type;   /* owned */
	bool embedded;
	long offset, size;   /* -1: unknown */
	char *ptrs;          /* hex mask of pointer words, bit 0 the first; "*": too many; owned */
};

/* All strings owned; those that a kind has not are "". */
struct atlas_symbol {
	enum atlas_kind kind;
	char *name;          /* without the package */
	char *file;          /* relative to GOROOT/src */
	int line;
	enum atlas_def def;
	bool go_decl;        /* the package declares it in Go: all but A and P */
	bool has_data;       /* of a variable: with initial value */
	bool asm_body;       /* a, A */
	bool push, std, builtin, abi_internal, asm_refers, abi0; /* marks */
	char *linked_as;     /* =SYM */
	char *definer;       /* <PKG.LOCAL */
	char *forwards;      /* >NAME */
	char *asm_package;   /* @PKG */
	char *shape, *sig;   /* of a variable or constant sig is its type; of a type: its underlying
	                        as text, "struct" for structs */
	/* of types; size of variables too; -1: unknown */
	char *type_kind;     /* "struct", "alias", "generic", "basic", ... */
	long size, align;
	VEC(struct atlas_field) fields;
};

enum atlas_form { ATLAS_PUSH, ATLAS_PULL, ATLAS_ONE };

struct atlas_directive {
	char *name;          /* what it targets, without the package of the section */
	enum atlas_form form;
	bool std;            /* //go:linknamestd */
	char *package, *local, *file; /* where it stands */
	int line;
	char body;           /* g a n v d - as in FORMAT.md; 0: not said */
};

/* One package of one atlas. Parsed when it is asked about: this only remembers the text. */
struct atlas_section {
	const char *text;    /* borrowed; from its P record to the end of the section */
	size_t len;
};

/* Does the text begin with this format's header? ERR_WORK otherwise. */
int atlas_check_header(const char *text, size_t len, struct error *err);
/*
 * Iterates over sections: *at is 0 first; false at the end. `package` is borrowed,
 * not NUL-terminated, and empty for what has no dot in its name.
 */
bool atlas_next_section(const char *text, size_t len, size_t *at, struct atlas_section *out,
			const char **package, size_t *package_len);

/* The section's state: "ok", "partial", "unread" or "ext", and the message; both overwritten. */
void atlas_section_state(const struct atlas_section *s, struct str *state, struct str *message);

/*
 * The first symbol of that exact name; false: none. Dispose of it. Quick: a scan of
 * the text for the name, then back to its file's D record; nothing else is parsed.
 */
bool atlas_find(const struct atlas_section *s, const char *name, struct atlas_symbol *out);
/*
 * Calls fn for each symbol whose name matches the glob (* any run, ? one byte), in
 * order of the text; the symbol is good during the call. Returns how many.
 */
typedef void atlas_symbol_fn(void *arg, const struct atlas_symbol *symbol);
size_t atlas_each(const struct atlas_section *s, const char *glob, atlas_symbol_fn *fn, void *arg);
void atlas_symbol_dispose(struct atlas_symbol *symbol);

/* Directives that target `name` (NULL: all of the section), added to `out`. */
struct atlas_directives { struct atlas_directive *v; size_t n, cap; };
void atlas_directives(const struct atlas_section *s, const char *name, struct atlas_directives *out);
void atlas_directives_dispose(struct atlas_directives *d);
/*
 * Is it on the linker's table of blocked names; `packages` (may be NULL) is overwritten
 * with the comma list of those still allowed.
 */
bool atlas_blocked(const struct atlas_section *s, const char *name, struct str *packages);
/* Modules that std's comment names as its users; added to `out`. */
void atlas_users(const struct atlas_section *s, const char *name, struct strv *out);

/*
 * Splits "runtime.(*mheap).alloc", "internal/abi.Type", "vendor/golang.org/x/sys/cpu.X86.HasAES"
 * at the end of its package path: the first dot after the last slash that stands before any
 * parenthesis or bracket; dots of a version there ("crypto/internal/entropy/v1.0.0.source",
 * which the linker writes v1%2e0%2e0) belong to the path. Both are overwritten. false, and both empty: no such dot, or nothing
 * before or after it; what the linker calls by such a name is in the package "".
 */
bool atlas_split_name(const char *full, struct str *package, struct str *name);

#endif
