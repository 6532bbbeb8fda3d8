/* SPDX-License-Identifier: MIT */
/* A plan in one piece of memory, for a process that did not make it: a zygote
 * carries it out once for each of its boxes. */
#ifndef SBX_BOX_PACK_H
#define SBX_BOX_PACK_H

#include "base/buffer.h"
#include "kernel/net.h"
#include "model/plan.h"

/* What the processes of a box look at, and nothing else: no file, no argument
 * and no environment of any run. */
struct packed {
	struct sbx_plan plan;
	struct net_message loopback; /* where the plan has a loopback */
};

/* Packs a plan without a session, a cgroup and files to copy. What it takes
 * from the host is where the plan puts it, since a zygote sees it there. 0 or
 * -ENOMEM. */
int pack_plan(const struct sbx_plan *plan, struct buffer *out);

/* Makes what was packed usable, where it is: memory is changed, and has to
 * stay. NULL for anything else. */
const struct packed *pack_open(void *memory, size_t len);

#endif
