/* SPDX-License-Identifier: MIT */
/* What the caller prepares for the processes of the box, before the clone:
 * they read it in their copy of the caller's memory and allocate nothing. For a
 * box of a zygote the caller is the zygote (runtime/zygote). */
#ifndef SBX_BOX_SETUP_H
#define SBX_BOX_SETUP_H

#include "kernel/caps.h"
#include "kernel/net.h"
#include "model/plan.h"

struct setup {
	const struct sbx_plan *plan;
	struct caps caps;
	struct net_message loopback;
	int wire;     /* pid 1's end */
	int uid_lock; /* held while anything of the box lives; or -1 */
	int cgroup;   /* that the box is born into; or -1 */
	/* In a zygote: where the program's process goes on, a copy of the
	 * interpreter that called. NULL: it executes the program. */
	__attribute__((noreturn)) void (*resume)(const struct setup *setup);
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
