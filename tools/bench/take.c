/* SPDX-License-Identifier: MIT */
/*
 * The clock runs over what a caller waits for: posix_spawn (which does not
 * copy this process), the pipe, the exit. A pidfd and poll: no SIGCHLD, no
 * interval at which something is looked at.
 */
#include "take.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/def.h"
#include "numbers.h"

#define DEADLINE_NS (30 * NS_PER_S)

/* One environment for all: what the caller has set is not what is compared. */
static char *const environment[] = {
	(char[]){"PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"},
	(char[]){"LANG=C.UTF-8"},
	(char[]){"HOME=/"},
	NULL,
};

static int spawn(char *const argv[], int out, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	int code = posix_spawn_file_actions_init(&actions);

	if (code)
		return -code;
	code = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO,
	                                        "/dev/null", O_RDONLY, 0);
	if (!code)
		code = posix_spawn_file_actions_adddup2(&actions, out,
		                                        STDOUT_FILENO);
	if (!code)
		code = posix_spawn_file_actions_adddup2(&actions, out,
		                                        STDERR_FILENO);
	if (!code)
		code = posix_spawn(pid, argv[0], &actions, NULL, argv,
		                   environment);
	posix_spawn_file_actions_destroy(&actions);
	return -code;
}

/* Reads once. false at the end of the output. */
static bool read_some(int fd, struct take *take, uint64_t start)
{
	size_t room = sizeof(take->output) - 1 - take->len;
	char dropped[4096];
	ssize_t n = room ? read(fd, take->output + take->len, room)
	                 : read(fd, dropped, sizeof(dropped));

	if (n > 0 && !take->first_ns)
		take->first_ns = clock_ns() - start;
	if (n > 0 && room)
		take->len += (size_t)n;
	return n > 0 || (n < 0 && errno == EINTR);
}

void take_drain(struct take *take, int out, int end, uint64_t start)
{
	struct pollfd fds[] = {
		{.fd = out, .events = POLLIN},
		{.fd = end, .events = POLLIN},
	};

	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		uint64_t spent = clock_ns() - start;
		uint64_t left = spent < DEADLINE_NS ? DEADLINE_NS - spent : 0;
		int ready = poll(fds, 2, (int)(left / NS_PER_MS));

		if (ready == 0) {
			take->timed_out = true;
			(void)pidfd_send_signal(end, SIGKILL, NULL, 0);
			return;
		}
		if (ready > 0 && fds[0].revents && !read_some(out, take, start))
			fds[0].fd = -1;
		if (ready > 0 && fds[1].revents)
			fds[1].fd = -1;
	}
}

static int reap(pid_t pid, struct take *take)
{
	struct rusage usage;

	while (wait4(pid, &take->status, 0, &usage) < 0)
		if (errno != EINTR)
			return -errno;
	take->cpu_ns = numbers_cpu_ns(&usage);
	return 0;
}

int take_run(char *const argv[], struct take *take)
{
	CLEANUP_FD int out = -1;
	CLEANUP_FD int child = -1;
	int ends[2];
	pid_t pid = 0;

	*take = (struct take){0};
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	out = ends[0];
	uint64_t start = clock_ns();
	int r = spawn(argv, ends[1], &pid);
	(void)close(ends[1]);
	if (r < 0)
		return r;
	child = pidfd_open(pid, 0);
	if (child < 0)
		r = -errno;
	if (child < 0)
		(void)kill(pid, SIGKILL);
	else
		take_drain(take, out, child, start);
	int reaped = reap(pid, take);
	take->wall_ns = clock_ns() - start;
	return r < 0 ? r : reaped;
}
