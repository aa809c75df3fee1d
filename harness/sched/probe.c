#include "harness/sched/probe.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/fs.h"
#include "results/diagnose.h"
#include "toolchains/goobj.h"

enum { LINK_TIMEOUT_MS = 60000, MAX_REFUSED = 1000 };

struct probe {
	struct jobs *jobs;
	char *link, *tmp, *cfg_path, *main_path;
	char *first_package, *first_symbol, *first_sentence;
	struct strv flags, env;
	struct str cfg, main_package;
	struct strv seen;            /* "package\tsymbol" */
	struct probe_result result;
	unsigned links;
	bool plain;                  /* once more without the short cut */
	uint64_t started;
	uv_timer_t later;
	probe_fn *fn;
	void *arg;
};

static void on_closed(uv_handle_t *h)
{
	struct probe *p = h->data;

	p->result.wall_ms = (uv_hrtime() - p->started) / 1000000;
	p->fn(p->arg, &p->result);
	mem_free(p->link);
	mem_free(p->tmp);
	mem_free(p->cfg_path);
	mem_free(p->main_path);
	mem_free(p->first_package);
	mem_free(p->first_symbol);
	mem_free(p->first_sentence);
	strv_free(&p->flags);
	strv_free(&p->env);
	str_free(&p->cfg);
	str_free(&p->main_package);
	strv_free(&p->seen);
	str_free(&p->result.lines);
	str_free(&p->result.trouble);
	mem_free(p);
}

static void finish(struct probe *p)
{
	uv_close((uv_handle_t *)&p->later, on_closed);
}

static void give_up(struct probe *p, const char *why)
{
	str_add(&p->result.trouble, why);
	finish(p);
}

/* --- the work folder that go build left ---------------------------------- */

static char *find_cfg(const char *tmp)
{
	DIR *dir = opendir(tmp);
	struct dirent *e;
	char *found = NULL;

	while (dir && !found && (e = readdir(dir)) != NULL) {
		char *path;

		if (!str_starts(e->d_name, "go-build"))
			continue;
		path = mem_printf("%s/%s/b001/importcfg.link", tmp, e->d_name);
		if (fs_exists(path))
			found = path;
		else
			mem_free(path);
	}
	if (dir)
		closedir(dir);
	return found;
}

static bool read_work(struct probe *p, struct error *err)
{
	struct str path = STR_INIT;
	char *cfg = find_cfg(p->tmp);
	bool ok = cfg && fs_read(&p->cfg, cfg, err) == 0 &&
		  importcfg_main(&p->main_package, &path, p->cfg.s);

	if (ok)
		p->main_path = str_detach(&path);
	str_free(&path);
	mem_free(cfg);
	return ok;
}

/* --- one refusal ---------------------------------------------------------- */

static int put_file(struct probe *p, char **path, const struct str *data, const char *what,
		    struct error *err)
{
	*path = mem_printf("%s/probe%u.%s", p->tmp, p->links, what);
	return fs_write(*path, data->s, data->len, 0666, err);
}

/* Takes the refused symbol out of the archive that refers to it. */
static int neutralise(struct probe *p, const char *package, const char *symbol, struct error *err)
{
	struct str archive = STR_INIT, path = STR_INIT, changed = STR_INIT;
	bool is_main = strcmp(package, "main") == 0 || strcmp(package, p->main_package.s) == 0 ||
		       !importcfg_find(&path, p->cfg.s, package);
	char *copy = NULL;
	size_t count = 0;
	int rc;

	rc = fs_read(&archive, is_main ? p->main_path : path.s, err);
	if (rc == 0)
		rc = goobj_neutralise(&archive, symbol, &count, err);
	if (rc == 0 && count == 0)
		rc = err_set(err, ERR_WORK, "%s does not name %s", package, symbol);
	if (rc == 0)
		rc = put_file(p, &copy, &archive, "a", err);
	if (rc == 0 && is_main) {
		mem_free(p->main_path);
		p->main_path = copy;
		copy = NULL;
	} else if (rc == 0) {
		if (importcfg_with(&changed, p->cfg.s, package, copy)) {
			str_clear(&p->cfg);
			str_addn(&p->cfg, changed.s, changed.len);
		} else {
			rc = err_set(err, ERR_WORK, "no package %s in importcfg", package);
		}
	}
	mem_free(copy);
	str_free(&archive);
	str_free(&path);
	str_free(&changed);
	return rc;
}

static void on_link_exit(struct job *job, void *arg);

static int start_link(struct probe *p, struct error *err)
{
	struct job_spec spec = { .timeout_ms = LINK_TIMEOUT_MS, .first_signal = SIGKILL };
	struct strv argv = { 0 };
	int rc;

	p->links++;
	mem_free(p->cfg_path);
	rc = put_file(p, &p->cfg_path, &p->cfg, "cfg", err);
	if (rc < 0)
		return rc;
	strv_add(&argv, p->link);
	strv_add(&argv, "-o");
	strv_addf(&argv, "%s/probe.out", p->tmp);
	strv_add(&argv, "-importcfg");
	strv_add(&argv, p->cfg_path);
	for (size_t i = 0; i < p->flags.n; i++)
		strv_add(&argv, p->flags.v[i]);
	if (!p->plain) {
		strv_add(&argv, GOOBJ_PROBE_LINKMODE);
		strv_addf(&argv, "%s%s/absent", GOOBJ_PROBE_TMPDIR, p->tmp);
	}
	strv_add(&argv, p->main_path);
	spec.argv = strv_argv(&argv);
	spec.env = strv_argv(&p->env);
	spec.cwd = p->tmp;
	job_start(p->jobs, &spec, on_link_exit, p);
	strv_free(&argv);
	return 0;
}

static void refused(struct probe *p, const char *package, const char *symbol, const char *sentence)
{
	char *pair = mem_printf("%s\t%s", package, symbol);
	struct error err = { 0 };
	bool again = strv_has(&p->seen, pair) || p->seen.n >= MAX_REFUSED;

	if (!again)
		strv_add(&p->seen, pair);
	mem_free(pair);
	if (again) {
		give_up(p, "the linker names the same symbol again");
		return;
	}
	str_addf(&p->result.lines, "%s\t%s\n", symbol, sentence);
	p->plain = false;
	if (neutralise(p, package, symbol, &err) < 0 || start_link(p, &err) < 0)
		give_up(p, err.msg);
}

static void on_link_exit(struct job *job, void *arg)
{
	struct probe *p = arg;
	struct ending end = { .exit_status = job->exit_status, .signal = job->term_signal,
			      .timed_out = job->end == JOB_TIMED_OUT };
	struct diagnosis d;
	struct error err = { 0 };
	bool complete;

	if (job->end == JOB_CANCELLED) {
		p->result.cancelled = true;
		finish(p);
		return;
	}
	if (job->end != JOB_EXITED) {
		give_up(p, job->end == JOB_TIMED_OUT ? "a link timed out" : "a link did not end by itself");
		return;
	}
	/* All objects were loaded and judged when it wants to write go.o. */
	complete = job->exit_status == 0 || strstr(job->err.s, "/absent/go.o");
	diagnose_build(&d, (struct text){ job->err.s, job->err.len }, &end, NULL);
	if (d.kind == OUTCOME_LINK_REJECTED && d.symbols.n)
		refused(p, d.package ? d.package : "main", d.symbols.v[0], d.message);
	else if (d.kind == OUTCOME_INFRA)
		give_up(p, d.message);
	else if (d.kind == OUTCOME_UNSUPPORTED)
		give_up(p, "the linker does not take the flags of this build");
	else if (complete || p->plain)
		finish(p); /* a whole link that fails otherwise was past the check, too */
	else {
		p->plain = true;
		if (start_link(p, &err) < 0)
			give_up(p, err.msg);
	}
	diagnosis_dispose(&d);
}

/* --- the start ------------------------------------------------------------ */

static void on_later(uv_timer_t *t)
{
	struct probe *p = t->data;
	struct error err = { 0 };

	if (read_work(p, &err))
		refused(p, p->first_package, p->first_symbol, p->first_sentence);
	else
		give_up(p, err.code ? err.msg : "go build left no importcfg.link behind");
}

struct probe *probe_start(struct jobs *jobs, const struct gobuild *build, const char *package,
			  const char *symbol, const char *sentence, probe_fn *fn, void *arg)
{
	struct probe *p = mem_zalloc(sizeof(*p));

	p->jobs = jobs;
	p->fn = fn;
	p->arg = arg;
	p->started = uv_hrtime();
	p->link = gobuild_tool(build->goroot, "link");
	p->tmp = mem_strdup(build->tmp);
	p->cfg = p->main_package = (struct str)STR_INIT;
	p->result.lines = p->result.trouble = (struct str)STR_INIT;
	p->first_package = mem_strdup(package);
	p->first_symbol = mem_strdup(symbol);
	p->first_sentence = mem_strdup(sentence);
	variant_link_flags(build->variant, &p->flags);
	gobuild_env(build, &p->env);
	uv_timer_init(jobs_loop(jobs), &p->later);
	p->later.data = p;
	uv_timer_start(&p->later, on_later, 0, 0); /* fn must not be called from within */
	return p;
}
