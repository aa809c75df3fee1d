#include "toolchains/variant.h"

#include <stddef.h>
#include <string.h>

static const struct setting {
	const char *name;
	size_t field;          /* of struct variant; 0: one of the special ones */
} settings[] = {
	{ "ldflags", offsetof(struct variant, ldflags) },
	{ "gcflags", offsetof(struct variant, gcflags) },
	{ "asmflags", offsetof(struct variant, asmflags) },
	{ "tags", offsetof(struct variant, tags) },
	{ "goexperiment", offsetof(struct variant, goexperiment) },
	{ "buildmode", offsetof(struct variant, buildmode) },
	{ "checklinkname", 0 },
	{ "race", 0 },
};
enum { SETTINGS = sizeof(settings) / sizeof(settings[0]) };

/* The setting that "name=" at s begins, or NULL. */
static const struct setting *setting_at(const char *s)
{
	for (size_t i = 0; i < SETTINGS; i++) {
		size_t n = strlen(settings[i].name);

		if (strncmp(s, settings[i].name, n) == 0 && s[n] == '=')
			return &settings[i];
	}
	return NULL;
}

/* Where the setting at s ends: at a "+" that begins another one. */
static const char *setting_end(const char *s)
{
	for (; *s; s++)
		if (*s == '+' && setting_at(s + 1))
			break;
	return s;
}

static int read_switch(const char *text, const char *s, size_t n, int *out, struct error *err)
{
	if (n != 1 || (*s != '0' && *s != '1'))
		return err_set(err, ERR_INPUT, "variant \"%s\": \"%.*s\" must be 0 or 1", text, (int)n, s);
	*out = *s == '1';
	return 0;
}

int variant_parse(struct variant *out, const char *text, struct error *err)
{
	const char *p = text;
	bool race_said = false;
	int value = 0;

	*out = (struct variant){ .name = mem_strdup(text), .checklinkname = -1 };
	if (strcmp(text, "default") == 0)
		return 0;
	while (*p) {
		const struct setting *s = setting_at(p);
		const char *end = setting_end(p), *from;

		if (!s) {
			err_set(err, ERR_INPUT, "variant \"%s\": no setting at \"%s\"; there are default, "
				"checklinkname=0|1, ldflags=, gcflags=, asmflags=, tags=, goexperiment=, "
				"buildmode=, race=1, joined by +", text, p);
			goto fail;
		}
		from = p + strlen(s->name) + 1;
		if (s->field) {
			char **field = (char **)(void *)((char *)out + s->field);

			if (*field || end == from) {
				err_set(err, ERR_INPUT, "variant \"%s\": %s %s", text, s->name,
					*field ? "stands twice" : "has no value");
				goto fail;
			}
			*field = mem_strndup(from, (size_t)(end - from));
		} else {
			bool race = strcmp(s->name, "race") == 0;

			if (race ? race_said : out->checklinkname >= 0) {
				err_set(err, ERR_INPUT, "variant \"%s\": %s stands twice", text, s->name);
				goto fail;
			}
			if (read_switch(text, from, (size_t)(end - from), &value, err) < 0)
				goto fail;
			if (race) {
				out->race = value;
				race_said = true;
			} else {
				out->checklinkname = value;
			}
		}
		p = *end ? end + 1 : end;
	}
	if (p == text) {
		err_set(err, ERR_INPUT, "an empty variant; the plain one is called \"default\"");
		goto fail;
	}
	return 0;
fail:
	variant_dispose(out);
	return err->code;
}

bool variant_is_program(const struct variant *v)
{
	return !v->buildmode || strcmp(v->buildmode, "exe") == 0 || strcmp(v->buildmode, "pie") == 0 ||
	       strcmp(v->buildmode, "default") == 0;
}

void variant_dispose(struct variant *v)
{
	mem_free(v->name);
	mem_free(v->ldflags);
	mem_free(v->gcflags);
	mem_free(v->asmflags);
	mem_free(v->tags);
	mem_free(v->goexperiment);
	mem_free(v->buildmode);
	*v = (struct variant){ 0 };
}

void variant_split(const char *list, struct strv *out)
{
	const char *p = list;
	size_t before = out->n; /* of lists split earlier */

	while (*p) {
		size_t n = strcspn(p, ",");
		bool starts = (n == 7 && strncmp(p, "default", n) == 0) || setting_at(p) ||
			      out->n == before;

		if (starts) {
			if (n > 0)
				strv_addn(out, p, n);
		} else {
			char **last = &out->v[out->n - 1];
			char *joined = mem_printf("%s,%.*s", *last, (int)n, p);

			mem_free(*last);
			*last = joined;
		}
		p += n + (p[n] == ',');
	}
}

void variant_flags(const struct variant *v, bool rescue, struct strv *argv)
{
	int check = rescue ? 0 : v->checklinkname;
	const struct { const char *flag, *value; } plain[] = {
		{ "-gcflags", v->gcflags }, { "-asmflags", v->asmflags },
		{ "-tags", v->tags },       { "-buildmode", v->buildmode },
	};

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (plain[i].value)
			strv_addf(argv, "%s=%s", plain[i].flag, plain[i].value);
	if (v->race)
		strv_add(argv, "-race");
	if (v->ldflags && check >= 0)
		strv_addf(argv, "-ldflags=%s -checklinkname=%d", v->ldflags, check);
	else if (v->ldflags)
		strv_addf(argv, "-ldflags=%s", v->ldflags);
	else if (check >= 0)
		strv_addf(argv, "-ldflags=-checklinkname=%d", check);
}

void variant_link_flags(const struct variant *v, struct strv *argv)
{
	const char *flags = v->ldflags;

	if (flags && *flags != '-' && strchr(flags, '='))
		flags = strchr(flags, '=') + 1; /* "all=-w": packages that they are for */
	/* As cmd/internal/quoted.Split does it: a quote at the start of a word holds it
	 * together up to the next such quote; there are no escapes. */
	for (const char *p = flags; p && *p;) {
		p += strspn(p, " \t\r\n");
		if (*p == '\'' || *p == '"') {
			const char *end = strchr(p + 1, *p);
			size_t n = end ? (size_t)(end - p - 1) : strlen(p + 1);

			strv_addn(argv, p + 1, n);
			p = end ? end + 1 : p + 1 + n;
		} else if (*p) {
			size_t n = strcspn(p, " \t\r\n");

			strv_addn(argv, p, n);
			p += n;
		}
	}
	/* cmd/go's default is pie on some systems; it makes no difference to the check */
	strv_addf(argv, "-buildmode=%s", v->buildmode ? v->buildmode : "exe");
	if (v->race)
		strv_add(argv, "-race");
	if (v->checklinkname >= 0)
		strv_addf(argv, "-checklinkname=%d", v->checklinkname);
}
