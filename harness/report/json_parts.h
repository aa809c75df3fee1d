/* What documents are made of: values that are always valid JSON, written item by item. */
#ifndef LNM_REPORT_JSON_PARTS_H
#define LNM_REPORT_JSON_PARTS_H

#include <jansson.h>
#include <stddef.h>

#include "harness/base/mem.h"
#include "harness/base/str.h"

/* A string; bytes that are not UTF-8, and NULs, become U+FFFD. */
json_t *json_text(const char *s, size_t n);
void json_set_text(json_t *object, const char *key, const char *s);     /* NULL: null */
/* A key that is there only when there is something to say. */
void json_set_optional(json_t *object, const char *key, const char *s);
json_t *json_list(const struct strv *list);
void json_set_list(json_t *object, const char *key, const struct strv *list);

/* Appends a value on one line and drops it. */
void json_add_value(struct str *out, json_t *value);
/* A document put together line by line, so that one item is in memory at a time. */
void json_open_list(struct str *out, const char *key);
void json_add_item(struct str *out, size_t i, json_t *value);
void json_close_list(struct str *out, size_t n);

#endif
