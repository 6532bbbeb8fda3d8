/* SPDX-License-Identifier: MIT */
#include "warm/host.h"

#include "base/clock.h"
#include "box/facts.h"

void host_refresh(struct host *host, uint64_t now)
{
	struct host fresh = {.looked_ns = now};
	struct sbx_error unheard;

	if (host->looked_ns && now - host->looked_ns < NS_PER_S)
		return;
	if (facts_of_host(&fresh.arena, &fresh.facts, &unheard) < 0) {
		arena_free(&fresh.arena);
		host->looked_ns = 0; /* what was lent stays */
		return;
	}
	host_free(host);
	*host = fresh;
}

void host_lend(const struct host *host, struct sbx_spec *spec)
{
	spec->host = host->looked_ns ? &host->facts : NULL;
}

void host_free(struct host *host)
{
	arena_free(&host->arena);
	*host = (struct host){0};
}
