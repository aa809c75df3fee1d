/* Runners: what the file says, what is on the machine, what is chosen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/base/fs.h"
#include "runners/runner.h"
#include "tests/support/temp.h"

#define REAL_FILE LNM_SOURCE_DIR "/runners/runners.yaml"
#define QEMU_LINE "qemu-arm version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)\nCopyright (c) 2003-2022\n"

static char *put(const char *dir, const char *rel, const char *text, mode_t mode)
{
	char *path = path_join(dir, rel);
	struct error err = { 0 };

	assert_int_equal(fs_write(path, text, strlen(text), mode, &err), 0);
	assert_int_equal(chmod(path, mode), 0);
	return path;
}

static struct runners load(const char *path, const char *host, const char *search)
{
	struct error err = { 0 };
	struct runners rs;

	if (runners_load(&rs, path, host, search, &err) < 0)
		fail_msg("%s", err.msg);
	return rs;
}

static const char *chosen(const struct runners *rs, const char *target)
{
	struct runner *missing, *r = runners_for(rs, target, &missing);

	return r ? r->name : missing ? missing->name : "-";
}

/* --- the project's own file -------------------------------------------------- */

static void test_native_follows_the_host(void **state)
{
	static const struct { const char *host, *target, *runner; bool here; } rows[] = {
		{ "linux/amd64", "linux/amd64", "native", true },
		{ "linux/amd64", "linux/amd64/v3", "native", true },
		{ "linux/amd64", "linux/386", "native", true },
		{ "linux/amd64", "linux/arm64", "qemu-aarch64", false },
		{ "linux/amd64", "linux/arm/7", "qemu-arm", false },
		{ "linux/arm64", "linux/arm64", "native", true },
		{ "linux/arm64", "linux/arm64/v8.1", "native", true },
		{ "linux/arm64", "linux/amd64", "qemu-x86_64", false },
		{ "linux/arm64", "linux/386", "qemu-i386", false },
		{ "linux/arm64", "linux/arm", "qemu-arm", false },
		{ "linux/riscv64", "linux/riscv64", "native", true },
		{ "linux/sparc64", "linux/amd64", "qemu-x86_64", false },
		{ "linux/amd64", "linux/mips64le/softfloat", "qemu-mips64el", false },
		{ "linux/amd64", "linux/ppc64", "qemu-ppc64", false },
		{ "linux/amd64", "linux/s390x", "qemu-s390x", false },
		{ "linux/amd64", "linux/loong64", "qemu-loongarch64", false },
		{ "linux/amd64", "windows/amd64", "-", false },
		{ "linux/amd64", "freebsd/amd64", "-", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct runners rs = load(REAL_FILE, rows[i].host, *state);
		struct runner *missing = NULL;
		struct runner *r = runners_for(&rs, rows[i].target, &missing);

		assert_string_equal(chosen(&rs, rows[i].target), rows[i].runner);
		assert_int_equal(r != NULL, rows[i].here);
		if (missing)
			assert_string_equal(missing->package, "qemu-user"); /* what to install */
		assert_ptr_equal(runners_for(&rs, rows[i].target, NULL), r);
		runners_dispose(&rs);
	}
}

static void test_emulator_is_found(void **state)
{
	char *arm = put(*state, "b/qemu-arm", "#!/bin/sh\n", 0755);
	char *static_s390x = put(*state, "b/qemu-s390x-static", "#!/bin/sh\n", 0755);
	char *not_executable = put(*state, "a/qemu-arm", "", 0644), *folder = path_join(*state, "a/qemu-s390x");
	char *search = mem_printf(":%s/none:%s/a::%s/b:", (char *)*state, (char *)*state, (char *)*state);
	struct error err = { 0 };
	struct runners rs;
	struct runner *r, *missing;
	struct strv argv = { 0 };

	assert_int_equal(fs_mkdirs(folder, &err), 0);
	rs = load(REAL_FILE, "linux/amd64", search);
	r = runners_for(&rs, "linux/arm/7", &missing);
	assert_non_null(r);
	assert_null(missing);
	assert_string_equal(r->name, "qemu-arm");
	assert_string_equal(r->program, arm);
	assert_ptr_equal(runners_named(&rs, "qemu-arm"), r);
	assert_null(runners_named(&rs, "qemu"));
	runner_argv(r, "/x/prog", &argv);
	assert_int_equal(argv.n, 2);
	assert_string_equal(argv.v[0], arm);
	assert_string_equal(argv.v[1], "/x/prog");
	strv_free(&argv);
	assert_true(runner_version_argv(r, &argv));
	assert_int_equal(argv.n, 2);
	assert_string_equal(argv.v[0], arm);
	assert_string_equal(argv.v[1], "--version");
	strv_free(&argv);
	r = runners_for(&rs, "linux/s390x", &missing);
	assert_string_equal(r->program, static_s390x); /* by its other name */
	/* one that is not here has nothing to ask */
	assert_false(runner_version_argv(runners_named(&rs, "qemu-mips"), &argv));
	assert_int_equal(argv.n, 0);
	runners_dispose(&rs);
	rs = load(REAL_FILE, "linux/amd64", NULL);
	assert_null(runners_for(&rs, "linux/arm", NULL));
	r = runners_for(&rs, "linux/amd64", NULL);
	runner_argv(r, "/x/prog", &argv);
	assert_int_equal(argv.n, 1);
	assert_false(runner_version_argv(r, &argv));
	strv_free(&argv);
	runners_dispose(&rs);
	mem_free(arm);
	mem_free(static_s390x);
	mem_free(not_executable);
	mem_free(folder);
	mem_free(search);
}

/* Jobs run elsewhere than here: a relative PATH entry must not stay one. */
static void test_relative_path(void **state)
{
	char *arm = put(*state, "b/qemu-arm", "", 0755), *cwd = getcwd(NULL, 0);
	struct runners rs;

	assert_int_equal(chdir(*state), 0);
	rs = load(REAL_FILE, "linux/amd64", "b");
	assert_int_equal(chdir(cwd), 0);
	assert_string_equal(runners_named(&rs, "qemu-arm")->program, arm);
	runners_dispose(&rs);
	free(cwd);
	mem_free(arm);
}

/* --- mistakes ---------------------------------------------------------------- */

#define HEAD "schema: lnmatrix/runners/1\nrunners:\n"

static void test_mistakes(void **state)
{
	static const struct { const char *text, *where; } rows[] = {
		{ "schema: lnmatrix/runners/2\nrunners: []\n", "1:1: schema: must be lnmatrix/runners/1" },
		{ "runners: []\n", "1:1: schema: must be" },
		{ "schema: lnmatrix/runners/1\n", "1:1: runners: must be a list" },
		{ "schema: lnmatrix/runners/1\nrunners: x\n", "1:1: runners: must be a list" },
		{ "schema: lnmatrix/runners/1\nrunner: []\n", "2:1: unknown key \"runner\"" },
		{ "- a\n", "1:1: expected \"key: value\" lines" },
		{ HEAD "  - x\n", "3:5: expected \"key: value\" lines" },
		{ HEAD "  - {kind: native}\n", "3:5: a runner needs name: and kind:" },
		{ HEAD "  - {name: a}\n", "3:5: a runner needs name: and kind:" },
		{ HEAD "  - {name: a, kind: wine}\n", "3:21: kind must be native or emulator, not \"wine\"" },
		{ HEAD "  - {name: a, kind: native}\n", "3:5: a native runner needs hosts:" },
		{ HEAD "  - {name: a, kind: native, hosts: [x]}\n", "3:5: a native runner needs hosts:" },
		{ HEAD "  - {name: a, kind: native, hosts: {linux/amd64: x}}\n", "3:50: expected a list" },
		{ HEAD "  - {name: a, kind: native, hosts: {linux/amd64: [[x]]}}\n", "3:51: expected a plain word" },
		{ HEAD "  - {name: a, kind: emulator, command: [q]}\n", "3:5: an emulator needs targets: and command:" },
		{ HEAD "  - {name: a, kind: emulator, targets: [x]}\n", "3:5: an emulator needs targets: and command:" },
		{ HEAD "  - {name: a, kind: emulator, targets: x}\n", "3:40: expected a list" },
		{ HEAD "  - name: a\n    kind: native\n    hosts: {}\n    cpus: x\n", "6:5: unknown key \"cpus\"" },
		{ HEAD "  - {name: a, kind: native, hosts: {}}\n  - {name: a, kind: native, hosts: {}}\n",
		  "4:12: a runner \"a\" stands above already" },
		{ HEAD "  - {name: a, kind: [}\n", "3:" },
		{ "", " the file is empty" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *path = put(*state, "r.yaml", rows[i].text, 0644);
		char *want = mem_printf("%s:%s", path, rows[i].where);
		struct error err = { 0 };
		struct runners rs;

		if (runners_load(&rs, path, "linux/amd64", "", &err) != ERR_INPUT)
			fail_msg("accepted: %s", rows[i].text);
		if (!str_starts(err.msg, want))
			fail_msg("wanted \"%s\", got \"%s\"", want, err.msg);
		assert_int_equal(rs.list.n, 0);
		mem_free(path);
		mem_free(want);
	}
}

static void test_no_file(void **state)
{
	char *path = path_join(*state, "none.yaml");
	struct error err = { 0 };
	struct runners rs;

	assert_int_equal(runners_load(&rs, path, "linux/amd64", "", &err), ERR_OS);
	assert_non_null(strstr(err.msg, "none.yaml: No such file"));
	mem_free(path);
}

/* --- a file of one's own ----------------------------------------------------- */

static const char own[] = HEAD
	"  - {name: one, kind: emulator, command: [emu-one, -cpu, max], version: [-V], targets: [linux/*], cpu: max}\n"
	"  - {name: two, kind: emulator, command: [emu-two], targets: [linux/arm, linux/arm/*], package: two-pkg}\n"
	"  - {name: three, kind: emulator, command: [./bin/emu], targets: [linux/arm]}\n";

static void test_first_that_is_here(void **state)
{
	char *file = put(*state, "r.yaml", own, 0644), *two = put(*state, "emu-two", "", 0755), *one;
	struct runners rs = load(file, "linux/amd64", "");
	struct runner *missing;
	struct strv argv = { 0 };

	assert_null(runners_for(&rs, "linux/arm", &missing));
	assert_string_equal(missing->name, "one"); /* the first that would do */
	runners_dispose(&rs);
	rs = load(file, "linux/amd64", *state);
	assert_string_equal(runners_for(&rs, "linux/arm", &missing)->name, "two");
	assert_null(runners_for(&rs, "linux/s390x", &missing));
	assert_string_equal(missing->name, "one");
	assert_null(missing->package);
	assert_false(runner_version_argv(runners_named(&rs, "two"), &argv)); /* no version: */
	runners_dispose(&rs);
	one = put(*state, "emu-one", "", 0755);
	rs = load(file, "linux/amd64", *state);
	assert_string_equal(runners_for(&rs, "linux/arm", &missing)->name, "one");
	runner_argv(runners_named(&rs, "one"), "prog", &argv);
	assert_int_equal(argv.n, 4);
	assert_string_equal(argv.v[0], one);
	assert_string_equal(argv.v[1], "-cpu");
	assert_string_equal(argv.v[2], "max");
	assert_string_equal(argv.v[3], "prog");
	strv_free(&argv);
	runners_dispose(&rs);
	mem_free(file);
	mem_free(one);
	mem_free(two);
}

/* --- versions ---------------------------------------------------------------- */

static void test_versions(void **state)
{
	static const struct { const char *printed, *version; } rows[] = {
		{ QEMU_LINE, "7.2.22" },
		{ "qemu-x86_64 version 10.0.2\n", "10.0.2" },
		{ "emu64 9, build\n", "9" },
		{ "8.1", "8.1" },
		{ "unknown", "unknown" },
		{ "", "" },
		{ "none\r\n1.2\n", "none" },
	};
	char *file = put(*state, "r.yaml", own, 0644), *one = put(*state, "emu-one", "", 0755);
	struct runners rs = load(file, "linux/amd64", *state);
	struct runner *r = runners_named(&rs, "one"), *two = runners_named(&rs, "two");

	assert_null(r->version);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		runner_set_version(r, rows[i].printed);
		assert_string_equal(r->version, rows[i].version);
	}
	runner_set_version(r, QEMU_LINE);
	assert_string_equal(r->identity, "one 7.2.22 (cpu max)");
	/* a distribution's patch is another runner, and so are other options */
	assert_string_equal(r->key, "one qemu-arm version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18), cpu max -cpu max");
	runner_set_version(two, QEMU_LINE);
	assert_string_equal(two->identity, "two 7.2.22 (cpu default)");
	runners_dispose(&rs);
	mem_free(file);
	mem_free(one);
}

static void test_native_version(void **state)
{
	struct runners rs = load(REAL_FILE, "linux/amd64", "");
	struct runner *r = runners_named(&rs, "native");
	const char *cpu;

	(void)state;
	runner_set_version(r, "what is printed does not matter 1.2");
	assert_true(str_starts(r->version, "Linux "));
	assert_true(str_starts(r->identity, "native Linux "));
	cpu = strstr(r->identity, " (cpu ");
	assert_non_null(cpu);
	assert_true(strlen(cpu) > strlen(" (cpu )") && !strchr(cpu, '\n'));
	assert_string_equal(r->key, r->identity);
	runners_dispose(&rs);
}

static void test_memo_key_follows_the_file(void **state)
{
	char *file = put(*state, "r.yaml", own, 0644), *one = put(*state, "emu-one", "a", 0755);
	char *other = put(*state, "other", "c", 0755);
	struct runners rs = load(file, "linux/amd64", *state);
	struct runner *r = runners_named(&rs, "one");
	char *keys[5];

	keys[0] = runner_memo_key(r);
	keys[1] = runner_memo_key(r);
	assert_string_equal(keys[0], keys[1]);
	mem_free(keys[1]);
	mem_free(put(*state, "emu-one", "ab", 0755));
	keys[1] = runner_memo_key(r);
	usleep(20000); /* the clock of file times ticks in jiffies */
	mem_free(put(*state, "emu-one", "cd", 0755)); /* same size, later */
	keys[2] = runner_memo_key(r);
	assert_int_equal(rename(other, one), 0);
	keys[3] = runner_memo_key(r);
	keys[4] = runner_memo_key(runners_named(&rs, "two")); /* not here */
	for (int i = 0; i < 5; i++)
		for (int k = 0; k < i; k++)
			assert_string_not_equal(keys[i], keys[k]);
	assert_non_null(strstr(keys[0], one));
	for (int i = 0; i < 5; i++)
		mem_free(keys[i]);
	runners_dispose(&rs);
	mem_free(file);
	mem_free(one);
	mem_free(other);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, temp_setup, temp_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_native_follows_the_host), TEST(test_emulator_is_found), TEST(test_relative_path),
		TEST(test_mistakes),		    TEST(test_no_file),		  TEST(test_first_that_is_here),
		TEST(test_versions),		    TEST(test_native_version),	  TEST(test_memo_key_follows_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
