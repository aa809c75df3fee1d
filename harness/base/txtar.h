/*
 * txtar archives (golang.org/x/tools/txtar): text, then files, each after a
 * line "-- name --".  An archive is how a fixture keeps a whole Go module in
 * one readable file.
 */
#ifndef LNM_BASE_TXTAR_H
#define LNM_BASE_TXTAR_H

#include <stddef.h>

#include "harness/base/error.h"

struct txtar_file {
	char *name;
	char *data;
	size_t size;
	int line; /* of the marker, 1-based */
};

struct txtar {
	char *comment;
	struct txtar_file *files; /* in the archive's order */
	size_t n;
};

/*
 * Parses; ERR_INPUT with "archive:line" for a name that leaves the folder
 * ("../x", "/x"), stands twice, or is a file and a folder at once.
 */
int txtar_parse(struct txtar *out, const char *text, size_t n, const char *archive,
		struct error *err);
int txtar_read(struct txtar *out, const char *path, struct error *err);
const struct txtar_file *txtar_find(const struct txtar *ar, const char *name); /* or NULL */
void txtar_dispose(struct txtar *ar);

#endif
