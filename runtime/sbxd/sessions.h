/* SPDX-License-Identifier: MIT */
/* The sessions of the daemon's callers. */
#ifndef SBX_SBXD_SESSIONS_H
#define SBX_SBXD_SESSIONS_H

#include "sbx.h"

/* Whether a client of this user that has its sessions there means those that
 * the daemon has for it. */
int sessions_agree(uid_t uid, const char *place, struct sbx_error *err);

/* Opens the one that the spec names, of this user. -EBUSY, without any wait,
 * where somebody has it. */
int sessions_open(struct sbx_spec *spec, uid_t uid,
                  struct sbx_session **session, struct sbx_error *err);

#endif
