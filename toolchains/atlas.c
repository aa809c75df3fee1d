/*
 * A section's lines, as they are met most often:
 *
 *   P runtime ok                      first
 *   D runtime/proc.go                 then, file by file in source order, symbols:
 *   F 114 main_init g ...               line 114
 *   V 31 runtimeInitTime ...            line 145: each counts from the one before
 *   ...
 *   L, B, U                           last, by name
 *
 * Nothing is parsed ahead.  A name is looked for as bytes; the lines between it and
 * its file's D record, read backwards, give its place.
 */
#include "toolchains/atlas.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>

static const char header[] = "lnmatrix-atlas 1\n";
static const char header_name[] = "lnmatrix-atlas ";

/* A stretch of the text. */
struct span {
	const char *s;
	size_t n;
};

static struct span span_of(const struct atlas_section *s)
{
	return s->len ? (struct span){ s->text, s->len } : (struct span){ "", 0 };
}

/* Takes what is before the next `sep`, or all there is, off the front of `rest`. */
static struct span cut(struct span *rest, char sep)
{
	const char *end = rest->n ? memchr(rest->s, sep, rest->n) : NULL;
	struct span out = { rest->s, end ? (size_t)(end - rest->s) : rest->n };
	size_t gone = out.n + (end != NULL);

	rest->s += gone;
	rest->n -= gone;
	return out;
}

static bool span_is(struct span s, const char *word)
{
	size_t n = strlen(word);

	return s.n == n && memcmp(s.s, word, n) == 0;
}

static char *span_dup(struct span s)
{
	return mem_strndup(s.s, s.n);
}

/* Overwrites `out`. */
static void span_to(struct str *out, struct span s)
{
	str_clear(out);
	str_addn(out, s.s, s.n);
}

/* A decimal number, -1 for everything else. */
static long number(struct span s)
{
	long value = 0;

	if (s.n == 0 || s.n > 18)
		return -1;
	for (size_t i = 0; i < s.n; i++) {
		if (s.s[i] < '0' || s.s[i] > '9')
			return -1;
		value = value * 10 + (s.s[i] - '0');
	}
	return value;
}

/* What is not a number adds nothing, and nothing goes beyond INT_MAX. */
static int line_after(int line, long delta)
{
	if (delta <= 0)
		return line;
	return delta > INT_MAX - line ? INT_MAX : line + (int)delta;
}

static bool is_symbol(struct span line)
{
	return line.n > 1 && line.s[1] == '\t' && memchr("FMVCT", line.s[0], 5) != NULL;
}

static bool is_record(struct span line, char letter)
{
	return line.n > 1 && line.s[0] == letter && line.s[1] == '\t';
}

/* --- sections ---------------------------------------------------------------- */

int atlas_check_header(const char *text, size_t len, struct error *err)
{
	size_t n = sizeof(header) - 1, name = sizeof(header_name) - 1;

	if (len >= n && memcmp(text, header, n) == 0)
		return 0;
	if (len > name && memcmp(text, header_name, name) == 0) {
		struct span rest = { text + name, len - name };
		struct span version = cut(&rest, '\n');

		return err_set(err, ERR_WORK, "an atlas of format %.*s, where 1 is understood",
			       version.n > 20 ? 20 : (int)version.n, version.s);
	}
	return err_set(err, ERR_WORK, "not an atlas");
}

bool atlas_next_section(const char *text, size_t len, size_t *at, struct atlas_section *out,
			const char **package, size_t *package_len)
{
	struct span rest, line, path;
	const char *end;

	do {
		if (*at >= len)
			return false;
		rest = (struct span){ text + *at, len - *at };
		line = cut(&rest, '\n');
		out->text = line.s;
		*at = (size_t)(rest.s - text);
	} while (!is_record(line, 'P'));
	line.s += 2;
	line.n -= 2;
	path = cut(&line, '\t');
	*package = path.s;
	*package_len = path.n;
	/* The newline before the next one is this one's last byte. */
	end = *at ? memmem(text + *at - 1, len - *at + 1, "\nP\t", 3) : NULL;
	*at = end ? (size_t)(end + 1 - text) : len;
	out->len = (size_t)(text + *at - out->text);
	return true;
}

void atlas_section_state(const struct atlas_section *s, struct str *state, struct str *message)
{
	struct span rest = span_of(s), line = cut(&rest, '\n');

	if (!is_record(line, 'P'))
		line.n = 0;
	cut(&line, '\t');
	cut(&line, '\t');
	span_to(state, cut(&line, '\t'));
	span_to(message, line);
}

/* --- symbols ----------------------------------------------------------------- */

const char *atlas_kind_name(enum atlas_kind kind)
{
	switch (kind) {
	case ATLAS_FUNC:   return "func";
	case ATLAS_METHOD: return "method";
	case ATLAS_VAR:    return "var";
	case ATLAS_CONST:  return "const";
	case ATLAS_TYPE:   return "type";
	}
	return "?";
}

static void read_def(struct span def, struct atlas_symbol *out)
{
	char letter = def.n ? def.s[0] : '?';

	out->go_decl = letter != 'A' && letter != 'P';
	out->asm_body = letter == 'a' || letter == 'A';
	out->has_data = def.n && def.s[def.n - 1] == 'd';
	switch (letter) {
	case 'g':
	case 'd':
	case 'z': out->def = ATLAS_DEF_GO; break;
	case 'a':
	case 'A': out->def = ATLAS_DEF_ASM; break;
	case 'n': out->def = ATLAS_DEF_NOWHERE; break;
	case 'o': out->def = ATLAS_DEF_ELSEWHERE; break;
	case 'p':
	case 'P': out->def = ATLAS_DEF_PUSHED; break;
	case 'x': out->def = ATLAS_DEF_GENERIC; break;
	default:  out->def = ATLAS_DEF_UNKNOWN; break;
	}
}

/* The first of its kind counts. */
static void keep(char **slot, struct span token)
{
	if (!*slot)
		*slot = mem_strndup(token.s + 1, token.n - 1);
}

static void read_marks(struct span marks, struct atlas_symbol *out)
{
	while (marks.n) {
		struct span token = cut(&marks, ' ');

		switch (token.n ? token.s[0] : '\0') {
		case '=': keep(&out->linked_as, token); break;
		case '<': keep(&out->definer, token); break;
		case '>': keep(&out->forwards, token); break;
		case '@': keep(&out->asm_package, token); break;
		default:
			out->push |= span_is(token, "push");
			out->std |= span_is(token, "std");
			out->builtin |= span_is(token, "builtin");
			out->abi_internal |= span_is(token, "abiinternal");
			out->asm_refers |= span_is(token, "asmref");
			out->abi0 |= span_is(token, "abi0");
		}
	}
}

/* "name offset size ptrs type", type being all the rest. */
static void read_field(struct span text, struct atlas_symbol *out)
{
	struct atlas_field f = { 0 };
	struct span name = cut(&text, ' ');

	f.embedded = name.n && name.s[0] == '~';
	if (f.embedded)
		name = (struct span){ name.s + 1, name.n - 1 };
	f.name = span_dup(name);
	f.offset = number(cut(&text, ' '));
	f.size = number(cut(&text, ' '));
	f.ptrs = span_dup(cut(&text, ' '));
	f.type = span_dup(text);
	vec_push(&out->fields, f);
}

static void read_type(struct span rest, struct atlas_symbol *out)
{
	struct span kind = cut(&rest, '\t'), under;

	out->type_kind = span_dup(kind);
	out->size = number(cut(&rest, '\t'));
	out->align = number(cut(&rest, '\t'));
	under = cut(&rest, '\t');
	if (under.n == 0 && span_is(kind, "struct"))
		under = kind;
	out->sig = span_dup(under);
	while (rest.n)
		read_field(cut(&rest, '\t'), out);
}

static void own(char **slot)
{
	if (!*slot)
		*slot = mem_strdup("");
}

/* `line` is a symbol's record, in `file` at line `number`. */
static void read_symbol(struct span line, struct span file, int at, struct atlas_symbol *out)
{
	struct span name;
	char letter = line.s[0];

	*out = (struct atlas_symbol){ .line = at, .size = -1, .align = -1, .go_decl = true };
	cut(&line, '\t');
	cut(&line, '\t');
	name = cut(&line, '\t');
	if (letter == 'T') {
		out->kind = ATLAS_TYPE;
		read_type(line, out);
	} else if (letter == 'C') {
		out->kind = ATLAS_CONST;
		out->sig = span_dup(cut(&line, '\t'));
	} else {
		out->kind = letter == 'V' ? ATLAS_VAR : letter == 'M' ? ATLAS_METHOD : ATLAS_FUNC;
		read_def(cut(&line, '\t'), out);
		read_marks(cut(&line, '\t'), out);
		out->shape = span_dup(cut(&line, '\t'));
		if (letter == 'V')
			out->size = number(cut(&line, '\t'));
		out->sig = span_dup(cut(&line, '\t'));
	}
	out->name = span_dup(name);
	out->file = span_dup(file);
	own(&out->linked_as);
	own(&out->definer);
	own(&out->forwards);
	own(&out->asm_package);
	own(&out->shape);
	own(&out->type_kind);
}

void atlas_symbol_dispose(struct atlas_symbol *symbol)
{
	char *const owned[] = { symbol->name, symbol->file, symbol->linked_as, symbol->definer,
				symbol->forwards, symbol->asm_package, symbol->shape, symbol->sig,
				symbol->type_kind };

	for (size_t i = 0; i < sizeof(owned) / sizeof(*owned); i++)
		mem_free(owned[i]);
	for (size_t i = 0; i < symbol->fields.n; i++) {
		mem_free(symbol->fields.v[i].name);
		mem_free(symbol->fields.v[i].type);
		mem_free(symbol->fields.v[i].ptrs);
	}
	vec_free(&symbol->fields);
	*symbol = (struct atlas_symbol){ 0 };
}

/* The difference of lines, a symbol's second column. */
static long delta_of(struct span line)
{
	cut(&line, '\t');
	return number(cut(&line, '\t'));
}

/* Where the line that starts at `start` stands: back to its D record, adding up. */
static int place(struct span text, const char *start, struct span *file)
{
	struct span line = { start, (size_t)(text.s + text.n - start) };
	int at = line_after(0, delta_of(cut(&line, '\n')));

	*file = (struct span){ "", 0 };
	while (start > text.s) {
		const char *end = start - 1; /* its newline */
		const char *before = end > text.s ? memrchr(text.s, '\n', (size_t)(end - text.s)) : NULL;

		start = before ? before + 1 : text.s;
		line = (struct span){ start, (size_t)(end - start) };
		if (is_record(line, 'D')) {
			*file = (struct span){ start + 2, line.n - 2 };
			break;
		}
		if (is_symbol(line))
			at = line_after(at, delta_of(line));
	}
	return at;
}

/* `hit` is a name behind a tab: is that the second tab of a symbol's record? */
static bool names_symbol(struct span text, const char *hit, const char **start)
{
	const char *before = hit > text.s ? memrchr(text.s, '\n', (size_t)(hit - text.s)) : NULL;
	struct span line;

	*start = before ? before + 1 : text.s;
	line = (struct span){ *start, (size_t)(hit - *start) };
	return is_symbol(line) && !memchr(line.s + 2, '\t', line.n - 2);
}

static bool is_name(const char *name)
{
	return *name && !strpbrk(name, "\t\n");
}

bool atlas_find(const struct atlas_section *s, const char *name, struct atlas_symbol *out)
{
	struct span text = span_of(s), rest = text, file;
	struct str needle = STR_INIT;
	const char *hit, *start;
	bool found = false;

	if (!is_name(name))
		return false;
	str_addc(&needle, '\t');
	str_add(&needle, name);
	while (!found && (hit = memmem(rest.s, rest.n, needle.s, needle.len)) != NULL) {
		const char *end = text.s + text.n, *after = hit + needle.len;

		if ((after == end || *after == '\t' || *after == '\n') &&
		    names_symbol(text, hit, &start)) {
			int line = place(text, start, &file);

			rest = (struct span){ start, (size_t)(end - start) };
			read_symbol(cut(&rest, '\n'), file, line, out);
			found = true;
		}
		rest = (struct span){ after, (size_t)(end - after) };
	}
	str_free(&needle);
	return found;
}

size_t atlas_each(const struct atlas_section *s, const char *glob, atlas_symbol_fn *fn, void *arg)
{
	struct span rest = span_of(s), file = { "", 0 };
	struct str name = STR_INIT;
	size_t n = 0;
	int at = 0;

	while (rest.n) {
		struct span line = cut(&rest, '\n'), column = line;

		if (is_record(line, 'D')) {
			file = (struct span){ line.s + 2, line.n - 2 };
			at = 0;
		}
		if (!is_symbol(line))
			continue;
		cut(&column, '\t');
		at = line_after(at, number(cut(&column, '\t')));
		span_to(&name, cut(&column, '\t'));
		if (str_glob(glob, name.s)) {
			struct atlas_symbol symbol;

			read_symbol(line, file, at, &symbol);
			fn(arg, &symbol);
			atlas_symbol_dispose(&symbol);
			n++;
		}
	}
	str_free(&name);
	return n;
}

/* --- what comes last in a section -------------------------------------------- */

/* L, B, U records and the newline before them, found from the end. */
static struct span tail_of(const struct atlas_section *s)
{
	struct span text = span_of(s);
	const char *end = text.s + text.n, *start = end;

	while (start > text.s) {
		const char *newline = memrchr(text.s, '\n', (size_t)(start - 1 - text.s));
		const char *line = newline ? newline + 1 : text.s;

		if (start - line < 2 || line[1] != '\t' || !memchr("LBU", line[0], 3))
			break;
		start = line;
	}
	if (start > text.s)
		start--;
	return (struct span){ start, (size_t)(end - start) };
}

/*
 * The next record of that letter about `name` (NULL: any) in `tail`, as what follows
 * its letter; `tail` is then what comes after it. false: none.
 */
static bool next_about(struct span *tail, char letter, const char *name, struct span *columns)
{
	const char *end = tail->s + tail->n, *hit;
	struct str needle = STR_INIT;
	bool found = false;

	if (name && !is_name(name))
		return false;
	str_addf(&needle, "\n%c\t%s", letter, name ? name : "");
	while (!found && (hit = memmem(tail->s, tail->n, needle.s, needle.len)) != NULL) {
		const char *after = hit + needle.len;

		found = !name || after == end || *after == '\t' || *after == '\n';
		*columns = (struct span){ hit + 3, (size_t)(end - hit - 3) };
		*columns = cut(columns, '\n');
		after = columns->s + columns->n; /* the newline is the next one's */
		*tail = (struct span){ after, (size_t)(end - after) };
	}
	str_free(&needle);
	return found;
}

static bool read_form(struct span form, struct atlas_directive *d)
{
	static const char *const names[] = { "push", "pull", "one" };

	d->std = form.n > 3 && memcmp(form.s + form.n - 3, "std", 3) == 0;
	if (d->std)
		form.n -= 3;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		d->form = (enum atlas_form)i;
		if (span_is(form, names[i]))
			return true;
	}
	return false;
}

void atlas_directives(const struct atlas_section *s, const char *name, struct atlas_directives *out)
{
	struct span tail = tail_of(s), c, target, package, local, place, body;

	while (next_about(&tail, 'L', name, &c)) {
		struct atlas_directive d = { 0 };
		const char *colon;

		target = cut(&c, '\t');
		if (!read_form(cut(&c, '\t'), &d))
			continue;
		package = cut(&c, '\t');
		local = cut(&c, '\t');
		place = cut(&c, '\t');
		body = cut(&c, '\t');
		colon = place.n ? memrchr(place.s, ':', place.n) : NULL;
		if (colon) {
			size_t n = (size_t)(colon - place.s);

			d.line = line_after(0, number((struct span){ colon + 1, place.n - n - 1 }));
			place.n = n;
		}
		d.name = span_dup(target);
		d.package = span_dup(package);
		d.local = span_dup(local);
		d.file = span_dup(place);
		d.body = body.n ? body.s[0] : '\0';
		vec_push(out, d);
	}
}

void atlas_directives_dispose(struct atlas_directives *d)
{
	for (size_t i = 0; i < d->n; i++) {
		mem_free(d->v[i].name);
		mem_free(d->v[i].package);
		mem_free(d->v[i].local);
		mem_free(d->v[i].file);
	}
	vec_free(d);
}

bool atlas_blocked(const struct atlas_section *s, const char *name, struct str *packages)
{
	struct span tail = tail_of(s), c;
	bool found = next_about(&tail, 'B', name, &c);

	if (packages)
		str_clear(packages);
	if (found && packages) {
		cut(&c, '\t');
		span_to(packages, cut(&c, '\t'));
	}
	return found;
}

void atlas_users(const struct atlas_section *s, const char *name, struct strv *out)
{
	struct span tail = tail_of(s), c;

	while (next_about(&tail, 'U', name, &c)) {
		cut(&c, '\t');
		while (c.n) {
			struct span user = cut(&c, ' ');

			if (user.n)
				strv_addn(out, user.s, user.n);
		}
	}
}

/* --- names ------------------------------------------------------------------- */

/* Length of "v1.0.0" or "v1%2e0%2e0" at the beginning of s[0..n), 0: none. */
static size_t version_element(const char *s, size_t n)
{
	size_t i = 1, parts = 0;

	if (n == 0 || s[0] != 'v')
		return 0;
	while (i < n && isdigit((unsigned char)s[i])) {
		size_t dot;

		while (i < n && isdigit((unsigned char)s[i]))
			i++;
		parts++;
		dot = i < n && s[i] == '.' ? 1 : n - i > 3 && strncmp(s + i, "%2e", 3) == 0 ? 3 : 0;
		if (!dot || i + dot >= n || !isdigit((unsigned char)s[i + dot]))
			break;
		i += dot;
	}
	return parts > 2 ? i : 0;
}

static void add_unescaped(struct str *out, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool escaped = n - i >= 3 && strncmp(s + i, "%2e", 3) == 0;

		str_addc(out, escaped ? '.' : s[i]);
		i += escaped ? 2 : 0;
	}
}

bool atlas_split_name(const char *full, struct str *package, struct str *name)
{
	size_t n = strcspn(full, "([");
	const char *slash = memrchr(full, '/', n);
	const char *from = slash ? slash + 1 : full;
	const char *dot;

	from += version_element(from, n - (size_t)(from - full));
	dot = memchr(from, '.', n - (size_t)(from - full));
	str_clear(package);
	str_clear(name);
	if (!dot || dot == full || dot[-1] == '/' || dot[1] == '\0')
		return false;
	add_unescaped(package, full, (size_t)(dot - full));
	str_add(name, dot + 1);
	return true;
}
