/* SPDX-License-Identifier: MIT */
/* The boxes that run at one time. */
#ifndef SBX_BATCH_SLOTS_H
#define SBX_BATCH_SLOTS_H

#include "requests.h"
#include "sbx.h"

/* One request, from its spec to its report. */
struct slot {
	struct request request; /* without its text */
	struct sbx_spec *spec;
	struct sbx_plan *plan;
	struct sbx_box *box; /* NULL: the slot is free */
};

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

/* Takes away what is left of the run; the slot is free. */
void slot_end(struct slots *slots, struct slot *slot);

#endif
