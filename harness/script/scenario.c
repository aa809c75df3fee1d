#include "harness/script/scenario.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/fs.h"
#include "harness/base/str.h"
#include "harness/script/bind.h"
#include "harness/script/options.h"
#include "harness/script/sandbox.h"

void list_split(const char *s, struct strv *out)
{
	while (*s) {
		const char *start, *end;
		int depth = 0;

		while (*s == ' ' || *s == '\t' || *s == '\n')
			s++;
		start = s;
		for (; *s && (*s != ',' || depth > 0); s++)
			depth += (*s == '(') - (*s == ')');
		end = start + str_trimmed_len(start, (size_t)(s - start));
		if (end > start)
			strv_addn(out, start, (size_t)(end - start));
		if (*s == ',')
			s++;
	}
}

int duration_parse(const char *s, uint64_t *out_ms, struct error *err)
{
	static const struct { const char *unit; uint64_t ms; } units[] = {
		{ "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 },
	};
	const char *p = s;
	uint64_t total = 0;

	while (*p) {
		uint64_t n = 0;
		size_t digits = strspn(p, "0123456789"), k;

		if (digits == 0 || digits > 9)
			goto bad;
		for (k = 0; k < digits; k++)
			n = n * 10 + (uint64_t)(p[k] - '0');
		p += digits;
		for (k = 0; k < sizeof(units) / sizeof(units[0]); k++)
			if (str_starts(p, units[k].unit))
				break;
		if (k == sizeof(units) / sizeof(units[0]))
			goto bad;
		p += strlen(units[k].unit);
		total += n * units[k].ms;
	}
	if (total == 0)
		goto bad;
	*out_ms = total;
	return 0;
bad:
	return err_set(err, ERR_INPUT, "\"%s\" is not a duration: write 90s, 2m or 500ms", s);
}

/* --- scenario { } ------------------------------------------------------ */

static void read_timeout(lua_State *L, int t, const char *what, uint64_t *out)
{
	const char *s = opt_string(L, t, what, "timeout");
	struct error err = { 0 };

	if (s && duration_parse(s, out, &err) < 0)
		luaL_error(L, "%s: timeout: %s", what, err.msg);
}

static void read_matrix(lua_State *L, int t, const char *what, struct matrix *m)
{
	opt_strings(L, t, what, "go", true, &m->go);
	opt_strings(L, t, what, "target", true, &m->target);
	opt_strings(L, t, what, "variant", true, &m->variant);
	lua_getfield(L, t, "cgo");
	if (lua_isboolean(L, -1))
		m->cgo = lua_toboolean(L, -1) ? 2 : 1;
	else if (lua_type(L, -1) == LUA_TSTRING && strcmp(lua_tostring(L, -1), "both") == 0)
		m->cgo = 3;
	else if (!lua_isnil(L, -1))
		luaL_error(L, "%s: \"cgo\" must be true, false or \"both\"", what);
	lua_pop(L, 1);
}

static struct script *script_of(lua_State *L)
{
	return (struct script *)sandbox_of(L); /* its first member */
}

static int l_scenario(lua_State *L)
{
	static const char *const known[] = { "name", "about", "source", "go", "target", "variant",
					     "cgo", "timeout", NULL };
	struct script *script = script_of(L);
	struct scenario *sc = script->sc;
	const char *name;

	luaL_checktype(L, 1, LUA_TTABLE);
	if (script->declared)
		return luaL_error(L, "scenario { } stands twice");
	if (sc->cases.n > 0)
		return luaL_error(L, "scenario { } must come before the first case");
	script->declared = true;
	opt_check_keys(L, 1, "scenario", known);
	name = opt_string(L, 1, "scenario", "name");
	if (name) {
		mem_free(sc->name);
		sc->name = mem_strdup(name);
	}
	sc->about = mem_strdup(opt_string(L, 1, "scenario", "about"));
	sc->source = mem_strdup(opt_string(L, 1, "scenario", "source"));
	read_matrix(L, 1, "scenario", &sc->matrix);
	read_timeout(L, 1, "scenario", &sc->timeout_ms);
	return 0;
}

/* --- expect and says ---------------------------------------------------- */

static void read_outcomes(lua_State *L, int t, const char *what, const char *key, unsigned *out,
			  struct strv *scratch)
{
	strv_free(scratch);
	opt_strings(L, t, what, key, true, scratch);
	for (size_t i = 0; i < scratch->n; i++) {
		int kind = outcome_parse(scratch->v[i]);

		if (kind < 0)
			luaL_error(L, "%s: \"%s\" is no outcome (one of: pass, linked, compile-error, "
				   "link-rejected, link-undefined, link-duplicate, link-error, run-crash, "
				   "run-wrong, timeout, unsupported, flaky)", what, scratch->v[i]);
		if (kind == OUTCOME_INFRA)
			luaL_error(L, "%s: infra is this machine's fault and cannot be expected", what);
		*out |= 1u << kind;
	}
}

/* "registers", "stack": how arguments travel; -1: either. */
static int read_abi(lua_State *L, int t, const char *what)
{
	const char *abi = opt_string(L, t, what, "abi");

	if (!abi)
		return -1;
	if (strcmp(abi, "registers") != 0 && strcmp(abi, "stack") != 0)
		luaL_error(L, "%s: \"abi\" must be \"registers\" or \"stack\", not \"%s\"", what, abi);
	return *abi == 'r';
}

static void read_rule(lua_State *L, int t, const char *what, struct rules *rules)
{
	static const char *const known[] = { "go", "toolchain", "target", "variant", "cgo", "abi",
					     "outcome", "never", "symbols", "findings", "rescue", "message", "signal", "exit", "stdout",
					     "stderr", "why", NULL };
	struct script *script = script_of(L);
	struct error err = { 0 };
	const char *rescue;
	struct rule *r, empty = { .cgo = -1, .registers = -1, .rescue = -1 };

	opt_check_keys(L, t, what, known);
	vec_push(rules, empty);
	r = &rules->v[rules->n - 1];
	opt_strings(L, t, what, "go", true, &r->go);
	opt_strings(L, t, what, "toolchain", false, &r->toolchain);
	opt_strings(L, t, what, "target", true, &r->target);
	opt_strings(L, t, what, "variant", false, &r->variant);
	r->cgo = opt_bool(L, t, what, "cgo");
	r->registers = read_abi(L, t, what);
	read_outcomes(L, t, what, "outcome", &r->outcomes, &script->scratch);
	read_outcomes(L, t, what, "never", &r->never, &script->scratch);
	r->has_symbols = opt_strings(L, t, what, "symbols", true, &r->symbols);
	strv_sort(&r->symbols);
	opt_strings(L, t, what, "findings", true, &r->findings);
	strv_sort(&r->findings);
	for (size_t i = 0; i < r->findings.n; i++)
		if (!finding_kind_known(r->findings.v[i]))
			luaL_error(L, "%s: \"%s\" is no kind of finding", what, r->findings.v[i]);
	rescue = opt_string(L, t, what, "rescue");
	if (rescue) {
		r->rescue = strcmp(rescue, "none") == 0 ? RESCUE_NONE : rescue_parse(rescue);
		if (r->rescue < 0)
			luaL_error(L, "%s: \"%s\" is no rescue (rejected-only, gone, changed, none)", what,
				   rescue);
	}
	r->message = mem_strdup(opt_string(L, t, what, "message"));
	r->signal = mem_strdup(opt_string(L, t, what, "signal"));
	r->has_exit = opt_integer(L, t, what, "exit", 0, 255, &r->exit_status);
	r->out = mem_strdup(opt_string(L, t, what, "stdout"));
	r->err = mem_strdup(opt_string(L, t, what, "stderr"));
	r->why = mem_strdup(opt_string(L, t, what, "why"));
	if (rule_check(r, &err) < 0)
		luaL_error(L, "%s: %s", what, err.msg);
}

/* `expect = "pass"`, `expect = { outcome = ... }` or a list of such tables. */
static void read_rules(lua_State *L, int t, const char *what, const char *key, struct rules *rules)
{
	lua_getfield(L, t, key);
	if (lua_type(L, -1) == LUA_TSTRING) {
		lua_newtable(L);
		lua_pushvalue(L, -2);
		lua_setfield(L, -2, "outcome");
		read_rule(L, lua_gettop(L), what, rules);
		lua_pop(L, 1);
	} else if (lua_istable(L, -1) && luaL_len(L, -1) > 0) {
		lua_Integer n = luaL_len(L, -1);

		opt_check_list(L, lua_gettop(L), what, key);
		for (lua_Integer i = 1; i <= n; i++) {
			const char *where;

			lua_geti(L, -1, i);
			where = lua_pushfstring(L, "%s: %s, entry %d", what, key, (int)i);
			if (!lua_istable(L, -2))
				luaL_error(L, "%s: must be a table like { go = \"1.22\", outcome = \"pass\" }",
					   where);
			read_rule(L, lua_gettop(L) - 1, where, rules);
			lua_pop(L, 2);
		}
	} else if (lua_istable(L, -1)) {
		int at = lua_gettop(L);

		read_rule(L, at, lua_pushfstring(L, "%s: %s", what, key), rules);
		lua_pop(L, 1);
	} else if (!lua_isnil(L, -1)) {
		luaL_error(L, "%s: \"%s\" must be an outcome, a table or a list of tables", what, key);
	}
	lua_pop(L, 1);
}

static void read_claim(lua_State *L, int t, const char *what, struct kase *k)
{
	static const char *const known[] = { "source", "text", "at", "says", "because", NULL };

	lua_getfield(L, t, "claim");
	if (!lua_isnil(L, -1)) {
		int claim = lua_gettop(L);
		const char *source;

		if (!lua_istable(L, claim))
			luaL_error(L, "%s: \"claim\" must be a table { source = ..., says = ... }", what);
		opt_check_keys(L, claim, lua_pushfstring(L, "%s: claim", what), known);
		source = opt_string(L, claim, what, "source");
		if (!source)
			luaL_error(L, "%s: claim: \"source\" is missing: which document says so?", what);
		k->claim.source = mem_strdup(source);
		k->claim.text = mem_strdup(opt_string(L, claim, what, "text"));
		k->claim.at = mem_strdup(opt_string(L, claim, what, "at"));
		read_rules(L, claim, lua_pushfstring(L, "%s: claim", what), "says", &k->claim.says);
		read_rules(L, claim, lua_pushfstring(L, "%s: claim", what), "because", &k->claim.because);
		lua_settop(L, claim);
	}
	lua_pop(L, 1);
}

/* --- case "name" { } ---------------------------------------------------- */

enum { CASE_COST = 5000 }; /* of the budget: ten thousand cases are enough for a file */

void check_env(lua_State *L, const char *what, const struct strv *env)
{
	for (size_t i = 0; i < env->n; i++)
		if (env->v[i][0] == '=' || !strchr(env->v[i], '='))
			luaL_error(L, "%s: \"env\" must hold \"NAME=value\", not \"%s\"", what, env->v[i]);
}

static void read_files(lua_State *L, int t, const char *what, struct kase *k)
{
	struct script *script = script_of(L);
	const char *files = opt_string(L, t, what, "files");
	struct error err = { 0 };
	char *path;
	int rc;

	if (!files)
		luaL_error(L, "%s: \"files\" is missing: a txtar file beside this one, or the archive itself "
			   "in [[ ]]", what);
	if (strchr(files, '\n')) {
		rc = fixture_parse(&k->fixture, files, strlen(files), what, &err);
	} else {
		if (!path_is_tame(files))
			luaL_error(L, "%s: files = \"%s\": the path must stay inside the scenario's folder",
				   what, files);
		path = path_join(script->dir, files);
		rc = fixture_read(&k->fixture, path, &err);
		mem_free(path);
	}
	if (rc < 0)
		luaL_error(L, "%s: %s", what, err.msg);
	for (size_t i = 0; i < k->fixture.ar.n; i++)
		sandbox_charge(L, (long)k->fixture.ar.files[i].size);
}

/* The C file itself, or a Go file in the package's folder. */
static bool has_host(const struct txtar *ar, const char *host)
{
	size_t n;

	if (str_ends(host, ".c"))
		return txtar_find(ar, host) != NULL;
	host += strlen("./");
	n = strlen(host);
	for (size_t i = 0; i < ar->n; i++)
		if (strncmp(ar->files[i].name, host, n) == 0 && ar->files[i].name[n] == '/' &&
		    str_ends(ar->files[i].name, ".go"))
			return true;
	return false;
}

static void inherit(struct strv *own, const struct strv *from)
{
	if (own->n == 0)
		strv_copy(own, from);
}

static void check_new_name(lua_State *L, const char *name)
{
	const struct scenario *sc = script_of(L)->sc;

	for (size_t i = 0; i < sc->cases.n; i++)
		if (strcmp(sc->cases.v[i]->name, name) == 0)
			luaL_error(L, "case \"%s\" stands twice (first in line %d)", name,
				   sc->cases.v[i]->line);
}

static int l_case_body(lua_State *L)
{
	static const char *const known[] = { "about", "files", "package", "host", "run", "args", "stdin", "env",
					     "timeout", "go", "target", "variant", "cgo", "expect",
					     "claim", "explain", "repeats", "steps", NULL };
	struct script *script = script_of(L);
	struct scenario *sc = script->sc;
	struct kase *k;
	const char *what;

	what = lua_pushfstring(L, "case \"%s\"", lua_tostring(L, lua_upvalueindex(1)));
	if (script->unfinished && strcmp(script->unfinished, lua_tostring(L, lua_upvalueindex(1))) == 0) {
		mem_free(script->unfinished);
		script->unfinished = NULL;
	}
	if (!lua_istable(L, 1))
		return luaL_error(L, "%s: must be followed by { ... }, not %s", what, luaL_typename(L, 1));
	check_new_name(L, lua_tostring(L, lua_upvalueindex(1)));
	opt_check_keys(L, 1, what, known);
	sandbox_charge(L, CASE_COST);
	k = mem_zalloc(sizeof(*k));
	k->scenario = sc;
	k->steps_ref = LUA_NOREF;
	vec_push(&sc->cases, k); /* owned from here on, whatever raises */
	k->name = mem_strdup(lua_tostring(L, lua_upvalueindex(1)));
	k->line = (int)lua_tointeger(L, lua_upvalueindex(2));
	k->about = mem_strdup(opt_string(L, 1, what, "about"));
	k->package = mem_strdup(opt_string(L, 1, what, "package"));
	if (!k->package)
		k->package = mem_strdup(".");
	k->host = mem_strdup(opt_string(L, 1, what, "host"));
	if (k->host && !str_ends(k->host, ".c") && !str_starts(k->host, "./"))
		luaL_error(L, "%s: host = \"%s\": it is a C file, \"host.c\", or a Go package, \"./host\"", what,
			   k->host);
	if (k->host && str_ends(k->host, ".c") && !path_is_tame(k->host))
		luaL_error(L, "%s: host = \"%s\": the file must stand in the archive", what, k->host);
	k->run = opt_bool(L, 1, what, "run") != 0;
	opt_strings(L, 1, what, "args", false, &k->args);
	opt_strings(L, 1, what, "env", false, &k->env);
	check_env(L, what, &k->env);
	k->input = mem_strdup(opt_string(L, 1, what, "stdin"));
	k->timeout_ms = sc->timeout_ms;
	read_timeout(L, 1, what, &k->timeout_ms);
	read_matrix(L, 1, what, &k->matrix);
	inherit(&k->matrix.go, &sc->matrix.go);
	inherit(&k->matrix.target, &sc->matrix.target);
	inherit(&k->matrix.variant, &sc->matrix.variant);
	if (k->matrix.cgo == 0)
		k->matrix.cgo = sc->matrix.cgo;
	read_files(L, 1, what, k);
	if (k->host && !has_host(&k->fixture.ar, k->host))
		luaL_error(L, "%s: host = \"%s\": the archive has no such %s", what, k->host,
			   str_ends(k->host, ".c") ? "file" : "package");
	read_rules(L, 1, what, "expect", &k->expect);
	read_claim(L, 1, what, k);
	k->explain = mem_strdup(opt_string(L, 1, what, "explain"));
	opt_integer(L, 1, what, "repeats", 1, 100, &k->repeats);
	lua_getfield(L, 1, "steps");
	if (lua_isfunction(L, -1)) {
		k->steps_ref = luaL_ref(L, LUA_REGISTRYINDEX);
	} else if (!lua_isnil(L, -1)) {
		return luaL_error(L, "%s: \"steps\" must be a function(cell) ... end", what);
	}
	return 0;
}

static int l_not_checkable(lua_State *L)
{
	static const char *const known[] = { "source", "text", "why", NULL };
	struct scenario *sc = script_of(L)->sc;
	struct unchecked u = { 0 };
	const char *source, *text, *why;

	luaL_checktype(L, 1, LUA_TTABLE);
	opt_check_keys(L, 1, "not_checkable", known);
	source = opt_string(L, 1, "not_checkable", "source");
	text = opt_string(L, 1, "not_checkable", "text");
	why = opt_string(L, 1, "not_checkable", "why");
	if (!source || !text || !why)
		return luaL_error(L, "not_checkable: \"source\", \"text\" and \"why\" must be given");
	sandbox_charge(L, CASE_COST);
	vec_push(&sc->unchecked, u);
	sc->unchecked.v[sc->unchecked.n - 1] =
		(struct unchecked){ mem_strdup(source), mem_strdup(text), mem_strdup(why) };
	return 0;
}

static int l_case(lua_State *L)
{
	struct script *script = script_of(L);
	const char *name = luaL_checkstring(L, 1);
	lua_Debug ar;

	if (*name == '\0' || strpbrk(name, "\n\r\t"))
		return luaL_error(L, "a case needs a name without line breaks");
	if (!script->declared)
		return luaL_error(L, "scenario { } must come before the first case");
	check_new_name(L, name);
	lua_getstack(L, 1, &ar);
	lua_getinfo(L, "l", &ar);
	if (!script->unfinished) {
		script->unfinished = mem_strdup(name);
		script->unfinished_line = ar.currentline;
	}
	lua_pushvalue(L, 1);
	lua_pushinteger(L, ar.currentline);
	lua_pushcclosure(L, l_case_body, 2);
	return 1;
}

/* --- loading ------------------------------------------------------------ */

static int l_setup(lua_State *L)
{
	struct script *script = script_of(L);

	bind_cell(L);
	sandbox_push_env(L);
	lua_pushcfunction(L, l_scenario);
	lua_setfield(L, -2, "scenario");
	lua_pushcfunction(L, l_case);
	lua_setfield(L, -2, "case");
	lua_pushcfunction(L, l_not_checkable);
	lua_setfield(L, -2, "not_checkable");
	if (luaL_loadbufferx(L, script->text.s, script->text.len, script->chunk, "t") != LUA_OK)
		return lua_error(L);
	lua_pushvalue(L, -2);
	lua_setupvalue(L, -2, 1); /* _ENV */
	lua_call(L, 0, 0);
	return 0;
}

static int run_file(struct script *script, struct error *err)
{
	struct scenario *sc = script->sc;
	lua_State *L = script->sandbox.L;
	char buf[900];

	sandbox_enter(&script->sandbox, L);
	lua_pushcfunction(L, sandbox_handler);
	lua_pushcfunction(L, l_setup);
	if (lua_pcall(L, 0, 0, 1) != LUA_OK)
		return err_set(err, ERR_INPUT, "%s", sandbox_message(&script->sandbox, L, buf, sizeof(buf)));
	lua_settop(L, 0);
	script->sandbox.running = NULL;
	if (script->unfinished)
		return err_set(err, ERR_INPUT, "%s:%d: case \"%s\" must be followed by { ... }", sc->path,
			       script->unfinished_line, script->unfinished);
	if (!script->declared)
		return err_set(err, ERR_INPUT, "%s: no scenario { } in this file", sc->path);
	if (sc->cases.n == 0)
		return err_set(err, ERR_INPUT, "%s: no case in this file", sc->path);
	return 0;
}

static char *stem(const char *path)
{
	const char *base = path_base(path);
	size_t n = strlen(base);

	if (str_ends(base, ".lua"))
		n -= 4;
	return mem_strndup(base, n);
}

int scenario_load(struct scenario **out, const char *path, struct error *err)
{
	struct scenario *sc = mem_zalloc(sizeof(*sc));
	struct script *script = mem_zalloc(sizeof(*script));

	*out = NULL;
	sc->path = mem_strdup(path);
	sc->name = stem(path);
	sc->script = script;
	script->sc = sc;
	script->dir = path_dir(path);
	script->text = (struct str)STR_INIT;
	script->chunk = mem_printf("@%s", path);
	if (fs_read(&script->text, path, err) < 0) {
		err->code = ERR_INPUT;
		goto fail;
	}
	if (!sandbox_open(&script->sandbox)) {
		err_set(err, ERR_WORK, "no memory for Lua");
		goto fail;
	}
	script->sandbox.file = sc->path;
	if (run_file(script, err) < 0)
		goto fail;
	*out = sc;
	return 0;
fail:
	scenario_free(sc);
	return err->code;
}

static void matrix_dispose(struct matrix *m)
{
	strv_free(&m->go);
	strv_free(&m->target);
	strv_free(&m->variant);
}

static void case_free(struct kase *k)
{
	mem_free(k->name);
	mem_free(k->about);
	fixture_dispose(&k->fixture);
	matrix_dispose(&k->matrix);
	mem_free(k->package);
	mem_free(k->host);
	strv_free(&k->args);
	strv_free(&k->env);
	mem_free(k->input);
	rules_dispose(&k->expect);
	mem_free(k->claim.source);
	mem_free(k->claim.text);
	mem_free(k->claim.at);
	mem_free(k->explain);
	rules_dispose(&k->claim.says);
	rules_dispose(&k->claim.because);
	mem_free(k);
}

void scenario_free(struct scenario *sc)
{
	struct script *script;

	if (!sc)
		return;
	script = sc->script;
	sandbox_close(&script->sandbox);
	strv_free(&script->scratch);
	mem_free(script->unfinished);
	str_free(&script->text);
	mem_free(script->chunk);
	mem_free(script->dir);
	mem_free(script);
	for (size_t i = 0; i < sc->cases.n; i++)
		case_free(sc->cases.v[i]);
	vec_free(&sc->cases);
	for (size_t i = 0; i < sc->unchecked.n; i++) {
		mem_free(sc->unchecked.v[i].source);
		mem_free(sc->unchecked.v[i].text);
		mem_free(sc->unchecked.v[i].why);
	}
	vec_free(&sc->unchecked);
	matrix_dispose(&sc->matrix);
	mem_free(sc->name);
	mem_free(sc->path);
	mem_free(sc->about);
	mem_free(sc->source);
	mem_free(sc);
}
