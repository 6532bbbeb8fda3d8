/* SPDX-License-Identifier: MIT */
/* Runs, from the request to the report. */
#ifndef SBX_SBXD_JOBS_H
#define SBX_SBXD_JOBS_H

#include "sbxd/job.h"

/* A job without a program; spec is a new one. NULL: no memory. */
struct job *job_new(struct daemon *daemon, uid_t uid);

/* Frees one that came to no run, which the audit log gets to know. */
void job_refuse(struct job *job, const struct sbx_error *failure);

/* Holds the spec to what its caller may ask for, plans it, and puts it in line.
 * From then on it frees itself. -EAGAIN: the queue is full; -ESHUTDOWN: the
 * daemon stops; else the request is wrong. */
int job_submit(struct job *job, struct sbx_error *err);

/* The first step of one that waits. */
void job_start(struct job *job);

/* Those that wait for a box may find one now. */
void jobs_try_again(struct daemon *daemon);

/* It ends soon, as cancelled. */
void job_cancel(struct job *job);

/* One that is queued or runs, as an object. */
void job_put(const struct job *job, struct json_writer *out);

/* That of this id which uid may see, or NULL. */
struct job *jobs_find(const struct daemon *daemon, const char *id, uid_t uid);

/* Those that uid may see, as a list of objects. */
void jobs_list(const struct daemon *daemon, uid_t uid, struct json_writer *out);

/* Frees those that are over, with their boxes: when their answers are out. Not
 * those whose boxes still take themselves down, unless it is to wait. */
void jobs_clear(struct daemon *daemon, bool wait);

void jobs_cancel_all(struct daemon *daemon);

#endif
