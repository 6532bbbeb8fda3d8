/* SPDX-License-Identifier: MIT */
/*
 * A log of lines that hold each other: each ends in the hash of the line
 * before and its own, over all that comes before it. So a line that was
 * changed, removed or put in is found by whoever reads the log from the start;
 * lines cut off at the end are not, unless the last hash is known elsewhere.
 */
#ifndef SBX_BASE_AUDIT_H
#define SBX_BASE_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* Adds one line: a JSON object on one line without a line end. The file is
 * locked meanwhile; fd is opened to read and to append. Whole or not at all:
 * 0 or -errno; -EBADMSG where the last line there is none of these; -EBUSY
 * where whoever has locked it keeps it for seconds. */
int audit_append(int fd, const char *object, size_t len);

struct audit_verdict {
	uint64_t n_lines; /* that are good, from the start */
	uint64_t bad;     /* the number of the first that is not; 0: none */
	const char *what; /* is wrong with it */
	char last[65];    /* hash of the last good line; "" is none */
};

/* Reads it from the start. 0 or -errno. */
int audit_verify(int fd, struct audit_verdict *verdict);

#endif
