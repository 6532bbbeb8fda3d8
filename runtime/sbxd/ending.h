/* SPDX-License-Identifier: MIT */
/* The end of a run: what is told of it, and to whom. */
#ifndef SBX_SBXD_ENDING_H
#define SBX_SBXD_ENDING_H

#include "sbxd/job.h"

/* A line of the audit logs. 0 or -errno. */
int ending_audit(const struct job *job, const struct sbx_error *failure,
                 struct sbx_error *err);

/* Files, audit, report, counters; then the answer. */
void ending_tell(struct job *job, const struct sbx_error *failure);

#endif
