#include "harness/base/names.h"

#include <stdint.h>
#include <string.h>

/* FNV-1a. */
static size_t hash(const char *s)
{
	uint64_t h = 14695981039346656037u;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211u;
	return (size_t)(h ^ (h >> 32));
}

/* The slot that holds `name`, or the free one where it belongs. */
static size_t *slot_of(const struct names *names, const char *name)
{
	size_t mask = names->nslots - 1;
	size_t i = hash(name) & mask;

	while (names->slots[i] && strcmp(names->list.v[names->slots[i] - 1], name) != 0)
		i = (i + 1) & mask;
	return &names->slots[i];
}

static void grow(struct names *names)
{
	mem_free(names->slots);
	names->nslots = names->nslots ? names->nslots * 2 : 32;
	names->slots = mem_zalloc(names->nslots * sizeof(*names->slots));
	for (size_t i = 0; i < names->list.n; i++)
		*slot_of(names, names->list.v[i]) = i + 1;
}

size_t names_add(struct names *names, const char *name)
{
	size_t *slot;

	if ((names->list.n + 1) * 2 > names->nslots)
		grow(names);
	slot = slot_of(names, name);
	if (*slot == 0) {
		strv_add(&names->list, name);
		*slot = names->list.n;
	}
	return *slot - 1;
}

size_t names_find(const struct names *names, const char *name)
{
	return names->nslots ? *slot_of(names, name) - 1 : NAMES_NONE;
}

void names_dispose(struct names *names)
{
	strv_free(&names->list);
	mem_free(names->slots);
	names->slots = NULL;
	names->nslots = 0;
}
