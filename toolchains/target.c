#include "toolchains/target.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "harness/base/str.h"

/* `go tool dist list` of 1.17..1.27, less what only builds with cgo and a C
 * compiler of its own (android but for arm64, ios). */
static const char *const ports[] = {
	"aix/ppc64",       "android/arm64",   "darwin/amd64",    "darwin/arm64",   "dragonfly/amd64",
	"freebsd/386",     "freebsd/amd64",   "freebsd/arm",     "freebsd/arm64",  "freebsd/riscv64",
	"illumos/amd64",   "js/wasm",         "linux/386",       "linux/amd64",    "linux/arm",
	"linux/arm64",     "linux/loong64",   "linux/mips",      "linux/mips64",   "linux/mips64le",
	"linux/mipsle",    "linux/ppc64",     "linux/ppc64le",   "linux/riscv64",  "linux/s390x",
	"netbsd/386",      "netbsd/amd64",    "netbsd/arm",      "netbsd/arm64",   "openbsd/386",
	"openbsd/amd64",   "openbsd/arm",     "openbsd/arm64",   "openbsd/ppc64",  "openbsd/riscv64",
	"plan9/386",       "plan9/amd64",     "plan9/arm",       "solaris/amd64",  "wasip1/wasm",
	"windows/386",     "windows/amd64",   "windows/arm",     "windows/arm64",
};
enum { PORTS = sizeof(ports) / sizeof(ports[0]) };

/* cmd/dist and internal/buildcfg: which variable, and what it may be. */
static const struct level {
	const char *goarch, *var, *values; /* values: blank-separated */
	int since;                         /* Go 1.N; older ones pass the variable over in silence */
} levels[] = {
	{ "386", "GO386", "sse2 softfloat", 16 },
	{ "amd64", "GOAMD64", "v1 v2 v3 v4", 18 },
	{ "arm", "GOARM", "5 6 7", 0 },
	{ "arm64", "GOARM64", "v8.0 v8.1 v8.2 v8.3 v8.4 v8.5 v8.6 v8.7 v8.8 v8.9 v9.0 v9.1 v9.2", 23 },
	{ "mips", "GOMIPS", "hardfloat softfloat", 10 },
	{ "mipsle", "GOMIPS", "hardfloat softfloat", 10 },
	{ "mips64", "GOMIPS64", "hardfloat softfloat", 11 },
	{ "mips64le", "GOMIPS64", "hardfloat softfloat", 11 },
	{ "ppc64", "GOPPC64", "power8 power9 power10", 10 },
	{ "ppc64le", "GOPPC64", "power8 power9 power10", 10 },
	{ "riscv64", "GORISCV64", "rva20u64 rva22u64 rva23u64", 23 },
};

static bool has_word(const char *words, const char *word)
{
	size_t n = strlen(word);

	if (n == 0 || strchr(word, ' '))
		return false;
	for (const char *p = words; (p = strstr(p, word)) != NULL; p += n)
		if ((p == words || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0'))
			return true;
	return false;
}

static const struct level *level_of(const char *goarch)
{
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (strcmp(levels[i].goarch, goarch) == 0)
			return &levels[i];
	return NULL;
}

static int no_such_port(const char *name, const char *goos, const char *goarch, struct error *err)
{
	struct str near = STR_INIT;
	int rc;

	for (size_t i = 0; i < PORTS; i++) {
		const char *slash = strchr(ports[i], '/');
		bool same_os = strncmp(ports[i], goos, (size_t)(slash - ports[i])) == 0 &&
			       goos[slash - ports[i]] == '\0';

		if (same_os || strcmp(slash + 1, goarch) == 0)
			str_addf(&near, "%s%s", near.len ? ", " : "", ports[i]);
	}
	if (near.len)
		rc = err_set(err, ERR_INPUT, "Go has no port %s; near it are %s", name, near.s);
	else
		rc = err_set(err, ERR_INPUT, "Go has no port %s; a target is GOOS/GOARCH, such as linux/arm64",
			     name);
	str_free(&near);
	return rc;
}

int target_parse(struct target *out, const char *name, struct error *err)
{
	const char *slash = strchr(name, '/'), *second;
	const struct level *level;
	char port[TARGET_NAME];

	*out = (struct target){ 0 };
	if (!slash || strlen(name) >= sizeof(out->name))
		return err_set(err, ERR_INPUT, "\"%s\" is not a target: write GOOS/GOARCH, such as linux/arm64",
			       name);
	second = strchr(slash + 1, '/');
	snprintf(out->name, sizeof(out->name), "%s", name);
	snprintf(port, sizeof(port), "%.*s", (int)(second ? second - name : (long)strlen(name)), name);
	snprintf(out->goos, sizeof(out->goos), "%.*s", (int)(slash - name), name);
	snprintf(out->goarch, sizeof(out->goarch), "%s", port + (slash - name) + 1);
	for (size_t i = 0;; i++) {
		if (i == PORTS)
			return no_such_port(name, out->goos, out->goarch, err);
		if (strcmp(ports[i], port) == 0)
			break;
	}
	level = level_of(out->goarch);
	out->level_var = level ? level->var : NULL;
	out->level_since = level ? level->since : 0;
	if (!second)
		return 0;
	if (!level || !has_word(level->values, second + 1))
		return err_set(err, ERR_INPUT, "%s has no level \"%s\"%s%s", port, second + 1,
			       level ? "; it may be " : "", level ? level->values : "");
	snprintf(out->level, sizeof(out->level), "%s", second + 1);
	return 0;
}

int target_word(const struct target *t)
{
	static const char *const small[] = { "386", "arm", "mips", "mipsle" };

	for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++)
		if (strcmp(t->goarch, small[i]) == 0)
			return 4;
	return 8;
}

/* Ports that came or went since 1.17; src/go/build/syslist.go and internal/platform of each. */
void target_span(const struct target *t, int *since, int *until)
{
	static const struct {
		const char *goos, *goarch;
		int since, until;
	} moved[] = {
		{ "linux", "loong64", 19, 0 },   { "freebsd", "riscv64", 20, 0 }, { "wasip1", "wasm", 21, 0 },
		{ "openbsd", "ppc64", 22, 0 },   { "openbsd", "riscv64", 23, 0 }, { "windows", "arm", 0, 25 },
	};

	*since = *until = 0;
	for (size_t i = 0; i < sizeof(moved) / sizeof(moved[0]); i++) {
		if (strcmp(moved[i].goos, t->goos) == 0 && strcmp(moved[i].goarch, t->goarch) == 0) {
			*since = moved[i].since;
			*until = moved[i].until;
		}
	}
}

int target_expand(struct strv *out, const char *entry, struct error *err)
{
	const char *pattern = strcmp(entry, "all") == 0 ? "*" : entry;
	struct target t;
	bool any = false;

	if (!strpbrk(pattern, "*?")) {
		if (target_parse(&t, entry, err) < 0)
			return err->code;
		if (!strv_has(out, entry))
			strv_add(out, entry);
		return 0;
	}
	for (size_t i = 0; i < PORTS; i++) {
		if (!str_glob(pattern, ports[i]))
			continue;
		any = true;
		if (!strv_has(out, ports[i]))
			strv_add(out, ports[i]);
	}
	if (!any)
		return err_set(err, ERR_INPUT, "no port of Go matches the target \"%s\"", entry);
	return 0;
}

const char *target_host(void)
{
	static char name[TARGET_NAME];
	static const char *const archs[][2] = {
		{ "x86_64", "amd64" },   { "aarch64", "arm64" },     { "i686", "386" },
		{ "armv7l", "arm" },     { "armv6l", "arm" },        { "riscv64", "riscv64" },
		{ "s390x", "s390x" },    { "ppc64le", "ppc64le" },   { "ppc64", "ppc64" },
		{ "loongarch64", "loong64" }, { "mips64", "mips64" },
	};
	struct utsname u;
	const char *arch;

	uname(&u);
	arch = u.machine;
	for (size_t i = 0; i < sizeof(archs) / sizeof(archs[0]); i++)
		if (strcmp(u.machine, archs[i][0]) == 0)
			arch = archs[i][1];
	snprintf(name, sizeof(name), "%s/%.16s", strcmp(u.sysname, "Darwin") == 0 ? "darwin" : "linux",
		 arch);
	return name;
}
