/*
 * Layout (cmd/internal/goobj/objfile.go, cmd/internal/archive, ld.ldobj):
 *
 *   !<arch>\n
 *   60-byte header, __.PKGDEF      export data: no symbols for the linker
 *   60-byte header, _go_.o         what the compiler made   \  "go object ...\n"
 *   60-byte header, x_arm64.o      one per assembly file    /  ...\n!\n, then:
 *   60-byte header, y.syso, y.o    host objects: passed over
 *
 *   \0go120ld  fingerprint[8]  flags:u32  offset of each block:u32 x 19
 *   strings, then the blocks, all little-endian; offsets count from \0go120ld
 *
 * Symbols are numbered through five blocks: package definitions, two of hashed
 * ones, non-package definitions, non-package references.  Only the last two are
 * bound by name to what is outside of the package: linknames and assembly.
 */
#include "toolchains/goobj.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/error.h"

enum {
	AR_MAGIC_LEN = 8,
	AR_HEADER_LEN = 60,

	GO_MAGIC_LEN = 8,
	HEADER_FLAGS = 16,            /* after magic and fingerprint */
	HEADER_OFFSETS = 20,
	HEADER_LEN = HEADER_OFFSETS + 4 * 19,
	SYM_SIZE = 21,                /* name{len,off} abi:16 type flag flag2 size align */

	OBJ_FROM_ASM = 1 << 2,
	OBJ_STD = 1 << 4,
	FLAG2_LINKNAME = 1 << 4,
	FLAG2_BIT5 = 1 << 5,          /* linknamestd from 1.27 on, before it an ABI wrapper */
	ABI_STATIC = 0xffff,

	NAMES_MAX = 16 << 20,         /* candidates: more is not a Go package */
};

enum block {
	BLK_AUTOLIB, BLK_PKGIDX, BLK_FILE, BLK_SYMDEF, BLK_HASHED64DEF, BLK_HASHEDDEF,
	BLK_NONPKGDEF, BLK_NONPKGREF, BLK_REFFLAGS, BLK_HASH64, BLK_HASH, BLK_RELOCIDX,
	BLK_AUXIDX, BLK_DATAIDX, BLK_RELOC, BLK_AUX, BLK_DATA, BLK_REFNAME, BLK_END,
};

static const char ar_magic[] = "!<arch>\n";
static const char go_header[] = "go object ";
static const char go_magic[] = "\0go120ld";

struct bytes {
	char *p;
	size_t n;
};

/* A Go object: its bytes from the magic on, and what its header says. */
struct object {
	struct bytes b;
	uint32_t flags;
	uint32_t offset[BLK_END + 1];
	bool wrapper_bit;             /* bit 5 of flag2 is the ABI wrapper: 1.26 and older */
};

static int damaged(struct error *err, const char *what)
{
	return err_set(err, ERR_WORK, "package archive is damaged: %s", what);
}

static uint32_t u32(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;

	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static unsigned u16(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;

	return (unsigned)b[0] | (unsigned)b[1] << 8;
}

static bool bytes_start(struct bytes b, const char *prefix, size_t n)
{
	return b.n >= n && memcmp(b.p, prefix, n) == 0;
}

/*
 * The object proper follows "\n!\n", of which the export data between pairs of
 * $$ may hold a false one: counted as ld.ldobj does.
 */
static bool object_find_start(size_t *out, struct bytes b)
{
	unsigned marks = 0;
	size_t i;

	for (i = 0; i + 2 < b.n; i++) {
		if (b.p[i] != '\n')
			continue;
		if (marks % 2 == 0 && b.p[i + 1] == '!' && b.p[i + 2] == '\n') {
			*out = i + 3;
			return true;
		}
		if (b.p[i + 1] == '$' && b.p[i + 2] == '$')
			marks++;
	}
	return false;
}

/* "go object linux amd64 go1.26.3 ...": whether that is older than 1.27. */
static bool header_before_127(struct bytes b)
{
	static const char want[] = " go1.";
	const char *end = memchr(b.p, '\n', b.n);
	unsigned minor = 0;
	const char *p;

	if (!end)
		return false;
	p = memmem(b.p, (size_t)(end - b.p), want, sizeof(want) - 1);
	if (!p)
		return false;         /* a development build: take it for new */
	for (p += sizeof(want) - 1; p < end && *p >= '0' && *p <= '9' && minor < 1000; p++)
		minor = minor * 10 + (unsigned)(*p - '0');
	return minor > 0 && minor < 27;
}

static size_t block_count(const struct object *o, enum block blk, size_t item)
{
	return (o->offset[blk + 1] - o->offset[blk]) / item;
}

/* Symbols of all kinds that are defined here; their data index has one item more. */
static size_t object_ndefs(const struct object *o)
{
	return block_count(o, BLK_SYMDEF, SYM_SIZE) + block_count(o, BLK_HASHED64DEF, SYM_SIZE) +
	       block_count(o, BLK_HASHEDDEF, SYM_SIZE) + block_count(o, BLK_NONPKGDEF, SYM_SIZE);
}

static int object_open(struct object *out, struct bytes member, struct error *err)
{
	size_t start;
	unsigned i;

	if (!object_find_start(&start, member))
		return damaged(err, "a Go object has no end of header");
	out->wrapper_bit = header_before_127(member);
	out->b = (struct bytes){ member.p + start, member.n - start };
	if (!bytes_start(out->b, go_magic, GO_MAGIC_LEN)) {
		if (out->b.n < GO_MAGIC_LEN)
			return damaged(err, "a Go object ends in its magic number");
		return err_set(err, ERR_WORK, "object format of this Go version is not known");
	}
	if (out->b.n < HEADER_LEN)
		return damaged(err, "a Go object ends in its header");
	out->flags = u32(out->b.p + HEADER_FLAGS);
	for (i = 0; i <= BLK_END; i++)
		out->offset[i] = u32(out->b.p + HEADER_OFFSETS + 4 * i);
	for (i = 0; i <= BLK_END; i++) {
		if (out->offset[i] > out->b.n)
			return damaged(err, "a block lies outside of its Go object");
		if (i && out->offset[i] < out->offset[i - 1])
			return damaged(err, "the blocks of a Go object are out of order");
	}
	if (block_count(out, BLK_DATAIDX, 4) < object_ndefs(out) + 1)
		return damaged(err, "the data index of a Go object is too short");
	return 0;
}

/* The i-th symbol of the non-package definitions, then references. */
static int object_symbol(struct goobj_symbol *out, const struct object *o, size_t i,
			 struct error *err)
{
	size_t ndefs = block_count(o, BLK_NONPKGDEF, SYM_SIZE);
	bool def = i < ndefs;
	const char *rec = def ? o->b.p + o->offset[BLK_NONPKGDEF] + i * SYM_SIZE
			      : o->b.p + o->offset[BLK_NONPKGREF] + (i - ndefs) * SYM_SIZE;
	uint32_t len = u32(rec), off = u32(rec + 4);
	unsigned char flag2 = (unsigned char)rec[12];

	if (off > o->b.n || len > o->b.n - off)
		return damaged(err, "the name of a symbol lies outside of its Go object");
	*out = (struct goobj_symbol){
		.name = o->b.p + off,
		.name_len = len,
		.abi = u16(rec + 8),
		.def = def,
		.linkname = flag2 & FLAG2_LINKNAME,
		.linkname_std = (flag2 & FLAG2_BIT5) && !o->wrapper_bit,
		.static_abi = u16(rec + 8) == ABI_STATIC,
		.from_asm = o->flags & OBJ_FROM_ASM,
		.std = o->flags & OBJ_STD,
	};
	if (def) {
		size_t at = object_ndefs(o) - ndefs + i;
		const char *idx = o->b.p + o->offset[BLK_DATAIDX] + at * 4;

		out->has_data = u32(idx) != u32(idx + 4);
	}
	return 0;
}

static size_t object_nsymbols(const struct object *o)
{
	return block_count(o, BLK_NONPKGDEF, SYM_SIZE) + block_count(o, BLK_NONPKGREF, SYM_SIZE);
}

/* The size field of an archive header: decimal, padded with spaces. */
static bool ar_size(size_t *out, const char *field)
{
	size_t n = 0, i;

	for (i = 0; i < 10 && field[i] >= '0' && field[i] <= '9'; i++)
		n = n * 10 + (size_t)(field[i] - '0');
	*out = n;
	if (i == 0)
		return false;
	for (; i < 10; i++) {
		if (field[i] != ' ')
			return false;
	}
	return true;
}

typedef int object_fn(const struct object *o, void *arg, struct error *err);

static int member_each(struct bytes member, object_fn *fn, void *arg, struct error *err)
{
	struct object o;
	int rc;

	if (!bytes_start(member, go_header, sizeof(go_header) - 1))
		return 0;
	if ((rc = object_open(&o, member, err)) < 0)
		return rc;
	return fn(&o, arg, err);
}

/* Calls fn for each Go object of the archive; stops at the first that fails. */
static int archive_each(struct bytes file, object_fn *fn, void *arg, struct error *err)
{
	static const char pkgdef[] = "__.PKGDEF ";
	size_t at = AR_MAGIC_LEN, size;
	int rc;

	if (!bytes_start(file, ar_magic, AR_MAGIC_LEN)) {
		if (!bytes_start(file, go_header, sizeof(go_header) - 1))
			return damaged(err, "neither an archive nor a Go object");
		return member_each(file, fn, arg, err);
	}
	while (at < file.n) {
		char *head = file.p + at;

		if (file.n - at < AR_HEADER_LEN)
			return damaged(err, "it ends in a member's header");
		if (memcmp(head + 58, "`\n", 2) != 0 || !ar_size(&size, head + 48))
			return damaged(err, "a member's header is not one");
		at += AR_HEADER_LEN;
		if (size > file.n - at)
			return damaged(err, "it ends in a member");
		if (memcmp(head, pkgdef, sizeof(pkgdef) - 1) != 0) {
			rc = member_each((struct bytes){ file.p + at, size }, fn, arg, err);
			if (rc < 0)
				return rc;
		}
		at += size;
		if (size % 2 && at < file.n)
			at++;
	}
	return 0;
}

static int list_object(const struct object *o, void *arg, struct error *err)
{
	struct goobj_symbols *out = arg;
	size_t i, n = object_nsymbols(o);
	struct goobj_symbol sym;
	int rc;

	for (i = 0; i < n; i++) {
		if ((rc = object_symbol(&sym, o, i, err)) < 0)
			return rc;
		vec_push(out, sym);
	}
	return 0;
}

int goobj_list(struct goobj_symbols *out, const struct str *archive, struct error *err)
{
	int rc;

	*out = (struct goobj_symbols){ 0 };
	rc = archive_each((struct bytes){ archive->s, archive->len }, list_object, out, err);
	if (rc < 0)
		goobj_symbols_free(out);
	return rc;
}

void goobj_symbols_free(struct goobj_symbols *symbols)
{
	vec_free(symbols);
}

bool goobj_is_checked(const struct goobj_symbol *s)
{
	if (s->static_abi || !s->name_len)
		return false;
	if (!s->def)
		return s->linkname || s->linkname_std || s->from_asm;
	/* The linker asks for a dot in a variable's name: without one it is C's. */
	return (s->linkname || s->linkname_std) && !s->has_data &&
	       memchr(s->name, '.', s->name_len);
}

int goobj_neutralise(struct str *archive, const char *symbol, size_t *count, struct error *err)
{
	struct goobj_symbols all;
	size_t len = strlen(symbol), i;
	int rc;

	*count = 0;
	if (!len)
		return err_set(err, ERR_WORK, "a symbol without a name can't be neutralised");
	if ((rc = goobj_list(&all, archive, err)) < 0)
		return rc;
	/* Records of one object share the bytes of their name: look first, write after. */
	for (i = 0; i < all.n; i++) {
		struct goobj_symbol *s = &all.v[i];

		if (s->name_len == len && memcmp(s->name, symbol, len) == 0)
			++*count;
		else
			s->name = NULL;
	}
	for (i = 0; i < all.n; i++) {
		if (all.v[i].name)
			archive->s[all.v[i].name - archive->s] = '\0';
	}
	goobj_symbols_free(&all);
	return 0;
}

/* objabi.PathToPrefix: how a package path is written in front of a symbol. */
static void path_to_prefix(struct str *out, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *last = slash ? slash : path;
	const char *p;

	for (p = path; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (c <= ' ' || (c == '.' && p >= last) || c == '%' || c == '"' || c >= 0x7f)
			str_addf(out, "%%%02x", c);
		else
			str_addc(out, (char)c);
	}
}

/*
 * The rule knows only definitions in the standard library, and no package of
 * std has a dot in the first element of its path: "example.com/dep.F" is not
 * there.  (Std's own copies of golang.org/x are under "vendor/"; what it pushes to
 * golang.org/x proper is in cmd, which is in no program.)  Whatever does not look
 * like a plain path up to its first slash - "reflect.F[a/b.T]" - may be std's.
 */
static bool may_be_std(const char *name, size_t len)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._~-";
	bool dot = false;
	size_t i;

	for (i = 0; i < len && name[i] != '/'; i++) {
		if (!memchr(plain, name[i], sizeof(plain) - 1))
			return true;
		dot |= name[i] == '.';
	}
	return i == len || !dot;
}

static int name_cmp(const void *pa, const void *pb)
{
	const struct goobj_symbol *a = pa, *b = pb;
	size_t n = a->name_len < b->name_len ? a->name_len : b->name_len;
	int d = a->name == b->name ? 0 : memcmp(a->name, b->name, n);

	if (d)
		return d;
	return (a->name_len > b->name_len) - (a->name_len < b->name_len);
}

int goobj_candidates(struct strv *out, const struct str *archive, const char *package,
		     struct error *err)
{
	struct goobj_symbols all;
	struct str own = STR_INIT;
	size_t i, n = 0, total = 0;
	int rc;

	if ((rc = goobj_list(&all, archive, err)) < 0)
		return rc;
	path_to_prefix(&own, package);
	str_addc(&own, '.');
	for (i = 0; i < all.n; i++) {
		struct goobj_symbol *s = &all.v[i];

		if (!goobj_is_checked(s) || s->name[0] == '\0' ||
		    (s->name_len > own.len && memcmp(s->name, own.s, own.len) == 0) ||
		    !may_be_std(s->name, s->name_len))
			continue;
		all.v[n++] = *s;
	}
	if (n)
		qsort(all.v, n, sizeof(*all.v), name_cmp);
	for (i = 0; i < n; i++) {
		if (i && name_cmp(&all.v[i - 1], &all.v[i]) == 0)
			continue;
		total += all.v[i].name_len;
		if (total > NAMES_MAX) {
			rc = damaged(err, "its names are too long");
			break;
		}
		strv_addn(out, all.v[i].name, all.v[i].name_len);
	}
	str_free(&own);
	goobj_symbols_free(&all);
	return rc;
}

struct packagefile {
	const char *package, *path;
	size_t package_len, path_len;
};

/* The next "packagefile PACKAGE=PATH" at or after *text, which moves behind it. */
static bool packagefile_next(struct packagefile *out, const char **text)
{
	static const char verb[] = "packagefile ";

	while (**text) {
		const char *line = *text;
		size_t n = strcspn(line, "\n");
		const char *eq;

		*text = line + n + (line[n] == '\n');
		if (!str_starts(line, verb))
			continue;
		line += sizeof(verb) - 1;
		n -= sizeof(verb) - 1;
		eq = memchr(line, '=', n);
		if (!eq)
			continue;
		out->package = line;
		out->package_len = (size_t)(eq - line);
		out->path = eq + 1;
		out->path_len = str_trimmed_len(eq + 1, n - out->package_len - 1);
		return true;
	}
	return false;
}

static bool packagefile_of(struct packagefile *out, const char *text, const char *package)
{
	size_t len = strlen(package);

	while (packagefile_next(out, &text)) {
		if (out->package_len == len && memcmp(out->package, package, len) == 0)
			return true;
	}
	return false;
}

bool importcfg_find(struct str *out, const char *text, const char *package)
{
	struct packagefile pf;

	str_clear(out);
	if (!packagefile_of(&pf, text, package))
		return false;
	str_addn(out, pf.path, pf.path_len);
	return true;
}

bool importcfg_main(struct str *package, struct str *path, const char *text)
{
	struct packagefile pf;

	str_clear(package);
	str_clear(path);
	if (!packagefile_next(&pf, &text))
		return false;
	str_addn(package, pf.package, pf.package_len);
	str_addn(path, pf.path, pf.path_len);
	return true;
}

bool importcfg_with(struct str *out, const char *text, const char *package, const char *path)
{
	struct packagefile pf;

	str_clear(out);
	if (!packagefile_of(&pf, text, package))
		return false;
	str_addn(out, text, (size_t)(pf.path - text));
	str_add(out, path);
	str_add(out, pf.path + pf.path_len);
	return true;
}
