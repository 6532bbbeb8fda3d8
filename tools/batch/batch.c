/* SPDX-License-Identifier: MIT */
#include "batch.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "exec/run.h"

#define N_EVENTS    32
#define PROGRESS_NS (200 * NS_PER_MS)

#define FAIL(err, code, what) err_set(err, SBX_STAGE_WATCH, code, what)

static const int ending[] = {SIGINT, SIGTERM, SIGHUP, 0};

static int open_clock(void)
{
	const struct timespec period = {.tv_nsec = (long)PROGRESS_NS};
	const struct itimerspec each = {period, period};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd >= 0)
		(void)timerfd_settime(fd, 0, &each, NULL);
	return fd < 0 ? -errno : fd;
}

static int add(const struct batch *batch, int fd, void *what, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = what};

	return epoll_ctl(batch->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno
	                                                              : 0;
}

/* What an event is about: one of our own descriptors by its address, else a
 * slot. */
static int add_own(struct batch *batch)
{
	int r = add(batch, batch->signals, &batch->signals, EPOLLIN);

	if (r == 0 && batch->clock >= 0)
		r = add(batch, batch->clock, &batch->clock, EPOLLIN);
	if (r == 0) {
		r = add(batch, batch->input, &batch->input, EPOLLONESHOT);
		batch->input_polls = r == 0;
		r = r == -EPERM ? 0 : r; /* a file: it is always there */
	}
	if (r == 0) {
		r = add(batch, batch->reports.fd, &batch->reports,
		        EPOLLONESHOT);
		batch->reports_poll = r == 0;
		r = r == -EPERM ? 0 : r;
	}
	return r;
}

int batch_open(struct batch *batch, size_t n_jobs, bool progress,
               struct sbx_error *err)
{
	int r = slots_open(&batch->slots, n_jobs);

	batch->epoll = epoll_create1(EPOLL_CLOEXEC);
	batch->signals = run_signals(ending, NULL);
	if (progress)
		batch->clock = open_clock();
	if (r == 0 && batch->epoll < 0)
		r = -errno;
	if (r == 0 && batch->signals < 0)
		r = batch->signals;
	if (r == 0)
		r = add_own(batch);
	return r < 0 ? FAIL(err, -r, "the batch") : 0;
}

void batch_close(struct batch *batch)
{
	slots_close(&batch->slots);
	requests_close(&batch->requests);
	reports_close(&batch->reports);
	audit_close(&batch->audit);
	cleanup_fd(&batch->epoll);
	cleanup_fd(&batch->signals);
	cleanup_fd(&batch->clock);
}

/* ---- starting ---- */

static int refuse(struct batch *batch, const struct request *request,
                  const struct sbx_error *failure, struct sbx_error *err)
{
	const struct sbx_audit line = {.id = request->id, .failure = failure};
	int r = audit_put(&batch->audit, &line, err);

	tally_add(&batch->tally, err_status(failure));
	return r < 0 ? r
	             : reports_refuse(&batch->reports, request, failure, err);
}

static int watch(struct batch *batch, struct slot *slot, struct sbx_error *err)
{
	int r = add(batch, slot_fd(slot), slot, EPOLLIN);

	return r < 0 ? FAIL(err, -r, "watch a run") : 0;
}

static int start(struct batch *batch, const struct request *request,
                 struct sbx_error *err)
{
	struct slot *slot = slots_free_one(&batch->slots);
	struct sbx_error failure = request->broken;
	int r;

	if (request->reported) {
		batch->tally.n_skipped++;
		return 0;
	}
	if (failure.code != 0)
		return refuse(batch, request, &failure, err);
	r = slot_start(&batch->slots, slot, request, &batch->places, &failure);
	if (r == 0)
		return watch(batch, slot, err);
	if (!batch->places.pool)
		return refuse(batch, request, &failure, err);
	*err = failure; /* there is no daemon for any request */
	return r;
}

/* Lines that start nothing, after which somebody may want to stop it. */
#define MOST_LINES 1000

/* Whether the request has to wait: for a box, or, since those of a session are
 * run in their order, for the one before it. */
static bool has_to_wait(const struct batch *batch)
{
	return !batch->request.reported && !batch->request.broken.code &&
	       (batch->slots.n_busy == batch->slots.n_slots ||
	        slots_have(&batch->slots, batch->request.session));
}

/* Starts what can be started now, and reads on up to what cannot: so the end is
 * known while the last requests run. */
static int start_more(struct batch *batch, struct sbx_error *err)
{
	struct request *request = &batch->request;
	size_t n_lines = 0;
	int r = 1;

	batch->has_more = false;
	while (r == 1 && n_lines++ < MOST_LINES && !batch->at_end &&
	       !batch->stopped_by && !reports_are_late(&batch->reports)) {
		if (!batch->request_waits)
			r = requests_next(&batch->requests, request, err);
		if (r == 1) {
			batch->request_waits = has_to_wait(batch);
			if (batch->request_waits)
				return 0;
			r = start(batch, request, err);
			r = r < 0 ? r : 1;
		} else if (r == 0) {
			batch->at_end = true;
		} else if (r == -EAGAIN && batch->input_polls) {
			batch->input_waits = true;
			return 0;
		} else if (r == -EAGAIN) {
			r = lines_fill(batch->requests.lines);
			if (r < 0)
				return FAIL(err, -r, "read the requests");
			r = 1;
		}
	}
	batch->has_more = n_lines > MOST_LINES;
	batch->tally.done = lines_offset(batch->requests.lines);
	return MIN(r, 0);
}

/* ---- what happens ---- */

static void stop(struct batch *batch)
{
	struct signalfd_siginfo info;

	if (read(batch->signals, &info, sizeof(info)) != sizeof(info))
		return;
	batch->ends = batch->stopped_by;
	if (batch->ends)
		for (size_t i = 0; i < batch->slots.n_slots; i++)
			if (slot_is_busy(&batch->slots.slots[i]))
				slot_cancel(&batch->slots.slots[i]);
	batch->stopped_by = (int)info.ssi_signo;
	log_line("sbx-batch", "%s",
	         "stopped: what runs comes to its end; once more ends it");
}

/* Whether a run may have ended by the hand of whoever stops the batch, and not
 * as its program would have. */
static bool is_dubious(const struct sbx_outcome *outcome)
{
	bool dubious = strcmp(outcome->status, "cancelled") == 0;

	for (const int *number = ending; *number; number++)
		dubious |= outcome->signal == *number;
	return dubious;
}

/* Whether the next batch runs it again. Its session stays as it is then, and
 * one that is being kept is not run again. */
static bool is_in_vain(const struct batch *batch, const struct slot *slot)
{
	const struct sbx_outcome outcome = sbx_box_outcome(slot_box(slot));

	return batch->stopped_by && slot->state != SLOT_KEEPS &&
	       is_dubious(&outcome);
}

/* What came of a run of sbxd: its report, or why there is none. A program
 * there does not get the signals of our job. */
static int take_answer(struct batch *batch, struct slot *slot, int report,
                       const struct sbx_error *failure, struct sbx_error *err)
{
	const char *status = "";
	int r;

	if (report < 0) {
		if (failure->code == ECANCELED && batch->stopped_by) {
			batch->given_up = true;
			return 0;
		}
		tally_add(&batch->tally, "error");
		return reports_refuse(&batch->reports, &slot->request, failure,
		                      err);
	}
	r = report_check(report, slot->request.id, &status, err);
	if (r < 0)
		return r;
	if (batch->stopped_by && strcmp(status, "cancelled") == 0) {
		batch->given_up = true;
		return 0;
	}
	tally_add(&batch->tally, status);
	return reports_pass(&batch->reports, report, err);
}

static int step_remote(struct batch *batch, struct slot *slot,
                       struct sbx_error *err)
{
	struct sbx_error failure;
	int report, r;

	if (slot->remote.waits && batch->stopped_by) {
		batch->given_up = true; /* it has not begun */
		slot_end(&batch->slots, slot);
		return 0;
	}
	r = remote_step(&slot->remote, batch->places.pool, &report, &failure);
	if (r == 0)
		return watch(batch, slot, err);
	if (r < 0) {
		*err = failure;
		return r;
	}
	r = take_answer(batch, slot, report, &failure, err);
	cleanup_fd(&report);
	slot_end(&batch->slots, slot);
	return r;
}

static int report(struct batch *batch, const struct slot *slot,
                  struct sbx_error *err)
{
	const struct sbx_outcome outcome = sbx_box_outcome(slot_box(slot));
	const struct sbx_audit line = {.plan = slot->run.plan,
	                               .box = slot_box(slot)};
	int r = audit_put(&batch->audit, &line, err);

	if (r < 0)
		return r;
	if (is_in_vain(batch, slot)) {
		batch->given_up = true;
		return 0;
	}
	tally_add(&batch->tally, outcome.status);
	return reports_put(&batch->reports, slot->run.plan, slot_box(slot),
	                   err);
}

/* What stops a whole job, as Slurm does, signals the programs in the boxes as
 * well, and maybe before it signals the batch: the end of one that died of such
 * a signal is looked at again a while later. */
static bool is_to_be_seen(struct batch *batch, const struct slot *slot)
{
	const struct sbx_outcome outcome = sbx_box_outcome(slot_box(slot));

	return slot->state == SLOT_RUNS && !batch->stopped_by &&
	       is_dubious(&outcome);
}

static int step(struct batch *batch, struct slot *slot, struct sbx_error *err)
{
	struct sbx_error failure;
	int r = slot->state == SLOT_RUNS
	                ? sbx_box_step(slot_box(slot), &failure)
	                : 1;

	if (r == 0)
		return 0;
	if (r == 1) {
		/* It stays open, and readable, until it is reported. */
		(void)epoll_ctl(batch->epoll, EPOLL_CTL_DEL, slot_fd(slot),
		                NULL);
		if (is_to_be_seen(batch, slot) && slot_doubt(slot) == 0)
			return watch(batch, slot, err);
		r = is_in_vain(batch, slot) ? 1 : slot_go_on(slot, &failure);
		if (r == 0)
			return watch(batch, slot, err);
	}
	r = r < 0 ? refuse(batch, &slot->request, &failure, err)
	          : report(batch, slot, err);
	slot_end(&batch->slots, slot);
	return r;
}

static int handle(struct batch *batch, void *what, struct sbx_error *err)
{
	struct slot *slot = what;
	uint64_t ticks;
	int r;

	if (what == &batch->signals) {
		stop(batch);
	} else if (what == &batch->clock) {
		if (read(batch->clock, &ticks, sizeof(ticks)) > 0)
			tally_show(&batch->tally, STDERR_FILENO);
	} else if (what == &batch->reports) {
		return reports_flush(&batch->reports, err);
	} else if (what == &batch->input && batch->input_waits) {
		batch->input_waits = false;
		r = lines_fill(batch->requests.lines);
		return r < 0 ? FAIL(err, -r, "read the requests") : 0;
	} else if (what != &batch->input) {
		return slot->state == SLOT_REMOTE
		               ? step_remote(batch, slot, err)
		               : step(batch, slot, err);
	}
	return 0;
}

/* Listens for no more than what there is a use for: once, since an end that is
 * gone is told without being asked for. */
static int listen_for(struct batch *batch)
{
	struct epoll_event in = {.events = EPOLLIN | EPOLLONESHOT,
	                         .data.ptr = &batch->input};
	struct epoll_event out = {.events = EPOLLOUT | EPOLLONESHOT,
	                          .data.ptr = &batch->reports};
	int r = 0;

	if (batch->input_polls && batch->input_waits)
		r = epoll_ctl(batch->epoll, EPOLL_CTL_MOD, batch->input, &in);
	if (r == 0 && batch->reports_poll && reports_are_late(&batch->reports))
		r = epoll_ctl(batch->epoll, EPOLL_CTL_MOD, batch->reports.fd,
		              &out);
	return r < 0 ? -errno : 0;
}

static bool is_over(const struct batch *batch)
{
	return (batch->at_end || batch->stopped_by) &&
	       batch->slots.n_busy == 0 &&
	       (batch->ends || !reports_are_late(&batch->reports));
}

int batch_run(struct batch *batch, struct sbx_error *err)
{
	struct epoll_event events[N_EVENTS];
	int r = start_more(batch, err), n;

	while (r == 0 && !is_over(batch)) {
		r = listen_for(batch);
		if (r < 0)
			return FAIL(err, -r, "epoll");
		n = epoll_wait(batch->epoll, events, N_EVENTS,
		               batch->has_more ? 0 : -1);
		if (n < 0 && errno != EINTR)
			return FAIL(err, errno, "epoll");
		for (int i = 0; i < n && r == 0; i++)
			r = handle(batch, events[i].data.ptr, err);
		if (r == 0 && !batch->input_waits)
			r = start_more(batch, err);
		slots_tidy(&batch->slots);
	}
	batch->given_up |= reports_are_late(&batch->reports);
	return r;
}
