/* SPDX-License-Identifier: MIT */
/* Every number, as JSON, for whoever wants to compute something else. */
#ifndef BENCH_RAW_H
#define BENCH_RAW_H

#include "base/json.h"
#include "host.h"
#include "stats.h"

void raw_host(struct json_writer *out, const struct host *host);

/* stats: one for each entrant of the result. */
void raw_group(struct json_writer *out, const struct result *result,
               const struct stats *stats, const struct load *before,
               const struct load *after);

#endif
