/* SPDX-License-Identifier: MIT */
/*
 * A corner of the host for one test: a mount namespace with a /tmp, /dev/shm
 * and /run of its own, and a process namespace with its own /proc, so that
 * nothing but the test's own doings is seen there, and nothing of them stays.
 * An ordinary user has it inside a user namespace, with the same ids.
 */
#ifndef SBX_TESTS_LAB_H
#define SBX_TESTS_LAB_H

#include <stdbool.h>

#include "base/buffer.h"

/* Shared between the lab and the test. */
struct lab {
	bool failed;
	char text[4000]; /* why */
};

/* Says what is wrong; the first one stays. For bodies, where Criterion's
 * asserts do not reach. */
void lab_fail(struct lab *lab, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Runs body there and asserts that it did not fail. own_users: root, too, gets
 * a user namespace, whose limits it may then change. Skips where there are no
 * namespaces to be had. */
void lab_run(void (*body)(struct lab *lab), bool own_users);

/* All there is: processes, namespaces, mounts, the caller's descriptors, files
 * of /tmp, /dev/shm and /run; a line each, sorted. */
void lab_list(struct buffer *out);

/* Waits until there is nothing but what before has, for at most that long.
 * Else the first line that is too many. */
const char *lab_leftover(const struct buffer *before, double seconds);

#endif
