/*
 * The file, all numbers little-endian:
 *
 *   header   "lnmatlas", format:u32, length:u32; stored and raw length of the index;
 *            complete, depth; digest of the text, the parent's; what it is about;
 *            the parent's file name
 *   index    a zstd frame: for each package its path, flags and lengths
 *   digest   of header and index
 *   sections in the index's order, without gaps to the end of the file
 *
 * A section is nothing (the parent's is the same), or one block, or a frame with
 * a table of blocks and those of them that are not the parent's:
 *
 *   child's section   [P ...][D a.go ][D b.go ][D c.go ][L ...]
 *                       |      |       |         |        |
 *                     table   same   frame    frame      same     a frame's prefix: that block
 *                              |       :      (new)       |       of the parent
 *   parent's section  [P ...][D a.go ][D b.go ]         [L ...]
 *
 * Blocks begin where the text says so (a new file; in L, B, U at names with a certain
 * hash), not at round lengths, so that they begin at the same places in every
 * version.  Each frame has zstd's checksum of what it unpacks to, which finds bent
 * bytes here as well as a prefix that is not the one it was written with.
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
	HEADER_MIN = 8 + 4 * 4 + 2 + 2 * ID_LEN + 5 * 2,
	DEPTH_MAX = 3,                /* parents above a file */
	RAW_MAX = 64 << 20,           /* of a section */
	FILE_MAX = 256 << 20,
	BLOCKS_MAX = 0x7fff,          /* fits a reference */
#ifndef X_SPLIT
#define X_SPLIT 32
#define X_ALONE 6
#define X_CHILD 9
#endif
	SPLIT_MIN = X_SPLIT << 10,    /* shorter sections are one block */
	TAIL_RUN = 32,                /* names of L, B, U in a block, on average */
	LEVEL_ALONE = X_ALONE, LEVEL_CHILD = X_CHILD,
};

enum flag { SAME = 1, SPLIT = 2 };   /* of a section */
enum ref { REF_SAME = 0x8000 };      /* of a block: ordinal in the parent's section + 1 */

static const char magic[] = "lnmatlas";
static const char suffix[] = ".atlas";

struct span {
	const char *s;
	size_t n;
};

/* A stretch of a section, as one file stores it; others only point at it. */
struct block {
	struct atlas *owner;
	const struct entry *entry;   /* the section that it is stored in, for messages */
	struct block *prefix;        /* NULL: none */
	const char *stored;          /* borrowed from the map */
	size_t stored_len, raw_len;
	const char *names;           /* hashes, two bytes each, borrowed from the table */
	size_t nnames;
	char *text;                  /* owned; NULL: not asked for yet */
};

/* A section as it was stored somewhere; atlases that have the same share it. */
struct section {
	char *table;                 /* owned; NULL: one block, of which no names are known */
	size_t table_len;
	struct span head;            /* what comes before the first block; in the table */
	struct block **blocks;       /* own ones and those of parents */
	struct block *own;
	size_t n, nown;
	char *text;                  /* all of it, owned; NULL: not asked for yet, or one block's */
	size_t len;
};

struct entry {
	struct span package;         /* borrowed from the index */
	unsigned flags, ref;
	const char *stored;          /* borrowed from the map */
	size_t stored_len, raw_len;  /* raw: of the table when it is split */
	struct section *section;     /* NULL: not asked for yet; a parent's when SAME */
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
	char *index;                 /* owned */
	size_t index_len;
	struct entry *entries;
	size_t n;
};

struct atlas_dir {
	char *path;
	ZSTD_DCtx *dctx;
	VEC(struct atlas *) atlases;
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

	put(out, (uint32_t)n, 2);
	str_addn(out, s, n);
}

static void digest_id(char out[ID_LEN], const void *p, size_t n)
{
	char hex[DIGEST_HEX];

	digest_bytes(hex, p, n);
	for (size_t i = 0; i < ID_LEN; i++) {
		unsigned hi = (unsigned)hex[2 * i], lo = (unsigned)hex[2 * i + 1];

		hi = hi <= '9' ? hi - '0' : hi - 'a' + 10;
		lo = lo <= '9' ? lo - '0' : lo - 'a' + 10;
		out[i] = (char)(hi << 4 | lo);
	}
}

static unsigned hash_name(const char *s, size_t n)
{
	uint32_t h = 2166136261u;

	while (n--)
		h = (h ^ (unsigned char)*s++) * 16777619u;
	return (h ^ h >> 16) & 0xffff;
}

/*
 * Unpacks a frame that claims to be raw_len long; NULL: it is not what was written.
 */
static char *unpack(ZSTD_DCtx *dctx, const char *stored, size_t stored_len, size_t raw_len,
		    struct span prefix)
{
	char *raw;

	if (raw_len > RAW_MAX || ZSTD_getFrameContentSize(stored, stored_len) != raw_len)
		return NULL;
	raw = mem_alloc(raw_len + 1);
	/* Contents of a prefix are never mistaken for a dictionary: they are text, or our table. */
	if (ZSTD_isError(ZSTD_DCtx_refPrefix(dctx, prefix.s, prefix.n)) ||
	    ZSTD_decompressDCtx(dctx, raw, raw_len, stored, stored_len) != raw_len) {
		mem_free(raw);
		return NULL;
	}
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

static void section_free(struct section *s)
{
	for (size_t i = 0; i < s->nown; i++)
		mem_free(s->own[i].text);
	mem_free(s->own);
	mem_free(s->blocks);
	mem_free(s->table);
	mem_free(s->text);
	mem_free(s);
}

static void atlas_free(struct atlas *a)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->entries[i].section && !(a->entries[i].flags & SAME))
			section_free(a->entries[i].section);
	mem_free(a->entries);
	mem_free(a->index);
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
	ZSTD_freeDCtx(dir->dctx);
	mem_free(dir->path);
	mem_free(dir);
}

/* "go1.27.4-linux-amd64-0123456789abcdef.atlas"; the last part alone tells them apart. */
static char *file_name(const struct atlas_key *key)
{
	struct digest *d = digest_new("atlas");
	char hex[DIGEST_HEX], *name;

	digest_add(d, key->identity);
	digest_add(d, key->target);
	digest_end(d, hex);
	name = mem_printf("%.60s-%.30s-%.32s%s", key->toolchain, key->target, hex, suffix);
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
	    a->index_stored > a->len - ID_LEN - a->header_len || a->index_len > RAW_MAX)
		return damaged(a, err, "its header does not match its length");
	digest_id(digest, a->map, a->header_len + a->index_stored);
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

/* Paths, one a line; flags; of those that are stored: reference, stored length, raw length. */
static bool read_index(struct atlas *a)
{
	struct reader r = { .p = a->index, .end = a->index + a->index_len };
	const char *stored = a->map + a->header_len + a->index_stored + ID_LEN;
	const char *file_end = a->map + a->len, *flags;
	size_t n = get(&r, 4);

	if (r.bad || n > a->index_len) /* a newline and a flag for each */
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

		e->flags = (unsigned char)flags[i];
		e->stored = stored;
		if (e->flags & SAME)
			continue;
		e->ref = get(&r, 2);
		e->stored_len = get(&r, 4);
		e->raw_len = get(&r, 4);
		if ((size_t)(file_end - stored) < e->stored_len)
			return false;
		stored += e->stored_len;
	}
	return !r.bad && r.p == r.end && stored == file_end;
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
	a->index = unpack(a->dir->dctx, a->map + a->header_len, a->index_stored, a->index_len, prefix);
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

static int too_deep(const struct atlas *a, struct error *err)
{
	return err_set(err, ERR_GONE, "%s/%s: has been replaced", a->dir->path, a->file);
}

/*
 * An atlas whose depth is less than `below`: depths fall from child to parent, so
 * that every chain of parents ends.
 */
static int open_file(struct atlas **out, struct atlas_dir *dir, const char *file, unsigned below,
		     struct error *err)
{
	struct atlas *a = opened(dir, file);

	if (a && a->depth >= below)
		return too_deep(a, err);
	if (!a) {
		if (peek(&a, dir, file, err) < 0)
			return err->code;
		if ((a->depth >= below && too_deep(a, err)) || open_parent(a, err) < 0 ||
		    open_index(a, err) < 0) {
			atlas_free(a);
			return err->code;
		}
		vec_push(&dir->atlases, a);
	}
	*out = a;
	return 0;
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

void atlas_discard(struct atlas_dir *dir, const struct atlas_key *key)
{
	char *file = file_name(key);
	struct atlas *a = opened(dir, file);

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

/* The block of the parent that a reference means; NULL in *out: none. false: nonsense. */
static bool resolve(struct block **out, const struct section *parent, unsigned ref)
{
	*out = NULL;
	if (ref == 0)
		return true;
	if (!parent || ref > parent->n)
		return false;
	*out = parent->blocks[ref - 1];
	return true;
}

static struct block *new_block(struct section *s, struct atlas *a, const struct entry *e)
{
	struct block *b = &s->own[s->nown++];

	*b = (struct block){ .owner = a, .entry = e };
	return b;
}

static bool read_single(struct section *s, struct atlas *a, const struct entry *e,
			const struct section *parent)
{
	struct block *b;

	s->own = mem_alloc(sizeof(*s->own));
	s->blocks = mem_alloc(sizeof(*s->blocks));
	b = new_block(s, a, e);
	b->stored = e->stored;
	b->stored_len = e->stored_len;
	b->raw_len = s->len = e->raw_len;
	s->blocks[s->n++] = b;
	return resolve(&b->prefix, parent, e->ref);
}

/*
 * A table: number of blocks; length of the head, the head; a reference for each
 * block; of those that are stored here: stored length, raw length, number of names;
 * and their names.
 */
static bool read_table(struct section *s, struct atlas *a, const struct entry *e,
		       const struct section *parent, struct reader *stored)
{
	struct reader r = { .p = s->table, .end = s->table + s->table_len }, refs;
	size_t n = get(&r, 4);

	s->head.n = get(&r, 4);
	s->head.s = take(&r, s->head.n);
	refs = r;
	if (n == 0 || n > BLOCKS_MAX || !take(&r, 2 * n))
		return false;
	s->blocks = mem_alloc(n * sizeof(*s->blocks));
	s->own = mem_alloc(n * sizeof(*s->own));
	s->len = s->head.n;
	while (s->n < n) {
		unsigned ref = get(&refs, 2);
		struct block *b;

		if (!resolve(&b, parent, ref & ~REF_SAME) || (ref & REF_SAME && !b))
			return false;
		if (!(ref & REF_SAME)) {
			struct block *prefix = b;

			b = new_block(s, a, e);
			b->prefix = prefix;
			b->stored_len = get(&r, 4);
			b->raw_len = get(&r, 4);
			b->nnames = get(&r, 4);
			b->stored = take(stored, b->stored_len);
			if (!b->stored || b->raw_len > RAW_MAX || b->nnames > s->table_len)
				return false;
		}
		s->blocks[s->n++] = b;
		s->len += b->raw_len;
		if (s->len > RAW_MAX)
			return false;
	}
	for (size_t i = 0; i < s->nown; i++)
		s->own[i].names = take(&r, 2 * s->own[i].nnames);
	return !r.bad && r.p == r.end && stored->p == stored->end;
}

static bool read_split(struct section *s, struct atlas *a, const struct entry *e,
		       const struct section *parent)
{
	struct reader r = { .p = e->stored, .end = e->stored + e->stored_len };
	size_t stored_len = get(&r, 4);
	const char *stored = take(&r, stored_len);
	struct span prefix = { 0 };

	if (!stored)
		return false;
	if (parent && parent->table)
		prefix = (struct span){ parent->table, parent->table_len };
	s->table = unpack(a->dir->dctx, stored, stored_len, e->raw_len, prefix);
	s->table_len = e->raw_len;
	return s->table && read_table(s, a, e, parent, &r);
}

/* Tables only, no text. */
static int load_section(struct section **out, struct atlas *a, struct entry *e, struct error *err)
{
	struct entry *pe = a->parent ? find_entry(a->parent, e->package) : NULL;
	struct section *parent = NULL, *s;
	bool ok;

	if (e->section) {
		*out = e->section;
		return 0;
	}
	if (pe && load_section(&parent, a->parent, pe, err) < 0)
		return err->code;
	if (e->flags & SAME) {
		if (!parent)
			return bad_section(a, e, err);
		*out = e->section = parent;
		return 0;
	}
	s = mem_zalloc(sizeof(*s));
	ok = e->flags & SPLIT ? read_split(s, a, e, parent) : read_single(s, a, e, parent);
	if (!ok) {
		section_free(s);
		return bad_section(a, e, err);
	}
	*out = e->section = s;
	return 0;
}

static int block_text(struct block *b, struct error *err)
{
	struct span prefix = { 0 };

	if (b->text)
		return 0;
	if (b->prefix) {
		if (block_text(b->prefix, err) < 0)
			return err->code;
		prefix = (struct span){ b->prefix->text, b->prefix->raw_len };
	}
	b->text = unpack(b->owner->dir->dctx, b->stored, b->stored_len, b->raw_len, prefix);
	return b->text ? 0 : bad_section(b->owner, b->entry, err);
}

static int section_text(struct atlas_section *out, struct section *s, struct error *err)
{
	size_t at = s->head.n;

	for (size_t i = 0; i < s->n; i++)
		if (block_text(s->blocks[i], err) < 0)
			return err->code;
	if (!s->table) {
		*out = (struct atlas_section){ s->blocks[0]->text, s->len };
		return 0;
	}
	if (!s->text) {
		s->text = mem_alloc(s->len + 1);
		memcpy(s->text, s->head.s, s->head.n);
		for (size_t i = 0; i < s->n; i++) {
			memcpy(s->text + at, s->blocks[i]->text, s->blocks[i]->raw_len);
			at += s->blocks[i]->raw_len;
		}
		s->text[at] = '\0';
	}
	*out = (struct atlas_section){ s->text, s->len };
	return 0;
}

static int section_of(struct section **out, struct atlas *a, const char *package, struct error *err)
{
	struct entry *e = find_entry(a, (struct span){ package, strlen(package) });

	if (!e)
		return err_set(err, ERR_GONE, "%s/%s: no package \"%s\"", a->dir->path, a->file,
			       package);
	return load_section(out, a, e, err);
}

int atlas_section(struct atlas_section *out, struct atlas *a, const char *package,
		  struct error *err)
{
	struct section *s;

	if (section_of(&s, a, package, err) < 0)
		return err->code;
	return section_text(out, s, err);
}

static bool may_have(const struct block *b, unsigned hash)
{
	const unsigned char *names = (const unsigned char *)b->names;

	for (size_t i = 0; i < b->nnames; i++)
		if (names[2 * i] == (hash & 0xff) && names[2 * i + 1] == hash >> 8)
			return true;
	return false;
}

int atlas_section_about(struct atlas_section *out, struct str *buf, struct atlas *a,
			const char *package, const char *name, struct error *err)
{
	unsigned hash = hash_name(name, strlen(name));
	struct section *s;

	if (section_of(&s, a, package, err) < 0)
		return err->code;
	if (!s->table)
		return section_text(out, s, err);
	str_clear(buf);
	str_addn(buf, s->head.s, s->head.n);
	for (size_t i = 0; i < s->n; i++) {
		struct block *b = s->blocks[i];

		if (!may_have(b, hash))
			continue;
		if (block_text(b, err) < 0)
			return err->code;
		str_addn(buf, b->text, b->raw_len);
	}
	*out = (struct atlas_section){ buf->s, buf->len };
	return 0;
}

/* --- writing ----------------------------------------------------------------- */

struct part {
	struct span package, text;
};
struct parts { struct part *v; size_t n, cap; };

/* A block to be: its text, and what tells it from others of its section. */
struct piece {
	struct span text, name;
};
struct pieces {
	struct span head;
	struct piece *v;
	size_t n, cap;
};

struct writer {
	struct atlas *parent;        /* NULL: none */
	const char *target;
	ZSTD_CCtx *cctx;
	struct str scratch;
	struct str flags, lengths;   /* of the index */
	struct str body;
};

static struct span next_line(struct span *rest)
{
	const char *end = memchr(rest->s, '\n', rest->n);
	size_t n = end ? (size_t)(end + 1 - rest->s) : rest->n;
	struct span line = { rest->s, n };

	rest->s += n;
	rest->n -= n;
	return line;
}

/* Column 0 is the record's letter. */
static struct span column(struct span line, unsigned k)
{
	const char *end = line.s + line.n, *stop;

	if (line.n && end[-1] == '\n')
		end--;
	for (; k > 0; k--) {
		const char *tab = memchr(line.s, '\t', (size_t)(end - line.s));

		line.s = tab ? tab + 1 : end;
	}
	stop = memchr(line.s, '\t', (size_t)(end - line.s));
	return (struct span){ line.s, (size_t)((stop ? stop : end) - line.s) };
}

static bool is_tail(struct span line)
{
	return line.n > 1 && line.s[1] == '\t' && memchr("LBU", line.s[0], 3) != NULL;
}

static bool is_file(struct span line)
{
	return line.n > 1 && line.s[0] == 'D' && line.s[1] == '\t';
}

/* The whole as one piece, named by its first file. */
static void one_piece(struct pieces *out, struct span text)
{
	struct piece p = { .text = text, .name = { text.s, 0 } };
	struct span rest = text;

	while (rest.n && p.name.n == 0) {
		struct span line = next_line(&rest);

		if (is_file(line))
			p.name = line;
	}
	vec_push(out, p);
}

/*
 * Where blocks begin depends on this alone; what it does is part of the format: a
 * parent's text is split again, to find the blocks of the same name.
 */
static void split(struct pieces *out, struct span text)
{
	struct span rest = text, last = { 0 };
	bool in_tail = false;

	*out = (struct pieces){ .head = { text.s, 0 } };
	if (text.n < SPLIT_MIN) {
		one_piece(out, text);
		return;
	}
	while (rest.n) {
		struct span line = next_line(&rest), name = line;
		bool begins = is_file(line);

		if (is_tail(line)) {
			struct span target = column(line, 1);

			name = target;
			begins = !in_tail || (span_cmp(target, last) != 0 &&
					      hash_name(target.s, target.n) % TAIL_RUN == 0);
			if (!in_tail)
				name.n = 0; /* the first one, whatever it begins with */
			in_tail = true;
			last = target;
		} else if (begins) {
			in_tail = false;
		}
		if (begins && out->n < BLOCKS_MAX) {
			struct piece p = { .text = { line.s, 0 }, .name = name };

			vec_push(out, p);
		}
		if (out->n)
			out->v[out->n - 1].text.n += line.n;
		else
			out->head.n += line.n;
	}
	if (out->n == 0) {
		out->head.n = 0;
		one_piece(out, text);
	}
}

static void add_names(struct str *out, struct span text)
{
	struct span last = { 0 };

	while (text.n) {
		struct span line = next_line(&text), name;

		if (is_tail(line))
			name = column(line, 1);
		else if (line.n > 1 && line.s[1] == '\t' && memchr("FMVCT", line.s[0], 5))
			name = column(line, 2);
		else
			continue;
		if (last.s && span_cmp(name, last) == 0)
			continue;
		put(out, hash_name(name.s, name.n), 2);
		last = name;
	}
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
	n = ZSTD_CCtx_refPrefix(w->cctx, prefix.s, prefix.n);
	if (!ZSTD_isError(n))
		n = ZSTD_compress2(w->cctx, w->scratch.s, bound, raw.s, raw.n);
	if (ZSTD_isError(n))
		return err_set(err, ERR_OS, "zstd: %s", ZSTD_getErrorName(n));
	str_addn(out, w->scratch.s, n);
	return 0;
}

/* What a section of the parent is made of, to be found by name. */
struct model {
	const char *arch, *own_arch; /* the parent's, and that of what is written: "arm64" */
	struct section *section;     /* NULL: there is none */
	struct atlas_section whole;
	struct pieces pieces;        /* as many as it has blocks */
};

static int open_model(struct model *out, const struct writer *w, struct span package,
		      struct error *err)
{
	struct atlas *parent = w->parent;
	struct entry *e = parent ? find_entry(parent, package) : NULL;

	*out = (struct model){ .own_arch = path_base(w->target) };
	if (!e)
		return 0;
	out->arch = path_base(parent->target);
	if (load_section(&out->section, parent, e, err) < 0 ||
	    section_text(&out->whole, out->section, err) < 0)
		return err->code;
	split(&out->pieces, (struct span){ out->whole.text, out->whole.len });
	if (out->pieces.n != out->section->n)
		return err_set(err, ERR_WORK, "the section %.*s of %s is split in another way",
			       (int)package.n, package.s, parent->file);
	return 0;
}

/* Cuts "_arm64." and what follows off a file's name. */
static struct span cut_arch(struct span *name, const char *arch)
{
	size_t n = strlen(arch);
	const char *end = name->s + name->n;

	for (const char *p = end - n - 2; p > name->s; p--)
		if (p[0] == '_' && p[n + 1] == '.' && memcmp(p + 1, arch, n) == 0) {
			name->n = (size_t)(p - name->s);
			return (struct span){ p + n + 1, (size_t)(end - p) - n - 1 };
		}
	return (struct span){ end, 0 };
}

/* "sys_linux_amd64.s" of the parent is much like our "sys_linux_arm64.s". */
static bool same_name(struct span theirs, const char *arch, struct span ours, const char *own_arch)
{
	struct span a = cut_arch(&theirs, arch), b = cut_arch(&ours, own_arch);

	return span_cmp(theirs, ours) == 0 && span_cmp(a, b) == 0;
}

/* The reference for a piece: REF_SAME too when nothing need be stored; 0: nothing like it. */
static unsigned like(const struct model *m, struct span name, struct span text)
{
	for (size_t i = 0; i < m->pieces.n; i++) {
		const struct piece *p = &m->pieces.v[i];

		if (same_name(p->name, m->arch, name, m->own_arch))
			return (unsigned)(i + 1) |
			       (span_cmp(p->text, text) == 0 ? (unsigned)REF_SAME : 0);
	}
	return m->pieces.n == 1 ? 1 : 0;
}

static struct span prefix_of(const struct model *m, unsigned ref)
{
	return ref ? m->pieces.v[ref - 1].text : (struct span){ 0 };
}

static int write_split(struct writer *w, const struct model *m, const struct pieces *pieces,
		       size_t *raw_len, struct error *err)
{
	struct str table = STR_INIT, lengths = STR_INIT, names = STR_INIT, blocks = STR_INIT;
	struct str packed = STR_INIT;
	struct span prefix = { 0 };
	int rc = 0;

	put(&table, (uint32_t)pieces->n, 4);
	put(&table, (uint32_t)pieces->head.n, 4);
	str_addn(&table, pieces->head.s, pieces->head.n);
	for (size_t i = 0; i < pieces->n && rc == 0; i++) {
		struct span text = pieces->v[i].text;
		unsigned ref = like(m, pieces->v[i].name, text);
		size_t stored = blocks.len, named = names.len;

		put(&table, ref, 2);
		if (ref & REF_SAME)
			continue;
		rc = pack(w, &blocks, text, prefix_of(m, ref), err);
		add_names(&names, text);
		put(&lengths, (uint32_t)(blocks.len - stored), 4);
		put(&lengths, (uint32_t)text.n, 4);
		put(&lengths, (uint32_t)(names.len - named) / 2, 4);
	}
	str_addn(&table, lengths.s, lengths.len);
	str_addn(&table, names.s, names.len);
	if (m->section && m->section->table)
		prefix = (struct span){ m->section->table, m->section->table_len };
	if (rc == 0)
		rc = pack(w, &packed, (struct span){ table.s, table.len }, prefix, err);
	put(&w->body, (uint32_t)packed.len, 4);
	str_addn(&w->body, packed.s, packed.len);
	str_addn(&w->body, blocks.s, blocks.len);
	*raw_len = table.len;
	str_free(&table);
	str_free(&lengths);
	str_free(&names);
	str_free(&blocks);
	str_free(&packed);
	return rc;
}

static int write_section(struct writer *w, const struct part *part, struct error *err)
{
	size_t start = w->body.len, raw_len = part->text.n;
	struct pieces pieces = { 0 };
	unsigned ref = 0, flags = 0;
	struct model m;
	int rc;

	if ((rc = open_model(&m, w, part->package, err)) < 0)
		return rc;
	if (m.section && span_cmp((struct span){ m.whole.text, m.whole.len }, part->text) == 0) {
		str_addc(&w->flags, SAME);
		vec_free(&m.pieces);
		return 0;
	}
	split(&pieces, part->text);
	if (pieces.n == 1 && pieces.head.n == 0) {
		ref = like(&m, pieces.v[0].name, pieces.v[0].text) & ~(unsigned)REF_SAME;
		rc = pack(w, &w->body, part->text, prefix_of(&m, ref), err);
	} else {
		flags |= SPLIT;
		rc = write_split(w, &m, &pieces, &raw_len, err);
	}
	str_addc(&w->flags, (char)flags);
	put(&w->lengths, ref, 2);
	put(&w->lengths, (uint32_t)(w->body.len - start), 4);
	put(&w->lengths, (uint32_t)raw_len, 4);
	vec_free(&pieces);
	vec_free(&m.pieces);
	return rc;
}

static void id_of(char out[ID_LEN], const struct parts *parts)
{
	struct digest *d = digest_new("atlas text");
	char hex[DIGEST_HEX];

	for (size_t i = 0; i < parts->n; i++)
		digest_addn(d, parts->v[i].text.s, parts->v[i].text.n);
	digest_end(d, hex);
	digest_id(out, hex, DIGEST_HEX);
}

static int encode(struct str *out, const struct atlas_key *key, const struct parts *parts,
		  struct atlas *parent, bool complete, struct error *err)
{
	struct writer w = { .parent = parent, .target = key->target, .cctx = ZSTD_createCCtx(), .scratch = STR_INIT,
			    .flags = STR_INIT, .lengths = STR_INIT, .body = STR_INIT };
	struct str index = STR_INIT, packed = STR_INIT;
	struct span prefix = { 0 };
	char id[ID_LEN], none[ID_LEN] = { 0 };
	int rc = w.cctx ? 0 : err_set(err, ERR_OS, "zstd: out of memory");

	if (rc == 0) {
		ZSTD_CCtx_setParameter(w.cctx, ZSTD_c_compressionLevel,
				       parent ? LEVEL_CHILD : LEVEL_ALONE);
		ZSTD_CCtx_setParameter(w.cctx, ZSTD_c_checksumFlag, 1);
	}
	put(&index, (uint32_t)parts->n, 4);
	for (size_t i = 0; i < parts->n && rc == 0; i++) {
		str_addn(&index, parts->v[i].package.s, parts->v[i].package.n);
		str_addc(&index, '\n');
		rc = write_section(&w, &parts->v[i], err);
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
	digest_id(id, out->s, out->len);
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

/* The 27 of "go1.27.4". */
static int minor(const char *toolchain)
{
	return str_starts(toolchain, "go1.") ? atoi(toolchain + 4) : 0;
}

/* How far `a` is from what is to be written; -1: it cannot be a parent. */
static int distance(const struct atlas *a, const struct atlas_key *key)
{
	bool same_target = strcmp(a->target, key->target) == 0;
	bool same_toolchain = strcmp(a->toolchain, key->toolchain) == 0;
	bool same_width = is_narrow(a->target) == is_narrow(key->target);
	int versions = abs(minor(a->toolchain) - minor(key->toolchain));

	if (!a->complete || a->depth >= DEPTH_MAX || strcmp(a->program, key->program) != 0)
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

/* The nearest atlas in the folder that is whole; NULL: none. Sweeps what killed writers left. */
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
		struct atlas_section whole;
		struct section *s;

		if (load_section(&s, a, &a->entries[i], err) < 0 ||
		    section_text(&whole, s, err) < 0)
			return err->code;
		vec_push(out, ((struct part){ .package = a->entries[i].package,
					      .text = { whole.text, whole.len } }));
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
