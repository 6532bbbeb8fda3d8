/* SPDX-License-Identifier: MIT */
/* The servers beside a group. */
#ifndef BENCH_SERVERS_H
#define BENCH_SERVERS_H

#include <stdint.h>
#include <sys/types.h>

#include "entrant.h"

struct servers {
	pid_t pid[N_SERVERS]; /* 0: it does not run */
	char socket[N_SERVERS][64];
	char folder[32]; /* "": none runs */
};

/* Starts the sbxd beside sbx-exec with the group's pools, and what else the
 * group's contenders ask, and waits until they have filled. 0, or -errno and
 * all are stopped. */
int servers_start(struct servers *servers, const struct group *group,
                  const struct site *site);

/* Stops them, and waits for their end. Returns the processor time that sbxd and
 * its children have used, in nanoseconds. */
uint64_t servers_stop(struct servers *servers);

#endif
