/* SPDX-License-Identifier: MIT */
#include "exec/store.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/place.h"

int store_enter(struct sbx_spec *spec, uint64_t wait_ns,
                struct sbx_session **session, struct sbx_error *err)
{
	char path[PLACE_LEN] = "";
	int r = place_sessions(getenv("XDG_DATA_HOME"), getenv("HOME"),
	                       geteuid() == 0, path);

	/* Without one, only a run that asks for a session fails. */
	if (r < 0)
		path[0] = '\0';
	return sbx_session_open(spec, path, wait_ns, session, err);
}
