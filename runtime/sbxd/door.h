/* SPDX-License-Identifier: MIT */
/* The sockets. A connection to the Unix one whose first byte is that of
 * exec/passing.h hands descriptors over, as sbx-exec does; any other is HTTP.
 */
#ifndef SBX_SBXD_DOOR_H
#define SBX_SBXD_DOOR_H

#include "sbxd/daemon.h"

/* Listens on what was handed over, or else where the settings say; and on TCP,
 * where they say so and there are tokens. */
int door_open(struct daemon *daemon, struct sbx_error *err);

/* Whether whoever knocks is left to wait: there is no room, and to look again
 * at once would be all that the daemon does. */
void door_rest(struct daemon *daemon, bool rest);

/* Takes nobody in any more. */
void door_close(struct daemon *daemon);

#endif
