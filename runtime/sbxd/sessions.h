/* SPDX-License-Identifier: MIT */
/* The sessions of the daemon's callers. */
#ifndef SBX_SBXD_SESSIONS_H
#define SBX_SBXD_SESSIONS_H

#include "base/place.h"
#include "sbx.h"
#include "sbxd/who.h"

/* Where those of this caller are: the daemon's own user has those of sbx-exec,
 * and all others have theirs apart. 0 or -errno. */
int sessions_place(const struct who *who, char path[PLACE_LEN]);

/* Whether a client of this caller that has its sessions there means those that
 * the daemon has for it. */
int sessions_agree(const struct who *who, const char *place,
                   struct sbx_error *err);

/* Opens the one that the spec names, of this caller. -EBUSY, without any wait,
 * where somebody has it. */
int sessions_open(struct sbx_spec *spec, const struct who *who,
                  struct sbx_session **session, struct sbx_error *err);

#endif
