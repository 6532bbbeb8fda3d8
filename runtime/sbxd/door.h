/* SPDX-License-Identifier: MIT */
/* The socket. A connection whose first byte is that of exec/passing.h hands
 * descriptors over, as sbx-exec does; any other is HTTP. */
#ifndef SBX_SBXD_DOOR_H
#define SBX_SBXD_DOOR_H

#include "sbxd/daemon.h"

/* The socket that the starter handed over, as sd_listen_fds(3) has it, or -1.
 * Call it before anything else is opened. */
int door_inherited(void);

/* Listens: on daemon->listener, if that was handed over, or where the settings
 * say. A socket there that nobody listens on is taken away first. */
int door_open(struct daemon *daemon, struct sbx_error *err);

/* Whether whoever knocks is left to wait: there is no room, and to look again
 * at once would be all that the daemon does. */
void door_rest(struct daemon *daemon, bool rest);

/* Takes nobody in any more. */
void door_close(struct daemon *daemon);

#endif
