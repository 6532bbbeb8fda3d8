/* SPDX-License-Identifier: MIT */
/* What a program that runs for others asks of their requests. */
#ifndef SBX_WARM_REQUEST_H
#define SBX_WARM_REQUEST_H

#include "base/buffer.h"
#include "sbx.h"

/* The field with which the caller, and not a profile, names a path of the
 * host, or NULL: such a path would be opened with the rights of who runs it. */
const char *request_host_path(const struct sbx_spec *spec);

/* The session that it names, which whoever runs it has to open and keep; or
 * NULL. */
const char *request_session(const struct sbx_spec *spec);

/* Has it start from nothing, so that it can be planned, and found wrong, before
 * its session is opened. */
void request_blank_session(struct sbx_spec *spec);

/* Whether the profile says that something can be started ahead. */
bool request_is_warm(const struct sbx_spec *spec);

/* For the list of runs. */
const char *plan_id(const struct sbx_plan *plan);
const char *plan_profile(const struct sbx_plan *plan); /* or NULL */
uint64_t plan_disk(const struct sbx_plan *plan); /* bytes; UINT64_MAX: any */
uint64_t plan_wall_time(const struct sbx_plan *plan); /* ns; the same */
bool box_is_warm(const struct sbx_box *box);
uint64_t box_wall_time(const struct sbx_box *box); /* ns; of one that is over */

/* One for a run that was cancelled before it had a box: nothing but its
 * outcome. */
int box_unborn(const struct sbx_plan *plan, struct sbx_box **box,
               struct sbx_error *err);

/* Whether its program has ended, and all that there was of it. */
bool box_is_over(const struct sbx_box *box);

/* Of a box that is over: what polls readable once pid 1 has taken it down (-1:
 * it has), and whether it has, so that sbx_box_close() has nothing to wait
 * for. */
int box_end_fd(const struct sbx_box *box);
bool box_is_gone(const struct sbx_box *box);

/* ---- what a run that is over leaves ---- */

/* Whether there is anything: a state of the session, or files. */
bool request_leaves(const struct sbx_session *session,
                    const struct sbx_box *box);

/* The descriptors that this takes; -1 among them is none. */
#define REQUEST_FDS 6
void request_fds(const struct sbx_session *session, const struct sbx_box *box,
                 int fds[REQUEST_FDS]);

/* sbx_report_write() and sbx_report_refusal(), into memory. */
int request_report(const struct sbx_plan *plan, const struct sbx_box *box,
                   const struct sbx_error *failure, struct buffer *text,
                   struct sbx_error *err);
int request_refusal(const struct sbx_spec *spec,
                    const struct sbx_error *failure, struct buffer *text,
                    struct sbx_error *err);

#endif
