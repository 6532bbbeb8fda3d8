/* SPDX-License-Identifier: MIT */
/* The zygote of a pool: one that forks and, before it is worn out, the next. */
#ifndef SBX_WARM_ZYGOTE_H
#define SBX_WARM_ZYGOTE_H

#include "base/buffer.h"
#include "sbx.h"

struct agent;
struct keeper;

struct zygote {
	const struct keeper *keeper; /* the pool's */
	struct sbx_plan *plan;       /* NULL: the pool has none */
	struct buffer packed; /* the plan of its boxes; plan has it borrowed */
	struct sbx_box *current, *next;
	unsigned most_forks;
	uint64_t since_ns;    /* there is the current one */
	uint64_t base_memory; /* of it, when it was new */
	uint64_t again_ns;    /* no other is tried before */
};

/* Whether the boxes of that plan can be forked, and zygote is made for it.
 * Without an error there may be none: the plan has what a zygote cannot hand
 * down, and its boxes are started one by one. */
int zygote_plan(struct zygote *zygote, const struct sbx_spec *spec,
                const struct sbx_plan *boxes, const struct agent *agent,
                struct sbx_error *err);

/* Keeps one there, and replaces it in time. Returns 1 when it can fork, 0 when
 * it will be able to, or -errno: the one there was, or was to be, has failed.
 */
int zygote_step(struct zygote *zygote, struct sbx_error *err);

/* A box of a plan that waits, on its way: the zygote itself, or one that it
 * forks, or, where the pool has none, one with an interpreter of its own. Its
 * descriptor is watched. */
int zygote_box(const struct zygote *zygote, const struct sbx_plan *plan,
               struct sbx_box **box, struct sbx_error *err);

/* Gives both up; their boxes go on. */
void zygote_stop(struct zygote *zygote);

/* And forgets its plan: there is none then. */
void zygote_free(struct zygote *zygote);

#endif
