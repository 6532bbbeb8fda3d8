/* SPDX-License-Identifier: MIT */
/* The root tree of the box, built by pid 1 from the plan's steps. */
#ifndef SBX_BOX_ROOT_H
#define SBX_BOX_ROOT_H

#include "model/plan.h"

/* What the steps take from the host, opened: one descriptor a step, -1 for a
 * step that takes nothing. */
struct root {
	int trees[PLAN_MAX_STEPS];
	size_t next; /* the step that comes next */
};

/* Opens them, in the host's tree. The descriptors end with the process. */
int root_open(struct root *root, const struct sbx_plan *plan,
              struct sbx_error *err);

/* Gives what the caller has handed over to the step that takes it. */
void root_take(struct root *root, const struct sbx_plan *plan, int tree);

/* Enters the new root and carries the steps out, as the box's own user, up to
 * the one that wants the network. The descriptors of the trees stay open: the
 * caller closes them all at once. */
int root_build(struct root *root, const struct sbx_plan *plan,
               struct sbx_error *err);

/* The other steps, in the network namespace. */
int root_finish(struct root *root, const struct sbx_plan *plan,
                struct sbx_error *err);

#endif
