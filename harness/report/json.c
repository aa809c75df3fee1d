#include "harness/report/json.h"

#include <jansson.h>
#include <string.h>

#include "harness/report/text.h"
#include "results/changes.h"

/* ---- values ---- */

static json_t *text_of(const char *s, size_t n)
{
	struct str clean = STR_INIT;
	json_t *value;
	uint32_t cp;

	for (size_t len; n > 0; s += len, n -= len) {
		len = text_next(s, n, &cp);
		if (cp == 0 || cp == 0xfffd)
			str_add(&clean, "\xef\xbf\xbd");
		else
			str_addn(&clean, s, len);
	}
	value = json_stringn(clean.s, clean.len);
	str_free(&clean);
	return value;
}

static void set_text(json_t *object, const char *key, const char *s)
{
	json_object_set_new(object, key, s ? text_of(s, strlen(s)) : json_null());
}

/* A key that is there only when there is something to say. */
static void set_optional(json_t *object, const char *key, const char *s)
{
	if (s)
		set_text(object, key, s);
}

static void set_list(json_t *object, const char *key, const struct strv *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->n; i++)
		json_array_append_new(array, text_of(list->v[i], strlen(list->v[i])));
	json_object_set_new(object, key, array);
}

/* In tenths of a millisecond; what is not a duration is 0. */
static json_t *milliseconds(double ms)
{
	bool sane = ms > 0 && ms < 1e15; /* false for NaN too */

	return json_real(sane ? (double)(int64_t)(ms * 10 + 0.5) / 10 : 0);
}

/* Appends a value on one line and drops it. */
static void add_value(struct str *out, json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));

	str_add(out, text ? text : "null");
	mem_free(text);
	json_decref(value);
}

/* ---- parts of the document ---- */

static json_t *run_of(const struct run_result *r)
{
	json_t *run = json_object();

	set_text(run, "id", r->id ? r->id : "");
	set_text(run, "started", r->started ? r->started : "");
	set_text(run, "ended", r->ended);
	set_text(run, "host", r->host ? r->host : "");
	set_text(run, "version", r->version ? r->version : "");
	set_text(run, "command", r->command ? r->command : "");
	json_object_set_new(run, "interrupted", json_boolean(r->interrupted));
	json_object_set_new(run, "planned", json_integer((json_int_t)r->planned));
	json_object_set_new(run, "wall_ms", json_integer((json_int_t)r->wall_ms));
	json_object_set_new(run, "cpu_ms", json_integer((json_int_t)r->cpu_ms));
	return run;
}

static json_t *toolchain_of(const struct toolchain_column *column)
{
	json_t *toolchain = json_object();

	set_text(toolchain, "name", column->name);
	set_text(toolchain, "base", column->base);
	set_text(toolchain, "identity", column->identity);
	set_optional(toolchain, "missing", column->missing);
	return toolchain;
}

static json_t *claim_of(const struct claim_source *claim)
{
	json_t *object = json_object();

	set_text(object, "scenario", claim->scenario);
	set_text(object, "source", claim->source);
	return object;
}

static json_t *finding_of(const struct finding *f)
{
	json_t *finding = json_object();

	set_text(finding, "kind", f->kind);
	set_text(finding, "symbol", f->symbol);
	set_text(finding, "severity", f->severity ? f->severity : "info");
	set_text(finding, "local", f->local);
	set_text(finding, "target", f->target);
	set_text(finding, "file", f->file);
	json_object_set_new(finding, "line", f->line > 0 ? json_integer(f->line) : json_null());
	set_text(finding, "message", f->message ? f->message : "");
	return finding;
}

static void set_output(json_t *cell, const char *key, const char *digest, report_load_text *load,
		       void *arg)
{
	size_t n = 0;
	char *text = load && digest ? load(arg, digest, &n) : NULL;

	json_object_set_new(cell, key, text ? text_of(text, n) : json_null());
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
	set_text(cell, "outcome", outcome_name(o->kind));
	set_text(cell, "stage", stage_name(o->stage));
	set_list(cell, "symbols", &o->symbols);
	set_text(cell, "message", o->message ? o->message : "");
	json_object_set_new(cell, "exit", o->has_exit ? json_integer(o->exit_status) : json_null());
	set_text(cell, "signal", o->signal);
	set_text(cell, "rescue", rescue_name(o->rescue));
	set_repeats(cell, o);
}

static json_t *cell_of(const struct cell_result *c, report_load_text *load, void *arg)
{
	json_t *cell = json_object(), *findings = json_array();

	set_text(cell, "scenario", c->scenario);
	set_text(cell, "case", c->kase);
	set_text(cell, "toolchain", c->toolchain);
	set_text(cell, "target", c->target);
	set_text(cell, "variant", c->variant);
	json_object_set_new(cell, "cgo", json_boolean(c->cgo));
	set_outcome(cell, &c->outcome);
	set_text(cell, "runner", c->runner);
	set_output(cell, "stdout", c->out_digest, load, arg);
	set_output(cell, "stderr", c->err_digest, load, arg);
	json_object_set_new(cell, "duration_ms", milliseconds(c->duration_ms));
	json_object_set_new(cell, "cached", json_boolean(c->cached));
	set_list(cell, "notes", &c->outcome.notes);
	set_text(cell, "expected", c->expected);
	set_text(cell, "verdict", verdict_name(c->verdict));
	set_optional(cell, "mismatch", c->mismatch);
	set_optional(cell, "why", c->why);
	set_optional(cell, "says", c->says);
	if (c->says)
		json_object_set_new(cell, "says_differs", json_boolean(c->says_differs));
	set_optional(cell, "command", c->command);
	for (size_t i = 0; i < c->outcome.findings.n; i++)
		json_array_append_new(findings, finding_of(&c->outcome.findings.v[i]));
	json_object_set_new(cell, "findings", findings);
	return cell;
}

static json_t *side_of(const struct cell_result *c)
{
	json_t *side = json_object();

	set_text(side, "toolchain", c->toolchain);
	set_text(side, "outcome", outcome_name(c->outcome.kind));
	set_list(side, "symbols", &c->outcome.symbols);
	return side;
}

static json_t *change_of(const struct run_result *r, const struct change *change)
{
	const struct cell_result *to = &r->cells.v[change->to];
	json_t *object = json_object();
	struct strv symbols;

	change_symbols(&symbols, r, change);
	set_text(object, "scenario", change->scenario);
	set_text(object, "case", change->kase);
	set_text(object, "target", change->target);
	set_text(object, "variant", change->variant);
	json_object_set_new(object, "cgo", json_boolean(to->cgo));
	json_object_set_new(object, "from", side_of(&r->cells.v[change->from]));
	json_object_set_new(object, "to", side_of(to));
	set_text(object, "kind", change->kind);
	set_list(object, "symbols", &symbols);
	strv_free(&symbols);
	return object;
}

/* ---- the document: put together line by line, so that one cell is in memory at a time ---- */

static void open_list(struct str *out, const char *key)
{
	str_addf(out, ",\n\"%s\": [", key);
}

static void add_item(struct str *out, size_t i, json_t *value)
{
	str_add(out, i ? ",\n " : "\n ");
	add_value(out, value);
}

static void close_list(struct str *out, size_t n)
{
	str_add(out, n ? "\n]" : "]");
}

void report_json(struct str *out, const struct run_result *r, report_load_text *load, void *arg)
{
	str_add(out, "{\"schema\": \"lnmatrix/run/1\",\n\"run\": ");
	add_value(out, run_of(r));
	open_list(out, "toolchains");
	for (size_t i = 0; i < r->columns.n; i++)
		add_item(out, i, toolchain_of(&r->columns.v[i]));
	close_list(out, r->columns.n);
	open_list(out, "claims");
	for (size_t i = 0; i < r->claims.n; i++)
		add_item(out, i, claim_of(&r->claims.v[i]));
	close_list(out, r->claims.n);
	open_list(out, "cells");
	for (size_t i = 0; i < r->cells.n; i++)
		add_item(out, i, cell_of(&r->cells.v[i], load, arg));
	close_list(out, r->cells.n);
	open_list(out, "changes");
	for (size_t i = 0; i < r->changes.n; i++)
		add_item(out, i, change_of(r, &r->changes.v[i]));
	close_list(out, r->changes.n);
	str_add(out, "\n}\n");
}

void report_json_cell(struct str *out, const struct cell_result *c)
{
	json_t *cell = cell_of(c, NULL, NULL);

	set_optional(cell, "stdout_digest", c->out_digest);
	set_optional(cell, "stderr_digest", c->err_digest);
	add_value(out, cell);
}
