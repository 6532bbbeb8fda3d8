/* SPDX-License-Identifier: MIT */
/* All runs that the daemon has: in line, running, and over but for the boxes
 * that take themselves down. */
#ifndef SBX_SBXD_JOBS_H
#define SBX_SBXD_JOBS_H

#include "sbxd/job.h"

/* Plans it, and puts it in line. From then on it frees itself. -EAGAIN: the
 * queue is full; -ESHUTDOWN: the daemon stops; else the request is wrong. */
int jobs_submit(struct job *job, struct sbx_error *err);

/* Those that wait for a box look for one, if the pools have moved. */
void jobs_try_again(struct daemon *daemon);

/* That of this id which who may see, or NULL. */
struct job *jobs_find(const struct daemon *daemon, const char *id,
                      const struct who *who);

/* Those that who may see, as a list of objects. */
void jobs_list(const struct daemon *daemon, const struct who *who,
               struct json_writer *out);

/* Frees those that are over, with their boxes: when their answers are out. Not
 * those whose boxes still take themselves down, unless it is to wait. */
void jobs_clear(struct daemon *daemon, bool wait);

void jobs_cancel_all(struct daemon *daemon);

#endif
