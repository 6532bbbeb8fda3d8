/* SPDX-License-Identifier: MIT */
/*
 * How many runs go through: a closed loop of some clients for some time, each
 * of which asks again as soon as it has its answer.
 *
 * The contender that is asked over the socket is held against as many workers
 * that start the reference. Every run proves itself, as in the other groups.
 * What is told is the rate, and the processor time of the whole machine for a
 * run, the kernel's own work too, until what ended is taken apart: on a machine
 * with other work, that is in it.
 */
#ifndef BENCH_SUSTAINED_H
#define BENCH_SUSTAINED_H

#include "base/json.h"
#include "group.h"

/* Prints it all. 1: each pair has a verdict; 0: one has none, for the machine
 * was disturbed; -ECHILD: a run failed; or another -errno. */
int sustained_run(const struct group *group, const struct order *order,
                  const struct site *site, struct json_writer *out);

#endif
