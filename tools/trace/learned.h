/* SPDX-License-Identifier: MIT */
#ifndef SBX_TRACE_LEARNED_H
#define SBX_TRACE_LEARNED_H

#include "base/json.h"
#include "calls.h"
#include "traced.h"

/* All that a profile is made of. */
struct learned {
	const struct sbx_spec *spec;
	const struct sbx_plan *plan;
	const char *name;        /* of the profile, or NULL: it is a file */
	const struct json *from; /* the profile, an object */
	const struct calls_seen *calls;
	const struct traced *traced;
};

#endif
