/* SPDX-License-Identifier: MIT */
#include "warm/request.h"

#include <poll.h>

#include "base/clock.h"
#include "box/box.h"
#include "box/session.h"

const char *request_host_path(const struct sbx_spec *spec)
{
	for (const struct bind *bind = spec->binds; bind; bind = bind->next)
		if (bind->origin == ORIGIN_CALLER)
			return "mounts";
	for (const struct input *input = spec->inputs; input;
	     input = input->next)
		if (input->source)
			return "inputs";
	if (spec->cgroup.text && spec->cgroup.origin == ORIGIN_CALLER &&
	    spec->cgroup.text[0] == '/')
		return "cgroup";
	if (spec->stdin_path.text && spec->stdin_path.origin == ORIGIN_CALLER)
		return "stdin_file";
	return spec->program.kind == PROGRAM_FILE ? "file" : NULL;
}

const char *request_session(const struct sbx_spec *spec)
{
	return spec->session.text;
}

void request_blank_session(struct sbx_spec *spec)
{
	static const struct session_state blank = {.layers = "/"};

	spec->session_state = &blank;
}

bool request_is_warm(const struct sbx_spec *spec)
{
	return spec->warm != WARM_NONE && spec->build.command.n == 0 &&
	       !spec->session.text;
}

const char *plan_id(const struct sbx_plan *plan)
{
	return plan->id;
}

const char *plan_profile(const struct sbx_plan *plan)
{
	return plan->profile;
}

uint64_t plan_disk(const struct sbx_plan *plan)
{
	return plan->limits[LIMIT_DISK].value;
}

uint64_t plan_wall_time(const struct sbx_plan *plan)
{
	return plan->limits[LIMIT_WALL_TIME].value;
}

bool box_is_warm(const struct sbx_box *box)
{
	return box->run.warm;
}

/* A run that is killed as it starts may have started after its end. */
uint64_t box_wall_time(const struct sbx_box *box)
{
	const struct run *run = &box->run;

	return run->end_ns > run->start_ns ? run->end_ns - run->start_ns : 0;
}

int box_unborn(const struct sbx_plan *plan, struct sbx_box **box,
               struct sbx_error *err)
{
	int r = box_new(plan, box, err);
	struct run *run;

	if (r < 0)
		return r;
	run = &(*box)->run;
	run->ended = true;
	run->cause = CAUSE_CANCELLED;
	run->start_ns = run->end_ns = clock_ns();
	return 0;
}

bool box_is_over(const struct sbx_box *box)
{
	return box->run.ended;
}

int box_end_fd(const struct sbx_box *box)
{
	return box->pidfd;
}

bool box_is_gone(const struct sbx_box *box)
{
	struct pollfd end = {.fd = box->pidfd, .events = POLLIN};

	return box->pid <= 0 || poll(&end, 1, 0) > 0;
}

int request_report(const struct sbx_plan *plan, const struct sbx_box *box,
                   const struct sbx_error *failure, struct buffer *text,
                   struct sbx_error *err)
{
	return report_text(plan, box, failure, text, err);
}

int request_refusal(const struct sbx_spec *spec,
                    const struct sbx_error *failure, struct buffer *text,
                    struct sbx_error *err)
{
	return refusal_text(spec, failure, text, err);
}

bool request_leaves(const struct sbx_session *session,
                    const struct sbx_box *box)
{
	return (session && session_is_kept(box)) || box->plan->collect.n > 0;
}

void request_fds(const struct sbx_session *session, const struct sbx_box *box,
                 int fds[REQUEST_FDS])
{
	_Static_assert(REQUEST_FDS == SESSION_FDS + 1, "and the workspace");
	for (size_t i = 0; i < REQUEST_FDS; i++)
		fds[i] = -1;
	if (session && box)
		session_fds(session, box, fds);
	if (box)
		fds[SESSION_FDS] = box->workspace;
}
