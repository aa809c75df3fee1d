/*
 * What the readers of a build and of a run share: text as lines, what stands at
 * the start of a line, and cleaning.  Private to diagnose_*.c.
 */
#ifndef LNM_RESULTS_DIAGNOSE_TEXT_H
#define LNM_RESULTS_DIAGNOSE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "results/diagnose.h"

/* A text cut into lines, without the white space at their ends. */
struct lines {
	char **v; /* good until lines_free() */
	size_t n, cap;
	char *text;
};

/* `out` is overwritten; NULs become blanks. A text that is empty is one empty line. */
void lines_split(struct lines *out, struct text said);
void lines_free(struct lines *lines);

/* Whether s[0..n) ends so. */
bool span_ends(const char *s, size_t n, const char *suffix);
/* Where `prefix` ends, or NULL when s does not begin so. */
const char *skip_prefix(const char *s, const char *prefix);
const char *skip_digits(const char *s);
/* "2024/01/02 15:04:05 ", the default of package log: where it ends, else s. */
const char *skip_stamp(const char *s);
/* "x.go:3:6: text" or "a.s:2: text": where the text begins, or NULL. */
const char *skip_position(const char *s);

/* Where to cut s[0..n) at no more than `max`, not inside a UTF-8 character. */
size_t text_cut_len(const char *s, size_t n, size_t max);
/* A sentence for people and for rows of a store: cleaned, and cut where it is too
 * long for them. Caller frees. */
char *message_clean(const char *s, size_t n, const struct path_aliases *aliases);

#endif
