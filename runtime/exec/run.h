/* SPDX-License-Identifier: MIT */
#ifndef SBX_EXEC_RUN_H
#define SBX_EXEC_RUN_H

#include "sbx.h"

/* Runs the plan's program to its end. SIGINT, SIGTERM, SIGHUP and SIGQUIT end
 * it as cancelled. Returns the exit status, or a negative errno with err; box
 * is set once there is one, and the caller's to close either way. */
int run_box(const struct sbx_plan *plan, const struct sbx_stdio *stdio,
            struct sbx_box **box, struct sbx_error *err);

/* Those signals as a descriptor. One that was ignored when sbx-exec started, as
 * under nohup(1), stays ignored. Returns it, or -errno. */
int run_signals(void);

#endif
