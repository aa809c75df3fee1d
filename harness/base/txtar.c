#include "harness/base/txtar.h"

#include <stdbool.h>
#include <string.h>

#include "harness/base/fs.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"

/* "-- name --" on a line of its own; name trimmed, not empty. A CR before the
 * line's end is let pass, as archives edited on Windows have it. */
static bool marker(const char *line, size_t n, const char **name, size_t *name_len)
{
	if (n > 0 && line[n - 1] == '\r')
		n--;
	if (n < 7 || memcmp(line, "-- ", 3) != 0 || memcmp(line + n - 3, " --", 3) != 0)
		return false;
	line += 3;
	n -= 6;
	while (n > 0 && (*line == ' ' || *line == '\t')) {
		line++;
		n--;
	}
	*name = line;
	*name_len = str_trimmed_len(line, n);
	return *name_len > 0;
}

static int check_name(const struct txtar *ar, const char *name, int line, const char *archive,
		      struct error *err)
{
	if (!path_is_tame(name))
		return err_set(err, ERR_INPUT,
			       "%s:%d: file name \"%s\" must stay inside the fixture: no leading /, "
			       "no empty, \".\" or \"..\" part, no backslash",
			       archive, line, name);
	for (size_t i = 0; i < ar->n; i++) {
		const char *other = ar->files[i].name;
		size_t a = strlen(name), b = strlen(other), k = a < b ? a : b;

		if (strcmp(name, other) == 0)
			return err_set(err, ERR_INPUT, "%s:%d: file \"%s\" stands twice (first in line %d)",
				       archive, line, name, ar->files[i].line);
		if (memcmp(name, other, k) == 0 && (a < b ? other : name)[k] == '/')
			return err_set(err, ERR_INPUT, "%s:%d: \"%s\" and \"%s\" (line %d): one name is "
				       "both a file and a folder", archive, line, name, other,
				       ar->files[i].line);
	}
	return 0;
}

int txtar_parse(struct txtar *out, const char *text, size_t n, const char *archive,
		struct error *err)
{
	const char *p = text, *end = text + n, *body = text;
	VEC(struct txtar_file) files = { 0 };
	int line = 0;

	*out = (struct txtar){ 0 };
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		const char *next = nl ? nl + 1 : end;
		const char *name;
		size_t len;

		line++;
		if (marker(p, (size_t)((nl ? nl : end) - p), &name, &len)) {
			struct txtar_file f = { .name = mem_strndup(name, len), .line = line };

			if (files.n == 0) {
				out->comment = mem_strndup(body, (size_t)(p - body));
			} else {
				files.v[files.n - 1].data = mem_strndup(body, (size_t)(p - body));
				files.v[files.n - 1].size = (size_t)(p - body);
			}
			if (strlen(f.name) != len || check_name(out, f.name, line, archive, err) < 0) {
				if (strlen(f.name) != len)
					err_set(err, ERR_INPUT, "%s:%d: file name holds a NUL byte", archive, line);
				mem_free(f.name);
				txtar_dispose(out);
				return err->code;
			}
			vec_push(&files, f);
			out->files = files.v;
			out->n = files.n;
			body = next;
		}
		p = next;
	}
	if (files.n == 0) {
		out->comment = mem_strndup(body, (size_t)(end - body));
	} else {
		struct txtar_file *last = &files.v[files.n - 1];
		bool bare = end > body && end[-1] != '\n'; /* the format adds the last newline */

		last->size = (size_t)(end - body) + bare;
		last->data = mem_strndup(body, last->size - bare);
		if (bare) {
			last->data = mem_realloc(last->data, last->size + 1);
			last->data[last->size - 1] = '\n';
			last->data[last->size] = '\0';
		}
	}
	return 0;
}

int txtar_read(struct txtar *out, const char *path, struct error *err)
{
	struct str text = STR_INIT;
	int rc = fs_read(&text, path, err);

	*out = (struct txtar){ 0 };
	if (rc == 0)
		rc = txtar_parse(out, text.s, text.len, path, err);
	str_free(&text);
	return rc;
}

const struct txtar_file *txtar_find(const struct txtar *ar, const char *name)
{
	for (size_t i = 0; i < ar->n; i++)
		if (strcmp(ar->files[i].name, name) == 0)
			return &ar->files[i];
	return NULL;
}

void txtar_dispose(struct txtar *ar)
{
	for (size_t i = 0; i < ar->n; i++) {
		mem_free(ar->files[i].name);
		mem_free(ar->files[i].data);
	}
	mem_free(ar->files);
	mem_free(ar->comment);
	*ar = (struct txtar){ 0 };
}
