/* SPDX-License-Identifier: MIT */
#include "warm/errand.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/pidfd.h>

#include "base/def.h"
#include "kernel/sys.h"

/* What others wait for the end of, a client or a reader, is not held open. */
static void close_others(const int *fds, size_t n)
{
	unsigned from = 3;

	for (;;) {
		unsigned next = ~0U;

		for (size_t i = 0; i < n; i++)
			if (fds[i] >= 0 && (unsigned)fds[i] >= from)
				next = MIN(next, (unsigned)fds[i]);
		if (next > from)
			(void)close_range(from, next == ~0U ? next : next - 1,
			                  0);
		if (next == ~0U)
			return;
		from = next + 1;
	}
}

int errand_begin(int *pidfd, const int *fds, size_t n)
{
	int made = -1;
	const struct clone_args args = {.flags = CLONE_PIDFD,
	                                .pidfd = (uintptr_t)&made};
	pid_t pid = sys_clone3(&args);

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		close_others(fds, n);
		return 1;
	}
	*pidfd = made;
	return 0;
}

int errand_reopen(int *fd)
{
	char path[64];
	int own;

	if (*fd < 0)
		return 0;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", *fd);
	own = open(path, O_RDWR | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (own < 0)
		return -errno;
	(void)close(*fd);
	*fd = own;
	return 0;
}

void errand_kill(int pidfd)
{
	if (pidfd < 0)
		return;
	(void)pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
	(void)errand_end(pidfd);
}

bool errand_end(int pidfd)
{
	siginfo_t info = {0};
	int r = sys_waitid(pidfd, &info, WEXITED | __WALL, NULL);

	(void)close(pidfd);
	return r == 0 && info.si_code == CLD_EXITED && info.si_status == 0;
}
