#include "harness/sched/inspector.h"

#include <string.h>

#include <jansson.h>
#include <stdlib.h>

#include "harness/base/digest.h"
#include "harness/base/str.h"

/* Part of the keys of stored inspections: to be raised when inspect() learns something. */
#define INSPECTION_VERSION "7"

struct item {
	struct inspect_item i;
	char *key;
	struct inspection inspection;
	bool known;
	struct program *program;      /* of one that is not known yet */
	unsigned context;
};

/* One fixture that is read. */
struct program {
	struct inspector *in;
	const struct fixture *fixture;
	json_t *contexts;
	struct strv context_keys;
	struct str text;
	bool read;
};

/* Sections that are wanted of one toolchain. */
struct chart {
	struct inspector *in;
	struct toolchain *tc;
	struct strv targets, packages;
	bool made;
};

struct inspector {
	uv_loop_t *loop;
	struct atlas_maker *maker;
	struct store *store;
	struct supplier *supplier;
	struct inspector_options o;
	VEC(struct toolchain *) newer;
	VEC(struct item) items;
	VEC(struct program *) programs;
	VEC(struct chart *) charts;
	size_t pending;
	struct strv said;
	bool cancelled, incomplete;
};

struct inspector *inspector_new(uv_loop_t *loop, struct atlas_maker *maker, struct store *store,
				struct supplier *supplier, const struct inspector_options *options)
{
	struct inspector *in = mem_zalloc(sizeof(*in));

	in->loop = loop;
	in->maker = maker;
	in->store = store;
	in->supplier = supplier;
	in->o = *options;
	return in;
}

void inspector_free(struct inspector *in)
{
	if (!in)
		return;
	for (size_t i = 0; i < in->items.n; i++) {
		mem_free(in->items.v[i].key);
		inspection_dispose(&in->items.v[i].inspection);
	}
	for (size_t i = 0; i < in->programs.n; i++) {
		json_decref(in->programs.v[i]->contexts);
		strv_free(&in->programs.v[i]->context_keys);
		str_free(&in->programs.v[i]->text);
		mem_free(in->programs.v[i]);
	}
	for (size_t i = 0; i < in->charts.n; i++) {
		strv_free(&in->charts.v[i]->targets);
		strv_free(&in->charts.v[i]->packages);
		mem_free(in->charts.v[i]);
	}
	vec_free(&in->items);
	vec_free(&in->programs);
	vec_free(&in->charts);
	vec_free(&in->newer);
	strv_free(&in->said);
	mem_free(in);
}

void inspector_add_newer(struct inspector *in, struct toolchain *tc)
{
	vec_push(&in->newer, tc);
}

/* --- what is worth a look ------------------------------------------------- */

static bool is_worth(const struct inspect_item *item)
{
	const struct txtar *ar = &item->fixture->ar;

	if (item->pairs && item->pairs->n)
		return true;
	for (size_t i = 0; i < ar->n; i++) {
		const struct txtar_file *f = &ar->files[i];

		if (str_ends(f->name, ".s") && f->size > 0)
			return true;
		if (str_ends(f->name, ".go") && memmem(f->data, f->size, "go:linkname", 11))
			return true;
	}
	return false;
}

static char *key_of(const struct inspector *in, const struct inspect_item *i)
{
	struct digest *d = digest_new("inspection/" INSPECTION_VERSION);
	char hex[DIGEST_HEX];

	digest_add(d, atlas_maker_program(in->maker));
	digest_add(d, i->fixture->digest);
	digest_add(d, i->tc->identity);
	digest_add(d, i->tc->name); /* it stands in messages */
	digest_add(d, i->target->name);
	digest_add(d, i->variant->tags);
	digest_add(d, i->variant->goexperiment);
	digest_add(d, i->variant->checklinkname == 0 ? "unchecked" : "");
	digest_add(d, i->variant->race ? "race" : "");
	digest_add(d, i->cgo ? "cgo" : "");
	for (size_t k = 0; k < in->newer.n; k++)
		digest_add(d, in->newer.v[k]->identity ? in->newer.v[k]->identity : in->newer.v[k]->name);
	for (size_t k = 0; i->pairs && k < i->pairs->n; k++) {
		digest_add(d, i->pairs->v[k].copy);
		digest_add(d, i->pairs->v[k].of);
	}
	digest_end(d, hex);
	return mem_printf("inspection %s", hex);
}

/* What the store knows from before. */
static bool recall(struct inspector *in, struct item *it)
{
	struct error ignored = { 0 };
	char *text;
	bool ok;

	if (in->o.fresh || store_memo_get(in->store, it->key, &text) != 1)
		return false;
	ok = inspection_load(&it->inspection, text, &ignored) == 0;
	mem_free(text);
	return ok;
}

void inspector_add(struct inspector *in, const struct inspect_item *item)
{
	struct item it = { .i = *item };

	/* The atlas is of the default experiments. */
	if (!item->tc->identity || item->tc->state == SUPPLY_FAILED || item->variant->goexperiment ||
	    !is_worth(item))
		return;
	it.key = key_of(in, item);
	it.known = recall(in, &it);
	vec_push(&in->items, it);
}

/* --- the steps ------------------------------------------------------------ */

static void complain_once(struct inspector *in, enum err_code why, const char *failure)
{
	char *line;

	in->incomplete = true;
	if (why == ERR_INTERRUPTED) {
		in->cancelled = true;
		return;
	}
	if (!in->o.say || strv_has(&in->said, failure))
		return;
	strv_add(&in->said, failure);
	line = mem_printf("findings are not complete: %s", failure);
	in->o.say(in->o.say_arg, line);
	mem_free(line);
}

static void run_loop(struct inspector *in)
{
	while (in->pending > 0)
		uv_run(in->loop, UV_RUN_ONCE);
}

static struct program *program_of(struct inspector *in, const struct fixture *fixture)
{
	struct program *p;

	for (size_t i = 0; i < in->programs.n; i++)
		if (strcmp(in->programs.v[i]->fixture->digest, fixture->digest) == 0)
			return in->programs.v[i];
	p = mem_zalloc(sizeof(*p));
	p->in = in;
	p->fixture = fixture;
	p->contexts = json_array();
	p->text = (struct str)STR_INIT;
	vec_push(&in->programs, p);
	return p;
}

/* The number of a build context among those of its program. */
static unsigned context_of(struct program *p, const struct inspect_item *i)
{
	char *tags = mem_printf("%s%s", i->variant->tags ? i->variant->tags : "", i->variant->race ? ",race" : "");
	char *key = mem_printf("%s %s %s %s %d", i->tc->name, i->target->name, tags,
			       i->variant->goexperiment ? i->variant->goexperiment : "", i->cgo);
	unsigned n;

	for (n = 0; n < p->context_keys.n; n++)
		if (strcmp(p->context_keys.v[n], key) == 0)
			break;
	if (n == p->context_keys.n) {
		json_array_append_new(p->contexts, json_pack("{s:s, s:s, s:s, s:i, s:b, s:s, s:s}",
				      "goroot", i->tc->goroot, "goos", i->target->goos,
				      "goarch", i->target->goarch, "minor", i->tc->version.minor,
				      "cgo", i->cgo, "tags", tags,
				      "goexperiment", i->variant->goexperiment ? i->variant->goexperiment : ""));
		strv_add(&p->context_keys, key);
	}
	mem_free(key);
	mem_free(tags);
	return n;
}

static void on_toolchain(void *arg, struct toolchain *tc)
{
	struct inspector *in = arg;

	in->pending--;
	if (tc->state == SUPPLY_FAILED)
		complain_once(in, tc->why, tc->failure);
}

static void want_toolchains(struct inspector *in)
{
	struct strv asked = { 0 };

	for (size_t i = 0; i < in->items.n; i++) {
		struct item *it = &in->items.v[i];

		if (it->known || strv_has(&asked, it->i.tc->name))
			continue;
		strv_add(&asked, it->i.tc->name);
		in->pending++;
		in->supplier->need(in->supplier, it->i.tc, on_toolchain, in);
	}
	for (size_t i = 0; asked.n && i < in->newer.n; i++) {
		in->pending++;
		in->supplier->need(in->supplier, in->newer.v[i], on_toolchain, in);
	}
	strv_free(&asked);
	run_loop(in);
}

static void on_read(void *arg, const struct str *out, enum err_code why, const char *failure)
{
	struct program *p = arg;

	p->in->pending--;
	if (why) {
		complain_once(p->in, why, failure);
		return;
	}
	str_addn(&p->text, out->s, out->len);
	p->read = true;
}

static void read_programs(struct inspector *in)
{
	char *root = mem_printf("%s/src", in->o.cache);

	for (size_t i = 0; i < in->items.n; i++) {
		struct item *it = &in->items.v[i];

		if (it->known || it->i.tc->state != SUPPLY_READY)
			continue;
		it->program = program_of(in, it->i.fixture);
		it->context = context_of(it->program, &it->i);
	}
	for (size_t i = 0; i < in->programs.n; i++) {
		struct program *p = in->programs.v[i];
		struct error err = { 0 };
		char *dir, *text;
		json_t *question;

		if (fixture_lay_out(p->fixture, root, NULL, &dir, &err) < 0) {
			complain_once(in, err.code, err.msg);
			continue;
		}
		question = json_pack("{s:s, s:O}", "dir", dir, "contexts", p->contexts);
		text = json_dumps(question, JSON_COMPACT);
		in->pending++;
		atlas_maker_ask(in->maker, "local", text, on_read, p);
		free(text);
		json_decref(question);
		mem_free(dir);
	}
	mem_free(root);
	run_loop(in);
}

static struct chart *chart_of(struct inspector *in, struct toolchain *tc)
{
	struct chart *c;

	for (size_t i = 0; i < in->charts.n; i++)
		if (in->charts.v[i]->tc == tc)
			return in->charts.v[i];
	c = mem_zalloc(sizeof(*c));
	c->in = in;
	c->tc = tc;
	vec_push(&in->charts, c);
	return c;
}

static void chart_want(struct chart *c, const char *target, const struct strv *packages)
{
	if (!strv_has(&c->targets, target))
		strv_add(&c->targets, target);
	for (size_t i = 0; i < packages->n; i++)
		if (!strv_has(&c->packages, packages->v[i]))
			strv_add(&c->packages, packages->v[i]);
}

static void on_made(void *arg, enum err_code why, const char *failure)
{
	struct chart *c = arg;

	c->in->pending--;
	c->made = !why;
	if (why)
		complain_once(c->in, why, failure);
}

/* Can its sections be read? */
static bool chart_is_whole(const struct chart *c)
{
	struct atlas_section ignored;
	bool whole = true;

	for (size_t t = 0; t < c->targets.n; t++) {
		for (size_t i = 0; i < c->packages.n; i++)
			atlas_maker_section(c->in->maker, c->tc, c->targets.v[t], c->packages.v[i], &ignored);
		whole &= atlas_maker_open(c->in->maker, c->tc, c->targets.v[t]) != NULL;
	}
	return whole;
}

static void make_charts(struct inspector *in)
{
	for (size_t i = 0; i < in->items.n; i++) {
		struct item *it = &in->items.v[i];
		struct local_program local;
		struct strv packages = { 0 };
		struct error err = { 0 };

		if (it->known || !it->program || !it->program->read)
			continue;
		if (local_program_parse(&local, it->program->text.s, it->program->text.len, it->context, &err) < 0) {
			complain_once(in, err.code, err.msg);
			it->program = NULL;
			continue;
		}
		inspect_packages(&packages, &local, it->i.pairs);
		if (packages.n) {
			chart_want(chart_of(in, it->i.tc), it->i.target->name, &packages);
			for (size_t k = 0; k < in->newer.n; k++)
				if (in->newer.v[k]->state == SUPPLY_READY)
					chart_want(chart_of(in, in->newer.v[k]), it->i.target->name, &packages);
		}
		strv_free(&packages);
		local_program_dispose(&local);
	}
	/* What turns out to be damaged when it is read is gone then, and made again. */
	for (int tries = 0; tries < 2 && !in->cancelled; tries++) {
		size_t wanted = 0;

		for (size_t i = 0; i < in->charts.n; i++) {
			struct chart *c = in->charts.v[i];

			if (tries > 0 && (!c->made || chart_is_whole(c)))
				continue;
			strv_sort(&c->packages);
			in->pending++;
			wanted++;
			atlas_maker_need(in->maker, c->tc, &c->targets, &c->packages, on_made, c);
		}
		if (!wanted)
			break;
		run_loop(in);
	}
}

/* --- comparing ------------------------------------------------------------ */

struct std_view {
	struct inspector *in;
	struct toolchain *tc;
	const char *target;
	bool failed;               /* a section that should be there could not be read */
};

static bool view_section(void *arg, const char *package, struct atlas_section *out)
{
	struct std_view *v = arg;

	if (atlas_maker_section(v->in->maker, v->tc, v->target, package, out))
		return true;
	v->failed |= !atlas_maker_open(v->in->maker, v->tc, v->target);
	return false;
}

static bool charted(const struct inspector *in, const struct toolchain *tc)
{
	for (size_t i = 0; i < in->charts.n; i++)
		if (in->charts.v[i]->tc == tc)
			return in->charts.v[i]->made;
	return true; /* nothing of std is asked for */
}

static void compare(struct inspector *in, struct item *it)
{
	struct std_view view = { in, it->i.tc, it->i.target->name, false }, *ahead;
	struct inspect_std *newer;
	struct local_program local;
	struct error err = { 0 };
	struct inspect_question q = { .target = it->i.target, .pairs = it->i.pairs,
				      .unchecked = it->i.variant->checklinkname == 0 };
	bool whole = true;
	char *text;

	if (!it->program || !it->program->read || !charted(in, it->i.tc) ||
	    local_program_parse(&local, it->program->text.s, it->program->text.len, it->context, &err) < 0)
		return;
	ahead = mem_zalloc((in->newer.n + 1) * sizeof(*ahead));
	newer = mem_zalloc((in->newer.n + 1) * sizeof(*newer));
	q.program = &local;
	q.std = (struct inspect_std){ it->i.tc->name, it->i.tc->version, view_section, &view };
	for (size_t k = 0; k < in->newer.n; k++) {
		if (in->newer.v[k]->state != SUPPLY_READY || !charted(in, in->newer.v[k])) {
			whole = false;
			continue;
		}
		ahead[q.nnewer] = (struct std_view){ in, in->newer.v[k], it->i.target->name, false };
		newer[q.nnewer] = (struct inspect_std){ in->newer.v[k]->name, in->newer.v[k]->version,
							view_section, &ahead[q.nnewer] };
		q.nnewer++;
	}
	q.newer = newer;
	inspect(&it->inspection, &q);
	it->known = true;
	for (size_t k = 0; k < q.nnewer; k++)
		whole &= !ahead[k].failed;
	if (whole && !view.failed) { /* what cannot last is not kept */
		text = inspection_dump(&it->inspection);
		store_memo_put(in->store, it->key, text);
		mem_free(text);
	}
	mem_free(ahead);
	mem_free(newer);
	local_program_dispose(&local);
}

bool inspector_run(struct inspector *in)
{
	bool all = true;
	struct error ignored = { 0 };

	for (size_t i = 0; i < in->items.n; i++)
		all &= in->items.v[i].known;
	if (!all) {
		want_toolchains(in);
		if (!in->cancelled)
			read_programs(in);
		if (!in->cancelled)
			make_charts(in);
		store_begin(in->store, &ignored);
		for (size_t i = 0; i < in->items.n && !in->cancelled; i++)
			if (!in->items.v[i].known)
				compare(in, &in->items.v[i]);
		store_commit(in->store, &ignored);
	}
	for (size_t i = 0; i < in->items.n; i++)
		if (in->items.v[i].known)
			inspection_attach(&in->items.v[i].inspection, in->items.v[i].i.outcome);
	return !in->incomplete;
}
