#include "harness/report/fold.h"

#include <string.h>

#include "harness/base/names.h"
#include "harness/base/str.h"

void fold_add(struct fold *fold, size_t cause, size_t sample, const size_t at[FOLD_AXES])
{
	struct fold_entry entry = { .cause = cause, .sample = sample, .count = 1 };

	for (int i = 0; i < FOLD_AXES; i++)
		vec_push(&entry.at[i], at[i]);
	vec_push(fold, entry);
}

static void entry_dispose(struct fold_entry *entry)
{
	for (int i = 0; i < FOLD_AXES; i++)
		vec_free(&entry->at[i]);
}

static void set_add(struct fold_set *set, size_t ordinal)
{
	size_t i = set->n;

	while (i > 0 && set->v[i - 1] > ordinal)
		i--;
	if (i > 0 && set->v[i - 1] == ordinal)
		return;
	vec_push(set, ordinal);
	memmove(set->v + i + 1, set->v + i, (set->n - 1 - i) * sizeof(*set->v));
	set->v[i] = ordinal;
}

/* What two entries must share to be folded along `axis`: all but that axis. */
static void key_without(struct str *out, const struct fold_entry *entry, enum fold_axis axis)
{
	str_clear(out);
	str_addf(out, "%zu", entry->cause);
	for (int i = 0; i < FOLD_AXES; i++) {
		if (i == (int)axis)
			continue;
		str_addc(out, ';');
		for (size_t j = 0; j < entry->at[i].n; j++)
			str_addf(out, ",%zu", entry->at[i].v[j]);
	}
}

static void fold_along(struct fold *fold, enum fold_axis axis)
{
	struct names seen = { 0 };
	struct str key = STR_INIT;
	size_t kept = 0;

	for (size_t i = 0; i < fold->n; i++) {
		struct fold_entry *entry = &fold->v[i];
		size_t place;

		key_without(&key, entry, axis);
		place = names_add(&seen, key.s);
		if (place == kept) {
			fold->v[kept++] = *entry;
			continue;
		}
		fold->v[place].count += entry->count;
		for (size_t j = 0; j < entry->at[axis].n; j++)
			set_add(&fold->v[place].at[axis], entry->at[axis].v[j]);
		entry_dispose(entry);
	}
	fold->n = kept;
	str_free(&key);
	names_dispose(&seen);
}

void fold_up(struct fold *fold)
{
	fold_along(fold, FOLD_TOOLCHAIN);
	fold_along(fold, FOLD_TARGET);
	fold_along(fold, FOLD_WHO);
}

void fold_dispose(struct fold *fold)
{
	for (size_t i = 0; i < fold->n; i++)
		entry_dispose(&fold->v[i]);
	vec_free(fold);
}
