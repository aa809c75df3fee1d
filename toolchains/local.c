#include "toolchains/local.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/fs.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"

void local_dispose(struct local_go *go)
{
	mem_free(go->root);
	mem_free(go->version_text);
	*go = (struct local_go){ 0 };
}

/* "go1.28" of "devel go1.28-8c2e1f Tue ..."; also "go1.22.12-custom X:..." */
static bool find_version(struct gover *out, const char *line, bool devel)
{
	struct error ignored = { 0 };
	char *word;
	bool ok;

	if (devel)
		line += strlen("devel ");
	word = mem_strndup(line, strcspn(line, devel ? " \t-" : " \t-+"));
	ok = str_starts(word, "go") && gover_parse(out, word, &ignored) == 0;
	if (ok && devel)
		*out = gover_lang(out);
	mem_free(word);
	return ok;
}

int local_parse_version(struct local_go *out, const char *text, struct error *err)
{
	size_t n = str_trimmed_len(text, strcspn(text, "\r\n"));
	char *line = mem_strndup(text, n);
	bool devel = str_starts(line, "devel ");
	struct gover v;

	if (!find_version(&v, line, devel)) {
		err_set(err, ERR_INPUT, "VERSION says \"%.80s\", which is no Go version", line);
		mem_free(line);
		return err->code;
	}
	mem_free(out->version_text);
	out->version_text = line;
	out->version = v;
	out->devel = devel;
	return 0;
}

/* The GOROOT of a path without links; caller frees. NULL: neither folder nor bin/go. */
static char *root_of(const char *real)
{
	char *bin, *root = NULL;

	if (fs_is_dir(real))
		return mem_strdup(real);
	bin = path_dir(real);
	if (strcmp(path_base(bin), "bin") == 0)
		root = path_dir(bin);
	mem_free(bin);
	return root;
}

static int find_root(struct local_go *out, const char *path, struct error *err)
{
	char *real = realpath(path, NULL);

	if (!real)
		return err_set(err, ERR_INPUT, "local:%s: %s", path, strerror(errno));
	out->root = root_of(real);
	free(real);
	if (!out->root)
		return err_set(err, ERR_INPUT,
			       "local:%s is neither a GOROOT nor the go command in a GOROOT's bin",
			       path);
	return 0;
}

static int read_version(struct local_go *out, struct error *err)
{
	char *path = path_join(out->root, "VERSION");
	struct str text = STR_INIT;
	int rc;

	if (!fs_exists(path))
		rc = err_set(err, ERR_INPUT,
			     "no VERSION file; is it a GOROOT (`go env GOROOT`), or a Go "
			     "checkout that "
			     "was never built?");
	else
		rc = fs_read(&text, path, err);
	if (rc == 0)
		rc = local_parse_version(out, text.s, err);
	str_free(&text);
	mem_free(path);
	return rc;
}

static int check_runs(const char *root, const char *rel, struct error *err)
{
	char *path = path_join(root, rel);
	struct stat st;
	int rc = 0;

	if (stat(path, &st) < 0)
		rc = err_set(err, ERR_INPUT, "%s is missing", rel);
	else if (!S_ISREG(st.st_mode) || !(st.st_mode & 0111))
		rc = err_set(err, ERR_INPUT, "%s is not executable", rel);
	mem_free(path);
	return rc;
}

static int check_tools(const struct local_go *go, const char *goos, const char *goarch,
		       struct error *err)
{
	static const char *const tools[] = { "compile", "link", "asm" };
	char *src = path_join(go->root, "src/runtime"), *rel;
	int rc = check_runs(go->root, "bin/go", err);

	for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]) && rc == 0; i++) {
		rel = mem_printf("pkg/tool/%s_%s/%s", goos, goarch, tools[i]);
		rc = check_runs(go->root, rel, err);
		mem_free(rel);
	}
	if (rc == 0 && !fs_is_dir(src))
		rc = err_set(err, ERR_INPUT,
			     "src/runtime is missing; the distribution may keep it in a package "
			     "of its "
			     "own (golang-X.Y-src)");
	mem_free(src);
	return rc;
}

static int add_stat(void *arg, const char *rel, const struct stat *st, struct error *err)
{
	struct { int64_t mode, size, sec, nsec; } key = {
		st->st_mode, st->st_size, st->st_mtim.tv_sec, st->st_mtim.tv_nsec
	};

	(void)err;
	if (S_ISDIR(st->st_mode))
		return 0;
	digest_add(arg, rel);
	digest_addn(arg, &key, sizeof(key));
	return 0;
}

/* Debian's GOROOT has links for src and others: fs_walk() follows its root. */
static int identify(struct local_go *go, struct error *err)
{
	static const char *const parts[] = { "src", "pkg/tool", "bin" };
	struct digest *d = digest_new("local-go/1");
	int rc = 0;

	digest_add(d, go->version_text);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && rc == 0; i++) {
		char *path = path_join(go->root, parts[i]);

		digest_add(d, parts[i]);
		rc = fs_walk(path, add_stat, d, err);
		mem_free(path);
	}
	digest_end(d, go->identity);
	return rc;
}

int local_open(struct local_go *out, const char *path, const char *goos, const char *goarch,
	       struct error *err)
{
	int rc;

	*out = (struct local_go){ 0 };
	if ((rc = find_root(out, path, err)) < 0)
		return rc;
	if ((rc = read_version(out, err)) < 0 ||
	    (rc = check_tools(out, goos, goarch, err)) < 0 || (rc = identify(out, err)) < 0) {
		err_wrap(err, "local:%s", path);
		local_dispose(out);
	}
	return rc;
}
