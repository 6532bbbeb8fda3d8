/* SPDX-License-Identifier: MIT */
/* Whose turn it is: callers are served alike. */
#ifndef SBX_SBXD_TURNS_H
#define SBX_SBXD_TURNS_H

#include "sbxd/daemon.h"

/* Starts what may start. */
void turns_take(struct daemon *daemon);

#endif
