/* SPDX-License-Identifier: MIT */
/* What a host is like changes seldom, and to look takes a hundred system calls:
 * who makes many plans looks once for all that it makes within a second. */
#ifndef SBX_WARM_HOST_H
#define SBX_WARM_HOST_H

#include "base/arena.h"
#include "model/facts.h"
#include "sbx.h"

struct host {
	struct arena arena; /* what facts point to */
	struct facts facts;
	uint64_t looked_ns; /* 0: never */
};

/* Looks, if that was a second ago. Where it fails every plan looks for itself,
 * and says why. */
void host_refresh(struct host *host, uint64_t now);

/* The spec's plans are made with what was seen last. The host has to stay where
 * it is as long as the spec. */
void host_lend(const struct host *host, struct sbx_spec *spec);

void host_free(struct host *host);

#endif
