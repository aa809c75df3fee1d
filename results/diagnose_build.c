/*
 * The text is read line by line, and each line is asked who speaks:
 *
 *   # example.com/m                        the go command: what follows is the output
 *                                          of a tool that worked on this package
 *   ./main.go:3:6: missing function body   a position: compiler, assembler, loader
 *   link: main: invalid reference to ...   a tool by name; 1.17 to 1.20 have the time
 *   2024/01/02 15:04:05 duplicated ...     of day in its place
 *   main.f: relocation target ...          the linker, about a symbol
 *   /usr/bin/ld: ... undefined reference   the C linker, after one of its marks
 *   go: unsupported GOOS/GOARCH pair       no heading: the go command itself
 *
 * Words are looked for only where their speaker puts them: a compiler quotes
 * the program, a path or symbol may hold any word, and the usage text that
 * follows an unknown flag holds most of them.  Every line that means something
 * becomes a candidate with a rank; the highest rank wins, then the first.
 */
#include "results/diagnose.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/str.h"
#include "results/diagnose_text.h"

/* ---- candidates */

enum rank {
	RANK_NOTHING,
	RANK_UNKNOWN,     /* somebody said something */
	RANK_LINK,        /* the linker failed, and how */
	RANK_LINK_SYMBOL, /* ... over a symbol; the linker ends with the first of these classes,
			   * so two of them in one text are from two programs: the first counts */
	RANK_COMPILE,     /* what does not compile is not linked */
	RANK_UNSUPPORTED, /* what can't be asked is not answered by errors */
	RANK_INFRA,       /* nothing that a sick machine says is about Go */
};

enum speaker { BY_GO, BY_COMPILER, BY_LINKER };

struct reader {
	struct diagnosis *out;
	enum rank rank;
	const char *message;      /* of the winner so far, in the text */
	size_t message_len;
	struct strv symbols[OUTCOME_KINDS]; /* by class, in the order of the text */
	char *header;             /* the package of the last "# pkg", or NULL */
	bool in_usage, in_trace;  /* to be passed over up to the next heading */
	bool c_linker;            /* the C linker has begun to speak under this heading */
	bool named;               /* the line said which tool it comes from */
	enum speaker speaker;
	struct lines lines;
	size_t at;                /* the line being read */
};

/* A line further on; "" past the end. */
static char *ahead(const struct reader *r, size_t by)
{
	return r->at + by < r->lines.n ? r->lines.v[r->at + by] : str_empty;
}

static void propose(struct reader *r, enum rank rank, enum outcome_kind kind, enum stage stage,
		    const char *package, size_t package_len, const char *message)
{
	if (rank <= r->rank)
		return;
	r->rank = rank;
	r->out->kind = kind;
	r->out->stage = stage;
	r->message = message;
	r->message_len = str_trimmed_len(message, strlen(message));
	mem_free(r->out->package);
	r->out->package = package && package_len ? mem_strndup(package, package_len) : NULL;
}

/* A compile error is about the package of the heading. */
static void propose_plain(struct reader *r, enum rank rank, enum outcome_kind kind,
			  enum stage stage, const char *message)
{
	const char *p = kind == OUTCOME_COMPILE_ERROR ? r->header : NULL;

	propose(r, rank, kind, stage, p, p ? strlen(p) : 0, message);
}

static void propose_infra(struct reader *r, enum stage stage, const char *message)
{
	propose_plain(r, RANK_INFRA, OUTCOME_INFRA, stage, message);
}

static void propose_unsupported(struct reader *r, enum stage stage, const char *message)
{
	propose_plain(r, RANK_UNSUPPORTED, OUTCOME_UNSUPPORTED, stage, message);
}

static void propose_compile_error(struct reader *r, enum stage stage, const char *message)
{
	propose_plain(r, RANK_COMPILE, OUTCOME_COMPILE_ERROR, stage, message);
}

static void propose_link_error(struct reader *r, const char *message)
{
	propose_plain(r, RANK_LINK, OUTCOME_LINK_ERROR, STAGE_LINK, message);
}

static void propose_symbol(struct reader *r, enum outcome_kind kind, const char *package,
			   size_t package_len, const char *symbol, size_t symbol_len,
			   const char *message)
{
	strv_addn(&r->symbols[kind], symbol, symbol_len);
	propose(r, RANK_LINK_SYMBOL, kind, STAGE_LINK, package, package_len, message);
}

/* The stage that the speaker of this line stands for. */
static enum stage stage_of(const struct reader *r)
{
	if (r->speaker == BY_LINKER)
		return STAGE_LINK;
	return r->speaker == BY_COMPILER || r->header ? STAGE_COMPILE : STAGE_PREPARE;
}

/* ---- faults of the machine, limits of the toolchain */

static bool starts_with_any(const char *s, const char *const *prefixes)
{
	for (; *prefixes; prefixes++)
		if (str_starts(s, *prefixes))
			return true;
	return false;
}

static bool contains_any(const char *s, const char *const *words)
{
	for (; *words; words++)
		if (strstr(s, *words))
			return true;
	return false;
}

/* Past the first of `speakers` that s begins with, else s. */
static const char *skip_speaker(const char *s, const char *const *speakers)
{
	for (; *speakers; speakers++)
		if (str_starts(s, *speakers))
			return s + strlen(*speakers);
	return s;
}

/* span_ends(), and with ": No space left on device", as C programs word what Go has in
 * small letters. */
static bool ends_either_case(const char *s, size_t n, const char *suffix)
{
	size_t k = strlen(suffix);

	if (span_ends(s, n, suffix))
		return true;
	return n >= k && str_starts(suffix, ": ") && span_ends(s, n, suffix + 3) &&
	       str_starts(s + n - k, ": ") && tolower((unsigned char)s[n - k + 2]) == suffix[2];
}

/* The system's errors, and tools that were killed. */
static bool ends_in_fault(const char *s)
{
	static const char *const at_end[] = {
		": no space left on device", ": disk quota exceeded", ": read-only file system",
		": input/output error", ": too many open files", ": cannot allocate memory",
		": resource temporarily unavailable", ": permission denied", ": text file busy",
		": exec format error", ": stale NFS file handle", ": operation not permitted",
		"signal: killed", "signal: terminated", "signal: interrupt", "signal: hangup",
		"signal: CPU time limit exceeded",
		/* the toolchain has no std, or lies where it must not */
		": cannot find package", ": import of unknown directory",
		": module lookup disabled by GOPROXY=off", NULL,
	};
	size_t n = strlen(s);

	for (int i = 0; at_end[i]; i++)
		if (ends_either_case(s, n, at_end[i]))
			return true;
	return false;
}

static bool is_network_fault(const char *s)
{
	static const char *const network[] = { ": dial tcp", ": no such host", ": i/o timeout",
					       ": TLS handshake timeout",
					       ": connection refused", NULL };

	return (strstr(s, ": Get \"http") || strstr(s, ": Get http")) && contains_any(s, network);
}

/* The machine's faults: sentences of the go command, of tools and of the Go
 * runtime inside them; never asked of a compiler's line about the program. */
static bool is_infra(const char *s)
{
	static const char *const at_start[] = {
		"runtime: failed to create new OS thread", "fatal error: newosproc",
		"runtime: out of memory", "fatal error: out of memory",
		"fatal error: runtime: out of memory",
		"fatal error: runtime: cannot allocate memory", "runtime: cannot allocate memory",
		"fatal error: failed to reserve page summary memory",
		"build cache is required, but could not be located",
		"failed to initialize build cache at ", "missing $GOPATH", "no such tool \"",
		"module cache not found: ", "cannot find GOROOT directory", "reading overlay",
		"overlay contains a replacement for ", NULL,
	};
	static const char *const speakers[] = { "go: ", "go tool: ", "cmd/go: ", "go build: ",
						NULL };

	if (ends_in_fault(s))
		return true;
	if (strstr(s, ": ld terminated with signal 9 [") ||
	    strstr(s, ": fatal error: Killed signal terminated program "))
		return true; /* collect2 and gcc */
	s = skip_speaker(s, speakers);
	if (starts_with_any(s, at_start))
		return true;
	if (strstr(s, "fork/exec ") && strstr(s, "/pkg/tool/"))
		return true;
	if (str_starts(s, "cgo: C compiler \"") && strstr(s, "\" not found: "))
		return true;
	return is_network_fault(s);
}

/* "/go/src/os/dir.go:8:2: package internal/abi is not in std (/go/src/internal/abi)":
 * std itself looks for it, so the toolchain is not whole. */
static bool is_std_torn(const char *line, const char *said)
{
	const char *root, *src;

	if (!str_starts(said, "package ") ||
	    (!strstr(said, " is not in std (") && !strstr(said, " is not in GOROOT (")))
		return false;
	root = strrchr(said, '(') + 1;
	src = strstr(root, "/src/");
	return src && strncmp(line, root, (size_t)(src - root) + strlen("/src/")) == 0;
}

/* A Go version that only go 1.21 and newer read: "1.22.1", "1.23rc1". */
static bool is_new_version(const char *s)
{
	const char *p = skip_prefix(s, "1.");

	if (!p || !isdigit((unsigned char)*p))
		return false;
	p = skip_digits(p);
	if (*p == '.')
		p++;
	else if (str_starts(p, "rc"))
		p += 2;
	else if (str_starts(p, "beta"))
		p += 4;
	else
		return false;
	return isdigit((unsigned char)*p) && *skip_digits(p) == '\'';
}

/* A line of "errors parsing go.mod" that a newer toolchain would not have said. */
static bool is_newer_gomod(const char *said)
{
	static const char *const directives[] = { "toolchain", "godebug", "tool", "ignore", NULL };
	const char *p;

	if ((p = skip_prefix(said, "invalid go version '")))
		return is_new_version(p);
	if ((p = skip_prefix(said, "unknown directive: ")))
		for (int i = 0; directives[i]; i++)
			if (strcmp(p, directives[i]) == 0)
				return true;
	return false;
}

/* 1.19 and 1.20 on code that fails to compile under a newer go line. */
static bool is_newer_code(const char *s)
{
	return strstr(s, ": cannot compile Go 1.") && str_ends(s, " code");
}

/* The go command on what it, or this port of it, has not. */
static bool is_unsupported(const char *s)
{
	static const char *const speakers[] = { "go: ", "cmd/go: ", "go build: ", NULL };
	static const char *const needs[] = { "is not supported ", "is only supported on ",
					     "requires cgo", NULL };
	const char *p;

	s = skip_speaker(s, speakers);
	if (str_starts(s, "unsupported GOOS/GOARCH pair ") ||
	    str_starts(s, "unknown GOEXPERIMENT "))
		return true;
	if (strstr(s, " requires go >= ") && strstr(s, " (running go "))
		return true;
	if (str_ends(s, ": toolchain not available") || is_newer_code(s) ||
	    str_ends(s, " requires external (cgo) linking, but cgo is not enabled"))
		return true;
	if ((p = skip_prefix(s, "-race ")) || (p = skip_prefix(s, "-msan ")) ||
	    (p = skip_prefix(s, "-asan ")))
		return starts_with_any(p, needs);
	if (str_starts(s, "-buildmode=") || str_starts(s, "buildmode=") ||
	    str_starts(s, "-linkshared "))
		return strstr(s, " not supported") != NULL;
	if ((p = skip_prefix(s, "invalid GO"))) { /* GOAMD64: must be v1, ... */
		while (isupper((unsigned char)*p) || isdigit((unsigned char)*p))
			p++;
		return str_starts(p, ": must be ");
	}
	return false;
}

/*
 * Package flag's complaints, followed by a usage text that names whose flag it
 * is.  An unknown flag is the toolchain's limit; a bad value is the caller's.
 */
static bool read_flag(struct reader *r, const char *line)
{
	bool unknown = str_starts(line, "flag provided but not defined: -");
	/* after a bad -d there is a blank line */
	const char *usage = *ahead(r, 1) ? ahead(r, 1) : ahead(r, 2);
	const char *key = NULL;

	if (!unknown && !str_starts(line, "invalid "))
		return false;
	if (!unknown && !strstr(line, " for flag -") && !strstr(line, " for -"))
		return false;
	if (!(usage = skip_prefix(usage, "usage: ")))
		return false;
	if (str_starts(usage, "link ")) {
		r->speaker = BY_LINKER;
	} else if (str_starts(usage, "go ")) {
		r->speaker = BY_GO;
		unknown = true; /* -buildvcs=auto: a value that came later */
	} else {
		r->speaker = BY_COMPILER;
		key = strstr(line, ": unknown debug key ");
	}
	r->in_usage = true;
	if (unknown || key)
		propose_unsupported(r, stage_of(r), line);
	else if (r->speaker == BY_LINKER)
		propose_link_error(r, line);
	else
		propose_compile_error(r, STAGE_COMPILE, line);
	return true;
}

/* ---- the Go linker */

static const char relocation[] = ": relocation target ";

/*
 * The package of a linker symbol: "example.com/m/yaml%2ev3.(*T).F" is in
 * example.com/m/yaml.v3.  What comes after a bracket or a brace is arguments.
 */
static char *package_of_symbol(const char *s, size_t n)
{
	size_t end = 0, dot;
	char *out, *to;

	while (end < n && !strchr("[({ ", s[end]))
		end++;
	for (dot = end; dot > 0 && s[dot - 1] != '/'; dot--)
		;
	while (dot < end && s[dot] != '.')
		dot++;
	/* "go.info.x", "type:.eq.x": the compiler's own */
	if (dot == end || dot == 0 || memchr(s, ':', dot) || (dot == 2 && str_starts(s, "go")) ||
	    (dot == 4 && str_starts(s, "type")))
		return NULL;
	out = to = mem_strndup(s, dot);
	for (const char *p = out; *p; p++) {
		if (*p == '%' && isxdigit((unsigned char)p[1]) && isxdigit((unsigned char)p[2])) {
			char hex[3] = { p[1], p[2], '\0' };

			*to++ = (char)strtol(hex, NULL, 16);
			p += 2;
		} else {
			*to++ = *p;
		}
	}
	*to = '\0';
	return out;
}

/*
 * 1.17 takes the name of who refers for a format, so that a dot in it, written
 * %2e, eats the symbol:
 *   gopkg.in/yaml%!e(string=runtime.x)v3.F: relocation target %!s(MISSING) not defined
 * What it would have said, or NULL where that was not it. Caller frees.
 */
static char *mend_format(const char *s)
{
	static const char eaten[] = "%!e(string=", more[] = "%!e(MISSING)", hole[] = "%!s(MISSING)";
	const char *sym = strstr(s, eaten), *end;
	struct str out = STR_INIT;
	int depth = 1;

	if (!sym || !strstr(s, hole))
		return NULL;
	sym += strlen(eaten);
	for (end = sym; *end && depth > 0; end++)
		depth += *end == '(' ? 1 : *end == ')' ? -1 : 0;
	if (depth > 0)
		return NULL;
	end--;
	str_addn(&out, s, (size_t)(sym - s) - strlen(eaten));
	str_add(&out, "%2e");
	for (const char *p = end + 1; *p;) {
		if (str_starts(p, hole)) {
			str_addn(&out, sym, (size_t)(end - sym));
			p += strlen(hole);
		} else if (str_starts(p, more)) {
			str_add(&out, "%2e");
			p += strlen(more);
		} else {
			str_addc(&out, *p++);
		}
	}
	return str_detach(&out);
}

/* "main.f: relocation target runtime.x not defined": `at` is where ": relocation" begins. */
static bool read_relocation(struct reader *r, const char *said, const char *at, const char *line)
{
	static const char *const undefined[] = {
		" not defined",
		" not defined for ABI0 (but is defined for ABIInternal)",
		" not defined for ABIInternal (but is defined for ABI0)",
		NULL,
	};
	const char *sym = at + strlen(relocation), *end = NULL;
	size_t n = strlen(said);
	char *package;

	/* The symbol may hold blanks: "go.info.struct { x int }". */
	for (int i = 0; undefined[i]; i++)
		if (span_ends(said, n, undefined[i]))
			end = said + n - strlen(undefined[i]);
	if (!end || end <= sym)
		return false;
	package = package_of_symbol(said, (size_t)(at - said));
	propose_symbol(r, OUTCOME_LINK_UNDEFINED, package, package ? strlen(package) : 0, sym,
		       (size_t)(end - sym), line);
	mem_free(package);
	return true;
}

/* "main: invalid reference to runtime.x" */
static bool read_rejection(struct reader *r, const char *said, const char *line)
{
	static const char invalid[] = ": invalid reference to ";
	const char *p = strstr(said, invalid), *sym;

	if (!p || p == said || memchr(said, ' ', (size_t)(p - said)))
		return false;
	sym = p + strlen(invalid);
	if (*sym == '\0')
		return false;
	propose_symbol(r, OUTCOME_LINK_REJECTED, said, (size_t)(p - said), sym, strlen(sym), line);
	return true;
}

/* "duplicated definition of symbol x, from a and b": the last ", from " counts. */
static bool read_duplicate(struct reader *r, const char *said, const char *line)
{
	static const char from[] = ", from ";
	const char *sym = skip_prefix(said, "duplicated definition of symbol ");
	const char *end = sym ? strstr(sym, from) : NULL, *package;

	if (!end || end == sym)
		return false;
	for (const char *more = end; (more = strstr(more + 1, from));)
		end = more;
	package = end + strlen(from);
	propose_symbol(r, OUTCOME_LINK_DUPLICATE, package, strcspn(package, " "), sym,
		       (size_t)(end - sym), line);
	return true;
}

/* "symbol x listed multiple times": two descriptions of it in the debugging information. */
static bool read_dwarf_duplicate(struct reader *r, const char *said, const char *line)
{
	static const char multiple[] = " listed multiple times";
	const char *sym = skip_prefix(said, "symbol "), *end;
	size_t n = strlen(said);

	if (!sym)
		sym = skip_prefix(said, "dwarf symbol ");
	if (!sym || !span_ends(said, n, multiple))
		return false;
	end = said + n - strlen(multiple);
	if (end <= sym)
		return false;
	propose_symbol(r, OUTCOME_LINK_DUPLICATE, NULL, 0, sym, (size_t)(end - sym), line);
	return true;
}

/* The Go linker's sentences about symbols; `said` is without the tool's name,
 * `line` with it. */
static bool read_link_symbol(struct reader *r, const char *said, const char *line)
{
	const char *at = strstr(said, relocation);

	if (at)
		return read_relocation(r, said, at, line);
	/* cmd/link words an unresolved main.main so (golang/go#24809). */
	if (str_ends(said, ": function main is undeclared in the main package")) {
		propose_symbol(r, OUTCOME_LINK_UNDEFINED, NULL, 0, "main.main", 9, line);
		return true;
	}
	if (!r->named) /* those below are fatal: the tool's name or the time is before them */
		return false;
	return read_rejection(r, said, line) || read_duplicate(r, said, line) ||
	       read_dwarf_duplicate(r, said, line);
}

/* ---- the C linker */

/* "/usr/bin/ld: ", "ld.lld: ", "/usr/lib/.../aarch64-linux-gnu/bin/ld.gold: ": what follows. */
static const char *skip_c_linker(const char *s)
{
	static const char *const names[] = { "ld", "ld.bfd", "ld.gold", "ld.lld", "ld64.lld",
					     "mold", "collect2", NULL };
	size_t n = strcspn(s, ": "), base = n;

	if (s[n] != ':' || s[n + 1] != ' ')
		return NULL;
	while (base > 0 && s[base - 1] != '/')
		base--;
	for (int i = 0; names[i]; i++) {
		size_t len = strlen(names[i]);

		/* a cross linker is called aarch64-linux-gnu-ld */
		if (n - base >= len && memcmp(s + n - len, names[i], len) == 0 &&
		    (n - base == len || s[n - len - 1] == '-'))
			return s + n + 2;
	}
	return NULL;
}

/* What GNU ld, gold and lld put a symbol's name behind. */
static bool read_c_symbol(struct reader *r, const char *line)
{
	static const struct {
		const char *words;
		enum outcome_kind kind;
	} forms[] = {
		{ "undefined reference to ", OUTCOME_LINK_UNDEFINED },
		{ "against undefined symbol ", OUTCOME_LINK_UNDEFINED },
		{ "undefined symbol: ", OUTCOME_LINK_UNDEFINED },
		{ "required symbol ", OUTCOME_LINK_UNDEFINED },
		{ "multiple definition of ", OUTCOME_LINK_DUPLICATE },
		{ "duplicate symbol: ", OUTCOME_LINK_DUPLICATE },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		const char *p = strstr(line, forms[i].words), *sym;
		size_t n;

		if (!p)
			continue;
		sym = p + strlen(forms[i].words);
		if (*sym == '`' || *sym == '\'')
			sym++;
		n = strcspn(sym, "'`\" ");
		if (n == 0)
			continue;
		propose_symbol(r, forms[i].kind, NULL, 0, sym, n, line);
		return true;
	}
	return false;
}

static void read_c_linker_line(struct reader *r, const char *line)
{
	const char *said = skip_c_linker(line);

	if (read_c_symbol(r, line))
		return;
	/* Not causes: warnings, where it happened, the epitaph, the command (1.24 on prints it). */
	if (!said && strstr(line, ": error: ")) /* "gcc: error: unrecognized command-line option" */
		said = line;
	if (!said || strstr(said, "warning: ") || str_starts(said, "NOTE: ") ||
	    strstr(said, ": in function `") || str_starts(said, "final link failed") ||
	    str_starts(said, "error: ld returned "))
		return;
	propose_link_error(r, line);
}

/* ---- tools, under the heading of a package or run by hand */

/*
 * A tool that panicked or threw: which one, its stack says.  The stack ends
 * with the heading of the next package or the text.
 */
static void read_tool_crash(struct reader *r, const char *line)
{
	enum speaker who = r->named ? r->speaker : r->header ? BY_COMPILER : BY_GO;

	for (size_t i = 1; r->at + i < r->lines.n; i++) {
		const char *p = ahead(r, i);

		if (str_starts(p, "# "))
			break;
		if (strstr(p, "cmd/link/")) {
			who = BY_LINKER;
			break;
		}
		if (strstr(p, "cmd/compile/") || strstr(p, "cmd/asm/")) {
			who = BY_COMPILER;
			break;
		}
	}
	r->speaker = who;
	r->in_trace = true;
	if (who == BY_LINKER)
		propose_link_error(r, line);
	else
		propose_compile_error(r, stage_of(r), line);
}

/* The C compiler on Go's own C, which always compiles: it is of another machine. */
static bool is_cgo_broken(const struct reader *r, const char *line)
{
	static const char *const c_errors[] = { "gcc: error: ", "clang: error: ", ": Error: ",
						": error: ", ": fatal error: ", NULL };

	return r->header && strcmp(r->header, "runtime/cgo") == 0 && contains_any(line, c_errors);
}

/* A symbol that the Go linker has something against; 1.17's words are mended first. */
static bool read_mended_symbol(struct reader *r, const char *said, const char *line)
{
	char *mended = mend_format(said);
	bool known = read_link_symbol(r, mended ? mended : said, line);

	mem_free(mended);
	return known;
}

/* What is left of a tool that gave its name. */
static void read_named_line(struct reader *r, const char *said, const char *line)
{
	if (r->speaker == BY_COMPILER && str_starts(said, "unknown debug key ")) {
		propose_unsupported(r, STAGE_COMPILE, line);
	} else if (r->speaker == BY_LINKER) {
		if (str_starts(said, "running ") && strstr(said, " failed: "))
			r->c_linker = true; /* a better sentence may follow: keep the rank low */
		propose_plain(r, r->c_linker ? RANK_UNKNOWN : RANK_LINK, OUTCOME_LINK_ERROR,
			      STAGE_LINK, line);
	} else {
		propose_compile_error(r, STAGE_COMPILE, line);
	}
}

/* "main.f: nosplit stack over 792 byte limit": a symbol in front, so the linker. */
static bool starts_with_symbol(const char *line)
{
	const char *colon = strstr(line, ": ");
	size_t n = colon ? (size_t)(colon - line) : 0;

	return colon && !memchr(line, '/', n) && !memchr(line, ' ', n) && memchr(line, '.', n);
}

/* What is left under a heading: it is told by its form who speaks. */
static void read_nameless_line(struct reader *r, const char *line)
{
	if (str_starts(line, "loadinternal: cannot find ")) /* a warning of the linker's */
		return;
	if (strstr(line, relocation) || starts_with_symbol(line) ||
	    strstr(line, ": nosplit stack over"))
		propose_link_error(r, line);
	else if (!str_ends(line, ":")) /* "./x.c: In function 'f':" */
		propose_plain(r, RANK_UNKNOWN, OUTCOME_COMPILE_ERROR, STAGE_COMPILE, line);
}

/* Everything under a heading that follows one of its marks. */
static void read_c_linker(struct reader *r, const char *line)
{
	r->c_linker = true;
	r->speaker = BY_LINKER;
	if (is_infra(line))
		propose_infra(r, STAGE_LINK, line);
	else
		read_c_linker_line(r, line);
}

/* `said` is without the tool's name, `line` with it. */
static void read_tool_line(struct reader *r, const char *said, const char *line)
{
	static const char *const crashes[] = { "panic: ", "fatal error: ",
					       "unexpected fault address ", "SIG", NULL };

	if (str_starts(line, "note: module requires Go ") || is_newer_code(line)) {
		propose_unsupported(r, STAGE_COMPILE, line);
	} else if (is_cgo_broken(r, line)) {
		propose_infra(r, STAGE_COMPILE, line);
	} else if (r->c_linker || skip_c_linker(line)) {
		read_c_linker(r, line);
	} else if (skip_position(line) || str_starts(line, "<autogenerated>:") ||
		   str_starts(line, "<unknown line number>: ")) {
		r->speaker = BY_COMPILER;
		propose_compile_error(r, STAGE_COMPILE, line);
	} else if (is_infra(line)) {
		propose_infra(r, stage_of(r), line);
	} else if (starts_with_any(line, crashes)) {
		read_tool_crash(r, line);
	} else if (!(r->named && r->speaker == BY_COMPILER) && read_mended_symbol(r, said, line)) {
		return;
	} else if (r->named) {
		read_named_line(r, said, line);
	} else {
		read_nameless_line(r, line);
	}
}

/* ---- the go command */

/* "example.com/m: /go/pkg/tool/linux_amd64/link: signal: killed": at what the tool was. */
static enum stage stage_of_tool(const char *s)
{
	if (!strstr(s, "/pkg/tool/"))
		return STAGE_PREPARE;
	if (strstr(s, "/link: "))
		return STAGE_LINK;
	return strstr(s, "/compile: ") || strstr(s, "/asm: ") ? STAGE_COMPILE : STAGE_PREPARE;
}

/* No heading: the go command's own words. */
static void read_go_line(struct reader *r, const char *line)
{
	static const char *const talk[] = { "go: downloading ", "go: finding ", "go: extracting ",
					    "go: found ", "go: warning: ", "go: added ",
					    "warning: ", NULL };
	const char *position = skip_position(line);

	if (starts_with_any(line, talk))
		return;
	if (is_infra(line) || (position && is_std_torn(line, position))) {
		propose_infra(r, stage_of_tool(line), line);
		return;
	}
	if (position ? is_newer_gomod(position) : is_unsupported(line)) {
		propose_unsupported(r, STAGE_PREPARE, line);
		return;
	}
	if (str_ends(line, "errors parsing go.mod:") || isspace((unsigned char)*line))
		return;
	/* "package a" and then who imports whom, the fault in the last of these lines */
	if (str_starts(line, "package ") && !strstr(line, ": "))
		for (size_t i = 1; *ahead(r, i) == '\t'; i++)
			line = ahead(r, i) + 1;
	if (stage_of_tool(line) == STAGE_LINK)
		propose_link_error(r, line);
	else
		propose_compile_error(r, stage_of_tool(line), line);
}

/* ---- lines, and the whole */

/* "link: x", "/go/pkg/tool/linux_amd64/link: x": sets the speaker; where the
 * name and where the sentence begin. */
static const char *skip_tool(struct reader *r, const char *line, const char **name)
{
	static const struct {
		const char *name;
		enum speaker speaker;
	} tools[] = {
		{ "link", BY_LINKER },
		{ "link.exe", BY_LINKER },
		{ "compile", BY_COMPILER },
		{ "compile.exe", BY_COMPILER },
		{ "asm", BY_COMPILER },
		{ "asm.exe", BY_COMPILER },
		{ "cgo", BY_COMPILER },
		{ "pack", BY_COMPILER },
	};
	size_t n = strcspn(line, ": "), base = n;

	*name = line;
	if (line[n] != ':' || line[n + 1] != ' ')
		return line;
	while (base > 0 && line[base - 1] != '/')
		base--;
	if (base > 0 && !strstr(line, "/pkg/tool/"))
		return line;
	for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++)
		if (strlen(tools[i].name) == n - base &&
		    strncmp(line + base, tools[i].name, n - base) == 0) {
			r->named = true;
			r->speaker = tools[i].speaker;
			*name = line + base;
			return line + n + 2;
		}
	return line;
}

static void read_line(struct reader *r, const char *line)
{
	const char *unstamped, *said, *shown;

	if (str_starts(line, "# ") && line[2]) {
		mem_free(r->header);
		r->header = mem_strndup(line + 2, strcspn(line + 2, " ["));
		r->in_usage = r->in_trace = r->c_linker = false;
		return;
	}
	if (*line == '\0' || r->in_usage || r->in_trace)
		return;
	r->named = false;
	r->speaker = BY_GO;
	if (read_flag(r, line))
		return;
	unstamped = skip_stamp(line);
	said = skip_tool(r, unstamped, &shown);
	if (unstamped != line && !r->named) {
		r->named = true; /* of the tools only the linker logged so, up to 1.20 */
		r->speaker = BY_LINKER;
	}
	if (r->header || r->named)
		read_tool_line(r, said, shown);
	else if (!str_starts(line, "panic: ") && !str_starts(line, "fatal error: "))
		read_go_line(r, line);
	else if (is_infra(line))
		propose_infra(r, STAGE_PREPARE, line);
	else
		read_tool_crash(r, line);
}

/* Sorts, and keeps one of each. */
static void strv_unique(struct strv *sv)
{
	size_t kept = 0;

	strv_sort(sv);
	for (size_t i = 0; i < sv->n; i++) {
		if (kept && strcmp(sv->v[kept - 1], sv->v[i]) == 0)
			mem_free(sv->v[i]);
		else
			sv->v[kept++] = sv->v[i];
	}
	sv->n = kept;
}

static void say_ending(struct diagnosis *out, const struct ending *end)
{
	const char *name = signal_name(end->signal);

	if (end->signal == 0)
		out->message = mem_printf("go build: exit status %d, and nothing said",
					  end->exit_status);
	else if (name)
		out->message = mem_printf("go build was killed by %s", name);
	else
		out->message = mem_printf("go build was killed by signal %d", end->signal);
}

void diagnose_build(struct diagnosis *out, struct text said, const struct ending *end,
		    const struct path_aliases *aliases)
{
	struct reader r = { .out = out };

	memset(out, 0, sizeof(*out));
	if (end->timed_out) {
		out->kind = OUTCOME_TIMEOUT;
		out->stage = STAGE_COMPILE;
		out->message = mem_strdup("the build went past its limit");
		return;
	}
	if (end->exit_status == 0 && end->signal == 0) {
		out->kind = OUTCOME_LINKED;
		out->stage = STAGE_LINK;
		out->message = mem_strdup("");
		return;
	}
	/* Killed without a word: not by Go. A word wins, see below. */
	out->kind = end->signal ? OUTCOME_INFRA : OUTCOME_COMPILE_ERROR;
	out->stage = STAGE_PREPARE;

	lines_split(&r.lines, said);
	for (r.at = 0; r.at < r.lines.n; r.at++)
		read_line(&r, r.lines.v[r.at]);
	if (r.message)
		out->message = message_clean(r.message, r.message_len, aliases);
	else
		say_ending(out, end);
	if (r.rank == RANK_LINK_SYMBOL) {
		out->symbols = r.symbols[out->kind];
		memset(&r.symbols[out->kind], 0, sizeof(struct strv));
		strv_unique(&out->symbols);
	}
	for (int i = 0; i < OUTCOME_KINDS; i++)
		strv_free(&r.symbols[i]);
	lines_free(&r.lines);
	mem_free(r.header);
}
