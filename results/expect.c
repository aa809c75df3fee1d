#include "results/expect.h"

#include <string.h>

static bool glob_any(const struct strv *globs, const char *s)
{
	if (globs->n == 0)
		return true;
	for (size_t i = 0; i < globs->n; i++)
		if (str_glob(globs->v[i], s))
			return true;
	return false;
}

static bool version_any(const struct strv *conds, const struct gover *v)
{
	struct error ignored = { 0 };

	if (conds->n == 0)
		return true;
	for (size_t i = 0; i < conds->n; i++)
		if (gover_match(conds->v[i], v, &ignored) == 1)
			return true;
	return false;
}

const struct rule *rules_find(const struct rules *rules, const struct place *place)
{
	for (size_t i = 0; i < rules->n; i++) {
		const struct rule *r = &rules->v[i];

		if (version_any(&r->go, &place->version) && glob_any(&r->toolchain, place->toolchain) &&
		    glob_any(&r->target, place->target) && glob_any(&r->variant, place->variant) &&
		    (r->cgo < 0 || r->cgo == place->cgo) &&
		    (r->registers < 0 || r->registers == place->registers))
			return r;
	}
	return NULL;
}

int rule_check(const struct rule *rule, struct error *err)
{
	struct gover any = { 0 };

	for (size_t i = 0; i < rule->go.n; i++)
		if (gover_match(rule->go.v[i], &any, err) < 0)
			return err->code;
	return 0;
}

void rule_describe(const struct rule *rule, struct str *out)
{
	bool first = true;

	for (int k = 0; k < OUTCOME_KINDS; k++) {
		if (!(rule->outcomes & (1u << k)))
			continue;
		str_addf(out, "%s%s", first ? "" : " or ", outcome_name((enum outcome_kind)k));
		first = false;
	}
	if (first)
		str_add(out, "any");
}

static void add_list(struct str *out, const struct strv *list)
{
	for (size_t i = 0; i < list->n; i++)
		str_addf(out, "%s%s", i ? ", " : "", list->v[i]);
	if (list->n == 0)
		str_add(out, "none");
}

static bool same_list(const struct strv *a, const struct strv *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->v[i], b->v[i]) != 0)
			return false;
	return true;
}

static const char *rescue_word(int rescue)
{
	const char *name = rescue_name((enum rescue)rescue);

	return name ? name : "none";
}

bool rule_satisfied(const struct rule *rule, const struct outcome *o, struct str *mismatch)
{
	struct str why = STR_INIT;
	bool ok;

	if (rule->outcomes && !(rule->outcomes & (1u << o->kind))) {
		str_add(&why, "expected ");
		rule_describe(rule, &why);
		str_addf(&why, ", got %s", outcome_name(o->kind));
	} else if (rule->has_symbols && !o->symbols_unknown && !same_list(&rule->symbols, &o->symbols)) {
		str_add(&why, "expected symbols ");
		add_list(&why, &rule->symbols);
		str_add(&why, "; got ");
		add_list(&why, &o->symbols);
	} else if (rule->rescue >= 0 && !o->rescue_unknown && rule->rescue != (int)o->rescue) {
		str_addf(&why, "expected rescue %s, got %s", rescue_word(rule->rescue),
			 rescue_word((int)o->rescue));
	} else if (rule->signal && (!o->signal || strcmp(rule->signal, o->signal) != 0)) {
		str_addf(&why, "expected signal %s, got %s", rule->signal, o->signal ? o->signal : "none");
	} else if (rule->message && (!o->message || !strstr(o->message, rule->message))) {
		str_addf(&why, "expected a message with \"%s\", got \"%s\"", rule->message,
			 o->message ? o->message : "");
	}
	for (int k = 0; why.len == 0 && k < OUTCOME_KINDS; k++)
		if (rule->never & 1u << k && (o->repeats[k] || o->kind == (enum outcome_kind)k))
			str_addf(&why, "expected never to see %s", outcome_name((enum outcome_kind)k));
	for (size_t i = 0; why.len == 0 && i < rule->findings.n; i++)
		if (!outcome_has_finding(o, rule->findings.v[i]))
			str_addf(&why, "expected the finding %s, which was not made", rule->findings.v[i]);
	ok = why.len == 0;
	if (mismatch)
		str_addn(mismatch, why.s, why.len);
	str_free(&why);
	return ok;
}

bool rule_nearly_satisfied(const struct rule *rule, const struct outcome *o)
{
	struct rule less = { .outcomes = rule->outcomes, .never = rule->never, .signal = rule->signal,
			     .rescue = -1 };

	return rule_satisfied(&less, o, NULL);
}

void rule_dispose(struct rule *rule)
{
	strv_free(&rule->go);
	strv_free(&rule->toolchain);
	strv_free(&rule->target);
	strv_free(&rule->variant);
	strv_free(&rule->symbols);
	strv_free(&rule->findings);
	mem_free(rule->message);
	mem_free(rule->signal);
	mem_free(rule->out);
	mem_free(rule->err);
	mem_free(rule->why);
}

void rules_dispose(struct rules *rules)
{
	for (size_t i = 0; i < rules->n; i++)
		rule_dispose(&rules->v[i]);
	vec_free(rules);
}
