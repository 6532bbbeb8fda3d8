/* SPDX-License-Identifier: MIT */
/*
 * One trial: a child in a process group of its own, which sends its finding as
 * one message and ends.
 *
 * sbx-check adopts what a trial leaves behind (it is a subreaper), so that all
 * of it is found, killed and waited for. Nothing here needs more than fork,
 * pipe and kill: it has to work where clone3 and pidfds are refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/file.h"
#include "check.h"
#include "kernel/sys.h"

#define REAP_NS (2 * NS_PER_S)
#define LOOK_MS 50

/* Nothing that a trial does may print or read. */
static void quiet(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int i = 0; null >= 0 && i < 3; i++)
		(void)dup2(null, i);
}

static _Noreturn void trial_child(const struct probe *probe,
                                  const struct host *host, int pipe)
{
	struct finding found = {0};
	int r;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	(void)setpgid(0, 0);
	quiet();
	r = probe->attempt ? probe->attempt(probe, host, &found)
	                   : inside_try(probe, host, &found);
	found.verdict = r < 0 ? probe->worst : VERDICT_PASS;
	(void)file_write_fd(pipe, &found, sizeof(found));
	_exit(0);
}

pid_t trial_park(struct clone_args *args)
{
	int ends[2], code;
	pid_t pid;
	char byte;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	pid = sys_clone3(args);
	if (pid == 0) {
		/* From now on the trial alone holds the other end. */
		(void)close(ends[1]);
		(void)!read(ends[0], &byte, 1);
		_exit(0);
	}
	code = errno;
	(void)close(ends[0]);
	errno = code;
	return pid;
}

/* Whether it has ended; it is not taken away: its number stays its own. */
static bool has_ended(pid_t child)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) ==
	               0 &&
	       info.si_pid == child;
}

/* Reads the finding. -ECHILD where the child ended without one, -ETIMEDOUT. */
static int await(pid_t child, int pipe, struct finding *found)
{
	const uint64_t end = clock_ns() + TRIAL_SECONDS * NS_PER_S;
	struct pollfd message = {.fd = pipe, .events = POLLIN};
	bool ended = false;

	while (clock_ns() < end) {
		/* A descendant may hold the other end of the pipe open. */
		if (poll(&message, 1, ended ? 0 : LOOK_MS) > 0)
			return read(pipe, found, sizeof(*found)) ==
			                       sizeof(*found)
			               ? 0
			               : -ECHILD;
		if (ended)
			return -ECHILD;
		ended = has_ended(child);
	}
	return -ETIMEDOUT;
}

/* Kills the trial's group while its leader still has its number, and waits for
 * all that the trial started. A process that the kernel does not let go is not
 * waited for longer than a moment: it is killed already. Returns the status of
 * the child. */
static int reap(pid_t child)
{
	const uint64_t end = clock_ns() + REAP_NS;
	int status = 0, any;
	pid_t pid;

	(void)kill(-child, SIGKILL);
	/* Other children there may be are the shell's that became us. */
	while (kill(-child, 0) == 0 && clock_ns() < end) {
		pid = waitpid(-1, &any, WNOHANG | __WALL);
		if (pid == child)
			status = any;
		if (pid <= 0)
			(void)poll(NULL, 0, 1);
	}
	return status;
}

/* What the end of a child that has said nothing says. */
static void judge_silence(int r, int status, struct finding *found)
{
	if (r == -ETIMEDOUT)
		(void)found_wrong(found, ETIMEDOUT,
		                  "no answer after %d seconds", TRIAL_SECONDS);
	else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		(void)found_wrong(found, EPERM,
		                  "a system call filter killed the trial");
	else if (WIFSIGNALED(status))
		(void)found_wrong(found, ECHILD, "killed by SIG%s",
		                  sigabbrev_np(WTERMSIG(status)));
	else
		(void)found_wrong(found, ECHILD, "ended without an answer");
}

static void trial_try(const struct probe *probe, const struct host *host,
                      struct finding *found)
{
	int ends[2], r, status;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0) {
		(void)found_errno(found, errno, "pipe");
		return;
	}
	child = fork();
	if (child == 0)
		trial_child(probe, host, ends[1]);
	(void)close(ends[1]);
	if (child < 0) {
		(void)found_errno(found, errno, "fork");
	} else {
		(void)setpgid(child, child); /* whoever is first */
		r = await(child, ends[0], found);
		status = reap(child);
		if (r < 0)
			judge_silence(r, status, found);
	}
	(void)close(ends[0]);
}

void trial_run(const struct probe *probe, const struct host *host,
               struct finding *found)
{
	*found = (struct finding){.verdict = probe->worst};
	trial_try(probe, host, found);
	if (found->verdict != VERDICT_PASS && found->remedy == REMEDY_NONE)
		found->remedy = remedy_for(host, found->code);
	if (found->remedy == REMEDY_UNKNOWN && probe->otherwise)
		found->remedy = probe->otherwise;
	if (found->remedy == REMEDY_CONFIG || found->remedy == REMEDY_UNKNOWN)
		found_remedy(found, found->remedy, probe->config);
}
