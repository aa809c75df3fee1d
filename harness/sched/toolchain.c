#include "harness/sched/toolchain.h"

struct toolchain *toolchain_new(const struct spec_item *item)
{
	struct toolchain *tc = mem_zalloc(sizeof(*tc));

	tc->name = mem_strdup(item->name);
	tc->base = mem_strdup(item->base);
	edits_copy(&tc->edits, &item->edits);
	tc->version = item->version;
	tc->is_version = item->is_version;
	tc->optional = item->optional;
	return tc;
}

void toolchain_free(struct toolchain *tc)
{
	if (!tc)
		return;
	mem_free(tc->name);
	mem_free(tc->base);
	edits_dispose(&tc->edits);
	mem_free(tc->identity);
	mem_free(tc->goroot);
	mem_free(tc->overlay);
	mem_free(tc->failure);
	vec_free(&tc->waiting);
	mem_free(tc);
}
