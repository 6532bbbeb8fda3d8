/* SPDX-License-Identifier: MIT */
/* The profile that a trace makes, as text. Nothing in it is the program's:
 * numbers, names of the kernel's and of rule sets, and the first profile. */
#ifndef SBX_TRACE_PROFILE_H
#define SBX_TRACE_PROFILE_H

#include "base/json.h"
#include "calls.h"
#include "traced.h"

struct learned {
	const struct sbx_spec *spec;
	const struct sbx_plan *plan;
	const char *name;        /* of the profile, or NULL: it is a file */
	const struct json *from; /* the profile, an object */
	const struct calls_seen *calls;
	const struct traced *traced;
};

/* Reads the profile that options name into the arena, once more. */
int profile_source(struct arena *arena, const struct options *options,
                   const char *const *dirs, const struct json **from,
                   struct sbx_error *err);

/* Adds it to text. 0 or -errno. */
int profile_text(const struct learned *learned, struct buffer *text);

#endif
