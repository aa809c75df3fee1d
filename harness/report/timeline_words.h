/*
 * What reports of symbols and of layouts have in common: axes, ranges of
 * toolchains, paragraphs.
 */
#ifndef LNM_REPORT_TIMELINE_WORDS_H
#define LNM_REPORT_TIMELINE_WORDS_H

#include "harness/report/axes.h"
#include "harness/report/json_parts.h"
#include "harness/report/table.h"
#include "results/successor.h"
#include "results/timeline.h"

#define SGR_BOLD "\033[1m"
#define SGR_DIM "\033[2m"
#define SGR_RED "\033[31m"
#define SGR_GREEN "\033[32m"
#define SGR_YELLOW "\033[33m"
#define SGR_RESET "\033[0m"

void timeline_axes_init(struct axes *axes, const struct timeline_source *src, bool utf8);

/* "go1.18.10 – go1.21.13", "go1.22.12" */
void timeline_add_range(struct str *out, const struct axes *axes, size_t first, size_t last);

/* Toolchains first..last, neighbours that say the same. */
struct timeline_span { size_t first, last; };
struct timeline_spans { struct timeline_span *v; size_t n, cap; };

/* A paragraph, cleaned and wrapped; `sgr` may be NULL. */
void timeline_paragraph(struct str *out, const char *text, size_t first, size_t rest, const char *sgr,
			const struct report_style *style);
/* "runtime.fastrand  (as asked: fastrand)", bold, a line. */
void timeline_title(struct str *out, const char *name, const char *asked, const char *where,
		    const struct report_style *style);
void timeline_add_aliases(struct str *out, const struct axes *axes, const struct report_style *style);
/* What could not be asked, as words. */
void timeline_add_missing(struct str *out, const struct timeline_source *src, const struct axes *axes,
			  const struct report_style *style);
void timeline_add_successors(struct str *out, const struct successors *s,
			     const struct report_style *style);
void timeline_add_nearest(struct str *out, const struct strv *nearest,
			  const struct report_style *style);
/* ", "missing": [{toolchain, target, why}]" */
void timeline_json_missing(struct str *out, const struct timeline_source *src);
json_t *timeline_json_successors(const struct successors *s);

#endif
