/* SPDX-License-Identifier: MIT */
#include "sbxd/ending.h"

#include <string.h>

#include "base/error.h"
#include "sbxd/recent.h"
#include "warm/request.h"

static void count(struct counters *counters, const char *status)
{
	const struct {
		const char *status;
		uint64_t *counter;
	} rows[] = {
		{"success", &counters->success},
		{"failure", &counters->failure},
		{"timeout", &counters->timeout},
		{"limit", &counters->limit},
		{"denied", &counters->denied},
		{"rejected", &counters->rejected},
		{"cancelled", &counters->cancelled},
		{"error", &counters->error},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(rows[i].status, status) == 0)
			(*rows[i].counter)++;
}

/* The files that the request asks for go into the report. */
static int collect(const struct job *job, struct sbx_error *err)
{
	const struct sbx_collect to = {.dir = -1};

	return MIN(sbx_box_collect(job->box, &to, err), 0);
}

int ending_audit(const struct job *job, const struct sbx_error *failure,
                 struct sbx_error *err)
{
	const struct sbx_audit line = {.uid = &job->uid,
	                               .spec = job->spec,
	                               .plan = job->plan,
	                               .box = failure ? NULL : job->box,
	                               .failure = failure};

	return audit_put(&job->daemon->audit, &line, err);
}

static void remember(const struct job *job, const char *status)
{
	const struct ended ended = {
		.id = job->id,
		.profile = job->plan ? plan_profile(job->plan) : NULL,
		.status = status,
		.uid = job->uid,
		.is_warm = job->box && box_is_warm(job->box),
		.asked_ns = job->asked_ns,
	};
	struct counters *counters = &job->daemon->counters;

	count(counters, status);
	counters->warm += ended.is_warm;
	counters->cold += !ended.is_warm;
	recent_add(job->daemon->recent, &ended);
}

void ending_tell(struct job *job, const struct sbx_error *failure)
{
	struct buffer report CLEANUP(buffer_free) = {0};
	struct sbx_error err, unheard;

	if (!failure && collect(job, &err) < 0)
		failure = &err;
	if (ending_audit(job, failure, &unheard) < 0)
		failure = &unheard;
	/* A failure to write it is one of the run. */
	if (request_report(job->plan, failure ? NULL : job->box, failure,
	                   &report, &err) < 0 &&
	    !failure)
		failure = &err;
	remember(job, failure ? err_status(failure)
	                      : sbx_box_outcome(job->box).status);
	if (job->done)
		job->done(job, &report, failure);
}
