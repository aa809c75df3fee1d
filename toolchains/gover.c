#include "toolchains/gover.h"

#include <stdio.h>
#include <string.h>

#include "harness/base/mem.h"
#include "harness/base/str.h"

/* The last minor whose first release has no patch number in its name. */
enum { LAST_WITHOUT_PATCH = 20, MAX_DIGITS = 6 };

static const struct {
	const char *word;
	enum gover_stage stage;
} stages[] = {
	{ "alpha", GOVER_ALPHA },
	{ "beta", GOVER_BETA },
	{ "rc", GOVER_RC },
};

/* Reads a number without sign or leading zeros; moves *p behind it. */
static bool take_number(const char **p, int *out)
{
	size_t n = strspn(*p, "0123456789");

	if (n == 0 || n > MAX_DIGITS || (**p == '0' && n > 1))
		return false;
	*out = 0;
	for (; n > 0; n--)
		*out = *out * 10 + (*(*p)++ - '0');
	return true;
}

static bool take_stage(const char **p, struct gover *v)
{
	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
		if (!str_starts(*p, stages[i].word))
			continue;
		*p += strlen(stages[i].word);
		v->stage = stages[i].stage;
		return take_number(p, &v->number);
	}
	return false;
}

/* "MAJOR.MINOR" with or without "go"; moves *p behind it. */
static bool take_minor(const char **p, struct gover *v)
{
	if (str_starts(*p, "go"))
		*p += 2;
	*v = (struct gover){ .patch = GOVER_NO_PATCH };
	if (!take_number(p, &v->major) || v->major < 1 || **p != '.')
		return false;
	(*p)++;
	return take_number(p, &v->minor);
}

static bool parse(struct gover *v, const char *text)
{
	const char *p = text;

	if (!take_minor(&p, v))
		return false;
	if (*p == '.') {
		p++;
		return take_number(&p, &v->patch) && *p == '\0';
	}
	if (*p != '\0')
		return take_stage(&p, v) && *p == '\0';
	if (v->major == 1 && v->minor <= LAST_WITHOUT_PATCH)
		v->patch = 0;
	return true;
}

int gover_parse(struct gover *out, const char *text, struct error *err)
{
	struct gover v;

	if (!parse(&v, text))
		return err_set(err, ERR_INPUT,
			       "\"%.80s\" is not a Go version; they look like 1.22, 1.22.12 or "
			       "1.27rc1",
			       text);
	*out = v;
	return 0;
}

bool gover_parse_minor(struct gover *out, const char *text)
{
	struct gover v;

	if (!take_minor(&text, &v) || *text != '\0')
		return false;
	*out = v;
	return true;
}

static int cmp_int(int a, int b)
{
	return (a > b) - (a < b);
}

int gover_cmp_minor(const struct gover *a, const struct gover *b)
{
	int c = cmp_int(a->major, b->major);

	return c ? c : cmp_int(a->minor, b->minor);
}

int gover_cmp(const struct gover *a, const struct gover *b)
{
	int c = gover_cmp_minor(a, b);

	if (c == 0)
		c = cmp_int(a->patch, b->patch);
	if (c == 0)
		c = cmp_int((int)a->stage, (int)b->stage);
	return c ? c : cmp_int(a->number, b->number);
}

bool gover_same_minor(const struct gover *a, const struct gover *b)
{
	return gover_cmp_minor(a, b) == 0;
}

bool gover_is_candidate(const struct gover *v)
{
	return v->stage != GOVER_RELEASE;
}

bool gover_is_release(const struct gover *v)
{
	return v->stage == GOVER_RELEASE && v->patch != GOVER_NO_PATCH;
}

struct gover gover_lang(const struct gover *v)
{
	return (struct gover){ .major = v->major, .minor = v->minor, .patch = GOVER_NO_PATCH };
}

const char *gover_name(char out[GOVER_NAME], const struct gover *v)
{
	bool bare = v->patch == GOVER_NO_PATCH ||
		    (v->patch == 0 && v->major == 1 && v->minor <= LAST_WITHOUT_PATCH);
	int n = snprintf(out, GOVER_NAME, "go%d.%d", v->major, v->minor);

	if (!bare)
		snprintf(out + n, GOVER_NAME - (size_t)n, ".%d", v->patch);
	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++)
		if (v->stage == stages[i].stage)
			snprintf(out + n, GOVER_NAME - (size_t)n, "%s%d", stages[i].word,
				 v->number);
	return out;
}

/* Conditions */

struct bound {
	struct gover v;
	bool minor; /* the whole minor */
};

static int parse_bound(struct bound *out, const char *text, size_t n, const char *cond,
		       struct error *err)
{
	char *part = mem_strndup(text, n);
	int rc = 0;

	out->minor = gover_parse_minor(&out->v, part);
	if (!out->minor && !parse(&out->v, part))
		rc = err_set(err, ERR_INPUT,
			     "\"%.80s\" is not a condition on Go versions; they look like 1.22, "
			     "1.27rc1, 1.22..1.25 or >=1.23",
			     cond);
	mem_free(part);
	return rc;
}

/* Where `v` lies: before, in or after the bound. */
static int cmp_bound(const struct gover *v, const struct bound *b)
{
	return b->minor ? gover_cmp_minor(v, &b->v) : gover_cmp(v, &b->v);
}

static bool is_backwards(const struct bound *from, const struct bound *to)
{
	if (from->minor || to->minor)
		return gover_cmp_minor(&from->v, &to->v) > 0;
	return gover_cmp(&from->v, &to->v) > 0;
}

static int match_range(const char *cond, const char *dots, const struct gover *v,
		       struct error *err)
{
	struct bound from, to;

	if (parse_bound(&from, cond, (size_t)(dots - cond), cond, err) < 0 ||
	    parse_bound(&to, dots + 2, strlen(dots + 2), cond, err) < 0)
		return err->code;
	if (is_backwards(&from, &to))
		return err_set(err, ERR_INPUT,
			       "\"%.80s\" runs backwards; did you mean %.40s..%.*s", cond,
			       dots + 2, (int)(dots - cond), cond);
	return cmp_bound(v, &from) >= 0 && cmp_bound(v, &to) <= 0;
}

int gover_match(const char *cond, const struct gover *v, struct error *err)
{
	const char *dots = strstr(cond, "..");
	size_t op = strspn(cond, "<>="), skip = op + strspn(cond + op, " ");
	struct bound b;
	int c;

	if (dots)
		return match_range(cond, dots, v, err);
	if (parse_bound(&b, cond + skip, strlen(cond + skip), cond, err) < 0)
		return err->code;
	c = cmp_bound(v, &b);
	if (skip == 0)
		return c == 0;
	if (op == 1 && *cond != '=')
		return *cond == '<' ? c < 0 : c > 0;
	if (op == 2 && *cond != '=' && cond[1] == '=')
		return *cond == '<' ? c <= 0 : c >= 0;
	return parse_bound(&b, cond, op, cond, err);
}
