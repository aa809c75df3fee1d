/*
 * Files.  Paths are bytes; everything that is written for others to find is
 * written beside its place, synced and renamed, so that a reader sees the old
 * file or the new one and nothing between.
 */
#ifndef LNM_BASE_FS_H
#define LNM_BASE_FS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "harness/base/error.h"
#include "harness/base/str.h"

/* base/name; `name` alone when it is absolute. Caller frees. */
char *path_join(const char *base, const char *name);
const char *path_base(const char *path);            /* after the last slash; borrowed */
char *path_dir(const char *path);                   /* caller frees; "." when there is none */
/* Absolute form without resolving links; caller frees. */
char *path_abs(const char *path);
/*
 * Whether `name` may be created below a folder of ours: relative, no empty,
 * "." or ".." part, no NUL or backslash.
 */
bool path_is_tame(const char *name);

bool fs_exists(const char *path);
bool fs_is_dir(const char *path);
/*
 * The executable file that `name` means: itself when it has a slash, else the first of
 * that name in the folders of `search`, a PATH. Absolute, caller frees; NULL: none.
 */
char *fs_find_program(const char *name, const char *search);
int fs_read(struct str *out, const char *path, struct error *err);
/* Creates parents as needed; mode as for open(2). Not atomic: for files of our own run. */
int fs_write(const char *path, const char *data, size_t n, mode_t mode, struct error *err);
/* Atomic: temporary file beside it, fsync, rename. Creates parents; mode as for open(2). */
int fs_replace(const char *path, const char *data, size_t n, mode_t mode, struct error *err);
/*
 * For files that the user names: its folder must exist, a link is followed, an existing file keeps
 * its mode and is replaced at once, and what is no file (a pipe, a device) is written to.
 */
int fs_output(const char *path, const char *data, size_t n, struct error *err);
int fs_mkdirs(const char *path, struct error *err);
/* Removes a tree, read-only folders in it included; a missing one is a success. */
int fs_remove_tree(const char *path, struct error *err);

/*
 * An advisory lock on a file that is created if need be (flock(2), so it ends
 * with the process).  Returns a descriptor, or -1 with `err` set; with `wait`
 * false and the lock held elsewhere, -1 with err->code == ERR_OK.
 */
int fs_lock(const char *path, bool wait, struct error *err);
/* The same, shared with others that only share it, and never waiting. */
int fs_lock_shared(const char *path, struct error *err);
/* Turns a lock that is held into a shared one. */
void fs_lock_share(int fd);
void fs_unlock(int fd);

/* Visits every entry below `root` in bytewise order of names; `rel` is the path
 * below root. A negative return of the visitor stops and is returned. */
struct stat;
typedef int fs_visit(void *arg, const char *rel, const struct stat *st, struct error *err);
int fs_walk(const char *root, fs_visit *visit, void *arg, struct error *err);

#endif
