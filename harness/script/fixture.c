#include "harness/script/fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/fs.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"

static bool is_want(const char *name)
{
	return strcmp(name, "want.stdout") == 0 || strcmp(name, "want.stderr") == 0 ||
	       strcmp(name, "want.exit") == 0;
}

/* The go line's version, its place in the file in [*at, *at + *len); NULL: none.
 * cmd/go reads "go 1.22" at the start of a line, comments after it allowed. */
static const char *find_go_line(const struct txtar_file *mod, size_t *len)
{
	const char *p = mod->data, *end = p + mod->size;

	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		const char *stop = nl ? nl : end;

		while (p < stop && (*p == ' ' || *p == '\t'))
			p++;
		if (stop - p > 3 && memcmp(p, "go", 2) == 0 && (p[2] == ' ' || p[2] == '\t')) {
			p += 2;
			while (p < stop && (*p == ' ' || *p == '\t'))
				p++;
			*len = strcspn(p, " \t\r\n/");
			if (*len > 0)
				return p;
		}
		p = nl ? nl + 1 : end;
	}
	return NULL;
}

static void add_go_mod(struct fixture *f)
{
	struct txtar_file mod = { .name = mem_strdup("go.mod"),
				  .data = mem_strdup("module lnmatrix.invalid/case\n\ngo 1.17\n") };

	mod.size = strlen(mod.data);
	f->ar.files = mem_realloc(f->ar.files, (f->ar.n + 1) * sizeof(*f->ar.files));
	f->ar.files[f->ar.n++] = mod;
	f->made_go_mod = true;
}

static int read_wants(struct fixture *f, const char *name, struct error *err)
{
	const struct txtar_file *out = txtar_find(&f->ar, "want.stdout");
	const struct txtar_file *errs = txtar_find(&f->ar, "want.stderr");
	const struct txtar_file *status = txtar_find(&f->ar, "want.exit");
	char *end;
	long value;

	f->want_out = out ? mem_strdup(out->data) : NULL;
	f->want_err = errs ? mem_strdup(errs->data) : NULL;
	if (!status)
		return 0;
	value = strtol(status->data, &end, 10);
	if (end == status->data || end[strspn(end, " \t\r\n")] != '\0' || value < 0 || value > 255)
		return err_set(err, ERR_INPUT, "%s:%d: want.exit must be a number from 0 to 255", name,
			       status->line);
	f->has_want_exit = true;
	f->want_exit = (int)value;
	return 0;
}

int fixture_parse(struct fixture *out, const char *text, size_t n, const char *name,
		  struct error *err)
{
	const struct txtar_file *mod;
	struct digest *d;
	const char *go;
	size_t len, files = 0;

	*out = (struct fixture){ 0 };
	if (txtar_parse(&out->ar, text, n, name, err) < 0 || read_wants(out, name, err) < 0)
		goto fail;
	for (size_t i = 0; i < out->ar.n; i++)
		files += !is_want(out->ar.files[i].name);
	if (files == 0) {
		err_set(err, ERR_INPUT,
			"%s: holds no files; each begins with a line \"-- name --\", for example "
			"\"-- main.go --\"", name);
		goto fail;
	}
	if (!txtar_find(&out->ar, "go.mod"))
		add_go_mod(out);
	mod = txtar_find(&out->ar, "go.mod");
	go = find_go_line(mod, &len);
	out->go_line = go ? mem_strndup(go, len) : NULL;
	d = digest_new("fixture/1");
	for (size_t i = 0; i < out->ar.n; i++) {
		if (is_want(out->ar.files[i].name))
			continue;
		digest_add(d, out->ar.files[i].name);
		digest_addn(d, out->ar.files[i].data, out->ar.files[i].size);
	}
	digest_end(d, out->digest);
	return 0;
fail:
	fixture_dispose(out);
	return err->code;
}

int fixture_read(struct fixture *out, const char *path, struct error *err)
{
	struct str text = STR_INIT;
	int rc = fs_read(&text, path, err);

	*out = (struct fixture){ 0 };
	if (rc < 0)
		err->code = ERR_INPUT; /* a fixture that is not there is the scenario's mistake */
	else
		rc = fixture_parse(out, text.s, text.len, path, err);
	str_free(&text);
	return rc < 0 ? err->code : 0;
}

void fixture_dispose(struct fixture *f)
{
	txtar_dispose(&f->ar);
	mem_free(f->want_out);
	mem_free(f->want_err);
	mem_free(f->go_line);
	*f = (struct fixture){ 0 };
}

static bool is_toolchain_line(const char *p)
{
	p += strspn(p, " \t");
	return str_starts(p, "toolchain") && (p[9] == ' ' || p[9] == '\t');
}

/* The bytes that a file has on disk: as in the archive, but for a lowered go.mod
 * (whose toolchain line, if any, would ask for more than the lowered go line). */
static void content(const struct txtar_file *file, const char *lowered, struct str *out)
{
	const char *go, *p = file->data, *end = p + file->size;
	size_t len;

	str_clear(out);
	go = lowered && strcmp(file->name, "go.mod") == 0 ? find_go_line(file, &len) : NULL;
	if (!go) {
		str_addn(out, file->data, file->size);
		return;
	}
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		const char *next = nl ? nl + 1 : end;

		if (go >= p && go < next) {
			str_addn(out, p, (size_t)(go - p));
			str_add(out, lowered);
			str_addn(out, go + len, (size_t)(next - go) - len);
		} else if (!is_toolchain_line(p)) {
			str_addn(out, p, (size_t)(next - p));
		}
		p = next;
	}
}

static int count_file(void *arg, const char *rel, const struct stat *st, struct error *err)
{
	(void)rel;
	(void)err;
	*(size_t *)arg += !S_ISDIR(st->st_mode);
	return 0;
}

/* Whether the folder holds the files as they should be and no other: one more .go
 * file is another program. */
static bool stands(const struct fixture *f, const char *dir, const char *lowered)
{
	struct str want = STR_INIT, have = STR_INIT;
	size_t files = 0, found = 0;
	struct error err;
	bool same = fs_exists(dir);

	for (size_t i = 0; same && i < f->ar.n; i++) {
		char *path;

		if (is_want(f->ar.files[i].name))
			continue;
		files++;
		path = path_join(dir, f->ar.files[i].name);
		content(&f->ar.files[i], lowered, &want);
		str_clear(&have);
		same = fs_read(&have, path, &err) == 0 && have.len == want.len &&
		       memcmp(have.s, want.s, want.len) == 0;
		mem_free(path);
	}
	str_free(&want);
	str_free(&have);
	return same && fs_walk(dir, count_file, &found, &err) == 0 && found == files;
}

static int write_files(const struct fixture *f, const char *dir, const char *lowered,
		       struct error *err)
{
	struct str text = STR_INIT;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < f->ar.n; i++) {
		char *path;

		if (is_want(f->ar.files[i].name))
			continue;
		path = path_join(dir, f->ar.files[i].name);
		content(&f->ar.files[i], lowered, &text);
		rc = fs_write(path, text.s, text.len, 0666, err);
		mem_free(path);
	}
	str_free(&text);
	return rc;
}

/* One at a time below a root: what two runs would remove and put there under each
 * other's builds, and what a killed one left. */
static int lay_out(const struct fixture *f, const char *root, const char *lowered,
		   const char *final, struct error *err)
{
	char *tmp = path_join(root, "tmp"), *lock = path_join(root, ".lock");
	int fd = fs_lock(lock, true, err);
	struct error ignored;
	int rc = 0;

	if (fd < 0) {
		rc = err->code;
	} else if (!stands(f, final, lowered)) { /* else another run was first */
		if (fs_remove_tree(tmp, err) < 0 || fs_remove_tree(final, err) < 0 ||
		    write_files(f, tmp, lowered, err) < 0)
			rc = err->code;
		else if (rename(tmp, final) < 0)
			rc = err_os(err, errno, "%s", final);
		if (rc < 0)
			fs_remove_tree(tmp, &ignored);
	}
	fs_unlock(fd);
	mem_free(tmp);
	mem_free(lock);
	return rc;
}

int fixture_lay_out(const struct fixture *f, const char *root, const char *lowered, char **dir,
		    struct error *err)
{
	char *final = lowered ? mem_printf("%s/%s-go%s", root, f->digest, lowered)
			      : mem_printf("%s/%s", root, f->digest);
	int rc = stands(f, final, lowered) ? 0 : lay_out(f, root, lowered, final, err);

	if (rc < 0) {
		mem_free(final);
		final = NULL;
	}
	*dir = final;
	return rc;
}
