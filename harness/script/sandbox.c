#include "harness/script/sandbox.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/script/pattern.h"

enum { HOOK_COUNT = 1000, COPY_COST = 16 /* bytes that cost as much as an instruction */ };

/* Where Lua stands now, "file:line", or "". Only fields that need no memory are
 * asked for, so this may be called from the allocator. */
static void place_of(lua_State *L, char *buf, size_t size)
{
	lua_Debug ar;

	buf[0] = '\0';
	for (int level = 0; lua_getstack(L, level, &ar); level++) {
		lua_getinfo(L, "Sl", &ar);
		if (ar.currentline > 0) {
			snprintf(buf, size, "%s:%d", ar.short_src, ar.currentline);
			return;
		}
	}
}

static void *capped_alloc(void *ud, void *p, size_t old, size_t size)
{
	struct sandbox *sb = ud;
	void *q;

	if (!p)
		old = 0; /* then it is a type tag */
	if (size == 0) {
		free(p);
		sb->used -= old;
		return NULL;
	}
	if (size > old && sb->used + (size - old) > SANDBOX_BYTES) {
		if (sb->running)
			place_of(sb->running, sb->refused, sizeof(sb->refused));
		return NULL;
	}
	sb->budget -= (long)(size / COPY_COST);
	q = realloc(p, size);
	if (q)
		sb->used = sb->used - old + size;
	return q;
}

static double cpu_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void on_count(lua_State *L, lua_Debug *ar);

static void overrun(lua_State *L)
{
	lua_sethook(L, on_count, LUA_MASKCOUNT, 1); /* so that no pcall() outlives it */
	luaL_error(L, "the scenario ran for more than %d million instructions without waiting "
		   "for a build or a run; is there an endless loop?",
		   SANDBOX_INSTRUCTIONS / 1000000);
}

void sandbox_charge(lua_State *L, long work)
{
	struct sandbox *sb = sandbox_of(L);

	sb->budget -= work;
	if (sb->budget <= 0)
		overrun(L);
}

/* The budget decides, the same on every machine; the CPU clock only catches what
 * costs far more than it counts for. */
static void on_count(lua_State *L, lua_Debug *ar)
{
	struct sandbox *sb = sandbox_of(L);
	double now = cpu_now();

	(void)ar;
	if (sb->until == 0)
		sb->until = now + SANDBOX_CPU_S;
	if (now > sb->until)
		sb->budget = 0;
	sandbox_charge(L, HOOK_COUNT);
}

struct sandbox *sandbox_of(lua_State *L)
{
	return *(struct sandbox **)lua_getextraspace(L);
}

bool sandbox_open(struct sandbox *sb)
{
	*sb = (struct sandbox){ 0 };
	sb->L = lua_newstate(capped_alloc, sb);
	if (!sb->L)
		return false;
	*(struct sandbox **)lua_getextraspace(sb->L) = sb; /* threads inherit it */
	return true;
}

void sandbox_close(struct sandbox *sb)
{
	sb->running = NULL;
	if (sb->L)
		lua_close(sb->L);
	sb->L = NULL;
}

void sandbox_enter(struct sandbox *sb, lua_State *thread)
{
	sb->running = thread;
	sb->refused[0] = sb->raised[0] = '\0';
	sb->budget = SANDBOX_INSTRUCTIONS;
	sb->until = 0;
	lua_sethook(thread, on_count, LUA_MASKCOUNT, HOOK_COUNT);
}

int sandbox_handler(lua_State *L)
{
	struct sandbox *sb = sandbox_of(L);

	place_of(L, sb->raised, sizeof(sb->raised));
	return 1;
}

/* Lua shortens a long path in front of a message to "...end/of/it"; back to the whole. */
static const char *whole_path(const struct sandbox *sb, const char *text, int *cut)
{
	size_t shown = LUA_IDSIZE - 1 - 3, n = sb->file ? strlen(sb->file) : 0;

	*cut = 0;
	if (n <= shown + 3 || strncmp(text, "...", 3) != 0 ||
	    strncmp(text + 3, sb->file + n - shown, shown) != 0)
		return "";
	*cut = (int)shown + 3;
	return sb->file;
}

const char *sandbox_message(struct sandbox *sb, lua_State *thread, char *buf, size_t size)
{
	const char *text = lua_type(thread, -1) == LUA_TSTRING ? lua_tostring(thread, -1) : NULL;
	const char *path;
	char place[160], own[400];
	int cut;

	place_of(thread, place, sizeof(place)); /* the stack of a failed coroutine still stands */
	if (!place[0])
		snprintf(place, sizeof(place), "%s", sb->raised[0] ? sb->raised : sb->file ? sb->file : "?");
	path = text ? whole_path(sb, text, &cut) : "";
	if (!text) {
		snprintf(own, sizeof(own), "%s: error() was given a %s; give it a message", place,
			 luaL_typename(thread, -1));
	} else if (strcmp(text, "not enough memory") == 0) {
		snprintf(own, sizeof(own), "%s: the scenario needs more than %d MB of memory",
			 sb->refused[0] ? sb->refused : place, SANDBOX_BYTES >> 20);
	} else if (!*path && sb->file && strncmp(text, sb->file, strlen(sb->file)) != 0) {
		snprintf(own, sizeof(own), "%s: %s", place, text);
	} else {
		snprintf(buf, size, "%s%s", path, text + cut);
		return buf;
	}
	path = whole_path(sb, own, &cut);
	snprintf(buf, size, "%s%s", path, own + cut);
	return buf;
}

/* --- what the language has ------------------------------------------------ */

/* tostring(table) would show an address, which differs from run to run. */
static bool shows_address(lua_State *L, int arg)
{
	return lua_type(L, arg) >= LUA_TTABLE || lua_islightuserdata(L, arg);
}

static int l_tostring(lua_State *L)
{
	luaL_checkany(L, 1);
	if (shows_address(L, 1))
		lua_pushstring(L, luaL_typename(L, 1));
	else
		luaL_tolstring(L, 1, NULL);
	return 1;
}

/*
 * The wrappers below call the library's function as C, in their own frame, so that
 * its messages name the scenario's line.
 */
static int call_library(lua_State *L)
{
	return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

static int l_format(lua_State *L)
{
	const char *f = luaL_checkstring(L, 1);

	while ((f = strchr(f, '%'))) {
		f++;
		f += strspn(f, "-+ #0123456789.");
		if (*f == 'p')
			return luaL_error(L, "%%p is not allowed: addresses differ from run to run");
		if (*f)
			f++;
	}
	for (int i = lua_gettop(L); i > 1; i--) {
		if (shows_address(L, i)) {
			lua_pushstring(L, luaL_typename(L, i));
			lua_replace(L, i);
		}
	}
	return call_library(L);
}

/* Of an empty string, Lua's would count to n for nothing. */
static int l_rep(lua_State *L)
{
	if (lua_type(L, 1) == LUA_TSTRING && lua_rawlen(L, 1) == 0 && lua_type(L, 3) != LUA_TNUMBER &&
	    lua_rawlen(L, 3) == 0) {
		luaL_checkinteger(L, 2);
		lua_settop(L, 1);
		return 1;
	}
	return call_library(L);
}

/* What goes over its arguments at one go pays for their length. */
static int l_charged(lua_State *L)
{
	for (int i = lua_gettop(L); i > 0; i--) {
		if (lua_type(L, i) == LUA_TTABLE)
			sandbox_charge(L, (long)lua_rawlen(L, i));
		else if (lua_type(L, i) == LUA_TSTRING)
			sandbox_charge(L, (long)(lua_rawlen(L, i) / COPY_COST));
	}
	return call_library(L);
}

static int l_sort(lua_State *L)
{
	if (lua_type(L, 1) == LUA_TTABLE)
		sandbox_charge(L, (long)lua_rawlen(L, 1) * 16);
	return call_library(L);
}

static int l_move(lua_State *L)
{
	lua_Integer from = luaL_checkinteger(L, 2), to = luaL_checkinteger(L, 3);

	if (to >= from && (lua_Unsigned)to - (lua_Unsigned)from >= SANDBOX_BYTES)
		return luaL_error(L, "table.move: too many entries");
	sandbox_charge(L, to >= from ? (long)(to - from) : 0);
	return call_library(L);
}

static void wrap(lua_State *L, int t, const char *name, lua_CFunction fn)
{
	lua_getfield(L, t, name);
	lua_pushcclosure(L, fn, 1);
	lua_setfield(L, t, name);
}

static void copy_names(lua_State *L, int from, int to, const char *const *names)
{
	for (; *names; names++) {
		lua_getfield(L, from, *names);
		lua_setfield(L, to, *names);
	}
}

/* Leaves the table of what is allowed on the stack. */
static void add_library(lua_State *L, int env, const char *name, lua_CFunction open,
			const char *const *names)
{
	int lib;

	luaL_requiref(L, name, open, 0);
	lib = lua_gettop(L);
	lua_newtable(L);
	copy_names(L, lib, lib + 1, names);
	lua_pushvalue(L, -1);
	lua_setfield(L, env, name);
	lua_remove(L, lib);
}

void sandbox_push_env(lua_State *L)
{
	/* No load, require, dofile, pcall tricks with the hook (it keeps firing), no
	 * os, io, debug, coroutine, setmetatable; no random numbers, no clock. */
	static const char *const base[] = { "assert", "error", "ipairs", "next", "pairs", "pcall",
					    "select", "tonumber", "type", NULL };
	static const char *const strings[] = { "byte", "char", "format", "len", "lower", "rep",
					       "reverse", "sub", "upper", NULL };
	static const char *const tables[] = { "concat", "insert", "remove", "sort", "unpack", "pack",
					      "move", NULL };
	static const char *const maths[] = { "abs", "ceil", "floor", "max", "min", "huge",
					     "maxinteger", "mininteger", "tointeger", "type", NULL };
	int env, lib;

	lua_newtable(L);
	env = lua_gettop(L);
	luaL_requiref(L, "_G", luaopen_base, 0);
	lib = lua_gettop(L);
	copy_names(L, lib, env, base);
	lua_pop(L, 1);
	lua_pushcfunction(L, l_tostring);
	lua_setfield(L, env, "tostring");
	add_library(L, env, "string", luaopen_string, strings);
	pattern_open(L);
	wrap(L, lua_gettop(L), "format", l_format);
	wrap(L, lua_gettop(L), "rep", l_rep);
	add_library(L, env, "table", luaopen_table, tables);
	wrap(L, lua_gettop(L), "concat", l_charged);
	wrap(L, lua_gettop(L), "insert", l_charged);
	wrap(L, lua_gettop(L), "remove", l_charged);
	wrap(L, lua_gettop(L), "unpack", l_charged);
	wrap(L, lua_gettop(L), "sort", l_sort);
	wrap(L, lua_gettop(L), "move", l_move);
	add_library(L, env, "math", luaopen_math, maths);
	lua_settop(L, env);
	/* ("x"):rep() goes through the strings' metatable; point it at the allowed set. */
	lua_pushliteral(L, "");
	if (lua_getmetatable(L, -1)) {
		lua_getfield(L, env, "string");
		lua_setfield(L, -2, "__index");
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
}
