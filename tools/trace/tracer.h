/* SPDX-License-Identifier: MIT */
/*
 * Every call that the program's filter allows, seen from outside.
 *
 * The supervisor is a child, and is traced from before it makes the box, so all
 * that comes of it is. In the box's filter each ALLOW is a TRACE: a call that
 * is allowed happens once the tracer has seen it, and is ENOSYS where nobody
 * traces. So nothing is hidden by who gets away from its tracer, and nothing is
 * allowed that was not: all other answers of the filter are as ever, and
 * stricter than this one. Pid 1 and the supervisor have no such filter, and are
 * let go when the program begins.
 *
 * What is read is the number and the arguments of calls, as the kernel has
 * them, and nothing of a program's memory.
 */
#ifndef SBX_TRACE_TRACER_H
#define SBX_TRACE_TRACER_H

#include <sys/types.h>

#include "calls.h"
#include "model/plan.h"

/* The supervisor, pid 1, the program's process, and who makes the network. */
#define TRACER_SETUP 16

struct tracer {
	struct calls_seen calls;
	unsigned n_tasks, tasks_peak; /* of the program, threads counted */
	bool filtered;                /* the program's process has its filter */
	bool begun;                   /* it is the program */
	bool lost;                    /* something could not be followed */
	pid_t supervisor;
	int status; /* of the supervisor, as of wait(2) */
	pid_t setup[TRACER_SETUP];
	size_t n_setup;
};

/* Makes the plan's filter one that this needs. */
void tracer_filter(struct sbx_plan *plan);

/* Traces the supervisor, a child. 0, or a negative errno with err. */
int tracer_attach(struct tracer *tracer, pid_t supervisor,
                  struct sbx_error *err);

/* Until it and all that came of it have ended. */
void tracer_follow(struct tracer *tracer);

#endif
