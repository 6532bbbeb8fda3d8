/* SPDX-License-Identifier: MIT */
/* What a person reads. */
#ifndef BENCH_TABLE_H
#define BENCH_TABLE_H

#include "host.h"
#include "left.h"
#include "stats.h"

void table_host(const struct host *host);

/* stats: one for each entrant of the result. */
void table_group(const struct result *result, const struct stats *stats,
                 const struct load *before, const struct load *after);

/* Prints what the daemon used for n runs, and for boxes that had none. Of a
 * zygote's boxes nobody is told, so they are not in it. */
void table_daemon(uint64_t cpu_ns, uint64_t n);

/* Waits for the end of what goes away, and prints what is left. false: more
 * than before. */
bool table_left(const struct leftover *before);

#endif
