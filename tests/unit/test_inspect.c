/* Inspection: what a program says against what std has, both as short texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "results/inspect.h"

static const char std_text[] =
	"lnmatrix-atlas 1\n"
	"P\tinternal/abi\tok\t\n"
	"D\tinternal/abi/type.go\n"
	"T\t10\tType\tstruct\t16\t8\t\tSize_ 0 8 0 uintptr\tPtr 8 8 1 *byte\n"
	"P\truntime\tok\t\n"
	"D\truntime/proc.go\n"
	"F\t5\tfastrand\tg\tpush\t>w\tfunc() uint32\n"
	"F\t1\tkeep\tg\tpush\tp>\tfunc(s *sudog)\n"
	"F\t1\tclosed\tg\t\td>\tfunc(n int)\n"
	"F\t2\tgetm\tg\tpush\tp>p\tfunc(m *m) *m\n"
	"F\t2\tsizeof\tg\tpush\tp>d\tfunc(t *abi.Type) uintptr\n"
	"M\t2\t(*m).id\tg\tpush\tp,d>d\tfunc(n int) int64\n"
	"M\t3\t(*m).own\tg\t\tp>d\tfunc() int64\n"
	"V\t2\tsched\tz\t\t{pdd}\t24\tschedt\n"
	"V\t1\tcount\td\tpush\td\t8\tint64\n"
	"T\t5\tm\tstruct\t16\t8\t\tg0 0 8 1 *g\tid 8 8 0 int64\n"
	"T\t5\tschedt\tstruct\t24\t8\t\tfirst 0 8 1 *g\tlock 8 8 0 uintptr\tmax 16 8 0 int\n"
	"L\tfastrand\tone\truntime\tfastrand\truntime/proc.go:4\tg\n"
	"U\tfastrand\tgithub.com/a/b github.com/c/d\n";

/* The next release: fastrand is no longer open. */
static const char newer_text[] =
	"lnmatrix-atlas 1\n"
	"P\truntime\tok\t\n"
	"D\truntime/proc.go\n"
	"F\t5\tfastrand\tg\t\t>w\tfunc() uint32\n";

static bool section(void *arg, const char *package, struct atlas_section *out)
{
	const char *text = arg, *path;
	size_t at = 0, n;

	while (atlas_next_section(text, strlen(text), &at, out, &path, &n))
		if (n == strlen(package) && memcmp(path, package, n) == 0)
			return true;
	return false;
}

/* Inspects a program that consists of these records. */
static void look(struct inspection *out, const char *records, const char *go, const char *target,
		 const struct layout_pairs *pairs, bool ahead)
{
	char *text = mem_printf("lnmatrix-local 1\n=1 0\n%s", records);
	struct inspect_std newer = { .toolchain = "go1.30.0", .section = section, .arg = (void *)newer_text };
	struct local_program program;
	struct error err = { 0 };
	struct target t;
	struct inspect_question q = { .program = &program, .target = &t, .pairs = pairs };

	assert_int_equal(target_parse(&t, target, &err), 0);
	assert_int_equal(local_program_parse(&program, text, strlen(text), 0, &err), 0);
	q.std = (struct inspect_std){ .toolchain = go, .section = section, .arg = (void *)std_text };
	assert_int_equal(gover_parse(&q.std.version, go, &err), 0);
	assert_int_equal(gover_parse(&newer.version, "go1.30.0", &err), 0);
	if (ahead) {
		q.newer = &newer;
		q.nnewer = 1;
	}
	inspect(out, &q);
	local_program_dispose(&program);
	mem_free(text);
}

static const struct finding *only(const struct inspection *i, const char *kind)
{
	const struct finding *found = NULL;

	for (size_t k = 0; k < i->findings.n; k++) {
		if (strcmp(i->findings.v[k].kind, kind) != 0)
			continue;
		if (found)
			fail_msg("%s stands twice", kind);
		found = &i->findings.v[k];
	}
	if (!found)
		fail_msg("no %s among %zu findings", kind, i->findings.n);
	return found;
}

static void expect_words(const char *text, const char *words)
{
	if (!text || !strstr(text, words))
		fail_msg("no \"%s\" in \"%s\"", words, text ? text : "(nothing)");
}

#define LINK(form, local, target, what, used, shape, sig) \
	"l\t.\tmain.go\t7\t" form "\t" local "\t" target "\t" what "\t" used "\t" shape "\t" sig "\n"

static void test_signature(void **state)
{
	struct inspection in;
	const struct finding *f;

	(void)state;
	look(&in, LINK("pull", "f", "runtime.fastrand", "func", "1", ">w,pp", "func() (uint32, error)"),
	     "go1.22.1", "linux/amd64", NULL, false);
	assert_int_equal(in.findings.n, 1);
	f = only(&in, "signature-mismatch");
	assert_string_equal(f->severity, "error");
	assert_string_equal(f->symbol, "runtime.fastrand");
	assert_string_equal(f->file, "main.go");
	assert_int_equal(f->line, 7);
	expect_words(f->message, "breaks the ABI");
	expect_words(f->message, "RBX");
	assert_string_equal(f->local, "func() (uint32, error)");
	assert_string_equal(f->target, "func() uint32");
	assert_int_equal(in.predictions.n, 1);
	assert_int_equal(in.predictions.v[0].pull, LINK_LINKS);
	inspection_dispose(&in);

	look(&in, LINK("pull", "f", "runtime.fastrand", "func", "1", ">w", "func() int32"), "go1.22.1",
	     "linux/amd64", NULL, false);
	f = only(&in, "signature-mismatch");
	assert_string_equal(f->severity, "info");
	expect_words(f->message, "same ABI, other type");
	inspection_dispose(&in);

	look(&in, LINK("pull", "f", "runtime.fastrand", "func", "1", ">w", "func() uint32"), "go1.22.1",
	     "linux/amd64", NULL, false);
	assert_int_equal(in.findings.n, 0);
	inspection_dispose(&in);

	look(&in, LINK("pull", "f", "runtime.keep", "func", "1", "p>", "func(x *runtime.sudog)"), "go1.22.1",
	     "linux/amd64", NULL, false);
	assert_int_equal(in.findings.n, 0); /* the same type, as an outsider says it */
	inspection_dispose(&in);

	/* a method: its receiver comes first */
	look(&in, LINK("pull", "id", "runtime.(*m).id", "func", "1", "p,d>d", "func(unsafe.Pointer, int) int64"),
	     "go1.22.1", "linux/amd64", NULL, false);
	for (size_t i = 0; i < in.findings.n; i++)
		assert_string_equal(in.findings.v[i].severity, "info");
	inspection_dispose(&in);
}

/* What is not a pull of std's is nobody's business. */
static void test_others(void **state)
{
	struct inspection in;

	(void)state;
	look(&in, LINK("one", "f", "", "body", "1", ">w,pp", "func() (uint32, error)")
	     LINK("push", "g", "runtime.fastrand", "body", "1", ">w,pp", "func() (uint32, error)")
	     LINK("pull", "h", "example.org/x.f", "func", "1", ">", "func()")
	     LINK("pull", "i", "main.f", "func", "1", ">", "func()")
	     LINK("pull", "j", "nosuch/package.f", "func", "1", ">", "func()"),
	     "go1.27.4", "linux/amd64", NULL, false);
	assert_int_equal(in.findings.n, 0);
	assert_int_equal(in.predictions.n, 0);
	inspection_dispose(&in);
}

/* What the program defines itself, std need not have. */
static void test_own_push(void **state)
{
	struct inspection in;

	(void)state;
	look(&in, LINK("push", "impl", "runtime.myOwn", "body", "1", ">", "func()")
	     LINK("pull", "decl", "runtime.myOwn", "func", "2", ">", "func()"), "go1.27.4", "linux/amd64", NULL, false);
	assert_int_equal(in.findings.n, 0);
	assert_int_equal(in.predictions.n, 0);
	inspection_dispose(&in);

	/* certain: called, and of a package that every program has */
	look(&in, LINK("pull", "a", "runtime.a", "func", "2", ">", "func()")
	     LINK("pull", "b", "runtime.b", "func", "1", ">", "func()"), "go1.27.4", "linux/amd64", NULL, false);
	assert_true(in.predictions.v[0].certain);
	assert_false(in.predictions.v[1].certain);
	inspection_dispose(&in);
}

/* A declaration that has the receiver's type brings the method in under a number: nobody checks. */
static void test_receiver(void **state)
{
	static const struct { const char *sig; bool links; } rows[] = {
		{ "func(p *runtime.m) int64", true },  { "func(uintptr, []runtime.m) int64", true },
		{ "func(p uintptr) int64", false },    { "func(p *runtime.mutex) int64", false },
		{ "func(p *my/runtime.m) int64", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = mem_printf("l\t.\tmain.go\t7\tpull\tf\truntime.(*m).own\tfunc\t2\tp>d\t%s\n", rows[i].sig);
		struct inspection in;

		look(&in, text, "go1.23.1", "linux/amd64", NULL, false);
		assert_int_equal(in.predictions.n, 1);
		assert_int_equal(in.predictions.v[0].pull, rows[i].links ? LINK_LINKS : LINK_REJECTED);
		inspection_dispose(&in);
		mem_free(text);
	}
}

static void test_ahead(void **state)
{
	struct inspection in;

	(void)state;
	look(&in, LINK("pull", "f", "runtime.fastrand", "func", "1", ">w", "func() uint32"), "go1.27.4",
	     "linux/amd64", NULL, true);
	expect_words(only(&in, "allowed-by-exception")->message, "github.com/a/b, github.com/c/d");
	expect_words(only(&in, "will-be-rejected")->message, "go1.30.0 will not link it: rejected");
	inspection_dispose(&in);

	/* nobody refers to it: the linker will never see it */
	look(&in, LINK("pull", "f", "runtime.fastrand", "func", "0", ">w", "func() uint32"), "go1.27.4",
	     "linux/amd64", NULL, true);
	assert_int_equal(in.findings.n, 1);
	assert_int_equal(in.predictions.n, 0);
	inspection_dispose(&in);

	look(&in, "a\tx.s\t3\truntime.closed\n", "go1.27.4", "linux/amd64", NULL, false);
	assert_int_equal(in.predictions.n, 1);
	assert_true(in.predictions.v[0].from_asm);
	assert_int_not_equal(in.predictions.v[0].pull, LINK_LINKS);
	inspection_dispose(&in);
}

static void test_variables(void **state)
{
	struct inspection in;
	const struct finding *f;

	(void)state;
	look(&in, LINK("pull", "gone", "runtime.gone", "var", "1", "d", "int"), "go1.27.4", "linux/amd64", NULL, false);
	f = only(&in, "orphan-variable");
	assert_string_equal(f->severity, "error");
	expect_words(f->message, "always zero");
	inspection_dispose(&in);

	look(&in, LINK("pull", "n", "runtime.fastrand", "var", "1", "d", "uintptr"), "go1.22.1", "linux/amd64", NULL,
	     false);
	expect_words(only(&in, "signature-mismatch")->message, "declared as a variable, std's is a func");
	inspection_dispose(&in);
	look(&in, LINK("pull", "n", "runtime.count", "func", "1", ">", "func()"), "go1.22.1", "linux/amd64", NULL, false);
	expect_words(only(&in, "signature-mismatch")->message, "declared as a function, std's is a var");
	inspection_dispose(&in);

	look(&in, LINK("pull", "n", "runtime.count", "var", "1", "w", "int32"), "go1.22.1", "linux/amd64", NULL, false);
	expect_words(only(&in, "layout-drift")->message, "int32 of 4 bytes, std's is int64 of 8");
	inspection_dispose(&in);

	look(&in, LINK("pull", "n", "runtime.count", "var", "1", "d", "uint64"), "go1.22.1", "linux/amd64", NULL, false);
	assert_int_equal(in.findings.n, 0);
	inspection_dispose(&in);
}

#define TYPES "P\t.\tok\t\nD\tmain.go\n"

static void test_layouts(void **state)
{
	struct inspection in;
	const struct finding *f;
	struct layout_pairs pairs = { 0 };

	(void)state;
	/* a variable of a struct type */
	look(&in, LINK("pull", "s", "runtime.sched", "var", "1", "{dd}", "mySched")
	     TYPES "T\t20\tmySched\tstruct\t16\t8\t\tlock 0 8 0 uintptr\tmax 8 8 0 int\n",
	     "go1.22.1", "linux/amd64", NULL, false);
	f = only(&in, "layout-drift");
	assert_string_equal(f->symbol, "runtime.schedt");
	assert_string_equal(f->local, "mySched");
	expect_words(f->message, "lock");
	inspection_dispose(&in);

	/* its first fields, right as they are */
	look(&in, LINK("pull", "s", "runtime.sched", "var", "1", "{pd}", "mySched")
	     TYPES "T\t20\tmySched\tstruct\t16\t8\t\tfirst 0 8 1 *g\tlock 8 8 0 uintptr\n",
	     "go1.22.1", "linux/amd64", NULL, false);
	assert_int_equal(in.findings.n, 0);
	inspection_dispose(&in);

	/* a pointer to a struct, at the same place as std's; and a pointer that is none any more */
	look(&in, LINK("pull", "getm", "runtime.getm", "func", "1", "p>p", "func(x *myM) *myM")
	     TYPES "T\t20\tmyM\tstruct\t16\t8\t\tid 0 8 0 int64\tg0 8 8 0 uintptr\n",
	     "go1.22.1", "linux/amd64", NULL, false);
	assert_string_equal(only(&in, "layout-drift")->symbol, "runtime.m");
	inspection_dispose(&in);
	look(&in, LINK("pull", "getm", "runtime.getm", "func", "1", "p>p", "func(x *myM) *myM")
	     TYPES "T\t20\tmyM\tstruct\t16\t8\t\tg0 0 8 0 uintptr\tid 8 8 0 int64\n",
	     "go1.22.1", "linux/amd64", NULL, false);
	assert_string_equal(only(&in, "pointer-map-drift")->symbol, "runtime.m");
	inspection_dispose(&in);

	/* a type of another package, which std calls by that package's name */
	look(&in, LINK("pull", "size", "runtime.sizeof", "func", "1", "p>d", "func(t *rtype) uintptr")
	     TYPES "T\t20\trtype\tstruct\t16\t8\t\tptr 0 8 1 *byte\tsize_ 8 8 0 uintptr\n",
	     "go1.22.1", "linux/amd64", NULL, false);
	assert_string_equal(only(&in, "layout-drift")->symbol, "internal/abi.Type");
	inspection_dispose(&in);

	/* declared by the scenario */
	layout_pairs_add(&pairs, "myM", "runtime.m");
	layout_pairs_add(&pairs, "myM", "runtime.m");
	assert_int_equal(pairs.n, 1);
	look(&in, TYPES "T\t20\tmyM\tstruct\t8\t8\t\tid 0 8 0 int64\n", "go1.22.1", "linux/amd64", &pairs, false);
	assert_string_equal(only(&in, "layout-drift")->symbol, "runtime.m");
	inspection_dispose(&in);
	look(&in, "", "go1.22.1", "linux/amd64", &pairs, false);
	expect_words(only(&in, "layout-drift")->message, "has no type myM");
	inspection_dispose(&in);
	layout_pairs_free(&pairs);
	layout_pairs_add(&pairs, "myM", "runtime.nosuch");
	look(&in, TYPES "T\t20\tmyM\tstruct\t8\t8\t\tid 0 8 0 int64\n", "go1.22.1", "linux/amd64", &pairs, false);
	expect_words(only(&in, "layout-drift")->message, "which go1.22.1 does not have");
	inspection_dispose(&in);
	layout_pairs_free(&pairs);
}

static void test_remarks(void **state)
{
	struct inspection in;

	(void)state;
	look(&in, "m\tmain.go\t3\tinert-directive\t// go:linkname x y.z: a blank stands before go:linkname\n"
	     "m\tb.go\t4\tmissing-unsafe-import\t//go:linkname x: its file does not import unsafe\n",
	     "go1.22.1", "linux/amd64", NULL, false);
	assert_int_equal(only(&in, "inert-directive")->line, 3);
	assert_string_equal(only(&in, "missing-unsafe-import")->file, "b.go");
	inspection_dispose(&in);
}

static struct inspection predicted(const char *symbol, enum link_pull pull)
{
	struct inspection in = { 0 };
	struct prediction p = { mem_strdup(symbol), pull, false, true, mem_strdup("because") };

	vec_push(&in.predictions, p);
	return in;
}

static size_t disagreements(enum link_pull pull, enum outcome_kind kind, const char *symbol)
{
	struct inspection in = predicted("runtime.x", pull);
	struct outcome o = { .kind = kind, .stage = STAGE_LINK };
	size_t n = 0;

	if (symbol)
		outcome_add_symbol(&o, symbol);
	inspection_attach(&in, &o);
	for (size_t i = 0; i < o.findings.n; i++)
		n += strcmp(o.findings.v[i].kind, "disagreement") == 0;
	outcome_dispose(&o);
	inspection_dispose(&in);
	return n;
}

/* The linker's word counts, and only where it has said something about the symbol. */
static void test_disagreement(void **state)
{
	(void)state;
	assert_int_equal(disagreements(LINK_LINKS, OUTCOME_PASS, NULL), 0);
	assert_int_equal(disagreements(LINK_REJECTED, OUTCOME_PASS, NULL), 1);
	assert_int_equal(disagreements(LINK_UNDEFINED, OUTCOME_LINKED, NULL), 0);
	assert_int_equal(disagreements(LINK_REJECTED, OUTCOME_LINK_REJECTED, "runtime.x"), 0);
	assert_int_equal(disagreements(LINK_LINKS, OUTCOME_LINK_REJECTED, "runtime.x"), 1);
	assert_int_equal(disagreements(LINK_LINKS, OUTCOME_LINK_REJECTED, "runtime.y"), 0);
	assert_int_equal(disagreements(LINK_REJECTED, OUTCOME_LINK_REJECTED, "runtime.y"), 1);
	assert_int_equal(disagreements(LINK_UNDEFINED, OUTCOME_LINK_REJECTED, "runtime.y"), 0);
	assert_int_equal(disagreements(LINK_UNDEFINED, OUTCOME_LINK_UNDEFINED, "runtime.x"), 0);
	assert_int_equal(disagreements(LINK_LINKS, OUTCOME_LINK_UNDEFINED, "runtime.x"), 1);
	assert_int_equal(disagreements(LINK_REJECTED, OUTCOME_COMPILE_ERROR, NULL), 0);
}

/* The linker stops after 21; the atlas knows the rest. */
static void test_undefined(void **state)
{
	struct inspection in = predicted("runtime.zzz", LINK_UNDEFINED);
	struct outcome o = { .kind = OUTCOME_LINK_UNDEFINED, .stage = STAGE_LINK };

	(void)state;
	for (int i = 0; i < 20; i++) {
		char name[32];

		snprintf(name, sizeof(name), "runtime.a%02d", i);
		outcome_add_symbol(&o, name);
	}
	inspection_attach(&in, &o);
	assert_int_equal(o.symbols.n, 20);
	outcome_add_symbol(&o, "runtime.a20");
	inspection_attach(&in, &o);
	assert_int_equal(o.symbols.n, 22);
	assert_string_equal(o.symbols.v[21], "runtime.zzz");
	assert_int_equal(o.notes.n, 1);
	assert_int_equal(o.findings.n, 0);
	outcome_dispose(&o);
	inspection_dispose(&in);
}

static void test_store(void **state)
{
	struct inspection in, again;
	struct error err = { 0 };
	char *text, *second;

	(void)state;
	look(&in, LINK("pull", "f", "runtime.fastrand", "func", "1", ">w,pp", "func() (uint32, error)"),
	     "go1.22.1", "linux/amd64", NULL, false);
	text = inspection_dump(&in);
	assert_int_equal(inspection_load(&again, text, &err), 0);
	second = inspection_dump(&again);
	assert_string_equal(text, second);
	assert_int_equal(again.findings.v[0].line, 7);
	assert_int_equal(again.predictions.v[0].pull, LINK_LINKS);
	inspection_dispose(&in);
	inspection_dispose(&again);
	mem_free(text);
	mem_free(second);
	assert_int_equal(inspection_load(&again, "not json", &err), ERR_WORK);
	assert_int_equal(inspection_load(&again, "{\"findings\":[{}],\"predictions\":[]}", &err), ERR_WORK);
	assert_int_equal(inspection_load(&again, "{\"findings\":[],\"predictions\":[{\"symbol\":\"a\","
					 "\"reason\":\"b\",\"pull\":99}]}", &err), ERR_WORK);
}

static void test_program(void **state)
{
	static const char text[] = "lnmatrix-local 1\n=0 2\na\tx.s\t3\truntime.a\n=1\na\tx.s\t3\truntime.b\n"
				   "e\tmain.go:1: no\n";
	struct local_program p;
	struct error err = { 0 };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(local_program_parse(&p, text, strlen(text), i, &err), 0);
		assert_int_equal(p.refs.n, 1);
		assert_string_equal(p.refs.v[0].symbol, i == 1 ? "runtime.b" : "runtime.a");
		assert_int_equal(p.errors.n, i == 1);
		local_program_dispose(&p);
	}
	assert_int_equal(local_program_parse(&p, text, strlen(text), 3, &err), ERR_WORK);
	assert_int_equal(local_program_parse(&p, "nonsense", 8, 0, &err), ERR_WORK);
}

static void test_packages(void **state)
{
	static const char text[] = "lnmatrix-local 1\n=0\na\tx.s\t3\truntime.a\n"
		LINK("pull", "f", "net/http.f", "func", "1", ">", "func()")
		LINK("pull", "f", "golang.org/x/y.f", "func", "1", ">", "func()");
	struct local_program p;
	struct error err = { 0 };
	struct strv list = { 0 };

	(void)state;
	assert_int_equal(local_program_parse(&p, text, strlen(text), 0, &err), 0);
	inspect_packages(&list, &p, NULL);
	assert_int_equal(list.n, 3);
	assert_string_equal(list.v[0], "internal/abi");
	assert_string_equal(list.v[1], "net/http");
	assert_string_equal(list.v[2], "runtime");
	strv_free(&list);
	local_program_dispose(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signature),    cmocka_unit_test(test_others),
		cmocka_unit_test(test_receiver),     cmocka_unit_test(test_own_push),     cmocka_unit_test(test_ahead),        cmocka_unit_test(test_variables),
		cmocka_unit_test(test_layouts),      cmocka_unit_test(test_remarks),
		cmocka_unit_test(test_disagreement), cmocka_unit_test(test_store),
		cmocka_unit_test(test_program),      cmocka_unit_test(test_undefined),
	      cmocka_unit_test(test_packages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
