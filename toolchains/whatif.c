#include "toolchains/whatif.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "harness/base/fs.h"
#include "harness/base/str.h"

#define LINKNAME "//go:linkname "
#define LINKNAMESTD "//go:linknamestd "
#define UNSAFE "; import _ \"unsafe\""

/* S = pkg.name: split at the first dot behind the last slash. */
struct symbol {
	const char *full;
	char *pkg, *name;
	enum edit_kind kind;
};

struct line {
	size_t start, end; /* end: of the text, without line break */
	bool code;         /* begins outside comments and raw strings */
	int depth;         /* of brackets, at its start */
};

struct source {
	char *rel, *pkg; /* "src/runtime/stubs.go", "runtime" */
	struct str text;
	VEC(struct line) lines;
	bool changed;
};

struct work {
	const struct whatif_base *base;
	bool strict;                /* all files with directives are loaded */
	struct strv used;           /* of strict: symbols that std itself wants, sorted */
	VEC(struct symbol) symbols;
	VEC(struct source *) sources;
};

/* Sources */

enum lex { LEX_CODE, LEX_LINE_COMMENT, LEX_COMMENT, LEX_STRING, LEX_RUNE, LEX_RAW };

/* Takes one character, or two of a mark of two; returns how many. */
static size_t lex_step(enum lex *state, int *depth, const char *s)
{
	switch (*state) {
	case LEX_CODE:
		if (s[0] == '/' && (s[1] == '/' || s[1] == '*')) {
			*state = s[1] == '/' ? LEX_LINE_COMMENT : LEX_COMMENT;
			return 2;
		}
		*depth += strchr("([{", *s) ? 1 : strchr(")]}", *s) ? -1 : 0;
		*state = *s == '"' ? LEX_STRING : *s == '\'' ? LEX_RUNE : *s == '`' ? LEX_RAW
										     : LEX_CODE;
		return 1;
	case LEX_LINE_COMMENT:
		return 1;
	case LEX_COMMENT:
		if (s[0] != '*' || s[1] != '/')
			return 1;
		*state = LEX_CODE;
		return 2;
	case LEX_RAW:
		if (*s == '`')
			*state = LEX_CODE;
		return 1;
	default:
		if (s[0] == '\\' && s[1] != '\0' && s[1] != '\n')
			return 2;
		if (*s == (*state == LEX_STRING ? '"' : '\''))
			*state = LEX_CODE;
		return 1;
	}
}

/* Finds the lines; to be called after each change of the text. */
static void source_scan(struct source *src)
{
	struct line line = { .code = true };
	enum lex state = LEX_CODE;
	int depth = 0;

	src->lines.n = 0;
	for (size_t i = 0; i < src->text.len;) {
		if (src->text.s[i] != '\n') {
			i += src->text.s[i] ? lex_step(&state, &depth, src->text.s + i) : 1;
			continue;
		}
		line.end = i++;
		vec_push(&src->lines, line);
		if (state != LEX_COMMENT && state != LEX_RAW)
			state = LEX_CODE;
		line = (struct line){ .start = i, .code = state == LEX_CODE, .depth = depth };
	}
	if (line.start < src->text.len) {
		line.end = src->text.len;
		vec_push(&src->lines, line);
	}
}

static void source_free(struct source *src)
{
	mem_free(src->rel);
	mem_free(src->pkg);
	str_free(&src->text);
	vec_free(&src->lines);
	mem_free(src);
}

static void source_splice(struct source *src, size_t at, size_t cut, const char *add)
{
	struct str text = STR_INIT;

	str_addn(&text, src->text.s, at);
	str_add(&text, add);
	str_addn(&text, src->text.s + at + cut, src->text.len - at - cut);
	str_free(&src->text);
	src->text = text;
	src->changed = true;
	source_scan(src);
}

static bool is_ident(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/* Does the comma list of names at s hold `name`? */
static bool list_names(const char *s, const char *name)
{
	for (;;) {
		size_t n = 0;

		s += strspn(s, " \t");
		while (is_ident(s[n]))
			n++;
		if (n == strlen(name) && strncmp(s, name, n) == 0)
			return true;
		s += n + strspn(s + n, " \t");
		if (n == 0 || *s++ != ',')
			return false;
	}
}

static bool line_is_func(const char *s, const char *name)
{
	size_t n = strlen(name);

	return str_starts(s, "func ") && strncmp(s + 5, name, n) == 0 && s[5 + n] == '(';
}

/* Has the file a function or variable of that name at its top level? */
static bool source_declares(const struct source *src, const char *name)
{
	bool group = false;

	for (size_t i = 0; i < src->lines.n; i++) {
		const struct line *line = &src->lines.v[i];
		const char *s = src->text.s + line->start;

		if (!line->code || line->depth > 1)
			continue;
		if (line->depth == 0) {
			group = str_starts(s, "var (");
			if (line_is_func(s, name) ||
			    (str_starts(s, "var ") && !group && list_names(s + 4, name)))
				return true;
		} else if (group && list_names(s, name)) {
			return true;
		}
	}
	return false;
}

/* Has the function a body? Sources of std are formatted: "{}" of a body has a blank before. */
static bool source_defines(const struct source *src, const char *name)
{
	for (size_t i = 0; i < src->lines.n; i++) {
		const struct line *line = &src->lines.v[i];
		char *s;
		bool body;

		if (!line->code || line->depth > 0 ||
		    !line_is_func(src->text.s + line->start, name))
			continue;
		s = mem_strndup(src->text.s + line->start,
				str_trimmed_len(src->text.s + line->start,
						line->end - line->start));
		body = str_ends(s, "{") || str_ends(s, "(") || strstr(s, " { ") ||
		       str_ends(s, " {}");
		mem_free(s);
		return body;
	}
	return false;
}

/* Marks */

/* The words of a directive, at most four; the rest is not looked at. */
static size_t fields(char *line, char *out[4])
{
	char *save = NULL;
	size_t n = 0;

	for (char *f = strtok_r(line, " \t\r", &save); f && n < 4;
	     f = strtok_r(NULL, " \t\r", &save))
		out[n++] = f;
	return n;
}

static bool marks_symbol(const struct source *src, char *line, const struct symbol *sym)
{
	bool own = strcmp(src->pkg, sym->pkg) == 0;
	char *f[4];
	size_t n = fields(line, f);

	if (n == 2)
		return own && strcmp(f[1], sym->name) == 0;
	if (n != 3 || strcmp(f[2], sym->full) != 0)
		return false;
	return own || source_defines(src, f[1]);
}

static bool is_mark(const struct source *src, const struct line *line, const struct symbol *sym)
{
	const char *s = src->text.s + line->start;
	char *copy;
	bool is;

	if (!line->code || (!str_starts(s, LINKNAME) && !str_starts(s, LINKNAMESTD)))
		return false;
	copy = mem_strndup(s, line->end - line->start);
	is = marks_symbol(src, copy, sym);
	mem_free(copy);
	return is;
}

/* The stand-in that a directive declares a method by, "badSetPath" of `badSetPath
 * net/url.(*URL).setPath`; caller frees, NULL: it is another directive. */
static char *stand_in(const struct source *src, size_t directive)
{
	const char *s = src->text.s + directive;
	char *line = mem_strndup(s, strcspn(s, "\n")), *f[4], *name = NULL;

	if (fields(line, f) == 3 && str_starts(f[2], src->pkg) && f[2][strlen(src->pkg)] == '.' &&
	    strchr(f[2] + strlen(src->pkg) + 1, '.') && !source_defines(src, f[1]))
		name = mem_strdup(f[1]);
	mem_free(line);
	return name;
}

/* Gives a function a body: without one it may stand only under its directive. */
static void add_body(struct source *src, const char *name)
{
	for (size_t i = 0; i < src->lines.n; i++) {
		const struct line *line = &src->lines.v[i];

		if (line->code && line->depth == 0 && line_is_func(src->text.s + line->start, name)) {
			source_splice(src, line->end, 0, " { panic(\"removed\") }");
			return;
		}
	}
}

/* Changes one mark as the edit wants it; false: it is so already. */
static bool change_mark(struct source *src, size_t start, enum edit_kind kind)
{
	bool std = str_starts(src->text.s + start, LINKNAMESTD);
	size_t word = strlen(LINKNAME) - 1;

	if (kind == EDIT_REMOVE) {
		char *name = stand_in(src, start);

		source_splice(src, start, strlen("//"), "// (removed) ");
		if (name)
			add_body(src, name);
		mem_free(name);
	} else if (kind == EDIT_LINKNAMESTD && !std) {
		source_splice(src, start + word, 0, "std");
	} else if (kind == EDIT_LINKNAME && std) {
		source_splice(src, start + word, strlen("std"), "");
	} else {
		return false;
	}
	return true;
}

/* Counts the marks of a symbol in one file, and those that were changed. */
static void change_marks(struct source *src, const struct symbol *sym, size_t *seen,
			 size_t *changed)
{
	for (size_t i = 0; i < src->lines.n; i++) {
		if (!is_mark(src, &src->lines.v[i], sym))
			continue;
		++*seen;
		*changed += change_mark(src, src->lines.v[i].start, sym->kind);
	}
}

static bool imports_unsafe(const struct source *src)
{
	for (size_t i = 0; i < src->lines.n; i++) {
		const struct line *line = &src->lines.v[i];
		const char *s = src->text.s + line->start;

		if (!line->code || line->depth > 1)
			continue;
		s += strspn(s, " \t");
		if (str_starts(s, "package ") && strstr(s, UNSAFE) &&
		    strstr(s, UNSAFE) < src->text.s + line->end)
			return true;
		if (str_starts(s, "import "))
			s += strlen("import ");
		if (str_starts(s, "_ "))
			s += 2;
		if (str_starts(s, "\"unsafe\""))
			return true;
	}
	return false;
}

static void import_unsafe(struct source *src)
{
	for (size_t i = 0; i < src->lines.n; i++) {
		const struct line *line = &src->lines.v[i];
		size_t at = line->start + strlen("package ");

		if (!line->code || line->depth > 0 ||
		    !str_starts(src->text.s + line->start, "package "))
			continue;
		while (is_ident(src->text.s[at]))
			at++;
		source_splice(src, at, 0, UNSAFE);
		return;
	}
}

/* Marks the symbol at the end of each file that declares it; returns how many do. */
static size_t add_marks(struct work *work, const struct symbol *sym)
{
	size_t added = 0;

	for (size_t i = 0; i < work->sources.n; i++) {
		struct source *src = work->sources.v[i];
		char *mark;

		if (strcmp(src->pkg, sym->pkg) != 0 || !source_declares(src, sym->name))
			continue;
		if (!imports_unsafe(src))
			import_unsafe(src);
		mark = mem_printf("%s\n" LINKNAME "%s\n", str_ends(src->text.s, "\n") ? "" : "\n",
				  sym->name);
		source_splice(src, src->text.len, 0, mark);
		mem_free(mark);
		added++;
	}
	return added;
}

/* Complaints */

static const struct source *declaring(const struct work *work, const struct symbol *sym)
{
	for (size_t i = 0; i < work->sources.n; i++)
		if (strcmp(work->sources.v[i]->pkg, sym->pkg) == 0 &&
		    source_declares(work->sources.v[i], sym->name))
			return work->sources.v[i];
	return NULL;
}

static int nothing_to_change(const struct work *work, const struct symbol *sym, size_t marks,
			     struct error *err)
{
	const struct source *src = declaring(work, sym);
	const char *edit = edit_kind_name(sym->kind), *name = work->base->name;

	if (marks > 0)
		return err_set(err, ERR_INPUT, "%s+%s(%s): nothing to change, its mark is %s already",
			       name, edit, sym->full, edit);
	if (src)
		return err_set(err, ERR_INPUT,
			       "%s+%s(%s): nothing to change, no //go:linkname directive in src/%s "
			       "marks "
			       "it (declared in %s)",
			       name, edit, sym->full, sym->pkg, src->rel);
	return err_set(err, ERR_INPUT,
		       "%s+%s(%s): no such symbol; looked in src/%s for a func or var %s and a "
		       "//go:linkname directive",
		       name, edit, sym->full, sym->pkg, sym->name);
}

/* Before 1.27 the compiler takes linknamestd for an unknown comment. */
static bool knows_linknamestd(const struct whatif_base *base)
{
	char *path = path_join(base->root, "src/cmd/compile/internal/noder/noder.go");
	struct gover since = { .major = 1, .minor = 27, .patch = GOVER_NO_PATCH };
	struct error ignored = { 0 };
	struct str text = STR_INIT;
	bool knows;

	if (fs_exists(path) && fs_read(&text, path, &ignored) == 0)
		knows = strstr(text.s, "go:linknamestd") != NULL;
	else
		knows = gover_cmp_minor(&base->version, &since) >= 0;
	str_free(&text);
	mem_free(path);
	return knows;
}

static int check_kind(const struct work *work, const struct symbol *sym, struct error *err)
{
	if (sym->kind != EDIT_LINKNAMESTD || knows_linknamestd(work->base))
		return 0;
	return err_set(err, ERR_INPUT,
		       "%s doesn't know //go:linknamestd, which came with 1.27; try %s+remove(%s)",
		       work->base->name, work->base->name, sym->full);
}

/* Everything that is closed */

/* The symbol of its own package that a directive marks for whoever wants it; caller frees. */
static char *marked_symbol(const struct source *src, const char *text, size_t len)
{
	char *line = mem_strndup(text, len), *own = mem_printf("%s.", src->pkg), *symbol = NULL, *f[4];
	size_t n = fields(line, f);

	if (n == 2)
		symbol = mem_printf("%s%s", own, f[1]);
	else if (n == 3 && str_starts(f[2], own) && !strchr(f[2] + strlen(own), '/'))
		symbol = mem_strdup(f[2]);
	mem_free(line);
	mem_free(own);
	return symbol;
}

/* Symbols that std itself wants from another package, or pushes to one. */
static void note_uses(struct work *work)
{
	for (size_t i = 0; i < work->sources.n; i++) {
		const struct source *src = work->sources.v[i];

		for (size_t k = 0; k < src->lines.n; k++) {
			const char *s = src->text.s + src->lines.v[k].start;
			char *copy, *f[4], *symbol;

			if (!src->lines.v[k].code || (!str_starts(s, LINKNAME) && !str_starts(s, LINKNAMESTD)))
				continue;
			copy = mem_strndup(s, src->lines.v[k].end - src->lines.v[k].start);
			symbol = marked_symbol(src, s, strlen(copy));
			if (!symbol && fields(copy, f) == 3)
				strv_add(&work->used, f[2]);
			mem_free(symbol);
			mem_free(copy);
		}
	}
	strv_sort(&work->used);
}

static bool is_used(const struct work *work, const char *symbol)
{
	size_t low = 0, high = work->used.n;

	while (low < high) {
		size_t mid = (low + high) / 2;
		int order = strcmp(symbol, work->used.v[mid]);

		if (order == 0)
			return true;
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return false;
}

static size_t close_in(const struct work *work, struct source *src, enum edit_kind kind)
{
	size_t changed = 0;

	for (size_t i = 0; i < src->lines.n; i++) {
		const struct line *line = &src->lines.v[i];
		const char *s = src->text.s + line->start;
		char *symbol;

		if (!line->code || (!str_starts(s, LINKNAME) && !str_starts(s, LINKNAMESTD)))
			continue;
		symbol = marked_symbol(src, s, line->end - line->start);
		if (symbol && !is_used(work, symbol))
			changed += change_mark(src, line->start, kind);
		mem_free(symbol);
	}
	return changed;
}

/* Without their marks the linker of 1.23 to 1.26 does not find the functions that the compiler
 * calls by number (cmd/internal/goobj/builtinlist.go); linknamestd does not take them away. */
static int note_builtins(struct work *work, struct error *err)
{
	char *path = path_join(work->base->root, "src/cmd/internal/goobj/builtinlist.go");
	struct str text = STR_INIT;
	int rc = fs_exists(path) ? fs_read(&text, path, err) : 0;

	for (const char *s = text.s; (s = strstr(s, "{\"")) != NULL; s += 2)
		strv_addn(&work->used, s + 2, strcspn(s + 2, "\""));
	str_free(&text);
	mem_free(path);
	return rc;
}

static int close_all(struct work *work, struct error *err)
{
	struct gover since = { .major = 1, .minor = 23, .patch = GOVER_NO_PATCH };
	enum edit_kind kind = knows_linknamestd(work->base) ? EDIT_LINKNAMESTD : EDIT_REMOVE;
	size_t changed = 0;

	if (gover_cmp_minor(&work->base->version, &since) < 0)
		return err_set(err, ERR_INPUT, "%s+strict: nothing to close, the linker checks linknames only "
			       "from 1.23 on", work->base->name);
	if (kind == EDIT_REMOVE && note_builtins(work, err) < 0)
		return err->code;
	note_uses(work);
	for (size_t i = 0; i < work->sources.n; i++)
		changed += close_in(work, work->sources.v[i], kind);
	return changed ? 0 : err_set(err, ERR_INPUT, "%s+strict: nothing to close, std has no marks for outside "
				     "users only", work->base->name);
}

static int apply(struct work *work, const struct symbol *sym, struct error *err)
{
	size_t seen = 0, changed = 0;

	for (size_t i = 0; i < work->sources.n; i++)
		change_marks(work->sources.v[i], sym, &seen, &changed);
	if (seen == 0 && sym->kind == EDIT_LINKNAME)
		changed = add_marks(work, sym);
	return changed > 0 ? 0 : nothing_to_change(work, sym, seen, err);
}

/* Loading */

static bool has_package(const struct work *work, const char *pkg)
{
	for (size_t i = 0; i < work->symbols.n; i++)
		if (strcmp(work->symbols.v[i].pkg, pkg) == 0)
			return true;
	return false;
}

static bool mentions_symbol(const struct work *work, const char *text)
{
	for (size_t i = 0; i < work->symbols.n; i++)
		if (strstr(text, work->symbols.v[i].full))
			return true;
	return false;
}

/* Other packages' symbols that an assembly file names, "internal∕cpu·X86(SB)": std wants them. */
static void note_assembly(struct work *work, const struct str *text, const char *package)
{
	static const char slash[] = "\xe2\x88\x95", dot[] = "\xc2\xb7";
	struct str name = STR_INIT;

	for (const char *s = text->s; (s = strstr(s, dot)) != NULL; s += 2) {
		const char *start = s, *end = s + 2;

		while (start > text->s && (is_ident(start[-1]) || start[-1] == '/'))
			start--;
		while (is_ident(*end))
			end++;
		str_clear(&name);
		for (const char *p = start; start < s && p < end;) {
			bool is_slash = strncmp(p, slash, 3) == 0, is_dot = strncmp(p, dot, 2) == 0;

			str_addc(&name, is_slash ? '/' : is_dot ? '.' : *p);
			p += is_slash ? 3 : is_dot ? 2 : 1;
		}
		if (name.len && !(str_starts(name.s, package) && name.s[strlen(package)] == '.'))
			strv_add(&work->used, name.s);
	}
	str_free(&name);
}

/* `rel` is below src. Keeps a file of a symbol's package, and others that name a symbol. */
static int load_file(void *arg, const char *rel, const struct stat *st, struct error *err)
{
	struct work *work = arg;
	struct source *src;
	char *path;
	int rc;

	if (!S_ISREG(st->st_mode) || !(str_ends(rel, ".go") || (work->strict && str_ends(rel, ".s"))) ||
	    str_ends(rel, "_test.go") || str_starts(rel, "cmd/") || strstr(rel, "testdata/") ||
	    !strchr(rel, '/'))
		return 0;
	src = mem_zalloc(sizeof(*src));
	src->text = (struct str)STR_INIT;
	src->rel = mem_printf("src/%s", rel);
	src->pkg = path_dir(rel);
	path = path_join(work->base->root, src->rel);
	rc = fs_read(&src->text, path, err);
	mem_free(path);
	if (rc == 0 && str_ends(rel, ".s")) {
		note_assembly(work, &src->text, src->pkg);
		source_free(src);
	} else if (rc == 0 && (has_package(work, src->pkg) || mentions_symbol(work, src->text.s) ||
			(work->strict && strstr(src->text.s, "\n//go:linkname")))) {
		source_scan(src);
		vec_push(&work->sources, src);
	} else {
		source_free(src);
	}
	return rc;
}

static int load_sources(struct work *work, struct error *err)
{
	char *src = path_join(work->base->root, "src");
	int rc = fs_walk(src, load_file, work, err);

	mem_free(src);
	return rc;
}

static void add_symbol(struct work *work, const char *full, enum edit_kind kind)
{
	const char *slash = strrchr(full, '/'), *dot = strchr(slash ? slash : full, '.');
	struct symbol sym = { .full = full, .kind = kind };

	sym.pkg = mem_strndup(full, dot ? (size_t)(dot - full) : strlen(full));
	sym.name = mem_strdup(dot ? dot + 1 : "");
	vec_push(&work->symbols, sym);
}

static void work_dispose(struct work *work)
{
	for (size_t i = 0; i < work->symbols.n; i++) {
		mem_free(work->symbols.v[i].pkg);
		mem_free(work->symbols.v[i].name);
	}
	for (size_t i = 0; i < work->sources.n; i++)
		source_free(work->sources.v[i]);
	vec_free(&work->symbols);
	vec_free(&work->sources);
	strv_free(&work->used);
}

static int change_sources(struct work *work, const struct edits *edits, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; i < edits->n; i++) {
		work->strict |= edits->v[i].kind == EDIT_STRICT;
		for (size_t k = 0; k < edits->v[i].symbols.n; k++)
			add_symbol(work, edits->v[i].symbols.v[k], edits->v[i].kind);
	}
	for (size_t i = 0; i < work->symbols.n && rc == 0; i++)
		rc = check_kind(work, &work->symbols.v[i], err);
	if (rc == 0)
		rc = load_sources(work, err);
	for (size_t i = 0; i < work->symbols.n && rc == 0; i++)
		rc = apply(work, &work->symbols.v[i], err);
	if (rc == 0 && work->strict)
		rc = close_all(work, err);
	return rc;
}

/*
 * The cache.  A folder per (distribution, root, edits) holds the copies under
 * their names, overlay.json, and a list that is written last:
 *
 *	<sha256> src/runtime/stubs.go
 *	<sha256> overlay.json
 */
#define LIST "whatif.txt"
#define OVERLAY "overlay.json"

static char *cache_folder(const struct whatif_base *base, const char *edits,
			  const char *cache_dir)
{
	struct digest *d = digest_new("whatif-folder/6");
	char key[DIGEST_HEX];

	digest_add(d, base->identity);
	digest_add(d, base->root);
	digest_add(d, edits);
	digest_end(d, key);
	return mem_printf("%s/%.32s", cache_dir, key);
}

static void identify(struct whatif *out, const struct whatif_base *base, const char *edits,
		     const struct strv *sums)
{
	struct digest *d = digest_new("whatif/1");

	digest_add(d, base->identity);
	digest_add(d, edits);
	for (size_t i = 0; i < sums->n; i++)
		if (!str_ends(sums->v[i], " " OVERLAY)) /* it holds the root's path */
			digest_add(d, sums->v[i]);
	digest_end(d, out->identity);
}

/* One line of the list, checked; adds to sums and files. */
static bool take_listed(struct whatif *out, struct strv *sums, const char *folder,
			const char *line, size_t n)
{
	char sum[DIGEST_HEX], *path, *entry = mem_strndup(line, n);
	const char *rel = entry + DIGEST_HEX;
	struct error ignored = { 0 };
	bool ok = n > DIGEST_HEX && entry[DIGEST_HEX - 1] == ' ' && path_is_tame(rel);

	if (ok) {
		path = path_join(folder, rel);
		ok = digest_file(sum, path, &ignored) == 0 &&
		     memcmp(sum, entry, DIGEST_HEX - 1) == 0;
		mem_free(path);
		strv_add(sums, entry);
		if (strcmp(rel, OVERLAY) != 0)
			strv_add(&out->files, rel);
	}
	mem_free(entry);
	return ok;
}

/* Whether the folder is whole; fills all but out->overlay then. */
static bool load_cached(struct whatif *out, const struct whatif_base *base, const char *edits,
			const char *folder)
{
	char *path = path_join(folder, LIST);
	struct error ignored = { 0 };
	struct str text = STR_INIT;
	struct strv sums = { 0 };
	bool ok = fs_exists(path) && fs_read(&text, path, &ignored) == 0 &&
		  str_ends(text.s, " " OVERLAY "\n");

	for (const char *p = text.s; ok && *p; p += strcspn(p, "\n") + 1)
		ok = take_listed(out, &sums, folder, p, strcspn(p, "\n"));
	if (ok)
		identify(out, base, edits, &sums);
	else
		strv_free(&out->files);
	strv_free(&sums);
	str_free(&text);
	mem_free(path);
	return ok;
}

static int write_listed(struct str *list, const char *folder, const char *rel, const char *data,
			size_t n, struct error *err)
{
	char sum[DIGEST_HEX], *path = path_join(folder, rel), *dir = path_dir(path);
	int rc = fs_mkdirs(dir, err);

	if (rc == 0)
		rc = fs_replace(path, data, n, 0644, err);
	digest_bytes(sum, data, n);
	str_addf(list, "%s %s\n", sum, rel);
	mem_free(dir);
	mem_free(path);
	return rc;
}

/* {"Replace": {"/goroot/src/x.go": "/cache/src/x.go"}}, of `go help build`, -overlay */
static char *overlay_text(const struct work *work, const char *folder)
{
	json_t *replace = json_object(), *root = json_pack("{s:o}", "Replace", replace);
	char *text, *copy;

	for (size_t i = 0; i < work->sources.n; i++) {
		const char *rel = work->sources.v[i]->rel;
		char *from, *to;

		if (!work->sources.v[i]->changed)
			continue;
		from = path_join(work->base->root, rel);
		to = path_join(folder, rel);
		json_object_set_new(replace, from, json_string(to));
		mem_free(from);
		mem_free(to);
	}
	text = json_dumps(root, JSON_INDENT(1) | JSON_SORT_KEYS);
	copy = mem_strdup(text);
	json_decref(root);
	free(text);
	return copy;
}

static int write_cache(const struct work *work, const char *folder, struct error *err)
{
	char *overlay = overlay_text(work, folder), *path = path_join(folder, LIST);
	struct str list = STR_INIT;
	int rc = 0;

	for (size_t i = 0; i < work->sources.n && rc == 0; i++) {
		const struct source *src = work->sources.v[i];

		if (src->changed)
			rc = write_listed(&list, folder, src->rel, src->text.s, src->text.len, err);
	}
	if (rc == 0)
		rc = write_listed(&list, folder, OVERLAY, overlay, strlen(overlay), err);
	if (rc == 0)
		rc = fs_replace(path, list.s, list.len, 0644, err);
	str_free(&list);
	mem_free(path);
	mem_free(overlay);
	return rc;
}

static int make(struct whatif *out, const struct whatif_base *base, const struct edits *edits,
		const char *text, const char *folder, struct error *err)
{
	struct work work = { .base = base };
	int rc = change_sources(&work, edits, err);

	if (rc == 0)
		rc = write_cache(&work, folder, err);
	work_dispose(&work);
	if (rc == 0 && !load_cached(out, base, text, folder))
		rc = err_set(err, ERR_WORK, "%s: what was just written can't be read back", folder);
	return rc;
}

int whatif_make(struct whatif *out, const struct whatif_base *base, const struct edits *edits,
		const char *cache_dir, struct error *err)
{
	struct toolchain_name name = { .base = (char *)"", .edits = *edits };
	char *text = name_format(&name), *abs = path_abs(cache_dir);
	char *folder = cache_folder(base, text, abs);
	int rc = 0;

	*out = (struct whatif){ 0 };
	if (!load_cached(out, base, text, folder))
		rc = make(out, base, edits, text, folder, err);
	if (rc == 0)
		out->overlay = path_join(folder, OVERLAY);
	mem_free(folder);
	mem_free(abs);
	mem_free(text);
	return rc;
}

void whatif_dispose(struct whatif *whatif)
{
	mem_free(whatif->overlay);
	strv_free(&whatif->files);
	*whatif = (struct whatif){ 0 };
}
