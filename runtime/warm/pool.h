/* SPDX-License-Identifier: MIT */
/* What the daemon does with pools beside the calls of sbx.h. */
#ifndef SBX_WARM_POOL_H
#define SBX_WARM_POOL_H

#include "sbx.h"

struct leaving;

/* How many boxes it is to hold; no more than it was opened for. It takes
 * effect when the pool is stepped. */
void pool_resize(struct sbx_pool *pool, unsigned size);

/* Whether to make no more for now, of those that it is to hold. What there is
 * stays, a zygote too, and pool_hurry() has one made all the same. */
void pool_hold(struct sbx_pool *pool, bool held);

/* Whether a zygote forks its boxes, or is on its way. */
bool pool_has_zygote(const struct sbx_pool *pool);

/* How many there are: idle, or on their way. */
unsigned pool_count(const struct sbx_pool *pool);

/* Of a pool that has no idle box: whether one that a zygote forks will be there
 * sooner than a program would start, and so is worth a wait. Has it made, or
 * another one if more is set. */
bool pool_hurry(struct sbx_pool *pool, bool more);

/* Where its boxes go when they are given up. Without, the pool has a place of
 * its own, and waits for them when it is closed. */
void pool_leave_to(struct sbx_pool *pool, struct leaving *leaving);

/* How many boxes a zygote forks before another one takes its place. */
void pool_wear(struct sbx_pool *pool, unsigned most_forks);

#endif
