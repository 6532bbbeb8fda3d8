/* SPDX-License-Identifier: MIT */
#ifndef SBX_TRACE_OPTIONS_H
#define SBX_TRACE_OPTIONS_H

#include "exec/options.h"

extern const struct option_table trace_options;

#endif
