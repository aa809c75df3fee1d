#include "tests/crosscheck/overlay.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define FILE_NAME "lnm_crosscheck.go"
enum { PATH, NAME, DIR, IMPORTS, DEPS, COLUMNS };

void std_list(struct std *out, struct crosscheck *x, size_t toolchain, const char *target)
{
	const char *version = x->toolchains.v[toolchain];
	struct strv args = { 0 };
	struct str text = STR_INIT, said = STR_INIT;
	char *at, *line;

	*out = (struct std){ .x = x, .toolchain = toolchain, .target = target };
	strv_add(&args, "list");
	strv_add(&args, "-f");
	strv_add(&args, "{{.ImportPath}}\n{{.Name}}\n{{.Dir}}\n {{join .Imports \" \"}} \n {{join .Deps \" \"}} ");
	strv_add(&args, "std");
	if (crosscheck_go(x, toolchain, target, &args, &text, &said) != 0)
		crosscheck_broken(x, "%s: go list std: %s", version, said.s);
	at = text.s;
	while ((line = strsep(&at, "\n")) && at)
		strv_add(&out->columns, line);
	if (out->columns.n == 0 || out->columns.n % COLUMNS)
		crosscheck_broken(x, "%s: go list std gave %zu lines", version, out->columns.n);
	strv_free(&args);
	str_free(&text);
	str_free(&said);
}

void std_dispose(struct std *std)
{
	strv_free(&std->columns);
}

bool overlay_init(struct overlay *out, struct std *std, const char *package)
{
	*out = (struct overlay){ .std = std, .package = package, .imported = STR_INIT, .body = STR_INIT };
	for (char **p = std->columns.v; p < std->columns.v + std->columns.n; p += COLUMNS)
		if (strcmp(p[PATH], package) == 0) {
			out->name = p[NAME];
			out->dir = p[DIR];
			out->imports = p[IMPORTS];
			out->deps = p[DEPS];
		}
	return out->dir != NULL;
}

void overlay_dispose(struct overlay *o)
{
	strv_free(&o->idents);
	str_free(&o->imported);
	str_free(&o->body);
}

/* --- imports -------------------------------------------------------------------- */

/* The path, among " a b c ", of the package that is called so; NULL: none. */
static const char *path_of(const struct std *std, const char *among, const char *ident)
{
	for (char **p = std->columns.v; p < std->columns.v + std->columns.n; p += COLUMNS)
		if (strcmp(p[NAME], ident) == 0) {
			char *padded = mem_printf(" %s ", p[PATH]);
			bool is_there = strstr(among, padded) != NULL;

			mem_free(padded);
			if (is_there)
				return p[PATH];
		}
	return NULL;
}

static void import(struct overlay *o, const char *ident)
{
	const char *path;

	if (strv_has(&o->idents, ident))
		return;
	strv_add(&o->idents, ident);
	path = path_of(o->std, o->imports, ident);
	if (!path) /* what it has from others without naming it, such as `var x = other.New()` */
		path = path_of(o->std, o->deps, ident);
	if (!path)
		crosscheck_fail(o->std->x, "%s: %s: a signature names a package %s that it cannot know",
				o->std->x->toolchains.v[o->std->toolchain], o->package, ident);
	else
		str_addf(&o->imported, "import \"%s\"; ", str_starts(path, "vendor/") ? path + 7 : path);
}

static bool is_letter(char c)
{
	return isalpha((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

bool overlay_import(struct overlay *o, const char *type)
{
	for (const char *p = type; *p;) {
		const char *start = p;

		if (*p == '"') {
			for (p++; *p && *p != '"'; p++)
				p += *p == '\\' && p[1];
			p += *p == '"';
		} else if (is_letter(*p)) {
			char *ident;

			while (is_letter(*p) || isdigit((unsigned char)*p))
				p++;
			if (*p != '.' || !is_letter(p[1]))
				continue;
			if (islower((unsigned char)p[1]) || p[1] == '_')
				return false;
			ident = mem_strndup(start, (size_t)(p - start));
			import(o, ident);
			mem_free(ident);
		} else {
			p++;
		}
	}
	return true;
}

/* --- the compiler ---------------------------------------------------------------- */

int overlay_build(struct overlay *o, struct str *said)
{
	struct std *std = o->std;
	char *there = mem_printf("%s/" FILE_NAME, o->dir);
	char *here = mem_printf("%s/" FILE_NAME, std->x->dir), *json_text;
	struct strv args = { 0 };
	struct str text = STR_INIT;
	json_t *json = json_pack("{s:{s:s}}", "Replace", there, here);
	int status;

	str_addf(&text, "package %s; %s\n%s", o->name, o->imported.s, o->body.s);
	crosscheck_write(std->x, FILE_NAME, text.s);
	json_text = json_dumps(json, 0);
	crosscheck_write(std->x, "overlay.json", json_text);
	strv_add(&args, "build");
	strv_add(&args, "-overlay=overlay.json");
	strv_add(&args, "-gcflags=-e"); /* all mistakes, not the first ten */
	strv_add(&args, o->package);
	status = crosscheck_go(std->x, std->toolchain, std->target, &args, NULL, said);
	json_decref(json);
	free(json_text);
	strv_free(&args);
	str_free(&text);
	mem_free(there);
	mem_free(here);
	return status;
}

bool overlay_next_mistake(const char **at, long *line, const char **message, size_t *message_len)
{
	const char *found = strstr(*at, FILE_NAME ":");

	if (!found)
		return false;
	*line = strtol(found + strlen(FILE_NAME ":"), NULL, 10) - 2;
	*at = strchrnul(found, '\n');
	*message = found;
	*message_len = (size_t)(*at - found);
	return true;
}
