/*
 * A run as JSON: the contract's lnmatrix/run/1 (docs/schemas/run.schema.json).
 * Keys in a fixed order, one cell a line, so that documents diff well.
 */
#ifndef LNM_REPORT_JSON_H
#define LNM_REPORT_JSON_H

#include <stddef.h>

#include "harness/base/str.h"
#include "results/result.h"

/*
 * What a program printed, from its digest: *n bytes that the report frees, or
 * NULL when the store no longer has it.
 */
typedef char *report_load_text(void *arg, const char *digest, size_t *n);

/*
 * Appends the document.  Cells must be sorted and changes filled.  Bytes that
 * are not UTF-8, and NULs, become U+FFFD.  `load` may be NULL: stdout and
 * stderr are null then.
 */
void report_json(struct str *out, const struct run_result *r, report_load_text *load, void *arg);

/* One cell alone, on one line, without its texts: what the store keeps of a run. */
void report_json_cell(struct str *out, const struct cell_result *c);

#endif
