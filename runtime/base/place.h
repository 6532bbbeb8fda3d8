/* SPDX-License-Identifier: MIT */
/* Where things are kept, so that all programs look in the same place. */
#ifndef SBX_BASE_PLACE_H
#define SBX_BASE_PLACE_H

#include <limits.h>
#include <stdbool.h>

#define PLACE_LEN PATH_MAX

/* The caller's sessions: $XDG_DATA_HOME/sbx/sessions where that is an absolute
 * path, else /var/lib/sbx/sessions for root, ~/.local/share/sbx/sessions for
 * others. -ENOENT where none is known. data, home: of the environment, or
 * NULL. path: PLACE_LEN bytes. */
int place_sessions(const char *data, const char *home, bool root, char *path);

#endif
