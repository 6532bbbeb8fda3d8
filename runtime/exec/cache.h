/* SPDX-License-Identifier: MIT */
/* Builds that are kept, of those who ask for them. */
#ifndef SBX_EXEC_CACHE_H
#define SBX_EXEC_CACHE_H

#include "sbx.h"

/* What the same build of this owner's left before: *built is NULL where there
 * is none, or no place for it, as for a user without a home. Our own builds,
 * whose owner is NULL, are the same for all our programs; those of others are
 * apart, in a directory of that name, of at most 40 bytes. */
int cache_find(const struct sbx_plan *plan, const char *owner,
               struct sbx_built **built, struct sbx_error *err);

/* Keeps it, if there is a place for it; *built is what is kept then. */
int cache_keep(const struct sbx_plan *plan, const char *owner,
               struct sbx_built **built, struct sbx_error *err);

#endif
