/* SPDX-License-Identifier: MIT */
/* What the box says: the messages of its processes, and the calls that the
 * filter refused. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/def.h"
#include "box/box.h"
#include "box/wire.h"

/* Refused calls answered in one turn, so that a program that makes nothing
 * else cannot keep the supervisor from its deadlines. */
#define REFUSALS 64

static void on_ready(struct sbx_box *box, const struct wire_message *message,
                     int *fds)
{
	(void)message;
	(void)fds;
	box->ready = true;
	box->deadline_ns = UINT64_MAX; /* it waits as long as its caller */
}

static void on_upper(struct sbx_box *box, const struct wire_message *message,
                     int *fds)
{
	(void)message;
	box->upper = TAKE_FD(fds[0]);
}

/* The root stands, and its files can be placed. */
static void on_workspace(struct sbx_box *box,
                         const struct wire_message *message, int *fds)
{
	(void)message;
	box->workspace = TAKE_FD(fds[0]);
	box->idle = true;
}

static void on_born(struct sbx_box *box, const struct wire_message *message,
                    int *fds)
{
	(void)message;
	zygote_born(box, TAKE_FD(fds[0]));
}

static void on_counters(struct sbx_box *box, const struct wire_message *message,
                        int *fds)
{
	(void)message;
	for (unsigned i = 0; i < box->plan->pmu.n; i++)
		box->counters[i] = TAKE_FD(fds[i]);
	box->run.counted = true;
}

static void on_started(struct sbx_box *box, const struct wire_message *message,
                       int *fds)
{
	struct sbx_error failure;
	int r;

	box->proc = TAKE_FD(fds[0]);
	cleanup_fd(&box->workspace);
	box->workspace = TAKE_FD(fds[1]);
	box->listener = TAKE_FD(fds[2]);
	box->launched = true;
	if (!box->waiting)
		box_begin(box, message->ns);
	/* A zygote's filter has none. */
	r = box->plan->zygote
	            ? 0
	            : watch_add(box, box->listener, EPOLLIN, TAG_LISTENER);
	if (r < 0)
		box_fail(box, -r, "watch the filter's listener");
	if (box->confines && !box->failed && confine(box, &failure) < 0)
		box_fail_as(box, &failure);
}

static void on_measured(struct sbx_box *box, const struct wire_message *message,
                        int *fds)
{
	(void)fds;
	measure_answer(box, message->memory);
}

/* RLIMIT_CPU, which backs the supervisor, kills by these two. */
static bool ran_out_of_cpu(const struct sbx_box *box)
{
	const struct run *run = &box->run;
	int signal =
		WIFSIGNALED(run->wait_status) ? WTERMSIG(run->wait_status) : 0;

	return (signal == SIGXCPU || signal == SIGKILL) &&
	       run->user_ns + run->system_ns >=
	               box->plan->limits[LIMIT_CPU_TIME].value;
}

static void on_ended(struct sbx_box *box, const struct wire_message *message,
                     int *fds)
{
	struct run *run = &box->run;

	(void)fds;
	box->ended = true;
	run->wait_status = message->wait_status;
	run->user_ns = message->user_ns;
	run->system_ns = message->system_ns;
	measure_discount(box);
	run->memory_peak = MAX(run->memory_peak, message->memory_peak);
	if (run->cause == CAUSE_NONE)
		run->end_ns = message->ns;
	if (run->cause == CAUSE_NONE && ran_out_of_cpu(box))
		run->cause = CAUSE_CPU_TIME;
	box_emptied(box);
	/* It may have gone above it and ended between two looks. */
	if (run->cause == CAUSE_NONE && fuel_is_spent(box))
		run->cause = CAUSE_FUEL;
}

static void on_failed(struct sbx_box *box, const struct wire_message *message,
                      int *fds)
{
	(void)fds;
	if (!box->failed)
		box->failure = message->error;
	if (box->failure.code <= 0)
		box->failure.code = EPROTO;
	box->failure.text[sizeof(box->failure.text) - 1] = '\0';
	box->failed = true;
	box_kill(box, CAUSE_NONE);
}

/* What is done with each; wire_expected() says which may come when. */
struct wire_row {
	void (*handle)(struct sbx_box *box, const struct wire_message *message,
	               int *fds);
	int n_fds;
};

static const struct wire_row wire_rows[] = {
	[WIRE_READY] = {on_ready, 0},         [WIRE_STARTED] = {on_started, 3},
	[WIRE_MEASURED] = {on_measured, 0},   [WIRE_ENDED] = {on_ended, 0},
	[WIRE_FAILED] = {on_failed, 0},       [WIRE_UPPER] = {on_upper, 1},
	[WIRE_WORKSPACE] = {on_workspace, 1}, [WIRE_BORN] = {on_born, 1},
	[WIRE_COUNTERS] = {on_counters, 0},
};

static bool wire_expected(const struct sbx_box *box, uint32_t kind)
{
	switch (kind) {
	case WIRE_READY:
		return !box->ready && !box->launched;
	case WIRE_STARTED:
		return !box->launched &&
		       box->run.counted == (box->plan->pmu.n > 0);
	case WIRE_COUNTERS:
		return !box->launched && !box->run.counted &&
		       box->plan->pmu.n > 0;
	case WIRE_MEASURED:
		return box->asked_ns != 0;
	case WIRE_ENDED:
		return box->launched && !box->ended;
	case WIRE_UPPER:
		return box->plan->session && box->upper < 0 && !box->launched;
	case WIRE_WORKSPACE:
		return box->waiting && !box->plan->has_agent &&
		       box->workspace < 0;
	case WIRE_BORN:
		return box->pid < 0;
	case WIRE_FAILED:
		return !box->ended;
	default:
		return false;
	}
}

static bool has_fds(const struct sbx_box *box, uint32_t kind, const int *fds)
{
	int n = wire_rows[kind].n_fds;

	if (kind == WIRE_COUNTERS)
		n = (int)box->plan->pmu.n;
	/* No listener. */
	if (kind == WIRE_STARTED && box->plan->zygote)
		n--;
	return n == 0 || fds[n - 1] >= 0;
}

void receive_wire(struct sbx_box *box)
{
	struct wire_message message;
	int fds[WIRE_MAX_FDS];
	int r = 1;

	while (r == 1 && box->wire >= 0) {
		r = wire_receive(box->wire, &message, fds, MSG_DONTWAIT);
		if (r == 0)
			watch_drop(box, &box->wire);
		if (r == 0 && box->pid < 0)
			box_fail(box, ECHILD, "the zygote ended");
		if (r != 1)
			break;
		if (!wire_expected(box, message.kind) ||
		    !has_fds(box, message.kind, fds))
			r = -EPROTO;
		else
			wire_rows[message.kind].handle(box, &message, fds);
		for (int i = 0; i < WIRE_MAX_FDS; i++)
			cleanup_fd(&fds[i]);
	}
	if (r < 0 && r != -EAGAIN)
		box_fail(box, -r, "a message from the sandbox");
}

static bool is_readable(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	return poll(&poll_fd, 1, 0) > 0 && poll_fd.revents & POLLIN;
}

void receive_refused(struct sbx_box *box, uint32_t events)
{
	struct refused_call call;
	int r = 0;

	if (!(events & EPOLLIN)) {
		watch_drop(box, &box->listener); /* nobody has the filter */
		return;
	}
	for (int i = 0; r >= 0 && i < REFUSALS && is_readable(box->listener);
	     i++) {
		r = notify_receive(box->listener, &call);
		if (r != 1)
			continue;
		run_add_refused(&box->run, &call);
		if (call_is_native(&call))
			r = notify_refuse(box->listener, &call);
		else
			box_kill(box, CAUSE_SYSCALL);
	}
	if (r < 0)
		box_fail(box, -r, "answer a system call that is refused");
}
