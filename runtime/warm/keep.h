/* SPDX-License-Identifier: MIT */
/* The commit of a session in a process of its own: for a program of one thread
 * that looks after other runs meanwhile. */
#ifndef SBX_WARM_KEEP_H
#define SBX_WARM_KEEP_H

#include "sbx.h"

struct keep {
	int fd; /* is readable when it is over; -1: there is none */
	struct kept *kept;
};

#define KEEP_NONE ((struct keep){.fd = -1})

/* Begins it; box and session stay until the end. Where there is nothing to
 * commit, fd is -1, and the run is done with. */
int keep_begin(struct keep *keep, struct sbx_session *session,
               const struct sbx_box *box, struct sbx_error *err);

/* How it went, as sbx_session_commit() says it; waits for it. Of one that never
 * began, or was ended already: 0. */
int keep_end(struct keep *keep, struct sbx_error *err);

#endif
