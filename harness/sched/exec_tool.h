/*
 * What Go's tools are asked, as command lines (struct tool_question).
 */
#ifndef LNM_SCHED_EXEC_TOOL_H
#define LNM_SCHED_EXEC_TOOL_H

#include "harness/sched/ask.h"

struct tool_place {
	const char *cache;    /* lnmatrix's cache folder */
	const char *tmp;      /* this question's temporary folder */
	const char *sources;  /* where the fixture lies */
	const char *binary;   /* TOOL_OBJDUMP: the built program */
};

/* Adds to argv and env; returns the folder to run it in, borrowed. The toolchain must be laid out. */
const char *tool_command(const struct ask *ask, const struct tool_place *place, struct strv *argv,
			 struct strv *env);

#endif
