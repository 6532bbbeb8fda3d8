/* SPDX-License-Identifier: MIT */
/* From what a run used to the limits of the next. Pure. */
#ifndef SBX_TRACE_LIMITS_H
#define SBX_TRACE_LIMITS_H

#include "model/spec.h"

/* What was measured of a limit, in its unit; LIMIT_OFF: nothing. */
struct limits_used {
	uint64_t of[N_LIMITS];
};

/* Whether limit is one that a trace learns. */
bool limits_learned(enum limit limit);

/* Twice what was used, rounded up to what is easily read; not below what any
 * program may need that day, and never above own, which may be LIMIT_OFF. own
 * where nothing was measured. */
uint64_t limits_fit(enum limit limit, uint64_t used, uint64_t own);

#endif
