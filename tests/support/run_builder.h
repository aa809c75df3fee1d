/*
 * Runs for tests, made by hand: columns, then cells.
 */
#ifndef LNM_TESTS_RUN_BUILDER_H
#define LNM_TESTS_RUN_BUILDER_H

#include "results/result.h"

/* id, times, host, version and command are set; nothing else. */
void build_run(struct run_result *r);
void build_column(struct run_result *r, const char *name, const char *base);
/*
 * A cell "scenario/case" on toolchain and target, as expected; `what` is the
 * outcome and its symbols: "link-rejected runtime.a,runtime.b".  The pointer
 * is good until the next cell.
 */
struct cell_result *build_cell(struct run_result *r, const char *kase, const char *variant,
			       const char *toolchain, const char *target, const char *what);
/* Sorts and finds the changes. */
void build_finish(struct run_result *r);

/*
 * The main job's matrix: crosscall2 and links x default and checklinkname=0 x
 * eight targets x 1.22..1.27, 1.27rc1 and a what-if, as it is on real Go.
 */
void build_fakecgo(struct run_result *r);
/* `cases` cases x `targets` targets x `toolchains`, all pass; cells are not finished. */
void build_grid(struct run_result *r, size_t cases, size_t targets, size_t toolchains);

/* The width in columns of the longest line of `text`, escapes not counted. */
size_t longest_line(const char *text);

#endif
