/* SPDX-License-Identifier: MIT */
/* The logs that a run is a line of: the caller's (--audit), and the one that
 * the administrator names. Of sbx-exec, sbx-batch and sbxd. */
#ifndef SBX_EXEC_AUDIT_H
#define SBX_EXEC_AUDIT_H

#include "sbx.h"

struct audit_logs {
	int own, all; /* -1: none */
};

#define AUDIT_NONE ((struct audit_logs){-1, -1})

/* Opens them, before anything runs. own: a path, or NULL. */
int audit_open(struct audit_logs *logs, const char *own, struct sbx_error *err);

int audit_put(const struct audit_logs *logs, const struct sbx_audit *line,
              struct sbx_error *err);

void audit_close(struct audit_logs *logs);

#endif
