/* SPDX-License-Identifier: MIT */
#include "base/place.h"

#include <errno.h>
#include <stdio.h>

int place_sessions(const char *data, const char *home, bool root, char *path)
{
	int len = 0;

	if (data && data[0] == '/')
		len = snprintf(path, PLACE_LEN, "%s/sbx/sessions", data);
	else if (root)
		len = snprintf(path, PLACE_LEN, "/var/lib/sbx/sessions");
	else if (home && home[0] == '/')
		len = snprintf(path, PLACE_LEN, "%s/.local/share/sbx/sessions",
		               home);
	return len > 0 && len < PLACE_LEN ? 0 : -ENOENT;
}
