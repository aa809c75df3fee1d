/* lnmatrix symbol: where a symbol of std exists, what it is, and who may refer to it. */
#include <stdio.h>
#include <string.h>

#include "harness/base/str.h"
#include "harness/cli/atlas_query.h"
#include "harness/report/symbol_report.h"

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct atlas_query_args *a = state->input;

	(void)arg;
	switch (key) {
	case ARGP_KEY_INIT: state->child_inputs[0] = a; return 0;
	case ARGP_KEY_END:
		if (a->names.n == 0)
			argp_error(state, "which symbol? such as runtime.fastrand, 'runtime.fastrand*' or fastrand");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_child children[] = { { &atlas_query_argp, 0, NULL, 0 }, { 0 } };
const struct argp symbol_argp = {
	NULL, parse, "NAME...",
	"The timeline of symbols of Go's standard library: in which releases each exists, with "
	"which signature, and whether a program may refer to it by //go:linkname or from assembly.\v"
	"A NAME is runtime.fastrand, a method runtime.(*mheap).alloc, a pattern 'runtime.fastrand*' "
	"or '*.fastrand*', a short one abi.Type, or bare fastrand where only one package has it. "
	"Nothing is built or run: the answer is worked out from Go's sources. "
	"Exit status: 0 found, 1 something was not, 2 bad usage or a name that may be several, "
	"3 some toolchain could not be asked, 130 interrupted.",
	children, NULL, NULL,
};

/* The timelines of one name. */
static void answer_name(struct symbol_answer *out, struct atlas_query *q, const struct atlas_name *n)
{
	*out = (struct symbol_answer){ .asked = mem_strdup(n->asked), .glob = n->glob };
	strv_copy(&out->nearest, &n->nearest);
	for (size_t i = 0; i < n->packages.n || (i == 0 && !n->glob); i++) {
		const char *package = n->packages.n ? n->packages.v[i] : "";
		struct strv locals = { 0 };

		if (n->glob)
			symbol_names_matching(&locals, &q->source, package, n->local, false);
		else
			strv_add(&locals, n->local);
		symbol_timelines_build(&out->timelines, &q->source, package, &locals);
		strv_free(&locals);
	}
	if (n->glob)
		return;
	if (!out->timelines.v[0].declared) {
		if (out->nearest.n == 0)
			atlas_query_nearest(q, out->timelines.v[0].package, n->local, false, &out->nearest);
	} else {
		successors_of_symbol(&out->successors, &q->source, &out->timelines.v[0]);
	}
}

static void answers_dispose(struct symbol_answers *answers)
{
	for (size_t i = 0; i < answers->n; i++)
		symbol_answer_dispose(&answers->v[i]);
	vec_free(answers);
}

static int answer(struct atlas_query *q, struct error *err)
{
	struct atlas_names names = { 0 };
	struct symbol_answers answers = { 0 };
	struct str text = STR_INIT;
	bool all_found = true;
	int tries = 0, status;

	/* An atlas may turn out damaged while it is read; it is gone then, and made again. */
	do {
		q->damaged = false;
		atlas_names_dispose(&names);
		answers_dispose(&answers);
		if (atlas_query_names(q, false, &names, err) < 0)
			break;
		for (size_t i = 0; i < names.n; i++) {
			struct symbol_answer a;

			answer_name(&a, q, &names.v[i]);
			vec_push(&answers, a);
		}
	} while (q->damaged && ++tries < 3);
	for (size_t i = 0; i < answers.n; i++)
		all_found &= symbol_answer_found(&answers.v[i]);
	if (err->code) {
		status = complain(err);
	} else {
		struct report_style style = atlas_query_style(q);

		if (strcmp(q->a->format, "json") == 0)
			report_symbols_json(&text, &q->source, &answers);
		else
			report_symbols_table(&text, &q->source, &answers, &style);
		status = atlas_query_answer(q, &text, all_found, err);
	}
	str_free(&text);
	answers_dispose(&answers);
	atlas_names_dispose(&names);
	return status;
}

int cmd_symbol(int argc, char **argv)
{
	struct atlas_query_args a = { 0 };
	struct atlas_query q = { 0 };
	struct error err = { 0 };
	int status;

	cli_parse(&symbol_argp, argc, argv, &a);
	if (places_complete(&a.places, &err) < 0 || atlas_query_open(&q, &a, &err) < 0)
		status = complain(&err);
	else
		status = answer(&q, &err);
	atlas_query_close(&q);
	atlas_query_args_dispose(&a);
	return status;
}
