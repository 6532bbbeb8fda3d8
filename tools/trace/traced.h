/* SPDX-License-Identifier: MIT */
/*
 * The two processes of sbx-trace:
 *
 *   tracer                                supervisor
 *   main.c tracer.c profile.c output.c    traced.c, and what sbx-exec has
 *   ------                                ----------
 *   spec, plan
 *   fork --------------------------------> builds, if there is something to
 *   traces it              <-- ready --
 *                          -- go -------> the box, its streams, its end
 *   sees the calls         <- its facts in memory that both have
 *   profile -> file        <-- exit status
 *
 * Bytes of the program's come to the supervisor alone, which is confined as
 * that of sbx-exec is. Whoever writes the profile sees numbers.
 */
#ifndef SBX_TRACE_TRACED_H
#define SBX_TRACE_TRACED_H

#include "exec/work.h"
#include "limits.h"
#include "model/outcome.h"

/* What the supervisor tells of a run: numbers, none of which is trusted. */
struct traced {
	bool over;    /* the program was run to its end */
	bool stopped; /* and that end was sbx's */
	int exit_status;
	struct limits_used used;
	size_t n_refused;
	uint32_t refused[RUN_MAX_REFUSED];
};

/* In memory that a child shares. NULL: there is none. */
struct traced *traced_new(void);

/* The supervisor: the run of work, whose plan was made. It says over the socket
 * that it is ready to be traced, and waits until it is. Returns the exit
 * status. */
int traced_run(struct work *work, struct traced *traced, int sync);

/* The tracer's side: waits until it is ready; false: it has ended. */
bool traced_ready(int sync);
void traced_go(int sync);

#endif
