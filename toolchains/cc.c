#include "toolchains/cc.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/base/fs.h"
#include "harness/base/str.h"

static const struct { const char *target, *triplet, *package; } crosses[] = {
	{ "linux/386", "i686-linux-gnu", "gcc-i686-linux-gnu" },
	{ "linux/amd64", "x86_64-linux-gnu", "gcc-x86-64-linux-gnu" },
	{ "linux/arm", "arm-linux-gnueabihf", "gcc-arm-linux-gnueabihf" },
	{ "linux/arm64", "aarch64-linux-gnu", "gcc-aarch64-linux-gnu" },
	{ "linux/loong64", "loongarch64-linux-gnu", "gcc-loongarch64-linux-gnu" },
	{ "linux/mips", "mips-linux-gnu", "gcc-mips-linux-gnu" },
	{ "linux/mipsle", "mipsel-linux-gnu", "gcc-mipsel-linux-gnu" },
	{ "linux/mips64", "mips64-linux-gnuabi64", "gcc-mips64-linux-gnuabi64" },
	{ "linux/mips64le", "mips64el-linux-gnuabi64", "gcc-mips64el-linux-gnuabi64" },
	{ "linux/ppc64le", "powerpc64le-linux-gnu", "gcc-powerpc64le-linux-gnu" },
	{ "linux/riscv64", "riscv64-linux-gnu", "gcc-riscv64-linux-gnu" },
	{ "linux/s390x", "s390x-linux-gnu", "gcc-s390x-linux-gnu" },
	{ "windows/386", "i686-w64-mingw32", "gcc-mingw-w64-i686" },
	{ "windows/amd64", "x86_64-w64-mingw32", "gcc-mingw-w64-x86-64" },
};

enum { CROSSES = sizeof(crosses) / sizeof(crosses[0]), NATIVE = CROSSES };

/* What was found, once: for each of `crosses`, and the machine's own. */
static struct { bool asked; char *path, identity[160]; } found[CROSSES + 1];

static int index_of(const struct target *t)
{
	const char *host = target_host();
	size_t n = strlen(t->goos);

	if (strncmp(host, t->goos, n) == 0 && strcmp(host + n + 1, t->goarch) == 0)
		return NATIVE; /* cmd/go's own default on linux is gcc */
	for (int i = 0; i < (int)CROSSES; i++)
		if (strncmp(crosses[i].target, t->goos, n) == 0 && crosses[i].target[n] == '/' &&
		    strcmp(crosses[i].target + n + 1, t->goarch) == 0)
			return i;
	return -1;
}

static void ask(int at)
{
	char *name = at == NATIVE ? mem_strdup("gcc") : mem_printf("%s-gcc", crosses[at].triplet);
	struct stat st;

	found[at].asked = true;
	found[at].path = fs_find_program(name, "/usr/local/bin:/usr/bin:/bin"); /* as builds see it */
	if (found[at].path && stat(found[at].path, &st) == 0)
		snprintf(found[at].identity, sizeof(found[at].identity), "%s %lld %lld", found[at].path,
			 (long long)st.st_size, (long long)st.st_mtime);
	else
		snprintf(found[at].identity, sizeof(found[at].identity), "no C compiler");
	mem_free(name);
}

const char *cc_path(const struct target *t)
{
	int at = index_of(t);

	if (at < 0)
		return NULL;
	if (!found[at].asked)
		ask(at);
	return found[at].path;
}

const char *cc_identity(const struct target *t)
{
	int at = index_of(t);

	if (at < 0)
		return "no C compiler";
	if (!found[at].asked)
		ask(at);
	return found[at].identity;
}

const char *cc_package(const struct target *t)
{
	int at = index_of(t);

	return at == NATIVE ? "gcc" : at < 0 ? NULL : crosses[at].package;
}

const char *cc_sysroot(const struct target *t)
{
	static char *paths[CROSSES];
	int at = index_of(t);

	if (at < 0 || at == NATIVE)
		return NULL;
	if (!paths[at])
		paths[at] = mem_printf("/usr/%s", crosses[at].triplet);
	return fs_is_dir(paths[at]) ? paths[at] : NULL;
}
