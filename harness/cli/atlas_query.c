#include "harness/cli/atlas_query.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/fs.h"
#include "harness/base/names.h"
#include "harness/base/str.h"
#include "harness/script/scenario.h"
#include "results/nearest.h"

/* --- options ---------------------------------------------------------------- */

enum { OPT_GO = 800, OPT_TARGET, OPT_FORMAT, OPT_JSON };

static const struct argp_option options[] = {
	{ "go", OPT_GO, "SPEC", 0, "toolchains: 1.22.12, 1.22..1.27 (newest patch of each), 1.22..1.24:all, "
	  "1.27rc1, latest, local:PATH, ...; a comma list (default 1.18..latest)", 1 },
	{ "target", OPT_TARGET, "LIST", 0, "linux/arm64, linux/*, all (default: this machine's)", 1 },
	{ "format", OPT_FORMAT, "table|json", 0, "default table", 3 },
	{ "json", OPT_JSON, 0, 0, "short for --format json", 3 },
	{ "output", 'o', "FILE", 0, "write the answer there", 3 },
	{ 0, 0, 0, 0, "Where things are:", 90 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct atlas_query_args *a = state->input;
	struct error err = { 0 };
	size_t before;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->places;
		a->format = "table";
		return 0;
	case OPT_GO:
		if (spec_split(&a->go, arg, &err) < 0)
			argp_error(state, "--go: %s", err.msg);
		return 0;
	case OPT_TARGET:
		before = a->target.n;
		list_split(arg, &a->target);
		if (a->target.n == before)
			argp_error(state, "--target: the list is empty");
		return 0;
	case OPT_FORMAT: a->format = arg; return 0;
	case OPT_JSON: a->format = "json"; return 0;
	case 'o': a->output = arg; return 0;
	case ARGP_KEY_ARG:
		if (!*arg || strpbrk(arg, "\t\n"))
			argp_error(state, "\"%s\" is not a name", arg);
		strv_add(&a->names, arg);
		return 0;
	case ARGP_KEY_END:
		if (strcmp(a->format, "table") != 0 && strcmp(a->format, "json") != 0)
			argp_error(state, "--format must be table or json, not \"%s\"", a->format);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_child children[] = { { &places_argp, 0, NULL, 0 }, { 0 } };
const struct argp atlas_query_argp = { options, parse, NULL, NULL, children, NULL, NULL };

void atlas_query_args_dispose(struct atlas_query_args *a)
{
	places_dispose(&a->places);
	strv_free(&a->names);
	strv_free(&a->go);
	strv_free(&a->target);
}

/* --- opening ---------------------------------------------------------------- */

static void say(void *arg, const char *line)
{
	struct atlas_query *q = arg;

	live_say(q->live, line);
}

static struct supplier *supplier_of(struct atlas_query *q)
{
	return supply_supplier(q->session.supply);
}

static char **missing_at(struct atlas_query *q, size_t toolchain, size_t target)
{
	return &q->missing[toolchain * q->targets.n + target];
}

static void set_missing(struct atlas_query *q, size_t toolchain, size_t target, const char *why)
{
	char **at = missing_at(q, toolchain, target);

	if (!*at)
		*at = mem_strdup(why);
}

static int open_targets(struct atlas_query *q, struct error *err)
{
	struct strv names = { 0 };
	struct target t;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < q->a->target.n; i++)
		rc = target_expand(&names, q->a->target.v[i], err);
	if (q->a->target.n == 0)
		strv_add(&names, target_host());
	for (size_t i = 0; rc == 0 && i < names.n; i++)
		if ((rc = target_parse(&t, names.v[i], err)) == 0)
			vec_push(&q->targets, t);
	strv_free(&names);
	return rc;
}

static int open_toolchains(struct atlas_query *q, struct error *err)
{
	struct spec_list specs;
	struct str text = STR_INIT;
	int rc;

	for (size_t i = 0; i < q->a->go.n; i++)
		str_addf(&text, "%s%s", i ? "," : "", q->a->go.v[i]);
	rc = session_resolve(&q->session, text.len ? text.s : "1.18..latest", &specs, err);
	str_free(&text);
	if (rc < 0)
		return rc;
	for (size_t i = 0; rc == 0 && i < specs.items.n; i++) {
		struct toolchain *tc = toolchain_new(&specs.items.v[i]);

		vec_push(&q->toolchains, tc);
		supplier_of(q)->identify(supplier_of(q), tc);
		if (tc->state == SUPPLY_FAILED && tc->why == ERR_INPUT)
			rc = err_set(err, ERR_INPUT, "%s", tc->failure);
	}
	spec_list_dispose(&specs);
	return rc;
}

/* Ports that a version does not have. */
static void find_ports(struct atlas_query *q)
{
	for (size_t i = 0; i < q->toolchains.n; i++) {
		const struct toolchain *tc = q->toolchains.v[i];

		for (size_t t = 0; t < q->targets.n; t++) {
			int since, until;
			char *why;

			target_span(&q->targets.v[t], &since, &until);
			if (tc->version.minor >= since && (until == 0 || tc->version.minor <= until))
				continue;
			why = mem_printf("%s has no port %s", tc->name, q->targets.v[t].name);
			set_missing(q, i, t, why);
			mem_free(why);
		}
	}
}

static int open_maker(struct atlas_query *q, struct error *err)
{
	char *sources = path_join(q->session.places->data, "toolchains/atlas");
	struct atlas_maker_options o = { .cache = q->session.places->cache, .sources = sources,
					 .say = say, .say_arg = q };
	struct { struct gover *v; size_t n, cap; } versions = { 0 };
	int rc;

	o.cores = (int)sysconf(_SC_NPROCESSORS_ONLN);
	for (size_t i = 0; i < q->toolchains.n; i++)
		if (q->toolchains.v[i]->is_version) /* a folder's is not to be fetched */
			vec_push(&versions, q->toolchains.v[i]->version);
	rc = session_builder(&q->session, versions.v, versions.n, &q->builder, err);
	vec_free(&versions);
	if (rc == 0) {
		o.builder = &q->builder.items.v[0];
		rc = atlas_maker_new(&q->maker, &q->session.loop, q->session.jobs, supplier_of(q), &o, err);
	}
	mem_free(sources);
	return rc;
}

static void cancel(struct atlas_query *q)
{
	supply_cancel(q->session.supply);
	if (q->maker)
		atlas_maker_cancel(q->maker);
	jobs_cancel_all(q->session.jobs);
}

static void on_signal(uv_signal_t *handle, int sig)
{
	struct atlas_query *q = handle->data;

	if (q->interrupted) { /* a second one means it */
		signal(sig, SIG_DFL);
		raise(sig);
	}
	q->interrupted = true;
	cancel(q);
}

static void watch_signals(struct atlas_query *q)
{
	static const int which[] = { SIGINT, SIGTERM, SIGHUP };

	for (size_t i = 0; i < LNM_COUNT(which); i++) {
		uv_signal_init(&q->session.loop, &q->signals[i]);
		q->signals[i].data = q;
		uv_signal_start(&q->signals[i], on_signal, which[i]);
		uv_unref((uv_handle_t *)&q->signals[i]);
	}
	q->watching = true;
}

/* --- what the reports read -------------------------------------------------- */

static bool get_section(void *arg, size_t toolchain, size_t target, const char *package,
			struct atlas_section *out)
{
	struct atlas_query *q = arg;
	struct toolchain *tc = q->toolchains.v[toolchain];
	const char *on = q->targets.v[target].name;

	if (atlas_maker_section(q->maker, tc, on, package, out))
		return true;
	if (!atlas_maker_open(q->maker, tc, on))
		q->damaged = true; /* there is none any more */
	return false;
}

static bool get_packages(void *arg, size_t toolchain, size_t target, struct strv *out)
{
	struct atlas_query *q = arg;
	struct atlas *a = atlas_maker_open(q->maker, q->toolchains.v[toolchain],
					   q->targets.v[target].name);

	if (!a || !atlas_is_complete(a))
		return false;
	atlas_packages(a, out);
	return true;
}

static void describe(struct atlas_query *q)
{
	for (size_t i = 0; i < q->toolchains.n; i++) {
		const struct toolchain *tc = q->toolchains.v[i];
		struct timeline_toolchain d = { tc->name, tc->base, tc->version };

		vec_push(&q->described, d);
	}
	q->source = (struct timeline_source){
		.toolchains = q->described.v, .ntoolchains = q->described.n,
		.targets = q->targets.v, .ntargets = q->targets.n,
		.missing = (const char *const *)q->missing,
		.section = get_section, .packages = get_packages, .arg = q,
	};
}

int atlas_query_open(struct atlas_query *q, const struct atlas_query_args *a, struct error *err)
{
	*q = (struct atlas_query){ .a = a };
	q->live = live_new(terminal_of(STDERR_FILENO));
	if (session_open(&q->session, &a->places, false, say, q, err) < 0)
		return err->code;
	watch_signals(q);
	if (open_targets(q, err) < 0 || open_toolchains(q, err) < 0 || open_maker(q, err) < 0)
		return err->code;
	q->missing = mem_zalloc((q->toolchains.n * q->targets.n + 1) * sizeof(*q->missing));
	find_ports(q);
	describe(q);
	return 0;
}

void atlas_query_close(struct atlas_query *q)
{
	if (q->watching)
		for (size_t i = 0; i < LNM_COUNT(q->signals); i++)
			uv_close((uv_handle_t *)&q->signals[i], NULL);
	if (q->session.loop_open)
		uv_run(&q->session.loop, UV_RUN_DEFAULT);
	atlas_maker_free(q->maker);
	session_close(&q->session);
	live_free(q->live);
	for (size_t i = 0; q->missing && i < q->toolchains.n * q->targets.n; i++)
		mem_free(q->missing[i]);
	mem_free(q->missing);
	mem_free(q->mistake);
	for (size_t i = 0; i < q->toolchains.n; i++)
		toolchain_free(q->toolchains.v[i]);
	vec_free(&q->toolchains);
	vec_free(&q->described);
	vec_free(&q->targets);
	spec_list_dispose(&q->builder);
}

/* --- getting sections ------------------------------------------------------- */

struct waiting {
	struct atlas_query *q;
	size_t toolchain;
};

static void on_made(void *arg, enum err_code why, const char *failure)
{
	struct waiting *w = arg;
	struct atlas_query *q = w->q;
	const struct toolchain *tc = q->toolchains.v[w->toolchain];

	if (why == ERR_INTERRUPTED) {
		q->interrupted = true;
	} else if (why) {
		bool said = why == ERR_INPUT || (tc->state == SUPPLY_FAILED && tc->is_version);

		/* Of a release that can't be had, supply has said why. */
		if (!said) {
			char *line = str_starts(failure, tc->name) ? mem_strdup(failure)
								   : mem_printf("%s: %s", tc->name, failure);

			say(q, line);
			mem_free(line);
		}
		if (why == ERR_INPUT && !q->mistake)
			q->mistake = mem_strdup(failure);
		q->lacking |= !tc->optional;
		for (size_t t = 0; t < q->targets.n; t++)
			set_missing(q, w->toolchain, t, failure);
	}
	mem_free(w);
	if (--q->under_way == 0)
		live_stop(q->live);
}

static void fill_live(void *arg, struct live_state *out)
{
	struct atlas_query *q = arg;
	struct atlas_maker_counts counts;

	atlas_maker_counts(q->maker, &counts);
	out->counts.planned = counts.wanted;
	out->counts.done = counts.done;
	out->building = counts.building;
	out->ndownloads = supply_downloads(q->session.supply, out->downloads, LNM_COUNT(out->downloads));
}

static void need_of(struct atlas_query *q, size_t toolchain, const struct strv *packages)
{
	struct strv targets = { 0 };

	for (size_t t = 0; t < q->targets.n; t++)
		if (!*missing_at(q, toolchain, t))
			strv_add(&targets, q->targets.v[t].name);
	if (targets.n) {
		struct waiting *w = mem_zalloc(sizeof(*w));

		w->q = q;
		w->toolchain = toolchain;
		q->under_way++;
		atlas_maker_need(q->maker, q->toolchains.v[toolchain], &targets, packages, on_made, w);
	}
	strv_free(&targets);
}

int atlas_query_need(struct atlas_query *q, int toolchain, const struct strv *packages, struct error *err)
{
	live_start(q->live, &q->session.loop, fill_live, q);
	for (size_t i = 0; i < q->toolchains.n && !q->interrupted; i++)
		if (toolchain == ATLAS_QUERY_ALL || (size_t)toolchain == i)
			need_of(q, i, packages);
	if (q->under_way == 0)
		live_stop(q->live);
	uv_run(&q->session.loop, UV_RUN_DEFAULT);
	if (q->interrupted)
		return err_set(err, ERR_INTERRUPTED, "interrupted; the same command goes on");
	return q->mistake ? err_set(err, ERR_INPUT, "%s", q->mistake) : 0;
}

/* --- names ------------------------------------------------------------------ */

void atlas_names_dispose(struct atlas_names *names)
{
	for (size_t i = 0; i < names->n; i++) {
		mem_free(names->v[i].asked);
		mem_free(names->v[i].local);
		strv_free(&names->v[i].packages);
		strv_free(&names->v[i].nearest);
	}
	vec_free(names);
}

/* The newest toolchain that could be asked; -1: none. */
static int newest(const struct atlas_query *q)
{
	int best = -1;

	for (size_t i = 0; i < q->toolchains.n; i++) {
		if (q->missing[i * q->targets.n])
			continue;
		if (best < 0 || gover_cmp(&q->toolchains.v[i]->version,
					  &q->toolchains.v[best]->version) >= 0)
			best = (int)i;
	}
	return best;
}

static bool add_unique(struct strv *list, const char *s)
{
	if (strv_has(list, s))
		return false;
	strv_add(list, s);
	return true;
}

/* Splits what was written; a package that is a pattern is left in `packages`. */
static void parse_name(struct atlas_name *out, const char *text)
{
	struct str package = STR_INIT, local = STR_INIT;

	*out = (struct atlas_name){ .asked = mem_strdup(text), .glob = timeline_name_is_glob(text) };
	if (atlas_split_name(text, &package, &local)) {
		strv_add(&out->packages, package.s);
		out->local = mem_strdup(local.s);
	} else {
		if (out->glob)
			strv_add(&out->packages, "*");
		out->local = mem_strdup(text);
	}
	str_free(&package);
	str_free(&local);
}

static bool is_package_glob(const struct atlas_name *n)
{
	return n->packages.n && timeline_name_is_glob(n->packages.v[0]);
}

struct hits {
	const char *package;
	bool types;
	size_t n;
	struct strv *out;      /* full names */
	size_t most;
};

static void on_hit(void *arg, const struct atlas_symbol *s)
{
	struct hits *h = arg;

	if (!h->types || s->kind == ATLAS_TYPE)
		h->n++;
}

/* Has this package of one toolchain such a name, or one that matches? */
static bool has_name(struct atlas_query *q, size_t toolchain, size_t target, const char *package,
		     const struct atlas_name *n, bool types)
{
	struct atlas_section section;
	struct atlas_symbol s;
	struct hits hits = { .types = types };
	bool has;

	if (!get_section(q, toolchain, target, package, &section))
		return false;
	if (n->glob) {
		atlas_each(&section, n->local, on_hit, &hits);
		return hits.n > 0;
	}
	if (!atlas_find(&section, n->local, &s))
		return false;
	has = !types || s.kind == ATLAS_TYPE;
	atlas_symbol_dispose(&s);
	return has;
}

/* Does a path end in this one, at a slash? */
static bool path_ends(const char *path, const char *end)
{
	size_t n = strlen(path), m = strlen(end);

	return n > m && path[n - m - 1] == '/' && strcmp(path + n - m, end) == 0;
}

static int ambiguous(const char *asked, const struct strv *what, struct error *err)
{
	enum { MOST = 10 };
	struct str list = STR_INIT;

	for (size_t i = 0; i < what->n && i < MOST; i++)
		str_addf(&list, "%s%s", i ? ", " : "", what->v[i]);
	if (what->n > MOST)
		str_addf(&list, " and %zu more", what->n - MOST);
	err_set(err, ERR_INPUT, "%s may be one of %zu: %s", asked, what->n, list.s);
	str_free(&list);
	return err->code;
}

/* All packages of the newest toolchain for a target, whose atlas is complete by now. */
static void all_packages(struct atlas_query *q, int toolchain, size_t target, struct strv *out)
{
	if (toolchain >= 0 && !*missing_at(q, (size_t)toolchain, target))
		get_packages(q, (size_t)toolchain, target, out);
}

/*
 * "abi.Type": a package by the end of its path.  Where several end so, the one that has the
 * name is meant.
 */
static int find_short(struct atlas_query *q, struct atlas_name *n, bool types, struct error *err)
{
	int at = newest(q);
	struct strv all = { 0 }, ending = { 0 }, having = { 0 }, full = { 0 };
	const struct strv *chosen = &having;
	int rc = 0;

	for (size_t t = 0; t < q->targets.n; t++)
		all_packages(q, at, t, &all);
	for (size_t i = 0; i < all.n; i++) {
		if (!path_ends(all.v[i], n->packages.v[0]) || !add_unique(&ending, all.v[i]))
			continue;
		for (size_t t = 0; t < q->targets.n; t++) {
			if (has_name(q, (size_t)at, t, all.v[i], n, types)) {
				strv_add(&having, all.v[i]);
				break;
			}
		}
	}
	if (having.n == 0)
		chosen = &ending;
	if (chosen->n > 1) {
		for (size_t i = 0; i < chosen->n; i++)
			strv_addf(&full, "%s.%s", chosen->v[i], n->local);
		rc = ambiguous(n->asked, &full, err);
	} else if (chosen->n == 1) {
		mem_free(n->packages.v[0]);
		n->packages.v[0] = mem_strdup(chosen->v[0]);
	} else {
		const char *tail = strrchr(n->packages.v[0], '/');

		n->nearest_is_package = true;
		nearest_names(&n->nearest, n->packages.v[0], &all, 5);
		for (size_t i = 0; i < all.n && n->nearest.n < 5; i++)
			if (path_ends(all.v[i], tail ? tail + 1 : n->packages.v[0]))
				add_unique(&n->nearest, all.v[i]);
	}
	strv_free(&all);
	strv_free(&ending);
	strv_free(&having);
	strv_free(&full);
	return rc;
}

/* "fastrand": the only one of the newest std. `whole`: the text with a dot, "mheap.alloc". */
static int find_bare(struct atlas_query *q, struct atlas_name *n, bool types, struct error *err)
{
	int at = newest(q);
	struct strv all = { 0 }, having = { 0 }, full = { 0 };
	struct names seen = { 0 };
	int rc = 0;

	for (size_t t = 0; t < q->targets.n; t++)
		all_packages(q, at, t, &all);
	for (size_t i = 0; i < all.n; i++) {
		if (names_find(&seen, all.v[i]) != NAMES_NONE)
			continue;
		names_add(&seen, all.v[i]);
		for (size_t t = 0; t < q->targets.n; t++) {
			if (has_name(q, (size_t)at, t, all.v[i], n, types)) {
				strv_add(&having, all.v[i]);
				break;
			}
		}
	}
	/* A symbol without package is exactly what was written. */
	if (having.n == 1 || strv_has(&having, "")) {
		strv_add(&n->packages, strv_has(&having, "") ? "" : having.v[0]);
	} else if (having.n > 1) {
		for (size_t i = 0; i < having.n; i++)
			strv_addf(&full, "%s.%s", having.v[i], n->local);
		rc = ambiguous(n->asked, &full, err);
	}
	strv_free(&all);
	strv_free(&having);
	strv_free(&full);
	names_dispose(&seen);
	return rc;
}

/* Packages of any toolchain that match. */
static void expand_packages(struct atlas_query *q, struct atlas_name *n)
{
	struct strv all = { 0 }, matching = { 0 };
	struct names seen = { 0 };

	for (size_t i = 0; i < q->toolchains.n; i++)
		for (size_t t = 0; t < q->targets.n; t++)
			all_packages(q, (int)i, t, &all);
	for (size_t i = 0; i < all.n; i++) {
		if (names_find(&seen, all.v[i]) != NAMES_NONE)
			continue;
		names_add(&seen, all.v[i]);
		if (str_glob(n->packages.v[0], all.v[i]))
			strv_add(&matching, all.v[i]);
	}
	strv_sort(&matching);
	strv_free(&n->packages);
	n->packages = matching;
	strv_free(&all);
	names_dispose(&seen);
}

/* One that is not a package's path, now that all of the newest std is known. */
static int find_name(struct atlas_query *q, struct atlas_name *n, bool types, struct error *err)
{
	if (n->packages.n == 0)
		return find_bare(q, n, types, err);
	if (find_short(q, n, types, err) < 0)
		return err->code;
	if (n->glob || !n->nearest_is_package)
		return 0;
	/* "mheap.alloc" may be a method of some package's type, or of a pointer to it. */
	for (int pointer = 0; pointer < 2; pointer++) {
		struct atlas_name whole = { .asked = n->asked };

		whole.local = pointer ? mem_printf("(*%s).%s", n->packages.v[0], n->local)
				      : mem_strdup(n->asked);
		if (find_bare(q, &whole, types, err) < 0) {
			mem_free(whole.local);
			return err->code;
		}
		if (whole.packages.n) {
			strv_free(&n->packages);
			strv_free(&n->nearest);
			mem_free(n->local);
			n->packages = whole.packages;
			n->local = whole.local;
			break;
		}
		mem_free(whole.local);
	}
	return 0;
}

int atlas_query_names(struct atlas_query *q, bool types, struct atlas_names *out, struct error *err)
{
	struct strv packages = { 0 };
	bool everything = false, searching = false;
	int rc = 0;

	for (size_t i = 0; i < q->a->names.n; i++) {
		struct atlas_name n;

		parse_name(&n, q->a->names.v[i]);
		everything |= is_package_glob(&n);
		if (n.packages.n && !is_package_glob(&n))
			add_unique(&packages, n.packages.v[0]);
		vec_push(out, n);
	}
	if (everything || packages.n)
		rc = atlas_query_need(q, ATLAS_QUERY_ALL, everything ? NULL : &packages, err);
	for (size_t i = 0; rc == 0 && i < out->n; i++) {
		struct atlas_name *n = &out->v[i];

		if (is_package_glob(n)) {
			expand_packages(q, n);
			continue;
		}
		if (n->packages.n && timeline_has_package(&q->source, n->packages.v[0]))
			continue;
		if (!searching && newest(q) >= 0)
			rc = atlas_query_need(q, newest(q), NULL, err);
		searching = true;
		if (rc == 0)
			rc = find_name(q, n, types, err);
		if (rc == 0 && n->packages.n)
			add_unique(&packages, n->packages.v[0]);
	}
	if (rc == 0 && searching && packages.n)
		rc = atlas_query_need(q, ATLAS_QUERY_ALL, &packages, err);
	strv_free(&packages);
	return rc;
}

struct gathering {
	bool types;
	struct strv names;
};

static void gather(void *arg, const struct atlas_symbol *s)
{
	struct gathering *g = arg;

	if (!g->types || s->kind == ATLAS_TYPE)
		strv_add(&g->names, s->name);
}

void atlas_query_nearest(struct atlas_query *q, const char *package, const char *local, bool types,
			 struct strv *out)
{
	enum { MOST = 5 };
	struct atlas_name same = { .local = (char *)local };
	struct gathering g = { .types = types };
	struct strv near = { 0 }, all = { 0 };
	struct atlas_section section;
	int at = newest(q);

	if (at < 0 || timeline_name_is_glob(local))
		return;
	if (get_section(q, (size_t)at, 0, package, &section))
		atlas_each(&section, "*", gather, &g);
	nearest_names(&near, local, &g.names, MOST);
	for (size_t i = 0; i < near.n; i++) {
		char *full = timeline_full_name(package, near.v[i]);

		strv_add(out, full);
		mem_free(full);
	}
	all_packages(q, at, 0, &all);
	for (size_t i = 0; i < all.n && out->n < MOST; i++) {
		if (strcmp(all.v[i], package) != 0 && has_name(q, (size_t)at, 0, all.v[i], &same, types)) {
			char *full = timeline_full_name(all.v[i], local);

			add_unique(out, full);
			mem_free(full);
		}
	}
	strv_free(&g.names);
	strv_free(&near);
	strv_free(&all);
}

/* --- the answer ------------------------------------------------------------- */

struct report_style atlas_query_style(const struct atlas_query *q)
{
	struct terminal t = terminal_of(STDOUT_FILENO);

	return (struct report_style){ .width = q->a->output ? 100 : t.width,
				      .color = t.color && !q->a->output, .utf8 = t.utf8 };
}

int atlas_query_answer(struct atlas_query *q, const struct str *text, bool all_found,
		       struct error *err)
{
	if (q->a->output) {
		if (fs_output(q->a->output, text->s, text->len, err) < 0)
			return complain(err);
	} else {
		fwrite(text->s, 1, text->len, stdout);
	}
	if (session_save_pins(&q->session, err) < 0)
		return complain(err);
	if (!timeline_any_asked(&q->source))
		return 3;
	return !all_found ? 1 : q->lacking ? 3 : 0;
}
