#include "toolchains/published.h"

#include <string.h>

#include "harness/base/fs.h"
#include "harness/base/mem.h"
#include "harness/base/yaml.h"

#define SCHEMA "lnmatrix/catalogue/1"

/* The first item that is not older than v. */
static size_t lower_bound(const struct published *p, const struct gover *v)
{
	size_t lo = 0, hi = p->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (gover_cmp(&p->v[mid].v, v) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void published_add(struct published *out, const struct gover *v, bool listed)
{
	struct published_item item = { .v = *v, .listed = listed };
	size_t at = lower_bound(out, v);

	if (at < out->n && gover_cmp(&out->v[at].v, v) == 0) {
		out->v[at].listed |= listed;
		return;
	}
	vec_push(out, item);
	memmove(out->v + at + 1, out->v + at, (out->n - 1 - at) * sizeof(item));
	out->v[at] = item;
}

static int add_named(struct published *out, const struct yaml *node, const struct gover *minor,
		     const char *name, struct error *err)
{
	struct gover v;

	if (node->kind != YAML_NODE_SCALAR)
		return yaml_mistake(node, name, err, "wanted a Go version");
	if (gover_parse(&v, node->scalar, err) < 0)
		return yaml_mistake(node, name, err, "\"%.80s\" is not a Go version",
				    node->scalar);
	if (!gover_same_minor(&v, minor))
		return yaml_mistake(node, name, err, "%.40s is not of Go %d.%d", node->scalar,
				    minor->major, minor->minor);
	published_add(out, &v, false);
	return 0;
}

static int add_minor(struct published *out, const struct yaml *map, size_t i, const char *name,
		     struct error *err)
{
	const struct yaml *list = map->items[i];
	struct gover minor;

	if (!gover_parse_minor(&minor, map->keys[i]))
		return yaml_mistake(list, name, err, "\"%.80s\" is not a minor such as 1.22",
				    map->keys[i]);
	if (list->kind != YAML_NODE_LIST)
		return yaml_mistake(list, name, err, "wanted a list of Go versions");
	for (size_t k = 0; k < list->n; k++)
		if (add_named(out, list->items[k], &minor, name, err) < 0)
			return err->code;
	return 0;
}

static int load_root(struct published *out, const struct yaml *root, const char *name,
		     struct error *err)
{
	static const char *const known[] = { "schema", "published", NULL };
	const struct yaml *map;
	const char *schema;

	if (yaml_check_keys(root, name, known, err) < 0)
		return err->code;
	schema = yaml_str(root, "schema");
	if (!schema || strcmp(schema, SCHEMA) != 0)
		return yaml_mistake(root, name, err, "schema must be " SCHEMA);
	map = yaml_get(root, "published");
	if (!map || map->kind != YAML_NODE_MAP)
		return yaml_mistake(map ? map : root, name, err,
				    "published must be a map of minors to versions");
	for (size_t i = 0; i < map->n; i++)
		if (add_minor(out, map, i, name, err) < 0)
			return err->code;
	return 0;
}

int published_parse(struct published *out, const char *text, size_t n, const char *name,
		    struct error *err)
{
	struct yaml *root;
	int rc = yaml_parse(&root, text, n, name, err);

	if (rc < 0)
		return rc;
	rc = load_root(out, root, name, err);
	yaml_tree_free(root);
	return rc;
}

int published_load(struct published *out, const char *path, struct error *err)
{
	struct str text = STR_INIT;
	int rc = fs_read(&text, path, err);

	if (rc == 0)
		rc = published_parse(out, text.s, text.len, path, err);
	str_free(&text);
	return rc;
}

/* "v0.0.1-go1.22.12.linux-amd64" with the suffix ".linux-amd64" */
static bool parse_listed(struct gover *out, const char *word, const char *suffix)
{
	static const char prefix[] = "v0.0.1-";
	struct error err = { 0 };
	char *name;
	bool ok;

	if (!str_starts(word, prefix) || !str_ends(word, suffix) ||
	    strlen(word) <= strlen(prefix) + strlen(suffix))
		return false;
	name = mem_strndup(word + strlen(prefix), strlen(word) - strlen(prefix) - strlen(suffix));
	ok = str_starts(name, "go1") && gover_parse(out, name, &err) == 0;
	mem_free(name);
	return ok;
}

size_t published_merge_list(struct published *out, const char *text, const char *goos,
			    const char *goarch)
{
	static const char blanks[] = " \t\r\n";
	char *suffix = mem_printf(".%s-%s", goos, goarch);
	size_t counted = 0;

	for (const char *p = text + strspn(text, blanks); *p; p += strspn(p, blanks)) {
		size_t n = strcspn(p, blanks);
		char *word = mem_strndup(p, n);
		struct gover v;

		if (parse_listed(&v, word, suffix)) {
			published_add(out, &v, true);
			counted++;
		}
		mem_free(word);
		p += n;
	}
	mem_free(suffix);
	return counted;
}

void published_dispose(struct published *out)
{
	vec_free(out);
}

const struct published_item *published_find(const struct published *p, const struct gover *v)
{
	size_t at = lower_bound(p, v);

	return at < p->n && gover_cmp(&p->v[at].v, v) == 0 ? &p->v[at] : NULL;
}

static const struct published_item *newest(const struct published *p, const struct gover *minor,
					   bool candidate)
{
	for (size_t i = p->n; i-- > 0;) {
		const struct published_item *item = &p->v[i];

		if (gover_is_candidate(&item->v) == candidate &&
		    (!minor || gover_same_minor(&item->v, minor)))
			return item;
	}
	return NULL;
}

const struct published_item *published_newest_release(const struct published *p,
						      const struct gover *minor)
{
	return newest(p, minor, false);
}

const struct published_item *published_newest_candidate(const struct published *p,
							const struct gover *minor)
{
	return newest(p, minor, true);
}

void published_add_nearest(struct str *out, const struct published *p, const struct gover *v)
{
	const struct published_item *below = NULL, *above = NULL;
	char name[GOVER_NAME];

	for (size_t i = 0; i < p->n; i++) {
		int c = gover_cmp(&p->v[i].v, v);

		if (c < 0)
			below = &p->v[i];
		if (c > 0 && !above)
			above = &p->v[i];
	}
	if (below && above && !gover_same_minor(&below->v, v) && gover_same_minor(&above->v, v))
		below = NULL;
	else if (below && above && gover_same_minor(&below->v, v) &&
		 !gover_same_minor(&above->v, v))
		above = NULL;
	if (below)
		str_add(out, gover_name(name, &below->v));
	if (above)
		str_addf(out, "%s%s", below ? ", " : "", gover_name(name, &above->v));
}
