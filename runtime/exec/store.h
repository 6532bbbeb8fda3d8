/* SPDX-License-Identifier: MIT */
#ifndef SBX_EXEC_STORE_H
#define SBX_EXEC_STORE_H

#include "sbx.h"

/* Opens the session that the spec names, in the caller's own store, and waits
 * so long for whoever has it. */
int store_enter(struct sbx_spec *spec, uint64_t wait_ns,
                struct sbx_session **session, struct sbx_error *err);

#endif
