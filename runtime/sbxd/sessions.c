/* SPDX-License-Identifier: MIT */
#include "sbxd/sessions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

int sessions_place(const struct who *who, char path[PLACE_LEN])
{
	char name[WHO_PLACE];
	size_t len;
	int r = place_sessions(getenv("XDG_DATA_HOME"), getenv("HOME"),
	                       geteuid() == 0, path);

	if (r < 0 || !who_place(who, name))
		return r;
	len = strlen(path);
	r = snprintf(path + len, PLACE_LEN - len, "-of/%s", name);
	return r < 0 || (size_t)r >= PLACE_LEN - len ? -ENAMETOOLONG : 0;
}

int sessions_agree(const struct who *who, const char *theirs,
                   struct sbx_error *err)
{
	char path[PLACE_LEN], name[WHO_PLACE];

	/* Another's are apart in any case. */
	if (who_place(who, name) || sessions_place(who, path) < 0 ||
	    strcmp(path, theirs) == 0)
		return 0;
	return err_say(err, SBX_STAGE_SESSION, EXDEV,
	               "session: the daemon's are in %.80s, and yours in "
	               "%.80s: start it with the same XDG_DATA_HOME and HOME, "
	               "or add --cold",
	               path, theirs);
}

int sessions_open(struct sbx_spec *spec, const struct who *who,
                  struct sbx_session **session, struct sbx_error *err)
{
	char path[PLACE_LEN];

	if (sessions_place(who, path) < 0)
		path[0] = '\0';
	return sbx_session_open(spec, path, 0, session, err);
}
