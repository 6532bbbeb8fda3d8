/* SPDX-License-Identifier: MIT */
#include "slots.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "exec/cache.h"
#include "exec/profiles.h"
#include "exec/store.h"
#include "warm/request.h"

#define SLOT_NONE \
	((struct slot){.keep = KEEP_NONE, .doubt = -1, .remote = REMOTE_NONE})

static void stage_free(struct stage *stage)
{
	sbx_box_close(stage->box);
	sbx_plan_free(stage->plan);
	sbx_spec_free(stage->spec);
	*stage = (struct stage){0};
}

int slots_open(struct slots *slots, size_t n_slots)
{
	slots->slots = calloc(n_slots, sizeof(*slots->slots));
	if (!slots->slots)
		return -ENOMEM;
	for (size_t i = 0; i < n_slots; i++)
		slots->slots[i] = SLOT_NONE;
	slots->n_slots = n_slots;
	return 0;
}

void slots_close(struct slots *slots)
{
	for (size_t i = 0; i < slots->n_slots; i++) {
		if (slot_is_busy(&slots->slots[i]))
			slot_end(slots, &slots->slots[i]);
		stage_free(&slots->slots[i].last);
	}
	host_free(&slots->host);
	free(slots->slots);
	*slots = (struct slots){0};
}

struct slot *slots_free_one(const struct slots *slots)
{
	for (size_t i = 0; i < slots->n_slots; i++)
		if (!slot_is_busy(&slots->slots[i]))
			return &slots->slots[i];
	return NULL;
}

bool slots_have(const struct slots *slots, const char *session)
{
	for (size_t i = 0; i < slots->n_slots && session[0]; i++)
		if (slot_is_busy(&slots->slots[i]) &&
		    strcmp(slots->slots[i].request.session, session) == 0)
			return true;
	return false;
}

int slot_doubt(struct slot *slot)
{
	const struct itimerspec second = {.it_value = {.tv_sec = 1}};

	slot->doubt = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (slot->doubt < 0 ||
	    timerfd_settime(slot->doubt, 0, &second, NULL) < 0)
		return -errno;
	slot->state = SLOT_DOUBTS;
	return 0;
}

static void settle(struct slot *slot)
{
	cleanup_fd(&slot->doubt);
	slot->doubt = -1;
}

static void empty(struct slot *slot)
{
	struct sbx_error unheard;
	struct stage last;

	(void)keep_end(&slot->keep, &unheard);
	/* One that has to be ended is ended now. */
	if (slot->run.box && !box_is_over(slot->run.box)) {
		sbx_box_close(slot->run.box);
		slot->run.box = NULL;
	}
	sbx_built_free(slot->built);
	stage_free(&slot->build); /* it borrows from the run's spec */
	remote_close(&slot->remote);
	settle(slot);
	sbx_session_close(slot->session);
	stage_free(&slot->last);
	last = slot->run;
	*slot = SLOT_NONE;
	slot->last = last;
}

void slots_tidy(struct slots *slots)
{
	for (size_t i = 0; i < slots->n_slots; i++) {
		struct stage *last = &slots->slots[i].last;

		if (!last->box || box_is_gone(last->box))
			stage_free(last);
	}
}

/* Plans both stages, so that what is wrong with the run is known before
 * anything is built. */
static int make_plans(const struct slots *slots, struct slot *slot,
                      const struct request *request,
                      const struct places *places, struct sbx_error *err)
{
	int r = sbx_spec_new(&slot->run.spec, err);

	if (r < 0)
		return r;
	sbx_spec_trees(slot->run.spec, places->trees);
	host_lend(&slots->host, slot->run.spec);
	if (r == 0)
		r = sbx_spec_request(slot->run.spec, request->text,
		                     request->len, places->profiles, err);
	if (r == 0)
		r = sbx_spec_maxima(slot->run.spec, MAXIMA, err);
	if (r == 0)
		r = store_enter(slot->run.spec, 0, &slot->session, err);
	if (r == 0)
		r = sbx_spec_build(slot->run.spec, &slot->build.spec, err);
	if (r == 0 && slot->build.spec)
		r = sbx_plan_make(slot->build.spec, &slot->build.plan, err);
	if (r == 0)
		r = sbx_plan_make(slot->run.spec, &slot->run.plan, err);
	return r;
}

static int start(struct slot *slot, struct stage *stage, struct sbx_error *err)
{
	const struct sbx_stdio captured = {.in = -1, .out = -1, .err = -1};
	int r = sbx_box_open(stage->plan, &stage->box, err);

	if (r == 0)
		r = sbx_box_request(stage->box, slot->request.id,
		                    slot->request_ns, err);
	if (r == 0)
		r = sbx_box_start(stage->box, &captured, err);
	return r;
}

/* The run of what is built, and planned anew with it. */
static int start_built(struct slot *slot, struct sbx_error *err)
{
	int r;

	sbx_spec_built(slot->run.spec, slot->built, slot->build.box);
	sbx_plan_free(slot->run.plan);
	slot->run.plan = NULL;
	r = sbx_plan_make(slot->run.spec, &slot->run.plan, err);
	return r < 0 ? r : start(slot, &slot->run, err);
}

static int start_here(struct slots *slots, struct slot *slot,
                      const struct request *request,
                      const struct places *places, struct sbx_error *err)
{
	int r;

	host_refresh(&slots->host, clock_ns());
	r = make_plans(slots, slot, request, places, err);

	if (r < 0 || !slot->build.spec)
		return r < 0 ? r : start(slot, &slot->run, err);
	r = cache_find(slot->build.plan, NULL, &slot->built, err);
	if (r < 0 || !slot->built)
		return r < 0 ? r : start(slot, &slot->build, err);
	return start_built(slot, err);
}

int slot_start(struct slots *slots, struct slot *slot,
               const struct request *request, const struct places *places,
               struct sbx_error *err)
{
	int r;

	slot->request = *request;
	slot->request.text = NULL;
	slot->request_ns = clock_ns();
	if (places->pool)
		r = remote_start(&slot->remote, places->pool, request, err);
	else
		r = start_here(slots, slot, request, places, err);
	if (r < 0) {
		empty(slot);
		return r;
	}
	slot->state = places->pool ? SLOT_REMOTE : SLOT_RUNS;
	slots->n_busy++;
	return 0;
}

/* The run is over, or what it has left is kept. */
static int after_run(struct slot *slot, struct sbx_error *err)
{
	static const struct sbx_collect into_report = {.dir = -1};
	int r;

	if (slot->state == SLOT_KEEPS) {
		r = keep_end(&slot->keep, err);
	} else {
		r = keep_begin(&slot->keep, slot->session, slot->run.box, err);
		if (slot->keep.fd >= 0) {
			slot->state = SLOT_KEEPS;
			return 0;
		}
	}
	if (r == 0)
		r = sbx_box_collect(slot->run.box, &into_report, err);
	return r < 0 ? r : 1;
}

int slot_go_on(struct slot *slot, struct sbx_error *err)
{
	int r;

	settle(slot);
	if (slot->run.box)
		return after_run(slot, err);
	if (strcmp(sbx_box_outcome(slot->build.box).status, "success") != 0)
		return 1;
	r = sbx_built_take(slot->build.box, &slot->built, err);
	if (r == 0)
		r = cache_keep(slot->build.plan, NULL, &slot->built, err);
	slot->state = SLOT_RUNS;
	return r < 0 ? r : start_built(slot, err);
}

void slot_cancel(struct slot *slot)
{
	if (slot->state == SLOT_REMOTE)
		remote_cancel(&slot->remote);
	else
		sbx_box_cancel(slot_box(slot));
}

void slot_end(struct slots *slots, struct slot *slot)
{
	empty(slot);
	slots->n_busy--;
}
