/* SPDX-License-Identifier: MIT */
/* Apart from pack.c: this is all that a zygote needs of it. */
#include <stdint.h>

#include "box/pack.h"

static void *moved(char *memory, const void *packed)
{
	return packed ? memory + (uintptr_t)packed : NULL;
}

const struct packed *pack_open(void *memory, size_t len)
{
	struct packed *packed = memory;
	struct sbx_plan *plan = &packed->plan;

	if (len < sizeof(*packed) ||
	    (len - sizeof(*packed)) / sizeof(struct step) < plan->n_steps)
		return NULL;
	plan->steps = moved(memory, plan->steps);
	plan->hostname = moved(memory, plan->hostname);
	plan->workdir = moved(memory, plan->workdir);
	plan->executable = moved(memory, plan->executable);
	for (size_t i = 0; i < N_PLAN_RLIMITS; i++)
		plan->rlimits[i].name = moved(memory, plan->rlimits[i].name);
	for (size_t i = 0; i < plan->n_steps; i++) {
		struct step *step = &plan->steps[i];

		step->path = moved(memory, step->path);
		step->source = moved(memory, step->source);
		step->data = moved(memory, step->data);
	}
	return packed;
}
