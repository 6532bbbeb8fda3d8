/* SPDX-License-Identifier: MIT */
#include "sbxd/jobs.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "sbxd/run.h"
#include "warm/request.h"

static void unlink_job(struct job *job)
{
	struct daemon *daemon = job->daemon;
	struct job **at = &daemon->jobs;

	while (*at != job)
		at = &(*at)->next;
	*at = job->next;
	if (daemon->last_job == &job->next)
		daemon->last_job = at;
}

/* The box of one that is over is gone: the next jobs_clear() sees to it. */
static void on_gone(struct source *source, uint32_t events)
{
	(void)source;
	(void)events;
}

/* It has its answer. */
static void on_ended(struct job *job)
{
	struct daemon *daemon = job->daemon;

	if (job->running)
		daemon->n_running--;
	else
		daemon->n_queued--;
	daemon->refill = true;
	daemon->told_ns = clock_ns();
	unlink_job(job);
	/* A session is free for the next run at once. */
	if (job->session) {
		job_free(job);
		return;
	}
	job->source.ready = on_gone;
	if (job->box && box_end_fd(job->box) >= 0)
		(void)loop_add(daemon->loop, box_end_fd(job->box), EPOLLIN,
		               &job->source);
	job->next = daemon->over;
	daemon->over = job;
	daemon->n_over++;
}

int jobs_submit(struct job *job, struct sbx_error *err)
{
	struct daemon *daemon = job->daemon;
	int r;

	if (daemon->draining)
		return err_say(err, SBX_STAGE_PLAN, ESHUTDOWN,
		               "the daemon is stopping");
	/* Some wait for their session, while fewer run than may. */
	if (daemon->n_queued + daemon->n_running >=
	    daemon->settings.max_queue + daemon->settings.max_runs) {
		daemon->counters.refused++;
		return err_say(err, SBX_STAGE_PLAN, EAGAIN,
		               "%u runs wait already; try again later",
		               daemon->n_queued);
	}
	r = job_plan(job, err);
	if (r < 0)
		return r;
	job->ended = on_ended;
	*daemon->last_job = job;
	daemon->last_job = &job->next;
	daemon->n_queued++;
	return 0;
}

void jobs_clear(struct daemon *daemon, bool wait)
{
	struct job **at = &daemon->over;
	struct job *job;

	while ((job = *at)) {
		if (job->box && !wait && !box_is_gone(job->box)) {
			at = &job->next;
			continue;
		}
		*at = job->next;
		daemon->n_over--;
		/* A process of ours may have a copy, so closing is not enough.
		 */
		if (job->box)
			loop_drop(daemon->loop, box_end_fd(job->box));
		job_free(job);
	}
}

void jobs_try_again(struct daemon *daemon)
{
	struct job *next;

	if (!daemon->pools_moved)
		return;
	daemon->pools_moved = false;
	for (struct job *job = daemon->jobs; job; job = next) {
		next = job->next;
		if (job->waits_ns)
			job_run(job);
	}
}

struct job *jobs_find(const struct daemon *daemon, const char *id,
                      const struct who *who)
{
	struct job *job = daemon->jobs;

	while (job &&
	       (strcmp(job->id, id) != 0 || !who_may_see(who, &job->who)))
		job = job->next;
	return job;
}

void jobs_list(const struct daemon *daemon, const struct who *who,
               struct json_writer *out)
{
	for (const struct job *job = daemon->jobs; job; job = job->next)
		if (who_may_see(who, &job->who))
			job_put(job, out);
}

void jobs_cancel_all(struct daemon *daemon)
{
	struct job *next;

	for (struct job *job = daemon->jobs; job; job = next) {
		next = job->next;
		(void)job_cancel(job);
	}
}
