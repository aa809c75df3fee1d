#include "results/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/str.h"

static void take(struct outcome *o, struct diagnosis *d, const struct seen *seen)
{
	mem_free(o->message);
	mem_free(o->signal);
	strv_free(&o->symbols);
	o->kind = d->kind;
	o->stage = d->stage;
	o->message = mem_strdup(d->message ? d->message : "");
	o->signal = mem_strdup(d->signal);
	o->symbols = d->symbols;
	d->symbols = (struct strv){ 0 };
	o->has_exit = seen && strcmp(seen->end, "exited") == 0;
	o->exit_status = o->has_exit ? seen->exit_status : 0;
	diagnosis_dispose(d);
}

/* Ends that are ours or the machine's to explain, not the text's. */
static bool ended_otherwise(struct outcome *o, const struct seen *seen, enum stage stage)
{
	struct diagnosis d = { .kind = OUTCOME_INFRA, .stage = stage };

	if (strcmp(seen->end, "not-started") == 0)
		d.message = mem_printf("could not be started: %.*s", (int)seen->err.n,
				       seen->err.s ? seen->err.s : "");
	else if (strcmp(seen->end, "cancelled") == 0)
		d.message = mem_strdup("interrupted");
	else
		return false;
	take(o, &d, seen);
	return true;
}

static struct ending ending_of(const struct seen *seen)
{
	return (struct ending){ .exit_status = seen->exit_status,
				.signal = seen->term_signal,
				.timed_out = strcmp(seen->end, "timed-out") == 0 };
}

static void say_limit(struct outcome *o, const struct seen *seen, const char *what)
{
	char *text;

	if (o->kind != OUTCOME_TIMEOUT)
		return;
	text = mem_printf("the %s was still going after %.3g s and was stopped", what,
			  (double)seen->timeout_ms / 1000.0);
	outcome_set_message(o, text);
	mem_free(text);
}

void judge_build(struct outcome *o, const struct seen *build, const struct path_aliases *aliases)
{
	struct ending end = ending_of(build);
	struct diagnosis d;

	if (ended_otherwise(o, build, STAGE_PREPARE))
		return;
	diagnose_build(&d, build->err, &end, aliases);
	take(o, &d, build);
	say_limit(o, build, "build");
}

void judge_run(struct outcome *o, const struct seen *run, const struct run_expectation *want)
{
	struct ending end = ending_of(run);
	struct diagnosis d;

	if (ended_otherwise(o, run, STAGE_RUN))
		return;
	if (strcmp(run->end, "flooded") == 0) {
		d = (struct diagnosis){ .kind = OUTCOME_RUN_WRONG, .stage = STAGE_RUN };
		d.message = mem_strdup("wrote far more than the 1 MB of output that is kept, and was stopped");
		take(o, &d, run);
		return;
	}
	diagnose_run(&d, run->out, run->err, &end, want, NULL);
	take(o, &d, run);
	say_limit(o, run, "program");
}

static bool says(struct text t, const char *what)
{
	return t.s && memmem(t.s, t.n, what, strlen(what));
}

void judge_run_limits(struct outcome *o, const struct seen *run, bool native, unsigned megabytes)
{
	if (o->kind == OUTCOME_RUN_CRASH && (says(run->err, "out of memory") ||
					     says(run->err, "cannot allocate memory")))
		strv_addf(&o->notes, "programs are given %u MB of data each (RLIMIT_DATA)", megabytes);
	if (!native && !outcome_is_good(o->kind) &&
	    (says(run->out, "exec format error") || says(run->err, "exec format error")))
		judge_prepare(o, OUTCOME_INFRA, "the program starts one of its own architecture, which this "
			      "machine cannot under an emulator (\"exec format error\") unless binfmt_misc "
			      "is set up for it");
}

bool judge_tool(struct outcome *o, const struct seen *tool)
{
	if (strcmp(tool->end, "exited") == 0)
		return true;
	judge_build(o, tool, NULL);
	return false;
}

void judge_check(struct outcome *o, const char *message)
{
	o->kind = OUTCOME_RUN_WRONG;
	o->stage = STAGE_RUN;
	outcome_set_message(o, message);
}

void judge_prepare(struct outcome *o, enum outcome_kind kind, const char *message)
{
	o->kind = kind;
	o->stage = STAGE_PREPARE;
	o->has_exit = false;
	outcome_set_message(o, message);
}

void judge_refused(struct outcome *o, struct text lines)
{
	const char *p = lines.s, *end = lines.s + lines.n;

	while (p && p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		const char *stop = nl ? nl : end;
		const char *tab = memchr(p, '\t', (size_t)(stop - p));
		char *symbol = mem_strndup(p, (size_t)((tab ? tab : stop) - p));

		if (*symbol)
			outcome_add_symbol(o, symbol);
		mem_free(symbol);
		p = stop + 1;
	}
}

enum rescue judge_rescue(const struct outcome *with_flag)
{
	if (outcome_is_good(with_flag->kind))
		return RESCUE_REJECTED_ONLY;
	if (with_flag->kind == OUTCOME_LINK_UNDEFINED)
		return RESCUE_GONE;
	if (with_flag->kind == OUTCOME_INFRA || with_flag->kind == OUTCOME_TIMEOUT)
		return RESCUE_NONE;
	return RESCUE_CHANGED;
}

void judge_repeats(struct outcome *o, const struct outcome *repeats, size_t n)
{
	unsigned counts[OUTCOME_KINDS] = { 0 }, kinds = 0;
	struct str text = STR_INIT;

	for (size_t i = 0; i < n; i++)
		kinds += counts[repeats[i].kind]++ == 0;
	if (n > 1)
		memcpy(o->repeats, counts, sizeof(counts));
	if (kinds <= 1)
		return;
	for (int k = 0; k < OUTCOME_KINDS; k++)
		if (counts[k])
			str_addf(&text, "%s%s %u", text.len ? ", " : "", outcome_name((enum outcome_kind)k),
				 counts[k]);
	for (size_t i = 0; i < n; i++) {
		if (!outcome_is_good(repeats[i].kind) && repeats[i].message && *repeats[i].message) {
			str_addf(&text, "; one said: %s", repeats[i].message);
			break;
		}
	}
	o->kind = OUTCOME_FLAKY;
	o->stage = STAGE_RUN;
	o->has_exit = false; /* these would be of one of them only */
	mem_free(o->signal);
	o->signal = NULL;
	strv_free(&o->symbols);
	outcome_set_message(o, text.s);
	str_free(&text);
}

/* --- canaries ------------------------------------------------------------- */

enum canary_blame judge_canary(const struct canary_seen *self, const struct canary_seen *others,
			       size_t n)
{
	if (self->alive)
		return BLAME_NOBODY;
	if (n == 0)
		return BLAME_UNKNOWN;
	for (size_t i = 0; i < n; i++)
		if (others[i].alive)
			return BLAME_GO;
	return BLAME_RUNNER;
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(const struct canary_seen *const *)a)->toolchain,
		      (*(const struct canary_seen *const *)b)->toolchain);
}

/* The dead or the living, self included, in an order that does not depend on who asks:
 * so that one fault reads the same in each cell. Returns the first. */
static const struct canary_seen *list_canaries(struct str *out, const struct canary_seen *self,
					       const struct canary_seen *others, size_t n, bool alive)
{
	const struct canary_seen **list = mem_alloc((n + 1) * sizeof(*list)), *first;
	size_t k = 0;

	if (self->alive == alive)
		list[k++] = self;
	for (size_t i = 0; i < n; i++)
		if (others[i].alive == alive)
			list[k++] = &others[i];
	qsort(list, k, sizeof(*list), by_name);
	for (size_t i = 0; i < k; i++)
		str_addf(out, "%s%s", i ? ", " : "", list[i]->toolchain);
	first = k ? list[0] : NULL;
	mem_free(list);
	return first;
}

static const char *reason(const struct canary_seen *c)
{
	return c->message && *c->message ? c->message : "no reason known";
}

void judge_doubt(struct outcome *o, enum canary_blame blame, const struct canary_seen *self,
		 const struct canary_seen *others, size_t n, const char *runner,
		 const char *target)
{
	struct str text = STR_INIT;
	const struct canary_seen *first;

	if (blame == BLAME_GO) {
		str_addf(&text, "a plain program of ours dies on %s (%s) but lives on ", self->toolchain,
			 reason(self));
		list_canaries(&text, self, others, n, true);
		str_addf(&text, " with the same runner, %s: taken as that Go's own until another runner or "
			 "real hardware says otherwise", runner);
		outcome_add_finding(o, "runner-doubt", "warning", text.s)->target = mem_strdup(target);
	} else if (blame == BLAME_RUNNER) {
		str_addf(&text, "%s cannot be trusted with %s: a plain program of ours dies on it with every Go "
			 "asked (", runner, target);
		first = list_canaries(&text, self, others, n, false);
		str_addf(&text, "): %s; `lnmatrix doctor` says what may help", reason(first));
		judge_prepare(o, OUTCOME_INFRA, text.s);
		o->stage = STAGE_RUN;
	} else if (blame == BLAME_UNKNOWN) {
		str_addf(&text, "%s cannot be trusted with %s: a plain program of ours dies on it with %s (%s), "
			 "and no other Go was asked to tell whose fault that is; add one with --go, or see "
			 "`lnmatrix doctor`", runner, target, self->toolchain, reason(self));
		judge_prepare(o, OUTCOME_INFRA, text.s);
		o->stage = STAGE_RUN;
	}
	str_free(&text);
}

/* --- verdicts ------------------------------------------------------------- */

static void describe_says(struct str *out, const struct rule *rule)
{
	rule_describe(rule, out);
	for (size_t i = 0; i < rule->symbols.n; i++)
		str_addf(out, "%s%s", i ? ", " : " of ", rule->symbols.v[i]);
}

void judge_verdict(struct cell_result *c, const struct rules *expect, const struct rules *says,
		   const struct place *place, const char *not_run)
{
	const struct rule *want = rules_find(expect, place), *claim = rules_find(says, place);
	struct rule fallback = { .cgo = -1, .registers = -1, .rescue = -1,
				 .outcomes = 1u << OUTCOME_PASS | 1u << OUTCOME_LINKED };
	struct str text = STR_INIT, mismatch = STR_INIT;
	bool decided = c->outcome.kind != OUTCOME_INFRA;

	if (claim && decided) {
		describe_says(&text, claim);
		c->says_differs = !rule_satisfied(claim, &c->outcome, NULL);
		c->says = str_detach(&text);
	}
	if (!want)
		want = &fallback; /* nothing said: it must build, and run where it can */
	rule_describe(want, &text);
	c->expected = str_detach(&text);
	c->why = mem_strdup(want->why);
	for (size_t i = 0; i < c->outcome.findings.n; i++)
		c->alarming |= finding_is_grave(&c->outcome.findings.v[i]) &&
			       !strv_has(&want->findings, c->outcome.findings.v[i].kind);
	if (!decided)
		return;
	if (not_run && c->outcome.kind == OUTCOME_LINKED && want->outcomes &&
	    !(want->outcomes & 1u << OUTCOME_LINKED))
		return;
	if (rule_satisfied(want, &c->outcome, &mismatch)) {
		c->verdict = VERDICT_EXPECTED;
	} else {
		c->verdict = VERDICT_UNEXPECTED;
		/* another kind of outcome speaks for itself */
		if (!want->outcomes || want->outcomes & 1u << c->outcome.kind)
			c->mismatch = str_detach(&mismatch);
	}
	str_free(&mismatch);
}

void judge_claim(struct cell_result *c, const struct rules *says, const struct rules *because,
		 const struct place *place, bool output_differs)
{
	const struct rule *said = rules_find(says, place), *cause = rules_find(because, place);

	if (c->outcome.kind == OUTCOME_INFRA)
		return;
	c->says_output = said && (said->out || said->err);
	if (said && output_differs)
		c->says_differs = true;
	if (said)
		c->fit = output_differs || !rule_nearly_satisfied(said, &c->outcome) ? CLAIM_FAILS :
			 rule_satisfied(said, &c->outcome, NULL)                    ? CLAIM_HOLDS :
										      CLAIM_NEARLY;
	if (cause)
		c->because = rule_satisfied(cause, &c->outcome, NULL) ? CLAIM_HOLDS : CLAIM_FAILS;
}
