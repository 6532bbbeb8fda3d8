/* SPDX-License-Identifier: MIT */
/* Single files of a session, without a run. */
#ifndef SBX_BOX_SESSION_FILES_H
#define SBX_BOX_SESSION_FILES_H

#include <stddef.h>

#include "box/session.h"

/* Opens a regular file of the newest state; no link on the way is followed.
 * The descriptor, or -ENOENT; -EINVAL and -EISDIR for what is none, or for a
 * path that is not normal. */
int session_file_open(const struct sbx_session *session, const char *path,
                      struct sbx_error *err);

struct session_file {
	const char *path;
	const void *data;
	size_t len;
	uint64_t max_bytes, max_inodes; /* of the session with it */
};

/* Makes a state that has the file, with the directories above it: in the place
 * of a regular file, or of nothing; else as above, and -ENOTDIR. */
int session_file_put(struct sbx_session *session,
                     const struct session_file *file, struct sbx_error *err);

#endif
