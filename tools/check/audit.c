/* SPDX-License-Identifier: MIT */
/* Whether an audit log is as it was written. */
#include "base/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "check.h"

int audit_check(const char *path)
{
	CLEANUP_FD int fd =
		open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct audit_verdict verdict = {0};
	char line[160];
	int r;

	r = fd < 0 ? -errno : audit_verify(fd, &verdict);
	if (r < 0) {
		log_line(PROGRAM, "audit %s: %s", path, strerror(-r));
		return 2;
	}
	if (verdict.bad) {
		log_line(PROGRAM, "%s: line %ju %s", path,
		         (uintmax_t)verdict.bad, verdict.what);
		return 2;
	}
	(void)snprintf(line, sizeof(line), "%ju lines, the last is %s\n",
	               (uintmax_t)verdict.n_lines,
	               verdict.n_lines ? verdict.last : "none");
	r = file_write_fd(STDOUT_FILENO, line, strlen(line));
	return r;
}
