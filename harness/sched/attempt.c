/* One cell's way through its steps: see engine.h. */
#include "harness/sched/engine_private.h"

#include <string.h>

#include "harness/base/str.h"
#include "results/judge.h"
#include "toolchains/cc.h"
#include "toolchains/gobuild.h"

/* One going through the steps of a cell. */
struct attempt {
	struct engine *e;
	struct cell *cell;
	unsigned repeat;
	bool rescue;               /* the second opinion, with -checklinkname=0 */
	struct steps *steps;
	struct request request;
	struct outcome outcome;
	struct build_question build;
	struct run_question run;
	struct tool_question tool;
	char *lowered, *package;   /* of the build asked last, which borrows them */
	bool asked, built, ran;    /* a build was answered, went well; a program was run */
	bool tooled;               /* a tool was answered */
	bool blocked;              /* waits for its toolchain */
	char *out_digest, *err_digest;
};

static void attempt_move(struct attempt *a, const struct answer *answer);
static void attempt_end(struct attempt *a);
static void steps_mistake(struct attempt *a, const char *what);

/* --- asking --------------------------------------------------------------- */

static uint64_t limit_of(const struct attempt *a)
{
	if (a->e->o.timeout_ms)
		return a->e->o.timeout_ms;
	return a->cell->k->timeout_ms ? a->cell->k->timeout_ms : ENGINE_TIMEOUT_MS;
}

/* What undefined behaviour comes to is seen in several runs. */
static unsigned repeats_of(const struct attempt *a)
{
	unsigned own = (unsigned)a->cell->k->repeats;

	return own > a->e->o.repeat ? own : a->e->o.repeat;
}

/* Judged by what the question itself came to; then the steps go on or end. */
static void take_answer(struct attempt *a, const struct ask *ask)
{
	struct answer answer = { .exit_status = ask->fact.exit_status,
				 .signal = a->outcome.signal,
				 .outcome = outcome_name(a->outcome.kind),
				 .out = ask->out.s, .out_len = ask->out.len,
				 .err = ask->err.s, .err_len = ask->err.len };

	answer.ok = outcome_is_good(a->outcome.kind);
	a->cell->asked = true;
	if (!ask->cached)
		a->cell->all_cached = false;
	a->cell->result.duration_ms += ask->fact.wall_ms;
	if (answer.ok || (a->request.may_fail && a->outcome.kind != OUTCOME_INFRA))
		attempt_move(a, &answer);
	else
		attempt_end(a);
}

static void could_not_ask(struct attempt *a, const struct ask *ask)
{
	if (ask->why == ERR_INTERRUPTED)
		a->cell->dropped = true;
	if (ask->kind == ASK_RUN && ask->why == ERR_INPUT) { /* there is nothing that could be run */
		mem_free(a->cell->not_run);
		a->cell->not_run = mem_strdup(ask->failure);
		strv_add(&a->outcome.notes, ask->failure);
		attempt_end(a);
		return;
	}
	judge_prepare(&a->outcome, OUTCOME_INFRA, ask->failure);
	a->cell->all_cached = false;
	attempt_end(a);
}

static void on_built(void *arg, const struct ask *ask)
{
	struct attempt *a = arg;
	struct seen seen = ask_seen(ask, a->build.timeout_ms);

	if (ask->failed) {
		could_not_ask(a, ask);
		return;
	}
	judge_build(&a->outcome, &seen, NULL);
	a->asked = true;
	a->built = outcome_is_good(a->outcome.kind);
	take_answer(a, ask);
}

static void build_now(struct attempt *a)
{
	ask_build(a->e->d.asker, &a->build, on_built, a);
}

static void on_tool(void *arg, const struct ask *ask)
{
	struct attempt *a = arg;
	struct seen seen = ask_seen(ask, a->tool.timeout_ms);
	struct answer answer = { .exit_status = ask->fact.exit_status,
				 .ok = ask->fact.exit_status == 0,
				 .out = ask->out.s, .out_len = ask->out.len,
				 .err = ask->err.s, .err_len = ask->err.len };

	if (ask->failed) {
		could_not_ask(a, ask);
		return;
	}
	a->tooled = a->cell->asked = true;
	if (!ask->cached)
		a->cell->all_cached = false;
	a->cell->result.duration_ms += ask->fact.wall_ms;
	if (judge_tool(&a->outcome, &seen))
		attempt_move(a, &answer);
	else
		attempt_end(a);
}

static void tool_now(struct attempt *a)
{
	ask_tool(a->e->d.asker, &a->build, &a->tool, on_tool, a);
}

static void ask_now(struct attempt *a)
{
	if (a->request.kind == REQUEST_TOOL)
		tool_now(a);
	else
		build_now(a);
}

static void fail_toolchain(struct attempt *a)
{
	if (a->cell->tc->why == ERR_INTERRUPTED)
		a->cell->dropped = true;
	judge_prepare(&a->outcome, OUTCOME_INFRA, a->cell->tc->failure);
	a->cell->all_cached = false;
	attempt_end(a);
}

static void on_identified(void *arg, struct toolchain *tc)
{
	struct attempt *a = arg;
	struct engine *e = a->e;

	e->blocked--;
	a->blocked = false;
	if (tc->state == SUPPLY_FAILED)
		fail_toolchain(a); /* which ends it */
	else
		ask_now(a);
	engine_admit(e);
}

/* The go line of the fixture against the toolchain: cmd/go of 1.21 and newer refuses
 * a newer one, older ones only mention it; the contract makes both `unsupported`. */
static bool go_line_allows(struct attempt *a)
{
	const struct fixture *f = &a->cell->k->fixture;
	const struct gover *have = &a->cell->tc->version;
	struct gover line, lang;
	char *text;

	if (!f->go_line || gover_parse(&line, f->go_line, &(struct error){ 0 }) < 0)
		return true; /* the go command has its own words for that */
	lang = gover_lang(&line);
	if (gover_parse_minor(&lang, f->go_line) ? gover_cmp_minor(&line, have) <= 0
						  : gover_cmp(&line, have) <= 0)
		return true;
	if (a->e->o.lower_go_line) {
		mem_free(a->lowered);
		a->lowered = mem_printf("%d.%d", have->major, have->minor);
		text = mem_printf("go.mod's go line lowered from %s to %s", f->go_line, a->lowered);
		if (!strv_has(&a->outcome.notes, text))
			strv_add(&a->outcome.notes, text);
		mem_free(text);
		return true;
	}
	text = mem_printf("go.mod says go %s, newer than %s; --go-line=lower would lower it", f->go_line,
			  a->cell->tc->base);
	judge_prepare(&a->outcome, OUTCOME_UNSUPPORTED, text);
	mem_free(text);
	return false;
}

/* An older Go passes the variable of a level over in silence: what it builds is not what
 * was asked for. */
static bool level_known(struct attempt *a)
{
	const struct target *t = a->cell->target;
	const struct gover *v = &a->cell->tc->version;
	char *text;

	if (!t->level[0] || v->major > 1 || v->minor >= t->level_since)
		return true;
	text = mem_printf("%s does not know %s=%s: the variable came with Go 1.%d", a->cell->tc->base,
			  t->level_var, t->level, t->level_since);
	judge_prepare(&a->outcome, OUTCOME_UNSUPPORTED, text);
	mem_free(text);
	return false;
}

/* With cgo a C compiler for the target takes part; a program of shared packages needs a shared std. */
static bool parts_known(struct attempt *a)
{
	const struct target *t = a->cell->target;
	const char *package = cc_package(t);
	char *text;

	if (a->cell->variant->buildmode && strcmp(a->cell->variant->buildmode, "shared") == 0) {
		judge_prepare(&a->outcome, OUTCOME_UNSUPPORTED, "buildmode=shared needs std as a shared library in "
			      "GOROOT (go install -buildmode=shared std), and toolchains are left as they are");
		return false;
	}
	if (!a->cell->cgo || cc_path(t))
		return true;
	text = package ? mem_printf("no C compiler for %s here; install %s", t->name, package)
		       : mem_printf("no C compiler for %s is known", t->name);
	judge_prepare(&a->outcome, OUTCOME_UNSUPPORTED, text);
	mem_free(text);
	return false;
}

/* Asks what the request is about as soon as the toolchain is known. */
static void want_toolchain(struct attempt *a)
{
	struct cell *c = a->cell;

	if (!level_known(a) || !go_line_allows(a) || !parts_known(a)) {
		attempt_end(a);
		return;
	}
	mem_free(a->package);
	a->package = mem_strdup(a->request.package ? a->request.package : c->k->package);
	a->build = (struct build_question){
		.tc = c->tc,
		.target = c->target,
		.variant = c->variant,
		.cgo = c->cgo,
		.rescue = a->rescue,
		.fixture = &c->k->fixture,
		.lowered = a->lowered,
		.package = a->package,
		.host = variant_is_program(c->variant) ? NULL : c->k->host,
		.timeout_ms = limit_of(a),
	};
	if (c->tc->state == SUPPLY_FAILED) {
		fail_toolchain(a);
	} else if (!c->tc->identity) {
		a->blocked = true;
		a->e->blocked++;
		a->e->d.supplier->need(a->e->d.supplier, c->tc, on_identified, a);
	} else {
		ask_now(a);
	}
}

/* --- running -------------------------------------------------------------- */

static struct runner *runner_of(struct engine *e, const char *target, struct runner **missing)
{
	for (size_t i = 0; i < e->o.runner_names.n; i++) {
		const char *s = e->o.runner_names.v[i], *eq = strchr(s, '=');
		struct runner *r = runners_named(e->d.runners, eq ? eq + 1 : s);

		if (eq && (strlen(target) != (size_t)(eq - s) || strncmp(target, s, (size_t)(eq - s)) != 0))
			continue;
		if (eq)
			return r;
		for (size_t k = 0; k < r->targets.n; k++)
			if (str_glob(r->targets.v[k], target))
				return r;
	}
	return runners_for(e->d.runners, target, missing);
}

/* Did the program end by itself, but not with what the document says that it prints? */
static bool claim_output_differs(const struct rule *says, const struct seen *seen)
{
	struct outcome scratch = { 0 };
	struct run_expectation want = { 0 };
	bool differs;

	if (!says || !(says->out || says->err || says->has_exit))
		return false;
	want.out = (struct text){ says->out, says->out ? strlen(says->out) : 0 };
	want.err = (struct text){ says->err, says->err ? strlen(says->err) : 0 };
	want.has_exit = says->has_exit;
	want.exit_status = says->exit_status;
	judge_run(&scratch, seen, &want);
	differs = scratch.kind == OUTCOME_RUN_WRONG;
	outcome_dispose(&scratch);
	return differs;
}

static void on_ran(void *arg, const struct ask *ask)
{
	struct attempt *a = arg;
	struct kase *k = a->cell->k;
	struct seen seen = ask_seen(ask, a->run.timeout_ms);
	struct run_expectation want = { 0 };
	struct place place = cell_place(a->cell);
	const struct rule *rule = rules_find(&k->expect, &place);
	const char *out = rule && rule->out ? rule->out : k->fixture.want_out;
	const char *errs = rule && rule->err ? rule->err : k->fixture.want_err;

	if (ask->failed) {
		could_not_ask(a, ask);
		return;
	}
	a->ran = true;
	mem_free(a->out_digest);
	mem_free(a->err_digest);
	a->out_digest = ask->fact.has_out ? mem_strdup(ask->fact.out) : NULL;
	a->err_digest = ask->fact.has_err ? mem_strdup(ask->fact.err) : NULL;
	if (a->request.check) {
		want.out = (struct text){ out, out ? strlen(out) : 0 };
		want.err = (struct text){ errs, errs ? strlen(errs) : 0 };
		want.has_exit = (rule && rule->has_exit) || k->fixture.has_want_exit;
		want.exit_status = rule && rule->has_exit ? rule->exit_status : k->fixture.want_exit;
	}
	judge_run(&a->outcome, &seen, &want);
	if (a->request.check)
		a->cell->claim_differs |= claim_output_differs(rules_find(&k->claim.says, &place), &seen);
	judge_run_limits(&a->outcome, &seen, a->run.runner->native, EXEC_RUN_MEGABYTES);
	take_answer(a, ask);
}

static void on_canary(void *arg, struct canary *canary)
{
	struct attempt *a = arg;

	if (a->rescue)
		a->cell->rescue_canary = canary;
	else
		a->cell->canary = canary;
	if (canary_blocks_runs(canary)) { /* it hung, or could not start: so would this */
		judge_prepare(&a->outcome, OUTCOME_INFRA, canary_message(canary));
		attempt_end(a);
		return;
	}
	ask_run(a->e->d.asker, &a->build, &a->run, on_ran, a);
}

static void on_versioned(void *arg, struct runner *r)
{
	struct attempt *a = arg;
	struct canary_place place = { .tc = a->cell->tc, .target = a->cell->target, .runner = r };

	if (!r->key) {
		char *text = mem_printf("runner %s does not answer: %s", r->name,
					r->version ? r->version : "its version could not be asked");

		judge_prepare(&a->outcome, OUTCOME_INFRA, text);
		mem_free(text);
		attempt_end(a);
		return;
	}
	canary_need(a->e->canaries, &place, on_canary, a);
}

static void on_tool_versioned(void *arg, struct runner *r)
{
	struct attempt *a = arg;

	if (r->key) {
		want_toolchain(a);
		return;
	}
	judge_prepare(&a->outcome, OUTCOME_INFRA, "the runner does not answer");
	attempt_end(a);
}

/* A library needs something that loads it. */
static bool makes_program(const struct attempt *a)
{
	return variant_is_program(a->cell->variant) || a->cell->k->host;
}

static void no_runner(struct attempt *a, const struct runner *missing)
{
	struct cell *c = a->cell;

	mem_free(c->not_run);
	if (!makes_program(a))
		c->not_run = mem_printf("not run: buildmode=%s makes no program", c->variant->buildmode);
	else if (missing)
		c->not_run = mem_printf("not run: no runner for %s here; install %s", c->target->name,
					missing->package ? missing->package : missing->name);
	else
		c->not_run = mem_printf("not run: no runner for %s here", c->target->name);
	if (!strv_has(&a->outcome.notes, c->not_run))
		strv_add(&a->outcome.notes, c->not_run);
	attempt_end(a);
}

static void want_run(struct attempt *a)
{
	struct kase *k = a->cell->k;
	struct runner *missing, *r;

	if (!a->asked) {
		steps_mistake(a, "the steps run before they build");
		return;
	}
	if (!a->built) { /* its failure was allowed, but there is nothing to run */
		attempt_end(a);
		return;
	}
	r = runner_of(a->e, a->cell->target->name, &missing);
	if (!makes_program(a))
		r = NULL;
	if (!k->run || !r) {
		if (k->run)
			no_runner(a, missing);
		else
			attempt_end(a);
		return;
	}
	a->run = (struct run_question){
		.runner = r,
		.args = a->request.has_args ? &a->request.args : &k->args,
		.env = a->request.has_env ? &a->request.env : &k->env,
		.input = a->request.has_input ? a->request.input : k->input,
		.repeat = a->repeat,
		.round = a->request.round,
		.timeout_ms = limit_of(a),
	};
	if (r->key)
		on_versioned(a, r);
	else
		a->e->d.versioner->ask(a->e->d.versioner, r, on_versioned, a);
}

/* --- tools ---------------------------------------------------------------- */

static void want_tool(struct attempt *a)
{
	struct runner *missing, *r = NULL;

	if (a->request.tool == TOOL_OBJDUMP && !a->asked) {
		steps_mistake(a, "the steps disassemble before they build");
		return;
	}
	if (a->request.tool == TOOL_OBJDUMP && !a->built) { /* there is nothing to look at */
		attempt_end(a);
		return;
	}
	if (a->request.tool == TOOL_TEST) {
		r = runner_of(a->e, a->cell->target->name, &missing);
		if (!r) {
			no_runner(a, missing);
			return;
		}
	}
	a->tool = (struct tool_question){ .tool = a->request.tool, .args = &a->request.args, .runner = r,
					  .timeout_ms = limit_of(a) };
	if (a->request.tool == TOOL_OBJDUMP)
		tool_now(a); /* about the build asked last */
	else if (r && !r->key)
		a->e->d.versioner->ask(a->e->d.versioner, r, on_tool_versioned, a);
	else
		want_toolchain(a);
}

/* --- attempts ------------------------------------------------------------- */

static void scenario_failed(struct attempt *a)
{
	judge_prepare(&a->outcome, OUTCOME_INFRA, a->request.message);
	if (!a->e->scenario_error)
		a->e->scenario_error = mem_strdup(a->request.message);
	attempt_end(a);
}

static void steps_mistake(struct attempt *a, const char *what)
{
	const struct kase *k = a->cell->k;

	mem_free(a->request.message);
	a->request.message = mem_printf("%s:%d: case \"%s\": %s", k->scenario->path, k->line, k->name, what);
	scenario_failed(a);
}

static void attempt_move(struct attempt *a, const struct answer *answer)
{
	request_dispose(&a->request);
	steps_resume(a->steps, answer, &a->request);
	switch (a->request.kind) {
	case REQUEST_BUILD:
		want_toolchain(a);
		return;
	case REQUEST_TOOL:
		want_tool(a);
		return;
	case REQUEST_RUN:
		want_run(a);
		return;
	case REQUEST_END:
		if (!a->asked && !a->tooled) {
			steps_mistake(a, "the steps end before they build");
			return;
		}
		if (!a->asked) /* what the tools said is all that there is */
			a->outcome.kind = OUTCOME_PASS;
		if (a->outcome.kind != OUTCOME_PASS && a->outcome.kind != OUTCOME_LINKED) {
			/* the steps saw a failure and found nothing wrong with it */
			a->outcome.kind = a->ran ? OUTCOME_PASS : OUTCOME_LINKED;
			strv_free(&a->outcome.symbols);
			outcome_set_message(&a->outcome, "");
		}
		attempt_end(a);
		return;
	case REQUEST_FAIL:
		judge_check(&a->outcome, a->request.message);
		attempt_end(a);
		return;
	case REQUEST_ERROR:
		scenario_failed(a);
		return;
	}
}

void attempt_begin(struct engine *e, struct cell *c, unsigned repeat, bool rescue)
{
	struct attempt *a = mem_zalloc(sizeof(*a));
	char version[GOVER_NAME];
	struct cell_view view = {
		.toolchain = c->tc->name,
		.version = gover_name(version, &c->tc->version) + 2, /* past "go" */
		.target = c->target->name,
		.goos = c->target->goos,
		.goarch = c->target->goarch,
		.variant = c->variant->name,
		.cgo = c->cgo,
	};

	a->e = e;
	a->cell = c;
	a->repeat = repeat;
	a->rescue = rescue;
	a->outcome.kind = OUTCOME_LINKED;
	a->outcome.stage = STAGE_PREPARE;
	a->steps = steps_start(c->k, &view);
	attempt_move(a, NULL);
}

static void attempt_free(struct attempt *a)
{
	steps_free(a->steps);
	request_dispose(&a->request);
	outcome_dispose(&a->outcome);
	mem_free(a->lowered);
	mem_free(a->package);
	mem_free(a->out_digest);
	mem_free(a->err_digest);
	mem_free(a);
}

/* --- the end of a cell ---------------------------------------------------- */

static void on_refused(void *arg, const struct ask *ask)
{
	struct attempt *a = arg;
	struct engine *e = a->e;
	struct cell *c = a->cell;

	if (ask->failed) {
		c->result.outcome.symbols_unknown = true;
		strv_addf(&c->result.outcome.notes, "not every refused symbol could be asked for: %s",
			  ask->failure);
	} else {
		judge_refused(&c->result.outcome, (struct text){ ask->out.s, ask->out.len });
		if (!ask->cached)
			c->all_cached = false;
		if (ask->err.len) {
			c->result.outcome.symbols_unknown = true;
			strv_addf(&c->result.outcome.notes, "the search for refused symbols ended early: %s",
				  ask->err.s);
		}
	}
	attempt_free(a);
	if (e->stopping) {
		c->dropped = true;
		cell_end(e, c);
	} else {
		attempt_begin(e, c, 0, true);
	}
}

/* The remarks of the steps become part of the outcome. */
static void keep_remarks(struct attempt *a)
{
	const struct cell_remarks *r = steps_remarks(a->steps);

	for (size_t i = 0; i < r->layouts.n; i++)
		layout_pairs_add(&a->cell->layouts, r->layouts.v[i].copy, r->layouts.v[i].of);
	for (size_t i = 0; i < r->notes.n; i++)
		strv_add(&a->outcome.notes, r->notes.v[i]);
	for (size_t i = 0; i < r->findings.n; i++) {
		const struct finding *f = &r->findings.v[i];
		struct finding *mine = outcome_add_finding(&a->outcome, f->kind, f->severity, f->message);

		mine->symbol = mem_strdup(f->symbol);
		mine->local = mem_strdup(f->local);
		mine->target = mem_strdup(f->target);
		mine->file = mem_strdup(f->file);
		mine->line = f->line;
	}
}

static char *plain_command(const struct attempt *a)
{
	struct gobuild b = { .version = a->cell->tc->version,
			     .target = a->cell->target,
			     .variant = a->cell->variant,
			     .cgo = a->cell->cgo,
			     .overlay = a->cell->tc->edits.n ? "" : NULL,
			     .package = a->cell->k->package };

	return gobuild_command(&b, a->cell->tc->base);
}

/* All repeats are in: the first speaks for the cell unless they disagree. */
static void cell_take_outcome(struct attempt *a)
{
	struct cell *c = a->cell;

	c->result.outcome = c->repeats.v[0];
	judge_repeats(&c->result.outcome, c->repeats.v, c->repeats.n);
	for (size_t i = 1; i < c->repeats.n; i++)
		outcome_dispose(&c->repeats.v[i]);
	vec_free(&c->repeats);
	c->result.command = plain_command(a);
	c->result.out_digest = a->out_digest;
	c->result.err_digest = a->err_digest;
	a->out_digest = a->err_digest = NULL;
	if (a->ran && a->run.runner->identity)
		c->result.runner = mem_strdup(a->run.runner->identity);
}

static void rescue_end(struct attempt *a)
{
	struct engine *e = a->e;
	struct cell *c = a->cell;

	c->result.outcome.rescue = judge_rescue(&a->outcome);
	if (a->outcome.kind == OUTCOME_INFRA || a->outcome.kind == OUTCOME_TIMEOUT) {
		c->result.outcome.rescue_unknown = true;
		strv_addf(&c->result.outcome.notes, "no second opinion: %s",
			  a->outcome.message ? a->outcome.message : "");
	}
	if (e->stopping && a->outcome.kind == OUTCOME_INFRA)
		c->dropped = true;
	attempt_free(a);
	cell_end(e, c);
}

static void attempt_end(struct attempt *a)
{
	struct engine *e = a->e;
	struct cell *c = a->cell;
	unsigned next = a->repeat + 1;
	bool rejected;

	if (a->rescue) {
		rescue_end(a);
		return;
	}
	keep_remarks(a);
	if (e->stopping && ((next < repeats_of(a) && a->ran) || a->outcome.kind == OUTCOME_LINK_REJECTED ||
			    a->outcome.kind == OUTCOME_INFRA))
		c->dropped = true; /* half a cell is none, nor is one that was cancelled */
	vec_push(&c->repeats, a->outcome);
	a->outcome = (struct outcome){ 0 };
	if (next < repeats_of(a) && a->ran && !e->stopping) {
		attempt_free(a);
		attempt_begin(e, c, next, false);
		return;
	}
	cell_take_outcome(a);
	rejected = c->result.outcome.kind == OUTCOME_LINK_REJECTED;
	if (rejected && !e->stopping) {
		ask_refused(e->d.asker, &a->build, on_refused, a);
		return;
	}
	attempt_free(a);
	cell_end(e, c);
}
