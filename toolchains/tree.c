#include "toolchains/tree.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#include "harness/base/digest.h"
#include "harness/base/fs.h"
#include "harness/base/str.h"

enum { LEVEL = 3 };
#define MANIFEST_MAX (256u << 20) /* text of a manifest; real ones have 2 MB */

static int64_t mtime_ns(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

/* SHA-256 of a file's content, or of where a link points. */
static int digest_entry(char out[DIGEST_HEX], const char *root, const char *rel, mode_t mode,
			struct error *err)
{
	char *path = path_join(root, rel), target[4096];
	ssize_t n;
	int rc = 0;

	if (S_ISLNK(mode)) {
		n = readlink(path, target, sizeof(target));
		if (n < 0)
			rc = err_os(err, errno, "%s", path);
		else
			digest_bytes(out, target, (size_t)n);
	} else {
		rc = digest_file(out, path, err);
	}
	mem_free(path);
	return rc;
}

/* Sealing */

struct seal {
	const char *root;
	struct str text;
	size_t files;
};

static mode_t sealed_mode(const char *rel, mode_t mode)
{
	bool runs = str_starts(rel, "bin/") || str_starts(rel, "pkg/tool/");

	mode &= 07777 & ~(mode_t)0222;
	return runs ? mode | 0555 : mode;
}

static int set_mode(const char *root, const char *rel, struct stat *st, struct error *err)
{
	mode_t mode = sealed_mode(rel, st->st_mode);
	char *path;
	int rc = 0;

	if (S_ISLNK(st->st_mode) || (st->st_mode & 07777) == mode)
		return 0;
	path = path_join(root, rel);
	if (chmod(path, mode) < 0)
		rc = err_os(err, errno, "chmod %s", path);
	mem_free(path);
	st->st_mode = (st->st_mode & S_IFMT) | mode;
	return rc;
}

static int seal_entry(void *arg, const char *rel, const struct stat *st, struct error *err)
{
	struct seal *seal = arg;
	struct stat now = *st;
	char sum[DIGEST_HEX];

	if (S_ISDIR(st->st_mode))
		return 0;
	if (!S_ISREG(st->st_mode) && !S_ISLNK(st->st_mode))
		return err_set(err, ERR_WORK, "%s/%s is neither a file nor a link", seal->root, rel);
	if (strchr(rel, '\n'))
		return err_set(err, ERR_WORK, "%s: a file name with a line break", seal->root);
	if (set_mode(seal->root, rel, &now, err) < 0 ||
	    digest_entry(sum, seal->root, rel, now.st_mode, err) < 0)
		return err->code;
	str_addf(&seal->text, "%o %jd %" PRId64 " %s %s\n", (unsigned)now.st_mode,
		 (intmax_t)now.st_size, mtime_ns(&now), sum, rel);
	seal->files++;
	return 0;
}

static int write_manifest(const char *path, const struct str *text, struct error *err)
{
	size_t bound = ZSTD_compressBound(text->len), n;
	char *packed = mem_alloc(bound);
	int rc;

	n = ZSTD_compress(packed, bound, text->s, text->len, LEVEL);
	rc = ZSTD_isError(n) ? err_set(err, ERR_WORK, "%s: %s", path, ZSTD_getErrorName(n))
			     : fs_replace(path, packed, n, 0644, err);
	mem_free(packed);
	return rc;
}

int tree_seal(const char *root, const char *manifest_path, struct error *err)
{
	struct seal seal = { .root = root, .text = STR_INIT };
	char sum[DIGEST_HEX];
	int rc = fs_walk(root, seal_entry, &seal, err);

	if (rc == 0 && seal.files == 0)
		rc = err_set(err, ERR_WORK, "%s is empty", root);
	if (rc == 0) {
		digest_bytes(sum, seal.text.s, seal.text.len);
		str_addf(&seal.text, "end %zu %s\n", seal.files, sum);
		rc = write_manifest(manifest_path, &seal.text, err);
	}
	str_free(&seal.text);
	return rc;
}

/* Checking */

struct line {
	mode_t mode;
	intmax_t size;
	int64_t mtime_ns;
	const char *sum; /* DIGEST_HEX - 1 bytes */
	const char *rel;
};

struct check {
	const char *root;
	enum tree_depth depth;
	struct str text;
	VEC(struct line) lines;
	size_t at; /* the next line that the walk should meet */
	struct tree_report *report;
};

static int torn(const char *path, struct error *err)
{
	return err_set(err, ERR_WORK, "%s is torn; the toolchain must be laid out again", path);
}

static int unpack_manifest(struct str *out, const char *path, struct error *err)
{
	struct str packed = STR_INIT;
	unsigned long long size;
	char *text;
	int rc = fs_exists(path) ? fs_read(&packed, path, err)
				 : err_set(err, ERR_WORK, "%s is missing", path);

	if (rc < 0)
		return rc;
	size = ZSTD_getFrameContentSize(packed.s, packed.len);
	if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN ||
	    size > MANIFEST_MAX) {
		rc = torn(path, err);
	} else {
		text = mem_alloc((size_t)size + 1);
		if (ZSTD_decompress(text, (size_t)size, packed.s, packed.len) != size)
			rc = torn(path, err);
		else
			str_addn(out, text, (size_t)size);
		mem_free(text);
	}
	str_free(&packed);
	return rc;
}

/* Cuts the line at its end; returns the place behind it. */
static bool parse_line(struct line *out, char *s)
{
	char *end;

	out->mode = (mode_t)strtoul(s, &end, 8);
	if (end == s || *end != ' ')
		return false;
	out->size = strtoimax(s = end + 1, &end, 10);
	if (end == s || *end != ' ')
		return false;
	out->mtime_ns = strtoimax(s = end + 1, &end, 10);
	if (end == s || *end != ' ' || strlen(end + 1) <= DIGEST_HEX ||
	    end[DIGEST_HEX] != ' ')
		return false;
	out->sum = end + 1;
	out->rel = end + 1 + DIGEST_HEX;
	return true;
}

/* Checks the last line, of the manifest's text, and cuts it off. */
static bool take_end(struct str *text, size_t *files)
{
	char sum[DIGEST_HEX], *last, *want;
	bool ok;

	if (text->len < 2 || text->s[text->len - 1] != '\n')
		return false;
	text->s[text->len - 1] = '\0';
	last = strrchr(text->s, '\n');
	if (!last || !str_starts(last + 1, "end "))
		return false;
	digest_bytes(sum, text->s, (size_t)(last + 1 - text->s));
	*files = strtoul(last + 5, NULL, 10);
	want = mem_printf("end %zu %s", *files, sum);
	ok = strcmp(want, last + 1) == 0;
	mem_free(want);
	text->len = (size_t)(last + 1 - text->s);
	text->s[text->len] = '\0';
	return ok;
}

static int load_manifest(struct check *check, const char *path, struct error *err)
{
	struct line line;
	size_t files;
	char *p, *end;

	if (unpack_manifest(&check->text, path, err) < 0)
		return err->code;
	if (!take_end(&check->text, &files))
		return torn(path, err);
	for (p = check->text.s; *p; p = end + 1) {
		end = strchr(p, '\n');
		*end = '\0';
		if (!parse_line(&line, p))
			return torn(path, err);
		vec_push(&check->lines, line);
	}
	check->report->files = files;
	return check->lines.n == files ? 0 : torn(path, err);
}

static void damage(struct check *check, const char *rel, const char *what)
{
	if (check->report->damaged++ < TREE_NAMED)
		strv_addf(&check->report->named, "%s: %s", rel, what);
}

/* The order of fs_walk(): a folder's content comes right behind its name. */
static int cmp_walked(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	if (*a == *b)
		return 0;
	if (*a == '\0' || *b == '\0')
		return *a ? 1 : -1;
	if (*a == '/' || *b == '/')
		return *a == '/' ? -1 : 1;
	return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
}

static void compare(struct check *check, const struct line *line, const struct stat *st)
{
	struct error ignored = { 0 };
	char sum[DIGEST_HEX], what[96];

	if ((st->st_mode & S_IFMT) != (line->mode & S_IFMT))
		snprintf(what, sizeof(what), "is of another kind");
	else if ((intmax_t)st->st_size != line->size)
		snprintf(what, sizeof(what), "size %jd, was %jd", (intmax_t)st->st_size,
			 line->size);
	else if (st->st_mode != line->mode && !S_ISLNK(line->mode))
		snprintf(what, sizeof(what), "mode %o, was %o", (unsigned)st->st_mode & 07777,
			 (unsigned)line->mode & 07777);
	else if (mtime_ns(st) != line->mtime_ns)
		snprintf(what, sizeof(what), "changed since it was laid out");
	else if (check->depth == TREE_QUICK)
		return;
	else if (digest_entry(sum, check->root, line->rel, st->st_mode, &ignored) < 0)
		snprintf(what, sizeof(what), "cannot be read");
	else if (memcmp(sum, line->sum, DIGEST_HEX - 1) != 0)
		snprintf(what, sizeof(what), "its content is another");
	else
		return;
	damage(check, line->rel, what);
}

/* All lines up to `rel` that the walk did not meet are missing; NULL: all that are left. */
static void skip_missing(struct check *check, const char *rel)
{
	while (check->at < check->lines.n &&
	       (!rel || cmp_walked(check->lines.v[check->at].rel, rel) < 0))
		damage(check, check->lines.v[check->at++].rel, "missing");
}

static int check_entry(void *arg, const char *rel, const struct stat *st, struct error *err)
{
	struct check *check = arg;

	(void)err;
	if (S_ISDIR(st->st_mode))
		return 0;
	skip_missing(check, rel);
	if (check->at < check->lines.n && strcmp(check->lines.v[check->at].rel, rel) == 0)
		compare(check, &check->lines.v[check->at++], st);
	else
		damage(check, rel, "doesn't belong here");
	return 0;
}

static int verdict(const struct check *check, struct error *err)
{
	const struct tree_report *report = check->report;
	struct str names = STR_INIT;
	int rc = 0;

	for (size_t i = 0; i < report->named.n; i++)
		str_addf(&names, "%s%s", i ? "; " : "", report->named.v[i]);
	if (report->damaged > report->named.n)
		str_add(&names, "; ...");
	if (report->damaged > 0)
		rc = err_set(err, ERR_WORK, "%s is damaged in %zu of %zu files (%s)", check->root,
			     report->damaged, report->files, names.s);
	str_free(&names);
	return rc;
}

int tree_check(const char *root, const char *manifest_path, enum tree_depth depth,
	       struct tree_report *report, struct error *err)
{
	struct tree_report own = { 0 };
	struct check check = { .root = root, .depth = depth, .text = STR_INIT };
	int rc;

	check.report = report ? report : &own;
	*check.report = (struct tree_report){ 0 };
	if (!fs_is_dir(root))
		return err_set(err, ERR_WORK, "%s is missing", root);
	rc = load_manifest(&check, manifest_path, err);
	if (rc == 0)
		rc = fs_walk(root, check_entry, &check, err);
	if (rc == 0) {
		skip_missing(&check, NULL);
		rc = verdict(&check, err);
	}
	vec_free(&check.lines);
	str_free(&check.text);
	tree_report_dispose(&own);
	return rc;
}

void tree_report_dispose(struct tree_report *report)
{
	strv_free(&report->named);
	*report = (struct tree_report){ 0 };
}
