/*
 * SHA-256 keys.  What is hashed is a sequence of fields, each with its length
 * in front, so that ("ab","c") and ("a","bc") differ.
 */
#ifndef LNM_BASE_DIGEST_H
#define LNM_BASE_DIGEST_H

#include <stddef.h>

#include "harness/base/error.h"

enum { DIGEST_HEX = 65 }; /* 64 hex digits and the NUL */

struct digest; /* opaque */

struct digest *digest_new(const char *purpose);      /* the first field */
void digest_add(struct digest *d, const char *s);    /* a string; NULL is a field of its own */
void digest_addn(struct digest *d, const void *p, size_t n);
/* Writes the hex digest and frees d. */
void digest_end(struct digest *d, char out[DIGEST_HEX]);

/* Plain SHA-256 of some bytes, or of a file's content. */
void digest_bytes(char out[DIGEST_HEX], const void *p, size_t n);
int digest_file(char out[DIGEST_HEX], const char *path, struct error *err);

#endif
