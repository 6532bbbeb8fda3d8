/* SPDX-License-Identifier: MIT */
#ifndef SBX_EXEC_PLACE_H
#define SBX_EXEC_PLACE_H

#include <limits.h>

/* PREFIX + rest, where this program is PREFIX/bin/NAME, wherever that is; the
 * build tree has the same shape. path: PATH_MAX bytes. 0 or -errno. */
int place_of(const char *rest, char *path);

#endif
