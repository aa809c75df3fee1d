/* Reading option tables: every key known, every type right, else file:line. */
#ifndef LNM_SCRIPT_OPTIONS_H
#define LNM_SCRIPT_OPTIONS_H

#include <lua.h>
#include <stdbool.h>

#include "harness/base/mem.h"

/*
 * All raise a Lua error on a mistake.  `what` names the table in messages:
 * `case "x"`.  `t` is its absolute stack index.  Returned strings are borrowed
 * from Lua and good while the table holds them.
 */
void opt_check_keys(lua_State *L, int t, const char *what, const char *const *known);
/* The table at absolute index `t` is a list: entries 1 to its length, nothing else. */
void opt_check_list(lua_State *L, int t, const char *what, const char *key);
const char *opt_string(lua_State *L, int t, const char *what, const char *key);
/* A string (split at commas outside parentheses) or a list of strings; adds to out.
 * The strings are owned by `out`, which must be freed even after a raise: keep it
 * in something that is. `split` false takes each string whole. Returns presence. */
bool opt_strings(lua_State *L, int t, const char *what, const char *key, bool split,
		 struct strv *out);
/* -1: absent. */
int opt_bool(lua_State *L, int t, const char *what, const char *key);
bool opt_integer(lua_State *L, int t, const char *what, const char *key, int low, int high,
		 int *out);

#endif
