#include "toolchains/lock.h"

#include <ctype.h>
#include <string.h>

#include "harness/base/fs.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "harness/base/yaml.h"

#define SCHEMA "lnmatrix/lock/1"

enum { SUM_BASE64 = 44 }; /* of SHA-256, with its padding */

bool lock_is_moving(const char *spec)
{
	static const char *const words[] = { "latest", "stable", "oldstable", "rc" };
	struct gover minor;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(spec, words[i]) == 0)
			return true;
	return !str_starts(spec, "go") && gover_parse_minor(&minor, spec);
}

static bool is_sum(const char *s)
{
	if (!str_starts(s, "h1:") || strlen(s) != 3 + SUM_BASE64 || s[2 + SUM_BASE64] != '=')
		return false;
	for (const char *p = s + 3; p < s + 2 + SUM_BASE64; p++)
		if (!isalnum((unsigned char)*p) && *p != '+' && *p != '/')
			return false;
	return true;
}

static bool is_platform(const char *s)
{
	const char *dash = strchr(s, '-');

	return dash && dash > s && dash[1] != '\0' &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(s);
}

/* Words by name, then minors by age. */
static int cmp_specs(const char *a, const char *b)
{
	struct gover va, vb;
	bool ma = gover_parse_minor(&va, a), mb = gover_parse_minor(&vb, b);

	if (ma && mb)
		return gover_cmp(&va, &vb);
	return ma != mb ? ma - mb : strcmp(a, b);
}

static int cmp_sums(const struct lock_sum *a, const struct gover *version, const char *platform)
{
	int c = gover_cmp(&a->version, version);

	return c ? c : strcmp(a->platform, platform);
}

const struct gover *lock_find_spec(const struct lock *lock, const char *spec)
{
	for (size_t i = 0; i < lock->specs.n; i++)
		if (strcmp(lock->specs.v[i].spec, spec) == 0)
			return &lock->specs.v[i].version;
	return NULL;
}

void lock_set_spec(struct lock *lock, const char *spec, const struct gover *version)
{
	struct lock_spec item = { .version = *version };
	size_t at = 0;

	while (at < lock->specs.n && cmp_specs(lock->specs.v[at].spec, spec) < 0)
		at++;
	if (at < lock->specs.n && strcmp(lock->specs.v[at].spec, spec) == 0) {
		lock->specs.v[at].version = *version;
		return;
	}
	item.spec = mem_strdup(spec);
	vec_push(&lock->specs, item);
	memmove(lock->specs.v + at + 1, lock->specs.v + at,
		(lock->specs.n - 1 - at) * sizeof(item));
	lock->specs.v[at] = item;
}

const char *lock_find_sum(const struct lock *lock, const struct gover *version,
			  const char *platform)
{
	for (size_t i = 0; i < lock->sums.n; i++)
		if (cmp_sums(&lock->sums.v[i], version, platform) == 0)
			return lock->sums.v[i].sum;
	return NULL;
}

void lock_set_sum(struct lock *lock, const struct gover *version, const char *platform,
		  const char *sum)
{
	struct lock_sum item = { .version = *version };
	size_t at = 0;

	while (at < lock->sums.n && cmp_sums(&lock->sums.v[at], version, platform) < 0)
		at++;
	if (at < lock->sums.n && cmp_sums(&lock->sums.v[at], version, platform) == 0) {
		char *old = lock->sums.v[at].sum;

		lock->sums.v[at].sum = mem_strdup(sum);
		mem_free(old);
		return;
	}
	item.platform = mem_strdup(platform);
	item.sum = mem_strdup(sum);
	vec_push(&lock->sums, item);
	memmove(lock->sums.v + at + 1, lock->sums.v + at, (lock->sums.n - 1 - at) * sizeof(item));
	lock->sums.v[at] = item;
}

void lock_dispose(struct lock *lock)
{
	for (size_t i = 0; i < lock->specs.n; i++)
		mem_free(lock->specs.v[i].spec);
	for (size_t i = 0; i < lock->sums.n; i++) {
		mem_free(lock->sums.v[i].platform);
		mem_free(lock->sums.v[i].sum);
	}
	vec_free(&lock->specs);
	vec_free(&lock->sums);
}

/* Reading */

static int read_version(struct gover *out, const struct yaml *at, const char *text,
			const char *name, struct error *err)
{
	struct error ignored = { 0 };
	char full[GOVER_NAME];

	if (gover_parse(out, text, &ignored) < 0 || strcmp(gover_name(full, out), text) != 0)
		return yaml_mistake(at, name, err,
				    "\"%.80s\" is not the name of a Go version such as go1.22.12",
				    text);
	if (!gover_is_release(out) && !gover_is_candidate(out))
		return yaml_mistake(at, name, err, "%s is not exact", text);
	return 0;
}

static int read_spec(struct lock *out, const char *spec, const struct yaml *value,
		     const char *name, struct error *err)
{
	struct gover v, minor;

	if (!lock_is_moving(spec))
		return yaml_mistake(value, name, err,
				    "\"%.80s\" is not a spec that moves: a minor such as 1.22, "
				    "latest, "
				    "stable, oldstable or rc",
				    spec);
	if (value->kind != YAML_NODE_SCALAR)
		return yaml_mistake(value, name, err, "wanted an exact Go version");
	if (read_version(&v, value, value->scalar, name, err) < 0)
		return err->code;
	if (gover_parse_minor(&minor, spec) && !gover_same_minor(&v, &minor))
		return yaml_mistake(value, name, err, "%s is not of Go %s", value->scalar, spec);
	lock_set_spec(out, spec, &v);
	return 0;
}

static int read_sum(struct lock *out, const struct gover *version, const char *platform,
		    const struct yaml *value, const char *name, struct error *err)
{
	static const char *const known[] = { "sum", NULL };
	const char *sum;

	if (!is_platform(platform))
		return yaml_mistake(value, name, err,
				    "\"%.80s\" is not a platform such as linux-amd64", platform);
	if (yaml_check_keys(value, name, known, err) < 0)
		return err->code;
	sum = yaml_str(value, "sum");
	if (!sum || !is_sum(sum))
		return yaml_mistake(value, name, err, "sum must be \"h1:\" and %d characters",
				    SUM_BASE64);
	lock_set_sum(out, version, platform, sum);
	return 0;
}

static int read_toolchain(struct lock *out, const char *toolchain, const struct yaml *value,
			  const char *name, struct error *err)
{
	struct gover v;

	if (read_version(&v, value, toolchain, name, err) < 0)
		return err->code;
	if (value->kind != YAML_NODE_MAP)
		return yaml_mistake(value, name, err, "wanted a map of platforms");
	for (size_t i = 0; i < value->n; i++)
		if (read_sum(out, &v, value->keys[i], value->items[i], name, err) < 0)
			return err->code;
	return 0;
}

typedef int read_entry(struct lock *out, const char *key, const struct yaml *value,
		       const char *name, struct error *err);

/* A map that may be absent or `{}`. */
static int read_map(struct lock *out, const struct yaml *root, const char *key, read_entry *read,
		    const char *name, struct error *err)
{
	const struct yaml *map = yaml_get(root, key);

	if (!map)
		return 0;
	if (map->kind != YAML_NODE_MAP)
		return yaml_mistake(map, name, err, "%s must be a map", key);
	for (size_t i = 0; i < map->n; i++)
		if (read(out, map->keys[i], map->items[i], name, err) < 0)
			return err->code;
	return 0;
}

static int read_root(struct lock *out, const struct yaml *root, const char *name,
		     struct error *err)
{
	static const char *const known[] = { "schema", "specs", "toolchains", NULL };
	const char *schema;

	if (yaml_check_keys(root, name, known, err) < 0)
		return err->code;
	schema = yaml_str(root, "schema");
	if (!schema || strcmp(schema, SCHEMA) != 0)
		return yaml_mistake(root, name, err, "schema must be " SCHEMA);
	if (read_map(out, root, "specs", read_spec, name, err) < 0 ||
	    read_map(out, root, "toolchains", read_toolchain, name, err) < 0)
		return err->code;
	return 0;
}

int lock_parse(struct lock *out, const char *text, size_t n, const char *name,
	       struct error *err)
{
	struct yaml *root;
	int rc;

	*out = (struct lock){ 0 };
	if ((rc = yaml_parse(&root, text, n, name, err)) < 0)
		return rc;
	rc = read_root(out, root, name, err);
	yaml_tree_free(root);
	if (rc < 0)
		lock_dispose(out);
	return rc;
}

int lock_load(struct lock *out, const char *path, struct error *err)
{
	struct str text = STR_INIT;
	int rc;

	*out = (struct lock){ 0 };
	if (!fs_exists(path))
		return 0;
	rc = fs_read(&text, path, err);
	if (rc == 0)
		rc = lock_parse(out, text.s, text.len, path, err);
	str_free(&text);
	return rc;
}

/* Writing */

static void write_sums(struct yaml_out *w, const struct lock *lock)
{
	char name[GOVER_NAME];

	for (size_t i = 0; i < lock->sums.n; i++) {
		const struct lock_sum *s = &lock->sums.v[i];

		if (i == 0 || gover_cmp(&s[-1].version, &s->version) != 0) {
			yaml_out_str(w, gover_name(name, &s->version));
			yaml_out_map(w);
		}
		yaml_out_str(w, s->platform);
		yaml_out_map(w);
		yaml_out_str(w, "sum");
		yaml_out_str(w, s->sum);
		yaml_out_end(w);
		if (i + 1 == lock->sums.n || gover_cmp(&s[1].version, &s->version) != 0)
			yaml_out_end(w);
	}
}

static int format(struct str *out, const struct lock *lock, struct error *err)
{
	struct yaml_out *w = yaml_out_new(
		"# What moving specs stand for and what toolchains weigh in as; written by\n"
		"# `lnmatrix toolchain lock`.  Keep it under version control.\n");
	char name[GOVER_NAME];

	yaml_out_map(w);
	yaml_out_str(w, "schema");
	yaml_out_str(w, SCHEMA);
	yaml_out_str(w, "specs");
	yaml_out_map(w);
	for (size_t i = 0; i < lock->specs.n; i++) {
		yaml_out_str(w, lock->specs.v[i].spec);
		yaml_out_str(w, gover_name(name, &lock->specs.v[i].version));
	}
	yaml_out_end(w);
	yaml_out_str(w, "toolchains");
	yaml_out_map(w);
	write_sums(w, lock);
	yaml_out_end(w);
	yaml_out_end(w);
	return yaml_out_finish(w, out, err);
}

int lock_save(const struct lock *lock, const char *path, struct error *err)
{
	struct str text = STR_INIT;
	int rc = format(&text, lock, err);

	if (rc == 0)
		rc = fs_replace(path, text.s, text.len, 0644, err);
	str_free(&text);
	return rc;
}
