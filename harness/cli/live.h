/* The live line on stderr while a command works, and lines that go past it. */
#ifndef LNM_CLI_LIVE_H
#define LNM_CLI_LIVE_H

#include <uv.h>

#include "harness/cli/cli.h"
#include "harness/sched/engine.h"
#include "harness/sched/supply.h"

struct live_state {
	struct engine_counts counts;
	size_t building, running;
	struct supply_download downloads[8];
	size_t ndownloads;
	char doing[80];            /* instead of the cell begun last, or "" */
};

struct live;
typedef void live_fill(void *arg, struct live_state *out);

struct live *live_new(struct terminal stderr_terminal);
/* Draws a few times a second if stderr is a terminal, else does nothing. */
void live_start(struct live *l, uv_loop_t *loop, live_fill *fill, void *arg);
/* Wipes the line and closes the timer. */
void live_stop(struct live *l);
void live_free(struct live *l); /* after the loop has run out */
/* A line for stderr, "lnmatrix: " in front; the live line is drawn anew below it. */
void live_say(struct live *l, const char *line);

#endif
