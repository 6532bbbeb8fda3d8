/* SPDX-License-Identifier: MIT */
/* The daemon of a group whose contenders ask one. */
#ifndef BENCH_DAEMON_H
#define BENCH_DAEMON_H

#include <limits.h>
#include <stdint.h>
#include <sys/types.h>

struct daemon {
	pid_t pid; /* 0: none */
	char folder[32];
	char socket[64];
};

/* Starts the sbxd beside sbx with pools of those profiles, and waits until
 * they have filled. 0, or -errno and it is stopped. */
int daemon_start(struct daemon *daemon, const char *sbx,
                 const char *const *profiles);

/* Stops it, and waits for its end. Returns the processor time that it and its
 * children have used, in nanoseconds. */
uint64_t daemon_stop(struct daemon *daemon);

#endif
