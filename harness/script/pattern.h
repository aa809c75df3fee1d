/*
 * string.find, match, gmatch and gsub with Lua's own patterns, where every step of
 * the matching counts against the sandbox's budget.  Lua's library backtracks
 * inside one C call, where no instruction is counted and no hook fires: a pattern
 * like ("a*"):rep(30) .. "b" would hang the program.
 */
#ifndef LNM_SCRIPT_PATTERN_H
#define LNM_SCRIPT_PATTERN_H

#include <lua.h>

/* Sets the four in the table on top of the stack. */
void pattern_open(lua_State *L);

#endif
