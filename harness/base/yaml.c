#include "harness/base/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <yaml.h>

#include "harness/base/fs.h"
#include "harness/base/mem.h"

enum { MAX_DEPTH = 32 };

static int vmistake(int line, int column, const char *name, struct error *err, const char *fmt,
		    va_list ap)
{
	char text[512];

	vsnprintf(text, sizeof(text), fmt, ap);
	return err_set(err, ERR_INPUT, "%s:%d:%d: %s", name, line, column, text);
}

int yaml_mistake(const struct yaml *at, const char *name, struct error *err, const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = vmistake(at->line, at->column, name, err, fmt, ap);
	va_end(ap);
	return rc;
}

static int mistake_at(yaml_mark_t mark, const char *name, struct error *err, const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = vmistake((int)mark.line + 1, (int)mark.column + 1, name, err, fmt, ap);
	va_end(ap);
	return rc;
}

static struct yaml *node_new(const yaml_node_t *from, enum yaml_kind kind)
{
	struct yaml *y = mem_zalloc(sizeof(*y));

	y->kind = kind;
	y->line = (int)from->start_mark.line + 1;
	y->column = (int)from->start_mark.column + 1;
	return y;
}

static int convert(struct yaml **out, yaml_document_t *doc, int id, int depth, const char *name,
		   struct error *err);

static int convert_map(struct yaml **out, yaml_document_t *doc, yaml_node_t *from, int depth,
		       const char *name, struct error *err)
{
	yaml_node_pair_t *p = from->data.mapping.pairs.start;
	size_t n = (size_t)(from->data.mapping.pairs.top - p);
	struct yaml *y = *out = node_new(from, YAML_NODE_MAP);

	y->keys = mem_zalloc(n * sizeof(*y->keys));
	y->key_lines = mem_zalloc(n * sizeof(*y->key_lines));
	y->key_columns = mem_zalloc(n * sizeof(*y->key_columns));
	y->items = mem_zalloc(n * sizeof(*y->items));
	for (; p < from->data.mapping.pairs.top; p++) {
		yaml_node_t *k = yaml_document_get_node(doc, p->key);
		const char *key;

		if (k->type != YAML_SCALAR_NODE)
			return mistake_at(k->start_mark, name, err, "a key must be a plain word");
		key = (const char *)k->data.scalar.value;
		if (strlen(key) != k->data.scalar.length)
			return mistake_at(k->start_mark, name, err, "a key must not hold a NUL byte");
		if (yaml_get(y, key))
			return mistake_at(k->start_mark, name, err, "key \"%s\" stands twice", key);
		y->keys[y->n] = mem_strdup(key);
		y->key_lines[y->n] = (int)k->start_mark.line + 1;
		y->key_columns[y->n] = (int)k->start_mark.column + 1;
		y->n++;
		if (convert(&y->items[y->n - 1], doc, p->value, depth + 1, name, err) < 0)
			return err->code;
	}
	return 0;
}

static int convert(struct yaml **out, yaml_document_t *doc, int id, int depth, const char *name,
		   struct error *err)
{
	yaml_node_t *from = yaml_document_get_node(doc, id);
	struct yaml *y;

	if (depth > MAX_DEPTH)
		return mistake_at(from->start_mark, name, err, "nested too deeply");
	if (from->type == YAML_MAPPING_NODE)
		return convert_map(out, doc, from, depth, name, err);
	if (from->type == YAML_SEQUENCE_NODE) {
		yaml_node_item_t *i = from->data.sequence.items.start;
		size_t n = (size_t)(from->data.sequence.items.top - i);

		y = *out = node_new(from, YAML_NODE_LIST);
		y->items = mem_zalloc(n * sizeof(*y->items));
		for (; i < from->data.sequence.items.top; i++) {
			y->n++;
			if (convert(&y->items[y->n - 1], doc, *i, depth + 1, name, err) < 0)
				return err->code;
		}
		return 0;
	}
	y = *out = node_new(from, YAML_NODE_SCALAR);
	if (strlen((char *)from->data.scalar.value) != from->data.scalar.length)
		return mistake_at(from->start_mark, name, err, "a value must not hold a NUL byte");
	y->scalar = mem_strdup((char *)from->data.scalar.value);
	y->quoted = from->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	return 0;
}

/* How the nesting changes with a token. */
static int step(yaml_token_type_t type)
{
	switch (type) {
	case YAML_BLOCK_SEQUENCE_START_TOKEN:
	case YAML_BLOCK_MAPPING_START_TOKEN:
	case YAML_FLOW_SEQUENCE_START_TOKEN:
	case YAML_FLOW_MAPPING_START_TOKEN:
		return 1;
	case YAML_BLOCK_END_TOKEN:
	case YAML_FLOW_SEQUENCE_END_TOKEN:
	case YAML_FLOW_MAPPING_END_TOKEN:
		return -1;
	default:
		return 0;
	}
}

/* libyaml resolves aliases by sharing nodes; our trees own their children, and
 * a few lines of aliases can stand for gigabytes. For a deep nest it takes time
 * that grows with the square of the depth. */
static int refuse_bombs(const char *text, size_t n, const char *name, struct error *err)
{
	yaml_parser_t parser;
	yaml_token_t token;
	bool done = false;
	int depth = 0, rc = 0;

	yaml_parser_initialize(&parser);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, n);
	while (!done && rc == 0) {
		if (!yaml_parser_scan(&parser, &token))
			break; /* the loader words this better */
		if (token.type == YAML_ALIAS_TOKEN)
			rc = mistake_at(token.start_mark, name, err, "aliases (*name) are not supported");
		depth += step(token.type);
		if (depth > MAX_DEPTH + 1)
			rc = mistake_at(token.start_mark, name, err, "nested too deeply");
		done = token.type == YAML_STREAM_END_TOKEN;
		yaml_token_delete(&token);
	}
	yaml_parser_delete(&parser);
	return rc;
}

/* What libyaml found; of a byte that is no text it only knows the offset. */
static int parser_mistake(const yaml_parser_t *parser, const char *text, size_t n,
			  const char *name, struct error *err)
{
	yaml_mark_t mark = parser->problem_mark;

	if (parser->error == YAML_READER_ERROR) {
		mark = (yaml_mark_t){ 0 };
		for (size_t i = 0; i < parser->problem_offset && i < n; i++) {
			mark.column = text[i] == '\n' ? 0 : mark.column + 1;
			mark.line += text[i] == '\n';
		}
	}
	return mistake_at(mark, name, err, "%s", parser->problem ? parser->problem : "not YAML");
}

int yaml_parse(struct yaml **out, const char *text, size_t n, const char *name, struct error *err)
{
	yaml_parser_t parser;
	yaml_document_t doc;
	int rc = 0;

	*out = NULL;
	if (refuse_bombs(text, n, name, err) < 0)
		return err->code;
	yaml_parser_initialize(&parser);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, n);
	if (!yaml_parser_load(&parser, &doc)) {
		rc = parser_mistake(&parser, text, n, name, err);
		yaml_parser_delete(&parser);
		return rc;
	}
	if (!yaml_document_get_root_node(&doc))
		rc = err_set(err, ERR_INPUT, "%s: the file is empty", name);
	else
		rc = convert(out, &doc, 1, 0, name, err);
	yaml_document_delete(&doc);
	if (rc == 0) {
		if (!yaml_parser_load(&parser, &doc)) {
			rc = parser_mistake(&parser, text, n, name, err);
		} else {
			if (yaml_document_get_root_node(&doc))
				rc = mistake_at(doc.start_mark, name, err, "a second document begins here");
			yaml_document_delete(&doc);
		}
	}
	yaml_parser_delete(&parser);
	if (rc < 0) {
		yaml_tree_free(*out);
		*out = NULL;
	}
	return rc;
}

int yaml_read(struct yaml **out, const char *path, struct error *err)
{
	struct str text = STR_INIT;
	int rc = fs_read(&text, path, err);

	*out = NULL;
	if (rc == 0)
		rc = yaml_parse(out, text.s, text.len, path, err);
	str_free(&text);
	return rc;
}

void yaml_tree_free(struct yaml *y)
{
	if (!y)
		return;
	for (size_t i = 0; i < y->n; i++) {
		if (y->keys)
			mem_free(y->keys[i]);
		yaml_tree_free(y->items[i]);
	}
	mem_free(y->keys);
	mem_free(y->key_lines);
	mem_free(y->key_columns);
	mem_free(y->items);
	mem_free(y->scalar);
	mem_free(y);
}

const struct yaml *yaml_get(const struct yaml *map, const char *key)
{
	if (!map || map->kind != YAML_NODE_MAP)
		return NULL;
	for (size_t i = 0; i < map->n; i++)
		if (strcmp(map->keys[i], key) == 0)
			return map->items[i];
	return NULL;
}

const char *yaml_str(const struct yaml *map, const char *key)
{
	const struct yaml *y = yaml_get(map, key);

	return y && y->kind == YAML_NODE_SCALAR ? y->scalar : NULL;
}

int yaml_check_keys(const struct yaml *map, const char *name, const char *const *known,
		    struct error *err)
{
	struct str list = STR_INIT;

	if (map->kind != YAML_NODE_MAP)
		return yaml_mistake(map, name, err, "expected \"key: value\" lines here");
	for (size_t i = 0; i < map->n; i++) {
		size_t k = 0;

		while (known[k] && strcmp(known[k], map->keys[i]) != 0)
			k++;
		if (known[k])
			continue;
		for (k = 0; known[k]; k++)
			str_addf(&list, "%s%s", k ? ", " : "", known[k]);
		err_set(err, ERR_INPUT, "%s:%d:%d: unknown key \"%s\" (known: %s)", name,
			map->key_lines[i], map->key_columns[i], map->keys[i], list.s);
		str_free(&list);
		return err->code;
	}
	return 0;
}

struct yaml_out {
	yaml_emitter_t emitter;
	struct str text;
	VEC(bool) in_map; /* of each open collection: is it a map */
	bool failed;
};

static int on_text(void *arg, unsigned char *buf, size_t n)
{
	struct yaml_out *w = arg;

	str_addn(&w->text, (const char *)buf, n);
	return 1;
}

static void emit(struct yaml_out *w, yaml_event_t *event, int made)
{
	if (made && w->failed)
		yaml_event_delete(event); /* the emitter is not to be gone on with */
	else if (!made || !yaml_emitter_emit(&w->emitter, event))
		w->failed = true;
}

struct yaml_out *yaml_out_new(const char *comment)
{
	struct yaml_out *w = mem_zalloc(sizeof(*w));
	yaml_event_t event;

	w->text = (struct str)STR_INIT;
	if (comment)
		str_add(&w->text, comment);
	yaml_emitter_initialize(&w->emitter);
	yaml_emitter_set_output(&w->emitter, on_text, w);
	yaml_emitter_set_unicode(&w->emitter, 1);
	yaml_emitter_set_width(&w->emitter, -1);
	emit(w, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
	emit(w, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1));
	return w;
}

void yaml_out_map(struct yaml_out *w)
{
	yaml_event_t event;

	emit(w, &event, yaml_mapping_start_event_initialize(&event, NULL, NULL, 1,
							     YAML_BLOCK_MAPPING_STYLE));
	vec_push(&w->in_map, true);
}

void yaml_out_list(struct yaml_out *w)
{
	yaml_event_t event;

	emit(w, &event, yaml_sequence_start_event_initialize(&event, NULL, NULL, 1,
							      YAML_BLOCK_SEQUENCE_STYLE));
	vec_push(&w->in_map, false);
}

void yaml_out_end(struct yaml_out *w)
{
	yaml_event_t event;
	bool map = w->in_map.v[--w->in_map.n];

	emit(w, &event, map ? yaml_mapping_end_event_initialize(&event)
			    : yaml_sequence_end_event_initialize(&event));
}

/* Would a YAML reader take this plain word for a number, a date, a boolean, null or
 * (1.1) a merge? */
static bool looks_typed(const char *s)
{
	static const char *const words[] = { "true", "false", "yes", "no", "on", "off",
					     "null", "~", "y", "n", "=", "<<",
					     ".inf", "+.inf", "-.inf", ".nan" };
	static const char number[] = "0123456789.+-eE_xob:";
	const char *digits = s + (*s == '+' || *s == '-');

	if (*s == '\0' || strspn(s, number) == strlen(s))
		return true;
	if (digits[0] == '0' && digits[1] == 'x' &&
	    strspn(digits + 2, "0123456789abcdefABCDEF_") == strlen(digits + 2))
		return true;
	if (*s >= '0' && *s <= '9' && strspn(s, "0123456789-:.+TtZz ") == strlen(s))
		return true; /* 2026-08-11T00:39:34Z */
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(s, words[i]) == 0)
			return true;
	return false;
}

void yaml_out_str(struct yaml_out *w, const char *s)
{
	yaml_event_t event;
	yaml_scalar_style_t style =
		looks_typed(s) ? YAML_DOUBLE_QUOTED_SCALAR_STYLE : YAML_ANY_SCALAR_STYLE;

	emit(w, &event, yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)s,
						     (int)strlen(s), 1, 1, style));
}

int yaml_out_finish(struct yaml_out *w, struct str *out, struct error *err)
{
	yaml_event_t event;
	int rc = 0;

	emit(w, &event, yaml_document_end_event_initialize(&event, 1));
	emit(w, &event, yaml_stream_end_event_initialize(&event));
	yaml_emitter_flush(&w->emitter);
	if (w->failed)
		rc = err_set(err, ERR_WORK, "cannot write YAML: %s",
			     w->emitter.problem ? w->emitter.problem : "not UTF-8");
	else
		str_addn(out, w->text.s, w->text.len);
	yaml_emitter_delete(&w->emitter);
	str_free(&w->text);
	vec_free(&w->in_map);
	mem_free(w);
	return rc;
}
