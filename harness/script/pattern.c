#include "harness/script/pattern.h"

#include <ctype.h>
#include <lauxlib.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "harness/script/sandbox.h"

/* As in Lua's own library: how many captures, how deep the matching may nest. */
enum { CAPTURES = 32, DEPTH = 200 };
enum { CAPTURE_OPEN = -1, CAPTURE_POSITION = -2 };

struct matcher {
	lua_State *L;
	struct sandbox *sb;
	const char *src, *src_end, *pat, *pat_end;
	int depth, level;
	struct { const char *at; ptrdiff_t len; } capture[CAPTURES];
};

static const char *match(struct matcher *m, const char *s, const char *p);

static inline void step(struct matcher *m, size_t n)
{
	m->sb->budget -= (long)n;
	if (m->sb->budget <= 0)
		sandbox_charge(m->L, 0); /* raises */
}

static void matcher_init(struct matcher *m, lua_State *L, const char *s, size_t ls, const char *p,
			 size_t lp)
{
	*m = (struct matcher){ .L = L, .sb = sandbox_of(L), .src = s, .src_end = s + ls,
			       .pat = p, .pat_end = p + lp, .depth = DEPTH };
}

static const char *match_at(struct matcher *m, const char *s, const char *p)
{
	m->level = 0;
	m->depth = DEPTH;
	return match(m, s, p);
}

/* --- one character -------------------------------------------------------- */

/* The end of the class that begins at p: "a", "%a", "." or "[...]". */
static const char *class_end(struct matcher *m, const char *p)
{
	if (*p == '%') {
		if (p + 1 == m->pat_end)
			luaL_error(m->L, "malformed pattern (ends with '%%')");
		return p + 2;
	}
	if (*p++ != '[')
		return p;
	if (*p == '^')
		p++;
	do { /* a "]" that comes first stands for itself */
		if (p == m->pat_end)
			luaL_error(m->L, "malformed pattern (missing ']')");
		if (*p++ == '%') {
			if (p == m->pat_end)
				luaL_error(m->L, "malformed pattern (missing ']')");
			p++;
		}
	} while (p == m->pat_end || *p != ']');
	return p + 1;
}

static bool in_class(int c, int class)
{
	bool is;

	switch (tolower(class)) {
	case 'a': is = isalpha(c); break;
	case 'c': is = iscntrl(c); break;
	case 'd': is = isdigit(c); break;
	case 'g': is = isgraph(c); break;
	case 'l': is = islower(c); break;
	case 'p': is = ispunct(c); break;
	case 's': is = isspace(c); break;
	case 'u': is = isupper(c); break;
	case 'w': is = isalnum(c); break;
	case 'x': is = isxdigit(c); break;
	case 'z': is = c == 0; break;
	default: return class == c;
	}
	return isupper(class) ? !is : is;
}

/* p is at "[", last at "]". */
static bool in_set(int c, const char *p, const char *last)
{
	bool found = true;

	if (p[1] == '^') {
		found = false;
		p++;
	}
	while (++p < last) {
		if (*p == '%') {
			p++;
			if (in_class(c, (unsigned char)*p))
				return found;
		} else if (p[1] == '-' && p + 2 < last) {
			p += 2;
			if ((unsigned char)p[-2] <= c && c <= (unsigned char)*p)
				return found;
		} else if ((unsigned char)*p == c) {
			return found;
		}
	}
	return !found;
}

static bool single(struct matcher *m, const char *s, const char *p, const char *end)
{
	int c;

	step(m, (size_t)(end - p));
	if (s >= m->src_end)
		return false;
	c = (unsigned char)*s;
	switch (*p) {
	case '.': return true;
	case '%': return in_class(c, (unsigned char)p[1]);
	case '[': return in_set(c, p, end - 1);
	default: return (unsigned char)*p == c;
	}
}

/* --- items ---------------------------------------------------------------- */

static const char *balance(struct matcher *m, const char *s, const char *p)
{
	int depth = 1;

	if (p + 1 >= m->pat_end)
		luaL_error(m->L, "malformed pattern (missing arguments to '%%b')");
	if (s == m->src_end || *s != *p)
		return NULL;
	for (s++; s < m->src_end; s++) {
		step(m, 1);
		if (*s == p[1]) {
			if (--depth == 0)
				return s + 1;
		} else if (*s == *p) {
			depth++;
		}
	}
	return NULL;
}

static bool frontier(struct matcher *m, const char *s, const char *p, const char *end)
{
	int before = s == m->src ? '\0' : (unsigned char)s[-1];
	int here = s == m->src_end ? '\0' : (unsigned char)*s;

	step(m, (size_t)(end - p));
	return !in_set(before, p, end - 1) && in_set(here, p, end - 1);
}

static const char *most(struct matcher *m, const char *s, const char *p, const char *end)
{
	ptrdiff_t n = 0;

	while (single(m, s + n, p, end))
		n++;
	for (; n >= 0; n--) {
		const char *rest = match(m, s + n, end + 1);

		if (rest)
			return rest;
	}
	return NULL;
}

static const char *least(struct matcher *m, const char *s, const char *p, const char *end)
{
	for (;;) {
		const char *rest = match(m, s, end + 1);

		if (rest)
			return rest;
		if (!single(m, s, p, end))
			return NULL;
		s++;
	}
}

static const char *open_capture(struct matcher *m, const char *s, const char *p, int kind)
{
	const char *rest;

	if (m->level >= CAPTURES)
		luaL_error(m->L, "too many captures");
	m->capture[m->level].at = s;
	m->capture[m->level].len = kind;
	m->level++;
	rest = match(m, s, p);
	if (!rest)
		m->level--;
	return rest;
}

static const char *close_capture(struct matcher *m, const char *s, const char *p)
{
	const char *rest;
	int i = m->level;

	while (i-- > 0 && m->capture[i].len != CAPTURE_OPEN)
		;
	if (i < 0)
		luaL_error(m->L, "invalid pattern capture");
	m->capture[i].len = s - m->capture[i].at;
	rest = match(m, s, p);
	if (!rest)
		m->capture[i].len = CAPTURE_OPEN;
	return rest;
}

static const char *same_as_capture(struct matcher *m, const char *s, int digit)
{
	int i = digit - '1';
	size_t n;

	if (i < 0 || i >= m->level || m->capture[i].len == CAPTURE_OPEN)
		luaL_error(m->L, "invalid capture index %%%d", i + 1);
	/* of a position capture Lua's library makes a length that never fits */
	n = (size_t)m->capture[i].len;
	if ((size_t)(m->src_end - s) < n)
		return NULL;
	step(m, n / 16 + 1);
	return memcmp(m->capture[i].at, s, n) == 0 ? s + n : NULL;
}

/* "%b", "%f" and "%1": true when p stood at one of them; *s is then NULL or behind
 * what it matched, *p behind it. */
static bool special(struct matcher *m, const char **s, const char **p)
{
	const char *set, *end;

	if (**p != '%' || *p + 1 == m->pat_end)
		return false;
	switch ((*p)[1]) {
	case 'b':
		*s = balance(m, *s, *p + 2);
		*p += 4;
		return true;
	case 'f':
		set = *p + 2;
		if (set == m->pat_end || *set != '[')
			luaL_error(m->L, "missing '[' after '%%f' in pattern");
		end = class_end(m, set);
		if (!frontier(m, *s, set, end))
			*s = NULL;
		*p = end;
		return true;
	case '0': case '1': case '2': case '3': case '4':
	case '5': case '6': case '7': case '8': case '9':
		*s = same_as_capture(m, *s, (unsigned char)(*p)[1]);
		*p += 2;
		return true;
	default:
		return false;
	}
}

static const char *match_items(struct matcher *m, const char *s, const char *p)
{
	while (s && p != m->pat_end) {
		const char *end, *rest;
		bool one;

		step(m, 1);
		if (*p == '(')
			return p[1] == ')' ? open_capture(m, s, p + 2, CAPTURE_POSITION)
					   : open_capture(m, s, p + 1, CAPTURE_OPEN);
		if (*p == ')')
			return close_capture(m, s, p + 1);
		if (*p == '$' && p + 1 == m->pat_end)
			return s == m->src_end ? s : NULL;
		if (special(m, &s, &p))
			continue;
		end = class_end(m, p);
		if (*end == '*' && end < m->pat_end)
			return most(m, s, p, end);
		if (*end == '-' && end < m->pat_end)
			return least(m, s, p, end);
		one = single(m, s, p, end);
		if (*end == '+' && end < m->pat_end)
			return one ? most(m, s + 1, p, end) : NULL;
		if (*end == '?' && end < m->pat_end) {
			rest = one ? match(m, s + 1, end + 1) : NULL;
			if (rest)
				return rest;
			p = end + 1;
			continue;
		}
		if (!one)
			return NULL;
		s++;
		p = end;
	}
	return s;
}

static const char *match(struct matcher *m, const char *s, const char *p)
{
	if (m->depth-- == 0)
		luaL_error(m->L, "pattern too complex");
	s = match_items(m, s, p);
	m->depth++;
	return s;
}

/* --- captures ------------------------------------------------------------- */

/* Pushes capture i; without any, the whole match is capture 0. */
static void push_capture(struct matcher *m, int i, const char *s, const char *end)
{
	if (i >= m->level) {
		if (i != 0)
			luaL_error(m->L, "invalid capture index %%%d", i + 1);
		lua_pushlstring(m->L, s, (size_t)(end - s));
	} else if (m->capture[i].len == CAPTURE_POSITION) {
		lua_pushinteger(m->L, m->capture[i].at - m->src + 1);
	} else if (m->capture[i].len == CAPTURE_OPEN) {
		luaL_error(m->L, "unfinished capture");
	} else {
		lua_pushlstring(m->L, m->capture[i].at, (size_t)m->capture[i].len);
	}
}

/* `s` NULL: without captures push nothing. */
static int push_captures(struct matcher *m, const char *s, const char *end)
{
	int n = m->level == 0 && s ? 1 : m->level;

	luaL_checkstack(m->L, n, "too many captures");
	for (int i = 0; i < n; i++)
		push_capture(m, i, s, end);
	return n;
}

/* --- find and match ------------------------------------------------------- */

/* Where to begin, from 0; more than the length when that is past the end. */
static size_t start_of(lua_State *L, int arg, size_t len)
{
	lua_Integer at = luaL_optinteger(L, arg, 1);

	if (at > 0)
		return (size_t)at - 1;
	if (at == 0 || at < -(lua_Integer)len)
		return 0;
	return len + (size_t)at;
}

static bool is_plain(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] && strchr("^$*+?.([%-", p[i]))
			return false;
	return true;
}

static int find_plain(lua_State *L, const char *s, size_t ls, const char *p, size_t lp, size_t from)
{
	const char *at;

	sandbox_charge(L, (long)((ls - from + lp) / 4));
	at = memmem(s + from, ls - from, p, lp);
	if (!at) {
		lua_pushnil(L);
		return 1;
	}
	lua_pushinteger(L, at - s + 1);
	lua_pushinteger(L, at - s + (lua_Integer)lp);
	return 2;
}

static int find_or_match(lua_State *L, bool find)
{
	size_t ls, lp;
	const char *s = luaL_checklstring(L, 1, &ls), *p = luaL_checklstring(L, 2, &lp);
	size_t from = start_of(L, 3, ls);
	bool anchored = *p == '^';
	struct matcher m;

	if (from > ls) {
		lua_pushnil(L);
		return 1;
	}
	if (find && (lua_toboolean(L, 4) || is_plain(p, lp)))
		return find_plain(L, s, ls, p, lp, from);
	matcher_init(&m, L, s, ls, p, lp);
	for (const char *at = s + from; at <= m.src_end; at++) {
		const char *end = match_at(&m, at, p + anchored);

		if (end && find) {
			lua_pushinteger(L, at - s + 1);
			lua_pushinteger(L, end - s);
			return push_captures(&m, NULL, NULL) + 2;
		}
		if (end)
			return push_captures(&m, at, end);
		if (anchored)
			break;
	}
	lua_pushnil(L);
	return 1;
}

static int l_find(lua_State *L)
{
	return find_or_match(L, true);
}

static int l_match(lua_State *L)
{
	return find_or_match(L, false);
}

/* --- gmatch --------------------------------------------------------------- */

/* Upvalues: subject, pattern, where to go on, where the last match ended (or -1). */
static int l_gmatch_next(lua_State *L)
{
	size_t ls, lp;
	const char *s = lua_tolstring(L, lua_upvalueindex(1), &ls);
	const char *p = lua_tolstring(L, lua_upvalueindex(2), &lp);
	lua_Integer last = lua_tointeger(L, lua_upvalueindex(4));
	struct matcher m;

	matcher_init(&m, L, s, ls, p, lp);
	for (lua_Integer at = lua_tointeger(L, lua_upvalueindex(3)); at <= (lua_Integer)ls; at++) {
		const char *end = match_at(&m, s + at, p);

		if (!end || end - s == last)
			continue;
		for (int i = 3; i <= 4; i++) {
			lua_pushinteger(L, end - s);
			lua_replace(L, lua_upvalueindex(i));
		}
		return push_captures(&m, s + at, end);
	}
	return 0;
}

static int l_gmatch(lua_State *L)
{
	size_t ls, from;

	luaL_checklstring(L, 1, &ls);
	luaL_checkstring(L, 2);
	from = start_of(L, 3, ls);
	lua_settop(L, 2);
	lua_pushinteger(L, from > ls ? (lua_Integer)ls + 1 : (lua_Integer)from);
	lua_pushinteger(L, -1);
	lua_pushcclosure(L, l_gmatch_next, 4);
	return 1;
}

/* --- gsub ----------------------------------------------------------------- */

static void add_template(struct matcher *m, luaL_Buffer *b, const char *s, const char *end)
{
	size_t n;
	const char *t = lua_tolstring(m->L, 3, &n);

	step(m, n / 4 + 1);
	for (size_t i = 0; i < n; i++) {
		if (t[i] != '%') {
			luaL_addchar(b, t[i]);
			continue;
		}
		i++;
		if (t[i] == '%') {
			luaL_addchar(b, '%');
		} else if (t[i] == '0') {
			luaL_addlstring(b, s, (size_t)(end - s));
		} else if (isdigit((unsigned char)t[i])) {
			push_capture(m, t[i] - '1', s, end);
			luaL_tolstring(m->L, -1, NULL); /* a position is a number */
			lua_remove(m->L, -2);
			luaL_addvalue(b);
		} else {
			luaL_error(m->L, "invalid use of '%%' in replacement string");
		}
	}
}

/* Adds what stands for the match s..end. */
static void add_value(struct matcher *m, luaL_Buffer *b, const char *s, const char *end, int type)
{
	lua_State *L = m->L;

	if (type == LUA_TFUNCTION) {
		int n;

		lua_pushvalue(L, 3);
		n = push_captures(m, s, end);
		lua_call(L, n, 1);
	} else if (type == LUA_TTABLE) {
		push_capture(m, 0, s, end);
		lua_gettable(L, 3);
	} else {
		add_template(m, b, s, end);
		return;
	}
	if (!lua_toboolean(L, -1)) {
		lua_pop(L, 1);
		luaL_addlstring(b, s, (size_t)(end - s));
	} else if (!lua_isstring(L, -1)) {
		luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
	} else {
		luaL_addvalue(b);
	}
}

static int l_gsub(lua_State *L)
{
	size_t ls, lp;
	const char *at = luaL_checklstring(L, 1, &ls), *p = luaL_checklstring(L, 2, &lp);
	const char *last = NULL;
	int type = lua_type(L, 3);
	lua_Integer max = luaL_optinteger(L, 4, (lua_Integer)ls + 1), n = 0;
	bool anchored = *p == '^';
	struct matcher m;
	luaL_Buffer b;

	luaL_argexpected(L, type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION ||
			 type == LUA_TTABLE, 3, "string/function/table");
	matcher_init(&m, L, at, ls, p, lp);
	luaL_buffinit(L, &b);
	while (n < max) {
		const char *end = match_at(&m, at, p + anchored);

		if (end && end != last) {
			n++;
			add_value(&m, &b, at, end, type);
			at = last = end;
		} else if (at < m.src_end) {
			luaL_addchar(&b, *at++);
		} else {
			break;
		}
		if (anchored)
			break;
	}
	luaL_addlstring(&b, at, (size_t)(m.src_end - at));
	luaL_pushresult(&b);
	lua_pushinteger(L, n);
	return 2;
}

void pattern_open(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "find", l_find }, { "match", l_match }, { "gmatch", l_gmatch },
		{ "gsub", l_gsub }, { NULL, NULL },
	};

	luaL_setfuncs(L, functions, 0);
}
