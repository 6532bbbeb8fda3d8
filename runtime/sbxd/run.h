/* SPDX-License-Identifier: MIT */
/* The way of one run, from its request to its ending. */
#ifndef SBX_SBXD_RUN_H
#define SBX_SBXD_RUN_H

#include "sbxd/job.h"

/* A job without a program; spec is a new one. NULL: no memory. */
struct job *job_new(struct daemon *daemon, const struct who *who);
void job_free(struct job *job);

/* Holds the spec to what its caller may ask for, and plans it. */
int job_plan(struct job *job, struct sbx_error *err);

/* The audit log gets to know of one that came to no run; then it is freed. */
void job_refuse(struct job *job, const struct sbx_error *failure);

/* The first step of one that waits for its turn. Where its session is another's
 * it goes on waiting. */
void job_start(struct job *job);

/* Starts the run, in a box that waits or in its own, or has it wait for one
 * that is nearly there. */
void job_run(struct job *job);

/* It ends soon, as cancelled, and may be gone already. false: it is over. */
bool job_cancel(struct job *job);

/* "queued", "running", "ending" or, while its session is kept, "keeping". */
const char *job_state(const struct job *job);

/* One that is queued or runs, as an object. */
void job_put(const struct job *job, struct json_writer *out);

#endif
