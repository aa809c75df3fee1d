/*
 * What the program of a case itself says to the linker: its linkname directives, its
 * references from assembly, and the layouts of its own types, as `lnm-atlas local`
 * (toolchains/atlas/) wrote it for one or several build contexts.  Pure.
 */
#ifndef LNM_RESULTS_LOCAL_H
#define LNM_RESULTS_LOCAL_H

#include <stdbool.h>

#include "toolchains/atlas.h"

enum local_what { LOCAL_NONE, LOCAL_FUNC, LOCAL_BODY, LOCAL_VAR, LOCAL_DATA };

/* All strings owned. */
struct local_link {
	char *package;       /* folder of the module, "." for its root */
	char *file;          /* relative to the module */
	int line;
	enum { LOCAL_PULL, LOCAL_PUSH, LOCAL_ONE } form;
	char *local, *target; /* "fastrand", "runtime.fastrand"; target "" of the one-argument form */
	enum local_what what; /* what `local` is: not declared, a function without or with a body, a
	                         variable without or with an initial value */
	bool used;           /* something in its package may refer to it: else the linker never sees it */
	bool called;         /* a function of its package calls it for certain */
	char *shape, *sig;   /* of a variable its type */
};

struct local_remark {
	char *kind;          /* "inert-directive", "missing-unsafe-import" */
	char *file, *text;   /* text: which directive, and why */
	int line;
};

struct local_asm {
	char *file, *symbol; /* "runtime.load_g" */
	int line;
};

/* A function of the program's own. */
struct local_func {
	char *package, *file, *name, *shape, *sig;
	int line;
};

struct local_program {
	VEC(struct local_link) links;
	VEC(struct local_func) funcs;
	VEC(struct local_remark) remarks;
	VEC(struct local_asm) refs;
	struct strv errors;  /* what could not be read, in words */
	struct str types;    /* sections of T records, one per package: see toolchains/atlas.h */
};

/* A struct of the program that is meant as a copy of one of std, cell:layout(copy, of), or a function
 * that is meant to be called like one, cell:signature(copy, of). */
struct layout_pair {
	char *copy;          /* "myG": of any package of the program */
	char *of;            /* "runtime.g" */
};
struct layout_pairs { struct layout_pair *v; size_t n, cap; };
/* Copies both names; a pair that is there already is passed over. */
void layout_pairs_add(struct layout_pairs *pairs, const char *copy, const char *of);
void layout_pairs_free(struct layout_pairs *pairs);

/* The part of context number `context`. ERR_WORK when the text is not that program's, or has no
 * such context. */
int local_program_parse(struct local_program *out, const char *text, size_t len, unsigned context,
		struct error *err);
void local_program_dispose(struct local_program *p);
/* The named type of one of its packages; false: none. Dispose of `out`. */
bool local_program_type(const struct local_program *p, const char *package, const char *name,
		struct atlas_symbol *out);

#endif
