/* SPDX-License-Identifier: MIT */
/*
 * The one channel between the caller and the processes of the box: a
 * sequenced-packet socket pair. Each message is one fixed struct, sent and
 * received whole, with at most WIRE_MAX_FDS descriptors. It is closed in the
 * program's process by the exec that starts it, so the program never holds
 * it; what arrives is checked all the same.
 *
 *	caller  -> pid 1    MAPPED   the id maps are written; what to clear;
 *	                             as root, the layers of the session
 *	caller  -> pid 1    NETWORK  the network namespace, which was made
 *	                             meanwhile
 *	caller  -> pid 1    START    and the program's three streams, and
 *	                             for one that waits where it is told
 *	pid 1   -> caller   UPPER    the directory of what a session's run
 *	                             writes
 *	pid 1   -> caller   WORKSPACE  of a box that waits without an agent
 *	pid 1   -> caller   READY    the root stands, and there is no START yet
 *	program -> caller   COUNTERS of its instructions, if they are limited
 *	program -> caller   STARTED  the filter is on: the box's proc, its
 *	                             workspace and, of all but a zygote's, the
 *	                             filter's listener
 *	caller  -> pid 1    MEASURE  tell how much memory is in use
 *	pid 1   -> caller   MEASURED the answer
 *	pid 1   -> caller   ENDED    how the program ended
 *	pid 1   -> caller   BORN     of a box that a zygote forked: a descriptor
 *	                             for it, which pid 1 itself has made
 *	both    -> caller   FAILED   a struct sbx_error; the run is over
 *
 * A zygote is told by the same messages where its agent is told:
 *
 *	caller  -> zygote   FORK     a box: pid 1's end of its wire; as root,
 *	                             the lock of its id; its cgroup, if it has
 *	                             one
 */
#ifndef SBX_BOX_WIRE_H
#define SBX_BOX_WIRE_H

#include <stdint.h>
#include "kernel/inherited.h"
#include "sbx.h"

#define WIRE_MAX_FDS 4

enum wire_kind {
	WIRE_MAPPED = 1,
	WIRE_START,
	WIRE_READY,
	WIRE_STARTED,
	WIRE_MEASURE,
	WIRE_MEASURED,
	WIRE_ENDED,
	WIRE_FAILED,
	WIRE_UPPER,
	WIRE_WORKSPACE,
	WIRE_FORK,
	WIRE_BORN,
	WIRE_NETWORK,
	WIRE_COUNTERS,
};

struct wire_message {
	uint32_t kind;
	int32_t wait_status;         /* ENDED */
	uint64_t ns;                 /* STARTED, ENDED: clock_ns() */
	uint64_t user_ns, system_ns; /* ENDED: of all that ran */
	uint64_t memory_peak;        /* ENDED: of the largest process */
	uint64_t memory;             /* MEASURED: bytes */
	struct inherited inherited;  /* MAPPED */
	struct sbx_error error;      /* FAILED */
};

/* Makes both ends. 0 or -errno. */
int wire_pair(int ends[2]);

/* Sends one message, waiting if it must; n_fds may be 0. 0 or -errno; -EPIPE
 * when the other end is gone (no signal). */
int wire_send(int wire, const struct wire_message *message, const int *fds,
              int n_fds);

/* Receives one message. fds (WIRE_MAX_FDS of them) are the caller's to close;
 * places without one are -1. flags: MSG_DONTWAIT or 0. Returns 1, 0 when the
 * other end is gone, or -errno: -EAGAIN, or -EPROTO for what is not a
 * message, with its descriptors closed. */
int wire_receive(int wire, struct wire_message *message, int *fds, int flags);

#endif
