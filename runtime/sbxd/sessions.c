/* SPDX-License-Identifier: MIT */
#include "sbxd/sessions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/place.h"

/* Whose sessions: the daemon's own user has those of sbx-exec, and all others
 * have theirs apart. */
static int place(uid_t uid, char path[PLACE_LEN])
{
	size_t len;
	int r = place_sessions(getenv("XDG_DATA_HOME"), getenv("HOME"),
	                       geteuid() == 0, path);

	if (r < 0 || uid == geteuid())
		return r;
	len = strlen(path);
	r = snprintf(path + len, PLACE_LEN - len, "-of/%u", uid);
	return r < 0 || (size_t)r >= PLACE_LEN - len ? -ENAMETOOLONG : 0;
}

int sessions_open(struct sbx_spec *spec, uid_t uid,
                  struct sbx_session **session, struct sbx_error *err)
{
	char path[PLACE_LEN];

	if (place(uid, path) < 0)
		path[0] = '\0';
	return sbx_session_open(spec, path, 0, session, err);
}
