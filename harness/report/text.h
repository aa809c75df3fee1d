/*
 * Text for a terminal: display columns, wrapping, and nothing that could move
 * the cursor.  UTF-8 throughout; widths are those of the current locale's
 * wcwidth(3), one column where it does not know.
 */
#ifndef LNM_REPORT_TEXT_H
#define LNM_REPORT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/str.h"

/*
 * Reads one character of s[0..n), n > 0; returns its length in bytes and sets
 * *cp.  Bytes that are not UTF-8 give 1 and U+FFFD, one at a time.
 */
size_t text_next(const char *s, size_t n, uint32_t *cp);
size_t text_width(const char *s);

/*
 * Appends `s` with control characters, line ends and what reorders text made
 * harmless; without `utf8`, what is not ASCII becomes '?'.
 */
void text_add_clean(struct str *out, const char *s, bool utf8);
/* Appends as much of `s` as fits `width` columns; what was cut ends in an ellipsis. */
void text_add_cut(struct str *out, const char *s, size_t width, bool utf8);

/*
 * Appends a paragraph with a line end: broken at blanks (inside a word only
 * when it is longer than a line), the first line indented by `first` columns,
 * the others by `rest`.  At most `max_lines` lines when that is not 0; the
 * last then ends in an ellipsis.  TEXT_TIE is printed as a blank that no line
 * is broken at; cleaned text has none.
 */
#define TEXT_TIE "\x01"
struct text_shape {
	size_t width, first, rest, max_lines;
	bool utf8;
};
void text_add_wrapped(struct str *out, const char *s, const struct text_shape *shape);
/*
 * A shell command, continued over lines with backslashes at blanks that are
 * not quoted, so that it can be pasted.  A single word that is longer than a
 * line stays whole: the one thing that may overflow.
 */
void text_add_command(struct str *out, const char *s, const struct text_shape *shape);

#endif
