/*
 * What a command that runs cells needs, opened in the right order and closed
 * again: loop, children, store, lock, catalogue, supply.
 */
#ifndef LNM_CLI_SESSION_H
#define LNM_CLI_SESSION_H

#include <uv.h>

#include "harness/cli/cli.h"
#include "harness/job/job.h"
#include "harness/sched/modules.h"
#include "harness/sched/supply.h"
#include "results/store.h"
#include "runners/runner.h"
#include "toolchains/lock.h"
#include "toolchains/published.h"

struct session {
	uv_loop_t loop;
	struct jobs *jobs;
	const struct places *places;
	struct lock lock;          /* the lock file's, and the project's behind it */
	struct lock own;           /* the project's: .lnmatrix/lock.yaml */
	char *own_path;
	struct published published;
	struct supply *supply;
	struct modules *modules;
	bool listed;               /* today's list was asked for */
	bool said_tip;
	bool loop_open;
	void (*say)(void *arg, const char *line);
	void *say_arg;
};

/* `ask_again`: what was not available an hour ago is asked for anew. */
int session_open(struct session *s, const struct places *places, bool ask_again,
		 void (*say)(void *arg, const char *line), void *say_arg, struct error *err);
void session_close(struct session *s);

/*
 * Resolves --go specs, asking what is published today only when neither lock
 * nor catalogue can say.  Pins go to the project's lock.
 */
int session_resolve(struct session *s, const char *specs, struct spec_list *out,
		    struct error *err);
/*
 * What builds the program that reads Go's sources: the newest release that is pinned for this
 * platform, or that is newer still among `also` (toolchains asked about). spec_list_dispose().
 */
int session_builder(struct session *s, const struct gover *also, size_t n, struct spec_list *out,
		    struct error *err);
/* Adds a sum to the project's lock. */
void session_pin_sum(struct session *s, const struct gover *v, const char *sum);
/* Writes the project's lock if something was pinned. */
int session_save_pins(struct session *s, struct error *err);
/* "linux-amd64" */
const char *session_platform(void);

#endif
