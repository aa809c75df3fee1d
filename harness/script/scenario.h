/*
 * Scenarios: a Lua file that names cases, their matrix and what is expected.
 *
 * The file runs once, in a sandbox (no files, no processes, no clock; capped
 * memory and instructions), and what it declared stands here as plain structs.
 * A case's steps run once per cell, as a coroutine that hands out a request at
 * each build and run and is resumed with the answer; whoever holds the other end
 * need not know Lua, and nothing here knows what a process is.
 */
#ifndef LNM_SCRIPT_SCENARIO_H
#define LNM_SCRIPT_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/base/error.h"
#include "harness/base/mem.h"
#include "harness/script/fixture.h"
#include "results/expect.h"
#include "results/local.h"

/* The axes of a matrix as written; empty lists and cgo 0 mean "not said". */
struct matrix {
	struct strv go;       /* specs: "1.22..1.27", "1.27rc1?" */
	struct strv target;   /* "linux/arm64", globs, "all" */
	struct strv variant;  /* "default", "checklinkname=0" */
	unsigned cgo;         /* bits: 1 off, 2 on */
};

struct claim {
	char *source;         /* which document */
	char *text, *at;      /* the statement in a sentence; the version that it names; or NULL */
	struct rules says, because;
};

/* A statement that no program can check. */
struct unchecked {
	char *source, *text, *why;
};

struct scenario;

struct kase {
	struct scenario *scenario; /* borrowed */
	char *name, *about;
	struct fixture fixture;
	struct matrix matrix;      /* the scenario's where the case does not say */
	bool run;                  /* false: build only */
	char *package;             /* what is built: "." */
	char *host;                /* of a library: the C file or Go package that loads it; or NULL */
	struct strv args, env;     /* of the program; env: "NAME=VALUE" */
	char *input;               /* its stdin, or NULL */
	uint64_t timeout_ms;       /* of each build and each run; 0: the default */
	struct rules expect;
	struct claim claim;        /* source NULL: none */
	char *explain;             /* of a claim that does not hold: what is true; or NULL */
	int repeats;               /* times that the program runs; 0: as the run says */
	int line;                  /* in the scenario file */
	int steps_ref;             /* private: the Lua function */
};

struct scenario {
	char *name, *path, *about, *source;
	VEC(struct kase *) cases;
	VEC(struct unchecked) unchecked;
	struct matrix matrix;
	uint64_t timeout_ms;
	struct script *script;     /* private */
};

/* ERR_INPUT "file:line: ..." for any mistake in it or its fixtures. */
int scenario_load(struct scenario **out, const char *path, struct error *err);
void scenario_free(struct scenario *sc);

/* What a cell's steps may know about where they are. Strings are copied. */
struct cell_view {
	const char *toolchain, *version, *target, *goos, *goarch, *variant;
	bool cgo;
};

enum request_kind {
	REQUEST_BUILD,
	REQUEST_RUN,
	REQUEST_TOOL,  /* one of Go's tools, or a look into Go's sources */
	REQUEST_END,   /* the steps are through */
	REQUEST_FAIL,  /* cell:check() or cell:fail(): message */
	REQUEST_ERROR, /* the scenario itself failed: message "file:line: ..." */
};

enum go_tool {
	TOOL_COMPILE, /* `go list -export`: compiles, links nothing; args are flags */
	TOOL_VET,     /* `go vet`; args are flags */
	TOOL_TEST,    /* `go test`; args come after the package */
	TOOL_OBJDUMP, /* `go tool objdump` of the built program; args: a function's name */
	TOOL_SOURCE,  /* grep in the toolchain's own tree; args: the text, a path below GOROOT */
};

struct request {
	enum request_kind kind;
	enum go_tool tool;           /* TOOL */
	char *message;            /* FAIL, ERROR */
	bool may_fail;            /* BUILD, RUN: the steps want to see a failure themselves */
	bool check;               /* RUN: compare with what the program must print */
	int round;                /* RUN: asked again under another number, it is run again */
	struct strv args, env;    /* RUN: instead of the case's, where given; TOOL: see there */
	bool has_args, has_env, has_input;
	char *input;
	char *package;            /* BUILD, TOOL: instead of the case's, or NULL */
};
void request_dispose(struct request *r);

/* The answer to BUILD, RUN or TOOL. */
struct answer {
	bool ok;
	int exit_status;
	const char *signal, *outcome; /* or NULL */
	const char *out, *err;
	size_t out_len, err_len;
};

/* What steps said besides: cell:note(), cell:finding(), cell:layout(). */
struct cell_remarks {
	struct strv notes;
	struct layout_pairs layouts;
	VEC(struct finding) findings;
};

struct steps; /* one running coroutine */
struct steps *steps_start(struct kase *k, const struct cell_view *view);
/* Runs until the next request; answer is NULL the first time. */
void steps_resume(struct steps *s, const struct answer *answer, struct request *out);
const struct cell_remarks *steps_remarks(const struct steps *s);
void steps_free(struct steps *s);

/* "90s", "2m", "1m30s", "500ms"; plain numbers are refused. ERR_INPUT. */
int duration_parse(const char *s, uint64_t *out_ms, struct error *err);
/* Splits a comma list, parentheses kept together; blanks trimmed. */
void list_split(const char *s, struct strv *out);

#endif
