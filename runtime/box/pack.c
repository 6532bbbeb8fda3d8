/* SPDX-License-Identifier: MIT */
/*
 * First struct packed, then the steps, then the bytes that both point to. A
 * pointer is the distance from the start, which is never 0.
 */
#include "box/pack.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

static const void *put(struct buffer *out, const void *data, size_t len)
{
	uintptr_t at = out->len;

	if (!data)
		return NULL;
	buffer_append(out, data, len);
	return (const void *)at;
}

static const char *put_text(struct buffer *out, const char *text)
{
	return put(out, text, text ? strlen(text) + 1 : 0);
}

static struct step put_step(struct buffer *out, const struct step *step)
{
	bool shown = step->kind == STEP_BIND || step->kind == STEP_DEVICE;
	struct step packed = *step;

	packed.path = put_text(out, step->path);
	packed.source = shown ? packed.path : put_text(out, step->source);
	packed.data = step->kind == STEP_SYSCTL
	                      ? put_text(out, step->data)
	                      : put(out, step->data, step->len);
	return packed;
}

static void put_plan(struct buffer *out, const struct sbx_plan *plan,
                     struct sbx_plan *packed)
{
	packed->waits = plan->waits;
	packed->has_agent = plan->has_agent;
	packed->privileged = plan->privileged;
	packed->n_steps = plan->n_steps;
	packed->tmpfs_bytes = plan->tmpfs_bytes;
	packed->tmpfs_inodes = plan->tmpfs_inodes;
	packed->network = plan->network;
	packed->n_cpus = plan->n_cpus;
	packed->hostname = put_text(out, plan->hostname);
	packed->workdir = put_text(out, plan->workdir);
	packed->executable = put_text(out, plan->executable);
	for (size_t i = 0; i < N_PLAN_RLIMITS; i++) {
		packed->rlimits[i] = plan->rlimits[i];
		packed->rlimits[i].name = put_text(out, plan->rlimits[i].name);
	}
	memcpy(packed->filter, plan->filter, sizeof(plan->filter));
	packed->n_filter = plan->n_filter;
}

int pack_plan(const struct sbx_plan *plan, struct buffer *out)
{
	size_t size =
		sizeof(struct packed) + plan->n_steps * sizeof(struct step);
	CLEANUP_FREE struct packed *packed = calloc(1, size);
	struct step *steps;
	int r = 0;

	if (!packed)
		return -ENOMEM;
	steps = (struct step *)(packed + 1);
	/* Filled in below. */
	buffer_append(out, packed, size);
	packed->plan.steps = (void *)sizeof(*packed);
	put_plan(out, plan, &packed->plan);
	for (size_t i = 0; i < plan->n_steps; i++)
		steps[i] = put_step(out, &plan->steps[i]);
	if (plan->network == NETWORK_LOOPBACK)
		r = net_loopback_message(&packed->loopback);
	if (out->failed)
		return -ENOMEM;
	memcpy(out->data, packed, size);
	return r;
}
