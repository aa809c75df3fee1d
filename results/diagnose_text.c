/*
 * Text as its readers want it.  Cleaning is one walk over the bytes that knows
 * where the path it copies has begun: folders become their aliases, and what
 * leads to a temporary folder of go's becomes $WORK.
 */
#include "results/diagnose_text.h"

#include <ctype.h>
#include <string.h>

#include "harness/base/str.h"

/* No message is longer than this. */
#define MESSAGE_MAX 1000

/* ---- words */

bool span_ends(const char *s, size_t n, const char *suffix)
{
	size_t k = strlen(suffix);

	return n >= k && memcmp(s + n - k, suffix, k) == 0;
}

const char *skip_prefix(const char *s, const char *prefix)
{
	return str_starts(s, prefix) ? s + strlen(prefix) : NULL;
}

const char *skip_digits(const char *s)
{
	while (isdigit((unsigned char)*s))
		s++;
	return s;
}

const char *skip_stamp(const char *s)
{
	static const char form[] = "dddd/dd/dd dd:dd:dd ";

	for (size_t i = 0; form[i]; i++)
		if (form[i] == 'd' ? !isdigit((unsigned char)s[i]) : s[i] != form[i])
			return s;
	return s + sizeof(form) - 1;
}

/* A name with blanks is no file of a Go package; the endings are those that the go
 * command gives to compilers. */
const char *skip_position(const char *s)
{
	static const char *const endings[] = { ".go:", ".s:", ".S:", ".c:", ".h:", ".cc:",
					       ".cpp:", ".cxx:", ".m:", "go.mod:", NULL };
	const char *colon = s, *limit = s + strcspn(s, " \t");

	while ((colon = strchr(colon, ':')) && colon < limit) {
		const char *p = colon + 1;

		for (int i = 0; endings[i]; i++) {
			if (!isdigit((unsigned char)*p) ||
			    !span_ends(s, (size_t)(p - s), endings[i]))
				continue;
			p = skip_digits(p);
			if (*p == ':' && isdigit((unsigned char)p[1]))
				p = skip_digits(p + 1);
			if (str_starts(p, ": "))
				return p + 2;
			if (*p == ':' && p[1] == '\0')
				return p + 1;
		}
		colon++;
	}
	return NULL;
}

/* ---- paths */

static bool is_path_char(char c)
{
	return isalnum((unsigned char)c) || c == '/' || c == '.' || c == '_' || c == '-' ||
	       c == '@' || c == '+' || c == '~' || (unsigned char)c >= 0x80;
}

/* The alias whose folder stands at s, the longest one; NULL: none. */
static const struct path_alias *alias_at(const struct path_aliases *a, const char *s)
{
	const struct path_alias *best = NULL;
	size_t best_len = 0;

	for (size_t i = 0; a && i < a->n; i++) {
		size_t len = a->v[i].path ? strlen(a->v[i].path) : 0;

		/* "/w" is not in "/w2" nor in "/w-old"; it is in "/w/x", "/w:" and "/w." */
		if (len > best_len && strncmp(s, a->v[i].path, len) == 0 &&
		    (s[len] == '/' || !is_path_char(s[len]) ||
		     (s[len] == '.' && !is_path_char(s[len + 1])))) {
			best = &a->v[i];
			best_len = len;
		}
	}
	return best;
}

/* "go-build123456" or "go-link-123456" as a whole part of a path: its length, or 0. */
static size_t temp_name_len(const char *s)
{
	const char *p = skip_prefix(s, "go-link-");

	if (!p)
		p = skip_prefix(s, "go-build");
	if (!p || !isdigit((unsigned char)*p))
		return 0;
	p = skip_digits(p);
	return *p == '/' || !is_path_char(*p) ? (size_t)(p - s) : 0;
}

/* Caller frees. */
static char *text_clean(const char *s, const struct path_aliases *aliases, bool keep_stamps)
{
	struct str out = STR_INIT;
	size_t token = 0; /* where the path that is being copied began, in out */
	bool line_start = true;

	str_add(&out, "");
	while (*s) {
		size_t n = 0;

		if (line_start) {
			const char *p = keep_stamps ? s : skip_stamp(s);

			line_start = false;
			if (p != s) {
				s = p;
				token = out.len;
				continue;
			}
		}
		if (token == out.len && *s == '/') {
			const struct path_alias *alias = alias_at(aliases, s);

			if (alias) {
				str_add(&out, alias->name);
				s += strlen(alias->path);
				continue;
			}
		}
		if (*s == 'g' && (token == out.len || out.s[out.len - 1] == '/'))
			n = temp_name_len(s);
		if (n > 0) {
			/* With the folder that holds it: TMPDIR, or the way to it from here. */
			out.len = token;
			str_add(&out, "$WORK");
			s += n;
			continue;
		}
		str_addc(&out, *s);
		/* -I/w and -L/w are the only flags that go glues to a path */
		if (!is_path_char(*s) || (out.len - token == 2 && out.s[token] == '-' &&
					  (*s == 'I' || *s == 'L')))
			token = out.len;
		line_start = *s == '\n';
		s++;
	}
	return str_detach(&out);
}

size_t text_cut_len(const char *s, size_t n, size_t max)
{
	if (n <= max)
		return n;
	for (n = max; n + 4 > max && ((unsigned char)s[n] & 0xc0) == 0x80;)
		n--;
	return n;
}

char *message_clean(const char *s, size_t n, const struct path_aliases *aliases)
{
	char *raw = mem_strndup(s, n), *out = text_clean(raw, aliases, false);
	size_t len = strlen(out), cut = text_cut_len(out, len, MESSAGE_MAX);

	mem_free(raw);
	if (cut == len)
		return out;
	raw = mem_printf("%.*s...", (int)cut, out);
	mem_free(out);
	return raw;
}

/* A NUL-terminated copy; NULs inside become blanks. */
static char *text_copy(struct text t)
{
	size_t n = t.s ? t.n : 0;
	char *s = mem_alloc(n + 1);

	for (size_t i = 0; i < n; i++)
		s[i] = t.s[i] ? t.s[i] : ' ';
	s[n] = '\0';
	return s;
}

char *diagnose_path_clean(struct text said, const struct path_aliases *aliases)
{
	char *copy = text_copy(said), *out = text_clean(copy, aliases, false);

	mem_free(copy);
	return out;
}

char *diagnose_path_alias(struct text said, const struct path_aliases *aliases)
{
	char *copy = text_copy(said), *out = text_clean(copy, aliases, true);

	mem_free(copy);
	return out;
}

/* ---- lines */

void lines_split(struct lines *out, struct text said)
{
	*out = (struct lines){ .text = text_copy(said) };
	for (char *line = out->text, *end; line; line = end) {
		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		line[str_trimmed_len(line, strlen(line))] = '\0';
		vec_push(out, line);
	}
}

void lines_free(struct lines *lines)
{
	vec_free(lines);
	mem_free(lines->text);
	lines->text = NULL;
}

void diagnosis_dispose(struct diagnosis *d)
{
	strv_free(&d->symbols);
	mem_free(d->message);
	mem_free(d->package);
	mem_free(d->signal);
	memset(d, 0, sizeof(*d));
}
