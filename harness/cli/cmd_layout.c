/* lnmatrix layout: a type's size and where its fields are, release by release. */
#include <stdio.h>
#include <string.h>

#include "harness/base/str.h"
#include "harness/cli/atlas_query.h"
#include "harness/cli/layout_against.h"
#include "harness/report/go_struct.h"
#include "harness/report/layout_report.h"

struct layout_args {
	struct atlas_query_args query;
	bool go_struct;
	const char *against;
};

enum { OPT_GO_STRUCT = 820, OPT_AGAINST };

static const struct argp_option options[] = {
	{ "against", OPT_AGAINST, "FOLDER.TYPE", 0, "compare with a struct of your own: ./pkg.MyG", 3 },
	{ "go-struct", OPT_GO_STRUCT, 0, 0, "Go source instead: a txtar archive with a file for each "
	  "distinct layout, by build constraints", 3 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct layout_args *a = state->input;

	(void)arg;
	switch (key) {
	case ARGP_KEY_INIT: state->child_inputs[0] = &a->query; return 0;
	case OPT_GO_STRUCT: a->go_struct = true; return 0;
	case OPT_AGAINST: a->against = arg; return 0;
	case ARGP_KEY_END:
		if (a->query.names.n == 0)
			argp_error(state, "which type? such as runtime.g or internal/abi.Type");
		if (a->go_struct && strcmp(a->query.format, "table") != 0)
			argp_error(state, "--go-struct is a format of its own");
		if (a->against && (a->go_struct || a->query.names.n != 1 || strpbrk(a->query.names.v[0], "*?") ||
				   strcmp(a->query.format, "table") != 0))
			argp_error(state, "--against compares one type, and answers in words");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_child children[] = { { &atlas_query_argp, 0, NULL, 0 }, { 0 } };
const struct argp layout_argp = {
	options, parse, "TYPE...",
	"The layout of types of Go's standard library, release by release: size, alignment and "
	"the offset of every field; what moved (~), came (+) and went (-).\v"
	"A TYPE is runtime.g, internal/abi.Type, a pattern 'runtime.m*', a short one abi.Type, or "
	"bare hmap where only one package has it. "
	"Exit status: 0 found (with --against: it fits), 1 something was not, 2 bad usage or a name that may be several, "
	"3 some toolchain could not be asked, 130 interrupted.",
	children, NULL, NULL,
};

static void answer_name(struct layout_answer *out, struct atlas_query *q, const struct atlas_name *n)
{
	*out = (struct layout_answer){ .asked = mem_strdup(n->asked), .glob = n->glob };
	strv_copy(&out->nearest, &n->nearest);
	for (size_t i = 0; i < n->packages.n || (i == 0 && !n->glob); i++) {
		const char *package = n->packages.n ? n->packages.v[i] : "";
		struct strv locals = { 0 };

		if (n->glob)
			symbol_names_matching(&locals, &q->source, package, n->local, true);
		else
			strv_add(&locals, n->local);
		for (size_t k = 0; k < locals.n; k++) {
			struct layout_timeline t;

			layout_timeline_build(&t, &q->source, package, locals.v[k]);
			vec_push(&out->timelines, t);
		}
		strv_free(&locals);
	}
	if (n->glob)
		return;
	if (out->timelines.v[0].found)
		successors_of_type(&out->successors, &q->source, &out->timelines.v[0]);
	else if (out->nearest.n == 0)
		atlas_query_nearest(q, out->timelines.v[0].package, n->local, true, &out->nearest);
}

static void answers_dispose(struct layout_answers *answers)
{
	for (size_t i = 0; i < answers->n; i++)
		layout_answer_dispose(&answers->v[i]);
	vec_free(answers);
}

/* All in one package: no two may have one name. */
static int write_go_structs(struct str *out, struct atlas_query *q, const struct layout_answers *answers,
			    struct error *err)
{
	struct str files = STR_INIT;
	struct names taken = { 0 }, types = { 0 };
	struct strv packages = { 0 };
	int rc = 0;

	for (size_t i = 0; i < answers->n; i++) {
		for (size_t k = 0; k < answers->v[i].timelines.n; k++) {
			const struct layout_timeline *t = &answers->v[i].timelines.v[k];
			size_t same = t->found ? names_find(&types, t->local) : NAMES_NONE;

			if (same != NAMES_NONE && strcmp(packages.v[same], t->package) == 0)
				continue;
			if (same != NAMES_NONE) {
				rc = err_set(err, ERR_INPUT, "--go-struct writes one package: %s.%s and %s.%s cannot both "
					     "be in it; ask for one of them", packages.v[same], t->local, t->package,
					     t->local);
				goto out;
			}
			if (t->found) {
				names_add(&types, t->local);
				strv_add(&packages, t->package);
			}
			report_go_struct(out, &files, &taken, &q->source, t);
		}
	}
	str_addn(out, files.s, files.len);
out:
	names_dispose(&taken);
	names_dispose(&types);
	strv_free(&packages);
	str_free(&files);
	return rc;
}

/* How many builds it does not fit; -1 with `err` set. */
static long write_against(struct str *out, struct atlas_query *q, const struct layout_timeline *t,
			  const char *what, const struct report_style *style, struct error *err)
{
	struct own_type own;
	long differing;

	if (own_type_read(&own, q, what, err) < 0)
		return -1;
	differing = (long)report_layout_against(out, &q->source, t, own.name, own.found, style);
	own_type_dispose(&own);
	return differing;
}

static int answer(struct atlas_query *q, const struct layout_args *a, struct error *err)
{
	struct atlas_names names = { 0 };
	struct layout_answers answers = { 0 };
	struct report_style style = atlas_query_style(q);
	struct str text = STR_INIT;
	bool all_found = true;
	int tries = 0, status;

	/* An atlas may turn out damaged while it is read; it is gone then, and made again. */
	do {
		q->damaged = false;
		atlas_names_dispose(&names);
		answers_dispose(&answers);
		if (atlas_query_names(q, true, &names, err) < 0)
			break;
		for (size_t i = 0; i < names.n; i++) {
			struct layout_answer one;

			answer_name(&one, q, &names.v[i]);
			vec_push(&answers, one);
		}
	} while (q->damaged && ++tries < 3);
	for (size_t i = 0; i < answers.n; i++)
		all_found &= layout_answer_found(&answers.v[i]);
	if (!err->code && a->against && all_found)
		all_found = write_against(&text, q, &answers.v[0].timelines.v[0], a->against, &style, err) == 0;
	if (!err->code && a->go_struct)
		write_go_structs(&text, q, &answers, err);
	if (err->code) {
		status = complain(err);
	} else {
		if (a->go_struct || (a->against && text.len))
			; /* said above */
		else if (strcmp(q->a->format, "json") == 0)
			report_layouts_json(&text, &q->source, &answers);
		else
			report_layouts_table(&text, &q->source, &answers, &style);
		status = atlas_query_answer(q, &text, all_found, err);
	}
	str_free(&text);
	answers_dispose(&answers);
	atlas_names_dispose(&names);
	return status;
}

int cmd_layout(int argc, char **argv)
{
	struct layout_args a = { 0 };
	struct atlas_query q = { 0 };
	struct error err = { 0 };
	int status;

	cli_parse(&layout_argp, argc, argv, &a);
	if (places_complete(&a.query.places, &err) < 0 || atlas_query_open(&q, &a.query, &err) < 0)
		status = complain(&err);
	else
		status = answer(&q, &a, &err);
	atlas_query_close(&q);
	atlas_query_args_dispose(&a.query);
	return status;
}
