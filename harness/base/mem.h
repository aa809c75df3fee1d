/*
 * Allocation that does not fail.  lnmatrix works in a few megabytes; when even
 * those are not to be had there is no sensible way on, so these print one line
 * and abort.  Lua states are apart: they have a cap of their own (script/).
 */
#ifndef LNM_BASE_MEM_H
#define LNM_BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size);               /* uninitialised */
void *mem_zalloc(size_t size);              /* zeroed */
void *mem_realloc(void *p, size_t size);
char *mem_strdup(const char *s);            /* NULL gives NULL */
char *mem_strndup(const char *s, size_t n);
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * A growable array of T:  VEC(struct cell) cells = { 0 };
 * vec_push(&cells, cell);  cells.v[i], cells.n;  vec_free(&cells);
 */
#define VEC(T) struct { T *v; size_t n, cap; }
#define vec_push(vec, item)                                                        \
	do {                                                                       \
		if ((vec)->n == (vec)->cap) {                                      \
			(vec)->cap = (vec)->cap ? (vec)->cap * 2 : 8;              \
			(vec)->v = mem_realloc((vec)->v, (vec)->cap * sizeof(*(vec)->v)); \
		}                                                                  \
		(vec)->v[(vec)->n++] = (item);                                     \
	} while (0)
#define vec_free(vec)                                                              \
	do {                                                                       \
		mem_free((vec)->v);                                                \
		(vec)->v = NULL;                                                   \
		(vec)->n = (vec)->cap = 0;                                         \
	} while (0)
void mem_free(void *p);

/* A vector of owned strings, the commonest of them. */
struct strv { char **v; size_t n, cap; };
void strv_add(struct strv *sv, const char *s);                 /* copies */
void strv_addf(struct strv *sv, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void strv_addn(struct strv *sv, const char *s, size_t n);
int strv_has(const struct strv *sv, const char *s);            /* 1 or 0 */
void strv_copy(struct strv *out, const struct strv *from);     /* `out` is overwritten, not freed */
void strv_sort(struct strv *sv);                               /* bytewise */
void strv_free(struct strv *sv);                               /* the strings too; sv is empty then */
/* The vector as a NULL-terminated argv; owned by sv and good until it changes. */
char **strv_argv(struct strv *sv);

#endif
