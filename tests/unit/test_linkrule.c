/*
 * Each corner of the rule, by hand.  That the corners are where the linker has
 * them is what tests/calibrate/ finds out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "toolchains/linkrule.h"

#define ALONE(...) (&(const struct atlas_symbol){ .size = 8, __VA_ARGS__ }) /* not declared in Go */
#define SYM(...) ALONE(.go_decl = true, __VA_ARGS__)
#define FUNC(...)   SYM(.kind = ATLAS_FUNC, __VA_ARGS__)
#define METHOD(...) SYM(.kind = ATLAS_METHOD, __VA_ARGS__)
#define VAR(...)    SYM(.kind = ATLAS_VAR, __VA_ARGS__)
#define ASM_FUNC(...) FUNC(.def = ATLAS_DEF_ASM, .asm_body = true, __VA_ARGS__)

static struct link_question question(const char *version, const char *target, const char *symbol,
				     const struct atlas_symbol *found, enum link_reference reference)
{
	static struct target targets[16];
	static size_t n;
	struct target *t = &targets[n++ % 16];
	struct link_question q = { .target = t, .symbol = symbol, .found = found, .reference = reference };
	struct error err = { 0 };

	assert_int_equal(gover_parse(&q.version, version, &err), 0);
	assert_int_equal(target_parse(t, target, &err), 0);
	return q;
}

static const char *judge(struct link_question q)
{
	struct link_ruling r = link_judge(&q);

	assert_non_null(r.reason);
	assert_int_equal(strlen(r.reason) > 0, 1);
	if (q.version.minor < 23)
		assert_false(r.checked);
	if (r.pull == LINK_REJECTED)
		assert_true(r.checked);
	return link_pull_name(r.pull);
}

#define GO(version, target, symbol, found) judge(question(version, target, symbol, found, LINK_FROM_GO_FUNC))
#define ASM(version, target, symbol, found) judge(question(version, target, symbol, found, LINK_FROM_ASM))
#define GOVAR(version, symbol, found) judge(question(version, "linux/amd64", symbol, found, LINK_FROM_GO_VAR))

static const char *asm_wants(const char *version, const char *target, const struct atlas_symbol *found)
{
	struct atlas_symbol wanted = *found;

	wanted.asm_refers = true;
	return judge(question(version, target, "runtime.f", &wanted, LINK_FROM_ASM));
}

static const char *blocked(const char *version, const char *target, const struct atlas_symbol *found,
			   enum link_reference reference)
{
	struct link_question q = question(version, target, "runtime.f", found, reference);

	q.blocked = true;
	return judge(q);
}

static const char *pinned(const char *version, const struct atlas_symbol *found, enum link_reference reference)
{
	struct atlas_symbol of_abi0 = *found;

	of_abi0.abi0 = true;
	return judge(question(version, "darwin/arm64", "runtime.f", &of_abi0, reference));
}

static const char *var_of(const char *version, const struct atlas_symbol *found, long size, bool data)
{
	struct link_question q = question(version, "linux/amd64", "runtime.v", found, LINK_FROM_GO_VAR);

	q.user_size = size;
	q.user_has_data = data;
	return judge(q);
}

static void test_regabi(void **state)
{
	static const struct {
		const char *goarch;
		int since;
	} table[] = { { "amd64", 17 }, { "arm64", 18 }, { "ppc64", 18 }, { "ppc64le", 18 }, { "riscv64", 19 },
		      { "loong64", 22 }, { "s390x", 26 }, { "386", 99 }, { "arm", 99 }, { "mips", 99 }, { "wasm", 99 } };

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		for (int minor = 17; minor <= 27; minor++)
			assert_int_equal(link_has_regabi(&(struct gover){ .major = 1, .minor = minor }, table[i].goarch),
					 minor >= table[i].since);
}

static void test_nobody_checks(void **state)
{
	const struct atlas_symbol *plain = FUNC(.def = ATLAS_DEF_GO);

	(void)state;
	assert_string_equal(GO("1.22.12", "linux/amd64", "runtime.f", plain), "links");
	assert_string_equal(ASM("1.22.12", "linux/amd64", "runtime.f", plain), "undefined");
	assert_string_equal(asm_wants("1.22.12", "linux/amd64", plain), "links");
	assert_string_equal(ASM("1.22.12", "linux/386", "runtime.f", plain), "links");
	assert_string_equal(ASM("1.22.12", "linux/amd64", "runtime.f", FUNC(.push = true)), "links");
	/* 1.17 has aliases where it has no wrappers. */
	assert_string_equal(ASM("1.17.13", "linux/386", "runtime.f", plain), "undefined");
	assert_string_equal(ASM("1.18.10", "linux/386", "runtime.f", plain), "links");
	assert_string_equal(ASM("1.22.12", "linux/amd64", "runtime.v", VAR(.def = ATLAS_DEF_GO)), "links");
	assert_string_equal(blocked("1.22.12", "linux/amd64", plain, LINK_FROM_GO_FUNC), "links");
}

static void test_marks(void **state)
{
	static const char *const since[] = { "1.23.0", "1.24.13", "1.25.14", "1.26.11", "1.27.4" };

	(void)state;
	for (size_t i = 0; i < sizeof(since) / sizeof(since[0]); i++) {
		assert_string_equal(GO(since[i], "linux/amd64", "runtime.f", FUNC(.def = ATLAS_DEF_GO)), "rejected");
		assert_string_equal(GO(since[i], "linux/386", "runtime.f", FUNC(.def = ATLAS_DEF_GO)), "rejected");
		assert_string_equal(GO(since[i], "linux/amd64", "runtime.f", FUNC(.push = true)), "links");
		assert_string_equal(ASM(since[i], "linux/amd64", "runtime.f", FUNC(.push = true)), "links");
		assert_string_equal(GO(since[i], "linux/amd64", "sync.f", FUNC(.def = ATLAS_DEF_PUSHED)), "links");
		assert_string_equal(GO(since[i], "linux/amd64", "runtime.(*t).m", METHOD(.def = ATLAS_DEF_GO)), "rejected");
		assert_string_equal(GO(since[i], "linux/amd64", "reflect.(*t).m", METHOD(.push = true)), "links");
		assert_string_equal(ASM(since[i], "linux/386", "runtime.f", FUNC(.def = ATLAS_DEF_GO)), "rejected");
	}
	/* linknamestd: to std only. */
	assert_string_equal(GO("1.27.4", "linux/amd64", "runtime.f", FUNC(.std = true)), "rejected");
	assert_string_equal(GO("1.27.4", "linux/amd64", "sync.f", FUNC(.def = ATLAS_DEF_PUSHED, .std = true)), "rejected");
	assert_string_equal(ASM("1.27.4", "linux/amd64", "runtime.f", FUNC(.std = true)), "rejected");
	assert_string_equal(ASM("1.27.4", "linux/386", "runtime.f", ASM_FUNC(.std = true)), "links");
}

static void test_wrappers(void **state)
{
	const struct atlas_symbol *plain = FUNC(.def = ATLAS_DEF_GO);

	(void)state;
	/* Assembly wants a Go function: undefined without wrapper, let through with one until 1.26. */
	assert_string_equal(ASM("1.26.11", "linux/amd64", "runtime.f", plain), "undefined");
	assert_string_equal(asm_wants("1.26.11", "linux/amd64", plain), "links");
	assert_string_equal(asm_wants("1.27.4", "linux/amd64", plain), "rejected");
	assert_string_equal(ASM("1.26.11", "linux/s390x", "runtime.f", plain), "undefined");
	assert_string_equal(ASM("1.25.14", "linux/s390x", "runtime.f", plain), "rejected");
	/* //go:cgo_unsafe_args: the other way round. */
	assert_string_equal(pinned("1.22.12", plain, LINK_FROM_GO_FUNC), "links");
	assert_string_equal(pinned("1.26.11", plain, LINK_FROM_GO_FUNC), "links");
	assert_string_equal(pinned("1.27.4", plain, LINK_FROM_GO_FUNC), "rejected");
	assert_string_equal(pinned("1.22.12", plain, LINK_FROM_ASM), "links");
	assert_string_equal(pinned("1.26.11", plain, LINK_FROM_ASM), "rejected");
	assert_string_equal(pinned("1.27.4", FUNC(.push = true), LINK_FROM_ASM), "links");
	/* Methods have none, and assembly cannot say most of their names. */
	assert_string_equal(ASM("1.27.4", "linux/amd64", "runtime.srcFunc.name", METHOD(.push = true)), "undefined");
	assert_string_equal(ASM("1.27.4", "linux/386", "runtime.srcFunc.name", METHOD(.push = true)), "links");
	assert_string_equal(ASM("1.27.4", "linux/386", "runtime.(*m).f", METHOD(.push = true)), "undefined");
}

static void test_assembly(void **state)
{
	const struct atlas_symbol *declared = SYM(.kind = ATLAS_FUNC, .def = ATLAS_DEF_ASM, .asm_body = true);
	const struct atlas_symbol *alone = ALONE(.kind = ATLAS_FUNC, .def = ATLAS_DEF_ASM, .asm_body = true);
	const struct atlas_symbol *internal = ASM_FUNC(.abi_internal = true);

	(void)state;
	assert_string_equal(GO("1.22.12", "linux/amd64", "runtime.f", declared), "links");
	assert_string_equal(GO("1.26.11", "linux/amd64", "runtime.f", declared), "links");
	assert_string_equal(GO("1.27.4", "linux/amd64", "runtime.f", declared), "rejected");
	assert_string_equal(GO("1.27.4", "linux/386", "runtime.f", declared), "links");
	assert_string_equal(GO("1.27.4", "linux/arm", "runtime.f", declared), "links");
	assert_string_equal(GO("1.27.4", "linux/amd64", "runtime.f", ASM_FUNC(.push = true)), "links");
	assert_string_equal(ASM("1.26.11", "linux/amd64", "runtime.f", declared), "links");
	assert_string_equal(ASM("1.27.4", "linux/amd64", "runtime.f", declared), "rejected");
	assert_string_equal(ASM("1.27.4", "linux/amd64", "runtime.f", ASM_FUNC(.push = true)), "links");
	assert_string_equal(ASM("1.27.4", "linux/386", "runtime.f", declared), "links");
	/* Without declaration in Go there is no wrapper. */
	assert_string_equal(GO("1.22.12", "linux/amd64", "runtime.f", alone), "undefined");
	assert_string_equal(GO("1.27.4", "linux/amd64", "runtime.f", alone), "undefined");
	assert_string_equal(GO("1.27.4", "linux/386", "runtime.f", alone), "links");
	assert_string_equal(ASM("1.27.4", "linux/amd64", "runtime.f", alone), "rejected");
	assert_string_equal(ASM("1.27.4", "linux/amd64", "crosscall2", alone), "links");
	assert_string_equal(ASM("1.26.11", "linux/amd64", "runtime.f", alone), "links");
	/* TEXT f<ABIInternal> */
	assert_string_equal(GO("1.26.11", "linux/amd64", "runtime.f", internal), "links");
	assert_string_equal(GO("1.27.4", "linux/amd64", "runtime.f", internal), "rejected");
	assert_string_equal(ASM("1.26.11", "linux/amd64", "runtime.f", internal), "undefined");
	assert_string_equal(asm_wants("1.26.11", "linux/amd64", internal), "links");
	assert_string_equal(GO("1.27.4", "linux/amd64", "runtime.f", ASM_FUNC(.abi_internal = true, .push = true)), "links");
	/* Another package's assembly: its marks count, not who declares it. */
	assert_string_equal(GO("1.26.11", "linux/amd64", "runtime.f", ASM_FUNC(.asm_package = (char *)"internal/bytealg")),
			    "undefined");
	assert_string_equal(GO("1.26.11", "linux/amd64", "runtime.f",
			       ASM_FUNC(.asm_package = (char *)"internal/bytealg", .push = true)), "links");
}

static void test_builtins(void **state)
{
	const struct atlas_symbol *func = FUNC(.builtin = true), *var = VAR(.builtin = true);

	(void)state;
	assert_string_equal(GO("1.23.12", "linux/amd64", "runtime.newobject", func), "links");
	assert_string_equal(GO("1.23.12", "linux/386", "runtime.newobject", func), "links");
	assert_string_equal(GO("1.24.0", "linux/amd64", "runtime.newobject", func), "rejected");
	assert_string_equal(blocked("1.23.12", "linux/amd64", func, LINK_FROM_GO_FUNC), "links");
	/* From assembly by the ABI of the list, still. */
	assert_string_equal(ASM("1.27.4", "linux/amd64", "runtime.newobject", func), "undefined");
	assert_string_equal(ASM("1.27.4", "linux/386", "runtime.newobject", func), "links");
	assert_string_equal(blocked("1.27.4", "linux/386", func, LINK_FROM_ASM), "links");
	assert_string_equal(blocked("1.27.4", "linux/amd64", func, LINK_FROM_ASM), "rejected");
	assert_string_equal(ASM("1.27.4", "linux/amd64", "runtime.morestack", ASM_FUNC(.builtin = true)), "links");
	assert_string_equal(ASM("1.27.4", "linux/amd64", "runtime.x86HasAVX", var), "links");
	assert_string_equal(GOVAR("1.27.4", "runtime.x86HasAVX", var), "rejected");
	assert_string_equal(GOVAR("1.23.12", "runtime.x86HasAVX", var), "rejected");
	assert_string_equal(GO("1.23.12", "linux/amd64", "runtime.racefuncenter",
			       FUNC(.builtin = true, .def = ATLAS_DEF_NOWHERE)), "undefined");
}

static void test_blocked(void **state)
{
	static const enum link_reference all[] = { LINK_FROM_GO_FUNC, LINK_FROM_GO_VAR, LINK_FROM_ASM };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		/* Even of what nobody defines. */
		assert_string_equal(blocked("1.23.12", "linux/amd64", NULL, all[i]), "rejected");
		assert_string_equal(blocked("1.27.4", "linux/386", VAR(.push = true), all[i]), "rejected");
	}
	assert_string_equal(blocked("1.27.4", "linux/amd64", FUNC(.push = true), LINK_FROM_GO_FUNC), "rejected");
	assert_string_equal(blocked("1.27.4", "linux/386", ASM_FUNC(.push = true), LINK_FROM_GO_FUNC), "rejected");
}

static void test_undefined(void **state)
{
	static const char *const versions[] = { "1.20.14", "1.23.12", "1.27.4" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		const char *v = versions[i];

		assert_string_equal(GO(v, "linux/amd64", "runtime.x", NULL), "undefined");
		assert_string_equal(ASM(v, "linux/amd64", "runtime.x", NULL), "undefined");
		assert_string_equal(GO(v, "linux/386", "runtime.x", SYM(.kind = ATLAS_TYPE)), "undefined");
		assert_string_equal(GO(v, "linux/386", "runtime.x", SYM(.kind = ATLAS_CONST)), "undefined");
		assert_string_equal(GO(v, "linux/386", "slices.x", FUNC(.def = ATLAS_DEF_GENERIC)), "undefined");
		assert_string_equal(GO(v, "linux/386", "runtime.x", FUNC(.def = ATLAS_DEF_ELSEWHERE)), "undefined");
		assert_string_equal(GO(v, "linux/amd64", "runtime.getg", FUNC(.def = ATLAS_DEF_NOWHERE)), "undefined");
		assert_string_equal(GO(v, "linux/amd64", "runtime.x", VAR(.push = true)), "undefined");
	}
	/* Intrinsics are given bodies. */
	assert_string_equal(GO("1.25.14", "linux/amd64", "internal/runtime/sys.GetCallerPC", FUNC(.def = ATLAS_DEF_NOWHERE)),
			    "undefined");
	assert_string_equal(GO("1.26.0", "linux/amd64", "internal/runtime/sys.GetCallerPC", FUNC(.def = ATLAS_DEF_NOWHERE)),
			    "rejected");
}

static void test_variables(void **state)
{
	const struct atlas_symbol *zero = VAR(.def = ATLAS_DEF_GO), *data = VAR(.has_data = true);
	const struct atlas_symbol *marked = VAR(.push = true), *marked_data = VAR(.push = true, .has_data = true);
	static const char *const since[] = { "1.23.12", "1.24.13", "1.26.11", "1.27.4" };

	(void)state;
	assert_string_equal(var_of("1.22.12", zero, 0, false), "links");
	assert_string_equal(var_of("1.22.12", data, 0, false), "links");
	assert_string_equal(var_of("1.22.12", data, 0, true), "duplicate");
	for (size_t i = 0; i < 4; i++) {
		const char *v = since[i];

		assert_string_equal(var_of(v, zero, 0, false), "rejected");
		assert_string_equal(var_of(v, zero, 8, false), "rejected");
		assert_string_equal(var_of(v, zero, 7, false), "rejected");
		assert_string_equal(var_of(v, zero, 9, false), "links");
		assert_string_equal(var_of(v, zero, 8, true), "links");
		assert_string_equal(var_of(v, data, 8, false), "rejected");
		assert_string_equal(var_of(v, data, 9, false), "rejected");
		assert_string_equal(var_of(v, data, 8, true), "duplicate");
		assert_string_equal(var_of(v, marked, 8, false), "links");
		assert_string_equal(var_of(v, marked_data, 8, false), "links");
		assert_string_equal(var_of(v, marked_data, 8, true), "duplicate");
		assert_string_equal(var_of(v, NULL, 8, false), "links");
		assert_string_equal(ASM(v, "linux/amd64", "runtime.v", zero), "rejected");
		assert_string_equal(ASM(v, "linux/amd64", "runtime.v", marked), "links");
	}
	/* Before issue 72032 was mended, the larger one did not win. */
	assert_string_equal(var_of("1.23.8", zero, 9, false), "rejected");
	assert_string_equal(var_of("1.24.2", zero, 9, false), "rejected");
	assert_string_equal(var_of("1.27.4", VAR(.std = true), 8, false), "links"); /* the program's own, of the same size */
	assert_string_equal(var_of("1.27.4", VAR(.std = true), 7, false), "rejected");
	assert_string_equal(var_of("1.27.4", VAR(.std = true, .has_data = true), 8, false), "rejected");
	assert_string_equal(ASM("1.27.4", "linux/amd64", "runtime.v", VAR(.std = true)), "rejected");
}

static void test_variables_of_assembly(void **state)
{
	const struct atlas_symbol *data = ALONE(.kind = ATLAS_VAR, .def = ATLAS_DEF_ASM, .has_data = true);
	const struct atlas_symbol *declared = VAR(.has_data = true, .asm_package = (char *)"runtime");
	struct link_question q;

	(void)state;
	assert_string_equal(var_of("1.26.11", data, 8, false), "links");
	assert_string_equal(var_of("1.27.4", data, 8, false), "rejected");
	assert_string_equal(var_of("1.27.4", data, 8, true), "duplicate");
	q = question("1.27.4", "linux/386", "runtime.v", data, LINK_FROM_GO_VAR);
	assert_string_equal(judge(q), "links");
	assert_string_equal(var_of("1.26.11", declared, 8, false), "links");
	assert_string_equal(var_of("1.27.4", declared, 8, false), "rejected");
	assert_string_equal(ASM("1.26.11", "linux/amd64", "runtime.v", declared), "links");
	assert_string_equal(ASM("1.27.4", "linux/amd64", "runtime.v", declared), "rejected");
	assert_string_equal(ASM("1.27.4", "linux/386", "runtime.v", declared), "links");
	assert_string_equal(GOVAR("1.27.4", "runtime.tls_g", VAR(.def = ATLAS_DEF_ASM)), "duplicate");
}

static void test_checked(void **state)
{
	struct link_question q = question("1.26.11", "linux/amd64", "runtime.v", VAR(.def = ATLAS_DEF_GO), LINK_FROM_GO_VAR);

	(void)state;
	assert_true(link_judge(&q).checked);
	q.user_has_data = true;
	assert_false(link_judge(&q).checked);
	q.user_has_data = false;
	q.symbol = "nodot";
	assert_false(link_judge(&q).checked);
	q = question("1.23.12", "linux/amd64", "runtime.f", FUNC(.builtin = true), LINK_FROM_GO_FUNC);
	assert_false(link_judge(&q).checked);
}

static void test_access(void **state)
{
	const struct gover v = { .major = 1, .minor = 27, .patch = 4 }, old = { .major = 1, .minor = 22 };

	(void)state;
	assert_string_equal(link_access_name(link_access_of(&v, NULL, false)), "none");
	assert_string_equal(link_access_name(link_access_of(&v, FUNC(.push = true), false)), "push");
	assert_string_equal(link_access_name(link_access_of(&v, FUNC(.def = ATLAS_DEF_PUSHED), false)), "push");
	assert_string_equal(link_access_name(link_access_of(&v, FUNC(.std = true), false)), "std-only");
	assert_string_equal(link_access_name(link_access_of(&v, FUNC(.push = true), true)), "blocked");
	assert_string_equal(link_access_name(link_access_of(&v, NULL, true)), "blocked");
	assert_string_equal(link_access_name(link_access_of(&old, FUNC(.push = true), true)), "push");
	assert_string_equal(link_access_name(link_access_of(&v, FUNC(.def = ATLAS_DEF_GO), false)), "none");
}

static void test_exists(void **state)
{
	(void)state;
	assert_false(link_exists(NULL));
	assert_true(link_exists(FUNC(.def = ATLAS_DEF_GO)));
	assert_true(link_exists(ALONE(.kind = ATLAS_FUNC, .def = ATLAS_DEF_ASM)));
	assert_true(link_exists(FUNC(.def = ATLAS_DEF_PUSHED)));
	assert_true(link_exists(SYM(.kind = ATLAS_TYPE)));
	assert_true(link_exists(SYM(.kind = ATLAS_CONST)));
	assert_false(link_exists(FUNC(.def = ATLAS_DEF_NOWHERE)));
	assert_false(link_exists(FUNC(.def = ATLAS_DEF_ELSEWHERE)));
	assert_false(link_exists(FUNC(.def = ATLAS_DEF_GENERIC)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_regabi),	   cmocka_unit_test(test_nobody_checks),
		cmocka_unit_test(test_marks),	   cmocka_unit_test(test_wrappers),
		cmocka_unit_test(test_assembly),   cmocka_unit_test(test_builtins),
		cmocka_unit_test(test_blocked),	   cmocka_unit_test(test_undefined),
		cmocka_unit_test(test_variables),  cmocka_unit_test(test_variables_of_assembly),
		cmocka_unit_test(test_checked),	   cmocka_unit_test(test_access),
		cmocka_unit_test(test_exists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
