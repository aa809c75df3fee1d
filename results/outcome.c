#include "results/outcome.h"

#include <string.h>

static const char *const outcome_names[OUTCOME_KINDS] = {
	"pass",      "linked",    "compile-error", "link-rejected", "link-undefined",
	"link-duplicate", "link-error", "run-crash", "run-wrong",   "timeout",
	"unsupported", "flaky",   "infra",
};
static const char *const stage_names[STAGES] = { "prepare", "compile", "link", "post-link", "run" };
static const char *const rescue_names[RESCUES] = { NULL, "rejected-only", "gone", "changed" };
static const char *const verdict_names[VERDICTS] = {
	NULL, "expected", "unexpected", "regressed", "fixed", "changed", "new",
};

static int find(const char *const *names, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (names[i] && strcmp(names[i], name) == 0)
			return i;
	return -1;
}

const char *outcome_name(enum outcome_kind kind)
{
	return outcome_names[kind];
}

int outcome_parse(const char *name)
{
	return find(outcome_names, OUTCOME_KINDS, name);
}

const char *stage_name(enum stage stage)
{
	return stage_names[stage];
}

const char *rescue_name(enum rescue rescue)
{
	return rescue_names[rescue];
}

int rescue_parse(const char *name)
{
	return find(rescue_names, RESCUES, name);
}

const char *verdict_name(enum verdict verdict)
{
	return verdict_names[verdict];
}

bool outcome_is_good(enum outcome_kind kind)
{
	return kind == OUTCOME_PASS || kind == OUTCOME_LINKED;
}

void outcome_set_message(struct outcome *o, const char *text)
{
	mem_free(o->message);
	o->message = mem_strdup(text);
}

void outcome_add_symbol(struct outcome *o, const char *symbol)
{
	if (strv_has(&o->symbols, symbol))
		return;
	strv_add(&o->symbols, symbol);
	strv_sort(&o->symbols);
}

struct finding *outcome_add_finding(struct outcome *o, const char *kind, const char *severity,
				    const char *message)
{
	struct finding f = { .kind = mem_strdup(kind),
			     .severity = mem_strdup(severity),
			     .message = mem_strdup(message) };

	vec_push(&o->findings, f);
	return &o->findings.v[o->findings.n - 1];
}

void finding_dispose(struct finding *f)
{
	mem_free(f->kind);
	mem_free(f->symbol);
	mem_free(f->local);
	mem_free(f->target);
	mem_free(f->file);
	mem_free(f->severity);
	mem_free(f->message);
}

void outcome_dispose(struct outcome *o)
{
	strv_free(&o->symbols);
	strv_free(&o->notes);
	mem_free(o->message);
	mem_free(o->signal);
	for (size_t i = 0; i < o->findings.n; i++)
		finding_dispose(&o->findings.v[i]);
	vec_free(&o->findings);
	*o = (struct outcome){ 0 };
}

const char *const finding_kinds[] = {
	"signature-mismatch", "layout-drift", "pointer-map-drift", "frame-drift",
	"copied-file-drift", "source-gate", "silent-fallback", "allowed-by-exception",
	"will-be-rejected", "missing-unsafe-import", "inert-directive", "orphan-variable",
	"runner-doubt", "disagreement", NULL,
};

bool finding_kind_known(const char *kind)
{
	for (size_t i = 0; finding_kinds[i]; i++)
		if (strcmp(finding_kinds[i], kind) == 0)
			return true;
	return false;
}

bool outcome_has_finding(const struct outcome *o, const char *kind)
{
	for (size_t i = 0; i < o->findings.n; i++)
		if (strcmp(o->findings.v[i].kind, kind) == 0)
			return true;
	return false;
}

bool finding_is_grave(const struct finding *f)
{
	return f->severity && strcmp(f->severity, "error") == 0;
}

bool finding_is_info(const struct finding *f)
{
	return f->severity && strcmp(f->severity, "info") == 0;
}
