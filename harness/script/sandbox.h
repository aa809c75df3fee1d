/*
 * The Lua state that a scenario lives in: a whitelist of the language, an
 * allocator with a cap, and a count of instructions that ends endless loops.
 */
#ifndef LNM_SCRIPT_SANDBOX_H
#define LNM_SCRIPT_SANDBOX_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

enum {
	SANDBOX_BYTES = 32 << 20,
	SANDBOX_INSTRUCTIONS = 50 * 1000 * 1000, /* between two waits: about half a second */
	SANDBOX_CPU_S = 10,    /* likewise, for what instructions do not show */
};

struct sandbox {
	lua_State *L;          /* the main state */
	lua_State *running;    /* the thread that runs now, for messages */
	const char *file;      /* whose code runs, for messages; borrowed; may be NULL */
	size_t used;
	/* Instructions left. What a library function does at one go (bytes that it
	 * copies, steps of a pattern, entries that it moves) is taken off as well. */
	long budget;
	double until;          /* CPU time of this thread at which to give up; 0: not known yet */
	char refused[160];     /* where memory ran out: "file:line", or "" */
	char raised[160];      /* where sandbox_handler() saw an error, likewise */
};

/* The sandbox must not move: Lua keeps its address. Returns false when even the
 * empty state does not fit into memory. */
bool sandbox_open(struct sandbox *sb);
void sandbox_close(struct sandbox *sb);
/* Pushes a fresh environment with the allowed names of the standard library. */
void sandbox_push_env(lua_State *L);
/* Gives a thread its hook and a fresh budget; call before each entry into Lua. */
void sandbox_enter(struct sandbox *sb, lua_State *thread);
struct sandbox *sandbox_of(lua_State *L);
/* Takes work off the budget; raises when none is left. */
void sandbox_charge(lua_State *L, long work);
/* For lua_pcall(), so that sandbox_message() knows where the error was raised. */
int sandbox_handler(lua_State *L);
/* The message of a failed call, with a place put in front when Lua gave none (out
 * of memory, no message at all). Returns buf. */
const char *sandbox_message(struct sandbox *sb, lua_State *thread, char *buf, size_t size);

#endif
