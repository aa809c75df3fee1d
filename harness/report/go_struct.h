/*
 * A type's layouts as Go source: a txtar archive with one file for each distinct
 * layout, told apart by build constraints.  Types that no program can name are
 * replaced by ones of the same size, with pointers in the same places.
 */
#ifndef LNM_REPORT_GO_STRUCT_H
#define LNM_REPORT_GO_STRUCT_H

#include "harness/base/names.h"
#include "harness/base/str.h"
#include "results/layout_timeline.h"

/*
 * Appends the files to `files`, and to `comments`, which goes in front of all files, lines
 * with what could not be expressed. `taken`: names of files, of one archive.
 */
void report_go_struct(struct str *comments, struct str *files, struct names *taken,
		      const struct timeline_source *src, const struct layout_timeline *t);

#endif
