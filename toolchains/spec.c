#include "toolchains/spec.h"

#include <string.h>

#include "harness/base/fs.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"

/* One resolution under way, and the part of the list it is at. */
struct resolver {
	struct spec_list *out;
	const struct published *published;
	const struct lock *lock;
	const char *part;      /* as written */
	bool optional;
	bool moved;
	struct edits *edits;   /* of this part */
	struct error *err;
};

/* One end of a range, or a spec that names one version. */
struct point {
	struct gover v;
	bool minor;    /* the text was a minor; v is what it resolved to */
	bool unlisted;
	bool moved;    /* answered from the published list */
};

static void item_dispose(struct spec_item *item)
{
	mem_free(item->name);
	mem_free(item->base);
	edits_dispose(&item->edits);
	mem_free(item->from_spec);
}

void spec_list_dispose(struct spec_list *list)
{
	for (size_t i = 0; i < list->items.n; i++)
		item_dispose(&list->items.v[i]);
	for (size_t i = 0; i < list->pins.n; i++)
		mem_free(list->pins.v[i].spec);
	vec_free(&list->items);
	vec_free(&list->pins);
}

void spec_pin(const struct spec_list *list, struct lock *lock)
{
	for (size_t i = 0; i < list->pins.n; i++)
		lock_set_spec(lock, list->pins.v[i].spec, &list->pins.v[i].version);
}

/* The item's place: versions by age, plain before what-if, then all others. */
static bool goes_before(const struct spec_item *a, const struct spec_item *b)
{
	int c;

	if (a->is_version != b->is_version)
		return a->is_version;
	if (!a->is_version)
		return strcmp(a->base, b->base) == 0 && a->edits.n == 0 && b->edits.n > 0;
	c = gover_cmp(&a->version, &b->version);
	return c ? c < 0 : a->edits.n == 0 && b->edits.n > 0;
}

static void add_item(struct resolver *r, struct spec_item item)
{
	struct toolchain_name name = { .base = item.base, .edits = *r->edits };
	size_t at;

	item.name = name_format(&name);
	for (size_t i = 0; i < r->out->items.n; i++) {
		struct spec_item *old = &r->out->items.v[i];

		if (strcmp(old->name, item.name) != 0)
			continue;
		old->optional &= r->optional;
		old->moved |= r->moved;
		mem_free(item.name);
		mem_free(item.base);
		return;
	}
	edits_copy(&item.edits, r->edits);
	item.optional = r->optional;
	item.moved = r->moved;
	item.from_spec = mem_strdup(r->part);
	vec_push(&r->out->items, item);
	for (at = r->out->items.n - 1; at > 0 && goes_before(&item, &r->out->items.v[at - 1]); at--)
		r->out->items.v[at] = r->out->items.v[at - 1];
	r->out->items.v[at] = item;
}

static void add_version(struct resolver *r, const struct gover *v, bool unlisted)
{
	struct spec_item item = { .is_version = true, .version = *v, .unlisted = unlisted };
	char name[GOVER_NAME];

	item.base = mem_strdup(gover_name(name, v));
	add_item(r, item);
}

/* Remembers that a moving spec was answered from the list. */
static void add_pin(struct resolver *r, const char *spec, const struct gover *v)
{
	struct spec_pin pin = { .version = *v };

	r->moved = true;
	for (size_t i = 0; i < r->out->pins.n; i++)
		if (strcmp(r->out->pins.v[i].spec, spec) == 0)
			return;
	pin.spec = mem_strdup(spec);
	vec_push(&r->out->pins, pin);
}

/* Complaints */

static const char *newest_name(char out[GOVER_NAME], const struct published *p)
{
	const struct published_item *item = published_newest_release(p, NULL);

	return item ? gover_name(out, &item->v) : "unknown";
}

static int no_such_minor(struct resolver *r, const struct gover *minor)
{
	const struct published_item *rc = published_newest_candidate(r->published, minor);
	char a[GOVER_NAME], b[GOVER_NAME];

	if (rc)
		return err_set(r->err, ERR_INPUT,
			       "Go %s has no release yet; its newest candidate is %s",
			       gover_name(a, minor) + 2, gover_name(b, &rc->v));
	if (r->published->n > 0 && gover_cmp(minor, &r->published->v[0].v) < 0)
		return err_set(r->err, ERR_INPUT, "no Go %s is published here; oldest is %s",
			       gover_name(a, minor) + 2, gover_name(b, &r->published->v[0].v));
	return err_set(r->err, ERR_INPUT, "no Go %s is published; newest is %s",
		       gover_name(a, minor) + 2, newest_name(b, r->published));
}

static int no_such_version(struct resolver *r, const struct gover *v)
{
	struct gover minor = gover_lang(v);
	struct str near = STR_INIT;
	char name[GOVER_NAME];
	int rc;

	if (!published_newest_release(r->published, &minor) &&
	    !published_newest_candidate(r->published, &minor))
		return no_such_minor(r, &minor);
	published_add_nearest(&near, r->published, v);
	rc = err_set(r->err, ERR_INPUT, "%s was never published; nearest: %s",
		     gover_name(name, v), near.s);
	str_free(&near);
	return rc;
}

static int not_a_spec(struct resolver *r, const char *text)
{
	return err_set(r->err, ERR_INPUT,
		       "\"%.120s\" is not a Go version spec; they look like 1.22.12, 1.22, "
		       "1.22..1.27, 1.27rc1, 1.22..1.24:all, latest, stable, oldstable, rc or "
		       "local:PATH",
		       text);
}

/* Points */

/* The lock's answer to a moving spec, or the published one, which is then pinned. */
static struct gover pinned(struct resolver *r, const char *spec, const struct gover *published)
{
	const struct gover *locked = r->lock ? lock_find_spec(r->lock, spec) : NULL;

	if (locked)
		return *locked;
	add_pin(r, spec, published);
	return *published;
}

static int resolve_minor(struct resolver *r, struct gover *out, const struct gover *minor)
{
	const struct published_item *item = published_newest_release(r->published, minor);
	char name[GOVER_NAME];

	if (!item && !(r->lock && lock_find_spec(r->lock, gover_name(name, minor) + 2)))
		return no_such_minor(r, minor);
	*out = pinned(r, gover_name(name, minor) + 2, item ? &item->v : minor);
	return 0;
}

/* The newest release of the minor before that of the newest release. */
static const struct published_item *oldstable(const struct published *p)
{
	const struct published_item *newest = published_newest_release(p, NULL);
	struct gover minor;

	if (!newest)
		return NULL;
	minor = gover_lang(&newest->v);
	minor.minor--;
	return published_newest_release(p, &minor);
}

/* latest, stable, oldstable, rc; 0 when the text is none of them, 1 when it is. */
static int resolve_word(struct resolver *r, struct gover *out, const char *text)
{
	const struct published_item *item;

	if (strcmp(text, "latest") == 0 || strcmp(text, "stable") == 0)
		item = published_newest_release(r->published, NULL);
	else if (strcmp(text, "oldstable") == 0)
		item = oldstable(r->published);
	else if (strcmp(text, "rc") == 0)
		item = published_newest_candidate(r->published, NULL);
	else
		return 0;
	if (!item && !(r->lock && lock_find_spec(r->lock, text)))
		return err_set(r->err, ERR_INPUT, "nothing is published that \"%s\" could mean",
			       text);
	*out = pinned(r, text, item ? &item->v : NULL);
	return 1;
}

/* Has it a checksum in the lock, for any platform? Then it exists. */
static bool is_locked(const struct lock *lock, const struct gover *v)
{
	for (size_t i = 0; lock && i < lock->sums.n; i++)
		if (gover_cmp(&lock->sums.v[i].version, v) == 0)
			return true;
	return false;
}

/*
 * The list is never quite today's: a patch newer than the newest known of its
 * minor, or a candidate of the next minor, is let through and asked for.
 */
static bool may_exist(const struct published *p, const struct gover *v)
{
	struct gover minor = gover_lang(v);
	const struct published_item *release = published_newest_release(p, &minor);
	const struct published_item *newest = published_newest_release(p, NULL);

	if (release)
		return gover_cmp(v, &release->v) > 0;
	return newest && minor.major == newest->v.major && minor.minor == newest->v.minor + 1;
}

static int resolve_exact(struct resolver *r, struct point *out)
{
	if (published_find(r->published, &out->v) || is_locked(r->lock, &out->v))
		return 0;
	out->unlisted = may_exist(r->published, &out->v);
	return out->unlisted ? 0 : no_such_version(r, &out->v);
}

/* A text that names one version. */
static int resolve_point(struct resolver *r, struct point *out, const char *text)
{
	struct error ignored = { 0 };
	struct gover minor;
	int rc;

	*out = (struct point){ 0 };
	r->moved = false;
	if ((rc = resolve_word(r, &out->v, text)) != 0) {
		out->moved = r->moved;
		return rc < 0 ? rc : 0;
	}
	if (gover_parse_minor(&minor, text)) {
		out->minor = true;
		return resolve_minor(r, &out->v, &minor);
	}
	if (gover_parse(&out->v, text, &ignored) < 0)
		return not_a_spec(r, r->part);
	return resolve_exact(r, out);
}

/* Ranges */

/* The end `tip`: the newest release or a candidate that is newer. */
static int resolve_tip(struct resolver *r, struct point *out)
{
	struct gover rc;

	*out = (struct point){ 0 };
	r->moved = false;
	if (resolve_word(r, &out->v, "latest") < 0)
		return r->err->code;
	if (published_newest_candidate(r->published, NULL) &&
	    resolve_word(r, &rc, "rc") > 0 && gover_cmp(&rc, &out->v) > 0)
		out->v = rc;
	out->moved = r->moved;
	return 0;
}

static int resolve_end(struct resolver *r, struct point *out, const char *text)
{
	return strcmp(text, "tip") == 0 ? resolve_tip(r, out) : resolve_point(r, out, text);
}

/* All that is published of one minor between the ends, up to what it is pinned to. */
static void add_all_of_minor(struct resolver *r, const struct point *from, const struct point *to,
			     const struct gover *newest)
{
	for (size_t i = 0; i < r->published->n; i++) {
		const struct gover *v = &r->published->v[i].v;

		if (gover_same_minor(v, newest) && gover_cmp(v, newest) <= 0 &&
		    (from->minor || gover_cmp(v, &from->v) >= 0) &&
		    (to->minor || gover_cmp(v, &to->v) <= 0))
			add_version(r, v, false);
	}
}

/* The newest of a minor inside a range, no newer than the range's end. */
static int newest_of_minor(struct resolver *r, struct gover *out, const struct point *to,
			   const struct gover *minor)
{
	r->moved = false;
	if (!gover_same_minor(minor, &to->v) || to->minor)
		return resolve_minor(r, out, minor);
	r->moved = to->moved;
	*out = to->v;
	return 0;
}

static int add_minor_of_range(struct resolver *r, const struct point *from,
			      const struct point *to, const struct gover *minor, bool all)
{
	bool first = gover_same_minor(minor, &from->v), last = gover_same_minor(minor, &to->v);
	struct gover newest;

	if (!first && !last && !published_newest_release(r->published, minor))
		return 0; /* a gap in what is known */
	if (!all && first && !from->minor) {
		r->moved = from->moved;
		add_version(r, &from->v, from->unlisted);
		if (!last)
			return 0;
	}
	if (newest_of_minor(r, &newest, to, minor) < 0)
		return r->err->code;
	if (all)
		add_all_of_minor(r, from, to, &newest);
	if (!all || (last && to->unlisted))
		add_version(r, &newest, last && to->unlisted);
	return 0;
}

static int add_range(struct resolver *r, const char *text, const char *dots, bool all)
{
	char *a = mem_strndup(text, (size_t)(dots - text)), *b = mem_strdup(dots + 2);
	struct point from, to;
	struct gover minor;
	int rc;

	if ((rc = resolve_point(r, &from, a)) < 0 || (rc = resolve_end(r, &to, b)) < 0)
		goto out;
	if (gover_cmp(&from.v, &to.v) > 0 && !(to.minor && gover_same_minor(&from.v, &to.v))) {
		rc = err_set(r->err, ERR_INPUT, "%s..%s runs backwards; did you mean %s..%s%s", a,
			     b, b, a, all ? ":all" : "");
		goto out;
	}
	minor = gover_lang(&from.v);
	for (; rc == 0 && gover_cmp_minor(&minor, &to.v) <= 0; minor.minor++)
		rc = add_minor_of_range(r, &from, &to, &minor, all);
out:
	mem_free(a);
	mem_free(b);
	return rc;
}

static int add_local(struct resolver *r, const char *text)
{
	struct spec_item item = { 0 };
	char *abs;

	if (text[strlen("local:")] == '\0')
		return err_set(r->err, ERR_INPUT, "local: wants a path, as in local:/opt/go");
	abs = path_abs(text + strlen("local:"));
	item.base = mem_printf("local:%s", abs);
	mem_free(abs);
	add_item(r, item);
	return 0;
}

/* The text without its what-if and question mark. */
static int add_base(struct resolver *r, char *text)
{
	char *dots = strstr(text, ".."), *colon = strchr(text, ':');
	bool all = str_ends(text, ":all");
	struct point point;

	if (str_starts(text, "local:"))
		return add_local(r, text);
	if (all)
		*colon = '\0';
	if (colon && !all)
		return not_a_spec(r, r->part);
	if (strcmp(text, "tip") == 0)
		return err_set(r->err, ERR_INPUT,
			       "tip wants a Go repository, and none is configured; the newest "
			       "candidate is \"rc\"");
	if ((dots || all) && r->edits->n > 0)
		return err_set(r->err, ERR_INPUT,
			       "%.200s: a what-if wants one toolchain, not a range", r->part);
	if (dots)
		return add_range(r, text, dots, all);
	if (resolve_point(r, &point, text) < 0)
		return r->err->code;
	if (all && !point.minor)
		return not_a_spec(r, r->part);
	if (all)
		add_all_of_minor(r, &point, &point, &point.v);
	else
		add_version(r, &point.v, point.unlisted);
	return 0;
}

static int resolve_part(struct resolver *r, const char *part)
{
	struct toolchain_name name;
	size_t n = strlen(part);
	char *text;
	int rc;

	r->part = part;
	r->moved = false;
	r->optional = n > 0 && part[n - 1] == '?';
	text = mem_strndup(part, n - r->optional);
	rc = name_split(&name, text, r->err);
	mem_free(text);
	if (rc < 0)
		return rc;
	r->edits = &name.edits;
	rc = add_base(r, name.base);
	name_dispose(&name);
	return rc;
}

int spec_resolve(struct spec_list *out, const char *specs, const struct published *published,
		 const struct lock *lock, struct error *err)
{
	struct resolver r = { .out = out, .published = published, .lock = lock, .err = err };
	struct strv parts = { 0 };
	int rc;

	*out = (struct spec_list){ 0 };
	rc = spec_split(&parts, specs, err);
	for (size_t i = 0; i < parts.n && rc == 0; i++)
		rc = resolve_part(&r, parts.v[i]);
	strv_free(&parts);
	if (rc < 0)
		spec_list_dispose(out);
	return rc;
}
