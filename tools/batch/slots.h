/* SPDX-License-Identifier: MIT */
/* The boxes that run at one time. */
#ifndef SBX_BATCH_SLOTS_H
#define SBX_BATCH_SLOTS_H

#include "requests.h"
#include "sbx.h"

/* What runs at one time. */
struct stage {
	struct sbx_spec *spec;
	struct sbx_plan *plan;
	struct sbx_box *box; /* NULL: not yet, or not at all */
};

/* One request, from its spec to its report. */
struct slot {
	struct request request; /* without its text */
	uint64_t request_ns;
	struct stage build; /* spec NULL: the profile has none */
	struct stage run;
	struct sbx_built *built;
};

/* What runs, or has ended last; NULL: the slot is free. */
static inline struct sbx_box *slot_box(const struct slot *slot)
{
	return slot->run.box ? slot->run.box : slot->build.box;
}

struct slots {
	struct slot *slots;
	size_t n_slots, n_busy;
};

/* Where requests find their profiles, and the maxima. */
struct places {
	const char *const *profiles;
	const char *maxima;
};

int slots_open(struct slots *slots, size_t n_slots);
/* Kills what still runs. */
void slots_close(struct slots *slots);

/* NULL: all are busy. */
struct slot *slots_free_one(const struct slots *slots);

/* Starts the box of a request in a free slot. A failure is one of the request,
 * and the slot is free again. */
int slot_start(struct slots *slots, struct slot *slot,
               const struct request *request, const struct places *places,
               struct sbx_error *err);

/* Once its box is over: 1 when that was the last one, and 0 when the next has
 * started; else as slot_start(), but the slot is not free. */
int slot_go_on(struct slot *slot, struct sbx_error *err);

/* Takes away what is left of the run; the slot is free. */
void slot_end(struct slots *slots, struct slot *slot);

#endif
