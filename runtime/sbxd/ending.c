/* SPDX-License-Identifier: MIT */
#include "sbxd/ending.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/error.h"
#include "base/file.h"
#include "sbxd/recent.h"
#include "warm/request.h"

#define MAX_REPORT ((size_t)1 << 32)

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

/* The report as text. A failure to write it is one of the run. */
static int write_report(const struct job *job, const struct sbx_error *failure,
                        struct buffer *report, struct sbx_error *err)
{
	CLEANUP_FD int file = memfd_create("report", MFD_CLOEXEC);
	int r;

	if (file < 0)
		return err_set(err, SBX_STAGE_REPORT, errno, "memfd_create");
	r = sbx_report_write(job->plan, failure ? NULL : job->box, failure,
	                     file, err);
	if (r < 0)
		return r;
	if (lseek(file, 0, SEEK_SET) < 0)
		r = -errno;
	else
		r = file_read_fd(file, MAX_REPORT, report);
	return r < 0 ? err_set(err, SBX_STAGE_REPORT, -r, "the report") : 0;
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
	if (write_report(job, failure, &report, &err) < 0 && !failure)
		failure = &err;
	remember(job, failure ? err_status(failure)
	                      : sbx_box_outcome(job->box).status);
	if (job->done)
		job->done(job, &report, failure);
}
