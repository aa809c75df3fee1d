/* Atlases made of texts, for tests of what is read from them. */
#ifndef LNM_TESTS_FAKE_ATLAS_H
#define LNM_TESTS_FAKE_ATLAS_H

#include "results/timeline.h"

enum { FAKE_TOOLCHAINS = 12, FAKE_TARGETS = 8 };

struct fake_atlas {
	struct timeline_toolchain toolchains[FAKE_TOOLCHAINS];
	struct target targets[FAKE_TARGETS];
	const char *texts[FAKE_TOOLCHAINS * FAKE_TARGETS]; /* sections, without header */
	const char *missing[FAKE_TOOLCHAINS * FAKE_TARGETS];
	bool complete;                                     /* packages() answers */
	size_t asked;                                      /* sections read */
	struct timeline_source source;
};

/* Lists end in NULL; nothing is copied. */
void fake_atlas_init(struct fake_atlas *f, const char *const *toolchains, const char *const *targets);
/* The text of one toolchain for all targets, or for one. */
void fake_atlas_text(struct fake_atlas *f, size_t toolchain, const char *text);
void fake_atlas_text_on(struct fake_atlas *f, size_t toolchain, size_t target, const char *text);

#endif
