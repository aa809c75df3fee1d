/*
 * A cell as its steps see it: `cell:build()` and `cell:run()` yield, and come
 * back with what happened.  The cell is a box whose pointer is nulled when the
 * cell has ended, so that a kept one raises instead of crashing.
 */
#include "harness/script/bind.h"

#include <lauxlib.h>
#include <string.h>

#include "harness/script/options.h"
#include "toolchains/gover.h"

#define CELL_TYPE "lnmatrix.cell"

/* Of a cell's builds and runs; of the budget, for a note or finding. */
enum { MAX_REQUESTS = 1000, REMARK_COST = 1000 };

static const char default_steps_key = 0;

struct steps {
	struct script *script;
	struct kase *k;
	lua_State *co;
	int co_ref, box_ref;
	unsigned requests;
	struct gover version;
	char *toolchain, *version_text, *target, *goos, *goarch, *variant;
	bool cgo;
	struct request *request;  /* where the next one goes */
	struct cell_remarks remarks;
};

struct box {
	struct steps *s;
};

static struct steps *check_cell(lua_State *L)
{
	struct box *box = luaL_checkudata(L, 1, CELL_TYPE);

	if (!box->s)
		luaL_error(L, "this cell has ended");
	if (box->s->co != L)
		luaL_error(L, "this cell belongs to other steps, which go on by themselves");
	return box->s;
}

/* --- requests ----------------------------------------------------------- */

/* A request whose options were wrong may have been caught by pcall(): begin anew.
 * Their number is limited, so that asking for ever ends as well. */
static struct request *new_request(lua_State *L, struct steps *s, enum request_kind kind)
{
	if (++s->requests > MAX_REQUESTS)
		luaL_error(L, "the steps asked for more than %d builds and runs; is there an endless "
			   "loop?", MAX_REQUESTS);
	request_dispose(s->request);
	s->request->kind = kind;
	return s->request;
}

static int l_build(lua_State *L)
{
	static const char *const known[] = { "package", "may_fail", NULL };
	struct request *r = new_request(L, check_cell(L), REQUEST_BUILD);

	if (lua_gettop(L) >= 2) {
		luaL_checktype(L, 2, LUA_TTABLE);
		opt_check_keys(L, 2, "cell:build", known);
		r->may_fail = opt_bool(L, 2, "cell:build", "may_fail") == 1;
		r->package = mem_strdup(opt_string(L, 2, "cell:build", "package"));
	}
	return lua_yield(L, 0);
}

static int l_run(lua_State *L)
{
	static const char *const known[] = { "args", "env", "stdin", "may_fail", "check", NULL };
	struct request *r = new_request(L, check_cell(L), REQUEST_RUN);
	const char *input;

	r->check = true;
	if (lua_gettop(L) >= 2) {
		luaL_checktype(L, 2, LUA_TTABLE);
		opt_check_keys(L, 2, "cell:run", known);
		r->may_fail = opt_bool(L, 2, "cell:run", "may_fail") == 1;
		r->check = opt_bool(L, 2, "cell:run", "check") != 0;
		r->has_args = opt_strings(L, 2, "cell:run", "args", false, &r->args);
		r->has_env = opt_strings(L, 2, "cell:run", "env", false, &r->env);
		check_env(L, "cell:run", &r->env);
		input = opt_string(L, 2, "cell:run", "stdin");
		r->has_input = input != NULL;
		r->input = mem_strdup(input);
	}
	return lua_yield(L, 0);
}

static int fail_with(lua_State *L, struct steps *s, const char *message)
{
	new_request(L, s, REQUEST_FAIL)->message = mem_strdup(message);
	return lua_yield(L, 0);
}

static int l_fail(lua_State *L)
{
	struct steps *s = check_cell(L);

	return fail_with(L, s, luaL_checkstring(L, 2));
}

static int l_check(lua_State *L)
{
	struct steps *s = check_cell(L);
	const char *message = luaL_optstring(L, 3, "a check of the scenario failed");

	luaL_checkany(L, 2);
	if (lua_toboolean(L, 2))
		return 0;
	return fail_with(L, s, message);
}

/* --- remarks ------------------------------------------------------------ */

static int l_note(lua_State *L)
{
	struct steps *s = check_cell(L);

	const char *text = luaL_checkstring(L, 2);

	sandbox_charge(L, REMARK_COST + (long)lua_rawlen(L, 2));
	strv_add(&s->remarks.notes, text);
	return 0;
}

static int l_finding(lua_State *L)
{
	static const char *const known[] = { "kind", "severity", "symbol", "local", "target", "file",
					     "line", "message", NULL };
	struct steps *s = check_cell(L);
	struct finding *f, empty = { 0 };
	const char *kind, *severity, *message;
	int line = 0;

	luaL_checktype(L, 2, LUA_TTABLE);
	opt_check_keys(L, 2, "cell:finding", known);
	kind = opt_string(L, 2, "cell:finding", "kind");
	message = opt_string(L, 2, "cell:finding", "message");
	severity = opt_string(L, 2, "cell:finding", "severity");
	if (!kind || !message)
		return luaL_error(L, "cell:finding: \"kind\" and \"message\" must be given");
	if (!finding_kind_known(kind))
		return luaL_error(L, "cell:finding: \"%s\" is no kind of finding", kind);
	if (severity && strcmp(severity, "info") != 0 && strcmp(severity, "warning") != 0 &&
	    strcmp(severity, "error") != 0)
		return luaL_error(L, "cell:finding: \"severity\" must be info, warning or error");
	opt_integer(L, 2, "cell:finding", "line", 1, 1 << 30, &line);
	sandbox_charge(L, REMARK_COST);
	vec_push(&s->remarks.findings, empty);
	f = &s->remarks.findings.v[s->remarks.findings.n - 1];
	f->kind = mem_strdup(kind);
	f->message = mem_strdup(message);
	f->severity = mem_strdup(severity ? severity : "warning");
	f->symbol = mem_strdup(opt_string(L, 2, "cell:finding", "symbol"));
	f->local = mem_strdup(opt_string(L, 2, "cell:finding", "local"));
	f->target = mem_strdup(opt_string(L, 2, "cell:finding", "target"));
	f->file = mem_strdup(opt_string(L, 2, "cell:finding", "file"));
	f->line = line;
	return 0;
}

/* cell:layout("myG", "runtime.g"): the program's struct is meant as a copy of std's. */
static int l_layout(lua_State *L)
{
	struct steps *s = check_cell(L);
	const char *copy = luaL_checkstring(L, 2), *of = luaL_checkstring(L, 3);
	const char *slash = strrchr(of, '/');

	if (!strchr(slash ? slash : of, '.'))
		return luaL_error(L, "cell:layout: \"%s\" is no type of std; they look like runtime.g", of);
	sandbox_charge(L, REMARK_COST);
	layout_pairs_add(&s->remarks.layouts, copy, of);
	return 0;
}

/* --- where the cell is -------------------------------------------------- */

static int l_go_is(lua_State *L)
{
	struct steps *s = check_cell(L);
	struct error err = { 0 };
	int rc = gover_match(luaL_checkstring(L, 2), &s->version, &err);

	if (rc < 0)
		return luaL_error(L, "cell:go_is: %s", err.msg);
	lua_pushboolean(L, rc);
	return 1;
}

static int l_index(lua_State *L)
{
	struct steps *s = check_cell(L);
	const char *key = luaL_checkstring(L, 2);
	const struct { const char *name, *value; } fields[] = {
		{ "toolchain", s->toolchain }, { "go", s->version_text }, { "target", s->target },
		{ "goos", s->goos }, { "goarch", s->goarch }, { "variant", s->variant },
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (strcmp(fields[i].name, key) == 0) {
			lua_pushstring(L, fields[i].value);
			return 1;
		}
	}
	if (strcmp(key, "cgo") == 0) {
		lua_pushboolean(L, s->cgo);
		return 1;
	}
	luaL_getmetatable(L, CELL_TYPE);
	lua_getfield(L, -1, "methods");
	lua_getfield(L, -1, key);
	if (lua_isnil(L, -1))
		return luaL_error(L, "a cell has no \"%s\" (fields: toolchain, go, target, goos, goarch, "
				  "variant, cgo; methods: build, run, check, fail, note, finding, layout, go_is)",
				  key);
	return 1;
}

static int l_newindex(lua_State *L)
{
	return luaL_error(L, "a cell's fields cannot be set");
}

void bind_cell(lua_State *L)
{
	static const luaL_Reg methods[] = {
		{ "build", l_build }, { "run", l_run },         { "check", l_check },
		{ "fail", l_fail },   { "note", l_note },       { "finding", l_finding },
		{ "layout", l_layout }, { "go_is", l_go_is }, { NULL, NULL },
	};
	static const char steps[] = "local cell = ... cell:build() cell:run()";

	luaL_newmetatable(L, CELL_TYPE);
	luaL_newlib(L, methods);
	lua_setfield(L, -2, "methods");
	lua_pushcfunction(L, l_index);
	lua_setfield(L, -2, "__index");
	lua_pushcfunction(L, l_newindex);
	lua_setfield(L, -2, "__newindex");
	lua_pop(L, 1);
	if (luaL_loadbufferx(L, steps, sizeof(steps) - 1, "=steps", "t") != LUA_OK)
		lua_error(L);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &default_steps_key);
}

/* --- the coroutine ------------------------------------------------------ */

/* Runs protected: creating a thread and its cell may meet the memory cap. */
static int l_start(lua_State *L)
{
	struct steps *s = lua_touserdata(L, 1);
	struct box *box;

	s->co = lua_newthread(L);
	s->co_ref = luaL_ref(L, LUA_REGISTRYINDEX);
	if (s->k->steps_ref == LUA_NOREF)
		lua_rawgetp(s->co, LUA_REGISTRYINDEX, &default_steps_key);
	else
		lua_rawgeti(s->co, LUA_REGISTRYINDEX, s->k->steps_ref);
	box = lua_newuserdatauv(s->co, sizeof(*box), 0);
	box->s = s;
	luaL_setmetatable(s->co, CELL_TYPE);
	lua_pushvalue(s->co, -1);
	s->box_ref = luaL_ref(s->co, LUA_REGISTRYINDEX);
	return 0;
}

struct steps *steps_start(struct kase *k, const struct cell_view *view)
{
	struct steps *s = mem_zalloc(sizeof(*s));

	s->script = k->scenario->script;
	s->k = k;
	s->co_ref = s->box_ref = LUA_NOREF;
	s->toolchain = mem_strdup(view->toolchain);
	s->version_text = mem_strdup(view->version);
	s->target = mem_strdup(view->target);
	s->goos = mem_strdup(view->goos);
	s->goarch = mem_strdup(view->goarch);
	s->variant = mem_strdup(view->variant);
	s->cgo = view->cgo;
	gover_parse(&s->version, view->version, &(struct error){ 0 });
	return s;
}

static void push_field(lua_State *L, const char *name, const char *s, size_t n)
{
	if (!s)
		return;
	lua_pushlstring(L, s, n);
	lua_setfield(L, -2, name);
}

/* Protected likewise: a program's whole output becomes a Lua string here. */
static int l_push_answer(lua_State *L)
{
	const struct answer *a = lua_touserdata(L, 1);

	lua_createtable(L, 0, 6);
	lua_pushboolean(L, a->ok);
	lua_setfield(L, -2, "ok");
	lua_pushinteger(L, a->exit_status);
	lua_setfield(L, -2, "exit");
	push_field(L, "signal", a->signal, a->signal ? strlen(a->signal) : 0);
	push_field(L, "outcome", a->outcome, a->outcome ? strlen(a->outcome) : 0);
	push_field(L, "stdout", a->out, a->out_len);
	push_field(L, "stderr", a->err, a->err_len);
	return 1;
}

static void set_error(struct steps *s, lua_State *L, struct request *out)
{
	char buf[900];
	const char *text = sandbox_message(&s->script->sandbox, L, buf, sizeof(buf));

	request_dispose(out);
	out->kind = REQUEST_ERROR;
	out->message = mem_strdup(text);
}

void steps_resume(struct steps *s, const struct answer *answer, struct request *out)
{
	lua_State *L = s->script->sandbox.L;
	int nargs = 1, nres = 0, rc;

	*out = (struct request){ 0 };
	s->request = out;
	sandbox_enter(&s->script->sandbox, L);
	if (!s->co) {
		lua_pushcfunction(L, l_start);
		lua_pushlightuserdata(L, s);
		rc = lua_pcall(L, 1, 0, 0);
	} else {
		lua_pushcfunction(L, l_push_answer);
		lua_pushlightuserdata(L, (void *)answer);
		rc = lua_pcall(L, 1, 1, 0);
		if (rc == LUA_OK)
			lua_xmove(L, s->co, 1);
	}
	if (rc != LUA_OK) {
		set_error(s, L, out);
		lua_settop(L, 0);
		return;
	}
	sandbox_enter(&s->script->sandbox, s->co);
	rc = lua_resume(s->co, L, nargs, &nres);
	s->script->sandbox.running = NULL;
	if (rc == LUA_OK) {
		out->kind = REQUEST_END;
	} else if (rc == LUA_YIELD) {
		lua_pop(s->co, nres);
	} else {
		s->script->sandbox.running = s->co;
		set_error(s, s->co, out);
	}
}

const struct cell_remarks *steps_remarks(const struct steps *s)
{
	return &s->remarks;
}

void steps_free(struct steps *s)
{
	lua_State *L;

	if (!s)
		return;
	L = s->script->sandbox.L;
	if (s->box_ref != LUA_NOREF) {
		struct box *box;

		lua_rawgeti(L, LUA_REGISTRYINDEX, s->box_ref);
		box = lua_touserdata(L, -1);
		box->s = NULL;
		lua_pop(L, 1);
		luaL_unref(L, LUA_REGISTRYINDEX, s->box_ref);
	}
	if (s->co_ref != LUA_NOREF)
		luaL_unref(L, LUA_REGISTRYINDEX, s->co_ref);
	strv_free(&s->remarks.notes);
	layout_pairs_free(&s->remarks.layouts);
	for (size_t i = 0; i < s->remarks.findings.n; i++)
		finding_dispose(&s->remarks.findings.v[i]);
	vec_free(&s->remarks.findings);
	mem_free(s->toolchain);
	mem_free(s->version_text);
	mem_free(s->target);
	mem_free(s->goos);
	mem_free(s->goarch);
	mem_free(s->variant);
	mem_free(s);
}

void request_dispose(struct request *r)
{
	mem_free(r->message);
	strv_free(&r->args);
	strv_free(&r->env);
	mem_free(r->input);
	mem_free(r->package);
	*r = (struct request){ 0 };
}
