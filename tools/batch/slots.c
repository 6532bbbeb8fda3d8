/* SPDX-License-Identifier: MIT */
#include "slots.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"

int slots_open(struct slots *slots, size_t n_slots)
{
	slots->slots = calloc(n_slots, sizeof(*slots->slots));
	if (!slots->slots)
		return -ENOMEM;
	slots->n_slots = n_slots;
	slots->n_busy = 0;
	return 0;
}

void slots_close(struct slots *slots)
{
	for (size_t i = 0; i < slots->n_slots; i++)
		if (slots->slots[i].box)
			slot_end(slots, &slots->slots[i]);
	free(slots->slots);
	*slots = (struct slots){0};
}

struct slot *slots_free_one(const struct slots *slots)
{
	for (size_t i = 0; i < slots->n_slots; i++)
		if (!slots->slots[i].box)
			return &slots->slots[i];
	return NULL;
}

static void empty(struct slot *slot)
{
	sbx_box_close(slot->box);
	sbx_plan_free(slot->plan);
	sbx_spec_free(slot->spec);
	*slot = (struct slot){0};
}

static int make_plan(struct slot *slot, const struct request *request,
                     const struct places *places, struct sbx_error *err)
{
	int r = sbx_spec_new(&slot->spec, err);

	if (r == 0)
		r = sbx_spec_request(slot->spec, request->text, request->len,
		                     places->profiles, err);
	if (r == 0)
		r = sbx_spec_maxima(slot->spec, places->maxima, err);
	if (r == 0)
		r = sbx_plan_make(slot->spec, &slot->plan, err);
	return r;
}

int slot_start(struct slots *slots, struct slot *slot,
               const struct request *request, const struct places *places,
               struct sbx_error *err)
{
	const struct sbx_stdio captured = {.in = -1, .out = -1, .err = -1};
	const uint64_t now = clock_ns();
	int r;

	r = make_plan(slot, request, places, err);
	if (r == 0)
		r = sbx_box_open(slot->plan, &slot->box, err);
	if (r == 0)
		r = sbx_box_request(slot->box, request->id, now, err);
	if (r == 0)
		r = sbx_box_start(slot->box, &captured, err);
	if (r < 0) {
		empty(slot);
		return r;
	}
	slot->request = *request;
	slot->request.text = NULL;
	slots->n_busy++;
	return 0;
}

void slot_end(struct slots *slots, struct slot *slot)
{
	empty(slot);
	slots->n_busy--;
}
