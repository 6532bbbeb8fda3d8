/* SPDX-License-Identifier: MIT */
/* What takes long or may have to wait, in a process of its own: for a program
 * of one thread that looks after others meanwhile. */
#ifndef SBX_WARM_ERRAND_H
#define SBX_WARM_ERRAND_H

#include <stdbool.h>
#include <stddef.h>

/* Returns twice, as fork(2) does. 1: in the new process, a copy of this one
 * which has no other descriptors than 0, 1, 2 and fds (-1 among them is none)
 * and ends in _exit(). 0: here, with a descriptor in *pidfd that is readable
 * once that has happened. Or -errno. */
int errand_begin(int *pidfd, const int *fds, size_t n);

/* In the new process: opens the file at *fd (-1: none) anew, to append to it. A
 * lock is of an open file, and all who have inherited one share it. 0 or
 * -errno. */
int errand_reopen(int *fd);

/* Ends it, and closes pidfd; -1 is none. */
void errand_kill(int pidfd);

/* Waits for the end, and closes pidfd. Whether it came to _exit(0). */
bool errand_end(int pidfd);

#endif
