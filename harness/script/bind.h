/* Private to harness/script: what its files share. */
#ifndef LNM_SCRIPT_BIND_H
#define LNM_SCRIPT_BIND_H

#include <lua.h>

#include "harness/base/str.h"
#include "harness/script/sandbox.h"
#include "harness/script/scenario.h"

struct script {
	struct sandbox sandbox;   /* first: sandbox_of() leads here */
	struct scenario *sc;
	char *dir;                /* of the scenario file */
	char *chunk;              /* "@path", Lua's name for it */
	struct str text;
	struct strv scratch;      /* survives a raise, freed with the script */
	bool declared;            /* scenario { } was seen */
	char *unfinished;         /* the case whose name was given, but no { } yet; or NULL */
	int unfinished_line;
};

/* Raises unless each entry is "NAME=VALUE". */
void check_env(lua_State *L, const char *what, const struct strv *env);
/* Makes the metatable of cells and the default steps. */
void bind_cell(lua_State *L);

#endif
