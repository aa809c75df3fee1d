/* lnmatrix toolchain list|install|remove|verify|lock */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <libsmartcols.h>

#include "harness/base/fs.h"
#include "harness/base/str.h"
#include "harness/cli/live.h"
#include "harness/cli/session.h"

struct toolchain_args {
	struct places places;
	struct strv words;
	bool all, quick;
};

enum { OPT_ALL = 700, OPT_QUICK };

static const struct argp_option options[] = {
	{ "all", OPT_ALL, 0, 0, "list: what is published, too", 1 },
	{ "quick", OPT_QUICK, 0, 0, "verify: names, sizes and times only", 1 },
	{ 0, 0, 0, 0, "Where things are:", 90 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct toolchain_args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT: state->child_inputs[0] = &a->places; return 0;
	case OPT_ALL: a->all = true; return 0;
	case OPT_QUICK: a->quick = true; return 0;
	case ARGP_KEY_ARG: strv_add(&a->words, arg); return 0;
	case ARGP_KEY_END:
		if (a->words.n == 0)
			argp_error(state, "list, install, remove, verify or lock?");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_child children[] = { { &places_argp, 0, NULL, 0 }, { 0 } };
const struct argp toolchain_argp = {
	options, parse, "list|install|remove|verify|lock [SPEC...]",
	"Go toolchains in lnmatrix's cache.\v"
	"list     what is here (and with --all what is published)\n"
	"install  fetches what the specs name: 1.22.12, 1.22..1.27, 1.27rc1, latest\n"
	"remove   deletes it here\n"
	"verify   compares every file with what was laid out; without a SPEC all that is here\n"
	"lock     asks what is published today and writes versions and checksums to the lock\n"
	"         file; without a SPEC for all that stands in it. Needed sums are fetched.",
	children, NULL, NULL,
};

struct tool {
	const struct toolchain_args *a;
	struct session session;
	struct live *live;
	/* of an installation */
	VEC(struct toolchain *) wanted;
	size_t settled, failed;
	bool interrupted;
	uv_signal_t signal;
};

static void say(void *arg, const char *line)
{
	struct tool *t = arg;

	live_say(t->live, line);
}

static char *specs_of(const struct tool *t)
{
	struct str out = STR_INIT;

	for (size_t i = 1; i < t->a->words.n; i++)
		str_addf(&out, "%s%s", i > 1 ? "," : "", t->a->words.v[i]);
	return str_detach(&out);
}

static void installed(struct tool *t, struct strv *names)
{
	struct supplier *s = supply_supplier(t->session.supply);

	s->installed(s, names);
}

/* The releases that the words name; without any what is installed. */
static int releases(struct tool *t, struct strv *names, struct error *err)
{
	struct spec_list list;
	char *specs;
	int rc;

	if (t->a->words.n < 2) {
		installed(t, names);
		return 0;
	}
	specs = specs_of(t);
	rc = session_resolve(&t->session, specs, &list, err);
	mem_free(specs);
	if (rc < 0)
		return rc;
	for (size_t i = 0; rc == 0 && i < list.items.n; i++) {
		if (!list.items.v[i].is_version)
			rc = err_set(err, ERR_INPUT, "%s is not a release: local toolchains stay where they are",
				     list.items.v[i].base);
		else if (!strv_has(names, list.items.v[i].base))
			strv_add(names, list.items.v[i].base);
	}
	spec_list_dispose(&list);
	return rc;
}

/* --- list ----------------------------------------------------------------- */

static void add_row(struct libscols_table *table, const char *name, const char *state,
		    const char *sum, const char *path)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);

	scols_line_set_data(line, 0, name);
	scols_line_set_data(line, 1, state);
	scols_line_set_data(line, 2, sum);
	scols_line_set_data(line, 3, path);
}

static void list_one(struct tool *t, struct libscols_table *table, const struct gover *v,
		     const char *name)
{
	char *sum = supply_sum(t->session.supply, v), *path = supply_path(t->session.supply, v);
	const char *locked = lock_find_sum(&t->session.lock, v, session_platform());
	struct error err = { 0 };
	const char *state = "published";

	if (sum)
		state = supply_verify(t->session.supply, v, TREE_QUICK, NULL, &err) == 0 ? "installed"
											 : "damaged";
	if (sum || t->a->all)
		add_row(table, name, state, sum ? sum : locked ? locked : "", sum ? path : "");
	mem_free(sum);
	mem_free(path);
}

static int list(struct tool *t, struct error *err)
{
	struct libscols_table *table;
	struct strv names = { 0 };
	char name[GOVER_NAME];
	struct gover v;

	if (t->a->all && supply_list(t->session.supply, &t->session.published, err) < 0) {
		say(t, err->msg);
		err->code = ERR_OK;
	}
	scols_init_debug(0);
	table = scols_new_table();
	scols_table_new_column(table, "TOOLCHAIN", 0, 0);
	scols_table_new_column(table, "STATE", 0, 0);
	scols_table_new_column(table, "CHECKSUM", 0, 0);
	scols_table_new_column(table, "PATH", 0, 0);
	if (t->a->all) {
		for (size_t i = 0; i < t->session.published.n; i++)
			list_one(t, table, &t->session.published.v[i].v,
				 gover_name(name, &t->session.published.v[i].v));
	} else {
		installed(t, &names);
		for (size_t i = 0; i < names.n; i++)
			if (gover_parse(&v, names.v[i], err) == 0)
				list_one(t, table, &v, names.v[i]);
	}
	if (scols_table_get_nlines(table) == 0)
		say(t, "no toolchain is installed yet; `lnmatrix toolchain install 1.27` gets one");
	else
		scols_print_table(table);
	scols_unref_table(table);
	strv_free(&names);
	return 0;
}

/* --- install -------------------------------------------------------------- */

static void on_signal(uv_signal_t *handle, int sig)
{
	struct tool *t = handle->data;

	(void)sig;
	t->interrupted = true;
	supply_cancel(t->session.supply);
	jobs_cancel_all(t->session.jobs);
}

static void fill_live(void *arg, struct live_state *out)
{
	struct tool *t = arg;

	out->counts.planned = t->wanted.n;
	out->counts.done = t->settled;
	out->ndownloads = supply_downloads(t->session.supply, out->downloads, LNM_COUNT(out->downloads));
}

static void on_settled(void *arg, struct toolchain *tc)
{
	struct tool *t = arg;

	t->failed += tc->state == SUPPLY_FAILED;
	if (++t->settled == t->wanted.n) {
		live_stop(t->live);
		uv_close((uv_handle_t *)&t->signal, NULL);
	}
}

static int install_names(struct tool *t, const struct strv *names, struct error *err)
{
	struct supplier *s = supply_supplier(t->session.supply);

	for (size_t i = 0; i < names->n; i++) {
		struct spec_item item = { .name = names->v[i], .base = names->v[i], .is_version = true };
		struct toolchain *tc;

		if (gover_parse(&item.version, names->v[i], err) < 0)
			return err->code;
		tc = toolchain_new(&item);
		vec_push(&t->wanted, tc);
	}
	if (t->wanted.n == 0)
		return 0;
	uv_signal_init(&t->session.loop, &t->signal);
	t->signal.data = t;
	uv_signal_start(&t->signal, on_signal, SIGINT);
	live_start(t->live, &t->session.loop, fill_live, t);
	for (size_t i = 0; i < t->wanted.n; i++)
		s->need(s, t->wanted.v[i], on_settled, t);
	uv_run(&t->session.loop, UV_RUN_DEFAULT);
	if (t->interrupted)
		return err_set(err, ERR_INTERRUPTED, "interrupted; the same command goes on");
	for (size_t i = 0; i < t->wanted.n; i++) {
		char *sum = supply_sum(t->session.supply, &t->wanted.v[i]->version);

		if (sum)
			session_pin_sum(&t->session, &t->wanted.v[i]->version, sum);
		mem_free(sum);
	}
	if (t->failed)
		return err_set(err, ERR_WORK, "%zu of %zu toolchains could not be installed", t->failed,
			       t->wanted.n);
	return 0;
}

static int install(struct tool *t, struct error *err)
{
	struct strv names = { 0 };
	int rc = t->a->words.n < 2 ? err_set(err, ERR_INPUT, "install what? give specs such as 1.22..1.27")
				   : releases(t, &names, err);

	if (rc == 0)
		rc = install_names(t, &names, err);
	for (size_t i = 0; i < t->wanted.n; i++)
		if (t->wanted.v[i]->state == SUPPLY_READY)
			printf("%s\t%s\n", t->wanted.v[i]->name, t->wanted.v[i]->goroot);
	if (rc == 0)
		rc = session_save_pins(&t->session, err);
	strv_free(&names);
	return rc;
}

/* --- remove, verify ------------------------------------------------------- */

static int remove_names(struct tool *t, struct error *err)
{
	struct strv names = { 0 };
	struct gover v;
	int rc = t->a->words.n < 2 ? err_set(err, ERR_INPUT, "remove what? give specs such as 1.22.12")
				   : releases(t, &names, err);

	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		char *sum;

		gover_parse(&v, names.v[i], err);
		sum = supply_sum(t->session.supply, &v);
		rc = supply_remove(t->session.supply, &v, err);
		if (rc == 0)
			printf("%s\t%s\n", names.v[i], sum ? "removed" : "was not installed");
		mem_free(sum);
	}
	strv_free(&names);
	return rc;
}

static int verify(struct tool *t, struct error *err)
{
	struct strv names = { 0 };
	size_t bad = 0;
	struct gover v;
	int rc = releases(t, &names, err);

	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		struct tree_report report = { 0 };
		struct error why = { 0 };

		gover_parse(&v, names.v[i], err);
		if (supply_verify(t->session.supply, &v, t->a->quick ? TREE_QUICK : TREE_FULL, &report, &why) ==
		    0) {
			printf("%s\tgood\t%zu files\n", names.v[i], report.files);
		} else {
			bad++;
			printf("%s\tdamaged\t%s\n", names.v[i], why.msg);
			for (size_t k = 0; k < report.named.n; k++)
				printf("\t%s\n", report.named.v[k]);
		}
		tree_report_dispose(&report);
	}
	strv_free(&names);
	if (rc == 0 && bad)
		rc = err_set(err, ERR_WORK, "%zu damaged; the next run lays them out again, or "
			     "`lnmatrix toolchain install`", bad);
	return rc;
}

/* --- lock ----------------------------------------------------------------- */

/* What the words name, or what the lock file has, resolved by today's list alone. */
static int lock_versions(struct tool *t, struct lock *file, struct error *err)
{
	struct str specs = STR_INIT;
	struct strv names = { 0 };
	struct spec_list list;
	int rc;

	if (t->a->words.n > 1) {
		char *text = specs_of(t);

		str_add(&specs, text);
		mem_free(text);
	} else {
		for (size_t i = 0; i < file->specs.n; i++)
			str_addf(&specs, "%s%s", i ? "," : "", file->specs.v[i].spec);
	}
	if (specs.len == 0) {
		str_free(&specs);
		return err_set(err, ERR_INPUT, "%s pins nothing yet: lock what? give specs such as 1.22..1.27",
			       t->a->places.lock);
	}
	rc = spec_resolve(&list, specs.s, &t->session.published, NULL, err);
	str_free(&specs);
	if (rc < 0)
		return rc;
	spec_pin(&list, file);
	for (size_t i = 0; i < list.items.n; i++)
		if (list.items.v[i].is_version && !strv_has(&names, list.items.v[i].base))
			strv_add(&names, list.items.v[i].base);
	spec_list_dispose(&list);
	rc = install_names(t, &names, err);
	if (rc == ERR_INTERRUPTED) {
		strv_free(&names);
		return rc;
	}
	for (size_t i = 0; i < t->wanted.n; i++) {
		char *sum = supply_sum(t->session.supply, &t->wanted.v[i]->version);

		if (sum)
			lock_set_sum(file, &t->wanted.v[i]->version, session_platform(), sum);
		mem_free(sum);
	}
	strv_free(&names);
	return rc;
}

static int lock(struct tool *t, struct error *err)
{
	struct lock file;
	struct error saving = { 0 };
	int rc;

	if (supply_list(t->session.supply, &t->session.published, err) < 0)
		return err->code;
	if (lock_load(&file, t->a->places.lock, err) < 0)
		return err->code;
	rc = lock_versions(t, &file, err);
	/* What could be had is pinned even when something could not. */
	if (rc == 0 || rc == ERR_WORK) {
		if (lock_save(&file, t->a->places.lock, &saving) < 0) {
			*err = saving;
			rc = saving.code;
		} else {
			printf("%s\t%zu specs, %zu checksums\n", t->a->places.lock, file.specs.n, file.sums.n);
		}
	}
	lock_dispose(&file);
	return rc;
}

/* --- the command ---------------------------------------------------------- */

int cmd_toolchain(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(struct tool *t, struct error *err);
	} verbs[] = {
		{ "list", list }, { "install", install }, { "remove", remove_names },
		{ "verify", verify }, { "lock", lock },
	};
	struct toolchain_args a = { 0 };
	struct tool t = { .a = &a };
	struct error err = { 0 };
	size_t verb = 0;
	int status = 0;

	cli_parse(&toolchain_argp, argc, argv, &a);
	while (verb < LNM_COUNT(verbs) && strcmp(verbs[verb].name, a.words.v[0]) != 0)
		verb++;
	t.live = live_new(terminal_of(STDERR_FILENO));
	if (verb == LNM_COUNT(verbs))
		err_set(&err, ERR_INPUT, "toolchain: \"%s\" is none of list, install, remove, verify, lock",
			a.words.v[0]);
	else if (places_complete(&a.places, &err) == 0 &&
		 session_open(&t.session, &a.places, true, say, &t, &err) == 0)
		verbs[verb].run(&t, &err);
	if (err.code)
		status = complain(&err);
	for (size_t i = 0; i < t.wanted.n; i++)
		toolchain_free(t.wanted.v[i]);
	vec_free(&t.wanted);
	session_close(&t.session);
	live_free(t.live);
	places_dispose(&a.places);
	strv_free(&a.words);
	return status;
}
