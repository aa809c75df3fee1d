#include "harness/report/text.h"

#include <string.h>
#include <wchar.h>

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

size_t text_next(const char *s, size_t n, uint32_t *cp)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char c = (unsigned char)s[0];
	size_t len = c < 0x80 ? 1 : c >= 0xf0 && c < 0xf5 ? 4 : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 0;
	uint32_t value = len == 1 ? c : c & (0x7fu >> len);

	*cp = 0xfffd;
	if (len == 0 || len > n || c >= 0xf5)
		return 1;
	for (size_t i = 1; i < len; i++) {
		if (!is_continuation(s[i]))
			return 1;
		value = value << 6 | ((unsigned char)s[i] & 0x3f);
	}
	if (value < least[len] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
		return 1;
	*cp = value;
	return len;
}

static size_t width_of(uint32_t cp)
{
	int w = cp < 0x80 ? 1 : wcwidth((wchar_t)cp);

	return w < 0 ? 1 : (size_t)w;
}

size_t text_width(const char *s)
{
	size_t n = strlen(s), width = 0;
	uint32_t cp;

	while (n > 0) {
		size_t len = text_next(s, n, &cp);

		width += width_of(cp);
		s += len;
		n -= len;
	}
	return width;
}

/* C1 controls, zero-width and direction marks, line separators, the BOM. */
static bool is_treacherous(uint32_t cp)
{
	return (cp >= 0x7f && cp < 0xa0) || (cp >= 0x200b && cp < 0x2010) ||
	       (cp >= 0x2028 && cp < 0x202f) || (cp >= 0x2060 && cp < 0x2070) || cp == 0xfeff ||
	       cp == 0xfffd;
}

void text_add_clean(struct str *out, const char *s, bool utf8)
{
	size_t n = strlen(s);
	uint32_t cp;

	while (n > 0) {
		size_t len = text_next(s, n, &cp);

		if (cp == '\t' || cp == '\n' || cp == '\r')
			str_addc(out, ' ');
		else if (cp < 0x20 || is_treacherous(cp) || (cp >= 0x80 && !utf8))
			str_add(out, utf8 ? "\xef\xbf\xbd" : "?");
		else
			str_addn(out, s, len);
		s += len;
		n -= len;
	}
}

/* How many bytes of s[0..n) fill at most `width` columns. */
static size_t fitting(const char *s, size_t n, size_t width)
{
	size_t used = 0, at = 0;
	uint32_t cp;

	while (at < n) {
		size_t len = text_next(s + at, n - at, &cp);

		used += width_of(cp);
		if (used > width)
			break;
		at += len;
	}
	return at;
}

void text_add_cut(struct str *out, const char *s, size_t width, bool utf8)
{
	const char *mark = utf8 ? "…" : "...";
	size_t n = strlen(s), room = text_width(mark);

	if (fitting(s, n, width) == n) {
		str_addn(out, s, n);
	} else if (width < room) {
		str_addn(out, s, fitting(s, n, width));
	} else {
		str_addn(out, s, fitting(s, n, width - room));
		str_add(out, mark);
	}
}

static void add_blanks(struct str *out, size_t n)
{
	str_addf(out, "%*s", (int)n, "");
}

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " ");
}

/* Bytes of `s` that make a line of `width` columns. */
static size_t line_break(const char *s, size_t width)
{
	size_t n = strlen(s), fits = fitting(s, n, width), at = fits;

	if (fits == n)
		return n;
	while (at > 0 && s[at] != ' ')
		at--;
	while (at > 0 && s[at - 1] == ' ')
		at--;
	if (at > 0)
		return at;
	if (fits == 0) { /* not even one character: never stand still */
		uint32_t cp;

		return text_next(s, n, &cp);
	}
	return fits;
}

static void untie(struct str *out, size_t from)
{
	for (; from < out->len; from++)
		if (out->s[from] == TEXT_TIE[0])
			out->s[from] = ' ';
}

void text_add_wrapped(struct str *out, const char *s, const struct text_shape *shape)
{
	size_t indent = shape->first, lines = 1, from = out->len;

	for (s = skip_blanks(s);; lines++) {
		size_t room = shape->width > indent ? shape->width - indent : 1;

		if (*s)
			add_blanks(out, indent);
		if (lines == shape->max_lines) {
			text_add_cut(out, s, room, shape->utf8);
			str_addc(out, '\n');
			break;
		}
		size_t n = line_break(s, room);

		str_addn(out, s, n);
		str_addc(out, '\n');
		s = skip_blanks(s + n);
		if (!*s)
			break;
		indent = shape->rest;
	}
	untie(out, from);
}

/* Length of the shell word at `s`: to the next blank outside quotes. */
static size_t word_length(const char *s)
{
	char quote = 0;
	size_t n = 0;

	for (; s[n] && (quote || s[n] != ' '); n++) {
		if (quote) {
			if (s[n] == quote)
				quote = 0;
			else if (s[n] == '\\' && quote == '"' && s[n + 1])
				n++;
		} else if (s[n] == '\'' || s[n] == '"') {
			quote = s[n];
		} else if (s[n] == '\\' && s[n + 1]) {
			n++;
		}
	}
	return n;
}

void text_add_command(struct str *out, const char *s, const struct text_shape *shape)
{
	size_t column = shape->first;
	struct str word = STR_INIT;
	bool begun = false;

	add_blanks(out, shape->first);
	for (s = skip_blanks(s); *s; s = skip_blanks(s)) {
		size_t n = word_length(s), width;

		str_clear(&word);
		str_addn(&word, s, n);
		width = text_width(word.s);
		s += n;
		if (begun) {
			/* Room for " word" and, where more follows, for " \". */
			if (column + 1 + width + (*skip_blanks(s) ? 2 : 0) > shape->width) {
				str_add(out, " \\\n");
				add_blanks(out, shape->rest);
				column = shape->rest;
			} else {
				str_addc(out, ' ');
				column++;
			}
		}
		str_add(out, word.s);
		column += width;
		begun = true;
	}
	str_addc(out, '\n');
	str_free(&word);
}
