/* SPDX-License-Identifier: MIT */
/* The other side of a connection. */
#ifndef SBX_SBXD_PEER_H
#define SBX_SBXD_PEER_H

#include "sbxd/who.h"

struct peer {
	enum peer_kind {
		PEER_USER,     /* of this host, over the Unix socket */
		PEER_TOKEN,    /* over TCP, and its last request had a token */
		PEER_STRANGER, /* over TCP, without */
		N_PEER_KINDS
	} kind;
	struct who who; /* of a stranger: nobody */
	/* Of TCP; of IPv6 the half of it that is a network, which one may have
	 * for oneself. */
	unsigned char address[16];
};

/* As the socket knows it. */
void peer_read(int fd, struct peer *peer);

/* Whether connections of both count together. */
bool peer_is(const struct peer *peer, const struct peer *other);

#endif
