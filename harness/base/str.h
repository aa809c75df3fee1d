/*
 * A growable byte string: never NULL, always NUL-terminated, knows its length,
 * may hold NULs (it carries what programs print).
 */
#ifndef LNM_BASE_STR_H
#define LNM_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>

struct str {
	char *s;
	size_t len, cap;
};

extern char str_empty[1];
#define STR_INIT { .s = str_empty }

void str_add(struct str *out, const char *s);
void str_addn(struct str *out, const char *s, size_t n);
void str_addc(struct str *out, char c);
void str_addf(struct str *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void str_clear(struct str *out);           /* empty, memory kept */
char *str_detach(struct str *out);         /* caller owns; `out` is empty and usable */
void str_free(struct str *out);            /* empty and usable again */

bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
/* Shell-quotes `word` where it needs it, so that a printed command can be pasted. */
void str_add_quoted(struct str *out, const char *word);
/* Length of s[0..n) without trailing white space. */
size_t str_trimmed_len(const char *s, size_t n);
/* Glob with * (any run of bytes, / included) and ?; the whole of s must match. */
bool str_glob(const char *pattern, const char *s);

#endif
