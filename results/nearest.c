#include "results/nearest.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static size_t min_of(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t nearest_distance(const char *a, const char *b, size_t most)
{
	size_t na = strlen(a), nb = strlen(b), *rows, *before2, *before, *row, result;

	if ((na > nb ? na - nb : nb - na) > most)
		return most + 1;
	rows = mem_alloc(3 * (nb + 1) * sizeof(*rows));
	before2 = rows;
	before = rows + nb + 1;
	row = before + nb + 1;
	for (size_t j = 0; j <= nb; j++)
		row[j] = j;
	for (size_t i = 1; i <= na; i++) {
		size_t *spare = before2;

		before2 = before;
		before = row;
		row = spare;
		row[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			row[j] = min_of(before[j] + 1, row[j - 1] + 1);
			row[j] = min_of(row[j], before[j - 1] + !same(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
				row[j] = min_of(row[j], before2[j - 2] + 1);
		}
	}
	result = min_of(row[nb], most + 1);
	mem_free(rows);
	return result;
}

size_t nearest_common(const char *a, const char *b)
{
	size_t best = 0;

	for (const char *p = a; *p; p++) {
		for (const char *q = b; *q; q++) {
			size_t n = 0;

			while (p[n] && q[n] && same(p[n], q[n]))
				n++;
			if (n > best)
				best = n;
		}
	}
	return best;
}

struct near {
	const char *name;
	size_t distance;
};

static int by_distance(const void *a, const void *b)
{
	const struct near *x = a, *y = b;

	if (x->distance != y->distance)
		return x->distance < y->distance ? -1 : 1;
	return strcmp(x->name, y->name);
}

void nearest_names(struct strv *out, const char *name, const struct strv *names, size_t max)
{
	size_t n = strlen(name), most = n < 3 ? 1 : n / 3;
	VEC(struct near) found = { 0 };

	for (size_t i = 0; i < names->n; i++) {
		struct near near = { names->v[i], nearest_distance(name, names->v[i], most) };

		if (near.distance <= most)
			vec_push(&found, near);
	}
	if (found.n > 1)
		qsort(found.v, found.n, sizeof(*found.v), by_distance);
	for (size_t i = 0; i < found.n && i < max; i++)
		strv_add(out, found.v[i].name);
	vec_free(&found);
}
