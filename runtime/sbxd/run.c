/* SPDX-License-Identifier: MIT */
#include "sbxd/run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "sbxd/build.h"
#include "sbxd/ending.h"
#include "sbxd/pools.h"
#include "sbxd/sessions.h"
#include "warm/request.h"

/* How long, and how often, a run asks for a session that sbx-exec has. */
#define PATIENCE (10 * NS_PER_S)
#define PAUSE    (50 * NS_PER_MS)

void job_free(struct job *job)
{
	const int fds[] = {job->stdio.in, job->stdio.out, job->stdio.err,
	                   job->collect};

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		cleanup_fd(&fds[i]);
	sbx_box_close(job->box);
	sbx_session_close(job->session);
	sbx_plan_free(job->plan);
	build_free(job->build);
	sbx_spec_free(job->spec);
	free(job);
}

struct job *job_new(struct daemon *daemon, const struct who *who)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->daemon = daemon;
	job->who = *who;
	job->stdio = (struct sbx_stdio){-1, -1, -1};
	job->collect = -1;
	job->ending.pidfd = job->ending.memory = -1;
	job->ended = job_free;
	job->asked_ns = clock_ns();
	if (sbx_spec_new(&job->spec, NULL) < 0) {
		free(job);
		return NULL;
	}
	sbx_spec_trees(job->spec, daemon->dirs.trees);
	return job;
}

/* Of another only what no path of the host is needed for. */
static int check(const struct job *job, struct sbx_error *err)
{
	const char *field = request_host_path(job->spec);

	if (who_is_trusted(&job->who) || !field)
		return 0;
	return err_say(err, SBX_STAGE_SPEC, EPERM,
	               "%s: names a path of the host, which another user's "
	               "daemon does not open for you; send the content",
	               field);
}

/* In the place of the one there is, which stays where that fails. */
static int make_plan(struct job *job, struct sbx_error *err)
{
	struct sbx_plan *plan;
	int r;

	host_lend(&job->daemon->host, job->spec);
	r = sbx_plan_make(job->spec, &plan, err);
	if (r < 0)
		return r;
	sbx_plan_free(job->plan);
	job->plan = plan;
	return 0;
}

int job_plan(struct job *job, struct sbx_error *err)
{
	int r = check(job, err);

	if (r == 0)
		r = sbx_spec_maxima(job->spec, MAXIMA, err);
	if (r == 0 && request_session(job->spec))
		request_blank_session(job->spec);
	if (r == 0)
		r = build_make(job->spec, &job->build, err);
	if (r == 0)
		r = make_plan(job, err);
	if (r == 0 && !job->id[0])
		(void)snprintf(job->id, sizeof(job->id), "%s",
		               plan_id(job->plan));
	return r;
}

void job_refuse(struct job *job, const struct sbx_error *failure)
{
	job->refused = true;
	ending_begin(job, failure);
}

static void finish(struct job *job, const struct sbx_error *failure)
{
	if (job->box)
		loop_drop(job->daemon->loop, sbx_box_fd(job->box));
	/* There was no run, or it is none any more. That of a session is waited
	 * for, since the session is free for others next. */
	if (failure && !job->session)
		leaving_add(&job->daemon->leaving, TAKE_PTR(job->box));
	ending_begin(job, failure);
}

/* The build is over: the run takes its place, if there is one. */
static void after_build(struct job *job)
{
	struct sbx_error err;
	int r;

	if (strcmp(sbx_box_outcome(job->box).status, "success") != 0) {
		finish(job, NULL);
		return;
	}
	loop_drop(job->daemon->loop, sbx_box_fd(job->box));
	r = build_take(job->build, job->spec, &job->who, TAKE_PTR(job->box),
	               &err);
	if (r == 0)
		r = make_plan(job, &err);
	if (r < 0)
		finish(job, &err);
	else
		job_run(job);
}

static void on_ready(struct source *source, uint32_t events)
{
	struct job *job = (struct job *)source;
	struct sbx_error err;
	int r;

	(void)events;
	r = sbx_box_step(job->box, &err);
	if (r < 0)
		finish(job, &err);
	else if (r > 0 && build_is_due(job->build))
		after_build(job);
	else if (r > 0)
		finish(job, NULL);
}

/* Waits for the box that was started, unless r says that none was. */
static void watch(struct job *job, int r, struct sbx_error *err)
{
	if (r == 0) {
		(void)sbx_box_request(job->box, job->id, job->asked_ns, NULL);
		job->source.ready = on_ready;
		r = loop_add(job->daemon->loop, sbx_box_fd(job->box), EPOLLIN,
		             &job->source);
		if (r < 0)
			(void)err_set(err, SBX_STAGE_WATCH, -r, "epoll_ctl");
	}
	if (r < 0)
		finish(job, err);
}

void job_run(struct job *job)
{
	const struct wanted wanted = {job->spec, job->plan, &job->stdio,
	                              job->waits_ns};
	struct sbx_error err;
	int r = pools_start(job->daemon->pools, &wanted, &job->box, &err);

	if (r != -EINPROGRESS) {
		job->waits_ns = 0;
		watch(job, r, &err);
	} else if (!job->waits_ns) {
		job->waits_ns = clock_ns();
	}
}

static int enter_session(struct job *job, struct sbx_error *err)
{
	int r;

	if (!request_session(job->spec))
		return 0;
	r = sessions_open(job->spec, &job->who, &job->session, err);
	return r < 0 ? r : make_plan(job, err);
}

static int find_built(struct job *job, struct sbx_error *err)
{
	int r;

	if (!build_is_due(job->build))
		return 0;
	r = build_find(job->build, job->spec, &job->who, err);
	return r < 0 || build_is_due(job->build) ? r : make_plan(job, err);
}

void job_start(struct job *job)
{
	struct sbx_error err;
	int r = enter_session(job, &err);

	if (r == -EBUSY && clock_ns() - job->asked_ns < PATIENCE) {
		job->again_ns = clock_ns() + PAUSE;
		return;
	}
	if (r == 0)
		r = find_built(job, &err);
	job->running = true;
	job->daemon->n_queued--;
	job->daemon->n_running++;
	if (r < 0)
		finish(job, &err);
	else if (build_is_due(job->build))
		watch(job,
		      build_start(job->build, job->stdio.err, &job->box, &err),
		      &err);
	else
		job_run(job);
}

bool job_cancel(struct job *job)
{
	struct sbx_error err;

	if (job->ending.begun)
		return false;
	job->waits_ns = 0;
	if (job->box) {
		sbx_box_cancel(job->box);
	} else if (box_unborn(job->plan, &job->box, &err) < 0) {
		finish(job, &err);
	} else {
		(void)sbx_box_request(job->box, job->id, job->asked_ns, NULL);
		finish(job, NULL);
	}
	return true;
}

const char *job_state(const struct job *job)
{
	if (job->ending.begun)
		return job->session ? "keeping" : "ending";
	return job->running ? "running" : "queued";
}

void job_put(const struct job *job, struct json_writer *out)
{
	json_open_object(out, NULL);
	json_put_text(out, "id", job->id);
	json_put_text(out, "state", job_state(job));
	json_put_text(out, "profile", plan_profile(job->plan));
	who_put(&job->who, out);
	json_put_seconds(out, "age_s", clock_ns() - job->asked_ns);
	json_close_object(out);
}
