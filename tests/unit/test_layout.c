/* Copies of std's structs beside std's, and std's of two toolchains. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "toolchains/layout.h"

enum { MOST = 16 };

struct made {
	struct layout layout;
	struct atlas_field fields[MOST];
	char text[2048];
};

/* "SIZE ALIGN; NAME OFFSET SIZE PTRS TYPE; ..." */
static const struct layout *make(struct made *m, const char *text)
{
	char *save = NULL, *part;

	memset(m, 0, sizeof(*m));
	assert_true(strlen(text) < sizeof(m->text));
	strcpy(m->text, text);
	part = strtok_r(m->text, ";", &save);
	assert_int_equal(sscanf(part, "%ld %ld", &m->layout.size, &m->layout.align), 2);
	while ((part = strtok_r(NULL, ";", &save)) != NULL) {
		struct atlas_field *f = &m->fields[m->layout.n++];
		char *inner = NULL;

		assert_true(m->layout.n <= MOST);
		f->name = strtok_r(part, " ", &inner);
		f->offset = strtol(strtok_r(NULL, " ", &inner), NULL, 10);
		f->size = strtol(strtok_r(NULL, " ", &inner), NULL, 10);
		f->ptrs = strtok_r(NULL, " ", &inner);
		f->type = inner;
	}
	m->layout.fields = m->fields;
	return &m->layout;
}

static void check_lines(const struct strv *lines, const char *const *expected)
{
	size_t n = 0;

	for (; expected[n]; n++)
		if (n >= lines->n || strcmp(lines->v[n], expected[n]) != 0)
			fail_msg("line %zu: \"%s\"", n, n < lines->n ? lines->v[n] : "(none)");
	if (lines->n > n)
		fail_msg("one line more: \"%s\"", lines->v[n]);
}

static void check(const char *copy, const char *std, enum layout_grade grade, size_t first,
		  const char *summary, const char *const *details)
{
	struct layout_report report;
	struct made a, b;
	long word = strstr(std, "[32]") ? 4 : 8;

	layout_compare(&report, make(&a, copy), make(&b, std), word);
	if (report.grade != grade || strcmp(report.summary.s, summary) != 0)
		fail_msg("%s: %s", layout_grade_name(report.grade), report.summary.s);
	assert_int_equal(report.first, first);
	check_lines(&report.details, details);
	layout_report_dispose(&report);
}

#define LINES(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define NO_LINES ((const char *const[]){ NULL })

/* A shortened runtime.g, and what became of it. */
#define G22                                                                                      \
	"80 8;stack 0 16 0 stack;m 16 8 1 *m;sched 24 16 1 gobuf;syscallsp 40 8 0 uintptr;"      \
	"stktopsp 48 8 0 uintptr;param 56 8 1 unsafe.Pointer;goid 64 8 0 uint64;gopc 72 8 0 uintptr"
#define G23                                                                                      \
	"88 8;stack 0 16 0 stack;m 16 8 1 *m;sched 24 16 1 gobuf;syscallsp 40 8 0 uintptr;"      \
	"syscallbp 48 8 0 uintptr;stktopsp 56 8 0 uintptr;param 64 8 1 unsafe.Pointer;"          \
	"goid 72 8 0 uint64;gopc 80 8 0 uintptr"

static void test_same(void **state)
{
	(void)state;
	check(G22, G22, LAYOUT_SAME, LAYOUT_NOWHERE, "same layout", NO_LINES);
	/* exported names, other types, and no name where std has one */
	check("24 8;Goid 0 8 0 int64;_ 8 4 0 [4]byte;pad1 12 4 0 uint32;m 16 8 1 unsafe.Pointer",
	      "24 8;goid 0 8 0 uint64;id 8 4 0 int32;lock 12 4 0 mutex;m 16 8 1 *m", LAYOUT_SAME,
	      LAYOUT_NOWHERE, "same layout", NO_LINES);
	check("24 8;goid 0 8 0 int64;theM 8 8 1 *m;rest 16 8 0 uint64",
	      "24 8;goid 0 8 0 uint64;m 8 8 1 *m;a 16 4 0 int32;b 20 4 0 int32", LAYOUT_SAME, LAYOUT_NOWHERE,
	      "same layout",
	      LINES("field theM: no field of that name in std; at its offset, 8, std has `m *m`, as large",
		    "field rest: no field of that name in std; at its offset, 16, std has `a int32` and what "
		    "follows, as large together"));
	/* "pad" of std's own is a name like others */
	check("16 8;a 0 8 0 int;pad 8 8 0 int", "16 8;a 0 8 0 int;pad 8 8 0 int", LAYOUT_SAME,
	      LAYOUT_NOWHERE, "same layout", NO_LINES);
	/* more than 64 words */
	check("1032 8;a 0 8 0 int;b 8 1024 * [128]*T", "1032 8;a 0 8 0 int;b 8 1024 * [128]*t", LAYOUT_SAME,
	      LAYOUT_NOWHERE, "same layout", NO_LINES);
}

static void test_prefix(void **state)
{
	(void)state;
	check("24 8;stack 0 16 0 stack;m 16 8 1 *m", G22, LAYOUT_PREFIX, LAYOUT_NOWHERE,
	      "right as far as it goes: size 24, std's 80",
	      LINES("std goes on at offset 24: sched gobuf, and 5 more", "size 24, std's 80"));
	check("16 8;a 0 1 0 bool;c 8 8 0 int", "16 8;a 0 1 0 bool;b 1 1 0 bool;c 8 8 0 int", LAYOUT_PREFIX,
	      LAYOUT_NOWHERE, "right as far as it goes: std has `b bool` in the copy's padding",
	      LINES("std has a field more at offset 1: b bool"));
	check("8 4;v 0 8 0 uint64", "8 8;v 0 8 0 atomic.Uint64[32]", LAYOUT_PREFIX, LAYOUT_NOWHERE,
	      "right as far as it goes: alignment 4, std's 8", LINES("alignment 4, std's 8"));
	check("8 8;a 0 8 0 int", "16 8;a 0 8 0 int;b 8 8 0 int", LAYOUT_PREFIX, LAYOUT_NOWHERE,
	      "right as far as it goes: size 8, std's 16",
	      LINES("std goes on at offset 8: b int", "size 8, std's 16"));
}

static void test_pointers(void **state)
{
	(void)state;
	check("24 8;stack 0 16 0 stack;m 16 8 0 uintptr", "24 8;stack 0 16 0 stack;m 16 8 1 *m",
	      LAYOUT_POINTERS, 1,
	      "pointer words differ in field 2 (`m`): std has pointers there, the copy has none",
	      LINES("field m: uintptr, a pointer in std, *m: the collector does not see it, and writing it "
		    "has no barrier"));
	check("8 8;m 0 8 1 *T", "8 8;m 0 8 0 muintptr", LAYOUT_POINTERS, 0,
	      "pointer words differ in field 1 (`m`): std has no pointer there",
	      LINES("field m: *T, no pointer in std, muintptr: the collector takes it for one"));
	check("64 8;a 0 32 5 A;b 32 32 0 B", "64 8;a 0 32 7 A;b 32 32 1 B", LAYOUT_POINTERS, 0,
	      "pointer words differ in field 1 (`a`) and 1 more",
	      LINES("field a: pointer words 0x5, std's 0x7", "field b: pointer words 0x0, std's 0x1"));
	/* padding over a pointer; a smaller copy is worse off for it than a prefix */
	check("16 8;_ 0 8 0 [8]byte;n 8 8 0 int", "24 8;m 0 8 1 *m;n 8 8 0 int;k 16 8 0 int", LAYOUT_POINTERS,
	      0, "pointer words differ in field 1 (`_`): std has pointers there, the copy has none",
	      LINES("field _ at 0: std has pointers there, which the collector does not see in a value of "
		    "the program's own",
		    "std goes on at offset 16: k int", "size 16, std's 24"));
	check("24 8;both 0 16 1 [2]T;n 16 8 0 int", "24 8;x 0 8 0 uintptr;m 8 8 1 *m;n 16 8 0 int",
	      LAYOUT_POINTERS, 0, "pointer words differ in field 1 (`both`): std has no pointer there",
	      LINES("field both: no field of that name in std; at its offset, 0, std has `x uintptr` and what "
		    "follows, as large together",
		    "field both at 0: std's pointers are elsewhere there"));
	/* the second word, on a machine of 32 bits */
	check("8 4;a 0 8 0 [2]uint32", "8 4;n 0 4 0 int;p 4 4 1 *T[32]", LAYOUT_POINTERS, 0,
	      "pointer words differ in field 1 (`a`): std has pointers there, the copy has none",
	      LINES("field a: no field of that name in std; at its offset, 0, std has `n int` and what "
		    "follows, as large together",
		    "field a at 0: std has pointers there, which the collector does not see in a value of "
		    "the program's own"));
}

static void test_field_inserted(void **state)
{
	(void)state;
	check(G22, G23, LAYOUT_DRIFT, 4,
	      "offsets from field 5 (`stktopsp`) on are 8 bytes too small: std has `syscallbp uintptr` before "
	      "it",
	      LINES("field stktopsp: the copy has it at 48, std at 56",
		    "field param: the copy has it at 56, std at 64",
		    "field goid: the copy has it at 64, std at 72",
		    "field gopc: the copy has it at 72, std at 80",
		    "std has a field more at offset 48: syscallbp uintptr", "size 80, std's 88"));
	check(G23, G22, LAYOUT_DRIFT, 4,
	      "offsets from field 6 (`stktopsp`) on are 8 bytes too large: std has no `syscallbp uintptr` "
	      "before it",
	      LINES("field syscallbp: no field of that name in std; at its offset, 48, std has `stktopsp "
		    "uintptr`",
		    "field stktopsp: the copy has it at 56, std at 48",
		    "field param: the copy has it at 64, std at 56",
		    "field goid: the copy has it at 72, std at 64",
		    "field gopc: the copy has it at 80, std at 72", "size 88, std's 80"));
	/* at the very front; more than one */
	check("16 8;a 0 8 0 int;b 8 8 0 int",
	      "40 8;x 0 8 0 int;y 8 8 0 int;z 16 8 0 int;a 24 8 0 int;b 32 8 0 int", LAYOUT_DRIFT, 0,
	      "offsets from field 1 (`a`) on are 24 bytes too small: std has `x int`, `y int` and 1 more "
	      "before it",
	      LINES("field a: the copy has it at 0, std at 24", "field b: the copy has it at 8, std at 32",
		    "std has a field more at offset 0: x int", "std has a field more at offset 8: y int",
		    "std has a field more at offset 16: z int", "size 16, std's 40"));
	/* one for another */
	check("24 8;a 0 8 0 int;old 8 8 0 int;b 16 8 0 int",
	      "32 8;a 0 8 0 int;new 8 16 1 string;b 24 8 0 int", LAYOUT_DRIFT, 1,
	      "the offset of field 3 (`b`) is 8 bytes too small: std has `new string` before it, and no "
	      "`old int`",
	      LINES("field old: no field of that name in std; at its offset, 8, std has `new string`",
		    "field b: the copy has it at 16, std at 24",
		    "std has a field more at offset 8: new string", "size 24, std's 32"));
}

static void test_shifts_that_end(void **state)
{
	(void)state;
	/* a hole of std's takes the shift up again */
	check("32 8;a 0 1 0 bool;b 1 1 0 bool;c 2 1 0 bool;d 8 8 0 int;e 16 8 0 int;f 24 8 0 int",
	      "32 8;a 0 1 0 bool;x 1 1 0 bool;b 2 1 0 bool;c 3 1 0 bool;d 8 8 0 int;e 16 8 0 int;f 24 8 0 int",
	      LAYOUT_DRIFT, 1,
	      "offsets of fields 2 to 3 (`b` to `c`) are 1 byte too small: std has `x bool` before it",
	      LINES("field b: the copy has it at 1, std at 2", "field c: the copy has it at 2, std at 3",
		    "std has a field more at offset 1: x bool"));
	check("24 8;a 0 8 0 int;b 8 4 0 int32;c 12 4 0 int32;d 16 8 0 int",
	      "24 8;a 0 8 0 int;c 8 4 0 int32;b 12 4 0 int32;d 16 8 0 int", LAYOUT_DRIFT, 1,
	      "the offset of field 2 (`b`) is 4 bytes too small: std has `c` before it",
	      LINES("field b: the copy has it at 8, std at 12", "field c: the copy has it at 12, std at 8"));
	check("16 8;a 0 4 0 int32;b 4 8 0 int64;c 12 4 0 int32",
	      "24 8;a 0 4 0 int32;b 8 8 0 atomic.Int64;c 16 4 0 int32[32]", LAYOUT_DRIFT, 1,
	      "offsets from field 2 (`b`) on are 4 bytes too small: std aligns it otherwise",
	      LINES("field b: the copy has it at 4, std at 8", "field c: the copy has it at 12, std at 16",
		    "size 16, std's 24"));
	/* backwards over what was right */
	check("24 8;a 0 8 0 int;b 8 8 0 int;c 16 8 0 int", "24 8;a 0 8 0 int;b 8 8 0 int;_ 16 8 0 int",
	      LAYOUT_SAME, LAYOUT_NOWHERE, "same layout",
	      LINES("field c: no field of that name in std; at its offset, 16, std has `_ int`, as large"));
	check("24 8;b 8 8 0 int;a 16 8 0 int", "24 8;a 0 8 0 int;b 8 8 0 int", LAYOUT_DRIFT, 1,
	      "the offset of field 2 (`a`) is 16 bytes too large: std has it before `b`",
	      LINES("field a: the copy has it at 16, std at 0"));
}

static void test_padding_too_short(void **state)
{
	(void)state;
	check("32 8;_ 0 16 0 [16]byte;goid 16 8 0 int64;gopc 24 8 0 uintptr",
	      "40 8;stack 0 16 0 stack;m 16 8 1 *m;goid 24 8 0 uint64;gopc 32 8 0 uintptr", LAYOUT_DRIFT, 1,
	      "offsets from field 2 (`goid`) on are 8 bytes too small: the padding before it, field 1 (`_`), "
	      "is 16 bytes, std has 24 there",
	      LINES("field goid: the copy has it at 16, std at 24",
		    "field gopc: the copy has it at 24, std at 32", "size 32, std's 40"));
	check("24 8;a 0 8 0 int;_ 8 16 0 [16]byte", "16 8;a 0 8 0 int;b 8 8 0 int", LAYOUT_DRIFT, 1,
	      "the copy is 8 bytes longer than std's 16", LINES("size 24, std's 16"));
}

static void test_resized_and_gone(void **state)
{
	(void)state;
	check("40 8;a 0 8 0 int;sched 8 16 1 gobuf;b 24 8 0 int;c 32 8 0 int",
	      "48 8;a 0 8 0 int;sched 8 24 1 runtime.gobuf;b 32 8 0 int;c 40 8 0 int", LAYOUT_DRIFT, 1,
	      "field 2 (`sched`) is 16 bytes, std's 24; offsets from field 3 (`b`) on are 8 bytes too small",
	      LINES("field sched: 16 bytes (gobuf), std's 24 (runtime.gobuf)",
		    "field b: the copy has it at 24, std at 32", "field c: the copy has it at 32, std at 40",
		    "size 40, std's 48"));
	check("8 4;a 0 1 0 bool;b 4 4 0 int32", "8 4;a 0 2 0 uint16;b 4 4 0 int32", LAYOUT_DRIFT, 0,
	      "field 1 (`a`) is 1 byte, std's 2", LINES("field a: 1 byte (bool), std's 2 (uint16)"));
	check("24 8;a 0 8 0 int;b 8 8 0 int;gone 16 8 0 int", "16 8;a 0 8 0 int;b 8 8 0 int", LAYOUT_DRIFT, 2,
	      "std has no field `gone` (field 3): its offset, 16, is beyond std's end, 16",
	      LINES("field gone: no field of that name in std; its offset, 16, is beyond std's end, 16",
		    "size 24, std's 16"));
	check("16 8;a 0 4 0 int32;gone 4 4 0 int32;b 8 8 0 int", "16 8;a 0 4 0 int32;b 8 8 0 int", LAYOUT_DRIFT,
	      1, "std has no field `gone` (field 2): at its offset, 4, std has padding",
	      LINES("field gone: no field of that name in std; at its offset, 4, std has padding"));
	check("24 8;a 0 8 0 int;gone 12 4 0 int32;b 16 8 0 int", "24 8;a 0 8 0 int;x 8 8 0 int;b 16 8 0 int",
	      LAYOUT_DRIFT, 1,
	      "std has no field `gone` (field 2): its offset, 12, is inside of std's `x int`",
	      LINES("field gone: no field of that name in std; its offset, 12, is inside of std's `x int`",
		    "std has a field more at offset 8: x int"));
}

/* What stands for something else, where that ends or begins beside it. */
static void test_margins(void **state)
{
	(void)state;
	check("16 8;pad 0 8 0 int;a 8 8 0 int", "16 8;a 0 8 0 int;pad 8 8 0 int", LAYOUT_DRIFT, 0,
	      "the offset of field 1 (`pad`) is 8 bytes too small: std has `a` before it",
	      LINES("field pad: the copy has it at 0, std at 8", "field a: the copy has it at 8, std at 0"));
	check("24 8;a 0 8 0 int;_ 8 8 0 int;b 16 8 0 int", "16 8;b 0 8 0 int;a 8 8 0 int", LAYOUT_DRIFT, 0,
	      "the offset of field 1 (`a`) is 8 bytes too small: std has `b` before it",
	      LINES("field a: the copy has it at 0, std at 8", "field b: the copy has it at 16, std at 0",
		    "size 24, std's 16"));
	check("24 8;a 8 8 0 int;_ 16 8 0 int;b 24 8 0 int", "16 8;b 0 8 0 int;a 8 8 0 int", LAYOUT_DRIFT, 2,
	      "the offset of field 3 (`b`) is 24 bytes too large: std has it before `a`",
	      LINES("field b: the copy has it at 24, std at 0", "size 24, std's 16"));
	check("24 8;a 0 8 0 int;both 8 16 0 [2]int", "16 8;a 0 8 0 int;b 8 8 0 int", LAYOUT_DRIFT, 1,
	      "std has no field `both` (field 2): at its offset, 8, std has `b int`",
	      LINES("field both: no field of that name in std; at its offset, 8, std has `b int`",
		    "std has a field more at offset 8: b int", "size 24, std's 16"));
	check("8 4;a 0 8 2 T", "8 4;n 0 4 0 int;p 4 4 1 *T[32]", LAYOUT_SAME, LAYOUT_NOWHERE, "same layout",
	      LINES("field a: no field of that name in std; at its offset, 0, std has `n int` and what "
		    "follows, as large together"));
	check("1024 8;b 0 1024 0 [128]uintptr", "1024 8;b 0 1024 * [128]*t", LAYOUT_POINTERS, 0,
	      "pointer words differ in field 1 (`b`): std has pointers there, the copy has none",
	      LINES("field b: pointer words 0x0, std's unlisted"));
}

static void test_unknown_sizes(void **state)
{
	(void)state;
	check("-1 -1;a 0 8 0 int", "16 8;a 0 8 0 int;b 8 8 0 int", LAYOUT_PREFIX, LAYOUT_NOWHERE,
	      "right as far as it goes: std has `b int` more",
	      LINES("std has a field more at offset 8: b int"));
	/* of fields: no reason to say that something is wrong */
	check("16 8;a 0 8 0 int;b -1 8 0 int", "16 8;a 0 -1 0 int;b 8 8 0 int;c -1 -1 0 int", LAYOUT_SAME,
	      LAYOUT_NOWHERE, "same layout",
	      LINES("field a: its place is not known", "field b: its place is not known"));
	check("16 8;a 0 8 0 int;x -1 -1 0 int", "16 8;a 0 8 0 int;b 8 8 0 int", LAYOUT_PREFIX, LAYOUT_NOWHERE,
	      "right as far as it goes: std has `b int` in the copy's padding",
	      LINES("field x: its place is not known", "std has a field more at offset 8: b int"));
	check("0 1", "0 1", LAYOUT_SAME, LAYOUT_NOWHERE, "same layout", NO_LINES);
	check("0 1", "8 8;a 0 8 0 int", LAYOUT_PREFIX, LAYOUT_NOWHERE,
	      "right as far as it goes: size 0, std's 8",
	      LINES("std goes on at offset 0: a int", "size 0, std's 8", "alignment 1, std's 8"));
}

static void timeline(const char *from, const char *to, const char *const *lines)
{
	struct strv out = { 0 };
	struct made a, b;

	layout_timeline(&out, make(&a, from), make(&b, to));
	check_lines(&out, lines);
	strv_free(&out);
}

static void test_timeline(void **state)
{
	(void)state;
	timeline(G22, G22, NO_LINES);
	timeline(G22, G23,
		 LINES("added syscallbp uintptr at 48 (8 bytes)",
		       "moved stktopsp to gopc (4 fields) by +8, from 48 -> 56 on", "size 80 -> 88"));
	timeline(G23, G22,
		 LINES("removed syscallbp uintptr at 48 (8 bytes)",
		       "moved stktopsp to gopc (4 fields) by -8, from 56 -> 48 on", "size 88 -> 80"));
	timeline("40 4;a 0 4 0 uint32;b 8 8 0 uintptr;goid 16 8 0 int64;s 24 16 1 S;_ 40 0 0 [0]int",
		 "48 8;a 0 4 0 atomic.Uint32;b 8 8 1 *T;Goid 16 8 0 int64;s 24 24 1 S;_ 48 0 0 [0]int",
		 LINES("retyped a: uint32 -> atomic.Uint32", "retyped b: uintptr -> *T, pointers now",
		       "renamed goid to Goid", "retyped s: S, 16 -> 24 bytes", "moved _ by +8, 40 -> 48",
		       "size 40 -> 48", "alignment 4 -> 8"));
	timeline("32 8;a 0 8 0 int;b 8 8 0 int;c 16 8 1 *T;d 24 8 0 int",
		 "32 8;b 0 8 0 int;a 8 8 0 int;c 16 8 0 uintptr;d 24 8 0 int",
		 LINES("retyped c: *T -> uintptr, no pointers any more", "moved b by -8, 8 -> 0",
		       "moved a by +8, 0 -> 8"));
	/* exported and not, both there */
	timeline("8 8;goid 0 8 0 int", "16 8;goid 0 8 0 int;Goid 8 8 0 int",
		 LINES("added Goid int at 8 (8 bytes)", "size 8 -> 16"));
	timeline("16 8;x 0 16 1 S", "16 8;x 0 16 2 S", LINES("retyped x: S, pointers elsewhere"));
}

static void test_grade_names(void **state)
{
	(void)state;
	assert_string_equal(layout_grade_name(LAYOUT_SAME), "same");
	assert_string_equal(layout_grade_name(LAYOUT_PREFIX), "prefix");
	assert_string_equal(layout_grade_name(LAYOUT_POINTERS), "pointer-map-drift");
	assert_string_equal(layout_grade_name(LAYOUT_DRIFT), "drift");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_pointers),
		cmocka_unit_test(test_field_inserted),
		cmocka_unit_test(test_shifts_that_end),
		cmocka_unit_test(test_padding_too_short),
		cmocka_unit_test(test_resized_and_gone),
		cmocka_unit_test(test_margins),
		cmocka_unit_test(test_unknown_sizes),
		cmocka_unit_test(test_timeline),
		cmocka_unit_test(test_grade_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
