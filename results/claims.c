#include "results/claims.h"

#include <string.h>

const char *claim_verdict_name(enum claim_verdict verdict)
{
	static const char *const names[] = { "not asked", "confirmed", "partly", "depends", "refuted" };

	return names[verdict];
}

bool claim_is_of(const struct claim_case *claim, const struct cell_result *cell)
{
	return strcmp(claim->kase, cell->kase) == 0 && strcmp(claim->scenario, cell->scenario) == 0;
}

enum claim_verdict claim_judge(const struct run_result *r, const struct claim_case *claim)
{
	size_t fits[CLAIM_FAILS + 1] = { 0 }, causes[CLAIM_FAILS + 1] = { 0 };
	size_t seen;

	for (size_t i = 0; i < r->cells.n; i++) {
		const struct cell_result *c = &r->cells.v[i];

		if (!claim_is_of(claim, c))
			continue;
		fits[c->fit]++;
		causes[c->because]++;
	}
	seen = fits[CLAIM_HOLDS] + fits[CLAIM_NEARLY];
	if (seen + fits[CLAIM_FAILS] + causes[CLAIM_HOLDS] + causes[CLAIM_FAILS] == 0)
		return CLAIM_UNASKED;
	if (fits[CLAIM_FAILS])
		return seen ? CLAIM_DEPENDS : CLAIM_REFUTED;
	if (causes[CLAIM_FAILS] || (fits[CLAIM_NEARLY] && !fits[CLAIM_HOLDS]))
		return CLAIM_PARTLY;
	return fits[CLAIM_NEARLY] ? CLAIM_DEPENDS : CLAIM_CONFIRMED;
}
