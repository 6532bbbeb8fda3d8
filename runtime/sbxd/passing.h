/* SPDX-License-Identifier: MIT */
#ifndef SBX_SBXD_PASSING_H
#define SBX_SBXD_PASSING_H

#include "sbxd/daemon.h"

/* Takes a connection of exec/passing.h, whose first byte is there, and its
 * descriptor. */
void passing_take(struct daemon *daemon, int fd);

#endif
