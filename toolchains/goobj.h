/*
 * Go's object files, as far as the linker's linkname check looks into them.
 *
 * The linker (1.23 and newer) stops at the first reference that it refuses.
 * To learn the next one, the record that it refused is given a name that no
 * symbol has, and the same linker is asked again about the same program:
 *
 *     link ... main.a      link: main: invalid reference to runtime.load_g
 *     goobj_neutralise(main.a, "runtime.load_g")
 *     link ... main.a      link: main: invalid reference to runtime.cgocallback
 *     ...                  until it says something else
 *
 * The check of one (package, symbol) looks at nothing but definitions of that
 * name, so a neutralised record changes the judgement of no other.  All of it
 * happens while the linker loads, long before relocation: with the two
 * GOOBJ_PROBE options a link ends right after the check and costs a fifth of a
 * whole one.
 *
 * Everything here is a pure function on bytes, which may be truncated or
 * hostile.  Known is the format "go120ld" of Go 1.20 and newer; others are
 * ERR_WORK.  Names are as the object has them: the last element of the package
 * path escaped ("gopkg.in/yaml%2ev3.Node").
 */
#ifndef LNM_TOOLCHAINS_GOOBJ_H
#define LNM_TOOLCHAINS_GOOBJ_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/mem.h"
#include "harness/base/str.h"

struct error;

/*
 * What makes a link end when all Go objects are loaded and judged: it then says
 * "cannot create DIR/go.o: open ..." of a DIR that must not exist (append it to
 * the second).  Works for every GOOS, without cgo too, and starts no C compiler.
 * Any other end than this and a refusal: ask once more without these options.
 */
#define GOOBJ_PROBE_LINKMODE "-linkmode=external"
#define GOOBJ_PROBE_TMPDIR   "-tmpdir="

/* One non-package symbol record: what can be bound by name to another package. */
struct goobj_symbol {
	const char *name;     /* not NUL-terminated; points into the archive */
	size_t name_len;
	unsigned abi;         /* 0 is ABI0 (and every variable), 1 ABIInternal */
	bool def;             /* defined here, else a reference */
	bool linkname;        /* //go:linkname */
	bool linkname_std;    /* //go:linknamestd, 1.27 and newer */
	bool has_data;        /* a definition with content: a body or an initial value */
	bool static_abi;      /* local to its file: never bound by name */
	bool from_asm;        /* the object came from the assembler */
	bool std;             /* the object belongs to the standard library (1.23 and newer) */
};

struct goobj_symbols {
	struct goobj_symbol *v;
	size_t n, cap;
};

/*
 * Every non-package symbol of every Go object in a package archive (or of one
 * bare object), in the order of the file.  Members of other kinds are passed
 * over.  The names are borrowed from `archive` and good until it changes.
 */
int goobj_list(struct goobj_symbols *out, const struct str *archive, struct error *err);
void goobj_symbols_free(struct goobj_symbols *symbols);

/*
 * The linker's check may look at this record (in some version from 1.23 on): a
 * pull, a variable declared without value, any reference from assembly.
 */
bool goobj_is_checked(const struct goobj_symbol *symbol);

/*
 * Takes `symbol` away from the check: its first byte becomes a NUL in every
 * Go object of the archive that has a record of that name.  `count`: how many
 * records lost their name; 0 is no error, and asking again would not end.
 * The size of the archive stays.
 */
int goobj_neutralise(struct str *archive, const char *symbol, size_t *count, struct error *err);

/*
 * The names in the archive of `package` ("main" for the program's own) that the
 * linker might still refuse, each once, sorted.  Conservative: what is on the
 * list is mostly allowed, what is not on it is never refused - unless the refuser
 * is the standard library itself, which only a what-if toolchain brings about.
 */
int goobj_candidates(struct strv *out, const struct str *archive, const char *package,
		     struct error *err);

/*
 * importcfg.link of a go build: which file holds which package.
 * importcfg_main() gives the first entry, which is the program's own: its import
 * path, while the linker knows and names it as "main" (as the import path or
 * "plugin/..." when that is what is built).
 * All return false, and leave `out` empty, when there is none.
 */
bool importcfg_find(struct str *out, const char *text, const char *package);
bool importcfg_main(struct str *package, struct str *path, const char *text);
/* A copy in which `package` is held by the file `path`. */
bool importcfg_with(struct str *out, const char *text, const char *package, const char *path);

#endif
