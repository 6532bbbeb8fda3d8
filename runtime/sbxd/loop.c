/* SPDX-License-Identifier: MIT */
#include "sbxd/loop.h"

#include <errno.h>
#include <stddef.h>

int loop_open(int *loop)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);

	if (fd < 0)
		return -errno;
	*loop = fd;
	return 0;
}

int loop_add(int loop, int fd, uint32_t events, struct source *source)
{
	struct epoll_event event = {.events = events, .data.ptr = source};

	return epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

void loop_drop(int loop, int fd)
{
	(void)epoll_ctl(loop, EPOLL_CTL_DEL, fd, NULL);
}

int loop_turn(int loop, int timeout)
{
	struct epoll_event event;
	struct source *source;
	int n = epoll_wait(loop, &event, 1, timeout);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (n > 0) {
		source = event.data.ptr;
		source->ready(source, event.events);
	}
	return 0;
}
