/*
 * The provider `local`: a Go that is on the machine already, given by its
 * GOROOT or by a `go` command, links and all.  Nothing is run or copied.
 */
#ifndef LNM_TOOLCHAINS_LOCAL_H
#define LNM_TOOLCHAINS_LOCAL_H

#include <stdbool.h>

#include "harness/base/digest.h"
#include "harness/base/error.h"
#include "toolchains/gover.h"

struct local_go {
	char *root;           /* GOROOT, absolute, without links */
	char *version_text;   /* the first line of VERSION: "go1.22.12", "devel go1.28-8c2e1f..." */
	struct gover version; /* of a development version the language version */
	bool devel;
	char identity[DIGEST_HEX];
};

/*
 * Looks at `path`, the PATH of local:PATH, for a host such as linux, amd64.
 * The identity is a digest of version, names, sizes and times of src, pkg/tool
 * and bin: contents are not read, so an edit that keeps size and time is not
 * seen.  ERR_INPUT when it is no Go, or one that can't build: the message says
 * what is missing.  Nothing is to be disposed of after a failure.
 */
int local_open(struct local_go *out, const char *path, const char *goos, const char *goarch,
	       struct error *err);
void local_dispose(struct local_go *go);

/*
 * The text of a VERSION file: "go1.22.12\ntime 2025-...\n", one line up to
 * 1.20, or "devel go1.28-8c2e1f0b ...".  Fills version_text, version and devel.
 */
int local_parse_version(struct local_go *out, const char *text, struct error *err);

#endif
