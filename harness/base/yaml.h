/*
 * YAML files as a tree whose nodes know where they stood, so that a mistake in
 * a hand-edited file is reported with line and column.  Reading is strict:
 * duplicate keys, anchors' aliases, tabs and more than one document are errors.
 */
#ifndef LNM_BASE_YAML_H
#define LNM_BASE_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/error.h"
#include "harness/base/str.h"

enum yaml_kind { YAML_NODE_SCALAR, YAML_NODE_LIST, YAML_NODE_MAP };

struct yaml {
	enum yaml_kind kind;
	int line, column;              /* 1-based */
	bool quoted;                   /* scalar: 'x' or "x", so "" is not null */
	char *scalar;
	size_t n;                      /* list and map: entries */
	char **keys;                   /* map: scalars only, in the file's order */
	int *key_lines, *key_columns;  /* map: where they stand */
	struct yaml **items;
};

/* Parses; `name` is what messages call the file. ERR_INPUT on a mistake. */
int yaml_parse(struct yaml **out, const char *text, size_t n, const char *name, struct error *err);
int yaml_read(struct yaml **out, const char *path, struct error *err);
void yaml_tree_free(struct yaml *y);

/* The value of a key, or NULL; borrowed. NULL for a map gives NULL. */
const struct yaml *yaml_get(const struct yaml *map, const char *key);
/* The scalar of a key; NULL when absent or not a scalar. */
const char *yaml_str(const struct yaml *map, const char *key);
/*
 * ERR_INPUT "name:line:column: ..." unless `map` is a map whose keys all stand
 * in the NULL-terminated list `known`.
 */
int yaml_check_keys(const struct yaml *map, const char *name, const char *const *known,
		    struct error *err);
/* "name:line:column: message" as ERR_INPUT. */
int yaml_mistake(const struct yaml *at, const char *name, struct error *err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Writing: a block-style document is built event by event. */
struct yaml_out;
struct yaml_out *yaml_out_new(const char *comment); /* "# ..." lines for the top, or NULL */
void yaml_out_map(struct yaml_out *w);
void yaml_out_list(struct yaml_out *w);
void yaml_out_end(struct yaml_out *w);               /* ends the map or list opened last */
void yaml_out_str(struct yaml_out *w, const char *s); /* a key, a value or a list item */
/* Finishes; the text is appended to `out` and w is freed. */
int yaml_out_finish(struct yaml_out *w, struct str *out, struct error *err);

#endif
