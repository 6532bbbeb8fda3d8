/* SPDX-License-Identifier: MIT */
/* What the caller prepares for the processes of the box, before the clone:
 * they read it in their copy of the caller's memory and allocate nothing. */
#ifndef SBX_BOX_SETUP_H
#define SBX_BOX_SETUP_H

#include <sched.h>

#include "kernel/caps.h"
#include "kernel/net.h"
#include "model/plan.h"

struct setup {
	const struct sbx_plan *plan;
	struct caps caps;
	struct net_message loopback;
	cpu_set_t cpus; /* valid if plan->n_cpus */
	int wire;       /* pid 1's end */
	int uid_lock;   /* held while anything of the box lives; or -1 */
};

/* Pid 1 of the box, from the clone to its end. */
_Noreturn void init_main(const struct setup *setup);

/* Where pid 1 keeps the two, out of the way of 0, 1 and 2; the program's
 * process has the wire at the same place until its exec. */
#define INIT_WIRE 3
#define INIT_LOCK 4

/* Where a program that waits for its run is told: in the lock's place, which
 * pid 1 alone needs. */
#define AGENT_CONTROL INIT_LOCK

/* Tells the caller what failed, and ends the process. */
_Noreturn void child_fail(const struct sbx_error *err);

#endif
