/* SPDX-License-Identifier: MIT */
/*
 * Bodies of tests in processes of their own: with one thread, as unshare(2)
 * wants it, and free to change what a process cannot change back. A body
 * asserts nothing. It returns 0, or the line that went wrong (STEP), and its
 * parent asserts.
 */
#ifndef SBX_TESTS_CHILD_H
#define SBX_TESTS_CHILD_H

#include <stddef.h>
#include <sys/types.h>

/* Ends a body with the number of this line unless ok. */
#define STEP(ok)                         \
	do {                             \
		if (!(ok))               \
			return __LINE__; \
	} while (0)

/* In the parent, with Criterion: it went well, or what did not. */
#define EXPECT_CHILD(run)                                                    \
	do {                                                                 \
		int line_ = (run);                                           \
		cr_expect_eq(line_, 0, "%s: its line, or -signal: %d", #run, \
		             line_);                                         \
	} while (0)

typedef int child_body(void *data);

/* Runs body in a child. Returns what it returned, or -n when it died of signal
 * n. */
int child_run(child_body *body, void *data);

/* The same in new namespaces (CLONE_NEW...), a user namespace among them, with
 * every capability there, as uid and gid 1000 that stand for the caller. */
int child_run_in(int flags, child_body *body, void *data);

/* As fork(), and the child dies with its parent: a body that fails leaves
 * nobody behind. */
pid_t child_fork(void);

/* How many descriptors this process has open. */
size_t open_descriptors(void);

#endif
