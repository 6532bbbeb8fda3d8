/* SPDX-License-Identifier: MIT */
#include "sbxd/loop.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/time.h>

/* The last to close a TCP socket with SO_LINGER waits for its peer, for as long
 * as whoever set that wanted. A client can see to it that this is us, by any
 * message that it sends with a descriptor: the kernel closes those that nobody
 * takes, too, in our name. The wait ends at a signal, so a turn that takes long
 * gets one, and another for each further such socket. */
#define LONG_TURN_US 20000
#define AGAIN_US     1000

static void on_alarm(int number)
{
	(void)number;
}

static void set_alarm(long us)
{
	const struct itimerval turn = {.it_value.tv_usec = us,
	                               .it_interval.tv_usec =
	                                       us ? AGAIN_US : 0};

	(void)setitimer(ITIMER_REAL, &turn, NULL);
}

static int open_alarm(void)
{
	struct sigaction action = {.sa_handler = on_alarm,
	                           .sa_flags = SA_RESTART};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	if (sigaction(SIGALRM, &action, NULL) < 0 ||
	    sigprocmask(SIG_UNBLOCK, &set, NULL) < 0)
		return -errno;
	return 0;
}

int loop_open(int *loop)
{
	int r = open_alarm();
	int fd = r < 0 ? -1 : epoll_create1(EPOLL_CLOEXEC);

	if (fd < 0)
		return r < 0 ? r : -errno;
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
	int n, r;

	set_alarm(0);
	n = epoll_wait(loop, &event, 1, timeout);
	r = n < 0 && errno != EINTR ? -errno : 0;
	set_alarm(LONG_TURN_US);
	if (n > 0) {
		source = event.data.ptr;
		source->ready(source, event.events);
	}
	return r;
}
