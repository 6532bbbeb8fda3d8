/* SPDX-License-Identifier: MIT */
/* One run of one command line, timed. */
#ifndef BENCH_TAKE_H
#define BENCH_TAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct take {
	uint64_t wall_ns;  /* from before the spawn until the output was read
	                    * to its end and the status was known */
	uint64_t first_ns; /* until the first byte; 0: none came */
	uint64_t cpu_ns;   /* of the child and of all it waited for */
	bool timed_out;    /* after 30 s; it was killed */
	int status;        /* as for waitpid() */
	size_t len;
	char output[2048]; /* both streams, what fits, and a NUL */
};

/* Runs argv (a path first) with a small fixed environment and no input.
 * 0, or -errno when it could not be started or waited for. */
int take_run(char *const argv[], struct take *take);

/* Reads the output of what began at start, until it has ended and end, a pidfd
 * or a connection, is readable. After 30 s it kills what a pidfd stands for,
 * and gives up. */
void take_drain(struct take *take, int out, int end, uint64_t start);

#endif
