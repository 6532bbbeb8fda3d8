/* SPDX-License-Identifier: MIT */
#include "warm/host.h"

#include "base/clock.h"
#include "base/parse.h"
#include "box/facts.h"

void host_refresh(struct host *host, uint64_t now)
{
	struct sbx_error unheard;

	if (host->looked_ns && now - host->looked_ns < NS_PER_S)
		return;
	host_free(host);
	if (facts_of_host(&host->arena, &host->facts, &unheard) == 0)
		host->looked_ns = now;
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
