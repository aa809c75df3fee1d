/*
 * What changed between neighbouring toolchains: pure, from a run's cells.
 *
 * A cell's neighbour is the cell of the same scenario, case, variant, target
 * and cgo on the toolchain before it; a what-if variant's is the cell of the
 * release that it varies.  Cells that say nothing about Go (not asked, or in
 * doubt by the machine's fault) are passed over, so that a release is compared
 * with the last one that was really asked.
 */
#ifndef LNM_RESULTS_CHANGES_H
#define LNM_RESULTS_CHANGES_H

#include "results/result.h"

/* Fills r->changes anew. The cells must be sorted (run_result_sort). */
void changes_find(struct run_result *r);

/*
 * The kind of the contract for the step from one outcome to another, or NULL
 * where nothing changed. `same_output` is whether both runs printed the same.
 */
const char *change_kind(const struct outcome *from, const struct outcome *to, bool same_output);

/* The symbols that a change is about; `out` is overwritten, caller frees. */
void change_symbols(struct strv *out, const struct run_result *r, const struct change *change);

/* Whether a cell tells something about Go: not infra, not unsupported, and not
 * flaky with a doubt about its runner. */
bool cell_was_asked(const struct cell_result *c);

#endif
