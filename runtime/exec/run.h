/* SPDX-License-Identifier: MIT */
#ifndef SBX_EXEC_RUN_H
#define SBX_EXEC_RUN_H

#include <signal.h>

#include "sbx.h"

/* What is still done once the program runs; all else is given up then. */
struct confinement {
	const struct sbx_session *session; /* NULL: none */
	int collect;                       /* a directory, or -1 */
};

/* Runs the plan's program to its end. confinement: NULL where another box is to
 * follow. SIGINT, SIGTERM, SIGHUP and SIGQUIT end it as cancelled. Returns the
 * exit status, or a negative errno with err; box is set once there is one, and
 * the caller's to close either way. */
int run_box(const struct sbx_plan *plan, const struct sbx_stdio *stdio,
            const struct confinement *confinement, struct sbx_box **box,
            struct sbx_error *err);

/* What is refused is an error of the call, and not the end; nor a stop, in
 * which nobody would hold the program to its limits. */
void run_errors_only(void);

/* Those signals, a list with a 0 behind it, as a descriptor. One that was
 * ignored when the program started, as under nohup(1), stays ignored. before:
 * for run_signals_end(), or NULL. Returns it, or -errno. */
#define RUN_SIGNALS ((const int[]){SIGINT, SIGTERM, SIGHUP, SIGQUIT, 0})
int run_signals(const int *signals, sigset_t *before);

/* They do again what they did before; those that have come are forgotten. */
void run_signals_end(int fd, const sigset_t *before);

#endif
