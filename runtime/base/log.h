/* SPDX-License-Identifier: MIT */
/* What programs say to a person. The library never does. */
#ifndef SBX_BASE_LOG_H
#define SBX_BASE_LOG_H

#include "base/def.h"

/* Writes "program: text" as one line to standard error in one write, so that
 * lines of several processes do not mix. What could steer a terminal is
 * escaped; a long text is cut. Who does not read for a second has no line.
 * errno is kept. */
void log_line(const char *program, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
