/* SPDX-License-Identifier: MIT */
/* What the daemon waits for. One thread, and nothing in it waits elsewhere:
 * what a client could make wait, SIGALRM interrupts. */
#ifndef SBX_SBXD_LOOP_H
#define SBX_SBXD_LOOP_H

#include <stdint.h>
#include <sys/epoll.h>

/* Somebody who is told of events. Put it first into a struct of yours. */
struct source {
	void (*ready)(struct source *source, uint32_t events);
};

/* All return 0 or -errno. source stays with the caller, until loop_drop(). */
int loop_open(int *loop);
int loop_add(int loop, int fd, uint32_t events, struct source *source);
void loop_drop(int loop, int fd);

/* Waits up to timeout milliseconds for one event, and tells its source. One at
 * a time, so that what it makes go away is not told of any more. */
int loop_turn(int loop, int timeout);

#endif
