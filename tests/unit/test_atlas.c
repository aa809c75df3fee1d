/* The atlas' text: every kind of record as the Go program writes it, then cut and bent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "toolchains/atlas.h"

#define RUNTIME                                                                            \
	"P\truntime\tpartial\truntime/x.go:3:1: undefined: y\n"                              \
	"D\truntime/malloc.go\n"                                                             \
	"C\t40\tmaxTinySize\tuntyped int\n"                                                  \
	"F\t60\tmallocgc\tg\tpush builtin\td,p,b>p\tfunc(size uintptr, typ *_type, needzero bool) unsafe.Pointer\n" \
	"V\t0\tzerobase\tz\t\td\t8\tuintptr\n"                                                \
	"F\t100\tmallocgcX\tg\tstd >mallocgc\t>\tfunc()\n"                                    \
	"D\truntime/mheap.go\n"                                                              \
	"T\t60\tmheap\tstruct\t96\t8\t\t_ 0 0 0 sys.NotInHeap\tlock 0 8 0 mutex\t~pages 8 64 5 pageAlloc\tsweepgen 72 4 0 uint32\tall 80 16 1 []*mspan\tcb 96 0 * struct{a int; b *T}\n" \
	"M\t900\t(*mheap).alloc\tg\t\tp,d,b>p\tfunc(npages uintptr, spanclass spanClass) *mspan\n" \
	"M\t30\tmheap.size\tg\t\t{d}>d\tfunc() int\n"                                         \
	"V\t10\tmheap_\td\tpush\t*96/8\t96\tmheap\n"                                          \
	"T\t1\t_type\talias\t48\t8\tabi.Type\tSize_ 0 8 0 uintptr\n"                          \
	"T\t1\tmuintptr\tbasic\t8\t8\tuintptr\n"                                              \
	"T\t1\tG\tgeneric\t-\t-\tstruct{x T}\n"                                               \
	"D\truntime/asm_amd64.s\n"                                                           \
	"F\t15\tmemmove\ta\tnosuchmark abiinternal @internal/bytealg\tp,p,d>\tfunc(to unsafe.Pointer, from unsafe.Pointer, n uintptr)\n" \
	"F\t5\tgogo\tA\t\t-\t-\n"                                                             \
	"V\t5\tmainPC\tA\t\t-\t8\t-\n"                                                        \
	"D\truntime/stubs.go\n"                                                              \
	"F\t1\tgetcallerpc\tn\t\t>d\tfunc() uintptr\n"                                        \
	"F\t1\tlocal\to\t=sync.runtime_X\t>\tfunc()\n"                                        \
	"F\t1\tfastrand\tp\t<internal/rand.fr >cheaprand\t>w\tfunc() uint32\n"                \
	"F\t1\tfoo\tP\t<sync.foo\t>\tfunc()\n"                                                \
	"V\t1\tpd\tpd\t<a.pd\td\t8\tint\n"                                                    \
	"V\t1\tpz\tPz\t<a.pz\td\t8\tint\n"                                                    \
	"F\t1\tgen\tx\t\t?\tfunc[T any](T)\n"                                                 \
	"F\t1\tfuture\tq\t\t>\tfunc()\n"                                                      \
	"B\tfastrand\t\n"                                                                    \
	"B\tgoexit\ttime,net\n"                                                              \
	"L\tfastrand\tpush\truntime\tlocalrand\truntime/rand.go:120\tg\n"                     \
	"L\tfastrand\tpull\tnet\truntime_rand\tnet/dns.go:7\tn\n"                             \
	"L\tmallocgc\tone\truntime\tmallocgc\truntime/malloc.go:99\tg\n"                      \
	"L\tzz\tonestd\tos\tzz\tos/z.go:1\t-\n"                                               \
	"L\tzz\tpushstd\tos\tzz\tos/z.go:2\tv\n"                                              \
	"L\tzz\tpullstd\tos\tzz\tos/z.go:3\ta\n"                                              \
	"L\tzz\todd\tos\tzz\tos/z.go:4\ta\n"                                                  \
	"U\tfastrand\tgithub.com/dgraph-io/ristretto gitee.com/quant1x/gox\n"

#define HEADER "lnmatrix-atlas 1\n"
#define DOTLESS                                                                            \
	"P\t\text\t\n"                                                                       \
	"D\truntime/asm_amd64.s\n"                                                           \
	"F\t15\tcrosscall2\tA\t@runtime/cgo\t-\t-\n"
#define SYNC                                                                               \
	"P\tsync\tok\t\n"                                                                    \
	"D\tsync/mutex.go\n"                                                                 \
	"F\t10\tfoo\tg\t\t>\tfunc()\n"

static const char whole[] = HEADER DOTLESS RUNTIME SYNC;
static const struct atlas_section rt = { RUNTIME, sizeof(RUNTIME) - 1 };

static struct atlas_symbol found(const char *name)
{
	struct atlas_symbol s;

	if (!atlas_find(&rt, name, &s))
		fail_msg("not found: %s", name);
	assert_string_equal(s.name, name);
	return s;
}

/* --- sections ---------------------------------------------------------------- */

static void test_header(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_int_equal(atlas_check_header(whole, sizeof(whole) - 1, &err), 0);
	assert_int_equal(atlas_check_header(HEADER, strlen(HEADER), &err), 0);
	assert_int_equal(atlas_check_header("lnmatrix-atlas 2\nP\t", 19, &err), ERR_WORK);
	assert_string_equal(err.msg, "an atlas of format 2, where 1 is understood");
	assert_int_equal(atlas_check_header("lnmatrix-atlas 12\n", 18, &err), ERR_WORK);
	assert_int_equal(atlas_check_header("lnmatrix-atlas 1", 16, &err), ERR_WORK);
	assert_int_equal(atlas_check_header("panic: ", 7, &err), ERR_WORK);
	assert_string_equal(err.msg, "not an atlas");
	assert_int_equal(atlas_check_header("", 0, &err), ERR_WORK);
}

static void expect_section(const char *text, size_t len, size_t *at, const char *want_package,
			   const char *want_text)
{
	struct atlas_section s;
	const char *package;
	size_t n;

	assert_true(atlas_next_section(text, len, at, &s, &package, &n));
	assert_int_equal(n, strlen(want_package));
	assert_memory_equal(package, want_package, n);
	assert_int_equal(s.len, strlen(want_text));
	assert_memory_equal(s.text, want_text, s.len);
}

static void test_sections(void **state)
{
	struct atlas_section s;
	const char *package;
	size_t at = 0, n;

	(void)state;
	expect_section(whole, sizeof(whole) - 1, &at, "", DOTLESS);
	expect_section(whole, sizeof(whole) - 1, &at, "runtime", RUNTIME);
	expect_section(whole, sizeof(whole) - 1, &at, "sync", SYNC);
	assert_false(atlas_next_section(whole, sizeof(whole) - 1, &at, &s, &package, &n));
	assert_false(atlas_next_section(whole, sizeof(whole) - 1, &at, &s, &package, &n));
	at = 0; /* text of a section is good too, and strange lines before one are passed over */
	expect_section(SYNC, strlen(SYNC), &at, "sync", SYNC);
	at = 0;
	expect_section("x\n\nF\tP\tx\n" SYNC, strlen(SYNC) + 9, &at, "sync", SYNC);
	at = 0;
	assert_false(atlas_next_section(HEADER, strlen(HEADER), &at, &s, &package, &n));
}

static void test_state(void **state)
{
	struct str word = STR_INIT, message = STR_INIT;
	struct atlas_section s = { SYNC, strlen(SYNC) };

	(void)state;
	atlas_section_state(&rt, &word, &message);
	assert_string_equal(word.s, "partial");
	assert_string_equal(message.s, "runtime/x.go:3:1: undefined: y");
	atlas_section_state(&s, &word, &message);
	assert_string_equal(word.s, "ok");
	assert_string_equal(message.s, "");
	s = (struct atlas_section){ "F\tx\ty\n", 6 };
	atlas_section_state(&s, &word, &message);
	assert_string_equal(word.s, "");
	str_free(&word);
	str_free(&message);
}

/* --- symbols ----------------------------------------------------------------- */

static void test_funcs(void **state)
{
	struct atlas_symbol s = found("mallocgc");

	(void)state;
	assert_string_equal(atlas_kind_name(s.kind), "func");
	assert_string_equal(s.file, "runtime/malloc.go");
	assert_int_equal(s.line, 100);
	assert_int_equal(s.def, ATLAS_DEF_GO);
	assert_true(s.go_decl && s.push && s.builtin);
	assert_false(s.std || s.asm_body || s.abi_internal || s.has_data);
	assert_string_equal(s.shape, "d,p,b>p");
	assert_string_equal(s.sig, "func(size uintptr, typ *_type, needzero bool) unsafe.Pointer");
	assert_string_equal(s.linked_as, "");
	assert_string_equal(s.definer, "");
	assert_string_equal(s.forwards, "");
	assert_string_equal(s.asm_package, "");
	assert_string_equal(s.type_kind, "");
	assert_int_equal(s.size, -1);
	atlas_symbol_dispose(&s);

	s = found("mallocgcX"); /* whose name another's begins; after a line that adds 0 */
	assert_int_equal(s.line, 200);
	assert_true(s.std);
	assert_false(s.push || s.builtin);
	assert_string_equal(s.forwards, "mallocgc");
	atlas_symbol_dispose(&s);

	s = found("(*mheap).alloc");
	assert_string_equal(atlas_kind_name(s.kind), "method");
	assert_string_equal(s.file, "runtime/mheap.go");
	assert_int_equal(s.line, 960);
	assert_string_equal(s.shape, "p,d,b>p");
	atlas_symbol_dispose(&s);
	s = found("mheap.size");
	assert_int_equal(s.line, 990);
	atlas_symbol_dispose(&s);
}

static void expect_def(const char *name, enum atlas_def def, bool go_decl, bool asm_body,
		       const char *definer)
{
	struct atlas_symbol s = found(name);

	if (s.def != def || s.go_decl != go_decl || s.asm_body != asm_body ||
	    strcmp(s.definer, definer) != 0)
		fail_msg("%s: %d %d %d %s", name, s.def, s.go_decl, s.asm_body, s.definer);
	atlas_symbol_dispose(&s);
}

static void test_defs(void **state)
{
	struct atlas_symbol s;

	(void)state;
	expect_def("memmove", ATLAS_DEF_ASM, true, true, "");
	expect_def("gogo", ATLAS_DEF_ASM, false, true, "");
	expect_def("mainPC", ATLAS_DEF_ASM, false, true, "");
	expect_def("getcallerpc", ATLAS_DEF_NOWHERE, true, false, "");
	expect_def("local", ATLAS_DEF_ELSEWHERE, true, false, "");
	expect_def("fastrand", ATLAS_DEF_PUSHED, true, false, "internal/rand.fr");
	expect_def("foo", ATLAS_DEF_PUSHED, false, false, "sync.foo");
	expect_def("pd", ATLAS_DEF_PUSHED, true, false, "a.pd");
	expect_def("pz", ATLAS_DEF_PUSHED, false, false, "a.pz");
	expect_def("gen", ATLAS_DEF_GENERIC, true, false, "");
	expect_def("future", ATLAS_DEF_UNKNOWN, true, false, "");
	expect_def("maxTinySize", ATLAS_DEF_GO, true, false, "");
	expect_def("mheap", ATLAS_DEF_GO, true, false, "");
	s = found("memmove"); /* marks that this version does not know are passed over */
	assert_true(s.abi_internal);
	assert_string_equal(s.asm_package, "internal/bytealg");
	assert_int_equal(s.line, 15);
	atlas_symbol_dispose(&s);
	s = found("local");
	assert_string_equal(s.linked_as, "sync.runtime_X");
	assert_int_equal(s.line, 2);
	atlas_symbol_dispose(&s);
	s = found("fastrand");
	assert_string_equal(s.forwards, "cheaprand");
	atlas_symbol_dispose(&s);
}

static void test_vars(void **state)
{
	struct atlas_symbol s = found("mheap_");

	(void)state;
	assert_string_equal(atlas_kind_name(s.kind), "var");
	assert_true(s.has_data && s.push);
	assert_int_equal(s.size, 96);
	assert_int_equal(s.align, -1);
	assert_int_equal(s.line, 1000);
	assert_string_equal(s.shape, "*96/8");
	assert_string_equal(s.sig, "mheap");
	atlas_symbol_dispose(&s);
	s = found("zerobase");
	assert_false(s.has_data);
	assert_int_equal(s.line, 100); /* on the line of the one before it */
	atlas_symbol_dispose(&s);
	s = found("pd");
	assert_true(s.has_data);
	atlas_symbol_dispose(&s);
	s = found("pz");
	assert_false(s.has_data);
	atlas_symbol_dispose(&s);
	s = found("maxTinySize");
	assert_string_equal(atlas_kind_name(s.kind), "const");
	assert_string_equal(s.sig, "untyped int");
	assert_string_equal(s.shape, "");
	assert_int_equal(s.line, 40);
	atlas_symbol_dispose(&s);
}

static void test_types(void **state)
{
	struct atlas_symbol s = found("mheap");
	const struct atlas_field *f;

	(void)state;
	assert_string_equal(atlas_kind_name(s.kind), "type");
	assert_string_equal(s.type_kind, "struct");
	assert_string_equal(s.sig, "struct");
	assert_int_equal(s.size, 96);
	assert_int_equal(s.align, 8);
	assert_int_equal(s.line, 60);
	assert_int_equal(s.fields.n, 6);
	f = &s.fields.v[0];
	assert_string_equal(f->name, "_");
	assert_false(f->embedded);
	f = &s.fields.v[2];
	assert_string_equal(f->name, "pages");
	assert_true(f->embedded);
	assert_int_equal(f->offset, 8);
	assert_int_equal(f->size, 64);
	assert_string_equal(f->ptrs, "5");
	assert_string_equal(f->type, "pageAlloc");
	f = &s.fields.v[5];
	assert_string_equal(f->ptrs, "*");
	assert_string_equal(f->type, "struct{a int; b *T}");
	atlas_symbol_dispose(&s);

	s = found("_type");
	assert_string_equal(s.type_kind, "alias");
	assert_string_equal(s.sig, "abi.Type");
	assert_int_equal(s.fields.n, 1);
	atlas_symbol_dispose(&s);
	s = found("muintptr");
	assert_string_equal(s.type_kind, "basic");
	assert_string_equal(s.sig, "uintptr");
	assert_int_equal(s.fields.n, 0);
	atlas_symbol_dispose(&s);
	s = found("G");
	assert_string_equal(s.type_kind, "generic");
	assert_int_equal(s.size, -1);
	assert_int_equal(s.align, -1);
	atlas_symbol_dispose(&s);
}

static void test_not_found(void **state)
{
	static const char *const names[] = {
		"malloc", "allocgc", "", "mallocgc\tg", "runtime/malloc.go", "malloc.go", "push builtin",
		"zz", "goexit", "60", "runtime", "partial", "func()", "uintptr", "struct", "a.pd",
		"_ 0 0 0 sys.NotInHeap", "mheap_\n",
	};
	struct atlas_section none = { 0 };
	struct atlas_symbol s;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (atlas_find(&rt, names[i], &s))
			fail_msg("found: %s", names[i]);
	assert_false(atlas_find(&none, "x", &s));
	assert_int_equal(atlas_each(&none, "*", NULL, NULL), 0);
}

/* The last line may be without its newline, columns may be missing, numbers may be none. */
static void test_scraps(void **state)
{
	static const char text[] = "V\t99999999999999999999\ta\tz\t\t?\t-12\tint\nC\t7\tb\nD\tf\n"
				   "F\t2147483647\tc\nF\t1\td\nF\t-3\te\nT\t1\tt\tstruct\tx\t8\t\tf\t\tg 1\nF\t1\tlast";
	struct atlas_section sec = { text, sizeof(text) - 1 };
	struct atlas_symbol s;

	(void)state;
	assert_true(atlas_find(&sec, "a", &s));
	assert_int_equal(s.line, 0);
	assert_int_equal(s.size, -1);
	assert_string_equal(s.file, "");
	atlas_symbol_dispose(&s);
	assert_true(atlas_find(&sec, "b", &s));
	assert_int_equal(s.line, 7);
	assert_string_equal(s.sig, "");
	atlas_symbol_dispose(&s);
	assert_true(atlas_find(&sec, "e", &s));
	assert_int_equal(s.line, INT32_MAX);
	assert_int_equal(s.def, ATLAS_DEF_UNKNOWN);
	assert_string_equal(s.shape, "");
	atlas_symbol_dispose(&s);
	assert_true(atlas_find(&sec, "t", &s));
	assert_int_equal(s.size, -1);
	assert_int_equal(s.fields.n, 3);
	assert_string_equal(s.fields.v[1].name, "");
	assert_int_equal(s.fields.v[2].offset, 1);
	assert_int_equal(s.fields.v[2].size, -1);
	atlas_symbol_dispose(&s);
	assert_true(atlas_find(&sec, "last", &s));
	assert_string_equal(s.file, "f");
	atlas_symbol_dispose(&s);
}

static void on_symbol(void *arg, const struct atlas_symbol *s)
{
	str_addf(arg, "%s %s:%d\n", s->name, s->file, s->line);
}

static void expect_each(const char *glob, size_t n, const char *want)
{
	struct str seen = STR_INIT;

	assert_int_equal(atlas_each(&rt, glob, on_symbol, &seen), n);
	assert_string_equal(seen.s, want);
	str_free(&seen);
}

static void test_each(void **state)
{
	(void)state;
	expect_each("mallocgc*", 2, "mallocgc runtime/malloc.go:100\nmallocgcX runtime/malloc.go:200\n");
	expect_each("(*mheap).*", 1, "(*mheap).alloc runtime/mheap.go:960\n");
	expect_each("p?", 2, "pd runtime/stubs.go:5\npz runtime/stubs.go:6\n");
	expect_each("mheap", 1, "mheap runtime/mheap.go:60\n");
	expect_each("zz", 0, "");
}

/* atlas_find() and atlas_each() agree on every symbol. */
static void on_compare(void *arg, const struct atlas_symbol *s)
{
	struct atlas_symbol other;

	(void)arg;
	other = found(s->name);
	assert_int_equal(other.line, s->line);
	assert_string_equal(other.file, s->file);
	assert_string_equal(other.sig, s->sig);
	atlas_symbol_dispose(&other);
}

static void test_agree(void **state)
{
	(void)state;
	assert_int_equal(atlas_each(&rt, "*", on_compare, NULL), 22);
}

/* --- what comes last --------------------------------------------------------- */

static void test_directives(void **state)
{
	struct atlas_directives d = { 0 };

	(void)state;
	atlas_directives(&rt, "fastrand", &d);
	assert_int_equal(d.n, 2);
	assert_string_equal(d.v[0].name, "fastrand");
	assert_int_equal(d.v[0].form, ATLAS_PUSH);
	assert_false(d.v[0].std);
	assert_string_equal(d.v[0].package, "runtime");
	assert_string_equal(d.v[0].local, "localrand");
	assert_string_equal(d.v[0].file, "runtime/rand.go");
	assert_int_equal(d.v[0].line, 120);
	assert_int_equal(d.v[0].body, 'g');
	assert_int_equal(d.v[1].form, ATLAS_PULL);
	assert_string_equal(d.v[1].package, "net");
	assert_int_equal(d.v[1].body, 'n');
	atlas_directives_dispose(&d);

	atlas_directives(&rt, "zz", &d); /* and not the one of a form that is not known */
	assert_int_equal(d.n, 3);
	assert_true(d.v[0].std && d.v[1].std && d.v[2].std);
	assert_int_equal(d.v[0].form, ATLAS_ONE);
	assert_int_equal(d.v[1].form, ATLAS_PUSH);
	assert_int_equal(d.v[2].form, ATLAS_PULL);
	atlas_directives(&rt, NULL, &d); /* added */
	assert_int_equal(d.n, 9);
	atlas_directives_dispose(&d);
	atlas_directives(&rt, "fast", &d);
	atlas_directives(&rt, "z", &d);
	atlas_directives(&rt, "", &d);
	atlas_directives(&(struct atlas_section){ 0 }, NULL, &d);
	assert_int_equal(d.n, 0);
}

static void test_blocked(void **state)
{
	struct str packages = STR_INIT;

	(void)state;
	assert_true(atlas_blocked(&rt, "goexit", &packages));
	assert_string_equal(packages.s, "time,net");
	assert_true(atlas_blocked(&rt, "fastrand", &packages));
	assert_string_equal(packages.s, "");
	assert_true(atlas_blocked(&rt, "goexit", NULL));
	assert_true(atlas_blocked(&rt, "goexit", &packages));
	assert_false(atlas_blocked(&rt, "mallocgc", &packages));
	assert_string_equal(packages.s, "");
	assert_false(atlas_blocked(&rt, "fast", NULL));
	/* the only line of its kind, cut after the name */
	assert_true(atlas_blocked(&(struct atlas_section){ "P\ta\tok\t\nB\tx", 11 }, "x", &packages));
	assert_string_equal(packages.s, "");
	str_free(&packages);
}

static void test_users(void **state)
{
	struct strv users = { 0 };

	(void)state;
	atlas_users(&rt, "mallocgc", &users);
	assert_int_equal(users.n, 0);
	strv_add(&users, "first");
	atlas_users(&rt, "fastrand", &users);
	assert_int_equal(users.n, 3);
	assert_string_equal(users.v[1], "github.com/dgraph-io/ristretto");
	assert_string_equal(users.v[2], "gitee.com/quant1x/gox");
	strv_free(&users);
}

/* --- names ------------------------------------------------------------------- */

static void test_split_name(void **state)
{
	static const struct {
		const char *full, *package, *name; /* NULL: cannot be split */
	} cases[] = {
		{ "runtime.(*mheap).alloc", "runtime", "(*mheap).alloc" },
		{ "internal/abi.Type", "internal/abi", "Type" },
		{ "vendor/golang.org/x/sys/cpu.X86", "vendor/golang.org/x/sys/cpu", "X86" },
		{ "vendor/golang.org/x/sys/cpu.X86.HasAES", "vendor/golang.org/x/sys/cpu", "X86.HasAES" },
		{ "net/http.(*Client).do", "net/http", "(*Client).do" },
		{ "net/http.Client.do", "net/http", "Client.do" },
		{ "sync/atomic.(*Pointer[net/http.response]).Load", "sync/atomic",
		  "(*Pointer[net/http.response]).Load" },
		{ "slices.Sort[go.shape/x.int]", "slices", "Sort[go.shape/x.int]" },
		{ "crypto/internal/entropy/v1.0.0.source", "crypto/internal/entropy/v1.0.0", "source" },
		{ "crypto/internal/entropy/v1%2e0%2e0.source", "crypto/internal/entropy/v1.0.0", "source" },
		{ "crypto/internal/entropy/v1.0.0.(*T).m", "crypto/internal/entropy/v1.0.0", "(*T).m" },
		{ "math/rand/v2.Int", "math/rand/v2", "Int" },
		{ "a/v1.x", "a/v1", "x" },
		{ "a/v1.0", "a/v1", "0" },
		{ "crosscall2", NULL, NULL },
		{ "golang.org/x/sys", NULL, NULL },
		{ "", NULL, NULL },
		{ "runtime.", NULL, NULL },
		{ ".x", NULL, NULL },
		{ "a/.x", NULL, NULL },
		{ "(*T).m", NULL, NULL },
	};
	struct str package = STR_INIT, name = STR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		str_add(&package, "old");
		if (atlas_split_name(cases[i].full, &package, &name) != (cases[i].package != NULL))
			fail_msg("%s", cases[i].full);
		assert_string_equal(package.s, cases[i].package ? cases[i].package : "");
		assert_string_equal(name.s, cases[i].name ? cases[i].name : "");
	}
	str_free(&package);
	str_free(&name);
}

/* --- cut and bent ------------------------------------------------------------- */

static void on_touch(void *arg, const struct atlas_symbol *s)
{
	*(size_t *)arg += strlen(s->name) + strlen(s->file) + strlen(s->linked_as) +
			  strlen(s->definer) + strlen(s->forwards) + strlen(s->asm_package) +
			  strlen(s->shape) + strlen(s->sig) + strlen(s->type_kind);
	for (size_t i = 0; i < s->fields.n; i++)
		*(size_t *)arg += strlen(s->fields.v[i].name) + strlen(s->fields.v[i].ptrs) +
				  strlen(s->fields.v[i].type);
}

/* Everything there is to ask, of a copy that ends where its memory ends. */
static size_t ask_all(const char *text, size_t len)
{
	static const char *const names[] = { "mallocgc", "fastrand", "zz", "mheap", "P", "" };
	char *copy = mem_alloc(len);
	struct str word = STR_INIT, message = STR_INIT;
	struct strv users = { 0 };
	struct error err = { 0 };
	struct atlas_section s;
	const char *package;
	size_t at = 0, n, seen = 0;

	memcpy(copy, text, len);
	atlas_check_header(copy, len, &err);
	while (atlas_next_section(copy, len, &at, &s, &package, &n)) {
		struct atlas_directives d = { 0 };

		assert_true(package >= copy && package + n <= copy + len);
		assert_true(s.text >= copy && s.text + s.len <= copy + len);
		atlas_section_state(&s, &word, &message);
		atlas_each(&s, "*", on_touch, &seen);
		atlas_directives(&s, NULL, &d);
		for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
			struct atlas_symbol symbol;

			if (atlas_find(&s, names[i], &symbol)) {
				on_touch(&seen, &symbol);
				atlas_symbol_dispose(&symbol);
			}
			atlas_directives(&s, names[i], &d);
			atlas_blocked(&s, names[i], &word);
			atlas_users(&s, names[i], &users);
		}
		atlas_directives_dispose(&d);
	}
	/* The same as one section, whatever it begins with. */
	s = (struct atlas_section){ copy, len };
	atlas_each(&s, "*a*", on_touch, &seen);
	atlas_section_state(&s, &word, &message);
	str_free(&word);
	str_free(&message);
	strv_free(&users);
	mem_free(copy);
	return seen;
}

static void test_cut(void **state)
{
	size_t last = 0;

	(void)state;
	for (size_t n = 0; n < sizeof(whole); n++)
		last = ask_all(whole, n);
	assert_true(last > 1000);
	for (size_t from = 0; from < sizeof(whole); from++)
		ask_all(whole + from, sizeof(whole) - 1 - from);
}

static void test_bent(void **state)
{
	static const char bytes[] = { '\t', '\n', '\0', 'P', 'D', 'L', 'F', 'T', '9', '-', ' ', (char)0xff };
	char copy[sizeof(whole)];
	unsigned seed = 1;

	(void)state;
	for (size_t i = 0; i < sizeof(whole) - 1; i++) {
		memcpy(copy, whole, sizeof(copy));
		for (size_t k = 0; k < sizeof(bytes); k += 3) { /* each gets a few of them */
			copy[i] = bytes[(i + k) % sizeof(bytes)];
			ask_all(copy, sizeof(copy) - 1);
		}
	}
	for (int round = 0; round < 2000; round++) {
		memcpy(copy, whole, sizeof(copy));
		for (int k = 0; k < 20; k++) {
			seed = seed * 1103515245u + 12345u;
			copy[(seed >> 8) % (sizeof(copy) - 1)] = bytes[(seed >> 4) % sizeof(bytes)];
		}
		ask_all(copy, sizeof(copy) - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_funcs),
		cmocka_unit_test(test_defs),
		cmocka_unit_test(test_vars),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_not_found),
		cmocka_unit_test(test_scraps),
		cmocka_unit_test(test_each),
		cmocka_unit_test(test_agree),
		cmocka_unit_test(test_directives),
		cmocka_unit_test(test_blocked),
		cmocka_unit_test(test_users),
		cmocka_unit_test(test_split_name),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_bent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
