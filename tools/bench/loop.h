/* SPDX-License-Identifier: MIT */
/*
 * A sample of how many runs go through: some clients, each of which asks again
 * as soon as it has its answer, for some time.
 *
 * Every run proves itself, as anywhere else. The sample has the time from one
 * answer to the next, of whichever client, and the processor time of the whole
 * machine for a run, the kernel's own work too, until what ended is taken
 * apart: on a machine with other work, that is in it.
 */
#ifndef BENCH_LOOP_H
#define BENCH_LOOP_H

#include "entrant.h"

/* A failure of any run is noted, and sample is then 0. */
void loop_run(struct entrant *entrant, const struct site *site,
              unsigned n_clients, uint64_t time_ns, struct sample *sample);

#endif
