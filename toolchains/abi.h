/*
 * Go's calling conventions, as far as it takes to say what a wrong signature does:
 * machine shapes (toolchains/atlas/FORMAT.md) are compared, and where a value
 * travels - which register, which stack slot - is worked out from them.  Pure.
 *
 * The rules: cmd/compile/abi-internal.md and cmd/compile/internal/abi of each version.
 * Stack slots are said as Go's assembler says them, 8(FP): from the first byte of the
 * area that the caller sets aside for arguments, results and spilled registers.
 */
#ifndef LNM_TOOLCHAINS_ABI_H
#define LNM_TOOLCHAINS_ABI_H

#include <stdbool.h>

#include "harness/base/str.h"
#include "toolchains/gover.h"

enum abi_grade {
	ABI_IDENTICAL, /* the same types */
	ABI_SAME,      /* other types, but every word travels in the same place, as large and of the same
	                  class (integers and pointers are one, unless they have changed places) */
	ABI_BREAKS,    /* count, size, class or order differ; `why` says so where that is harmless */
	ABI_UNKNOWN,   /* a type, a shape or the architecture is not known */
};

struct abi_machine {
	struct gover version;
	const char *goarch;
	const char *goos;    /* matters to 1.17 alone; NULL: one where it had registers, as linux */
	bool stack;          /* ABI0: all on the stack (the callee is assembly without a wrapper in between) */
};

/*
 * Compares how a program declares a function ("have") with what it is ("want"); the program is the
 * caller. Shapes as in FORMAT.md; `want_sig`, `have_sig` are texts in which types are said by full
 * path, so that equal texts are identical types. They may be "" or "-": then the best there is to
 * be had is ABI_SAME. A shape may have one argument more in front than its text: a receiver.
 *
 * `why`, appended to unless identical: up to three clauses of what differs and what goes wrong
 * where, e.g.
 *   "result 2 (2 words) is read from RBX and RCX, which the function does not set"
 *   "argument 1 is 4 bytes, given 8: the upper half of RAX is not read"
 *   "argument 2 is read from X0, the program passes it in RBX"
 *   "same ABI: uintptr for unsafe.Pointer (argument 1, the collector does not see it)"
 */
enum abi_grade abi_compare_funcs(const struct abi_machine *m, const char *have_shape, const char *have_sig,
				 const char *want_shape, const char *want_sig, struct str *why);

/* Size and alignment of a value of this shape in bytes; false: unknown ("?") or not a shape. */
bool abi_size(const struct abi_machine *m, const char *shape, long *size, long *align);

/*
 * Where the arguments and results of a function of this shape travel, appended to `out`:
 * "RAX, RBX+RCX, 0(FP) > X0"; a value without size is "-". false: as abi_size().
 */
bool abi_places(const struct abi_machine *m, const char *shape, struct str *out);

/*
 * The text of a function's type without names of parameters and with one name for each type
 * (interface{}, uint8, int32), appended to `out`: "func(uintptr, ...uint8) (int, error)". false:
 * not understood; then `out` gets the text with its white space narrowed.
 */
bool abi_plain_sig(const char *sig, struct str *out);

#endif
