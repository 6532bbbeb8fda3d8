/* SPDX-License-Identifier: MIT */
/* The profile that a trace makes, as text. Nothing in it is the program's:
 * numbers, names of the kernel's and of rule sets, and the first profile. */
#ifndef SBX_TRACE_PROFILE_H
#define SBX_TRACE_PROFILE_H

#include "learned.h"

/* Reads the profile that options name into the arena, once more. */
int profile_source(struct arena *arena, const struct options *options,
                   const char *const *dirs, const struct json **from,
                   struct sbx_error *err);

/* Adds it to text. 0 or -errno. */
int profile_text(const struct learned *learned, struct buffer *text);

#endif
