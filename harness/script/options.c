#include "harness/script/options.h"

#include <lauxlib.h>
#include <string.h>

#include "harness/base/str.h"
#include "harness/script/sandbox.h"
#include "harness/script/scenario.h"

static _Noreturn void wrong_type(lua_State *L, const char *what, const char *key, const char *want,
				 int at)
{
	luaL_error(L, "%s: \"%s\" must be %s, not %s", what, key, want, luaL_typename(L, at));
	__builtin_unreachable();
}

void opt_check_keys(lua_State *L, int t, const char *what, const char *const *known)
{
	luaL_Buffer b;

	lua_pushnil(L);
	while (lua_next(L, t)) {
		const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : NULL;
		size_t i = 0;

		if (!key)
			luaL_error(L, "%s: write \"name = value\" here; found a value without a name",
				   what);
		while (known[i] && strcmp(known[i], key) != 0)
			i++;
		if (!known[i]) {
			luaL_buffinit(L, &b);
			for (i = 0; known[i]; i++) {
				if (i)
					luaL_addstring(&b, ", ");
				luaL_addstring(&b, known[i]);
			}
			luaL_pushresult(&b);
			luaL_error(L, "%s: unknown key \"%s\" (known: %s)", what, key,
				   lua_tostring(L, -1));
		}
		lua_pop(L, 1);
	}
}

/* What is copied out of Lua's capped memory is paid for as work, which is capped too. */
static void check_text(lua_State *L, const char *what, const char *key)
{
	size_t n;

	if (strlen(lua_tolstring(L, -1, &n)) != n)
		luaL_error(L, "%s: \"%s\" holds a NUL byte", what, key);
	sandbox_charge(L, (long)n);
}

const char *opt_string(lua_State *L, int t, const char *what, const char *key)
{
	const char *s = NULL;

	lua_getfield(L, t, key);
	if (lua_type(L, -1) == LUA_TSTRING) {
		s = lua_tostring(L, -1);
		check_text(L, what, key);
	} else if (!lua_isnil(L, -1)) {
		wrong_type(L, what, key, "a string", -1);
	}
	lua_pop(L, 1);
	return s;
}

void opt_check_list(lua_State *L, int t, const char *what, const char *key)
{
	lua_Integer n = luaL_len(L, t);

	lua_pushnil(L);
	while (lua_next(L, t)) {
		if (!lua_isinteger(L, -2))
			luaL_error(L, "%s: \"%s\" must be a list; it has a named entry", what, key);
		if (lua_tointeger(L, -2) < 1 || lua_tointeger(L, -2) > n)
			luaL_error(L, "%s: \"%s\" must be a list without gaps; an entry is nil", what, key);
		lua_pop(L, 1);
	}
}

bool opt_strings(lua_State *L, int t, const char *what, const char *key, bool split,
		 struct strv *out)
{
	bool given = true;

	lua_getfield(L, t, key);
	if (lua_type(L, -1) == LUA_TSTRING) {
		check_text(L, what, key);
		if (split)
			list_split(lua_tostring(L, -1), out);
		else
			strv_add(out, lua_tostring(L, -1));
	} else if (lua_istable(L, -1)) {
		lua_Integer n = luaL_len(L, -1);

		for (lua_Integer i = 1; i <= n; i++) {
			lua_geti(L, -1, i);
			if (lua_type(L, -1) != LUA_TSTRING)
				luaL_error(L, "%s: \"%s\" must hold strings; entry %d is %s", what, key,
					   (int)i, luaL_typename(L, -1));
			check_text(L, what, key);
			if (split)
				list_split(lua_tostring(L, -1), out);
			else
				strv_add(out, lua_tostring(L, -1));
			lua_pop(L, 1);
		}
		opt_check_list(L, lua_gettop(L), what, key);
	} else if (lua_isnil(L, -1)) {
		given = false;
	} else {
		wrong_type(L, what, key, "a string or a list of strings", -1);
	}
	lua_pop(L, 1);
	return given;
}

int opt_bool(lua_State *L, int t, const char *what, const char *key)
{
	int value = -1;

	lua_getfield(L, t, key);
	if (lua_isboolean(L, -1))
		value = lua_toboolean(L, -1);
	else if (!lua_isnil(L, -1))
		wrong_type(L, what, key, "true or false", -1);
	lua_pop(L, 1);
	return value;
}

bool opt_integer(lua_State *L, int t, const char *what, const char *key, int low, int high,
		 int *out)
{
	bool given = false;

	lua_getfield(L, t, key);
	if (!lua_isnil(L, -1)) {
		if (!lua_isinteger(L, -1))
			wrong_type(L, what, key, "a whole number", -1);
		if (lua_tointeger(L, -1) < low || lua_tointeger(L, -1) > high)
			luaL_error(L, "%s: \"%s\" must be from %d to %d", what, key, low, high);
		*out = (int)lua_tointeger(L, -1);
		given = true;
	}
	lua_pop(L, 1);
	return given;
}
