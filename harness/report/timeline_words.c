#include "harness/report/timeline_words.h"

#include <string.h>

#include "harness/report/text.h"

void timeline_axes_init(struct axes *axes, const struct timeline_source *src, bool utf8)
{
	struct strv names = { 0 }, bases = { 0 }, targets = { 0 };

	for (size_t i = 0; i < src->ntoolchains; i++) {
		strv_add(&names, src->toolchains[i].name);
		strv_add(&bases, src->toolchains[i].base);
	}
	for (size_t i = 0; i < src->ntargets; i++)
		strv_add(&targets, src->targets[i].name);
	axes_init_names(axes, &names, &bases, &targets, utf8);
	strv_free(&names);
	strv_free(&bases);
	strv_free(&targets);
}

void timeline_add_range(struct str *out, const struct axes *axes, size_t first, size_t last)
{
	axes_add_toolchain(out, axes, first);
	if (last == first)
		return;
	str_add(out, axes->utf8 ? " – " : " - ");
	axes_add_toolchain(out, axes, last);
}

void timeline_paragraph(struct str *out, const char *text, size_t first, size_t rest, const char *sgr,
			const struct report_style *style)
{
	struct text_shape shape = { (size_t)style->width, first, rest, 0, style->utf8 };
	struct str clean = STR_INIT;

	text_add_clean(&clean, text, style->utf8);
	if (sgr && style->color)
		str_add(out, sgr);
	text_add_wrapped(out, clean.s, &shape);
	if (sgr && style->color) {
		out->s[--out->len] = '\0';
		str_add(out, SGR_RESET "\n");
	}
	str_free(&clean);
}

void timeline_title(struct str *out, const char *name, const char *asked, const char *where,
		    const struct report_style *style)
{
	struct str text = STR_INIT;

	if (out->len)
		str_addc(out, '\n');
	str_add(&text, name);
	if (asked && strcmp(asked, name) != 0)
		str_addf(&text, " (\"%s\")", asked);
	if (where && *where)
		str_addf(&text, ", %s", where);
	timeline_paragraph(out, text.s, 0, 4, SGR_BOLD, style);
	str_free(&text);
}

void timeline_add_aliases(struct str *out, const struct axes *axes, const struct report_style *style)
{
	for (size_t i = 0; i < axes->aliases.n; i++) {
		if (i == 0)
			str_addc(out, '\n');
		timeline_paragraph(out, axes->aliases.v[i], 0, 4, NULL, style);
	}
}

/* --- what could not be asked ------------------------------------------------ */

void timeline_add_missing(struct str *out, const struct timeline_source *src, const struct axes *axes,
			  const struct report_style *style)
{
	struct names causes = { 0 };
	struct fold fold = { 0 };

	for (size_t i = 0; i < src->ntoolchains; i++) {
		for (size_t t = 0; t < src->ntargets; t++) {
			const char *why = timeline_missing(src, i, t);
			size_t at[FOLD_AXES] = { [FOLD_TOOLCHAIN] = i, [FOLD_TARGET] = t };

			if (why)
				fold_add(&fold, names_add(&causes, why), i, at);
		}
	}
	fold_up(&fold);
	for (size_t i = 0; i < fold.n; i++) {
		const struct fold_entry *e = &fold.v[i];
		struct str text = STR_INIT;

		if (i == 0) {
			if (out->len)
				str_addc(out, '\n');
			timeline_paragraph(out, "Not asked", 0, 4, SGR_BOLD, style);
		}
		axes_add_toolchains(&text, axes, &e->at[FOLD_TOOLCHAIN]);
		if (src->ntargets > 1) {
			str_add(&text, " on ");
			axes_add_targets(&text, axes, &e->at[FOLD_TARGET]);
		}
		str_addf(&text, ": %s", causes.list.v[e->cause]);
		timeline_paragraph(out, text.s, 2, 6, NULL, style);
		str_free(&text);
	}
	fold_dispose(&fold);
	names_dispose(&causes);
}

void timeline_json_missing(struct str *out, const struct timeline_source *src)
{
	size_t n = 0;

	json_open_list(out, "missing");
	for (size_t i = 0; i < src->ntoolchains; i++) {
		for (size_t t = 0; t < src->ntargets; t++) {
			const char *why = timeline_missing(src, i, t);
			json_t *item;

			if (!why)
				continue;
			item = json_object();
			json_set_text(item, "toolchain", src->toolchains[i].name);
			json_set_text(item, "target", src->targets[t].name);
			json_set_text(item, "why", why);
			json_add_item(out, n++, item);
		}
	}
	json_close_list(out, n);
}

/* --- guesses ---------------------------------------------------------------- */

void timeline_add_successors(struct str *out, const struct successors *s,
			     const struct report_style *style)
{
	for (size_t i = 0; i < s->n; i++) {
		char *text = mem_printf("%s%s: %s", i ? "  or " : "perhaps instead: ", s->v[i].name,
					s->v[i].reason);

		timeline_paragraph(out, text, 2, 6, NULL, style);
		mem_free(text);
	}
}

json_t *timeline_json_successors(const struct successors *s)
{
	json_t *array = json_array();

	for (size_t i = 0; i < s->n; i++) {
		json_t *item = json_object();

		json_set_text(item, "name", s->v[i].name);
		json_set_text(item, "reason", s->v[i].reason);
		json_array_append_new(array, item);
	}
	return array;
}

void timeline_add_nearest(struct str *out, const struct strv *nearest,
			  const struct report_style *style)
{
	struct str text = STR_INIT;

	for (size_t i = 0; i < nearest->n; i++)
		str_addf(&text, "%s%s", i ? ", " : "did you mean: ", nearest->v[i]);
	if (text.len)
		timeline_paragraph(out, text.s, 2, 6, NULL, style);
	str_free(&text);
}
