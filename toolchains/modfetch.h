/*
 * The provider `go module`: what the user's own `go` (1.19 or newer) is asked,
 * and what its answers mean.  Nothing here starts a process.
 *
 * A toolchain is fetched as the module golang.org/toolchain into a module cache
 * of ours, so that the user's proxy, credentials and checksum database count,
 * and is then moved out of it: `go build -overlay` replaces no file below a module cache,
 * and Go 1.19 run from inside one fails plain builds.
 */
#ifndef LNM_TOOLCHAINS_MODFETCH_H
#define LNM_TOOLCHAINS_MODFETCH_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/error.h"
#include "harness/base/mem.h"
#include "toolchains/gover.h"
#include "toolchains/published.h"

struct modfetch_request {
	const char *go;             /* the user's go command */
	struct gover version;
	const char *goos, *goarch;  /* of this host */
	const char *modcache;       /* ours, private to this download: GOMODCACHE */
	const char *user_proxy;     /* what `go env GOPROXY` says; NULL leaves GOPROXY alone */
	const char *user_download;  /* the user's GOMODCACHE/cache/download, asked first; or NULL */
};

/* "v0.0.1-go1.22.12.linux-amd64"; caller frees. */
char *modfetch_module_version(const struct modfetch_request *req);

/* Both add to `out`. The command is to be run in an empty folder, away from any go.mod. */
void modfetch_argv(struct strv *out, const struct modfetch_request *req);
/* `go list -m -versions golang.org/toolchain`; its answer is for published_merge_list(). */
void modfetch_list_argv(struct strv *out, const char *go);

/*
 * The environment: the user's own, `user_env` as NAME=VALUE, with what the work
 * needs on top.  GOFLAGS is replaced as a whole, since flags of the user's that
 * an older go doesn't know would end it.  With user_download the user's cache
 * is put before the proxies; a file of it that is damaged shows as
 * MODFETCH_DAMAGED or MODFETCH_CHECKSUM, so try again without it then.
 * `req` may be NULL: the environment of modfetch_list_argv().
 */
void modfetch_env(struct strv *out, char *const *user_env, const struct modfetch_request *req);

enum modfetch_failure {
	MODFETCH_OK,
	MODFETCH_GONE,      /* not available: ERR_GONE */
	MODFETCH_CHECKSUM,  /* other bytes than the checksum database or the lock has: ERR_WORK */
	MODFETCH_NETWORK,   /* nobody could be asked, GOPROXY=off included: ERR_WORK */
	MODFETCH_DAMAGED,   /* what came was no zip, or broke off: ERR_WORK, worth a retry */
	MODFETCH_DISK,      /* full, or not writable: ERR_OS */
	MODFETCH_OTHER,     /* ERR_WORK, with what go said */
};

struct modfetch_result {
	enum modfetch_failure failure;
	char *dir; /* unpacked, below req->modcache; NULL after a failure, as all of these */
	char *zip;
	char *sum; /* "h1:..." */
};

/*
 * Reads what `go mod download -json` printed.  `published` gives the versions
 * to name instead of one that is gone; it and locked_sum may be NULL.  Returns
 * 0 or the code above, with out->failure telling which; dispose in either case.
 */
int modfetch_parse(struct modfetch_result *out, const struct modfetch_request *req,
		   const char *out_text, const char *err_text, const char *locked_sum,
		   const struct published *published, struct error *err);
void modfetch_result_dispose(struct modfetch_result *result);

/*
 * Seals an unpacked toolchain (tree.h) and moves it to its place; the manifest
 * goes to `manifest_path`, and first, so that a tree in its place is always
 * sealed.  ERR_OS when the two are on different file systems; ERR_WORK when
 * something is at `final_root` already, or what was unpacked is no toolchain.
 */
int modfetch_place(const char *unpacked_dir, const char *final_root, const char *manifest_path,
		   struct error *err);

#endif
