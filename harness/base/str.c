#include "harness/base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/mem.h"

char str_empty[1] = "";

static void reserve(struct str *out, size_t extra)
{
	size_t want = out->len + extra + 1;

	if (want <= out->cap)
		return;
	if (want < out->cap * 2)
		want = out->cap * 2;
	if (want < 64)
		want = 64;
	out->s = out->cap ? mem_realloc(out->s, want) : mem_alloc(want);
	if (out->cap == 0)
		out->s[0] = '\0';
	out->cap = want;
}

void str_addn(struct str *out, const char *s, size_t n)
{
	reserve(out, n);
	memcpy(out->s + out->len, s, n);
	out->len += n;
	out->s[out->len] = '\0';
}

void str_add(struct str *out, const char *s)
{
	str_addn(out, s, strlen(s));
}

void str_addc(struct str *out, char c)
{
	str_addn(out, &c, 1);
}

void str_addf(struct str *out, const char *fmt, ...)
{
	va_list ap;
	int need;

	va_start(ap, fmt);
	need = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (need <= 0)
		return;
	reserve(out, (size_t)need);
	va_start(ap, fmt);
	vsnprintf(out->s + out->len, (size_t)need + 1, fmt, ap);
	va_end(ap);
	out->len += (size_t)need;
}

void str_clear(struct str *out)
{
	out->len = 0;
	if (out->cap)
		out->s[0] = '\0';
}

char *str_detach(struct str *out)
{
	char *s = out->cap ? out->s : mem_strdup("");

	*out = (struct str)STR_INIT;
	return s;
}

void str_free(struct str *out)
{
	if (out->cap)
		mem_free(out->s);
	*out = (struct str)STR_INIT;
}

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), k = strlen(suffix);

	return n >= k && memcmp(s + n - k, suffix, k) == 0;
}

void str_add_quoted(struct str *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_-+=./:,@%^";

	if (*word && word[strspn(word, plain)] == '\0') {
		str_add(out, word);
		return;
	}
	str_addc(out, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			str_add(out, "'\\''");
		else
			str_addc(out, *word);
	}
	str_addc(out, '\'');
}

size_t str_trimmed_len(const char *s, size_t n)
{
	while (n > 0 && strchr(" \t\r\n\v\f", s[n - 1]) && s[n - 1] != '\0')
		n--;
	return n;
}

bool str_glob(const char *pattern, const char *s)
{
	const char *star = NULL, *resume = NULL;

	while (*s) {
		if (*pattern == '*') {
			star = pattern++;
			resume = s;
		} else if (*pattern == '?' || *pattern == *s) {
			pattern++;
			s++;
		} else if (star) {
			pattern = star + 1;
			s = ++resume;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}
