#include "harness/report/json_parts.h"

#include <string.h>

#include "harness/report/text.h"

json_t *json_text(const char *s, size_t n)
{
	struct str clean = STR_INIT;
	json_t *value;
	uint32_t cp;

	for (size_t len; n > 0; s += len, n -= len) {
		len = text_next(s, n, &cp);
		if (cp == 0 || cp == 0xfffd)
			str_add(&clean, "\xef\xbf\xbd");
		else
			str_addn(&clean, s, len);
	}
	value = json_stringn(clean.s, clean.len);
	str_free(&clean);
	return value;
}

void json_set_text(json_t *object, const char *key, const char *s)
{
	json_object_set_new(object, key, s ? json_text(s, strlen(s)) : json_null());
}

void json_set_optional(json_t *object, const char *key, const char *s)
{
	if (s)
		json_set_text(object, key, s);
}

json_t *json_list(const struct strv *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->n; i++)
		json_array_append_new(array, json_text(list->v[i], strlen(list->v[i])));
	return array;
}

void json_set_list(json_t *object, const char *key, const struct strv *list)
{
	json_object_set_new(object, key, json_list(list));
}

void json_add_value(struct str *out, json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));

	str_add(out, text ? text : "null");
	mem_free(text);
	json_decref(value);
}

void json_open_list(struct str *out, const char *key)
{
	str_addf(out, ",\n\"%s\": [", key);
}

void json_add_item(struct str *out, size_t i, json_t *value)
{
	str_add(out, i ? ",\n " : "\n ");
	json_add_value(out, value);
}

void json_close_list(struct str *out, size_t n)
{
	str_add(out, n ? "\n]" : "]");
}
