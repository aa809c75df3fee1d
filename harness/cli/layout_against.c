#include "harness/cli/layout_against.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "harness/base/fs.h"
#include "harness/base/str.h"
#include "results/local.h"

/* "./pkg.MyG" is MyG of ./pkg, "./pkg/g.go.MyG" and "MyG" of the folder they stand in. */
static int split(const char *what, char **dir, char **name, struct error *err)
{
	const char *slash = strrchr(what, '/'), *base = slash ? slash + 1 : what, *dot = strrchr(base, '.');
	char *path = dot && dot > what ? mem_strndup(what, (size_t)(dot - what)) : mem_strdup(".");

	*name = mem_strdup(dot ? dot + 1 : base);
	if (str_ends(path, ".go") && fs_exists(path)) {
		*dir = path_dir(path);
		mem_free(path);
	} else {
		*dir = path;
	}
	if (**name && fs_is_dir(*dir))
		return 0;
	err_set(err, ERR_INPUT, "--against %s: %s; give FOLDER.TYPE, such as ./internal/hack.g", what,
		**name ? "there is no such folder" : "it names no type");
	mem_free(*dir);
	mem_free(*name);
	return err->code;
}

/* The folder of the module that `dir` belongs to (itself where there is no go.mod), and the rest. */
static void find_module(const char *dir, char **root, char **rel)
{
	char *real = realpath(dir, NULL), *at = mem_strdup(real ? real : dir);
	size_t whole = strlen(at);

	free(real);
	*root = NULL;
	for (char *end = at + whole; end && end > at; end = strrchr(at, '/')) {
		char *mod;
		bool here;

		*end = '\0';
		mod = path_join(*at ? at : "/", "go.mod");
		here = fs_exists(mod);
		mem_free(mod);
		if (here) {
			*root = mem_strdup(at);
			break;
		}
	}
	real = realpath(dir, NULL);
	if (!*root)
		*root = mem_strdup(real ? real : dir);
	*rel = mem_strdup(real && strlen(real) > strlen(*root) ? real + strlen(*root) + 1 : ".");
	free(real);
	mem_free(at);
}

struct reading {
	struct own_type *own;
	struct error *err;
	bool done;
};

static void on_read(void *arg, const struct str *out, enum err_code why, const char *failure)
{
	struct reading *r = arg;

	r->done = true;
	if (why)
		err_set(r->err, why, "%s", failure);
	else
		r->own->text = mem_strndup(out->s, out->len);
}

static void on_toolchain(void *arg, struct toolchain *tc)
{
	(void)tc;
	--*(size_t *)arg;
}

/* The program's types may be made of std's: their sources must be there. */
static void need_toolchains(struct atlas_query *q)
{
	struct supplier *s = supply_supplier(q->session.supply);
	size_t pending = 0;

	for (size_t i = 0; i < q->toolchains.n; i++) {
		pending++;
		s->need(s, q->toolchains.v[i], on_toolchain, &pending);
	}
	while (pending > 0)
		uv_run(&q->session.loop, UV_RUN_ONCE);
}

static char *question(struct atlas_query *q, const char *root, const char *rel)
{
	json_t *contexts = json_array(), *all;
	char *text, *copy;

	for (size_t i = 0; i < q->toolchains.n; i++)
		for (size_t k = 0; k < q->targets.n; k++)
			json_array_append_new(contexts, json_pack("{s:s, s:s, s:s, s:i}", "goroot",
				q->toolchains.v[i]->goroot ? q->toolchains.v[i]->goroot : "", "goos", q->targets.v[k].goos,
				"goarch", q->targets.v[k].goarch, "minor", q->toolchains.v[i]->version.minor));
	all = json_pack("{s:s, s:[s], s:o}", "dir", root, "packages", rel, "contexts", contexts);
	text = json_dumps(all, JSON_COMPACT);
	copy = mem_strdup(text);
	free(text);
	json_decref(all);
	return copy;
}

/* A type that has no layout fits nothing. */
static int check_type(const struct atlas_symbol *t, const char *what, struct error *err)
{
	if (strcmp(t->type_kind, "generic") == 0)
		return err_set(err, ERR_INPUT, "--against %s: it is generic, and has no layout of its own", what);
	for (size_t i = 0; i < t->fields.n; i++)
		if (t->fields.v[i].offset < 0 || t->fields.v[i].size < 0)
			return err_set(err, ERR_INPUT, "--against %s: its field %s cannot be laid out: the type %s is not "
				       "known", what, t->fields.v[i].name, t->fields.v[i].type);
	return 0;
}

static int take_types(struct own_type *own, const char *rel, const char *name, const char *what,
		      struct error *err)
{
	bool any = false;
	char *complaint = NULL;

	for (size_t i = 0; i < own->n; i++) {
		struct local_program p;

		if (local_program_parse(&p, own->text, strlen(own->text), (unsigned)i, err) < 0)
			return err->code;
		if (local_program_type(&p, rel, name, &own->types[i])) {
			own->found[i] = &own->types[i];
			any = true;
		}
		if (p.errors.n && !complaint)
			complaint = mem_strdup(p.errors.v[0]);
		local_program_dispose(&p);
		if (own->found[i] && check_type(own->found[i], what, err) < 0) {
			mem_free(complaint);
			return err->code;
		}
	}
	if (!any)
		err_set(err, ERR_INPUT, "--against %s: no build of that folder has a type %s%s%s", what, name,
			complaint ? ": " : "", complaint ? complaint : "");
	mem_free(complaint);
	return any ? 0 : err->code;
}

int own_type_read(struct own_type *out, struct atlas_query *q, const char *what, struct error *err)
{
	char *dir, *name, *root, *rel, *text;
	struct reading r = { .own = out, .err = err };
	int rc;

	*out = (struct own_type){ .n = q->toolchains.n * q->targets.n };
	if (split(what, &dir, &name, err) < 0)
		return err->code;
	find_module(dir, &root, &rel);
	out->name = mem_printf("%s.%s", path_base(strcmp(rel, ".") == 0 ? root : rel), name);
	out->types = mem_zalloc((out->n + 1) * sizeof(*out->types));
	out->found = mem_zalloc((out->n + 1) * sizeof(*out->found));
	need_toolchains(q);
	text = question(q, root, rel);
	atlas_maker_ask(q->maker, "local", text, on_read, &r);
	while (!r.done)
		uv_run(&q->session.loop, UV_RUN_ONCE);
	rc = err->code ? err->code : take_types(out, rel, name, what, err);
	if (rc < 0)
		own_type_dispose(out);
	mem_free(text);
	mem_free(dir);
	mem_free(name);
	mem_free(root);
	mem_free(rel);
	return rc;
}

void own_type_dispose(struct own_type *own)
{
	for (size_t i = 0; own->found && i < own->n; i++)
		if (own->found[i])
			atlas_symbol_dispose(&own->types[i]);
	mem_free(own->name);
	mem_free(own->text);
	mem_free(own->types);
	mem_free(own->found);
	*own = (struct own_type){ 0 };
}
