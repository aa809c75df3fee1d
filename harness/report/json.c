#include "harness/report/json.h"

#include <jansson.h>
#include <string.h>

#include "harness/report/json_parts.h"
#include "results/changes.h"
#include "results/claims.h"

/* ---- values ---- */

/* In tenths of a millisecond; what is not a duration is 0. */
static json_t *milliseconds(double ms)
{
	bool sane = ms > 0 && ms < 1e15; /* false for NaN too */

	return json_real(sane ? (double)(int64_t)(ms * 10 + 0.5) / 10 : 0);
}

/* ---- parts of the document ---- */

static json_t *run_of(const struct run_result *r)
{
	json_t *run = json_object();

	json_set_text(run, "id", r->id ? r->id : "");
	json_set_text(run, "started", r->started ? r->started : "");
	json_set_text(run, "ended", r->ended);
	json_set_text(run, "host", r->host ? r->host : "");
	json_set_text(run, "version", r->version ? r->version : "");
	json_set_text(run, "command", r->command ? r->command : "");
	json_object_set_new(run, "interrupted", json_boolean(r->interrupted));
	json_object_set_new(run, "planned", json_integer((json_int_t)r->planned));
	json_object_set_new(run, "wall_ms", json_integer((json_int_t)r->wall_ms));
	json_object_set_new(run, "cpu_ms", json_integer((json_int_t)r->cpu_ms));
	return run;
}

static json_t *toolchain_of(const struct toolchain_column *column)
{
	json_t *toolchain = json_object();

	json_set_text(toolchain, "name", column->name);
	json_set_text(toolchain, "base", column->base);
	json_set_text(toolchain, "identity", column->identity);
	json_set_optional(toolchain, "missing", column->missing);
	return toolchain;
}

static json_t *claim_of(const struct claim_source *claim)
{
	json_t *object = json_object();

	json_set_text(object, "scenario", claim->scenario);
	json_set_text(object, "source", claim->source);
	return object;
}

static json_t *claim_case_of(const struct run_result *r, const struct claim_case *claim)
{
	json_t *object = json_object();

	json_set_text(object, "scenario", claim->scenario);
	json_set_text(object, "case", claim->kase);
	json_set_text(object, "source", claim->source);
	json_set_text(object, "text", claim->text);
	json_set_text(object, "at", claim->at);
	json_set_text(object, "verdict", claim_verdict_name(claim_judge(r, claim)));
	json_set_optional(object, "explain", claim->explain);
	return object;
}

static json_t *finding_of(const struct finding *f)
{
	json_t *finding = json_object();

	json_set_text(finding, "kind", f->kind);
	json_set_text(finding, "symbol", f->symbol);
	json_set_text(finding, "severity", f->severity ? f->severity : "info");
	json_set_text(finding, "local", f->local);
	json_set_text(finding, "target", f->target);
	json_set_text(finding, "file", f->file);
	json_object_set_new(finding, "line", f->line > 0 ? json_integer(f->line) : json_null());
	json_set_text(finding, "message", f->message ? f->message : "");
	return finding;
}

static void set_output(json_t *cell, const char *key, const char *digest, report_load_text *load,
		       void *arg)
{
	size_t n = 0;
	char *text = load && digest ? load(arg, digest, &n) : NULL;

	json_object_set_new(cell, key, text ? json_text(text, n) : json_null());
	mem_free(text);
}

/* {"pass": 7, "run-crash": 3} of a cell that ran more than once; else the key is left out. */
static void set_repeats(json_t *cell, const struct outcome *o)
{
	json_t *counts = json_object();

	for (int k = 0; k < OUTCOME_KINDS; k++)
		if (o->repeats[k])
			json_object_set_new(counts, outcome_name((enum outcome_kind)k),
					    json_integer(o->repeats[k]));
	if (json_object_size(counts))
		json_object_set_new(cell, "repeats", counts);
	else
		json_decref(counts);
}

static void set_outcome(json_t *cell, const struct outcome *o)
{
	json_set_text(cell, "outcome", outcome_name(o->kind));
	json_set_text(cell, "stage", stage_name(o->stage));
	json_set_list(cell, "symbols", &o->symbols);
	json_set_text(cell, "message", o->message ? o->message : "");
	json_object_set_new(cell, "exit", o->has_exit ? json_integer(o->exit_status) : json_null());
	json_set_text(cell, "signal", o->signal);
	json_set_text(cell, "rescue", rescue_name(o->rescue));
	set_repeats(cell, o);
}

static json_t *cell_of(const struct cell_result *c, report_load_text *load, void *arg)
{
	json_t *cell = json_object(), *findings = json_array();

	json_set_text(cell, "scenario", c->scenario);
	json_set_text(cell, "case", c->kase);
	json_set_text(cell, "toolchain", c->toolchain);
	json_set_text(cell, "target", c->target);
	json_set_text(cell, "variant", c->variant);
	json_object_set_new(cell, "cgo", json_boolean(c->cgo));
	set_outcome(cell, &c->outcome);
	json_set_text(cell, "runner", c->runner);
	set_output(cell, "stdout", c->out_digest, load, arg);
	set_output(cell, "stderr", c->err_digest, load, arg);
	json_object_set_new(cell, "duration_ms", milliseconds(c->duration_ms));
	json_object_set_new(cell, "cached", json_boolean(c->cached));
	json_set_list(cell, "notes", &c->outcome.notes);
	json_set_text(cell, "expected", c->expected);
	json_set_text(cell, "verdict", verdict_name(c->verdict));
	json_set_optional(cell, "mismatch", c->mismatch);
	json_set_optional(cell, "why", c->why);
	json_set_optional(cell, "says", c->says);
	if (c->says)
		json_object_set_new(cell, "says_differs", json_boolean(c->says_differs));
	json_set_optional(cell, "command", c->command);
	for (size_t i = 0; i < c->outcome.findings.n; i++)
		json_array_append_new(findings, finding_of(&c->outcome.findings.v[i]));
	json_object_set_new(cell, "findings", findings);
	return cell;
}

static json_t *side_of(const struct cell_result *c)
{
	json_t *side = json_object();

	json_set_text(side, "toolchain", c->toolchain);
	json_set_text(side, "outcome", outcome_name(c->outcome.kind));
	json_set_list(side, "symbols", &c->outcome.symbols);
	return side;
}

static json_t *change_of(const struct run_result *r, const struct change *change)
{
	const struct cell_result *to = &r->cells.v[change->to];
	json_t *object = json_object();
	struct strv symbols;

	change_symbols(&symbols, r, change);
	json_set_text(object, "scenario", change->scenario);
	json_set_text(object, "case", change->kase);
	json_set_text(object, "target", change->target);
	json_set_text(object, "variant", change->variant);
	json_object_set_new(object, "cgo", json_boolean(to->cgo));
	json_object_set_new(object, "from", side_of(&r->cells.v[change->from]));
	json_object_set_new(object, "to", side_of(to));
	json_set_text(object, "kind", change->kind);
	json_set_list(object, "symbols", &symbols);
	strv_free(&symbols);
	return object;
}

/* ---- the document: put together line by line, so that one cell is in memory at a time ---- */

void report_json(struct str *out, const struct run_result *r, report_load_text *load, void *arg)
{
	str_add(out, "{\"schema\": \"lnmatrix/run/1\",\n\"run\": ");
	json_add_value(out, run_of(r));
	json_open_list(out, "toolchains");
	for (size_t i = 0; i < r->columns.n; i++)
		json_add_item(out, i, toolchain_of(&r->columns.v[i]));
	json_close_list(out, r->columns.n);
	json_open_list(out, "claims");
	for (size_t i = 0; i < r->claims.n; i++)
		json_add_item(out, i, claim_of(&r->claims.v[i]));
	json_close_list(out, r->claims.n);
	json_open_list(out, "claim_verdicts");
	for (size_t i = 0; i < r->claim_cases.n; i++)
		json_add_item(out, i, claim_case_of(r, &r->claim_cases.v[i]));
	json_close_list(out, r->claim_cases.n);
	json_open_list(out, "cells");
	for (size_t i = 0; i < r->cells.n; i++)
		json_add_item(out, i, cell_of(&r->cells.v[i], load, arg));
	json_close_list(out, r->cells.n);
	json_open_list(out, "changes");
	for (size_t i = 0; i < r->changes.n; i++)
		json_add_item(out, i, change_of(r, &r->changes.v[i]));
	json_close_list(out, r->changes.n);
	str_add(out, "\n}\n");
}

void report_json_cell(struct str *out, const struct cell_result *c)
{
	json_t *cell = cell_of(c, NULL, NULL);

	json_set_optional(cell, "stdout_digest", c->out_digest);
	json_set_optional(cell, "stderr_digest", c->err_digest);
	json_add_value(out, cell);
}
