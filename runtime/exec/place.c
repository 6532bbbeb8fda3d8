/* SPDX-License-Identifier: MIT */
#include "exec/place.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int place_of(const char *rest, char *path)
{
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (len < 0)
		return -errno;
	self[len] = '\0';
	for (int i = 0; i < 2; i++) {
		char *slash = strrchr(self, '/');

		if (slash)
			*slash = '\0';
	}
	if (snprintf(path, PATH_MAX, "%s%s", self, rest) >= PATH_MAX)
		return -ENAMETOOLONG;
	return 0;
}
