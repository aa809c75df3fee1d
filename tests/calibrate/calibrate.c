/*
 * Compares toolchains/linkrule.c with the linker that it imitates, over std.
 *
 *	calibrate GOCACHE GOROOT VERSION TARGET ATLAS [EVERY]
 *
 * Programs refer to symbols of the packages linked into them - every EVERY-th (8th) plain
 * Go function, type and constant, and all else: marked, pushed, blocked, builtin, assembly's,
 * undefined, variables - from Go (package m/f), from assembly (m/s) and as variables
 * (m/v: of the same size, m/d: with a value, m/l: larger).  ATLAS is the target's.
 *
 * The linker stops at the first thing it does not like.  So the same linker is built once
 * more from GOROOT's own source, with log.Printf for log.Fatalf in three places and no
 * limit of errors (go build -overlay; kept in GOCACHE): it says all in one link.
 * The genuine one has the last word: it must link all that links in one program, and name
 * a sample of what is undefined and of what it refuses, each made harmless in turn (goobj.h).
 *
 * Variables that disagree only because the atlas has wrong whether they have a value are listed
 * apart.  Exit status: 0 they agree, 1 they do not, 2 it could not be found out.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/fs.h"
#include "toolchains/goobj.h"
#include "toolchains/linkrule.h"

enum place { F, S, V, D, L, PLACES };
static const char letters[] = "fsvdl", *const words[PLACES] = { "func from Go", "from assembly", "variable",
	"variable with a value", "larger variable" };
enum { MAX_SIZE = 4096, LARGER = 64, SAMPLE = 199 /* one in so many is shown to the genuine linker */ };

/* What the programs import, "N:path" from 1.N on. */
static const char *const imports[] = {
	"bytes", "container/list", "context", "crypto/aes", "crypto/cipher", "crypto/rand", "crypto/sha256",
	"crypto/sha512", "crypto/subtle", "encoding/json", "errors", "fmt", "hash/crc32", "hash/maphash",
	"io", "math", "math/big", "math/rand", "net", "os", "os/exec", "os/signal", "reflect", "regexp",
	"runtime/debug", "runtime/metrics", "runtime/pprof", "runtime/trace", "sort", "strconv", "strings",
	"sync", "sync/atomic", "syscall", "testing", "time", "unicode/utf8",
	"20:crypto/ecdh", "21:log/slog", "21:maps", "21:slices", "22:math/rand/v2", "23:iter", "23:unique",
	"24:weak", "25:testing/synctest",
};

/* The linker gives them a value and minds their type; and the offset of tls_g. */
static const char *const of_linker[] = { "runtime.buildVersion", "runtime.modinfo", "runtime.disableMemoryProfiling",
	"runtime.defaultGOROOT", "runtime.godebugDefault", "runtime.isarchive", "runtime.islibrary", "runtime.goarm",
	"runtime.goarmsoftfp", "runtime.tls_g" };

struct item {
	const char *name;    /* as the linker has it */
	struct atlas_symbol sym;
	bool known, blocked;
	bool asked[PLACES];
	struct link_ruling ruling[PLACES];
	enum link_pull truth[PLACES];
};

static struct {
	const char *goroot, *gocache, *tmp, *talkative;
	struct gover version;
	struct target target;
	struct strv imports, packages; /* packages: linked in, sorted */
	struct strv kept; /* what fmt() made */
	VEC(struct item) items;
	size_t every, skipped, disagreements;
} c;

/* --- tools ----------------------------------------------------------------------- */

/* A string that lasts to the end. */
__attribute__((format(printf, 1, 2))) static char *fmt(const char *f, ...)
{
	va_list ap;
	char *s;

	va_start(ap, f);
	if (vasprintf(&s, f, ap) < 0)
		abort();
	va_end(ap);
	vec_push(&c.kept, s);
	return s;
}

__attribute__((noreturn)) static void die(const char *what)
{
	struct error ignored;

	fprintf(stderr, "calibrate: %s\n", what);
	if (c.tmp)
		fs_remove_tree(c.tmp, &ignored);
	exit(2);
}

/* The text of a file, to the end. */
static char *get(const char *path)
{
	struct str text = STR_INIT;
	struct error err = { 0 };

	if (fs_read(&text, path, &err) < 0)
		die(err.msg);
	return text.len ? text.s : fmt("%s", "");
}

static void put(const char *path, struct str *text)
{
	struct error err = { 0 };

	if (fs_write(path, text->s, text->len, 0666, &err) < 0)
		die(err.msg);
	str_free(text);
}

/* Runs a command of the shell in `dir`; what it prints is in *said. Returns its exit status. */
static int run(const char *dir, char **said, const char *command)
{
	int status = system(fmt("{ cd '%s' && %s; } >'%s/log' 2>&1", dir, command, c.tmp));

	*said = get(fmt("%s/log", c.tmp));
	return status;
}

/* Cuts off what is before `at`; NULL when nothing is left. */
static char *cut(char **text, char at)
{
	char *word = *text, *end = word && *word ? strchr(word, at) : NULL;

	*text = end ? end + 1 : NULL;
	if (end)
		*end = '\0';
	return word && (*word || end) ? word : NULL;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool has(const struct strv *sorted, const char *s)
{
	return sorted->n && bsearch(&s, sorted->v, sorted->n, sizeof(*sorted->v), by_name);
}

/* --- two of Go's tools ------------------------------------------------------------- */

static void make_talkative(void)
{
	char name[GOVER_NAME], *said;

	c.talkative = fmt("%s/calibrate-link-%s", c.gocache, gover_name(name, &c.version));
	if (!fs_exists(c.talkative) &&
	    run(c.tmp, &said, fmt("G='%s' T='%s' L='%s' && R=$G/src/cmd/link/internal && "
		"sed 's/log[.]Fatalf(\\(\"duplicated def\\|\"reference to undef\\|\"%%s: invalid ref\\)/log.Printf(\\1/' "
		"$R/loader/loader.go >loader.go && sed 's/nerrors > 20/nerrors > 1<<30/' $R/ld/util.go >util.go && "
		"! cmp -s util.go $R/ld/util.go && grep -q 'log.Printf(\"duplicated' loader.go && "
		"echo '{\"Replace\":{\"'$R/loader/loader.go'\":\"'$T/loader.go'\",\"'$R/ld/util.go'\":\"'$T/util.go'\"}}' >o.json && "
		"env -u GOOS -u GOARCH GOFLAGS= $G/bin/go build -overlay o.json -o $L.$$ cmd/link && mv $L.$$ $L",
		c.goroot, c.tmp, c.talkative)) != 0)
		die(said);
}

/* Which packages are linked in. */
static void list_packages(void)
{
	struct str paths = STR_INIT;
	char *said, *line;

	for (size_t i = 0; i < sizeof(imports) / sizeof(imports[0]); i++) {
		const char *colon = strchr(imports[i], ':');

		if (colon && atoi(imports[i]) > c.version.minor)
			continue;
		strv_add(&c.imports, colon ? colon + 1 : imports[i]);
		str_addf(&paths, " %s", c.imports.v[c.imports.n - 1]);
	}
	if (run(c.tmp, &said, fmt("echo module m >go.mod && '%s/bin/go' list -deps %s", c.goroot, paths.s)) != 0)
		die(said);
	while ((line = cut(&said, '\n')) != NULL)
		strv_add(&c.packages, line);
	strv_sort(&c.packages);
	str_free(&paths);
}

/* --- the questions --------------------------------------------------------------- */

static void judge(struct item *it)
{
	for (enum place p = F; p < PLACES; p++) {
		struct link_question q = {
			.version = c.version, .target = &c.target, .symbol = it->name,
			.found = it->known ? &it->sym : NULL, .blocked = it->blocked,
			.reference = p == F ? LINK_FROM_GO_FUNC : p == S ? LINK_FROM_ASM : LINK_FROM_GO_VAR,
			.user_has_data = p == D, .user_size = p == L ? it->sym.size + LARGER : 0,
		};

		it->ruling[p] = link_judge(&q);
	}
}

static void add_item(const char *package, const char *name, const struct atlas_symbol *s, bool blocked)
{
	const char *last = strrchr(package, '/') ? strrchr(package, '/') : package;
	struct item it = { .known = s != NULL, .blocked = blocked };
	struct str full = STR_INIT;
	bool var = s && s->kind == ATLAS_VAR && s->size >= 0, settable = var && s->size <= MAX_SIZE;

	/* objabi.PathToPrefix: dots of the last element are escaped. */
	for (const char *p = package; *p; p++)
		str_addn(&full, *p == '.' && p > last ? "%2e" : p, *p == '.' && p > last ? 3 : 1);
	str_addf(&full, "%s%s", *package ? "." : "", name);
	it.name = fmt("%s", full.s);
	str_free(&full);
	if (s)
		it.sym = *s, it.sym.asm_package = fmt("%s", s->asm_package);
	for (size_t i = 0; i < sizeof(of_linker) / sizeof(of_linker[0]); i++)
		settable &= strcmp(it.name, of_linker[i]) != 0;
	it.asked[F] = !s || s->kind != ATLAS_VAR;
	it.asked[S] = !strpbrk(it.name, "()*[]%-:");
	it.asked[V] = var && strcmp(it.name, "runtime.tls_g") != 0;
	it.asked[D] = settable && s->size > 0;
	it.asked[L] = settable;
	judge(&it);
	vec_push(&c.items, it);
}

static struct { /* what is being read */
	struct atlas_section section;
	const char *package;
	size_t plain;
} now;

static void on_symbol(void *arg, const struct atlas_symbol *s)
{
	struct str package = STR_INIT, local = STR_INIT; /* of who defines it */
	const char *owner = now.package;
	bool blocked = atlas_blocked(&now.section, s->name, NULL), plain;

	(void)arg;
	plain = s->kind == ATLAS_TYPE || s->kind == ATLAS_CONST || s->def == ATLAS_DEF_GENERIC ||
		(s->kind != ATLAS_VAR && s->def == ATLAS_DEF_GO && !blocked && !s->push && !s->std && !s->builtin);
	if (s->asm_package[0])
		owner = s->asm_package;
	else if (s->definer[0] && atlas_split_name(s->definer, &package, &local))
		owner = package.s;
	if (!has(&c.packages, owner))
		c.skipped++;
	else if (!strstr(" _ init functab " /* a type, and a symbol of the linker's */, fmt(" %s ", s->name)) && (!plain || now.plain++ % c.every == 0))
		add_item(now.package, s->name, s, blocked);
	str_free(&package);
	str_free(&local);
}

static void read_atlas(const char *path)
{
	struct error err = { 0 };
	size_t at = 0, n, len;
	const char *text = strstr(get(path), "lnmatrix-atlas"), *package; /* lnm-atlas puts "=TARGET" before it */

	n = text ? strlen(text) : 0;
	if (!text || atlas_check_header(text, n, &err) < 0)
		die(fmt("%s is no atlas: %s", path, err.msg));
	while (atlas_next_section(text, n, &at, &now.section, &package, &len)) {
		char *lines = fmt("%.*s", (int)now.section.len, now.section.text), *line;
		struct atlas_symbol s;

		now.package = fmt("%.*s", (int)len, package);
		now.plain = 0;
		atlas_each(&now.section, "*", on_symbol, NULL);
		/* Names on the table that nobody declares. */
		while ((line = cut(&lines, '\n')) != NULL) {
			if (!str_starts(line, "B\t") || !cut(&line, '\t') || (line = cut(&line, '\t')) == NULL)
				continue;
			if (atlas_find(&now.section, line, &s))
				atlas_symbol_dispose(&s);
			else
				add_item(now.package, line, NULL, true);
		}
	}
	add_item("runtime", "lnmNoSuch", NULL, false);
}

/* --- programs -------------------------------------------------------------------- */

enum program { PULLS, ASSEMBLY, DATA, LARGE, LINKS, REFUSED, UNDEFINED };
static const char *const folders[] = { "pulls", "assembly", "data", "large", "links", "refused", "undefined" };

static bool wanted(enum program program, size_t i, enum place p)
{
	const struct item *it = &c.items.v[i];
	enum link_pull truth = it->truth[p];

	if (!it->asked[p])
		return false;
	switch (program) {
	/* Apart: 1.27 crashes when assembly's symbol is wanted by ABI0 and, in vain, by ABIInternal. */
	case PULLS:    return p == F || p == V;
	case ASSEMBLY: return p == S;
	case DATA:     return p == D;
	case LARGE:    return p == L;
	/* A variable in one of the three ways. */
	case LINKS:    return truth == LINK_LINKS && (p < V || p - V == i % 3);
	case REFUSED:  return truth == LINK_REJECTED && p <= V && i % SAMPLE == 0;
	/* Builtins are undefined in other words. */
	case UNDEFINED: break;
	}
	return truth == LINK_UNDEFINED && p <= S && i % SAMPLE == 0 && !it->sym.builtin;
}

static size_t count(enum program program)
{
	size_t n = 0;

	for (size_t i = 0; i < c.items.n * PLACES; i++)
		n += wanted(program, i / PLACES, i % PLACES);
	return n;
}

/* Package m/<letter> of a program; how many references it has. */
static size_t write_place(const char *dir, enum place p, enum program program)
{
	struct str go = STR_INIT, s = STR_INIT, table = STR_INIT;
	size_t n = 0, ptr = strstr("386 arm mips mipsle", c.target.goarch) ? 4 : 8;

	str_addf(&go, "package %c\n\nimport \"unsafe\"\n\nvar _ unsafe.Pointer\n\n", letters[p]);
	for (size_t i = 0; i < c.items.n; i++) {
		const struct item *it = &c.items.v[i];

		if (!wanted(program, i, p))
			continue;
		if (p == S) {
			str_addf(&s, "DATA ·Table+%zu(SB)/%zu, $", n * ptr, ptr);
			for (const char *a = it->name; *a; a++)
				str_add(&s, *a == '/' ? "∕" : *a == '.' ? "·" : (char[]){ *a, 0 });
			str_add(&s, "(SB)\n");
		} else {
			str_addf(&go, "//go:linkname x%zu %s\n", i, it->name);
			str_addf(&go, p == F ? "func x%zu()\n" : p == D ? "var x%zu = [%ld]byte{1}\n" : "var x%zu [%ld]byte\n",
				 i, it->sym.size + (p == L ? LARGER : 0));
			str_addf(&table, p == F ? "\tx%zu,\n" : "\tunsafe.Pointer(&x%zu),\n", i);
		}
		n++;
	}
	if (p == S)
		str_addf(&s, "GLOBL ·Table(SB), 16, $%zu\n", n * ptr);
	str_addf(&go, p == S ? "var Table [%zu]uintptr\n" : p == F ? "var Table = [%zu]func(){\n%s}\n"
			: "var Table = [%zu]unsafe.Pointer{\n%s}\n", n, table.s);
	put(fmt("%s/%c/x.go", dir, letters[p]), &go);
	put(fmt("%s/%c/x.s", dir, letters[p]), &s);
	str_free(&table);
	return n;
}

/* Writes and builds a program. Returns go build's exit status; *cfg is the importcfg.link that it leaves
 * behind, NULL: nothing to refer to. No DWARF: until 1.20 it minds variables that change their type. */
static int build(enum program program, char **said, char **cfg)
{
	struct str go = STR_INIT, use = STR_INIT;
	char *dir = fmt("%s/%s", c.tmp, folders[program]), *work;
	int status = 0;

	*said = *cfg = NULL;
	str_add(&go, "package main\n\nimport (\n");
	for (size_t i = 0; i < c.imports.n; i++)
		str_addf(&go, "\t_ \"%s\"\n", c.imports.v[i]);
	for (enum place p = F; p < PLACES; p++)
		if (write_place(dir, p, program)) {
			str_addf(&go, "\t\"m/%c\"\n", letters[p]);
			str_addf(&use, "\tprintln(&%c.Table)\n", letters[p]);
		}
	str_addf(&go, ")\n\nfunc main() {\n%s}\n", use.s);
	put(fmt("%s/main.go", dir), &go);
	str_add(&go, "module m\n\ngo 1.17\n");
	put(fmt("%s/go.mod", dir), &go);
	if (use.len) {
		status = run(dir, said, fmt("'%s/bin/go' build -work -ldflags=-w -o /dev/null .", c.goroot));
		work = cut(said, '\n');
		*cfg = fmt("%s/b001/importcfg.link", work && str_starts(work, "WORK=") ? work + 5 : "");
		if (!fs_exists(*cfg))
			die(fmt("%s\n%s", work, *said));
	}
	str_free(&use);
	return status;
}

static char *link_again(const char *tool, const char *cfg, const char *options)
{
	char *said;

	run(c.tmp, &said, fmt("'%s' -w -o linked -importcfg '%s' %s $(sed -n 's/^packagefile m=//p' '%s')", tool, cfg,
			      options, cfg));
	return said;
}

/* What one line of a linker says: "f runtime.foo", or NULL when it is of something else. */
static const char *complaint(const char *line, enum link_pull *pull)
{
	static const struct {
		const char *words, *end;
		enum link_pull pull;
	} known[] = {
		{ ": invalid reference to ", "", LINK_REJECTED },
		{ ": relocation target ", " not defined", LINK_UNDEFINED },
		{ "reference to undefined builtin \"", "\"", LINK_UNDEFINED },
		{ "duplicated definition of symbol ", ",", LINK_DUPLICATE },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const char *at = strstr(line, known[i].words), *who = strstr(line, "m/"), *name, *end;

		if (!at || (!who && i != 3) || (i == 1 && who != line))
			continue;
		name = at + strlen(known[i].words);
		end = *known[i].end ? strstr(name, known[i].end) : name + strlen(name);
		*pull = known[i].pull;
		return end ? fmt("%c %.*s", i == 3 ? '=' : who[2], (int)(end - name), name) : NULL;
	}
	return NULL;
}

/* The talkative linker's word on all of a program. */
static void talk_about(enum program program)
{
	struct strv seen[4] = { 0 };
	char *cfg, *said, *line;
	enum link_pull pull;

	build(program, &said, &cfg);
	for (said = cfg ? link_again(c.talkative, cfg, "") : NULL; (line = cut(&said, '\n')) != NULL;) {
		const char *about = complaint(line, &pull);

		if (about)
			strv_add(&seen[pull], about);
		else if (*line)
			printf("  %s: the linker says: %s\n", folders[program], line);
	}
	for (size_t i = 0; i < 4; i++)
		strv_sort(&seen[i]);
	for (size_t i = 0; i < c.items.n * PLACES; i++) {
		struct item *it = &c.items.v[i / PLACES];
		enum place p = i % PLACES;
		const char *key = fmt("%c %s", letters[p], it->name), *any = fmt("= %s", it->name);

		if (wanted(program, i / PLACES, p))
			it->truth[p] = has(&seen[LINK_REJECTED], key)			? LINK_REJECTED
				       : has(&seen[LINK_UNDEFINED], key)		? LINK_UNDEFINED
				       : p >= V && has(&seen[LINK_DUPLICATE], any)	? LINK_DUPLICATE
											: LINK_LINKS;
	}
	for (size_t i = 0; i < 4; i++)
		strv_free(&seen[i]);
}

/* --- the genuine linker ------------------------------------------------------------ */

static size_t name_refused(const char *cfg_path)
{
	const char *genuine = fmt("%s/pkg/tool/linux_amd64/link", c.goroot), *about = NULL,
		   *options = fmt(GOOBJ_PROBE_LINKMODE " " GOOBJ_PROBE_TMPDIR "%s/absent", c.tmp);
	char *said, *line, *cfg = get(cfg_path);
	enum link_pull pull = LINK_LINKS;

	for (size_t named = 0, n = 0;; named++, n = 0) {
		struct str text = STR_INIT, path = STR_INIT;
		const char *this = fmt("%s/probe.cfg", c.tmp), *copy = fmt("%s/%zu.a", c.tmp, named);
		struct error err = { 0 };

		str_add(&text, cfg);
		put(this, &text);
		for (said = link_again(genuine, this, options); (line = cut(&said, '\n')) != NULL;)
			if ((about = complaint(line, &pull)) != NULL)
				break;
		if (!line || pull != LINK_REJECTED)
			return named;
		if (!importcfg_find(&path, cfg, fmt("m/%c", about[0])) || fs_read(&text, path.s, &err) < 0 ||
		    goobj_neutralise(&text, about + 2, &n, &err) < 0 || n == 0)
			die(fmt("the linker refuses %s: %s", about, err.msg));
		put(copy, &text);
		importcfg_with(&text, cfg, fmt("m/%c", about[0]), copy);
		cfg = str_detach(&text);
		str_free(&path);
	}
}

static void ask_the_genuine(void)
{
	size_t undefined = 0, refused = 0;
	char *said, *cfg;

	if (build(LINKS, &said, &cfg) != 0) {
		printf("  the genuine linker does not link all that links: %.400s\n", said);
		c.disagreements++;
	}
	build(UNDEFINED, &said, &cfg);
	while (cfg && (said = strstr(said, " not defined")) != NULL)
		undefined++, said++;
	build(REFUSED, &said, &cfg);
	refused = cfg ? name_refused(cfg) : 0;
	printf("  genuine linker: links %zu together; names %zu undefined of %zu, %zu refused of %zu\n", count(LINKS),
	       undefined, count(UNDEFINED), refused, count(REFUSED));
	/* It names 21 at most. */
	c.disagreements += (undefined != count(UNDEFINED) && undefined < 20) + (refused != count(REFUSED));
}

/* --- the comparison ---------------------------------------------------------------- */

/* The first place where it does not agree; PLACES: it does. */
static enum place disagrees(const struct item *it, enum place p)
{
	while (p < PLACES && (!it->asked[p] || it->ruling[p].pull == it->truth[p]))
		p++;
	return p;
}

static void compare(void)
{
	size_t n[PLACES][4] = { 0 }, of_vars = 0;

	for (size_t i = 0; i < c.items.n; i++) {
		struct item *it = &c.items.v[i], other = *it;

		other.sym.has_data = !it->sym.has_data;
		judge(&other);
		for (enum place p = F; p < PLACES; p++)
			n[p][it->truth[p]] += it->asked[p];
		if (it->known && it->sym.kind == ATLAS_VAR && disagrees(it, F) < PLACES && disagrees(&other, F) == PLACES) {
			of_vars++;
			printf("  the value of %s: the atlas says it has %s\n", it->name, it->sym.has_data ? "one" : "none");
			continue;
		}
		for (enum place p = F; (p = disagrees(it, p)) < PLACES; p++, c.disagreements++)
			printf("  %s: %s: said %s (%s), is %s\n", it->name, words[p], link_pull_name(it->ruling[p].pull),
			       it->ruling[p].reason, link_pull_name(it->truth[p]));
	}
	for (enum place p = F; p < PLACES; p++)
		printf("  %-22s %6zu: %zu link, %zu rejected, %zu undefined, %zu duplicate\n", words[p],
		       n[p][0] + n[p][1] + n[p][2] + n[p][3], n[p][0], n[p][1], n[p][2], n[p][3]);
	printf("  %zu variables whose value the atlas has wrong\n", of_vars);
}

int main(int argc, char **argv)
{
	struct error err = { 0 };
	struct rusage ru;
	char dir[] = "/tmp/calibrate-XXXXXX", name[GOVER_NAME];

	if (argc < 6 || argc > 7)
		die("usage: calibrate GOCACHE GOROOT VERSION TARGET ATLAS [EVERY]");
	c.gocache = argv[1];
	c.goroot = argv[2];
	if (gover_parse(&c.version, argv[3], &err) < 0 || target_parse(&c.target, argv[4], &err) < 0)
		die(err.msg);
	c.every = argc == 7 && atoi(argv[6]) > 0 ? (size_t)atoi(argv[6]) : 8;
	if ((c.tmp = mkdtemp(dir)) == NULL || fs_mkdirs(fmt("%s/w", c.tmp), &err) < 0)
		die("no temporary folder");
	clearenv();
	for (char *line, *lines = fmt("PATH=/usr/bin:/bin\nHOME=%s\nGOTMPDIR=%s/w\nGOCACHE=%s\nGOOS=%s\nGOARCH=%s\n"
				      "GOTOOLCHAIN=local\nGOENV=off\nGOFLAGS=-mod=mod\nGOPROXY=off\nCGO_ENABLED=0\n",
				      c.tmp, c.tmp, c.gocache, c.target.goos, c.target.goarch);
	     (line = cut(&lines, '\n')) != NULL;)
		putenv(line);
	make_talkative();
	list_packages();
	read_atlas(argv[5]);
	printf("%s %s: %zu symbols of %zu packages; left out %zu of others\n", gover_name(name, &c.version),
	       c.target.name, c.items.n, c.packages.n, c.skipped);
	talk_about(PULLS);
	talk_about(ASSEMBLY);
	talk_about(DATA);
	/* To make std's variable with a value larger crashes the linker of 1.23 and 1.24. */
	for (size_t i = 0; i < c.items.n; i++)
		c.items.v[i].asked[L] &= c.items.v[i].truth[D] != LINK_DUPLICATE;
	talk_about(LARGE);
	compare();
	ask_the_genuine();
	getrusage(RUSAGE_CHILDREN, &ru);
	printf("  %zu disagreements; CPU about %ld s\n", c.disagreements, ru.ru_utime.tv_sec + ru.ru_stime.tv_sec + 1);
	fs_remove_tree(c.tmp, &err);
	strv_free(&c.kept);
	return c.disagreements ? 1 : 0;
}
