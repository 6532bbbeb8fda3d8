/* SPDX-License-Identifier: MIT */
/* One run in the hands of sbxd. */
#ifndef SBX_BATCH_REMOTE_H
#define SBX_BATCH_REMOTE_H

#include "requests.h"
#include "sbx.h"

struct remote {
	int fd;          /* what is to be waited for; -1: there is no run */
	int words, text; /* sealed memory, as the daemon takes it */
	bool waits;      /* the daemon is full: fd is the clock */
};

#define REMOTE_NONE ((struct remote){.fd = -1, .words = -1, .text = -1})

/* Hands a request over. A daemon that is full is asked again, by and by. On
 * failure it is to be closed. */
int remote_start(struct remote *remote, const char *socket,
                 const struct request *request, struct sbx_error *err);

/* Once fd is readable. 1: the run is over; *report is a descriptor of its
 * report, or -1 where failure says why there was none. 0: there is another fd
 * to wait for. A negative errno: the daemon is gone, and what was asked with
 * it. */
int remote_step(struct remote *remote, const char *socket, int *report,
                struct sbx_error *failure);

/* The run ends soon, as cancelled, where it has begun. */
void remote_cancel(const struct remote *remote);

/* Whoever hangs up has no run any more. */
void remote_close(struct remote *remote);

#endif
