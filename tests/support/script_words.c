/*
 * A line of the script: its environment, its words, its conditions.
 *
 *   [cond] [!cond] ! command word 'quoted $word' $VAR ${VAR} &name
 */
#include "tests/support/script.h"

#include <ctype.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "harness/base/fs.h"

/* ---- environment */

const char *env_get(const struct script *s, const char *name, size_t n)
{
	for (size_t i = 0; i < s->env.n; i++)
		if (strncmp(s->env.v[i], name, n) == 0 && s->env.v[i][n] == '=')
			return s->env.v[i] + n + 1;
	return NULL;
}

void env_unset(struct script *s, const char *name, size_t n)
{
	const char *value = env_get(s, name, n);
	size_t i = 0;

	if (!value)
		return;
	while (s->env.v[i] + n + 1 != value)
		i++;
	mem_free(s->env.v[i]);
	memmove(&s->env.v[i], &s->env.v[i + 1], (s->env.n - i - 1) * sizeof(*s->env.v));
	s->env.n--;
}

bool env_set(struct script *s, const char *setting)
{
	const char *eq = strchr(setting, '=');

	if (!eq || eq == setting)
		return false;
	env_unset(s, setting, (size_t)(eq - setting));
	strv_add(&s->env, setting);
	return true;
}

/* ---- words */

static size_t name_len(const char *p)
{
	size_t n = 0;

	if (isdigit((unsigned char)*p))
		return 0;
	while (isalnum((unsigned char)p[n]) || p[n] == '_')
		n++;
	return n;
}

/* $VAR or ${VAR} at *p; a $ with no name behind it is itself, as in regexes. */
static enum verdict expand(struct script *s, const char **p, struct str *out)
{
	bool brace = (*p)[1] == '{';
	const char *name = *p + 1 + brace, *value;
	size_t n = name_len(name);

	if (brace && (n == 0 || name[n] != '}'))
		return fail(s, "${ without a name and a }");
	if (n == 0) {
		str_addc(out, '$');
		*p += 1;
		return GO_ON;
	}
	value = env_get(s, name, n);
	if (!value)
		return fail(s, "$%.*s is not set", (int)n, name);
	str_add(out, value);
	*p = name + n + brace;
	return GO_ON;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

const char *skip_blanks(const char *p)
{
	while (is_blank(*p))
		p++;
	return p;
}

/* The word at *p (which is not blank) into `out`. An expanded value is never split. */
static enum verdict next_word(struct script *s, const char **p, struct str *out)
{
	bool quoted = false;

	str_clear(out);
	for (;;) {
		if (**p == '\0' && quoted)
			return fail(s, "a ' is not closed");
		if (**p == '\0' || (!quoted && is_blank(**p)))
			break;
		if (quoted && **p == '\'' && (*p)[1] == '\'') {
			str_addc(out, '\'');
			*p += 2;
		} else if (**p == '\'') {
			quoted = !quoted;
			*p += 1;
		} else if (!quoted && **p == '$') {
			if (expand(s, p, out) == FAIL)
				return FAIL;
		} else {
			str_addc(out, *(*p)++);
		}
	}
	*p = skip_blanks(*p);
	return GO_ON;
}

/* ---- conditions */

static const char *go_arch(const char *machine)
{
	static const char *const names[][2] = {
		{ "x86_64", "amd64" },   { "aarch64", "arm64" },   { "i686", "386" },
		{ "i386", "386" },       { "armv7l", "arm" },      { "riscv64", "riscv64" },
		{ "ppc64le", "ppc64le" }, { "s390x", "s390x" },    { "loongarch64", "loong64" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(machine, names[i][0]) == 0)
			return names[i][1];
	return machine;
}

enum verdict condition_holds(struct script *s, const char *cond, bool *out)
{
	bool not = *cond == '!';
	const char *kind = cond + not, *colon = strchr(kind, ':'), *value = colon ? colon + 1 : "";
	size_t n = colon ? (size_t)(colon - kind) : strlen(kind);
	struct utsname uts;
	char *prog;

	if (strcmp(kind, "root") == 0) {
		*out = geteuid() == 0;
	} else if (*value == '\0') {
		return fail(s, "[%s]: no such condition", cond);
	} else if (n == 4 && memcmp(kind, "exec", n) == 0) {
		prog = program_find(s, value);
		*out = prog != NULL;
		mem_free(prog);
	} else if (n == 3 && memcmp(kind, "env", n) == 0) {
		const char *set = env_get(s, value, strlen(value));

		*out = set && *set;
	} else if (n == 4 && memcmp(kind, "file", n) == 0) {
		*out = fs_exists(value);
	} else if (n == 4 && memcmp(kind, "arch", n) == 0) {
		*out = uname(&uts) == 0 && strcmp(go_arch(uts.machine), value) == 0;
	} else if (n == 4 && memcmp(kind, "cond", n) == 0) {
		*out = strv_has(&s->conds, value);
	} else {
		return fail(s, "[%s]: no such condition", cond);
	}
	*out = *out != not;
	return GO_ON;
}

/* [cond] words in front; *holds says whether all do. */
static enum verdict read_conditions(struct script *s, const char **p, bool *holds)
{
	struct str word = STR_INIT;
	enum verdict v = GO_ON;
	bool holding;

	*holds = true;
	while (v == GO_ON && **p == '[') {
		v = next_word(s, p, &word);
		if (v == GO_ON && !str_ends(word.s, "]"))
			v = fail(s, "%s: a ] is missing", word.s);
		if (v == GO_ON) {
			word.s[word.len - 1] = '\0';
			v = condition_holds(s, word.s + 1, &holding);
		}
		if (v == GO_ON && !holding)
			*holds = false;
	}
	str_free(&word);
	return v;
}

/* ---- the line */

/* The words from p on. */
static enum verdict read_words(struct script *s, const char *p, struct line *l)
{
	struct str word = STR_INIT;
	enum verdict v = GO_ON;

	if ((*p == '!' || *p == '?') && is_blank(p[1])) {
		l->prefix = *p;
		p = skip_blanks(p + 1);
	}
	while (v == GO_ON && *p && (l->applies || l->words.n == 0)) {
		l->amp = *p == '&';
		v = next_word(s, &p, &word);
		if (v == GO_ON)
			strv_add(&l->words, word.s);
	}
	str_free(&word);
	return v;
}

enum verdict line_read(struct script *s, const char *p, struct line *out)
{
	enum verdict v = read_conditions(s, &p, &out->applies);

	return v == GO_ON ? read_words(s, p, out) : v;
}
