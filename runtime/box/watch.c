/* SPDX-License-Identifier: MIT */
/* Supervision: one epoll over everything a box can say, and one deadline. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/timerfd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "box/box.h"
#include "box/wire.h"
#include "kernel/sys.h"

/* It takes some milliseconds, but for ever on a dead network mount. */
#define SETUP_TIME (60 * NS_PER_S)

/* For the reader of a program that was stopped, to take what is left. */
#define DRAIN_TIME NS_PER_S

int watch_add(struct sbx_box *box, int fd, uint32_t events, uint64_t tag)
{
	struct epoll_event event = {.events = events, .data.u64 = tag};

	return epoll_ctl(box->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno
	                                                            : 0;
}

void watch_drop(struct sbx_box *box, int *fd)
{
	if (*fd < 0)
		return;
	(void)epoll_ctl(box->epoll, EPOLL_CTL_DEL, *fd, NULL);
	(void)close(*fd);
	*fd = -1;
}

void watch_setup(struct sbx_box *box)
{
	box->deadline_ns = clock_ns() + SETUP_TIME;
}

int watch_open(struct sbx_box *box, struct sbx_error *err)
{
	int r;

	watch_setup(box);
	box->epoll = epoll_create1(EPOLL_CLOEXEC);
	box->timer =
		timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (box->epoll < 0 || box->timer < 0)
		return err_set(err, SBX_STAGE_WATCH, errno,
		               "epoll_create1, timerfd_create");
	r = watch_add(box, box->wire, EPOLLIN, TAG_WIRE);
	if (r == 0 && box->pidfd >= 0)
		r = watch_add(box, box->pidfd, EPOLLIN, TAG_PIDFD);
	if (r == 0)
		r = watch_add(box, box->timer, EPOLLIN, TAG_TIMER);
	return r < 0 ? err_set(err, SBX_STAGE_WATCH, -r, "epoll_ctl") : 0;
}

void box_fail(struct sbx_box *box, int code, const char *what)
{
	struct sbx_error failure;

	(void)err_set(&failure, SBX_STAGE_WATCH, code, "%s", what);
	box_fail_as(box, &failure);
}

void box_fail_as(struct sbx_box *box, const struct sbx_error *failure)
{
	if (!box->failed)
		box->failure = *failure;
	box->failed = true;
	box_kill(box, CAUSE_NONE);
}

int box_failure(const struct sbx_box *box, struct sbx_error *err)
{
	if (err)
		*err = box->failure;
	return -box->failure.code;
}

void box_kill(struct sbx_box *box, enum cause cause)
{
	if (box->run.cause == CAUSE_NONE && !box->ended)
		box->run.cause = cause;
	if (box->pid == 0 || box->ended)
		return;
	if (box->run.end_ns == 0)
		box->run.end_ns = clock_ns();
	/* It is not born: it will find that nobody waits for it. */
	if (box->pid < 0) {
		watch_drop(box, &box->wire);
		box->pid = 0;
		return;
	}
	measure_last(box);
	if (box->leaf.fd >= 0)
		(void)file_put(box->leaf.fd, "cgroup.kill", "1");
	(void)pidfd_send_signal(box->pidfd, SIGKILL, NULL, 0);
}

static int stream_add(struct sbx_box *box, size_t index)
{
	struct stream *stream = &box->streams[index];
	uint32_t events = 0;
	int fd = stream_fd(stream, &events);
	int r = watch_add(box, fd, events, TAG_STREAM + index);

	if (r == 0)
		stream->watched = fd;
	return r;
}

/* Puts what the stream waits for in the place of what it waited for. */
static void stream_watch(struct sbx_box *box, size_t index)
{
	struct stream *stream = &box->streams[index];
	uint32_t events = 0;
	int fd = stream_fd(stream, &events), r;

	if (stream->watched >= 0 && stream->watched != fd) {
		(void)epoll_ctl(box->epoll, EPOLL_CTL_DEL, stream->watched,
		                NULL);
		stream->watched = -1;
	}
	if (fd < 0) {
		stream_close(stream);
		return;
	}
	if (stream->watched == fd)
		return;
	r = stream_add(box, index);
	if (r == -EPERM) {
		stream_unpolled(stream);
		r = stream_add(box, index);
	}
	if (r < 0)
		box_fail(box, -r, "watch a stream");
}

/* Moves what can be moved, and keeps the SIGPIPE of a side that is gone from
 * the caller: when its standard input ends is for the program to say. */
static void stream_move_quietly(struct stream *stream)
{
	const struct timespec now = {0};
	sigset_t pipe_set, before, pending;

	if (stream->to < 0) {
		stream_move(stream);
		return;
	}
	sigemptyset(&pipe_set);
	sigaddset(&pipe_set, SIGPIPE);
	(void)sigpending(&pending);
	(void)pthread_sigmask(SIG_BLOCK, &pipe_set, &before);
	stream_move(stream);
	if (!sigismember(&pending, SIGPIPE))
		(void)sigtimedwait(&pipe_set, NULL, &now);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void stream_step(struct sbx_box *box, size_t index)
{
	struct stream *stream = &box->streams[index];

	stream_move_quietly(stream);
	stream_watch(box, index);
	if (stream->error)
		box_fail(box, stream->error,
		         index == STREAM_IN ? "read standard input"
		                            : "pass the program's output on");
	if (index == STREAM_IN || stream->moved <= stream->limit ||
	    box->plan->output_action != OUTPUT_KILL)
		return;
	/* It was written before the end, also where it is seen after it. */
	if (box->run.cause == CAUSE_NONE)
		box->run.cause = CAUSE_OUTPUT;
	box_kill(box, CAUSE_OUTPUT);
}

/* Nothing of the program is left, though pid 1 may take its time: what it does
 * last is to take the namespaces down. */
static bool is_empty(const struct sbx_box *box)
{
	return box->ended || box->pid == 0;
}

void box_emptied(struct sbx_box *box)
{
	measure_disk(box);
	/* Who ended by itself is heard to the end, as by any pipe. */
	box->deadline_ns = box->run.cause == CAUSE_NONE
	                           ? UINT64_MAX
	                           : clock_ns() + DRAIN_TIME;
	leaf_read(box);
	fuel_last(box);
}

/* Pid 1 is dead, and so is everything that was in the box. */
static void pidfd_step(struct sbx_box *box)
{
	struct run *run = &box->run;
	struct rusage usage = {0};
	siginfo_t info;

	receive_wire(box); /* what it had said before */
	/* The caller may have taken it, by waiting for any child. A zygote's
	 * box is the zygote's child. */
	if (!box->zygote &&
	    sys_waitid(box->pidfd, &info, WEXITED | __WALL, &usage) < 0)
		box_fail(box, errno, "wait for pid 1 of the sandbox");
	box->pid = 0;
	watch_drop(box, &box->pidfd);
	if (box->waiting && !box->failed)
		box_fail(box, ECHILD, "the interpreter that was started ahead");
	if (box->ended || box->failed)
		return;
	if (run->end_ns == 0)
		run->end_ns = clock_ns();
	run->user_ns = clock_timeval_ns(usage.ru_utime);
	run->system_ns = clock_timeval_ns(usage.ru_stime);
	measure_discount(box);
	/* What died with pid 1 was not waited for; the last sample saw it. */
	run->user_ns = MAX(run->user_ns + run->system_ns, box->sample.cpu_ns) -
	               run->system_ns;
	box_emptied(box);
	if (run->cause == CAUSE_NONE)
		run->cause = run->oom_kills ? CAUSE_MEMORY : CAUSE_LOST;
	if (!run->started)
		run->start_ns = run->end_ns;
}

/* Whether there is still something to decide by measuring. */
static bool is_measured(const struct sbx_box *box)
{
	return box->run.started && !is_empty(box) && !box->failed &&
	       box->run.cause == CAUSE_NONE;
}

static void check_time(struct sbx_box *box)
{
	uint64_t now = clock_ns();

	if (box->failed || is_empty(box))
		return;
	if (is_measured(box) && now >= box->next_sample_ns)
		measure(box, now);
	if (now < box->deadline_ns)
		return;
	if (box->run.started)
		box_kill(box, CAUSE_WALL_TIME);
	else
		box_fail(box, ETIMEDOUT, "build the sandbox");
	box->deadline_ns = UINT64_MAX;
}

static void set_timer(struct sbx_box *box)
{
	struct itimerspec spec = {0};
	uint64_t next = box->deadline_ns;

	if (is_measured(box))
		next = MIN(next, box->next_sample_ns);
	if (next == box->timer_ns)
		return;
	box->timer_ns = next;
	if (next != UINT64_MAX) {
		spec.it_value.tv_sec = (time_t)(next / NS_PER_S);
		spec.it_value.tv_nsec = (long)(next % NS_PER_S);
	}
	if (timerfd_settime(box->timer, TFD_TIMER_ABSTIME, &spec, NULL) < 0)
		box_fail(box, errno, "set the timer");
}

int watch_add_streams(struct sbx_box *box, struct sbx_error *err)
{
	for (size_t i = 0; i < N_STREAMS; i++)
		stream_watch(box, i);
	set_timer(box);
	return box->failed ? box_failure(box, err) : 0;
}

static void dispatch(struct sbx_box *box, const struct epoll_event *event)
{
	uint64_t ticks, tag = event->data.u64;

	switch (tag) {
	case TAG_WIRE:
		receive_wire(box);
		break;
	case TAG_PIDFD:
		pidfd_step(box);
		break;
	case TAG_TIMER:
		(void)!read(box->timer, &ticks, sizeof(ticks));
		box->timer_ns = UINT64_MAX;
		break;
	case TAG_LISTENER:
		if (box->listener >= 0)
			receive_refused(box, event->events);
		break;
	case TAG_CONTROL:
		standby_receive(box);
		break;
	default:
		/* What it says before it is the program comes first. */
		if (!box->launched)
			receive_wire(box);
		stream_step(box, tag - TAG_STREAM);
		break;
	}
}

static bool is_over(const struct sbx_box *box)
{
	if (!is_empty(box) || (box->failed && box->pid != 0))
		return false;
	if (box->failed || box->run.cause == CAUSE_CANCELLED ||
	    clock_ns() >= box->deadline_ns)
		return true;
	return box->streams[STREAM_OUT].over && box->streams[STREAM_ERR].over;
}

static void finish(struct sbx_box *box)
{
	struct run *run = &box->run;

	run->ended = true;
	stream_put_back(&box->streams[STREAM_IN]);
	for (size_t i = 0; i < ARRAY_SIZE(run->output); i++) {
		struct stream *stream = &box->streams[STREAM_OUT + i];
		struct run_output *output = &run->output[i];

		stream_abandon(stream); /* where nobody has read it */
		output->bytes = stream->moved;
		output->truncated = stream->moved > stream->limit;
		output->captured = stream->captures;
		output->data = stream->held;
	}
}

/* One turn: waits up to timeout milliseconds (-1: for ever) for something. */
static int step(struct sbx_box *box, int timeout, struct sbx_error *err)
{
	struct epoll_event events[16];
	int n;

	if (box->run.ended)
		return 1;
	n = epoll_wait(box->epoll, events, ARRAY_SIZE(events), timeout);
	if (n < 0 && errno != EINTR)
		box_fail(box, errno, "epoll_wait");
	for (int i = 0; i < n; i++)
		dispatch(box, &events[i]);
	check_time(box);
	set_timer(box);
	if (!is_over(box))
		return 0;
	if (box->failed)
		return box_failure(box, err);
	finish(box);
	return 1;
}

int sbx_box_fd(const struct sbx_box *box)
{
	return box->epoll;
}

int sbx_box_step(struct sbx_box *box, struct sbx_error *err)
{
	return step(box, 0, err);
}

int sbx_box_wait(struct sbx_box *box, struct sbx_error *err)
{
	int r;

	do
		r = step(box, -1, err);
	while (r == 0);
	return r < 0 ? r : 0;
}

void sbx_box_cancel(struct sbx_box *box)
{
	box_kill(box, CAUSE_CANCELLED);
	/* Also the wait for a reader, where that is all there is left. */
	if (!is_empty(box) || box->run.ended)
		return;
	if (box->run.cause == CAUSE_NONE)
		box->run.cause = CAUSE_CANCELLED;
	box->deadline_ns = clock_ns();
	set_timer(box);
}
