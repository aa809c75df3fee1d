/*
 * Inspection: what a program asks of std's internals (results/local.h) against what std of a
 * toolchain has (toolchains/atlas.h), before anything is built.  Pure; gives findings,
 * and predictions that the linker is compared with afterwards.
 */
#ifndef LNM_RESULTS_INSPECT_H
#define LNM_RESULTS_INSPECT_H

#include <stdbool.h>

#include "results/local.h"
#include "results/outcome.h"
#include "toolchains/atlas.h"
#include "toolchains/gover.h"
#include "toolchains/linkrule.h"
#include "toolchains/target.h"

/* Std of one toolchain for the target. Strings borrowed. */
struct inspect_std {
	const char *toolchain;       /* "go1.27.4" */
	struct gover version;
	/* The section of a package; false: it is not known. */
	bool (*section)(void *arg, const char *package, struct atlas_section *out);
	void *arg;
};

struct inspect_question {
	const struct local_program *program;
	const struct target *target;
	struct inspect_std std;
	const struct inspect_std *newer; /* toolchains newer than those of the run, oldest first */
	size_t nnewer;
	const struct layout_pairs *pairs; /* may be NULL */
	bool unchecked;              /* the variant links with -checklinkname=0 */
};

/* What the linker is expected to say of a reference that it sees. */
struct prediction {
	char *symbol;
	enum link_pull pull;
	bool from_asm;
	bool certain;                /* the linker surely sees the reference and what it refers to */
	char *reason;
};

struct inspection {
	VEC(struct finding) findings;
	VEC(struct prediction) predictions;
};

void inspect(struct inspection *out, const struct inspect_question *q);
void inspection_dispose(struct inspection *i);

/* As JSON text for the store, and back; caller frees. ERR_WORK: not such a text. */
char *inspection_dump(const struct inspection *i);
int inspection_load(struct inspection *out, const char *text, struct error *err);

/* Adds the findings to an outcome, and a `disagreement` for each prediction that the linker
 * proved wrong. */
void inspection_attach(const struct inspection *i, struct outcome *o);

/* The packages of std whose sections inspect() will ask for; sorted, each once. */
void inspect_packages(struct strv *out, const struct local_program *p, const struct layout_pairs *pairs);

#endif
