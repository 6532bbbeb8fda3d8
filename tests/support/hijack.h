/* SPDX-License-Identifier: MIT */
/* Makes a process that waits in a system call make others, as one would that
 * has found a hole in it. */
#ifndef SBX_TESTS_HIJACK_H
#define SBX_TESTS_HIJACK_H

#include <sys/types.h>

struct hijacked_call {
	const char *name;
	long number;
	long args[6];
	const char *text; /* NULL, or what the argument text_at points to */
	int text_at;
};

/* Stops it. It must wait in a system call, and is of no more use for anything
 * else. 0 or -errno. */
int hijack(pid_t pid);

/* What the call returns there; -ECHILD when it was the end of the process. */
long hijack_call(pid_t pid, const struct hijacked_call *call);

/* Kills it, and does not wait. */
void hijack_end(pid_t pid);

#endif
