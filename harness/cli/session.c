#include "harness/cli/session.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/fs.h"
#include "harness/base/str.h"

const char *session_platform(void)
{
	static char platform[TARGET_NAME];

	snprintf(platform, sizeof(platform), "%s", target_host());
	platform[strcspn(platform, "/")] = '-';
	return platform;
}

/* What the lock file does not say, the project's own may. */
static void merge_locks(struct lock *into, const struct lock *own)
{
	for (size_t i = 0; i < own->specs.n; i++)
		if (!lock_find_spec(into, own->specs.v[i].spec))
			lock_set_spec(into, own->specs.v[i].spec, &own->specs.v[i].version);
	for (size_t i = 0; i < own->sums.n; i++)
		if (!lock_find_sum(into, &own->sums.v[i].version, own->sums.v[i].platform))
			lock_set_sum(into, &own->sums.v[i].version, own->sums.v[i].platform,
				     own->sums.v[i].sum);
}

int session_open(struct session *s, const struct places *places, bool ask_again,
		 void (*say)(void *arg, const char *line), void *say_arg, struct error *err)
{
	char *catalogue = path_join(places->data, "toolchains/catalogue.yaml");
	struct supply_options o = { .cache = places->cache, .go = places->go, .environ = environ,
				    .ask_again = ask_again, .say = say, .say_arg = say_arg };

	*s = (struct session){ .places = places, .say = say, .say_arg = say_arg };
	s->own_path = path_join(places->state, "lock.yaml");
	if (lock_load(&s->lock, places->lock, err) < 0 || lock_load(&s->own, s->own_path, err) < 0 ||
	    published_load(&s->published, catalogue, err) < 0) {
		mem_free(catalogue);
		session_close(s);
		return err->code;
	}
	mem_free(catalogue);
	merge_locks(&s->lock, &s->own);
	uv_loop_init(&s->loop);
	s->loop_open = true;
	s->jobs = jobs_new(&s->loop);
	o.lock = &s->lock;
	o.published = &s->published;
	s->supply = supply_new(&s->loop, s->jobs, &o);
	s->modules = modules_new(s->jobs, &(struct modules_options){
		.cache = places->cache, .go = places->go, .environ = environ, .say = say, .say_arg = say_arg });
	return 0;
}

void session_close(struct session *s)
{
	int rc;

	supply_free(s->supply);
	modules_free(s->modules);
	if (s->loop_open) {
		uv_run(&s->loop, UV_RUN_DEFAULT);
		jobs_free(s->jobs);
		rc = uv_loop_close(&s->loop);
		assert(rc == 0);
		(void)rc;
	}
	published_dispose(&s->published);
	lock_dispose(&s->lock);
	lock_dispose(&s->own);
	mem_free(s->own_path);
	*s = (struct session){ 0 };
}

static bool is_doubtful(const struct spec_list *list)
{
	for (size_t i = 0; i < list->items.n; i++)
		if (list->items.v[i].moved || list->items.v[i].unlisted)
			return true;
	return false;
}

int session_resolve(struct session *s, const char *specs, struct spec_list *out,
		    struct error *err)
{
	struct error listing = { 0 };
	const char *tip = strstr(specs, "..tip");
	char *line;
	int rc;

	if (tip && !s->said_tip)
		s->say(s->say_arg, "tip: no Go repository is configured; the range ends with the newest that "
		       "is published");
	s->said_tip |= tip != NULL;
	rc = spec_resolve(out, specs, &s->published, &s->lock, err);

	if (!s->listed && (rc < 0 || is_doubtful(out))) {
		s->listed = true;
		if (supply_list(s->supply, &s->published, &listing) == ERR_INTERRUPTED) {
			if (rc == 0)
				spec_list_dispose(out);
			*err = listing;
			return err->code;
		}
		if (listing.code) {
			line = mem_printf("what is published today could not be asked (%s); going by what was "
					  "known when lnmatrix was made", listing.msg);
			s->say(s->say_arg, line);
			mem_free(line);
		} else {
			if (rc == 0)
				spec_list_dispose(out);
			rc = spec_resolve(out, specs, &s->published, &s->lock, err);
		}
	}
	if (rc == 0) {
		spec_pin(out, &s->own);
		spec_pin(out, &s->lock);
	}
	return rc;
}

int session_builder(struct session *s, const struct gover *also, size_t n, struct spec_list *out,
		    struct error *err)
{
	struct gover newest = { .major = 1, .minor = 21, .patch = 0 };
	char name[GOVER_NAME];

	for (size_t i = 0; i < s->lock.sums.n; i++)
		if (strcmp(s->lock.sums.v[i].platform, session_platform()) == 0 &&
		    gover_cmp(&s->lock.sums.v[i].version, &newest) > 0)
			newest = s->lock.sums.v[i].version;
	for (size_t i = 0; i < n; i++)
		if (gover_cmp(&also[i], &newest) > 0)
			newest = also[i];
	return spec_resolve(out, gover_name(name, &newest), &s->published, &s->lock, err);
}

void session_pin_sum(struct session *s, const struct gover *v, const char *sum)
{
	if (!lock_find_sum(&s->lock, v, session_platform()))
		lock_set_sum(&s->own, v, session_platform(), sum);
}

int session_save_pins(struct session *s, struct error *err)
{
	struct lock before;
	bool changed;

	if (lock_load(&before, s->own_path, err) < 0)
		return err->code;
	changed = before.specs.n != s->own.specs.n || before.sums.n != s->own.sums.n;
	lock_dispose(&before);
	return changed ? lock_save(&s->own, s->own_path, err) : 0;
}
