/* SPDX-License-Identifier: MIT */
#include "box/attend.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/error.h"
#include "box/setup.h"
#include "box/wire.h"
#include "kernel/proc.h"

/* Reaps whatever has ended. Returns 1 and its status once the program is
 * among them, 0, or -errno. */
static int reap(pid_t program, int *status)
{
	pid_t pid;
	int any;

	do {
		pid = waitpid(-1, &any, WNOHANG);
		if (pid == program) {
			*status = any;
			return 1;
		}
	} while (pid > 0 || (pid < 0 && errno == EINTR));
	return pid < 0 ? -errno : 0;
}

/* Answers what the supervisor would have to wait for itself. */
static int answer(int proc)
{
	struct wire_message message;
	int fds[WIRE_MAX_FDS];
	uint64_t memory = 0;
	int r;

	r = wire_receive(INIT_WIRE, &message, fds, 0);
	if (r == 0)
		_exit(125); /* the caller is gone */
	if (r < 0 || message.kind != WIRE_MEASURE)
		return r < 0 ? r : -EPROTO;
	r = proc_memory_exact(proc, &memory);
	if (r < 0)
		return 0; /* no answer is one: see box/measure.c */
	message =
		(struct wire_message){.kind = WIRE_MEASURED, .memory = memory};
	return wire_send(INIT_WIRE, &message, NULL, 0);
}

int attend(pid_t program, int proc, int children)
{
	struct pollfd fds[] = {{.fd = children, .events = POLLIN},
	                       {.fd = INIT_WIRE, .events = POLLIN}};
	struct signalfd_siginfo info;
	int status = 0;
	/* Its signal may be gone: to give a signal its default action discards
	 * one that is pending, which SIGCHLD's is. */
	int r = reap(program, &status);

	while (r == 0) {
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR)
			return -errno;
		if (fds[1].revents)
			r = answer(proc);
		if (r == 0 && fds[0].revents) {
			(void)!read(children, &info, sizeof(info));
			r = reap(program, &status);
		}
	}
	return r < 0 ? r : status;
}

int children_open(struct sbx_error *err)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return err_set(err, SBX_STAGE_INIT, errno, "sigprocmask");
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? err_set(err, SBX_STAGE_INIT, errno, "signalfd") : fd;
}

/* Who has no child is alone: all that is in the namespace descends from pid 1.
 * It is mostly so, and to kill all means to look at every process of the host.
 */
static void end_all(void)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) >= 0 || errno == EINTR) {
		if (pid > 0)
			continue;
		(void)kill(-1, SIGKILL);
		(void)wait(NULL);
	}
}

_Noreturn void tell_end(int status, uint64_t ns, uint64_t poison)
{
	struct wire_message ended = {
		.kind = WIRE_ENDED,
		.wait_status = status,
		.ns = ns,
	};
	struct rusage usage = {0};

	end_all();
	(void)getrusage(RUSAGE_CHILDREN, &usage);
	ended.user_ns = clock_timeval_ns(usage.ru_utime);
	ended.system_ns = clock_timeval_ns(usage.ru_stime);
	/* A process inherits the peak of the one it was forked from, so a
	 * value no higher than pid 1's own says nothing. */
	if ((uint64_t)usage.ru_maxrss > poison)
		ended.memory_peak = (uint64_t)usage.ru_maxrss * 1024;
	(void)wire_send(INIT_WIRE, &ended, NULL, 0);
	_exit(0);
}
