/* SPDX-License-Identifier: MIT */
/* The end of descriptors that another user has handed us. */
#ifndef SBX_WARM_CLOSING_H
#define SBX_WARM_CLOSING_H

#include <stdbool.h>
#include <sys/types.h>

#define MAX_CLOSING 256

/* All zeros at first. */
struct closing {
	struct closing_place {
		int pidfd; /* of the child; 0: the place is free */
		uid_t uid;
	} places[MAX_CLOSING];
};

/* Whether moving bytes there, or closing it, cannot make the daemon wait for
 * somebody: not a file whose file system is a process of another user. */
bool closing_is_harmless(int fd);

/* Whether one of uid's is still on its way out, or too many are: no more is to
 * be received then. */
bool closing_is_busy(struct closing *closing, uid_t uid);

/* Waits for those that have come to their end. */
void closing_tidy(struct closing *closing);

/* Closes it without waiting for whoever serves the file. */
void closing_begin(struct closing *closing, uid_t uid, int fd);

#endif
