/*
 * The file, all numbers little-endian:
 *
 *   header    "lnmatlas", format, length; stored and raw length of the index; whether it
 *             is complete, its depth; digest of its text, of the parent's; what it is
 *             about; the parent's file name
 *   index     a zstd frame: packages, which of them are the parent's, lengths
 *   digest    of header and index
 *   sections  in the index's order, without gaps to the end: a zstd frame each,
 *             nothing for those that are the parent's
 *
 * A frame's prefix is the same thing of the parent: its index, its section of that
 * package.  To unpack a section is to unpack the parent's first, so the texts are
 * kept; what is new in a frame is little, and copying the rest is quick.  The index has
 * a checksum of each frame, and each frame zstd's of what it unpacks to: that one alone
 * would miss bits that zstd does not look at, and finds a wrong prefix.
 */
#include "toolchains/atlasfile.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#include "harness/base/digest.h"
#include "harness/base/fs.h"

enum {
	FORMAT = 1,
	ID_LEN = 16,                  /* of a SHA-256 */
	SUM_LEN = 4,                  /* the same of a frame */
	HEADER_MIN = 8 + 4 * 4 + 2 + 2 * ID_LEN + 5 * 2,
	DEPTH_MAX = 5,                /* parents above a file: ten versions are 2.6 MB, with 3 they are 3.2 */
	RAW_MAX = 64 << 20,           /* of a section */
	INDEX_MAX = 4 << 20,
	FILE_MAX = 256 << 20,
	LEVEL = 9,
	WINDOW_LOG_OWN = 21,          /* what zstd takes at this level, at least */
	WINDOW_LOG_MAX = 27,          /* what it unpacks without being asked to */
	HUGE_PAGE = 2 << 20,
	CHUNK = 8 << 20,
};

static const char magic[] = "lnmatlas";
static const char suffix[] = ".atlas";

struct span {
	const char *s;
	size_t n;
};

struct entry {
	struct span package;         /* borrowed from the index */
	bool same;                   /* as the parent's */
	const char *stored;          /* borrowed from the map */
	size_t stored_len, raw_len;
	const char *sum;             /* of what is stored; borrowed from the index */
	struct span text;            /* borrowed from the dir; s is NULL: not asked for yet */
};

struct atlas {
	struct atlas_dir *dir;
	char *file;                  /* its name in the folder */
	char *identity, *toolchain, *target, *program, *parent_file;
	bool complete;
	unsigned depth;
	char id[ID_LEN], parent_id[ID_LEN];
	struct atlas *parent;        /* NULL: none */
	bool retired;                /* not to be found any more */
	bool damaged;                /* this file itself, not what it stands on */
	char *map;
	size_t len, header_len, index_stored;
	const char *index;           /* borrowed from the dir */
	size_t index_len;
	struct entry *entries;
	size_t n;
};

struct atlas_dir {
	char *path;
	ZSTD_DCtx *dctx;
	VEC(struct atlas *) atlases;
	VEC(char *) chunks;          /* of what was unpacked */
	char *free, *free_end;       /* in the last of them */
};

/* --- bytes ------------------------------------------------------------------- */

struct reader {
	const char *p, *end;
	bool bad;                    /* asked for more than there is */
};

static const char *take(struct reader *r, size_t n)
{
	const char *p = r->p;

	if (r->bad || (size_t)(r->end - p) < n) {
		r->bad = true;
		return NULL;
	}
	r->p += n;
	return p;
}

static uint32_t get(struct reader *r, size_t bytes)
{
	const unsigned char *p = (const unsigned char *)take(r, bytes);
	uint32_t v = 0;

	while (p && bytes--)
		v = v << 8 | p[bytes];
	return v;
}

static void put(struct str *out, uint32_t v, unsigned bytes)
{
	for (; bytes--; v >>= 8)
		str_addc(out, (char)(v & 0xff));
}

static char *get_text(struct reader *r)
{
	size_t n = get(r, 2);
	const char *p = take(r, n);

	return p ? mem_strndup(p, n) : mem_strdup("");
}

static void put_text(struct str *out, const char *s)
{
	size_t n = strlen(s);

	assert(n <= UINT16_MAX);
	put(out, (uint32_t)n, 2);
	str_addn(out, s, n);
}

/* The first bytes of the SHA-256. */
static void sum(char *out, size_t len, const void *p, size_t n)
{
	char hex[DIGEST_HEX];

	digest_bytes(hex, p, n);
	for (size_t i = 0; i < len; i++) {
		unsigned hi = (unsigned)hex[2 * i], lo = (unsigned)hex[2 * i + 1];

		hi = hi <= '9' ? hi - '0' : hi - 'a' + 10;
		lo = lo <= '9' ? lo - '0' : lo - 'a' + 10;
		out[i] = (char)(hi << 4 | lo);
	}
}

/* --- unpacking --------------------------------------------------------------- */

/*
 * Memory until the dir is closed, in huge pages where there are any: eighty texts of
 * package runtime touch twenty megabytes, and page faults would take longer than
 * unpacking does.
 */
static char *reserve(struct atlas_dir *dir, size_t n)
{
#ifdef __SANITIZE_ADDRESS__
	vec_push(&dir->chunks, mem_alloc(n)); /* each with its own red zones */
	return dir->chunks.v[dir->chunks.n - 1];
#else
	if ((size_t)(dir->free_end - dir->free) < n) {
		size_t size = (n > CHUNK ? n : CHUNK) + HUGE_PAGE;
		char *chunk = mem_alloc(size);
		size_t skew = (uintptr_t)chunk % HUGE_PAGE;

		vec_push(&dir->chunks, chunk);
		dir->free = chunk + (skew ? HUGE_PAGE - skew : 0);
		dir->free_end = chunk + size;
		madvise(dir->free, (size_t)(dir->free_end - dir->free) / HUGE_PAGE * HUGE_PAGE,
			MADV_HUGEPAGE);
	}
	dir->free += n;
	return dir->free - n;
#endif
}

/*
 * Unpacks a frame that is to be raw_len long, with a NUL behind it; good until the
 * dir is closed. NULL: it is not what was written.
 */
static const char *unpack(struct atlas_dir *dir, const char *stored, size_t stored_len,
			  size_t raw_len, struct span prefix)
{
	char *raw;

	if (raw_len > RAW_MAX || ZSTD_getFrameContentSize(stored, stored_len) != raw_len)
		return NULL;
	raw = reserve(dir, raw_len + 1);
	if (ZSTD_isError(ZSTD_DCtx_refPrefix(dir->dctx, prefix.s, prefix.n)) ||
	    ZSTD_decompressDCtx(dir->dctx, raw, raw_len, stored, stored_len) != raw_len)
		return NULL;
	raw[raw_len] = '\0';
	return raw;
}

/* --- opening ----------------------------------------------------------------- */

int atlas_dir_open(struct atlas_dir **out, const char *cache, struct error *err)
{
	struct atlas_dir *dir = mem_zalloc(sizeof(*dir));
	int rc;

	dir->path = path_join(cache, "atlas");
	dir->dctx = ZSTD_createDCtx();
	if (!dir->dctx)
		rc = err_set(err, ERR_OS, "zstd: out of memory");
	else
		rc = fs_mkdirs(dir->path, err);
	if (rc < 0) {
		atlas_dir_close(dir);
		return rc;
	}
	*out = dir;
	return 0;
}

static void atlas_free(struct atlas *a)
{
	mem_free(a->entries);
	mem_free(a->file);
	mem_free(a->identity);
	mem_free(a->toolchain);
	mem_free(a->target);
	mem_free(a->program);
	mem_free(a->parent_file);
	if (a->map)
		munmap(a->map, a->len);
	mem_free(a);
}

void atlas_dir_close(struct atlas_dir *dir)
{
	if (!dir)
		return;
	for (size_t i = 0; i < dir->atlases.n; i++)
		atlas_free(dir->atlases.v[i]);
	vec_free(&dir->atlases);
	for (size_t i = 0; i < dir->chunks.n; i++)
		mem_free(dir->chunks.v[i]);
	vec_free(&dir->chunks);
	ZSTD_freeDCtx(dir->dctx);
	mem_free(dir->path);
	mem_free(dir);
}

/* "linux-amd64-0123456789abcdef0123456789abcdef.atlas". */
static char *file_name(const struct atlas_key *key)
{
	struct digest *d = digest_new("atlas");
	char hex[DIGEST_HEX], *name;

	digest_add(d, key->identity);
	digest_add(d, key->target);
	digest_end(d, hex);
	name = mem_printf("%.40s-%.32s%s", key->target, hex, suffix);
	for (char *p = name; *p; p++)
		if (*p == '/' || (unsigned char)*p <= ' ' || (p == name && *p == '.'))
			*p = '-';
	return name;
}

/* "PATH: what", on an atlas that is damaged. */
static int damaged(struct atlas *a, struct error *err, const char *what)
{
	a->damaged = true;
	return err_set(err, ERR_WORK, "%s/%s: %s", a->dir->path, a->file, what);
}

static int map_file(struct atlas *a, struct error *err)
{
	char *path = path_join(a->dir->path, a->file);
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc = 0;
	struct stat st;
	void *map;

	if (fd < 0 && errno == ENOENT)
		rc = err_set(err, ERR_GONE, "%s: there is none", path);
	else if (fd < 0 || fstat(fd, &st) < 0)
		rc = err_os(err, errno, "%s", path);
	else if (st.st_size < HEADER_MIN + ID_LEN || st.st_size > FILE_MAX)
		rc = damaged(a, err, "not the length of an atlas");
	if (rc == 0) {
		a->len = (size_t)st.st_size;
		map = mmap(NULL, a->len, PROT_READ, MAP_PRIVATE, fd, 0);
		if (map == MAP_FAILED)
			rc = err_os(err, errno, "%s", path);
		else
			a->map = map;
	}
	if (fd >= 0)
		close(fd);
	mem_free(path);
	return rc;
}

static int read_header(struct atlas *a, struct error *err)
{
	struct reader r = { .p = a->map, .end = a->map + a->len };
	const char *id, *parent_id;
	char digest[ID_LEN];
	uint32_t format;

	if (memcmp(take(&r, 8), magic, 8) != 0)
		return damaged(a, err, "not an atlas");
	format = get(&r, 4);
	if (format != FORMAT)
		return err_set(err, ERR_GONE, "%s/%s: format %u, where %d is understood",
			       a->dir->path, a->file, format, FORMAT);
	a->header_len = get(&r, 4);
	a->index_stored = get(&r, 4);
	a->index_len = get(&r, 4);
	if (a->header_len < HEADER_MIN || a->header_len > a->len - ID_LEN ||
	    a->index_stored > a->len - ID_LEN - a->header_len || a->index_len > INDEX_MAX)
		return damaged(a, err, "its header does not match its length");
	sum(digest, ID_LEN, a->map, a->header_len + a->index_stored);
	if (memcmp(digest, a->map + a->header_len + a->index_stored, ID_LEN) != 0)
		return damaged(a, err, "its header does not match its checksum");
	r.end = a->map + a->header_len;
	a->complete = get(&r, 1);
	a->depth = get(&r, 1);
	id = take(&r, ID_LEN);
	parent_id = take(&r, ID_LEN);
	a->identity = get_text(&r);
	a->toolchain = get_text(&r);
	a->target = get_text(&r);
	a->program = get_text(&r);
	a->parent_file = get_text(&r);
	if (r.bad || a->depth > DEPTH_MAX || (a->depth == 0) != (*a->parent_file == '\0') ||
	    strchr(a->parent_file, '/'))
		return damaged(a, err, "its header makes no sense");
	memcpy(a->id, id, ID_LEN);
	memcpy(a->parent_id, parent_id, ID_LEN);
	return 0;
}

/* Paths, one a line; flags; of those that are stored: stored length, raw length, checksum. */
static bool read_index(struct atlas *a)
{
	struct reader r = { .p = a->index, .end = a->index + a->index_len };
	struct reader body = { .p = a->map + a->header_len + a->index_stored + ID_LEN,
			       .end = a->map + a->len };
	size_t n = get(&r, 4);
	const char *flags;

	if (r.bad || n > a->index_len / 2) /* a newline and a flag for each */
		return false;
	a->entries = mem_zalloc(n * sizeof(*a->entries));
	a->n = n;
	for (size_t i = 0; i < n; i++) {
		const char *end = memchr(r.p, '\n', (size_t)(r.end - r.p));

		if (!end)
			return false;
		a->entries[i].package = (struct span){ r.p, (size_t)(end - r.p) };
		r.p = end + 1;
	}
	flags = take(&r, n);
	for (size_t i = 0; flags && i < n; i++) {
		struct entry *e = &a->entries[i];

		e->same = flags[i] != 0;
		if (e->same)
			continue;
		e->stored_len = get(&r, 4);
		e->raw_len = get(&r, 4);
		e->sum = take(&r, SUM_LEN);
		e->stored = take(&body, e->stored_len);
	}
	return !r.bad && r.p == r.end && !body.bad && body.p == body.end;
}

static int open_file(struct atlas **out, struct atlas_dir *dir, const char *file, unsigned below,
		     struct error *err);

/* Comes before the index, of which the parent's is the prefix. */
static int open_parent(struct atlas *a, struct error *err)
{
	struct atlas *p = NULL;

	if (a->depth == 0)
		return 0;
	for (int i = 0; i < 2; i++) {
		if (open_file(&p, a->dir, a->parent_file, a->depth, err) < 0)
			return err_wrap(err, "%s/%s: its parent", a->dir->path, a->file);
		if (memcmp(p->id, a->parent_id, ID_LEN) == 0 && p->complete &&
		    strcmp(p->program, a->program) == 0) {
			a->parent = p;
			return 0;
		}
		p->retired = true; /* perhaps opened long ago: another look */
	}
	return err_set(err, ERR_GONE, "%s/%s: its parent %s has been replaced", a->dir->path, a->file,
		       a->parent_file);
}

static int open_index(struct atlas *a, struct error *err)
{
	struct span prefix = { 0 };

	if (a->parent)
		prefix = (struct span){ a->parent->index, a->parent->index_len };
	a->index = unpack(a->dir, a->map + a->header_len, a->index_stored, a->index_len, prefix);
	if (!a->index || !read_index(a))
		return damaged(a, err, "its index makes no sense");
	return 0;
}

/* An atlas of which only the header has been read; not in the dir's list. */
static int peek(struct atlas **out, struct atlas_dir *dir, const char *file, struct error *err)
{
	struct atlas *a = mem_zalloc(sizeof(*a));

	a->dir = dir;
	a->file = mem_strdup(file);
	if (map_file(a, err) < 0 || read_header(a, err) < 0) {
		atlas_free(a);
		return err->code;
	}
	*out = a;
	return 0;
}

static struct atlas *opened(const struct atlas_dir *dir, const char *file)
{
	for (size_t i = 0; i < dir->atlases.n; i++) {
		struct atlas *a = dir->atlases.v[i];

		if (!a->retired && strcmp(a->file, file) == 0)
			return a;
	}
	return NULL;
}

/*
 * An atlas whose depth is less than `below`: depths fall from child to parent, so
 * that every chain of parents ends.
 */
static int open_file(struct atlas **out, struct atlas_dir *dir, const char *file, unsigned below,
		     struct error *err)
{
	struct atlas *a = opened(dir, file);
	bool known = a != NULL;
	int rc = known ? 0 : peek(&a, dir, file, err);

	if (rc < 0)
		return rc;
	if (a->depth >= below)
		rc = err_set(err, ERR_GONE, "%s/%s: has been replaced", dir->path, file);
	else if (!known && (rc = open_parent(a, err)) == 0)
		rc = open_index(a, err);
	if (rc == 0)
		*out = a;
	if (rc == 0 && !known)
		vec_push(&dir->atlases, a);
	if (rc < 0 && !known)
		atlas_free(a);
	return rc;
}

static int open_key(struct atlas **out, struct atlas_dir *dir, const struct atlas_key *key,
		    struct error *err)
{
	char *file = file_name(key);
	struct atlas *a;
	int rc = open_file(&a, dir, file, DEPTH_MAX + 1, err);

	if (rc == 0 && (strcmp(a->identity, key->identity) != 0 ||
			strcmp(a->target, key->target) != 0 || strcmp(a->program, key->program) != 0))
		rc = err_set(err, ERR_GONE, "%s/%s: written by another program", dir->path, file);
	if (rc == 0)
		*out = a;
	mem_free(file);
	return rc;
}

int atlas_open(struct atlas **out, struct atlas_dir *dir, const struct atlas_key *key,
	       struct error *err)
{
	if (open_key(out, dir, key, err) < 0)
		return err_wrap(err, "atlas of %s %s", key->toolchain, key->target);
	return 0;
}

bool atlas_is_complete(const struct atlas *a)
{
	return a->complete;
}

static void remove_file(const struct atlas_dir *dir, const char *file)
{
	char *path = path_join(dir->path, file);

	unlink(path);
	mem_free(path);
}

/* The files of a chain that were found to be damaged. */
static void remove_damaged(struct atlas *a)
{
	for (; a; a = a->parent) {
		if (!a->damaged || a->retired)
			continue;
		a->retired = true;
		remove_file(a->dir, a->file);
	}
}

/* Of a chain the files whose header or index is damaged, also those that were never opened. */
static void remove_unreadable(struct atlas_dir *dir, const char *file, unsigned depth)
{
	struct error err = { 0 };
	struct atlas *a;

	if (peek(&a, dir, file, &err) == 0) {
		if (a->depth > 0 && depth > 0)
			remove_unreadable(dir, a->parent_file, depth - 1);
		atlas_free(a);
	} else if (err.code == ERR_WORK) {
		remove_file(dir, file);
	}
}

void atlas_discard(struct atlas_dir *dir, const struct atlas_key *key)
{
	char *file = file_name(key);
	struct atlas *a = opened(dir, file);

	remove_unreadable(dir, file, DEPTH_MAX);
	if (a) {
		remove_damaged(a->parent);
		a->retired = true;
	}
	remove_file(dir, file);
	mem_free(file);
}

void atlas_packages(const struct atlas *a, struct strv *out)
{
	for (size_t i = 0; i < a->n; i++)
		strv_addn(out, a->entries[i].package.s, a->entries[i].package.n);
}

/* --- reading ----------------------------------------------------------------- */

static int span_cmp(struct span a, struct span b)
{
	int order = memcmp(a.s, b.s, a.n < b.n ? a.n : b.n);

	return order ? order : (a.n > b.n) - (a.n < b.n);
}

static struct entry *find_entry(const struct atlas *a, struct span package)
{
	size_t lo = 0, hi = a->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int order = span_cmp(a->entries[mid].package, package);

		if (order == 0)
			return &a->entries[mid];
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static int bad_section(struct atlas *a, const struct entry *e, struct error *err)
{
	a->damaged = true;
	return err_set(err, ERR_WORK, "%s/%s: the section %.*s does not match its checksum",
		       a->dir->path, a->file, (int)e->package.n, e->package.s);
}

static const char *unpack_entry(struct atlas *a, const struct entry *e, struct span prefix)
{
	char check[SUM_LEN];

	sum(check, SUM_LEN, e->stored, e->stored_len);
	if (memcmp(check, e->sum, SUM_LEN) != 0)
		return NULL;
	return unpack(a->dir, e->stored, e->stored_len, e->raw_len, prefix);
}

static int entry_text(struct atlas *a, struct entry *e, struct error *err)
{
	struct entry *parent = a->parent ? find_entry(a->parent, e->package) : NULL;
	struct span prefix = { 0 };

	if (e->text.s)
		return 0;
	if (parent) {
		if (entry_text(a->parent, parent, err) < 0)
			return err->code;
		prefix = parent->text;
	}
	if (e->same)
		e->text = prefix;
	else
		e->text = (struct span){ unpack_entry(a, e, prefix), e->raw_len };
	return e->text.s ? 0 : bad_section(a, e, err);
}

int atlas_section(struct atlas_section *out, struct atlas *a, const char *package,
		  struct error *err)
{
	struct entry *e = find_entry(a, (struct span){ package, strlen(package) });

	if (!e)
		return err_set(err, ERR_GONE, "%s/%s: no package \"%s\"", a->dir->path, a->file,
			       package);
	if (entry_text(a, e, err) < 0)
		return err->code;
	*out = (struct atlas_section){ e->text.s, e->text.n };
	return 0;
}

/* --- writing ----------------------------------------------------------------- */

struct part {
	struct span package, text;
};
struct parts { struct part *v; size_t n, cap; };

struct writer {
	ZSTD_CCtx *cctx;
	struct str scratch;
	struct str flags, lengths;   /* of the index; checksums too */
	struct str body;
};

/* The window that all of the prefix is in from everywhere; 0: zstd's own choice has it. */
static int window_log(size_t n)
{
	int log = 0;

	while (log < WINDOW_LOG_MAX && n >> log)
		log++;
	return log > WINDOW_LOG_OWN ? log : 0;
}

static int pack(struct writer *w, struct str *out, struct span raw, struct span prefix,
		struct error *err)
{
	size_t bound = ZSTD_compressBound(raw.n), n;

	if (w->scratch.cap < bound) {
		str_free(&w->scratch);
		w->scratch.s = mem_alloc(bound);
		w->scratch.cap = bound;
	}
	n = ZSTD_CCtx_setParameter(w->cctx, ZSTD_c_windowLog, window_log(raw.n + prefix.n));
	if (!ZSTD_isError(n))
		n = ZSTD_CCtx_refPrefix(w->cctx, prefix.s, prefix.n);
	if (!ZSTD_isError(n))
		n = ZSTD_compress2(w->cctx, w->scratch.s, bound, raw.s, raw.n);
	if (ZSTD_isError(n))
		return err_set(err, ERR_OS, "zstd: %s", ZSTD_getErrorName(n));
	str_addn(out, w->scratch.s, n);
	return 0;
}

static int write_section(struct writer *w, const struct part *part, struct atlas *parent,
			 struct error *err)
{
	struct entry *e = parent ? find_entry(parent, part->package) : NULL;
	struct span prefix = { 0 };
	size_t start = w->body.len;
	char check[SUM_LEN];

	if (e) {
		if (entry_text(parent, e, err) < 0)
			return err->code;
		prefix = e->text;
		if (span_cmp(prefix, part->text) == 0) {
			str_addc(&w->flags, 1);
			return 0;
		}
	}
	if (pack(w, &w->body, part->text, prefix, err) < 0)
		return err->code;
	str_addc(&w->flags, 0);
	put(&w->lengths, (uint32_t)(w->body.len - start), 4);
	put(&w->lengths, (uint32_t)part->text.n, 4);
	sum(check, SUM_LEN, w->body.s + start, w->body.len - start);
	str_addn(&w->lengths, check, SUM_LEN);
	return 0;
}

static void id_of(char out[ID_LEN], const struct parts *parts)
{
	struct digest *d = digest_new("atlas text");
	char hex[DIGEST_HEX];

	for (size_t i = 0; i < parts->n; i++)
		digest_addn(d, parts->v[i].text.s, parts->v[i].text.n);
	digest_end(d, hex);
	sum(out, ID_LEN, hex, DIGEST_HEX);
}

static int encode(struct str *out, const struct atlas_key *key, const struct parts *parts,
		  struct atlas *parent, bool complete, struct error *err)
{
	struct writer w = { .cctx = ZSTD_createCCtx(), .scratch = STR_INIT,
			    .flags = STR_INIT, .lengths = STR_INIT, .body = STR_INIT };
	struct str index = STR_INIT, packed = STR_INIT;
	struct span prefix = { 0 };
	char id[ID_LEN], none[ID_LEN] = { 0 };
	int rc = w.cctx ? 0 : err_set(err, ERR_OS, "zstd: out of memory");

	if (rc == 0) {
		ZSTD_CCtx_setParameter(w.cctx, ZSTD_c_compressionLevel, LEVEL);
		ZSTD_CCtx_setParameter(w.cctx, ZSTD_c_checksumFlag, 1);
	}
	put(&index, (uint32_t)parts->n, 4);
	for (size_t i = 0; i < parts->n && rc == 0; i++) {
		str_addn(&index, parts->v[i].package.s, parts->v[i].package.n);
		str_addc(&index, '\n');
		rc = write_section(&w, &parts->v[i], parent, err);
	}
	str_addn(&index, w.flags.s, w.flags.len);
	str_addn(&index, w.lengths.s, w.lengths.len);
	if (parent)
		prefix = (struct span){ parent->index, parent->index_len };
	if (rc == 0)
		rc = pack(&w, &packed, (struct span){ index.s, index.len }, prefix, err);
	id_of(id, parts);
	str_add(out, magic);
	put(out, FORMAT, 4);
	put(out, (uint32_t)(HEADER_MIN + strlen(key->identity) + strlen(key->toolchain) +
			    strlen(key->target) + strlen(key->program) +
			    (parent ? strlen(parent->file) : 0)), 4);
	put(out, (uint32_t)packed.len, 4);
	put(out, (uint32_t)index.len, 4);
	put(out, complete, 1);
	put(out, parent ? parent->depth + 1 : 0, 1);
	str_addn(out, id, ID_LEN);
	str_addn(out, parent ? parent->id : none, ID_LEN);
	put_text(out, key->identity);
	put_text(out, key->toolchain);
	put_text(out, key->target);
	put_text(out, key->program);
	put_text(out, parent ? parent->file : "");
	str_addn(out, packed.s, packed.len);
	sum(id, ID_LEN, out->s, out->len);
	str_addn(out, id, ID_LEN);
	str_addn(out, w.body.s, w.body.len);
	ZSTD_freeCCtx(w.cctx);
	str_free(&w.scratch);
	str_free(&w.flags);
	str_free(&w.lengths);
	str_free(&w.body);
	str_free(&index);
	str_free(&packed);
	return rc;
}

/* --- whose child -------------------------------------------------------------- */

static bool is_narrow(const char *target)
{
	static const char *const arch[] = { "/386", "/arm", "/mips", "/mipsle" };

	for (size_t i = 0; i < sizeof(arch) / sizeof(*arch); i++)
		if (str_ends(target, arch[i]))
			return true;
	return false;
}

/* The 27 of "go1.27.4"; what has no number is newer than all that have. */
static int minor(const char *toolchain)
{
	return str_starts(toolchain, "go1.") ? atoi(toolchain + 4) : 60;
}

/* How far `a` is from what is to be written; -1: it cannot be a parent. */
static int distance(const struct atlas *a, const struct atlas_key *key)
{
	bool same_target = strcmp(a->target, key->target) == 0;
	bool same_toolchain = strcmp(a->toolchain, key->toolchain) == 0;
	bool same_width = is_narrow(a->target) == is_narrow(key->target);
	int versions = abs(minor(a->toolchain) - minor(key->toolchain));

	if (!a->complete || strcmp(a->program, key->program) != 0)
		return -1;
	if (same_toolchain && same_width)
		return (same_target ? 0 : 10) + (int)a->depth;
	/* Children of what is written now want to be children of it. */
	if (a->depth >= DEPTH_MAX - 1)
		return -1;
	if (versions > 99)
		versions = 99;
	return (same_width ? 1000 : 10000) + 20 * versions + (same_target ? 0 : 10) + (int)a->depth;
}

static bool stands_on(const struct atlas *a, const char *file)
{
	for (; a; a = a->parent)
		if (strcmp(a->file, file) == 0)
			return true;
	return false;
}

/* The nearest atlas in the folder that can be a parent; NULL: none. Sweeps what killed writers left. */
static struct atlas *choose_parent(struct atlas_dir *dir, const struct atlas_key *key)
{
	char *file = file_name(key);
	struct atlas *best = NULL, *a;
	DIR *d = opendir(dir->path);
	struct error ignored;
	struct dirent *e;
	int best_far = INT_MAX;

	while (d && (e = readdir(d)) != NULL) {
		int far;

		if (strstr(e->d_name, ".atlas.tmp-"))
			remove_file(dir, e->d_name); /* nobody else writes here now */
		if (!str_ends(e->d_name, suffix) || peek(&a, dir, e->d_name, &ignored) < 0)
			continue;
		far = distance(a, key);
		atlas_free(a);
		if (far < 0 || far > best_far || (far == best_far && strcmp(e->d_name, best->file) > 0))
			continue;
		if (open_file(&a, dir, e->d_name, DEPTH_MAX, &ignored) < 0 || stands_on(a, file))
			continue;
		best = a;
		best_far = far;
	}
	if (d)
		closedir(d);
	mem_free(file);
	return best;
}

/* --- atlas_write ------------------------------------------------------------- */

static int by_package(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	return span_cmp(x->package, y->package);
}

/* The text's sections, sorted; borrowed from it. */
static int read_parts(struct parts *out, const char *text, size_t len, struct error *err)
{
	struct atlas_section s;
	const char *package;
	size_t at = 0, n;

	if (atlas_check_header(text, len, err) < 0)
		return err->code;
	if (text[len - 1] != '\n')
		return err_set(err, ERR_WORK, "the atlas has no end");
	while (atlas_next_section(text, len, &at, &s, &package, &n)) {
		struct part p = { .package = { package, n }, .text = { s.text, s.len } };

		if (s.len > RAW_MAX)
			return err_set(err, ERR_WORK, "the section %.*s is too long", (int)n, package);
		vec_push(out, p);
	}
	if (out->n == 0)
		return err_set(err, ERR_WORK, "the atlas is empty");
	qsort(out->v, out->n, sizeof(*out->v), by_package);
	for (size_t i = 1; i < out->n; i++)
		if (by_package(&out->v[i - 1], &out->v[i]) == 0)
			return err_set(err, ERR_WORK, "the atlas has %.*s twice",
				       (int)out->v[i].package.n, out->v[i].package.s);
	return 0;
}

static int all_parts(struct parts *out, struct atlas *a, struct error *err)
{
	for (size_t i = 0; i < a->n; i++) {
		struct entry *e = &a->entries[i];

		if (entry_text(a, e, err) < 0)
			return err->code;
		vec_push(out, ((struct part){ .package = e->package, .text = e->text }));
	}
	return 0;
}

/* Adds what is in `old` only. */
static void merge(struct parts *parts, const struct parts *old)
{
	size_t n = parts->n;

	for (size_t i = 0; i < old->n; i++)
		if (!bsearch(&old->v[i], parts->v, n, sizeof(*parts->v), by_package))
			vec_push(parts, old->v[i]);
	qsort(parts->v, parts->n, sizeof(*parts->v), by_package);
}

/*
 * Looks at what is there, adds to `parts` what is to be kept of it. Returns true when it
 * is all that is wanted.
 */
static bool look_at_old(struct parts *parts, struct atlas_dir *dir, const struct atlas_key *key,
			bool complete)
{
	struct parts old = { 0 };
	struct error ignored;
	struct atlas *a;
	char id[ID_LEN];
	bool enough = false;

	if (open_key(&a, dir, key, &ignored) == 0 && all_parts(&old, a, &ignored) == 0) {
		id_of(id, parts);
		if (a->complete)
			enough = !complete || memcmp(id, a->id, ID_LEN) == 0;
		else if (!complete)
			merge(parts, &old);
	}
	vec_free(&old);
	return enough;
}

/* Under the lock, with a dir of its own: what others wrote meanwhile is seen, and what was
 * unpacked is given back afterwards. */
static int write_locked(struct atlas_dir *dir, const struct atlas_key *key, struct parts *parts,
			bool complete, struct error *err)
{
	struct str out = STR_INIT;
	struct atlas *parent;
	char *file, *path;
	int rc;

	if (look_at_old(parts, dir, key, complete))
		return 0;
	parent = choose_parent(dir, key);
	rc = encode(&out, key, parts, parent, complete, err);
	if (rc == ERR_WORK && parent) {
		remove_damaged(parent);
		str_clear(&out);
		rc = encode(&out, key, parts, NULL, complete, err);
	}
	if (rc == 0) {
		file = file_name(key);
		path = path_join(dir->path, file);
		rc = fs_replace(path, out.s, out.len, 0644, err);
		mem_free(path);
		mem_free(file);
	}
	str_free(&out);
	return rc;
}

static void forget(struct atlas_dir *dir, const struct atlas_key *key)
{
	char *file = file_name(key);
	struct atlas *a = opened(dir, file);

	if (a)
		a->retired = true;
	mem_free(file);
}

int atlas_write(struct atlas_dir *dir, const struct atlas_key *key, const char *text, size_t len,
		bool complete, struct error *err)
{
	struct parts parts = { 0 };
	struct atlas_dir *own = NULL;
	char *path = path_join(dir->path, "lock"), *cache = path_dir(dir->path);
	int lock = -1, rc = read_parts(&parts, text, len, err);

	if (rc == 0 && (lock = fs_lock(path, true, err)) < 0)
		rc = err->code;
	if (rc == 0)
		rc = atlas_dir_open(&own, cache, err);
	if (rc == 0)
		rc = write_locked(own, key, &parts, complete, err);
	if (rc == 0)
		forget(dir, key);
	else
		err_wrap(err, "atlas of %s %s", key->toolchain, key->target);
	fs_unlock(lock);
	atlas_dir_close(own);
	vec_free(&parts);
	mem_free(path);
	mem_free(cache);
	return rc;
}
