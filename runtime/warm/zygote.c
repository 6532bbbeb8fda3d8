/* SPDX-License-Identifier: MIT */
#include "warm/zygote.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/error.h"
#include "box/box.h"
#include "box/pack.h"
#include "warm/agent.h"
#include "warm/leaving.h"
#include "warm/module.h"

/* Its boxes have one address layout and one hash seed, so what a run finds out
 * about them is of use for so many others, and for so long. */
#define MOST_FORKS 500
#define MOST_TIME  (600 * NS_PER_S)

/* From a next one that failed to the next try. */
#define LATER (10 * NS_PER_S)

/* What it may have grown, by which its boxes would have. */
#define MOST_GROWTH (8ull << 20)

/* The agent's name for what the plan runs, and all else as in its boxes. */
static int make_plan(struct zygote *zygote, const struct sbx_spec *spec,
                     const struct agent *agent, struct sbx_error *err)
{
	const struct module *module = module_find(agent->interpreter);
	const struct zygote_files files = {
		.module = module->data,
		.module_len = module->len,
		.plan = zygote->packed.data,
		.plan_len = zygote->packed.len,
	};
	struct sbx_spec own = *spec;

	own.zygote = &files;
	return plan_make_waiting(&own, true, &zygote->plan, err);
}

int zygote_plan(struct zygote *zygote, const struct sbx_spec *spec,
                const struct sbx_plan *boxes, const struct agent *agent,
                struct sbx_error *err)
{
	int r;

	/* A bind's place may lie behind a link, which a zygote would not
	 * follow. */
	if (spec->warm != WARM_ZYGOTE || !module_find(agent->interpreter) ||
	    boxes->has_binds)
		return 0;
	zygote->most_forks = MOST_FORKS;
	r = pack_plan(boxes, &zygote->packed);
	if (r < 0)
		return err_memory(err, SBX_STAGE_PLAN);
	return make_plan(zygote, spec, agent, err);
}

static bool is_worn(const struct zygote *zygote)
{
	const struct sbx_box *box = zygote->current;

	return box->n_forks >= zygote->most_forks ||
	       clock_ns() - zygote->since_ns >= MOST_TIME ||
	       zygote_memory(box) > zygote->base_memory + MOST_GROWTH;
}

int zygote_box(const struct zygote *zygote, const struct sbx_plan *plan,
               struct sbx_box **box, struct sbx_error *err)
{
	struct epoll_event event = {.events = EPOLLIN};
	struct sbx_box *made = NULL;
	int r;

	if (zygote->plan && plan != zygote->plan) {
		r = box_fork(zygote->current, plan, &made, err);
	} else {
		r = sbx_box_open(plan, &made, err);
		if (r == 0)
			r = box_prepare(made, err);
	}
	if (r == 0 && epoll_ctl(zygote->keeper->epoll, EPOLL_CTL_ADD,
	                        sbx_box_fd(made), &event) < 0)
		r = err_set(err, SBX_STAGE_WATCH, errno, "epoll_ctl");
	if (r < 0)
		leaving_add(zygote->keeper->leaving, made);
	else
		*box = made;
	return r;
}

/* One that has failed is let go; its boxes end with it. */
static int step(const struct zygote *zygote, struct sbx_box **box,
                struct sbx_error *err)
{
	int r = *box ? sbx_box_step(*box, err) : 0;

	if (r == 0)
		return 0;
	keeper_let_go(zygote->keeper, TAKE_PTR(*box));
	return r < 0 ? r : -ECHILD;
}

/* The next one in the place of the current one, whose boxes go on. */
static int take_over(struct zygote *zygote, struct sbx_error *err)
{
	int r = leaf_divide(zygote->next, err);

	keeper_let_go(zygote->keeper,
	              r < 0 ? TAKE_PTR(zygote->next) : zygote->current);
	if (r < 0)
		return r;
	zygote->current = TAKE_PTR(zygote->next);
	zygote->since_ns = clock_ns();
	zygote->base_memory = zygote_memory(zygote->current);
	return 0;
}

/* While there is one that serves, a next one that fails is nobody's trouble: it
 * is tried again later. */
static int step_next(struct zygote *zygote, struct sbx_error *err)
{
	int r = step(zygote, &zygote->next, err);

	if (r == 0 && zygote->next && zygote->next->idle)
		r = take_over(zygote, err);
	if (r == 0 && !zygote->next &&
	    (!zygote->current ||
	     (is_worn(zygote) && clock_ns() >= zygote->again_ns)))
		r = zygote_box(zygote, zygote->plan, &zygote->next, err);
	if (r == 0 || !zygote->current)
		return r;
	zygote->again_ns = clock_ns() + LATER;
	return 0;
}

int zygote_step(struct zygote *zygote, struct sbx_error *err)
{
	int r = step(zygote, &zygote->current, err);

	if (r == 0)
		r = step_next(zygote, err);
	return r < 0 ? r : zygote->current != NULL;
}

void zygote_stop(struct zygote *zygote)
{
	keeper_let_go(zygote->keeper, TAKE_PTR(zygote->current));
	keeper_let_go(zygote->keeper, TAKE_PTR(zygote->next));
}

void zygote_free(struct zygote *zygote)
{
	zygote_stop(zygote);
	sbx_plan_free(TAKE_PTR(zygote->plan));
	buffer_free(&zygote->packed);
}
