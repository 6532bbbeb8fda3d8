/* SPDX-License-Identifier: MIT */
/* The end of a run: what it leaves is kept, and it is told of. A session, files
 * and the audit log may take long, or wait for others: where there are any, it
 * is done in a process of its own. */
#ifndef SBX_SBXD_ENDING_H
#define SBX_SBXD_ENDING_H

#include "sbxd/job.h"

/* Keeps the session's state, brings files out, writes a line to the audit logs
 * and the report, counts; then calls job->done, and job->ended. With failure
 * there was no run, or none that leaves anything. Of a job that is refused only
 * the audit log gets to know. */
void ending_begin(struct job *job, const struct sbx_error *failure);

/* Goes on with those that had to wait; call it before each wait. */
void endings_take(struct daemon *daemon);

/* Kills those whose clients do not take their files. */
void endings_hurry(struct daemon *daemon);

#endif
