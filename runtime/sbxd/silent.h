/* SPDX-License-Identifier: MIT */
/* Connections that have not asked for anything yet, or not to the end. They
 * cost the daemon a descriptor each, so how long they may stay is bounded, and
 * how many of one peer, of one kind and in all: who comes last stays, since who
 * means it asks at once. Strangers are such connections all the time. */
#ifndef SBX_SBXD_SILENT_H
#define SBX_SBXD_SILENT_H

#include <stdint.h>

#include "sbxd/peer.h"

struct silent {
	struct silent *next, *prev; /* NULL: it is not among them */
	int fd;
	struct peer peer;
	uint64_t until_ns;
	/* Ends the connection; it is none of them any more. */
	void (*drop)(struct silent *silent);
};

/* All of them, the oldest first. */
struct silents {
	struct silent list;
	unsigned n, most;
};

void silents_init(struct silents *silents);

/* From now on it is one; fd, peer and drop are set. One that is one already
 * has its time anew. */
void silent_begin(struct silents *silents, struct silent *silent);

/* It is none any more: it has asked, or is gone. */
void silent_end(struct silents *silents, struct silent *silent);

/* Drops those whose time is over. */
void silents_tidy(struct silents *silents);

#endif
