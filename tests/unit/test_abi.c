/* Go's calling conventions: where values travel, and what a wrong signature does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/mem.h"
#include "toolchains/abi.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct abi_machine machine(const char *version, const char *goarch)
{
	struct abi_machine m = { .goarch = goarch };
	struct error err = { 0 };

	assert_int_equal(gover_parse(&m.version, version, &err), 0);
	return m;
}

static void check_places(const char *version, const char *goarch, const char *shape, const char *places)
{
	struct abi_machine m = machine(version, goarch);
	struct str out = STR_INIT;

	assert_true(abi_places(&m, shape, &out));
	if (strcmp(out.s, places) != 0)
		print_message("%s %s %s\n", version, goarch, shape);
	assert_string_equal(out.s, places);
	str_free(&out);
}

/*
 * As go1.22.12 and go1.27.4 compile such functions (read from "go tool compile -S"): shape,
 * places on amd64 and on arm64.
 */
static const char *const compiled[][3] = {
	{ ">w",
	  "> RAX",
	  "> R0" },
	{ "d,d>d",
	  "RAX, RBX > RAX",
	  "R0, R1 > R0" },
	{ "d,p,b>p",
	  "RAX, RBX, RCX > RAX",
	  "R0, R1, R2 > R0" },
	{ "pdd>d",
	  "RAX+RBX+RCX > RAX",
	  "R0+R1+R2 > R0" },
	{ "pd,pd>pd",
	  "RAX+RBX, RCX+RDI > RAX+RBX",
	  "R0+R1, R2+R3 > R0+R1" },
	{ "g,d,f,d>g,d",
	  "X0, RAX, X1, RBX > X0, RAX",
	  "F0, R0, F1, R1 > F0, R0" },
	{ "g,g,g,g,g,g,g,g,g,g,g,g,g,g,g,g,g,g>g,g,g,g,g,g,g,g,g,g,g,g,g,g,g,g,g,g",
	  "X0, X1, X2, X3, X4, X5, X6, X7, X8, X9, X10, X11, X12, X13, X14, 0(FP), 8(FP), 16(FP) > X0, X1, X2, X3, X4, X5, X6, X7, X8, X9, X10, X11, X12, X13, X14, 24(FP), 32(FP), 40(FP)",
	  "F0, F1, F2, F3, F4, F5, F6, F7, F8, F9, F10, F11, F12, F13, F14, F15, 0(FP), 8(FP) > F0, F1, F2, F3, F4, F5, F6, F7, F8, F9, F10, F11, F12, F13, F14, F15, 16(FP), 24(FP)" },
	{ "{dpd},b>{dd}",
	  "RAX+RBX+RCX, RDI > RAX+RBX",
	  "R0+R1+R2, R3 > R0+R1" },
	{ "[2*d],d>[2*d],d",
	  "0(FP), RAX > 16(FP), RAX",
	  "0(FP), R0 > 16(FP), R0" },
	{ "[pd],d>[d]",
	  "RAX+RBX, RCX > RAX",
	  "R0+R1, R2 > R0" },
	{ "d,d,d,d,d,d,d,d,pd,d>d,d,d,d,d,d,d,d,pd,d",
	  "RAX, RBX, RCX, RDI, RSI, R8, R9, R10, 0(FP), R11 > RAX, RBX, RCX, RDI, RSI, R8, R9, R10, 16(FP), R11",
	  "R0, R1, R2, R3, R4, R5, R6, R7, R8+R9, R10 > R0, R1, R2, R3, R4, R5, R6, R7, R8+R9, R10" },
	{ "b,[4*b],h,[3*h],d>b,[2*b],d",
	  "RAX, 0(FP), RBX, 4(FP), RCX > RAX, 16(FP), RBX",
	  "R0, 0(FP), R1, 4(FP), R2 > R0, 16(FP), R1" },
	{ "{},d,[0*d],b>{},d",
	  "-, RAX, -, RBX > -, RAX",
	  "-, R0, -, R1 > -, R0" },
	{ "ff,gg,d>gg,ff",
	  "X0+X1, X2+X3, RAX > X0+X1, X2+X3",
	  "F0+F1, F2+F3, R0 > F0+F1, F2+F3" },
	{ "{bfd},w>{fb}",
	  "RAX+X0+RBX, RCX > X0+RAX",
	  "R0+F0+R1, R2 > F0+R0" },
	{ "pp,d>pp,d",
	  "RAX+RBX, RCX > RAX+RBX, RCX",
	  "R0+R1, R2 > R0+R1, R2" },
	{ "{[{b[g]}]},d>d",
	  "RAX+X0, RBX > RAX",
	  "R0+F0, R1 > R0" },
	{ "{d[2*d]},d>{d[2*d]}",
	  "0(FP), RAX > 24(FP)",
	  "0(FP), R0 > 24(FP)" },
	{ "{b{}},d>d",
	  "RAX, RBX > RAX",
	  "R0, R1 > R0" },
	{ "g,g,g,g,g,g,g,g,g,g,g,g,g,g,{ggd},d,g>d",
	  "X0, X1, X2, X3, X4, X5, X6, X7, X8, X9, X10, X11, X12, X13, 0(FP), RAX, X14 > RAX",
	  "F0, F1, F2, F3, F4, F5, F6, F7, F8, F9, F10, F11, F12, F13, F14+F15+R0, R1, 0(FP) > R0" },
	{ "pdd,pdd,pdd,d,pd>pdd,pdd,pdd,d",
	  "RAX+RBX+RCX, RDI+RSI+R8, R9+R10+R11, 0(FP), 8(FP) > RAX+RBX+RCX, RDI+RSI+R8, R9+R10+R11, 24(FP)",
	  "R0+R1+R2, R3+R4+R5, R6+R7+R8, R9, R10+R11 > R0+R1+R2, R3+R4+R5, R6+R7+R8, R9" },
	{ "b,d,b,[2*d],b,[2*b],h>[2*h],[2*b],[2*d]",
	  "RAX, RBX, RCX, 0(FP), RDI, 16(FP), RSI > 24(FP), 28(FP), 32(FP)",
	  "R0, R1, R2, 0(FP), R3, 16(FP), R4 > 24(FP), 28(FP), 32(FP)" },
	{ "{dddddddddd},d>{dddddddddd},d",
	  "0(FP), RAX > 80(FP), RAX",
	  "R0+R1+R2+R3+R4+R5+R6+R7+R8+R9, R10 > R0+R1+R2+R3+R4+R5+R6+R7+R8+R9, R10" },
	{ "pdd,pdd,pdd,pdd,pdd,pdd>pdd,pdd,pdd,pdd,pdd,pdd",
	  "RAX+RBX+RCX, RDI+RSI+R8, R9+R10+R11, 0(FP), 24(FP), 48(FP) > RAX+RBX+RCX, RDI+RSI+R8, R9+R10+R11, 72(FP), 96(FP), 120(FP)",
	  "R0+R1+R2, R3+R4+R5, R6+R7+R8, R9+R10+R11, R12+R13+R14, 0(FP) > R0+R1+R2, R3+R4+R5, R6+R7+R8, R9+R10+R11, R12+R13+R14, 24(FP)" },
	{ "b,b,h,w>b,b,h,w",
	  "RAX, RBX, RCX, RDI > RAX, RBX, RCX, RDI",
	  "R0, R1, R2, R3 > R0, R1, R2, R3" },
	{ "[2*b],d,[2*b],g,[2*d]>[2*b],b,d",
	  "0(FP), RAX, 2(FP), X0, 8(FP) > 24(FP), RAX, RBX",
	  "0(FP), R0, 2(FP), F0, 8(FP) > 24(FP), R0, R1" },
	{ "[2*pd],{},b,[g],d>pd",
	  "0(FP), -, RAX, X0, RBX > RAX+RBX",
	  "0(FP), -, R0, F0, R1 > R0+R1" },
	{ "d,gg,[3*pd],[0*pdd],h,gg,w,w,b>",
	  "RAX, X0+X1, 0(FP), -, RBX, X2+X3, RCX, RDI, RSI >",
	  "R0, F0+F1, 0(FP), -, R1, F2+F3, R2, R3, R4 >" },
	{ "g,{ffd{d}},pp,pp,pd,g,d,p,b>d,gg,{},{bd},ff",
	  "X0, X1+X2+RAX+RBX, RCX+RDI, RSI+R8, R9+R10, X3, R11, 0(FP), 8(FP) > RAX, X0+X1, -, RBX+RCX, X2+X3",
	  "F0, F1+F2+R0+R1, R2+R3, R4+R5, R6+R7, F3, R8, R9, R10 > R0, F0+F1, -, R1+R2, F2+F3" },
	{ "{g[2*[h]]dw},b>d,pp",
	  "0(FP), RAX > RAX, RBX+RCX",
	  "0(FP), R0 > R0, R1+R2" },
	{ "gg,[0*f]>h,f,b,[2*d],pd,h",
	  "X0+X1, - > RAX, X0, RBX, 0(FP), RCX+RDI, RSI",
	  "F0+F1, - > R0, F0, R1, 0(FP), R2+R3, R4" },
	{ "d,pd,{d[3*h]p[2*d]},h,pp,w,pdd,[3*b]>[0*pp],pdd,d,gg",
	  "RAX, RBX+RCX, 0(FP), RDI, RSI+R8, R9, 40(FP), 64(FP) > -, RAX+RBX+RCX, RDI, X0+X1",
	  "R0, R1+R2, 0(FP), R3, R4+R5, R6, R7+R8+R9, 40(FP) > -, R0+R1+R2, R3, F0+F1" },
	{ "h,g>[3*pd],{{b}d[2*{bdbb}]gg}",
	  "RAX, X0 > 0(FP), 48(FP)",
	  "R0, F0 > 0(FP), 48(FP)" },
	{ "b,ff,b,{pdd},p,f,d,{pddhdpdd}>",
	  "RAX, X0+X1, RBX, RCX+RDI+RSI, R8, X2, R9, 0(FP) >",
	  "R0, F0+F1, R1, R2+R3+R4, R5, F2, R6, R7+R8+R9+R10+R11+R12+R13+R14 >" },
	{ "{{[3*b]gh}pph},g,d>pp,d,f,w",
	  "0(FP), X0, RAX > RAX+RBX, RCX, X0, RDI",
	  "0(FP), F0, R0 > R0+R1, R2, F0, R3" },
	{ "pp,d,{{wd{dwd}}},p,d>",
	  "RAX+RBX, RCX, RDI+RSI+R8+R9+R10, R11, 0(FP) >",
	  "R0+R1, R2, R3+R4+R5+R6+R7, R8, R9 >" },
};

static void test_compiled(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(compiled); i++) {
		check_places("1.22.12", "amd64", compiled[i][0], compiled[i][1]);
		check_places("1.27.4", "amd64", compiled[i][0], compiled[i][1]);
		check_places("1.22.12", "arm64", compiled[i][0], compiled[i][2]);
		check_places("1.27.4", "arm64", compiled[i][0], compiled[i][2]);
	}
}

/* The same way, from the compilers of the version said. */
static void test_other_architectures(void **state)
{
	static const char sixteen[] = "g,g,g,g,g,g,g,g,g,g,g,g,g,g,{ggd},d,g>d";
	static const char mixed[] = "b,d,b,[2*d],b,[2*b],h>[2*h],[2*b],[2*d]";
	static const char seventeen[] = "d,d,d,d,d,d,d,d,d,d,d,d,d,d,d,d,d>d";

	(void)state;
	check_places("1.27.4", "ppc64le", sixteen,
		     "F1, F2, F3, F4, F5, F6, F7, F8, F9, F10, F11, F12, 0(FP), 8(FP), 16(FP), R3, 40(FP) "
		     "> R3");
	check_places("1.18.10", "ppc64", mixed,
		     "R3, R4, R5, 0(FP), R6, 16(FP), R7 > 24(FP), 28(FP), 32(FP)");
	check_places("1.27.4", "ppc64", seventeen,
		     "R3, R4, R5, R6, R7, R8, R9, R10, R14, R15, R16, R17, 0(FP), 8(FP), 16(FP), 24(FP), "
		     "32(FP) > R3");
	check_places("1.27.4", "riscv64", sixteen,
		     "F10, F11, F12, F13, F14, F15, F16, F17, F8, F9, F18, F19, F20, F21, F22+F23+X10, "
		     "X11, 0(FP) > X10");
	check_places("1.19.13", "riscv64", seventeen,
		     "X10, X11, X12, X13, X14, X15, X16, X17, X8, X9, X18, X19, X20, X21, X22, X23, 0(FP) "
		     "> X10");
	check_places("1.22.12", "loong64", seventeen,
		     "R4, R5, R6, R7, R8, R9, R10, R11, R12, R13, R14, R15, R16, R17, R18, R19, 0(FP) > R4");
	check_places("1.27.4", "loong64", "ff,gg,d>gg,ff", "F0+F1, F2+F3, R4 > F0+F1, F2+F3");
	check_places("1.26.11", "s390x", seventeen,
		     "R2, R3, R4, R5, R6, R7, R8, R9, 0(FP), 8(FP), 16(FP), 24(FP), 32(FP), 40(FP), 48(FP), "
		     "56(FP), 64(FP) > R2");
	check_places("1.27.4", "s390x", sixteen,
		     "F0, F1, F2, F3, F4, F5, F6, F7, F8, F9, F10, F11, F12, F13, F14+F15+R2, R3, 0(FP) > R2");
	check_places("1.27.4", "386", mixed,
		     "0(FP), 4(FP), 12(FP), 16(FP), 32(FP), 33(FP), 36(FP) > 40(FP), 44(FP), 48(FP)");
	check_places("1.27.4", "arm", "ff,gg,w>gg,ff", "0(FP), 8(FP), 24(FP) > 28(FP), 44(FP)");
	check_places("1.27.4", "mips64", mixed,
		     "0(FP), 8(FP), 16(FP), 24(FP), 40(FP), 41(FP), 44(FP) > 48(FP), 52(FP), 56(FP)");
	check_places("1.22.12", "mipsle", "b,pw>w", "0(FP), 4(FP) > 12(FP)");
}

/* Which minor brought registers. */
static void test_since(void **state)
{
	static const struct {
		const char *goarch, *before, *since, *first;
	} rows[] = {
		{ "amd64", "1.16.15", "1.17", "RAX > RAX" }, { "arm64", "1.17.13", "1.18.10", "R0 > R0" },
		{ "ppc64", "1.17.13", "1.18.10", "R3 > R3" }, { "ppc64le", "1.17.13", "1.18", "R3 > R3" },
		{ "riscv64", "1.18.10", "1.19.13", "X10 > X10" }, { "loong64", "1.21.13", "1.22.0", "R4 > R4" },
		{ "s390x", "1.25.14", "1.26.11", "R2 > R2" },
	};
	struct abi_machine m;
	struct str out = STR_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		check_places(rows[i].before, rows[i].goarch, "d>d", "0(FP) > 8(FP)");
		check_places(rows[i].since, rows[i].goarch, "d>d", rows[i].first);
	}
	check_places("1.27.4", "wasm", "d>d", "0(FP) > 8(FP)");
	m = machine("1.17.13", "amd64");
	m.goos = "freebsd";
	assert_true(abi_places(&m, "d>d", &out));
	assert_string_equal(out.s, "0(FP) > 8(FP)");
	str_clear(&out);
	m = machine("1.18.10", "amd64");
	m.goos = "freebsd";
	assert_true(abi_places(&m, "d>d", &out));
	assert_string_equal(out.s, "RAX > RAX");
	str_clear(&out);
	m.stack = true;
	assert_true(abi_places(&m, "d>d", &out));
	assert_string_equal(out.s, "0(FP) > 8(FP)");
	str_free(&out);
}

static void test_sizes(void **state)
{
	static const struct {
		const char *goarch, *shape;
		long size, align;
	} rows[] = {
		{ "amd64", "b", 1, 1 }, { "amd64", "pdd", 24, 8 }, { "386", "pww", 12, 4 },
		{ "386", "d", 8, 4 }, { "arm", "{bg}", 12, 4 }, { "386", "!{d}", 8, 8 },
		{ "arm", "{w!{d}}", 16, 8 }, { "mips", "{!{[2*w]}b}", 16, 8 }, { "amd64", "{bhb}", 6, 2 },
		{ "amd64", "{d{}}", 16, 8 }, { "amd64", "{b[]}", 2, 1 }, { "amd64", "{b[0*d]}", 16, 8 },
		{ "amd64", "{{}}", 0, 1 }, { "amd64", "{{}d}", 8, 8 }, { "amd64", "[16*{bh}]", 64, 2 },
		{ "amd64", "[{pd}]", 16, 8 }, { "amd64", "*4096/64", 4096, 64 },
		{ "amd64", "{b*24/8}", 32, 8 }, { "amd64", "ff", 8, 4 }, { "wasm", "{wd}", 16, 8 },
		{ "amd64", "[1000000*d]", 8000000, 8 },
	};
	static const char *const bad[] = { "", "?", "{d?}", "x", "{d", "d}", "[", "[2d]", "[2*d", "!d",
					   "*4", "*4/", "*4/3", "d,d", "[99999999999999*d]", "*/8",
					   "[4000000*[4000000*d]]" };
	long size, align;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct abi_machine m = machine("1.22.12", rows[i].goarch);

		assert_true(abi_size(&m, rows[i].shape, &size, &align));
		assert_int_equal(size, rows[i].size);
		assert_int_equal(align, rows[i].align);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct abi_machine m = machine("1.22.12", "amd64");

		assert_false(abi_size(&m, bad[i], &size, &align));
	}
}

/* Neither stack nor memory of ours goes with what a shape claims. */
static void test_wild_shapes(void **state)
{
	struct abi_machine m = machine("1.22.12", "amd64");
	struct str deep = STR_INIT, out = STR_INIT;
	long size, align;

	(void)state;
	for (int i = 0; i < 100000; i++)
		str_add(&deep, "{");
	assert_false(abi_size(&m, deep.s, &size, &align));
	str_clear(&deep);
	for (int i = 0; i < 100000; i++)
		str_add(&deep, "d");
	assert_false(abi_size(&m, deep.s, &size, &align));
	assert_true(abi_size(&m, "[1000*[1000*[1000*{b}]]]", &size, &align));
	assert_int_equal(size, 1000000000);
	assert_true(abi_places(&m, "[100000*d],d>[1000000000*{}]", &out));
	assert_string_equal(out.s, "0(FP), RAX > -");
	str_clear(&deep);
	str_clear(&out);
	for (int i = 0; i < 100000; i++)
		str_add(&deep, "func(");
	assert_false(abi_plain_sig(deep.s, &out));
	str_free(&deep);
	str_free(&out);
}

static void test_plain_sigs(void **state)
{
	static const char *const rows[][2] = {
		{ "func(size uintptr, typ *_type, needzero bool) unsafe.Pointer",
		  "func(uintptr, *_type, bool) unsafe.Pointer" },
		{ "func(b []byte) (n int, err error)", "func([]uint8) (int, error)" },
		{ "func()", "func()" },
		{ "func(a, b int, c string) (x, y any)",
		  "func(int, int, string) (interface{}, interface{})" },
		{ "func(int, string)", "func(int, string)" },
		{ "func(x ...byte) (rune)", "func(...uint8) int32" },
		{ "func(...interface {}) error", "func(...interface{}) error" },
		{ "func(f func(a int, b byte) (ok bool), c chan<- rune)",
		  "func(func(int, uint8) bool, chan<- int32)" },
		{ "func(c <-chan int, d chan (<-chan byte)) chan struct{}",
		  "func(<-chan int, chan (<-chan uint8)) chan struct{}" },
		{ "func(m map[string][4]any) func() func(x int)",
		  "func(map[string][4]interface{}) func() func(int)" },
		{ "func(s struct{a, b int})", NULL },
		{ "func(s struct{a int; B string \"json:\\\"b\\\"\"; pkg.T; *U}) struct {}",
		  "func(struct{a int; B string \"json:\\\"b\\\"\"; pkg.T; *U}) struct{}" },
		{ "func(w interface{Write(p []byte) (n int, err error); Close() error})",
		  "func(interface{Close() error; Write([]uint8) (int, error)})" },
		{ "func(x atomic.Pointer[internal/abi.Type], y pkg.M[string,any])",
		  "func(atomic.Pointer[internal/abi.Type], pkg.M[string,interface{}])" },
		{ "func(t *example.com/a-b/c.v2.T, any bool)", "func(*example.com/a-b/c.v2.T, bool)" },
		{ "func(interface{~int|~byte})", "func(interface{~int|~uint8})" },
		{ "func(_ int, _ *byte)", "func(int, *uint8)" },
		{ "func( a  int ,\tb  int )  int", "func(int, int) int" },
		{ "func(chan_ int, functional string)", "func(int, string)" },
		{ "func(a int, string)", NULL },
		{ "func(a int, *T)", NULL },
		{ "func(a int", NULL },
		{ "func(x invalid type)", NULL },
		{ "func(a int) int x", NULL },
		{ "int", NULL },
		{ "", NULL },
		{ "-", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct str out = STR_INIT;

		if (abi_plain_sig(rows[i][0], &out) != (rows[i][1] != NULL))
			fail_msg("%s: %s", rows[i][0], out.s);
		if (rows[i][1])
			assert_string_equal(out.s, rows[i][1]);
		str_free(&out);
	}
}

struct comparison {
	const char *goarch, *have, *have_sig, *want, *want_sig;
	enum abi_grade grade;
	const char *why;
};

static void compare(const struct comparison *c, bool stack)
{
	struct abi_machine m = machine("1.22.12", c->goarch);
	struct str why = STR_INIT;
	enum abi_grade grade;

	m.stack = stack;
	grade = abi_compare_funcs(&m, c->have, c->have_sig, c->want, c->want_sig, &why);
	if (grade != c->grade || strcmp(why.s, c->why) != 0)
		fail_msg("%s for %s: grade %d, \"%s\"", c->have, c->want, (int)grade, why.s);
	str_free(&why);
}

#define ALLOC "func(size uintptr, typ *runtime._type, needzero bool) unsafe.Pointer"

static void test_identical(void **state)
{
	static const struct comparison rows[] = {
		{ "amd64", "d,p,b>p", "func(uintptr, *runtime._type, bool) unsafe.Pointer", "d,p,b>p", ALLOC,
		  ABI_IDENTICAL, "" },
		{ "amd64", "pdd>pp", "func(b []byte) any", "pdd>pp", "func([]uint8) (r interface{})",
		  ABI_IDENTICAL, "" },
		{ "386", "w>d", "func(x rune) int64", "w>d", "func(int32) int64", ABI_IDENTICAL, "" },
		{ "amd64", "?>", "func(x.T)", "?>", "func(t x.T)", ABI_IDENTICAL, "" },
		{ "amd64", ">", "func()", ">", "func()", ABI_IDENTICAL, "" },
		/* equal texts, and yet */
		{ "amd64", "d>", "func(T)", "w>", "func(T)", ABI_BREAKS,
		  "argument 1 is 4 bytes, given 8: the upper half of RAX is not read" },
		{ "amd64", "?>", "func(invalid type)", "?>", "func(invalid type)", ABI_UNKNOWN,
		  "the type of the program's argument 1 is not known; "
		  "the type of the function's argument 1 is not known" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		compare(&rows[i], false);
}

static void test_same(void **state)
{
	static const struct comparison rows[] = {
		{ "amd64", "d,p,b>p", "func(uintptr, *main.T, bool) unsafe.Pointer", "d,p,b>p", ALLOC,
		  ABI_SAME, "same ABI: *main.T for *runtime._type (argument 2)" },
		{ "amd64", "d>", "func(uintptr)", "p>", "func(unsafe.Pointer)", ABI_SAME,
		  "same ABI: uintptr for unsafe.Pointer (argument 1, the collector does not see it)" },
		{ "386", ">p", "func() unsafe.Pointer", ">w", "func() uintptr", ABI_SAME,
		  "same ABI: unsafe.Pointer for uintptr (result 1, the collector takes it for a pointer)" },
		{ "amd64", "b,w>d", "func(uint8, int32) int64", "b,w>d", "func(bool, uint32) int", ABI_SAME,
		  "same ABI: uint8 for bool (argument 1); int32 for uint32 (argument 2); "
		  "int64 for int (result 1)" },
		{ "amd64", "pdd>", "func(...int)", "pdd>", "func([]int)", ABI_SAME,
		  "same ABI: ...int for []int (argument 1)" },
		/* the same words, counted otherwise */
		{ "amd64", "p,d>", "func(*byte, int)", "pd>", "func(string)", ABI_SAME,
		  "same ABI: 2 arguments for 1" },
		{ "amd64", "d,d>", "func(uintptr, int)", "pd>", "func(string)", ABI_SAME,
		  "same ABI: 2 arguments for 1, the collector does not see it" },
		/* each class has registers of its own, so the order between them is free */
		{ "amd64", "d,g>", "func(int, float64)", "g,d>", "func(float64, int)", ABI_SAME,
		  "same ABI: int for float64 (argument 1); float64 for int (argument 2)" },
		{ "amd64", "d,{},d>", "func(int, struct{}, int)", "d,d>", "func(int, int)", ABI_SAME,
		  "same ABI: 3 arguments for 2" },
		{ "amd64", "p,d>", "func(*main.mheap, uintptr)", "p,d>", "func(npages uintptr)", ABI_SAME,
		  "same ABI: *main.mheap for the receiver (argument 1)" },
		{ "amd64", "d,d,d,d>", "func(int, int, int, int)", "d,d,d,d>", "func(uint, uint, uint, uint)",
		  ABI_SAME, "same ABI: int for uint (argument 1); int for uint (argument 2); int for uint "
		  "(argument 3); and 1 more" },
		{ "amd64", "d>", "", "d>", "-", ABI_SAME,
		  "same ABI; whether the types are the same is not known" },
		{ "amd64", "d>", "", "p>", "", ABI_SAME,
		  "same ABI: argument 1, the collector does not see it" },
		{ "amd64", "[5000*d]>", "func(a.T)", "[5000*d]>", "func(b.T)", ABI_SAME,
		  "same ABI: a.T for b.T (argument 1)" },
		{ "amd64", "*4000/8>", "func(a.T)", "*4000/8>", "func(b.T)", ABI_SAME,
		  "same ABI: a.T for b.T (argument 1)" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		compare(&rows[i], false);
}

static void test_breaks(void **state)
{
	static const struct comparison rows[] = {
		/* results */
		{ "amd64", ">w,pp", "func() (uint32, error)", ">w", "func() uint32", ABI_BREAKS,
		  "result 2 (2 words) is read from RBX and RCX, which the function does not set" },
		{ "arm64", ">w,pp", "", ">w", "", ABI_BREAKS,
		  "result 2 (2 words) is read from R1 and R2, which the function does not set" },
		/* arguments: every word is one, but of something else */
		{ "amd64", "p,pdd,d>pdd", "", "p,d,d,d,p>pdd", "", ABI_BREAKS,
		  "pointers are passed where numbers are taken, and numbers where pointers are (3 arguments for 5)" },
		{ "amd64", "d,p>", "", "p,d>", "", ABI_BREAKS,
		  "pointers are passed where numbers are taken, and numbers where pointers are (2 arguments for 2)" },
		{ "amd64", ">d", "", ">d,d", "", ABI_BREAKS,
		  "result 2 comes in RBX, which the program does not read" },
		{ "amd64", ">d", "", ">w", "", ABI_BREAKS,
		  "result 1 is read as 8 bytes from RAX, the function sets 4: the upper half of RAX is "
		  "undefined" },
		{ "amd64", ">w", "", ">d", "", ABI_BREAKS,
		  "result 1 is read as 4 bytes from RAX, the function sets 8: the upper half of RAX is not "
		  "read" },
		{ "amd64", ">pd", "", ">p", "", ABI_BREAKS,
		  "result 1 is read as 2 words (RAX and RBX), the function sets 1 (RAX): RBX is not set by "
		  "the function" },
		{ "amd64", ">pd,d", "", ">p,d", "", ABI_BREAKS,
		  "result 1 is read as 2 words (RAX and RBX), the function sets 1 (RAX): RBX has the "
		  "function's result 2; result 2 is read from RCX, the function leaves it in RBX" },
		{ "amd64", ">g", "", ">d", "", ABI_BREAKS,
		  "result 1 is read from X0, the function leaves it in RAX" },
		/* arguments */
		{ "amd64", "w>", "", "d>", "", ABI_BREAKS,
		  "argument 1 is 8 bytes, given 4: the upper half of RAX is undefined" },
		{ "amd64", "b>", "", "d>", "", ABI_BREAKS,
		  "argument 1 is 8 bytes, given 1: the upper 7 bytes of RAX are undefined" },
		{ "amd64", "{wd}>", "", "{dd}>", "", ABI_BREAKS,
		  "word 1 of argument 1 is 8 bytes, given 4: the upper half of RAX is undefined" },
		{ "amd64", "d,d>", "", "d,g>", "", ABI_BREAKS,
		  "argument 2 is read from X0, the program passes it in RBX" },
		{ "amd64", "d,d>", "", "d>", "", ABI_BREAKS,
		  "argument 2 is passed in RBX, which is not read" },
		{ "amd64", "d>", "", "d,pd>", "", ABI_BREAKS,
		  "argument 2 (2 words) is read from RBX and RCX, which the program does not set; the "
		  "function may spill its arguments 16 bytes beyond the room that the program makes" },
		{ "amd64", "p,d>", "", "pd,d>", "", ABI_BREAKS,
		  "argument 1 is 2 words (RAX and RBX), given 1 (RAX): RBX has the program's argument 2; "
		  "argument 2 is read from RCX, the program passes it in RBX; the function may spill its "
		  "arguments 8 bytes beyond the room that the program makes" },
		{ "amd64", "pd,d>", "", "p,d>", "", ABI_BREAKS,
		  "argument 1 is 1 word (RAX), given 2 (RAX and RBX): RBX is read as argument 2; argument 2 "
		  "is read from RBX, the program passes it in RCX" },
		{ "amd64", "pd>", "", "p>", "", ABI_BREAKS,
		  "argument 1 is 1 word (RAX), given 2 (RAX and RBX): RBX is not read" },
		{ "amd64", "[2*d]>", "", "{dd}>", "", ABI_BREAKS,
		  "argument 1 is read from RAX and RBX, the program passes it at 0(FP)" },
		{ "amd64", "{ddddd}>", "", "[5*d]>", "", ABI_BREAKS,
		  "argument 1 is read from 0(FP), the program passes it in RAX to RSI" },
		{ "amd64", "{ddd}>", "", "[3*d]>", "", ABI_BREAKS,
		  "argument 1 is read from 0(FP), the program passes it in RAX, RBX and RCX" },
		{ "amd64", "d>,", "", "d>", "", ABI_UNKNOWN,
		  "the shape of the program's declaration is not known" },
		/* every word in its place, and yet: 8+4, 4+8 against 8+4+4+8 */
		{ "amd64", "d,w,w,d>", "", "{dw},{wd}>", "", ABI_BREAKS,
		  "the function may spill its arguments 8 bytes beyond the room that the program makes" },
		/* 4+4+8+8 against 4, 8, 4, 8, each at its alignment */
		{ "amd64", "f,f,d,d>", "", "f,d,f,d>", "", ABI_BREAKS,
		  "the function may spill its arguments 8 bytes beyond the room that the program makes" },
		{ "amd64", "d,d,d,d>", "", ">", "", ABI_BREAKS,
		  "argument 1 is passed in RAX, which is not read; argument 2 is passed in RBX, which is not "
		  "read; argument 3 is passed in RCX, which is not read; and 1 more" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		compare(&rows[i], false);
}

static void test_breaks_on_stack(void **state)
{
	static const struct comparison rows[] = {
		{ "386", "w>w", "", "d>w", "", ABI_BREAKS,
		  "argument 1 is 8 bytes at 0(FP), given 4: the rest is not set; result 1 is read from 4(FP), "
		  "the function leaves it at 8(FP); results are written 4 bytes beyond the room that the "
		  "program makes: its frame is overwritten" },
		{ "386", "d>", "func(int64)", "w>", "func(int)", ABI_BREAKS,
		  "argument 1 is 4 bytes at 0(FP), given 8: the upper half is not read" },
		{ "mips", "w>", "", "h>", "", ABI_BREAKS,
		  "argument 1 is 2 bytes at 0(FP), given 4: that is its upper part" },
		{ "386", "w>", "", "w>pw", "", ABI_BREAKS,
		  "result 1 (8 bytes) is written to 4(FP), which the program does not read; results are "
		  "written 8 bytes beyond the room that the program makes: its frame is overwritten" },
		{ "386", "w>pw", "", "w>", "", ABI_BREAKS,
		  "result 1 (8 bytes) is read from 4(FP), which the function does not set" },
		{ "386", "w,w>", "", "w,f>", "", ABI_BREAKS,
		  "argument 2 at 4(FP) is read as a float, given as an integer" },
		{ "386", "w,w>", "", "d>", "", ABI_BREAKS,
		  "argument 1 is 8 bytes at 0(FP), given 4: the rest is not set; argument 2, in 4(FP), is "
		  "read as argument 1" },
		{ "386", "d>", "", "w,w>", "", ABI_BREAKS,
		  "argument 1 is 4 bytes at 0(FP), given 8: the upper half is not read; argument 2 is read "
		  "from 4(FP), where the program's argument 1 is" },
		{ "amd64", "d,d>d", "", "d>d", "", ABI_BREAKS,
		  "argument 2 is passed at 8(FP), which is not read; result 1 is read from 16(FP), the "
		  "function leaves it at 8(FP)" },
		{ "amd64", "{ww}>", "", "d>", "", ABI_BREAKS,
		  "argument 1 (8 bytes at 0(FP)) is laid out otherwise by the program: 8 bytes" },
		{ "amd64", "pd>", "", "p,d>", "", ABI_SAME, "same ABI: 1 argument for 2" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		compare(&rows[i], true);
}

static void test_unknown(void **state)
{
	static const struct comparison rows[] = {
		{ "amd64", "?,d>", "func(x.T, int)", "d,d>", "func(int, int)", ABI_UNKNOWN,
		  "the type of the program's argument 1 is not known" },
		{ "amd64", "d>", "", "d>{d?}", "", ABI_UNKNOWN,
		  "the type of the function's result 1 is not known" },
		{ "amd64", "d>", "", "d,?>", "", ABI_UNKNOWN,
		  "the type of the function's argument 2 is not known; 1 argument declared, 2 taken" },
		{ "amd64", "d>", "func(int)", "-", "-", ABI_UNKNOWN,
		  "the shape of the function is not known" },
		{ "amd64", "d>", "func(int)", "d", "-", ABI_UNKNOWN,
		  "the shape of the function is not known" },
		{ "sparc64", "d>", "", "d>", "", ABI_UNKNOWN, "the architecture sparc64 is not known" },
	};
	struct comparison absent = { "amd64", NULL, NULL, "d>", NULL, ABI_UNKNOWN,
				     "the shape of the program's declaration is not known" };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		compare(&rows[i], false);
	compare(&absent, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compiled),
		cmocka_unit_test(test_other_architectures),
		cmocka_unit_test(test_since),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_wild_shapes),
		cmocka_unit_test(test_plain_sigs),
		cmocka_unit_test(test_identical),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_breaks),
		cmocka_unit_test(test_breaks_on_stack),
		cmocka_unit_test(test_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
