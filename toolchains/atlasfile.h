/*
 * Atlases on disk, below CACHE/atlas: one file per (toolchain, target), written once
 * and never changed (a partial one may be replaced by a fuller or complete one),
 * checked on reading.
 *
 * Versions and targets are alike, so a file is written against another, its parent,
 * the nearest complete atlas in the folder: of the same toolchain and word size, else of
 * a near version.  A package's section costs nothing where it is the same there, else it
 * is a zstd frame with the parent's section as its prefix.
 */
#ifndef LNM_TOOLCHAINS_ATLASFILE_H
#define LNM_TOOLCHAINS_ATLASFILE_H

#include "harness/base/error.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "toolchains/atlas.h"

/* What an atlas is about. */
struct atlas_key {
	const char *identity;  /* pins the toolchain: its checksum, or a what-if's identity */
	const char *toolchain; /* its name, for messages and to tell alike ones: "go1.27.4" */
	const char *target;    /* "linux/amd64" */
	const char *program;   /* identity of the Go program that writes atlases; another one's
	                          atlases are as good as missing */
};

/* The folder, with what was opened and unpacked kept for the next question. One thread. */
struct atlas_dir;
/* Makes the folder if needed. */
int atlas_dir_open(struct atlas_dir **out, const char *cache, struct error *err);
void atlas_dir_close(struct atlas_dir *dir);

struct atlas;     /* borrowed from the dir, good until it is closed */
/*
 * ERR_GONE: there is none that is of use: no file, one of another program or format,
 * or one whose parent is gone or has become another. ERR_WORK: damaged, it or
 * its parent, with what is wrong in words ("... does not match its checksum"): the caller
 * says so once, discards it and makes it again. Header and index are checked here,
 * a section when it is asked for.
 */
int atlas_open(struct atlas **out, struct atlas_dir *dir, const struct atlas_key *key,
	       struct error *err);
bool atlas_is_complete(const struct atlas *a);
/*
 * Removes the file, and whichever of its parents was found to be damaged; the next
 * atlas_open() looks anew. Atlases that were opened stay good until the dir is closed.
 */
void atlas_discard(struct atlas_dir *dir, const struct atlas_key *key);
/* Packages that it has, sorted; added to `out`. */
void atlas_packages(const struct atlas *a, struct strv *out);
/*
 * A package's section; its text is good until the dir is closed.  ERR_GONE: the atlas has
 * no such package (of a partial one: was not asked about); ERR_WORK: damaged, it or
 * its parent. What two atlases share has the same address in both.
 */
int atlas_section(struct atlas_section *out, struct atlas *a, const char *package,
		  struct error *err);
/*
 * Writes the atlas: `text` is the whole text of the Go program. A partial one is
 * merged into a partial one that is there: packages in `text` replace those; where a
 * complete one is there, nothing is done. Atomic, one writer at a time in the folder. An
 * atlas of the same key that was opened before stays as it was; the next atlas_open()
 * finds the new one. ERR_WORK: the text is not what the program writes.
 */
int atlas_write(struct atlas_dir *dir, const struct atlas_key *key, const char *text, size_t len,
		bool complete, struct error *err);

#endif
