/* SPDX-License-Identifier: MIT */
/* One build that is kept, by its name in the cache. */
#ifndef SBX_BOX_KEPT_H
#define SBX_BOX_KEPT_H

#include <stdbool.h>
#include <stdint.h>

#include "sbx.h"

/* Whether a name is that of a build, or of one that is being made or removed:
 * what else is in the cache is not ours to remove. */
bool kept_is_name(const char *name);

/* What the build left; it stays there until that is freed. -ENOENT also where
 * it is damaged, and then it is removed; or -ENOMEM. */
int kept_open(int cache, const char *name, struct sbx_built **built);

/* Puts it there, as a whole or not at all. -EEXIST, or another -errno: where
 * there is one of that name it stays. */
int kept_write(int cache, const char *name, const struct sbx_built *built);

/* Bytes of what it left; 0 where that is not known. */
uint64_t kept_size(int cache, const char *name);

/* -EBUSY while it is used. Takes whatever has that name. */
int kept_remove(int cache, const char *name);

#endif
