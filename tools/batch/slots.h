/* SPDX-License-Identifier: MIT */
/* The boxes that run at one time. */
#ifndef SBX_BATCH_SLOTS_H
#define SBX_BATCH_SLOTS_H

#include "remote.h"
#include "requests.h"
#include "sbx.h"
#include "warm/host.h"
#include "warm/keep.h"

/* What runs at one time. */
struct stage {
	struct sbx_spec *spec;
	struct sbx_plan *plan;
	struct sbx_box *box; /* NULL: not yet, or not at all */
};

enum slot_state {
	SLOT_FREE,
	SLOT_REMOTE, /* sbxd has it */
	SLOT_RUNS,   /* a box of ours does */
	SLOT_DOUBTS, /* that is over, and is looked at again a second later */
	SLOT_KEEPS,  /* that is over, and what it left is being committed */
};

/* One request, from its spec to its report. */
struct slot {
	enum slot_state state;
	struct request request; /* without its text */
	uint64_t request_ns;
	struct stage build; /* spec NULL: the profile has none */
	struct stage run;
	struct sbx_built *built;
	struct sbx_session *session; /* NULL: the request names none */
	struct keep keep;            /* its commit */
	int doubt;            /* a clock: SLOT_DOUBTS until then; or -1 */
	struct remote remote; /* in place of all that: sbxd has it */
	struct stage last;    /* the run before: its box takes itself down */
};

/* What runs, or has ended last; NULL: nothing, or sbxd has it. */
static inline struct sbx_box *slot_box(const struct slot *slot)
{
	return slot->run.box ? slot->run.box : slot->build.box;
}

static inline bool slot_is_busy(const struct slot *slot)
{
	return slot->state != SLOT_FREE;
}

/* Is readable when there is something to do for a busy slot. */
static inline int slot_fd(const struct slot *slot)
{
	switch (slot->state) {
	case SLOT_REMOTE:
		return slot->remote.fd;
	case SLOT_DOUBTS:
		return slot->doubt;
	case SLOT_KEEPS:
		return slot->keep.fd;
	case SLOT_FREE:
	case SLOT_RUNS:
		break;
	}
	return sbx_box_fd(slot_box(slot));
}

struct slots {
	struct slot *slots;
	size_t n_slots, n_busy;
	struct host host; /* what it is like */
};

/* Where requests find their profiles, and sbxd. */
struct places {
	const char *const *profiles;
	const char *const *trees; /* and their root trees and packages */
	const char *pool; /* a socket, "" for the usual one; NULL: no daemon */
};

int slots_open(struct slots *slots, size_t n_slots);
/* Kills what still runs. */
void slots_close(struct slots *slots);

/* NULL: all are busy. */
struct slot *slots_free_one(const struct slots *slots);

/* Whether a run of ours has the session. */
bool slots_have(const struct slots *slots, const char *session);

/* Starts the box of a request in a free slot, or hands it over to sbxd. A
 * failure is one of the request, and the slot is free again. */
int slot_start(struct slots *slots, struct slot *slot,
               const struct request *request, const struct places *places,
               struct sbx_error *err);

/* Once its box is over, for good: 1 when there is no more to do, and 0 when the
 * next has started, or its session is being kept; else as slot_start(), but the
 * slot is not free. */
int slot_go_on(struct slot *slot, struct sbx_error *err);

/* A second for whoever has ended a run that is over to end the batch as well.
 * 0 or -errno. */
int slot_doubt(struct slot *slot);

/* Ends what runs in a busy slot, soon, as cancelled. */
void slot_cancel(struct slot *slot);

/* Frees the boxes that have taken themselves down. */
void slots_tidy(struct slots *slots);

/* Takes away what is left of the run; the slot is free. */
void slot_end(struct slots *slots, struct slot *slot);

#endif
