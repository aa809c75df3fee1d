/*
 * Archives are made here, byte by byte, as the compiler and the assembler of
 * each Go version write them; then they are cut, bent and read again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/error.h"
#include "toolchains/goobj.h"

enum { ASM = 1 << 2, STD = 1 << 4, LINKNAME = 1 << 4, BIT5 = 1 << 5 };
enum kind { DEF, REF, PKGDEF, END };

struct sym {
	enum kind kind;
	const char *name;
	unsigned abi, flag2, size;  /* size of its data */
};

struct member {
	const char *name, *header;
	unsigned flags;
	const struct sym *syms;     /* NULL: `header` is all of it */
	const char *magic;          /* NULL: go120ld */
};

#define HEADER(v) "go object linux amd64 go" v " GOAMD64=v1 X:regabiwrappers\n"
#define EXPORT    "build id \"x/y\"\nmain\n\n\n$$B\nu\n!\nu\n$$\n\n!\n"

static void add_le(struct str *out, uint32_t v, unsigned bytes)
{
	for (; bytes--; v >>= 8)
		str_addc(out, (char)(v & 0xff));
}

/* An object's bytes from the magic on. */
static void add_object(struct str *out, const struct member *m)
{
	static const enum kind order[] = { PKGDEF, DEF, REF };
	uint32_t offset[19] = { 0 }, at = 20 + 4 * 19, data = 0;
	struct str names = STR_INIT, recs = STR_INIT, idx = STR_INIT, o = STR_INIT;
	const struct sym *s;
	size_t i, n[3] = { 0 };

	add_le(&idx, 0, 4);
	for (i = 0; i < 3; i++) {
		for (s = m->syms; s->kind != END; s++) {
			const char *known;

			if (s->kind != order[i])
				continue;
			/* goobj.Writer stores equal strings once. */
			known = names.len ? memmem(names.s, names.len, s->name, strlen(s->name)) : NULL;
			add_le(&recs, (uint32_t)strlen(s->name), 4);
			add_le(&recs, at + (uint32_t)(known ? (size_t)(known - names.s) : names.len), 4);
			if (!known)
				str_add(&names, s->name);
			add_le(&recs, s->abi, 2);
			add_le(&recs, 0, 2);
			add_le(&recs, s->flag2, 1);
			add_le(&recs, s->size, 4);
			add_le(&recs, 0, 4);
			if (s->kind != REF) {
				data += s->size;
				add_le(&idx, data, 4);
			}
			n[i]++;
		}
	}
	/* autolib, pkgidx, file: empty */
	at += (uint32_t)names.len;
	for (i = 0; i < 4; i++)
		offset[i] = at;
	offset[4] = offset[5] = offset[6] = at + 21 * (uint32_t)n[0];
	offset[7] = offset[6] + 21 * (uint32_t)n[1];
	for (i = 8; i < 14; i++)     /* refflags, hashes, relocidx, auxidx: empty */
		offset[i] = offset[7] + 21 * (uint32_t)n[2];
	for (i = 14; i < 17; i++)    /* after dataidx: reloc, aux: empty */
		offset[i] = offset[13] + (uint32_t)idx.len;
	offset[17] = offset[18] = offset[16] + data;

	if (m->magic)
		str_addn(&o, m->magic, 8);
	else
		str_addn(&o, "\0go120ld", 8);
	str_addn(&o, "\1\2\3\4\5\6\7\10", 8);
	add_le(&o, m->flags, 4);
	for (i = 0; i < 19; i++)
		add_le(&o, offset[i], 4);
	str_addn(&o, names.s, names.len);
	str_addn(&o, recs.s, recs.len);
	str_addn(&o, idx.s, idx.len);
	for (i = 0; i < data; i++)
		str_addc(&o, 'D');
	str_addn(out, o.s, o.len);
	str_free(&names);
	str_free(&recs);
	str_free(&idx);
	str_free(&o);
}

static void add_member(struct str *out, const struct member *m)
{
	struct str body = STR_INIT;

	str_add(&body, m->header);
	if (m->syms) {
		str_add(&body, "\n!\n");
		add_object(&body, m);
	}
	str_addf(out, "%-16s%-12d%-6d%-6d%-8s%-10zu`\n", m->name, 0, 0, 0, "644", body.len);
	str_addn(out, body.s, body.len);
	if (body.len % 2)
		str_addc(out, '\0');
	str_free(&body);
}

static void make_archive(struct str *out, const struct member *m)
{
	str_clear(out);
	str_add(out, "!<arch>\n");
	for (; m->name; m++)
		add_member(out, m);
}

static const struct sym go_syms[] = {
	{ PKGDEF, "main.main", 1, 0, 9 },
	{ DEF, "go:cuinfo.producer.main", 0, 0, 3 },
	{ DEF, "runtime.panicking", 0, LINKNAME, 0 },   /* a variable that is pulled */
	{ DEF, "runtime.buildVersion", 0, LINKNAME, 8 },/* one that is pushed */
	{ DEF, "environ", 0, LINKNAME, 0 },             /* C's */
	{ DEF, "example.com/dep.state", 0, LINKNAME, 0 },
	{ REF, "runtime.newcoro", 1, LINKNAME, 0 },
	{ REF, "runtime.newcoro", 0, 0, 0 },
	{ REF, "runtime.nanotime", 1, LINKNAME, 0 },
	{ REF, "runtime.mallocgc", 1, BIT5, 0 },
	{ REF, "gopkg.in/yaml%2ev3.parse", 1, LINKNAME, 0 },
	{ REF, "reflect.F[example.com/dep.T]", 1, LINKNAME, 0 },
	{ REF, "net/http.serve", 1, LINKNAME, 0 },
	{ REF, "go:info.uint32", 0, 0, 0 },
	{ REF, "runtime.static", 0xffff, LINKNAME, 0 },
	{ REF, "", 0, 0, 0 },
	{ END, NULL, 0, 0, 0 },
};

static const struct sym asm_syms[] = {
	{ DEF, "main.crosscall2", 0, 0, 12 },
	{ DEF, "main.crosscall2.args_stackmap", 0, 0, 0 },
	{ REF, "runtime.load_g", 0, 0, 0 },
	{ REF, "runtime.newcoro", 0, 0, 0 },
	{ REF, "main.helper", 0, 0, 0 },
	{ END, NULL, 0, 0, 0 },
};

static void archive_of(struct str *out, const char *header)
{
	struct str pkgdef = STR_INIT, object = STR_INIT;
	struct member members[] = {
		{ "__.PKGDEF", NULL, 0, NULL, NULL },
		{ "_go_.o", NULL, 0, go_syms, NULL },
		{ "host.o", "\177ELF not ours", 0, NULL, NULL },
		{ "asm_arm64.o", header, ASM, asm_syms, NULL },
		{ NULL, NULL, 0, NULL, NULL },
	};

	str_addf(&pkgdef, "%s%s", header, EXPORT);
	str_addf(&object, "%sbuild id \"x\"\n$$B\na\n!\nb\n$$\n", header);
	members[0].header = pkgdef.s;
	members[1].header = object.s;
	make_archive(out, members);
	str_free(&pkgdef);
	str_free(&object);
}

static const char *const headers[] = {
	HEADER("1.23.12"), HEADER("1.24.13"), HEADER("1.25.14"), HEADER("1.26.11"),
	HEADER("1.27.4"), HEADER("1.27rc1"), "go object linux 386 devel go1.28-abcdef GO386=sse2\n",
	"go object linux arm64 devel +abcdef\n",
};

enum { NHEADERS = sizeof(headers) / sizeof(*headers), FIRST_127 = 4 };

static const struct goobj_symbol *find(const struct goobj_symbols *all, const char *name)
{
	size_t i;

	for (i = 0; i < all->n; i++) {
		if (all->v[i].name_len == strlen(name) &&
		    memcmp(all->v[i].name, name, strlen(name)) == 0)
			return &all->v[i];
	}
	return NULL;
}

static void test_list(void **state)
{
	struct str ar = STR_INIT;
	size_t h;

	(void)state;
	for (h = 0; h < NHEADERS; h++) {
		struct goobj_symbols all;
		const struct goobj_symbol *s;
		struct error err = { 0 };

		archive_of(&ar, headers[h]);
		assert_int_equal(goobj_list(&all, &ar, &err), 0);
		assert_int_equal(all.n, 15 + 5);
		assert_null(find(&all, "main.main"));
		s = find(&all, "runtime.panicking");
		assert_non_null(s);
		assert_true(s->def && s->linkname && !s->has_data && !s->from_asm && !s->std);
		assert_true(goobj_is_checked(s));
		s = find(&all, "runtime.buildVersion");
		assert_true(s->def && s->linkname && s->has_data);
		assert_false(goobj_is_checked(s));
		assert_false(goobj_is_checked(find(&all, "environ")));
		assert_false(goobj_is_checked(find(&all, "go:info.uint32")));
		assert_false(goobj_is_checked(find(&all, "runtime.static")));
		s = find(&all, "runtime.nanotime");
		assert_true(!s->def && s->linkname && s->abi == 1 && goobj_is_checked(s));
		s = find(&all, "runtime.mallocgc");
		assert_int_equal(s->linkname_std, h >= FIRST_127);
		s = find(&all, "runtime.load_g");
		assert_true(!s->def && s->from_asm && goobj_is_checked(s));
		assert_true(find(&all, "main.crosscall2")->has_data);
		goobj_symbols_free(&all);
	}
	str_free(&ar);
}

static void test_bare_object(void **state)
{
	struct member m = { "", HEADER("1.27.4"), STD, asm_syms, NULL };
	struct str o = STR_INIT;
	struct goobj_symbols all;
	struct error err = { 0 };

	(void)state;
	str_add(&o, m.header);
	str_add(&o, "\n!\n");
	add_object(&o, &m);
	assert_int_equal(goobj_list(&all, &o, &err), 0);
	assert_int_equal(all.n, 5);
	assert_true(all.v[0].std);
	goobj_symbols_free(&all);
	str_free(&o);
}

static void check_candidates(const struct str *ar, const char *package, const char *const *want)
{
	struct strv got = { 0 };
	struct error err = { 0 };
	size_t i;

	assert_int_equal(goobj_candidates(&got, ar, package, &err), 0);
	for (i = 0; want[i]; i++) {
		assert_true(i < got.n);
		assert_string_equal(got.v[i], want[i]);
	}
	assert_int_equal(got.n, i);
	strv_free(&got);
}

static void test_neutralise(void **state)
{
	static const char *const before[] = {
		"net/http.serve", "reflect.F[example.com/dep.T]", "runtime.load_g",
		"runtime.nanotime", "runtime.newcoro", "runtime.panicking", NULL
	};
	static const char *const after[] = {
		"net/http.serve", "reflect.F[example.com/dep.T]", "runtime.load_g",
		"runtime.nanotime", NULL
	};
	struct str ar = STR_INIT;
	struct error err = { 0 };
	size_t count, len, h;

	(void)state;
	for (h = 0; h < FIRST_127; h++) {
		archive_of(&ar, headers[h]);
		len = ar.len;
		check_candidates(&ar, "main", before);
		assert_int_equal(goobj_neutralise(&ar, "runtime.newcoro", &count, &err), 0);
		assert_int_equal(count, 3);
		assert_int_equal(goobj_neutralise(&ar, "runtime.newcoro", &count, &err), 0);
		assert_int_equal(count, 0);
		assert_int_equal(goobj_neutralise(&ar, "runtime.panicking", &count, &err), 0);
		assert_int_equal(count, 1);
		assert_int_equal(goobj_neutralise(&ar, "runtime.nosuch", &count, &err), 0);
		assert_int_equal(count, 0);
		assert_int_equal(goobj_neutralise(&ar, "main.main", &count, &err), 0);
		assert_int_equal(count, 0);   /* a package symbol is no linkname */
		assert_int_equal(goobj_neutralise(&ar, "", &count, &err), ERR_WORK);
		assert_int_equal(ar.len, len);
		check_candidates(&ar, "main", after);
	}
	str_free(&ar);
}

static void test_candidates_of_127(void **state)
{
	static const char *const main_127[] = {
		"net/http.serve", "reflect.F[example.com/dep.T]", "runtime.load_g",
		"runtime.mallocgc", "runtime.nanotime", "runtime.newcoro", "runtime.panicking", NULL
	};
	/* main.helper is not of this package; with a dot in it, example.com/dep is no std. */
	static const char *const of_dep[] = {
		"main.helper", "net/http.serve", "reflect.F[example.com/dep.T]", "runtime.load_g",
		"runtime.mallocgc", "runtime.nanotime", "runtime.newcoro", "runtime.panicking", NULL
	};
	static const struct sym own[] = {
		{ REF, "yaml%2ev3.x", 0, 0, 0 },
		{ REF, "yaml.v3.x", 0, 0, 0 },
		{ END, NULL, 0, 0, 0 },
	};
	const struct member m[] = {
		{ "a.o", HEADER("1.27.4"), ASM, own, NULL },
		{ NULL, NULL, 0, NULL, NULL },
	};
	static const char *const of_yaml[] = { "yaml.v3.x", NULL };
	struct str ar = STR_INIT;

	(void)state;
	archive_of(&ar, HEADER("1.27.4"));
	check_candidates(&ar, "main", main_127);
	check_candidates(&ar, "example.com/dep", of_dep);
	make_archive(&ar, m);
	check_candidates(&ar, "yaml.v3", of_yaml);
	str_free(&ar);
}

static void check_error(const struct str *ar, const char *what)
{
	struct goobj_symbols all;
	struct error err = { 0 };

	assert_int_equal(goobj_list(&all, ar, &err), ERR_WORK);
	assert_non_null(strstr(err.msg, what));
	assert_int_equal(all.n, 0);
}

static void test_unknown(void **state)
{
	struct member m[] = {
		{ "_go_.o", HEADER("1.19.13"), 0, asm_syms, "\0go118ld" },
		{ NULL, NULL, 0, NULL, NULL },
	};
	struct str ar = STR_INIT;

	(void)state;
	make_archive(&ar, m);
	check_error(&ar, "object format of this Go version is not known");
	str_clear(&ar);
	check_error(&ar, "neither an archive nor a Go object");
	str_add(&ar, "hello");
	check_error(&ar, "neither an archive nor a Go object");
	str_clear(&ar);
	str_add(&ar, "!<arch>\nshort");
	check_error(&ar, "it ends in a member's header");
	archive_of(&ar, HEADER("1.27.4"));
	ar.s[8 + 48] = '-';
	check_error(&ar, "a member's header is not one");
	memcpy(ar.s + 8 + 48, "999999", 6);
	check_error(&ar, "it ends in a member");
	str_free(&ar);
}

/* Everything that reads, on bytes that may be anything; must only not crash. */
static void torture(const char *s, size_t n)
{
	/* Exactly as long as they are, so that the sanitizer sees a byte too many. */
	struct str ar = { .s = mem_alloc(n ? n : 1), .len = n, .cap = n ? n : 1 };
	struct goobj_symbols all;
	struct error err = { 0 };
	struct strv names = { 0 };
	size_t count = 0;

	memcpy(ar.s, s, n);
	if (goobj_list(&all, &ar, &err) == 0) {
		size_t i, sum = 0;

		for (i = 0; i < all.n; i++) {
			sum += goobj_is_checked(&all.v[i]);
			if (all.v[i].name_len)
				sum += (unsigned char)all.v[i].name[all.v[i].name_len - 1];
		}
		assert_true(sum + 1 > 0);
		goobj_symbols_free(&all);
	} else {
		assert_int_equal(err.code, ERR_WORK);
	}
	goobj_candidates(&names, &ar, "main", &err);
	strv_free(&names);
	goobj_neutralise(&ar, "runtime.newcoro", &count, &err);
	assert_int_equal(ar.len, n);
	mem_free(ar.s);
}

static void test_truncated(void **state)
{
	struct str ar = STR_INIT;
	size_t n;

	(void)state;
	archive_of(&ar, HEADER("1.26.11"));
	for (n = 0; n <= ar.len; n++)
		torture(ar.s, n);
	str_free(&ar);
}

/* Cut inside, with the member's size made to agree: the object itself is short. */
static void test_truncated_object(void **state)
{
	struct member m = { "", HEADER("1.27.4"), 0, go_syms, NULL };
	struct str o = STR_INIT, head = STR_INIT;
	size_t n;

	(void)state;
	str_addf(&head, "%s\n!\n", m.header);
	add_object(&o, &m);
	for (n = 0; n <= o.len; n++) {
		struct str ar = STR_INIT;

		str_addf(&ar, "!<arch>\n%-16s%-12d%-6d%-6d%-8s%-10zu`\n", "_go_.o", 0, 0, 0, "644",
			 head.len + n);
		str_addn(&ar, head.s, head.len);
		str_addn(&ar, o.s, n);
		torture(ar.s, ar.len);
		str_free(&ar);
	}
	str_free(&o);
	str_free(&head);
}

static void test_bit_flips(void **state)
{
	struct str ar = STR_INIT;
	size_t i;
	unsigned bit;

	(void)state;
	archive_of(&ar, HEADER("1.27.4"));
	for (i = 0; i < ar.len; i++) {
		for (bit = 0; bit < 8; bit++) {
			ar.s[i] ^= (char)(1u << bit);
			torture(ar.s, ar.len);
			ar.s[i] ^= (char)(1u << bit);
		}
	}
	str_free(&ar);
}

/* Random words over the header and the records, which single bits don't reach. */
static void test_random_words(void **state)
{
	static const uint32_t nasty[] = { 0, 1, 20, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffc };
	struct str clean = STR_INIT, ar = STR_INIT;
	uint32_t seed = 1;
	int round;

	(void)state;
	archive_of(&clean, HEADER("1.27.4"));
	for (round = 0; round < 20000; round++) {
		int n;

		str_clear(&ar);
		str_addn(&ar, clean.s, clean.len);
		for (n = 0; n < 3; n++) {
			uint32_t v;
			size_t at;

			seed = seed * 1664525u + 1013904223u;
			at = (seed >> 8) % (ar.len - 4);
			seed = seed * 1664525u + 1013904223u;
			v = seed & 0x10000 ? nasty[(seed >> 20) % 7] : (seed >> 17) % 2048;
			memcpy(ar.s + at, &v, 4);
		}
		torture(ar.s, ar.len);
	}
	str_free(&ar);
	str_free(&clean);
}

static const char importcfg[] =
	"# import config\n"
	"packagefile example.com/m=/w/b001/_pkg_.a\n"
	"packagefile example.com/m/dep=/w/b 002/_pkg_.a \n"
	"packageshlib libx=/lib/x.so\n"
	"packagefile broken\n"
	"packagefile runtime=/cache/a=b-d\n"
	"modinfo \"packagefile fake=/x\\n\"\n"
	"packagefile sort=/cache/s-d";

static void test_importcfg(void **state)
{
	struct str out = STR_INIT, pkg = STR_INIT;

	(void)state;
	assert_true(importcfg_find(&out, importcfg, "example.com/m/dep"));
	assert_string_equal(out.s, "/w/b 002/_pkg_.a");
	assert_true(importcfg_find(&out, importcfg, "runtime"));
	assert_string_equal(out.s, "/cache/a=b-d");
	assert_true(importcfg_find(&out, importcfg, "sort"));
	assert_string_equal(out.s, "/cache/s-d");
	assert_false(importcfg_find(&out, importcfg, "example.com"));
	assert_int_equal(out.len, 0);
	assert_false(importcfg_find(&out, importcfg, "fake"));
	assert_false(importcfg_find(&out, importcfg, "libx"));
	assert_false(importcfg_find(&out, importcfg, "broken"));

	assert_true(importcfg_main(&pkg, &out, importcfg));
	assert_string_equal(pkg.s, "example.com/m");
	assert_string_equal(out.s, "/w/b001/_pkg_.a");
	assert_false(importcfg_main(&pkg, &out, "# nothing\n"));

	assert_true(importcfg_with(&out, importcfg, "sort", "/p/new.a"));
	assert_true(str_ends(out.s, "\npackagefile sort=/p/new.a"));
	assert_true(importcfg_with(&out, importcfg, "example.com/m/dep", "/p/new.a"));
	assert_non_null(strstr(out.s, "\npackagefile example.com/m/dep=/p/new.a \npackageshlib"));
	assert_non_null(strstr(out.s, "packagefile example.com/m=/w/b001/_pkg_.a\n"));
	assert_true(str_ends(out.s, "packagefile sort=/cache/s-d"));
	assert_false(importcfg_with(&out, importcfg, "nosuch", "/p/new.a"));
	str_free(&out);
	str_free(&pkg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_bare_object),
		cmocka_unit_test(test_neutralise),
		cmocka_unit_test(test_candidates_of_127),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_truncated_object),
		cmocka_unit_test(test_bit_flips),
		cmocka_unit_test(test_random_words),
		cmocka_unit_test(test_importcfg),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
