/*
 * Files and what programs have printed: matched, shown in a report, compared.
 */
#include "tests/support/script.h"

#include <regex.h>
#include <stdint.h>
#include <string.h>

#include "harness/base/error.h"
#include "harness/base/fs.h"

enum {
	TAIL_LINES = 40,
	DIFF_CONTEXT = 3,
	DIFF_MAX_LINES = 200,
};

/* ---- matching */

static bool at_line_start(const struct str *text, size_t at)
{
	return at == 0 || text->s[at - 1] == '\n';
}

enum verdict count_matches(struct script *s, const char *pattern, const struct str *text, long max,
			   long *count)
{
	char msg[256];
	regmatch_t m;
	regex_t re;
	size_t at = 0;
	int rc = regcomp(&re, pattern, REG_EXTENDED | REG_NEWLINE);

	*count = 0;
	if (rc != 0) {
		regerror(rc, &re, msg, sizeof(msg));
		return fail(s, "regex '%s': %s", pattern, msg);
	}
	while (*count < max && at <= text->len) {
		m.rm_so = (regoff_t)at;
		m.rm_eo = (regoff_t)text->len;
		if (regexec(&re, text->s, 1, &m, REG_STARTEND) != 0)
			break;
		if ((size_t)m.rm_so == text->len && at_line_start(text, text->len))
			break; /* there is no line behind the last newline */
		++*count;
		at = (size_t)m.rm_eo + (m.rm_eo == m.rm_so);
	}
	regfree(&re);
	return GO_ON;
}

/* ---- files */

struct proc *background_of_file(const struct script *s, const char *file)
{
	size_t n = strlen(file);

	if (!str_ends(file, ".stdout") && !str_ends(file, ".stderr"))
		return NULL;
	return background_find(s, file, n - strlen(".stdout"));
}

const char *file_path(struct script *s, const char *file)
{
	bool out = strcmp(file, "stdout") == 0;
	const struct proc *p = background_of_file(s, file);

	if (out || strcmp(file, "stderr") == 0) {
		if (!s->last) {
			fail(s, "%s: nothing has been run yet", file);
			return NULL;
		}
		return out ? s->last->out : s->last->err;
	}
	return !p ? file : str_ends(file, ".stdout") ? p->out : p->err;
}

enum verdict file_text(struct script *s, const char *file, struct str *out)
{
	const char *path = file_path(s, file);
	struct error err = { 0 };

	if (!path)
		return FAIL;
	if (fs_read(out, path, &err) < 0)
		return fail(s, "%s", err.msg);
	return GO_ON;
}

/* Control characters made visible, so that a report shows what differs. */
static void add_visible(struct str *out, const char *line, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)line[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			str_addf(out, "\\x%02x", c);
		else
			str_addc(out, line[i]);
	}
	str_addc(out, '\n');
}

void file_add_tail(struct str *out, const char *title, const char *path)
{
	struct str text = STR_INIT;
	struct error err = { 0 };
	size_t start, end;
	int lines = 0;

	if (fs_read(&text, path, &err) < 0)
		str_addf(&text, "(%s)\n", err.msg);
	for (start = text.len; start > 0; start--)
		if (start < text.len && text.s[start - 1] == '\n' && ++lines == TAIL_LINES)
			break;
	if (text.len == 0)
		str_addf(out, "--- %s: empty\n", title);
	else
		str_addf(out, "--- %s%s:\n", title, start > 0 ? " (its last lines)" : "");
	for (; start < text.len; start = end + 1) {
		const char *nl = memchr(text.s + start, '\n', text.len - start);

		end = nl ? (size_t)(nl - text.s) : text.len;
		add_visible(out, text.s + start, end - start);
	}
	str_free(&text);
}

/* ---- differences */

struct span { const char *s; size_t n; };
struct spans { struct span *v; size_t n, cap; };
struct edit { char tag; struct span line; };
struct edits { struct edit *v; size_t n, cap; };

static void spans_split(struct spans *out, const struct str *text)
{
	const char *p = text->s, *end = text->s + text->len;

	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		struct span sp = { p, (size_t)((nl ? nl + 1 : end) - p) };

		vec_push(out, sp);
		p += sp.n;
	}
}

static bool same_line(struct span a, struct span b)
{
	return a.n == b.n && memcmp(a.s, b.s, a.n) == 0;
}

static void add_edits(struct edits *out, char tag, const struct span *lines, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct edit e = { tag, lines[i] };

		vec_push(out, e);
	}
}

/* By the longest common subsequence; texts too large for its table are one change. */
static void edit_script(struct edits *out, const struct span *a, size_t n, const struct span *b,
			size_t m)
{
	uint32_t *lcs;
	size_t i = 0, j = 0, w = m + 1;

	if ((n + 1) * w > 4000000) {
		add_edits(out, '-', a, n);
		add_edits(out, '+', b, m);
		return;
	}
	lcs = mem_zalloc((n + 1) * w * sizeof(*lcs));
	for (i = n; i-- > 0;) {
		for (j = m; j-- > 0;) {
			uint32_t down = lcs[(i + 1) * w + j], right = lcs[i * w + j + 1];

			if (same_line(a[i], b[j]))
				lcs[i * w + j] = lcs[(i + 1) * w + j + 1] + 1;
			else
				lcs[i * w + j] = down > right ? down : right;
		}
	}
	for (i = j = 0; i < n && j < m;) {
		if (same_line(a[i], b[j])) {
			add_edits(out, ' ', &a[i++], 1);
			j++;
		} else if (lcs[(i + 1) * w + j] >= lcs[i * w + j + 1]) {
			add_edits(out, '-', &a[i++], 1);
		} else {
			add_edits(out, '+', &b[j++], 1);
		}
	}
	if (i < n)
		add_edits(out, '-', a + i, n - i);
	if (j < m)
		add_edits(out, '+', b + j, m - j);
	mem_free(lcs);
}

/* Whether a change is near enough to edit i for the line to be shown. */
static bool near_change(const struct edits *es, size_t i)
{
	size_t from = i > DIFF_CONTEXT ? i - DIFF_CONTEXT : 0;

	for (size_t k = from; k < es->n && k <= i + DIFF_CONTEXT; k++)
		if (es->v[k].tag != ' ')
			return true;
	return false;
}

static void add_edit_lines(struct str *out, const struct edits *es)
{
	size_t la = 1, lb = 1, shown = 0;
	bool gap = true;

	for (size_t i = 0; i < es->n; i++) {
		const struct edit *e = &es->v[i];
		bool nl = e->line.n > 0 && e->line.s[e->line.n - 1] == '\n';

		if (!near_change(es, i)) {
			gap = true;
		} else if (++shown > DIFF_MAX_LINES) {
			str_add(out, "... (more differs)\n");
			return;
		} else {
			if (gap)
				str_addf(out, "@@ -%zu +%zu @@\n", la, lb);
			gap = false;
			str_addc(out, e->tag);
			add_visible(out, e->line.s, e->line.n - nl);
			if (!nl)
				str_add(out, "\\ no newline at the end\n");
		}
		la += e->tag != '+';
		lb += e->tag != '-';
	}
}

void text_add_diff(struct str *out, const struct str *a, const struct str *b)
{
	struct spans la = { 0 }, lb = { 0 };
	struct edits es = { 0 };
	size_t head = 0, tail = 0, least;

	spans_split(&la, a);
	spans_split(&lb, b);
	least = la.n < lb.n ? la.n : lb.n;
	while (head < least && same_line(la.v[head], lb.v[head]))
		head++;
	while (tail < least - head && same_line(la.v[la.n - 1 - tail], lb.v[lb.n - 1 - tail]))
		tail++;
	if (head > 0)
		add_edits(&es, ' ', la.v, head);
	edit_script(&es, la.v + head, la.n - head - tail, lb.v + head, lb.n - head - tail);
	if (tail > 0)
		add_edits(&es, ' ', la.v + la.n - tail, tail);
	add_edit_lines(out, &es);
	vec_free(&es);
	vec_free(&la);
	vec_free(&lb);
}
