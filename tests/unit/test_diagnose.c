/*
 * What real toolchains and dying programs said (tests/fixtures/diagnose) against the outcome that each file's header states; then
 * what no toolchain says by itself: text made to mislead, paths, endings.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "harness/base/error.h"
#include "harness/base/fs.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "results/diagnose.h"

#define FIXTURES LNM_SOURCE_DIR "/tests/fixtures/diagnose"

static const struct path_alias fixture_aliases[] = { { "/GOROOT", "$GOROOT" }, { "/w", "." },
						  { "/scratch", "$SCRATCH" } };
static const struct path_aliases aliases = { fixture_aliases, 3 };

static struct text text_of(const char *s)
{
	return (struct text){ s, s ? strlen(s) : 0 };
}

/* "link-rejected stage=link package=main signal=X symbols=a|b": what is not
 * said must not be there, the stage excepted. */
static char *describe(const struct diagnosis *d, const char *want)
{
	struct str s = STR_INIT;

	str_add(&s, outcome_name(d->kind));
	if (strstr(want, " stage="))
		str_addf(&s, " stage=%s", stage_name(d->stage));
	if (strstr(want, " package="))
		str_addf(&s, " package=%s", d->package ? d->package : "");
	if (strstr(want, " signal=any"))
		str_add(&s, " signal=any"); /* differs from run to run */
	else if (d->signal)
		str_addf(&s, " signal=%s", d->signal);
	for (size_t i = 0; i < d->symbols.n; i++)
		str_addf(&s, "%s%s", i ? "|" : " symbols=", d->symbols.v[i]);
	return str_detach(&s);
}

/* The same words in the order of describe(), symbols sorted. */
static char *in_order(const char *want)
{
	static const char *const keys[] = { " stage=", " package=", " signal=" };
	const char *symbols = strstr(want, " symbols=");
	size_t head = symbols ? (size_t)(symbols - want) : strlen(want);
	char *fields = mem_strndup(want, head);
	struct str s = STR_INIT;
	struct strv sv = { 0 };

	str_addn(&s, fields, strcspn(fields, " "));
	for (size_t i = 0; i < 3; i++) {
		const char *p = strstr(fields, keys[i]);

		if (p)
			str_addn(&s, p, 1 + strcspn(p + 1, " "));
	}
	for (const char *p = symbols ? symbols + strlen(" symbols=") : NULL; p; p = *p ? p + 1 : NULL) {
		strv_addn(&sv, p, strcspn(p, "|"));
		p += strcspn(p, "|");
	}
	strv_sort(&sv);
	for (size_t i = 0; i < sv.n; i++)
		str_addf(&s, "%s%s", i ? "|" : " symbols=", sv.v[i]);
	strv_free(&sv);
	mem_free(fields);
	return str_detach(&s);
}

static char *line_after(const char *text, const char *key)
{
	const char *p = strstr(text, key);

	assert_non_null(p);
	p += strlen(key);
	return mem_strndup(p, strcspn(p, "\n"));
}

struct count {
	size_t files, wrong;
};

static int visit_fixture(void *arg, const char *rel, const struct stat *st, struct error *err)
{
	struct count *count = arg;
	struct ending end = { 0 };
	struct diagnosis d;
	struct text body;
	struct str file = STR_INIT;
	char *path, *want, *stated, *got, *message;

	if (!S_ISREG(st->st_mode) || !str_ends(rel, ".txt"))
		return 0;
	path = path_join(FIXTURES, rel);
	assert_int_equal(fs_read(&file, path, err), 0);
	if (sscanf(file.s, "# exit %d want", &end.exit_status) != 1)
		assert_int_equal(sscanf(file.s, "# signal %d want", &end.signal), 1);
	stated = line_after(file.s, " want ");
	want = in_order(stated);
	message = line_after(file.s, "\n# message ");
	body.s = strstr(file.s, "\n# text\n");
	assert_non_null(body.s);
	body.s += strlen("\n# text\n");
	body.n = file.len - (size_t)(body.s - file.s);
	if (str_starts(rel, "run/"))
		diagnose_run(&d, text_of(""), body, &end, NULL, &aliases);
	else
		diagnose_build(&d, body, &end, &aliases);
	got = describe(&d, want);
	if (strcmp(got, want) != 0 || strcmp(d.message, message) != 0) {
		fprintf(stderr, "%s\n  want %s\n  got  %s\n  want message %s\n  got  message %s\n", rel,
			want, got, message, d.message);
		count->wrong++;
	}
	count->files++;
	diagnosis_dispose(&d);
	mem_free(got);
	mem_free(message);
	mem_free(want);
	mem_free(stated);
	mem_free(path);
	str_free(&file);
	return 0;
}

static void what_toolchains_said(void **state)
{
	struct count count = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(fs_walk(FIXTURES, visit_fixture, &count, &err), 0);
	assert_int_equal(count.wrong, 0);
	assert_true(count.files > 200);
}

/* ---- build texts made by hand */

static void check_build(const char *said, const char *want, const char *message)
{
	struct ending end = { .exit_status = 1 };
	struct diagnosis d;
	char *stated = in_order(want), *got;

	diagnose_build(&d, text_of(said), &end, &aliases);
	got = describe(&d, stated);
	assert_string_equal(got, stated);
	if (message)
		assert_string_equal(d.message, message);
	mem_free(got);
	mem_free(stated);
	diagnosis_dispose(&d);
}

static void words_in_other_mouths(void **state)
{
	(void)state;
	/* a compiler quotes the program */
	check_build("# m\n./main.go:3:7: link: main: invalid reference to runtime.x\n",
		    "compile-error stage=compile package=m", "./main.go:3:7: link: main: invalid reference to runtime.x");
	check_build("# m\n./main.go:3:7: undefined: main.f: relocation target x not defined\n",
		    "compile-error stage=compile", NULL);
	check_build("# m\n./main.go:3:7: cannot use \"x: no space left on device\n", "compile-error stage=compile", NULL);
	check_build("# m\n./x.go:1:1: undefined reference to `foo'\n", "compile-error stage=compile", NULL);
	check_build("# m\n./x.go:1:1: flag provided but not defined: -x\nusage: link [options] main.o\n",
		    "compile-error stage=compile", NULL);
	/* the compiler, 1.17 to 1.20, on two variables of one name */
	check_build("# m\n./x.go:8:5: symbol a.V listed multiple times\n", "compile-error stage=compile", NULL);
	/* a tool's sentence, but from nobody known */
	check_build("# m\nmain: invalid reference to runtime.x\n", "compile-error stage=compile", NULL);
	check_build("# m\nduplicated definition of symbol x, from a and b\n", "compile-error stage=compile", NULL);
	check_build("# m\ncompile: main: invalid reference to runtime.x\n", "compile-error stage=compile", NULL);
	/* paths and packages with any words */
	check_build("# m/not defined\nx/duplicated/a.go:1:1: missing function body\n",
		    "compile-error stage=compile", "x/duplicated/a.go:1:1: missing function body");
	check_build("package m/unsupported/-race is not supported: build constraints exclude all Go files in /w\n",
		    "compile-error stage=prepare", NULL);
	check_build("main.go:3:8: no required module provides package a/no space left on device; to add it:\n\tgo get x\n",
		    "compile-error stage=prepare", NULL);
	/* only the usage's own beginning makes a flag of it */
	check_build("# m\nflag provided but not defined: -x\n", "compile-error stage=compile", NULL);
	/* what the usage says is nobody's complaint, up to the next heading */
	check_build("# m\nflag provided but not defined: -x\nusage: link [options] main.o\n"
		    "link: main: invalid reference to runtime.x\n  -y\twrite: no space left on device\n",
		    "unsupported stage=link", "flag provided but not defined: -x");
	check_build("# a\nflag provided but not defined: -x\nusage: link [options] main.o\n# b\n"
		    "b.f: write x: no space left on device\n",
		    "infra stage=compile", NULL);
	/* a go line, or a directive, that no version reads */
	check_build("go: errors parsing go.mod:\ngo.mod:3: invalid go version '1.22.x': must match format 1.23\n",
		    "compile-error stage=prepare", "go.mod:3: invalid go version '1.22.x': must match format 1.23");
	check_build("go: errors parsing go.mod:\n/w/go.mod:3: invalid go version '1.23rc1': must match format 1.23\n",
		    "unsupported stage=prepare", "./go.mod:3: invalid go version '1.23rc1': must match format 1.23");
	check_build("go: errors parsing go.mod:\n/w/go.mod:3: unknown directive: toolchains\n",
		    "compile-error stage=prepare", NULL);
	/* the user's import, not a hole in std */
	check_build("/home/u/src/main.go:3:8: package x/y is not in std (/GOROOT/src/x/y)\n",
		    "compile-error stage=prepare", NULL);
	check_build("/GOROOT/src/os/dir.go:8:2: package internal/abi is not in std (/GOROOT/src/internal/abi)\n",
		    "infra stage=prepare",
		    "$GOROOT/src/os/dir.go:8:2: package internal/abi is not in std ($GOROOT/src/internal/abi)");
}

static void symbols_of_all_kinds(void **state)
{
	(void)state;
	check_build("# m\nlink: example.com/a%2eb: invalid reference to net/http.(*Transport).dial\n",
		    "link-rejected stage=link package=example.com/a%2eb symbols=net/http.(*Transport).dial", NULL);
	check_build("# m\nexample.com/a/yaml%2ev3.(*T[go.shape.int]).F: relocation target b.G not defined\n",
		    "link-undefined stage=link package=example.com/a/yaml.v3 symbols=b.G", NULL);
	check_build("# m\ntype..eq.struct { a/b.X int }: relocation target type..eq.struct { x: int } not defined\n",
		    "link-undefined stage=link package= symbols=type..eq.struct { x: int }", NULL);
	check_build("# m\nmain.f: relocation target a not defined for ABI0 (but is defined for ABIInternal)\n"
		    "main.g: relocation target b not defined for ABIInternal (but is defined for ABI0)\n"
		    "main.g: relocation target a not defined\n",
		    "link-undefined stage=link package=main symbols=a|b",
		    "main.f: relocation target a not defined for ABI0 (but is defined for ABIInternal)");
	/* 1.17, a dot in the last part of the path */
	check_build("# m\ngopkg.in/a%!e(string=b.(*T).F)b%!e(MISSING)c.G: relocation target %!s(MISSING) not defined\n",
		    "link-undefined stage=link package=gopkg.in/a.b.c symbols=b.(*T).F", NULL);
	check_build("# m\na/a%!e(string=b.(*T: relocation target %!s(MISSING) not defined for x\n",
		    "link-error stage=link", NULL);
	check_build("# m\nmain.f: relocation target  not defined\n", "link-error stage=link", NULL);
	check_build("# m\nmain.f: relocation target x not defined yet\n", "link-error stage=link", NULL);
	check_build("# m\nlink: duplicated definition of symbol a, from b, from c (type STEXT size 8) and d (type STEXT size 1)\n",
		    "link-duplicate stage=link package=c symbols=a, from b", NULL);
	check_build("# m\n2022/02/02 02:02:02 symbol go.info.x$abstract listed multiple times\n",
		    "link-duplicate stage=link symbols=go.info.x$abstract", "symbol go.info.x$abstract listed multiple times");
	check_build("# m\nlink: dwarf symbol go:info.x listed multiple times\n",
		    "link-duplicate stage=link symbols=go:info.x", NULL);
	check_build("# m\n/x y/pkg/tool/linux_amd64/link: running gcc failed: exit status 1\n"
		    "ld.lld: error: undefined symbol: foo\n>>> referenced by x.c\n",
		    "link-undefined stage=link symbols=foo", NULL);
}

static void which_cause_wins(void **state)
{
	(void)state;
	/* two programs; the linker ends with the first class, so order is all there is */
	check_build("# a\nmain.f: relocation target x not defined\n# b\nlink: duplicated definition of symbol y, from p and q\n",
		    "link-undefined stage=link package=main symbols=x", NULL);
	check_build("# b\nlink: duplicated definition of symbol y, from p and q\n# a\nmain.f: relocation target x not defined\n",
		    "link-duplicate stage=link package=p symbols=y", NULL);
	check_build("# a\nlink: main: invalid reference to runtime.x\n# b\n./b.go:1:1: missing function body\n",
		    "compile-error stage=compile package=b", NULL);
	check_build("# b\n./b.go:1:1: missing function body\nnote: module requires Go 1.99\n",
		    "unsupported stage=compile", "note: module requires Go 1.99");
	check_build("# b\n./b.go:1:1: missing function body\nc: /GOROOT/pkg/tool/linux_amd64/compile: signal: killed\n",
		    "infra stage=compile", NULL);
	check_build("go: downloading example.org/x v1.0.0\n# m\nlink: main: invalid reference to runtime.x\r\n",
		    "link-rejected stage=link package=main symbols=runtime.x", "link: main: invalid reference to runtime.x");
	/* a tool that died of itself is not the machine's fault */
	check_build("m: /GOROOT/pkg/tool/linux_amd64/link: signal: segmentation fault\n", "link-error stage=link", NULL);
	check_build("m: /GOROOT/pkg/tool/linux_amd64/compile: signal: segmentation fault\n",
		    "compile-error stage=compile", NULL);
	/* not understood: the text, and who spoke */
	check_build("# m\nlink: the moon is in the seventh house\n", "link-error stage=link",
		    "link: the moon is in the seventh house");
	check_build("go: the moon is in the seventh house\n", "compile-error stage=prepare",
		    "go: the moon is in the seventh house");
	check_build("# m\n./a.go:3:2: internal compiler error: 'f': no source\n\nPlease file a bug report\n",
		    "compile-error stage=compile", "./a.go:3:2: internal compiler error: 'f': no source");
}

/* Each of a list of lines, alone, gives the same. */
static void check_each(const char *const *lines, const char *before, const char *want)
{
	for (size_t i = 0; lines[i]; i++) {
		char *said = mem_printf("%s%s\n", before, lines[i]);

		check_build(said, want, lines[i]);
		mem_free(said);
	}
}

static void faults_of_the_machine(void **state)
{
	static const char *const of_go[] = {
		"go: open x: disk quota exceeded", "mkdir x: read-only file system",
		"go: read x: input/output error", "go: open x: too many open files",
		"fork/exec /x/go: cannot allocate memory", "fork/exec /x/vet: resource temporarily unavailable",
		"mkdir x: permission denied", "fork/exec x: text file busy", "fork/exec x: exec format error",
		"open x: stale NFS file handle", "open x: operation not permitted", "m: x: signal: terminated",
		"m: x: signal: interrupt", "m: x: signal: hangup", "m: x: signal: CPU time limit exceeded",
		"m: import \"\": import of unknown directory", "fatal error: newosproc",
		"fatal error: runtime: out of memory", "fatal error: runtime: cannot allocate memory",
		"runtime: cannot allocate memory", "go: module cache not found: neither X nor Y is set",
		"go: cannot find GOROOT directory: /x", "cmd/go: no such tool \"vet\"",
		"go build: no such tool \"vet\"",
		"go: x@v1: Get \"https://x/y\": dial tcp 1.2.3.4:443: connect: network is unreachable",
		"go: x@v1: Get \"https://x/y\": lookup x: no such host",
		"go: x@v1: Get \"https://x/y\": read: i/o timeout",
		"go: x@v1: Get \"https://x/y\": net/http: TLS handshake timeout",
		"go: x@v1: Get \"https://x/y\": proxyconnect: connection refused",
		"go: x@v1: Get https://x/y: dial tcp: broken", NULL,
	};
	static const char *const of_cgo[] = {
		"gcc: error: x", "clang: error: no such file", "x.c:1:1: error: y", "x.c:1:1: fatal error: y.h: No such file",
		"x.S:1: Error: y", NULL,
	};

	(void)state;
	check_each(of_go, "", "infra stage=prepare");
	check_each(of_cgo, "# runtime/cgo\n", "infra stage=compile");
	check_each(of_cgo, "# m\n", "compile-error stage=compile");
	check_build("m: fork/exec /GOROOT/pkg/tool/linux_amd64/asm: no such file or directory\n", "infra stage=compile", NULL);
	check_build("m: fork/exec /usr/bin/x: no such file or directory\n", "compile-error stage=prepare", NULL);
	check_build("m: open /x/pkg/tool/y: no such file or directory\n", "compile-error stage=prepare", NULL);
	check_build("go: x: connection refused\n", "compile-error stage=prepare", NULL);
	check_build("# m\n/GOROOT/pkg/tool/linux_amd64/link: running gcc failed: exit status 1\n"
		    "/usr/bin/ld: x.o: bad\n/usr/bin/ld: final link failed: No space left on device\n",
		    "infra stage=link", "/usr/bin/ld: final link failed: No space left on device");
	check_build("# m\ncollect2: fatal error: ld terminated with signal 9 [Killed]\n", "infra stage=link", NULL);
	check_build("# m\ngcc: fatal error: Killed signal terminated program cc1\n", "infra stage=compile", NULL);
	check_build("# m\n: o space left on device\n", "compile-error stage=compile", NULL);
}

static void speakers_told_apart(void **state)
{
	static const char *const positions[] = {
		"a.S:1: x", "a.c:1:2: x", "a.h:1: x", "a.cc:1: x", "a.cpp:1: x", "a.cxx:1: x", "a.m:1: x",
		"<unknown line number>: x", "<autogenerated>:1: x", "asm: x", "cgo: x", "pack: x", "a.go:1:", NULL,
	};
	static const char *const c_linkers[] = {
		"/usr/bin/ld: x.o: bad", "/usr/bin/ld.bfd: x.o: bad", "ld.gold: x.o: bad", "ld64.lld: x.o: bad",
		"mold: x.o: bad", "/x/aarch64-linux-gnu-ld: x.o: bad", NULL,
	};
	static const char *const c_linker_talk[] = {
		"/usr/bin/ld: a.o: warning: x", "/usr/bin/ld: NOTE: x", "/usr/bin/ld: a.o: in function `x':",
		"/usr/bin/ld: final link failed: bad value", "collect2: error: ld returned 1 exit status",
		"/usr/bin/gcc -o x y", NULL,
	};
	static const char *const go_talk[] = {
		"go: finding x", "go: extracting x", "go: found x", "go: warning: x", "go: added x", "warning: x", NULL,
	};
	static const char *const unsupported[] = {
		"go: download go1.99 for linux/amd64: toolchain not available", "-asan is not supported on linux/386",
		"-linkshared not supported on linux/386", "go.mod:3: invalid go version '1.23beta1': must match format 1.23",
		"go.mod:3: unknown directive: ignore", NULL,
	};
	static const char *const crashes[][2] = {
		{ "cmd/link/internal/ld.main()", "link-error stage=link" },
		{ "cmd/compile/internal/gc.main()", "compile-error stage=compile" },
		{ "cmd/asm/internal/asm.main()", "compile-error stage=compile" },
	};
	static const char *const heads[] = { "panic: x", "fatal error: x", "unexpected fault address 0x1",
					     "SIGSEGV: segmentation violation", NULL };

	(void)state;
	check_each(positions, "# m\n", "compile-error stage=compile");
	check_each(c_linkers, "# m\n", "link-error stage=link");
	check_each(unsupported, "", "unsupported stage=prepare");
	for (size_t i = 0; c_linker_talk[i]; i++) {
		char *said = mem_printf("# m\n/g/pkg/tool/x/link: running gcc failed: 1\n%s\n/usr/bin/ld: cannot find x\n",
					c_linker_talk[i]);

		check_build(said, "link-error stage=link", "/usr/bin/ld: cannot find x");
		mem_free(said);
	}
	for (size_t i = 0; go_talk[i]; i++) {
		char *said = mem_printf("%s\ngo: broken\n", go_talk[i]);

		check_build(said, "compile-error stage=prepare", "go: broken");
		mem_free(said);
	}
	for (size_t h = 0; heads[h]; h++)
		for (size_t i = 0; i < 3; i++) {
			char *said = mem_printf("# m\n%s\n\ngoroutine 1 [running]:\n%s\n# n\ncmd/link/x\n",
						heads[h], crashes[i][0]);

			check_build(said, crashes[i][1], heads[h]);
			mem_free(said);
		}
	for (size_t i = 0; i < 3; i++) { /* run by hand, or by go to ask its version */
		char *said = mem_printf("panic: x\n\ngoroutine 1 [running]:\n%s\n", crashes[i][0]);

		check_build(said, crashes[i][1], "panic: x");
		mem_free(said);
	}
	check_build("fatal error: x\n\ngoroutine 1 [running]:\nmain.main()\n", "compile-error stage=prepare", NULL);
	check_build("panic: x\n\ngoroutine 1 [running]:\nmain.main()\n", "compile-error stage=prepare", "panic: x");
	check_build("# m\nC:\\go\\x.go:3:1: y\n", "compile-error stage=compile", "C:\\go\\x.go:3:1: y");
	check_build("# m [m.test]\na.go:1:1: x\n", "compile-error stage=compile package=m", NULL);
	check_build("# m\nlink.exe: main: invalid reference to a.b\n", "link-rejected stage=link symbols=a.b", NULL);
	check_build("# m\n/x/bin/link: main: invalid reference to a.b\n", "compile-error stage=compile", NULL);
	check_build("# m\nlink: not main: invalid reference to a.b\n", "link-error stage=link", NULL);
	check_build("# m\ninvalid boolean value \"x\" for -a: parse error\nusage: link [options] main.o\n",
		    "link-error stage=link", NULL);
	check_build("invalid boolean value \"x\" for -a: parse error\nusage: go build [-o output]\n",
		    "unsupported stage=prepare", NULL);
	check_build("# m\ninvalid value \"x\" for flag -c: parse error\nusage: compile [options] file.go...\n",
		    "compile-error stage=compile", NULL);
	check_build("# m\n./x.c: In function 'f':\nhow odd\n", "compile-error stage=compile", "how odd");
	/* a C compiler after a C linker, of another package */
	check_build("# m\nld: bad\n# n\na.c:1:1: undefined reference to `x'\n", "compile-error stage=compile package=n", NULL);
	check_build("# m\ntype:.eq.x/y.z: relocation target q not defined\n", "link-undefined stage=link package= symbols=q", NULL);
	check_build("# m\nld: duplicate symbol: foo\n", "link-duplicate stage=link symbols=foo", NULL);
	check_build("# m\ntype..eq.struct { a/b.T }: nosplit stack over 792 byte limit\n", "link-error stage=link", NULL);
	check_build("go: errors parsing go.mod:\ngo.mod:3: invalid go version '1.23rcx': must match format 1.23\n",
		    "compile-error stage=prepare", NULL);
}

static void endings_of_builds(void **state)
{
	static const char odd[] = "# m\0\nmain.\xfe: relocation target \xff not defined\0\0";
	struct ending end = { .timed_out = true, .signal = 9 };
	struct diagnosis d;

	(void)state;
	diagnose_build(&d, text_of("# m\nlink: main: invalid reference to x.y\n"), &end, NULL);
	assert_int_equal(d.kind, OUTCOME_TIMEOUT);
	assert_string_equal(d.message, "the build went past its limit");
	diagnosis_dispose(&d);

	end = (struct ending){ .signal = 9 };
	diagnose_build(&d, text_of(NULL), &end, NULL);
	assert_int_equal(d.kind, OUTCOME_INFRA);
	assert_string_equal(d.message, "go build was killed by SIGKILL");
	diagnosis_dispose(&d);

	end.signal = 60;
	diagnose_build(&d, text_of(""), &end, NULL);
	assert_string_equal(d.message, "go build was killed by signal 60");
	diagnosis_dispose(&d);

	end = (struct ending){ .exit_status = 1 };
	diagnose_build(&d, text_of("\n\n"), &end, NULL);
	assert_int_equal(d.kind, OUTCOME_COMPILE_ERROR);
	assert_string_equal(d.message, "go build: exit status 1, and nothing said");
	diagnosis_dispose(&d);

	end = (struct ending){ 0 };
	diagnose_build(&d, text_of("go: downloading x v1\n"), &end, NULL);
	assert_int_equal(d.kind, OUTCOME_LINKED);
	assert_string_equal(d.message, "");
	diagnosis_dispose(&d);

	/* NULs, no newline at the end, bytes that are no UTF-8 */
	end.exit_status = 1;
	diagnose_build(&d, (struct text){ odd, sizeof(odd) - 1 }, &end, NULL);
	assert_int_equal(d.kind, OUTCOME_LINK_UNDEFINED);
	assert_string_equal(d.symbols.v[0], "\xff");
	assert_string_equal(d.message, "main.\xfe: relocation target \xff not defined");
	diagnosis_dispose(&d);
}

/* ---- runs */

static struct run_expectation expect_out(const char *out, const char *err)
{
	return (struct run_expectation){ .out = text_of(out), .err = text_of(err) };
}

static void check_run(const char *out, const char *err, struct ending end, const struct run_expectation *want,
		      enum outcome_kind kind, const char *signal, const char *message)
{
	struct diagnosis d;

	diagnose_run(&d, text_of(out), text_of(err), &end, want, &aliases);
	assert_string_equal(outcome_name(d.kind), outcome_name(kind));
	if (*message || kind == OUTCOME_PASS)
		assert_string_equal(d.message, message);
	assert_int_equal(d.stage, STAGE_RUN);
	if (signal) {
		assert_non_null(d.signal);
		assert_string_equal(d.signal, signal);
	} else {
		assert_null(d.signal);
	}
	diagnosis_dispose(&d);
}

static void outputs_compared(void **state)
{
	struct ending ok = { 0 };
	struct run_expectation want;

	(void)state;
	want = expect_out("a\nb\n", NULL);
	check_run("a\nb", "chatter", ok, &want, OUTCOME_PASS, NULL, "");
	check_run("a\nb \t\n\n", "", ok, &want, OUTCOME_PASS, NULL, "");
	check_run("a \nb", "", ok, &want, OUTCOME_RUN_WRONG, NULL, "stdout line 1: want \"a\", got \"a \"");
	check_run("a\r\nb", "", ok, &want, OUTCOME_RUN_WRONG, NULL, "stdout line 1: want \"a\", got \"a\r\"");
	check_run("a\nc\nd", "", ok, &want, OUTCOME_RUN_WRONG, NULL, "stdout line 2: want \"b\", got \"c\"");
	check_run("a\nbc", "", ok, &want, OUTCOME_RUN_WRONG, NULL, "stdout line 2: want \"b\", got \"bc\"");
	check_run("a\n", "", ok, &want, OUTCOME_RUN_WRONG, NULL, "stdout line 2: want \"b\", got nothing more");
	check_run("a\nb\nc\n", "", ok, &want, OUTCOME_RUN_WRONG, NULL, "stdout line 3: want nothing more, got \"c\"");
	check_run("", "", ok, &want, OUTCOME_RUN_WRONG, NULL, "stdout line 1: want \"a\", got nothing more");
	want = expect_out("", "");
	check_run("\n", " \n", ok, &want, OUTCOME_PASS, NULL, "");
	check_run("x", "", ok, &want, OUTCOME_RUN_WRONG, NULL, "stdout line 1: want nothing more, got \"x\"");
	check_run("", "y", ok, &want, OUTCOME_RUN_WRONG, NULL, "stderr line 1: want nothing more, got \"y\"");
	want = expect_out(NULL, "one\n");
	check_run("anything", "one", ok, &want, OUTCOME_PASS, NULL, "");
	check_run("anything", "two", ok, &want, OUTCOME_RUN_WRONG, NULL, "stderr line 1: want \"one\", got \"two\"");
	check_run("anything", NULL, ok, &want, OUTCOME_RUN_WRONG, NULL, "stderr line 1: want \"one\", got nothing more");
}

static void endings_of_runs(void **state)
{
	struct run_expectation want = { .has_exit = true, .exit_status = 3 };
	struct run_expectation dies = { .has_exit = true, .exit_status = 2, .out = text_of("x") };
	static const char panic[] = "panic: no\n\ngoroutine 1 [running]:\nmain.main()\n";

	(void)state;
	check_run("", "", (struct ending){ .exit_status = 3 }, NULL, OUTCOME_RUN_WRONG, NULL,
		  "exit status: want 0, got 3");
	check_run("", "", (struct ending){ .exit_status = 3 }, &want, OUTCOME_PASS, NULL, "");
	check_run("", "", (struct ending){ 0 }, &want, OUTCOME_RUN_WRONG, NULL, "exit status: want 3, got 0");
	check_run("", "\nfirst\nsecond\n", (struct ending){ .exit_status = 1 }, NULL, OUTCOME_RUN_WRONG, NULL,
		  "exit status: want 0, got 1; stderr begins \"first\"");
	/* only 2 is Go's, and only with last words */
	check_run("", panic, (struct ending){ .exit_status = 2 }, NULL, OUTCOME_RUN_CRASH, NULL, "panic: no");
	check_run("", panic, (struct ending){ 0 }, NULL, OUTCOME_PASS, NULL, "");
	check_run("", "panic: no\n", (struct ending){ .exit_status = 1 }, NULL, OUTCOME_RUN_WRONG, NULL,
		  "exit status: want 0, got 1; stderr begins \"panic: no\"");
	check_run("", "usage: x\n", (struct ending){ .exit_status = 2 }, NULL, OUTCOME_RUN_WRONG, NULL,
		  "exit status: want 0, got 2; stderr begins \"usage: x\"");
	check_run("", "log: panic: no\n", (struct ending){ .exit_status = 2 }, NULL, OUTCOME_RUN_WRONG, NULL,
		  "exit status: want 0, got 2; stderr begins \"log: panic: no\"");
	check_run("", "fatal error: x\npanic during panic\nstack trace unavailable\n",
		  (struct ending){ .exit_status = 4 }, NULL, OUTCOME_RUN_CRASH, NULL, "fatal error: x");
	check_run("", "fatal error: x\n", (struct ending){ .exit_status = 4 }, NULL, OUTCOME_RUN_WRONG, NULL,
		  "exit status: want 0, got 4; stderr begins \"fatal error: x\"");
	check_run("", "runtime: newstack called from g=x\n\ngoroutine 1 [running]:\n", (struct ending){ .exit_status = 2 },
		  NULL, OUTCOME_RUN_CRASH, NULL, "runtime: newstack called from g=x");
	check_run("", "runtime: 3 s\n", (struct ending){ .exit_status = 2 }, NULL, OUTCOME_RUN_WRONG, NULL,
		  "exit status: want 0, got 2; stderr begins \"runtime: 3 s\"");
	/* a crash that was asked for */
	check_run("x\n", panic, (struct ending){ .exit_status = 2 }, &dies, OUTCOME_PASS, NULL, "");
	check_run("y\n", panic, (struct ending){ .exit_status = 2 }, &dies, OUTCOME_RUN_CRASH, NULL, "panic: no");
	check_run("", panic, (struct ending){ .exit_status = 2 }, &want, OUTCOME_RUN_CRASH, NULL, "panic: no");
	/* signals */
	check_run("", "", (struct ending){ .signal = 11 }, NULL, OUTCOME_RUN_CRASH, "SIGSEGV", "killed by SIGSEGV");
	check_run("", "", (struct ending){ .signal = 60 }, NULL, OUTCOME_RUN_CRASH, NULL, "killed by signal 60");
	check_run("", "", (struct ending){ .signal = 9, .timed_out = true }, NULL, OUTCOME_TIMEOUT, NULL,
		  "the run went past its limit");
	/* the emulator's number is the target's: 10 is SIGBUS on mips, SIGUSR1 here */
	check_run("", "qemu: uncaught target signal 10 (Bus error) - core dumped\n", (struct ending){ .exit_status = 138 },
		  NULL, OUTCOME_RUN_CRASH, "SIGBUS", "qemu: uncaught target signal 10 (Bus error) - core dumped");
	check_run("", "", (struct ending){ .exit_status = 139 }, NULL, OUTCOME_RUN_WRONG, NULL,
		  "exit status: want 0, got 139");
	/* the emulator itself, and a program that talks like it */
	check_run("", "qemu-aarch64: Could not open '/lib/ld-linux-aarch64.so.1': No such file or directory\n",
		  (struct ending){ .exit_status = 255 }, NULL, OUTCOME_INFRA, NULL,
		  "qemu-aarch64: Could not open '/lib/ld-linux-aarch64.so.1': No such file or directory");
	check_run("started\n", "qemu-x: no\n", (struct ending){ .exit_status = 255 }, NULL, OUTCOME_RUN_WRONG, NULL,
		  "exit status: want 0, got 255; stderr begins \"qemu-x: no\"");
}

static void long_lines_cut(void **state)
{
	struct run_expectation want;
	char line[400], message[700];

	(void)state;
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	memcpy(line + 119, "\xc3\xa9", 2); /* the cut falls into a character */
	want = expect_out("y", NULL);
	snprintf(message, sizeof(message), "stdout line 1: want \"y\", got \"%.*s...\"", 119, line);
	check_run(line, "", (struct ending){ 0 }, &want, OUTCOME_RUN_WRONG, NULL, message);
}

/* ---- the rest */

static void check_clean(const char *said, const char *want)
{
	static const struct path_alias v[] = { { "/h/go", "$GOROOT" }, { "/h/w", "." }, { NULL, "no" },
					       { "/h/w/in", "$IN" } };
	struct path_aliases a = { v, 4 };
	char *got = diagnose_path_clean(text_of(said), &a);

	assert_string_equal(got, want);
	mem_free(got);
}

static void paths_cleaned(void **state)
{
	(void)state;
	check_clean("", "");
	check_clean("/h/go", "$GOROOT");
	check_clean("in /h/w", "in .");
	check_clean("in /h/w.", "in ..");
	check_clean("/h/w/main.go:3: (/h/go/src/x)", "./main.go:3: ($GOROOT/src/x)");
	check_clean("/h/w/in/x /h/w/inn", "$IN/x ./inn");
	check_clean("/h/w2 /h/w-old /h/w.old /x/h/w", "/h/w2 /h/w-old /h/w.old /x/h/w");
	check_clean("-I/h/w/x --dir=/h/w", "-I./x --dir=.");
	check_clean("/var/tmp/go-build123/b001/exe go-link-7/go.o ../t/go-link-7/a.o", "$WORK/b001/exe $WORK/go.o $WORK/a.o");
	check_clean("go-build123x go-builder/1 x/my-go-link-1/y", "go-build123x go-builder/1 x/my-go-link-1/y");
	check_clean("2022/02/02 02:02:02 a\n2022/02/02 02:02:02 /h/w\nat 2022/02/02 02:02:02 b",
		    "a\n.\nat 2022/02/02 02:02:02 b");
	check_clean("2022/02/02 02:02: a", "2022/02/02 02:02: a");
}

static void signals_named(void **state)
{
	(void)state;
	assert_string_equal(signal_name(11), "SIGSEGV");
	assert_string_equal(signal_name(6), "SIGABRT");
	assert_string_equal(signal_name(9), "SIGKILL");
	for (int i = 1; i < 32; i++) {
		char *name = mem_printf("SIG%s", sigabbrev_np(i));
		char *go = mem_printf("%s: x\n", name);
		char *qemu = mem_printf("qemu: uncaught target signal 99 (%s) - core dumped\n", strsignal(i));
		struct ending end = { .exit_status = 2 };

		/* SIGPOLL is SIGIO */
		assert_string_equal(signal_name(i), strcmp(name, "SIGPOLL") == 0 ? "SIGIO" : name);
		if (strcmp(name, "SIGPOLL") != 0)
			check_run("", go, end, NULL, OUTCOME_RUN_CRASH, name, "");
		end.exit_status = 128 + i;
		check_run("", qemu, end, NULL, OUTCOME_RUN_CRASH, signal_name(i), "");
		mem_free(qemu);
		mem_free(go);
		mem_free(name);
	}
	assert_null(signal_name(0));
	assert_null(signal_name(-1));
	assert_null(signal_name(64));
}

/* No text is slow: a megabyte of each of these in well under a second, even
 * with sanitizers. Not timed here; ctest's limit sees to squares. */
static void large_texts(void **state)
{
	static const char *const lines[] = { "main.f: relocation target a%zu not defined\n", "a: ", "/",
					     "/usr/bin/ld: undefined reference to `f%zu'\n", "go-build1", ":",
					     "2022/02/02 ", "panic: x\n", "link: running gcc failed: 1\n", ".go:1:" };

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct ending end = { .exit_status = 1 };
		struct str s = STR_INIT;
		struct diagnosis d;

		str_add(&s, "# m\n");
		for (size_t k = 0; s.len < 1 << 20; k++) {
			const char *p = strstr(lines[i], "%zu");

			if (p)
				str_addf(&s, "%.*s%zu%s", (int)(p - lines[i]), lines[i], k, p + 3);
			else
				str_add(&s, lines[i]);
		}
		diagnose_build(&d, (struct text){ s.s, s.len }, &end, &aliases);
		if (i == 0)
			assert_true(d.symbols.n > 20000);
		diagnosis_dispose(&d);
		diagnose_run(&d, (struct text){ s.s, s.len }, (struct text){ s.s, s.len }, &end, NULL, NULL);
		diagnosis_dispose(&d);
		str_free(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_toolchains_said), cmocka_unit_test(words_in_other_mouths),
		cmocka_unit_test(symbols_of_all_kinds), cmocka_unit_test(which_cause_wins),
		cmocka_unit_test(faults_of_the_machine), cmocka_unit_test(speakers_told_apart),
		cmocka_unit_test(endings_of_builds),	cmocka_unit_test(outputs_compared),
		cmocka_unit_test(endings_of_runs),	cmocka_unit_test(long_lines_cut),
		cmocka_unit_test(paths_cleaned),	cmocka_unit_test(signals_named),
		cmocka_unit_test(large_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
