/* SPDX-License-Identifier: MIT */
#ifndef SBX_EXEC_SCOPE_H
#define SBX_EXEC_SCOPE_H

#include "sbx.h"

/*
 * Has systemd delegate a cgroup to this process, where the spec leaves that to
 * it and there is none yet: it may be in another cgroup afterwards. Where the
 * spec says "auto" and there is no systemd, the run does without. 0, or a
 * negative errno with err.
 */
int scope_enter(const struct sbx_spec *spec, struct sbx_error *err);

/* The same as for a spec that says "auto". */
void scope_try(void);

#endif
