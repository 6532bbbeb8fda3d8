/* SPDX-License-Identifier: MIT */
/*
 * The pools. Those of the command line are there from the start. A run that
 * asks for a box that no pool has gets a pool of its own kind, since the next
 * one is likely to ask for the same; the least used of these makes room.
 */
#ifndef SBX_SBXD_POOLS_H
#define SBX_SBXD_POOLS_H

#include "sbxd/daemon.h"

int pools_open(struct daemon *daemon, struct sbx_error *err);

/* What is to be run, and with which streams. */
struct wanted {
	const struct sbx_spec *spec;
	const struct sbx_plan *plan;
	const struct sbx_stdio *stdio;
	uint64_t waits_ns; /* for a box that is on its way, since then; or 0 */
};

/* Starts it in a waiting box, or in one of its own. -EINPROGRESS: a waiting box
 * is nearly there, so try again when the pools have moved. */
int pools_start(struct pools *pools, const struct wanted *wanted,
                struct sbx_box **box, struct sbx_error *err);

/* What is to be done once in a while: boxes that are missing or too many. */
void pools_tick(struct pools *pools);

/* All boxes that wait. */
unsigned pools_idle(const struct pools *pools);

/* Those of the profile of the command line that has this number. */
unsigned pools_idle_of(const struct pools *pools, unsigned warm);

void pools_close(struct pools *pools);

#endif
