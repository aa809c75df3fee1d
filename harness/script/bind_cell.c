/*
 * A cell as its steps see it: `cell:build()` and `cell:run()` yield, and come
 * back with what happened.  The cell is a box whose pointer is nulled when the
 * cell has ended, so that a kept one raises instead of crashing.
 */
#include "harness/script/bind.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/fs.h"
#include "harness/script/options.h"
#include "toolchains/gover.h"

#define CELL_TYPE "lnmatrix.cell"

/* Of a cell's builds and runs; of the budget, for a note or finding. */
enum { MAX_REQUESTS = 1000, REMARK_COST = 1000, DEFAULT_ROUNDS = 5, MAX_ROUNDS = 99 };

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
	static const char *const known[] = { "args", "env", "stdin", "may_fail", "check", "round", NULL };
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
		opt_integer(L, 2, "cell:run", "round", 0, MAX_REQUESTS, &r->round);
	}
	return lua_yield(L, 0);
}

/* Tools of Go's, asked with the cell's flags: what they come to never ends the cell. */
static struct request *new_tool(lua_State *L, enum go_tool tool)
{
	struct request *r = new_request(L, check_cell(L), REQUEST_TOOL);

	r->tool = tool;
	return r;
}

static int l_compile(lua_State *L)
{
	static const char *const known[] = { "package", "gcflags", "asmflags", NULL };
	struct request *r = new_tool(L, TOOL_COMPILE);
	const char *flags;

	if (lua_gettop(L) >= 2) {
		luaL_checktype(L, 2, LUA_TTABLE);
		opt_check_keys(L, 2, "cell:compile", known);
		r->package = mem_strdup(opt_string(L, 2, "cell:compile", "package"));
		flags = opt_string(L, 2, "cell:compile", "gcflags");
		if (flags)
			strv_addf(&r->args, "-gcflags=%s", flags);
		flags = opt_string(L, 2, "cell:compile", "asmflags");
		if (flags)
			strv_addf(&r->args, "-asmflags=%s", flags);
	}
	return lua_yield(L, 0);
}

static int l_vet(lua_State *L)
{
	static const char *const known[] = { "package", NULL };
	struct request *r = new_tool(L, TOOL_VET);

	if (lua_gettop(L) >= 2) {
		luaL_checktype(L, 2, LUA_TTABLE);
		opt_check_keys(L, 2, "cell:vet", known);
		r->package = mem_strdup(opt_string(L, 2, "cell:vet", "package"));
	}
	return lua_yield(L, 0);
}

static int l_test(lua_State *L)
{
	static const char *const known[] = { "package", "args", NULL };
	struct request *r = new_tool(L, TOOL_TEST);

	if (lua_gettop(L) >= 2) {
		luaL_checktype(L, 2, LUA_TTABLE);
		opt_check_keys(L, 2, "cell:test", known);
		r->package = mem_strdup(opt_string(L, 2, "cell:test", "package"));
		opt_strings(L, 2, "cell:test", "args", false, &r->args);
	}
	return lua_yield(L, 0);
}

static int l_objdump(lua_State *L)
{
	struct request *r = new_tool(L, TOOL_OBJDUMP);

	strv_add(&r->args, luaL_checkstring(L, 2));
	return lua_yield(L, 0);
}

static const char *answer_text(lua_State *L, const char *stream)
{
	const char *text;

	lua_getfield(L, -1, stream); /* stays on the stack, which keeps the text */
	text = lua_tostring(L, -1);
	return text ? text : "";
}

/* "src/runtime/stubs.go:12:func f()" */
static bool push_place(lua_State *L, const char *line)
{
	const char *colon = strchr(line, ':'), *words = colon ? strchr(colon + 1, ':') : NULL;

	if (!words)
		return false;
	lua_createtable(L, 0, 3);
	lua_pushlstring(L, line, (size_t)(colon - line));
	lua_setfield(L, -2, "file");
	lua_pushinteger(L, atoi(colon + 1));
	lua_setfield(L, -2, "line");
	lua_pushstring(L, words + 1);
	lua_setfield(L, -2, "text");
	return true;
}

static int source_known(lua_State *L, int status, lua_KContext ctx)
{
	const char *text = answer_text(L, "stdout");
	lua_Integer n = 0;

	(void)status;
	(void)ctx;
	lua_newtable(L);
	while (*text) {
		size_t len = strcspn(text, "\n");

		lua_pushlstring(L, text, len);
		sandbox_charge(L, (long)len + REMARK_COST);
		if (push_place(L, lua_tostring(L, -1)))
			lua_seti(L, -3, ++n);
		lua_pop(L, 1);
		text += len + (text[len] == '\n');
	}
	return 1;
}

/* What stands below GOROOT; a path may not lead out of it. */
static int l_source(lua_State *L)
{
	struct request *r = new_tool(L, TOOL_SOURCE);
	const char *text = luaL_checkstring(L, 2), *path = luaL_checkstring(L, 3);

	if (!*text || strchr(text, '\n'))
		return luaL_error(L, "cell:source: the text must be one line, and not empty");
	if (!path_is_tame(path))
		return luaL_error(L, "cell:source: \"%s\" is no path below GOROOT; they look like "
				  "src/runtime/stubs.go", path);
	strv_add(&r->args, text);
	strv_add(&r->args, path);
	return lua_yieldk(L, 0, 0, source_known);
}

/* The symbols of a line of objdump's, "x.go:3  0x1  90  MOVQ main.x+8(SB), AX", each once. */
static void push_symbols(lua_State *L, const char *line, const char *own, int list, int seen)
{
	for (const char *end = line; (end = strstr(end, "(SB)")) != NULL; end++) {
		const char *begin = end, *plus = end;

		while (begin > line && !strchr(" \t,$", begin[-1]))
			begin--;
		while (plus > begin && plus[-1] >= '0' && plus[-1] <= '9')
			plus--;
		if (plus == begin || plus == end || plus[-1] != '+')
			plus = end + 1;
		lua_pushlstring(L, begin, (size_t)(plus - 1 - begin));
		if (strcmp(lua_tostring(L, -1), own) != 0 && lua_getfield(L, seen, lua_tostring(L, -1)) == LUA_TNIL) {
			lua_pushboolean(L, 1);
			lua_setfield(L, seen, lua_tostring(L, -3));
			lua_pushvalue(L, -2);
			lua_seti(L, list, luaL_len(L, list) + 1);
		}
		lua_settop(L, seen);
	}
}

static int symbols_known(lua_State *L, int status, lua_KContext ctx)
{
	const char *own = lua_tostring(L, 2), *text = answer_text(L, "stdout");
	int list, seen;

	(void)status;
	(void)ctx;
	lua_newtable(L);
	list = lua_gettop(L);
	lua_newtable(L);
	seen = lua_gettop(L);
	while (*text) {
		size_t len = strcspn(text, "\n");

		sandbox_charge(L, (long)len);
		lua_pushlstring(L, text, len);
		if (!str_starts(lua_tostring(L, -1), "TEXT "))
			push_symbols(L, lua_tostring(L, -1), own, list, seen);
		lua_settop(L, seen);
		text += len + (text[len] == '\n');
	}
	lua_settop(L, list);
	return 1;
}

static int l_symbols(lua_State *L)
{
	struct request *r = new_tool(L, TOOL_OBJDUMP);

	strv_add(&r->args, luaL_checkstring(L, 2));
	return lua_yieldk(L, 0, 0, symbols_known);
}

/* --- measuring ---------------------------------------------------------- */

enum { MEASURE_CELL = 1, MEASURE_OPTIONS, MEASURE_NUMBERS }; /* on the stack */

static void collect_numbers(lua_State *L, const char *text)
{
	char name[64];
	double number;
	int used;

	while (sscanf(text, "%63s %lf%n", name, &number, &used) == 2) {
		text += used;
		sandbox_charge(L, REMARK_COST);
		if (lua_getfield(L, MEASURE_NUMBERS, name) != LUA_TTABLE) {
			lua_newtable(L);
			lua_pushvalue(L, -1);
			lua_setfield(L, MEASURE_NUMBERS, name);
		}
		lua_pushnumber(L, number);
		lua_seti(L, -2, luaL_len(L, -2) + 1);
		lua_settop(L, MEASURE_NUMBERS + 1);
	}
}

static int by_number(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median_of(lua_State *L, int list)
{
	double numbers[MAX_ROUNDS];
	int n = (int)luaL_len(L, list);

	n = n > MAX_ROUNDS ? MAX_ROUNDS : n;
	for (int i = 0; i < n; i++) {
		lua_geti(L, list, i + 1);
		numbers[i] = lua_tonumber(L, -1);
		lua_pop(L, 1);
	}
	qsort(numbers, (size_t)n, sizeof(*numbers), by_number);
	return numbers[n / 2];
}

static int push_medians(lua_State *L)
{
	int out;

	lua_newtable(L);
	out = lua_gettop(L);
	lua_pushnil(L);
	while (lua_next(L, MEASURE_NUMBERS)) {
		double median = median_of(L, lua_gettop(L));

		lua_pop(L, 1);
		lua_pushvalue(L, -1);
		lua_pushnumber(L, median);
		lua_settable(L, out);
	}
	lua_settop(L, out);
	return 1;
}

static int measure_more(lua_State *L, int status, lua_KContext ctx);

static int measure_round(lua_State *L, int round)
{
	struct request *r = new_request(L, check_cell(L), REQUEST_RUN);

	r->round = round;
	if (lua_istable(L, MEASURE_OPTIONS))
		r->has_args = opt_strings(L, MEASURE_OPTIONS, "cell:measure", "args", false, &r->args);
	return lua_yieldk(L, 0, round, measure_more);
}

static int measure_more(lua_State *L, int status, lua_KContext round)
{
	int runs = DEFAULT_ROUNDS;

	(void)status;
	collect_numbers(L, answer_text(L, "stdout"));
	if (lua_istable(L, MEASURE_OPTIONS))
		opt_integer(L, MEASURE_OPTIONS, "cell:measure", "runs", 1, MAX_ROUNDS, &runs);
	lua_settop(L, MEASURE_NUMBERS);
	return round < runs ? measure_round(L, (int)round + 1) : push_medians(L);
}

static int l_measure(lua_State *L)
{
	static const char *const known[] = { "runs", "args", NULL };
	int runs = DEFAULT_ROUNDS;

	lua_settop(L, MEASURE_OPTIONS);
	if (!lua_isnil(L, MEASURE_OPTIONS)) {
		luaL_checktype(L, MEASURE_OPTIONS, LUA_TTABLE);
		opt_check_keys(L, MEASURE_OPTIONS, "cell:measure", known);
		opt_integer(L, MEASURE_OPTIONS, "cell:measure", "runs", 1, MAX_ROUNDS, &runs);
	}
	lua_newtable(L);
	return measure_round(L, 1);
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

static int add_pair(lua_State *L, const char *what, const char *example)
{
	struct steps *s = check_cell(L);
	const char *copy = luaL_checkstring(L, 2), *of = luaL_checkstring(L, 3);
	const char *slash = strrchr(of, '/');

	if (!strchr(slash ? slash : of, '.'))
		return luaL_error(L, "cell:%s: \"%s\" is not of std; such names look like %s", what, of, example);
	sandbox_charge(L, REMARK_COST);
	layout_pairs_add(&s->remarks.layouts, copy, of);
	return 0;
}

/* cell:layout("myG", "runtime.g"): the program's struct is meant as a copy of std's. */
static int l_layout(lua_State *L)
{
	return add_pair(L, "layout", "runtime.g");
}

/* cell:signature("callback", "runtime.cgocallback"): the program's function is meant to be called alike. */
static int l_signature(lua_State *L)
{
	return add_pair(L, "signature", "runtime.cgocallback");
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
				  "variant, cgo; methods: build, run, compile, vet, test, objdump, symbols, source, measure, "
				  "check, fail, note, finding, layout, signature, go_is)",
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
		{ "layout", l_layout }, { "signature", l_signature }, { "go_is", l_go_is },   { "compile", l_compile },
		{ "vet", l_vet },     { "test", l_test },       { "objdump", l_objdump },
		{ "source", l_source }, { "symbols", l_symbols }, { "measure", l_measure },
		{ NULL, NULL },
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
