/* SPDX-License-Identifier: MIT */
/*
 * Files on their way to who may write where they go, over a connected stream
 * socket: whoever has the box sends, and the one with the directory writes.
 *
 *	sender   -> receiver  struct hand_file, the path, the content
 *	receiver -> sender    an int32_t: 0, or the errno that kept it from it
 */
#ifndef SBX_BOX_HAND_H
#define SBX_BOX_HAND_H

#include "box/bring.h"
#include "sbx.h"

/* Reads at most bring->size bytes, hashes them, and has the peer write them to
 * path. 0; -errno of the peer's, with the next file as good as ever; or
 * -ECONNABORTED: nothing more can be sent. */
int hand_send(int peer, struct bring *bring, const char *path, char sha256[65]);

/* Takes one file, and puts it below to->dir, as bring_file() does, whatever its
 * path. 1; 0: there are no more; or -errno: nothing more can be received. */
int hand_receive(int peer, const struct sbx_collect *to);

#endif
