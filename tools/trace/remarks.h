/* SPDX-License-Identifier: MIT */
/* What was seen, as comments above the profile. */
#ifndef SBX_TRACE_REMARKS_H
#define SBX_TRACE_REMARKS_H

#include "learned.h"

/* sets: those of the profile. */
void remarks_add(const struct learned *learned, sets_t sets,
                 struct buffer *text);

/* One refused call: its name, and which set would allow it; "ptrace",
 * "memfd_create (in memfd)". size: 128 are enough. Returns out. */
char *remarks_refused(const struct learned *learned, uint32_t call, char *out,
                      size_t size);

#endif
