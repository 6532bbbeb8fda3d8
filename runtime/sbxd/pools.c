/* SPDX-License-Identifier: MIT */
#include "sbxd/pools.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "sbxd/loop.h"
#include "warm/pool.h"
#include "warm/request.h"

#define MAX_POOLS 32
#define OWN_MAX   4 /* boxes of a pool that nobody named */

/* Not used for so long, a pool shrinks by one box, and one that nobody named
 * goes away. */
#define IDLE_TIME (60 * NS_PER_S)

/* A run waits so long for a box that a zygote makes, and then starts cold. */
#define PATIENCE (100 * NS_PER_MS)

struct entry {
	struct source source;
	struct pools *pools;
	struct sbx_pool *pool; /* NULL: the place is free */
	unsigned min, max, size;
	unsigned idle;
	uint64_t used_ns;
	bool named;   /* on the command line */
	bool failing; /* said so already */
};

struct pools {
	struct daemon *daemon;
	struct entry entries[MAX_POOLS];
};

static void drop(struct entry *entry)
{
	if (!entry->pool)
		return;
	loop_drop(entry->pools->daemon->loop, sbx_pool_fd(entry->pool));
	sbx_pool_close(entry->pool);
	entry->pool = NULL;
}

/* Half of the room is kept for the pools of the command line, whatever else is
 * asked for. */
static bool has_room(const struct entry *entry)
{
	unsigned all = 0, unnamed = 0, most;

	for (size_t i = 0; i < MAX_POOLS; i++) {
		const struct entry *other = &entry->pools->entries[i];
		unsigned n = other->pool ? pool_count(other->pool) : 0;

		all += n;
		unnamed += other->named ? 0 : n;
	}
	most = entry->pools->daemon->settings.max_boxes;
	return all < most && (entry->named || unnamed < most / 2);
}

/* A box is made only where there is room for it, and nobody waits to run: its
 * start would take the processors from them. But there is a zygote meanwhile,
 * which makes one for each of them in less than a start takes; none is started
 * for a pool that nobody named, of which each request may make another. Such a
 * pool goes when its boxes fail: what asks for them next says why itself, as it
 * runs cold. */
static void step(struct entry *entry)
{
	struct daemon *daemon = entry->pools->daemon;
	unsigned size = entry->size, n = pool_count(entry->pool);
	struct sbx_error err;
	int r;

	daemon->pools_moved = true;
	if (daemon->draining || !has_room(entry) ||
	    (daemon->hungry && !entry->named && !pool_has_zygote(entry->pool)))
		size = MIN(size, n);
	pool_resize(entry->pool, size);
	pool_hold(entry->pool, daemon->hungry);
	r = sbx_pool_step(entry->pool, &err);
	if (r < 0 && !entry->named) {
		drop(entry);
		return;
	}
	if (r < 0 && !entry->failing)
		log_line("sbxd", "%s", err.text);
	entry->failing = r < 0;
	entry->idle = r < 0 ? 0 : (unsigned)r;
}

static void on_ready(struct source *source, uint32_t events)
{
	(void)events;
	step((struct entry *)source);
}

static int add(struct entry *entry, const struct sbx_spec *spec,
               struct sbx_error *err)
{
	int r = sbx_pool_open(spec, entry->max, &entry->pool, err);

	if (r < 0)
		return r;
	pool_leave_to(entry->pool, &entry->pools->daemon->leaving);
	entry->source.ready = on_ready;
	entry->used_ns = clock_ns();
	r = loop_add(entry->pools->daemon->loop, sbx_pool_fd(entry->pool),
	             EPOLLIN, &entry->source);
	if (r < 0) {
		sbx_pool_close(entry->pool);
		entry->pool = NULL;
		return err_set(err, SBX_STAGE_PLAN, -r, "epoll_ctl");
	}
	step(entry);
	return 0;
}

static int add_named(struct entry *entry, const struct warm_profile *warm,
                     struct sbx_error *err)
{
	struct daemon *daemon = entry->pools->daemon;
	struct sbx_spec *spec = NULL;
	int r;

	entry->named = true;
	entry->min = entry->size = warm->min;
	entry->max = warm->max;
	r = sbx_spec_new(&spec, err);
	if (r == 0) {
		sbx_spec_trees(spec, daemon->dirs.trees);
		r = sbx_spec_profile(spec, warm->name, daemon->dirs.list, err);
	}
	if (r == 0)
		r = sbx_spec_maxima(spec, MAXIMA, err);
	if (r == 0)
		r = add(entry, spec, err);
	sbx_spec_free(spec);
	return r;
}

int pools_open(struct daemon *daemon, struct sbx_error *err)
{
	struct pools *pools = calloc(1, sizeof(*pools));
	int r = 0;

	if (!pools)
		return err_memory(err, SBX_STAGE_PLAN);
	pools->daemon = daemon;
	for (size_t i = 0; i < MAX_POOLS; i++)
		pools->entries[i].pools = pools;
	for (unsigned i = 0; i < daemon->settings.n_warm && r == 0; i++)
		r = add_named(&pools->entries[i], &daemon->settings.warm[i],
		              err);
	if (r < 0)
		pools_close(pools);
	else
		daemon->pools = pools;
	return r;
}

/* A free place, or that of the pool which was not used for longest. */
static struct entry *make_place(struct pools *pools)
{
	struct entry *oldest = NULL;

	for (size_t i = 0; i < MAX_POOLS; i++) {
		struct entry *entry = &pools->entries[i];

		if (!entry->pool)
			return entry;
		if (!entry->named &&
		    (!oldest || entry->used_ns < oldest->used_ns))
			oldest = entry;
	}
	if (oldest)
		drop(oldest);
	return oldest;
}

/* The next run of this kind finds a box. That none can be made for it is its
 * own affair: it runs cold. */
static void remember(struct pools *pools, const struct sbx_spec *spec)
{
	struct entry *entry = make_place(pools);
	struct sbx_error ignored;

	if (!entry)
		return;
	entry->named = entry->failing = false;
	entry->min = 0;
	entry->size = 1;
	entry->max = OWN_MAX;
	(void)add(entry, spec, &ignored);
}

/* 0 and a box; -EAGAIN: there is a pool, and it is empty; -EINPROGRESS: but not
 * for long; -ESTALE: none. */
static int start_warm(struct pools *pools, const struct wanted *wanted,
                      struct sbx_box **box, struct sbx_error *err)
{
	for (size_t i = 0; i < MAX_POOLS; i++) {
		struct entry *entry = &pools->entries[i];
		int r;

		if (!entry->pool)
			continue;
		r = sbx_pool_start(entry->pool, wanted->plan, wanted->stdio,
		                   box, err);
		if (r == -ESTALE)
			continue;
		entry->used_ns = clock_ns();
		if (r == 0 && entry->idle > 0)
			entry->idle--;
		if (r != -EAGAIN)
			return r;
		if (!wanted->waits_ns)
			entry->size = MIN(entry->size + 1, entry->max);
		return pool_hurry(entry->pool, !wanted->waits_ns) ? -EINPROGRESS
		                                                  : -EAGAIN;
	}
	return -ESTALE;
}

static bool may_wait(const struct wanted *wanted)
{
	return !wanted->waits_ns || clock_ns() - wanted->waits_ns < PATIENCE;
}

int pools_start(struct pools *pools, const struct wanted *wanted,
                struct sbx_box **box, struct sbx_error *err)
{
	int r = -E2BIG;

	if (request_is_warm(wanted->spec))
		r = start_warm(pools, wanted, box, err);
	/* It has heard what boxes had to say, that others wait for, too. */
	pools->daemon->pools_moved |= !wanted->waits_ns;
	if (r == 0 || (r == -EINPROGRESS && may_wait(wanted)))
		return r;
	if (r == -ESTALE)
		remember(pools, wanted->spec);
	r = sbx_box_open(wanted->plan, box, err);
	return r < 0 ? r : sbx_box_start(*box, wanted->stdio, err);
}

void pools_tick(struct pools *pools)
{
	uint64_t now = clock_ns();

	for (size_t i = 0; i < MAX_POOLS; i++) {
		struct entry *entry = &pools->entries[i];

		if (!entry->pool)
			continue;
		if (now - entry->used_ns >= IDLE_TIME) {
			entry->used_ns = now;
			if (entry->size > entry->min)
				entry->size--;
			if (!entry->named && entry->size == 0) {
				drop(entry);
				continue;
			}
		}
		step(entry);
	}
}

unsigned pools_idle(const struct pools *pools)
{
	unsigned n = 0;

	for (size_t i = 0; i < MAX_POOLS; i++)
		if (pools->entries[i].pool)
			n += pools->entries[i].idle;
	return n;
}

unsigned pools_idle_of(const struct pools *pools, unsigned warm)
{
	const struct entry *entry = &pools->entries[warm];

	return entry->pool ? entry->idle : 0;
}

void pools_close(struct pools *pools)
{
	if (!pools)
		return;
	for (size_t i = 0; i < MAX_POOLS; i++)
		drop(&pools->entries[i]);
	free(pools);
}
