/* SPDX-License-Identifier: MIT */
/* One run without a client of its own: handed to sbxd over its socket, as
 * sbx-batch and the Python package hand it over. */
#ifndef BENCH_DIRECT_H
#define BENCH_DIRECT_H

#include "take.h"

/* argv: what would be started in its place, then the file of a Python program
 * and its arguments. From before the file is read until the answer is there.
 * 0 or -errno. */
int direct_run(const char *socket, char *const argv[], struct take *take);

/* The same of what is in inside, which does not say how the program ended. */
int direct_bare(const char *socket, char *const argv[], struct take *take);

#endif
