/* SPDX-License-Identifier: MIT */
/* The sessions of the daemon's callers. */
#ifndef SBX_SBXD_SESSIONS_H
#define SBX_SBXD_SESSIONS_H

#include "sbx.h"

/* Opens the one that the spec names, of this user. -EBUSY, without any wait,
 * where somebody has it. */
int sessions_open(struct sbx_spec *spec, uid_t uid,
                  struct sbx_session **session, struct sbx_error *err);

#endif
