/* SPDX-License-Identifier: MIT */
#include "exec/run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>

#include "base/error.h"

void run_errors_only(void)
{
	static const int signals[] = {SIGPIPE, SIGXFSZ, SIGTTIN, SIGTTOU};

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		(void)signal(signals[i], SIG_IGN);
}

int run_signals(const int *signals, sigset_t *before)
{
	struct sigaction action;
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (; *signals; signals++) {
		if (sigaction(*signals, NULL, &action) < 0)
			return -errno;
		if (action.sa_handler != SIG_IGN)
			sigaddset(&set, *signals);
	}
	if (sigprocmask(SIG_BLOCK, &set, before) < 0)
		return -errno;
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

void run_signals_end(int fd, const sigset_t *before)
{
	struct signalfd_siginfo info;

	while (read(fd, &info, sizeof(info)) == sizeof(info))
		;
	(void)sigprocmask(SIG_SETMASK, before, NULL);
}

/* Steps the box until it is over. The signal that cancelled it, or 0. */
static int follow(struct sbx_box *box, int signal_fd, int *cancelled,
                  struct sbx_error *err)
{
	struct pollfd fds[] = {{.fd = sbx_box_fd(box), .events = POLLIN},
	                       {.fd = signal_fd, .events = POLLIN}};
	struct signalfd_siginfo info;
	int r;

	while ((r = sbx_box_step(box, err)) == 0) {
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR)
			return err_set(err, SBX_STAGE_WATCH, errno, "poll");
		if (read(signal_fd, &info, sizeof(info)) == sizeof(info)) {
			*cancelled = (int)info.ssi_signo;
			sbx_box_cancel(box);
		}
	}
	return r;
}

int run_box(const struct sbx_plan *plan, const struct sbx_stdio *stdio,
            const struct confinement *confinement, struct sbx_box **box,
            struct sbx_error *err)
{
	CLEANUP_FD int signal_fd = -1;
	sigset_t before;
	int r, cancelled = 0;

	signal_fd = run_signals(RUN_SIGNALS, &before);
	if (signal_fd < 0)
		return err_set(err, SBX_STAGE_WATCH, -signal_fd, "signalfd");
	r = sbx_box_open(plan, box, err);
	if (r == 0)
		r = sbx_box_start(*box, stdio, err);
	if (r == 0 && confinement)
		r = sbx_box_confine(*box, confinement->session,
		                    confinement->collect, err);
	if (r == 0)
		r = follow(*box, signal_fd, &cancelled, err);
	/* What comes now may wait for a reader, and is ended as any program. */
	run_signals_end(signal_fd, &before);
	if (r < 0)
		return r;
	return cancelled ? 128 + cancelled : sbx_box_outcome(*box).exit_status;
}
