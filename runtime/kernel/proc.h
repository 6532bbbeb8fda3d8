/* SPDX-License-Identifier: MIT */
/*
 * What the processes of a box use, read from outside through a descriptor of
 * the box's own /proc: that one lists them and nobody else, and nothing inside
 * can slow the reading down.
 */
#ifndef SBX_KERNEL_PROC_H
#define SBX_KERNEL_PROC_H

#include <stdbool.h>
#include <stdint.h>

struct proc_sample {
	uint64_t cpu_ns; /* of the living and of the dead they waited for; in
	                  * ticks of 1/100 s */
	uint64_t memory; /* bytes; an upper bound: shared pages count for
	                  * each process that has them */
	unsigned tasks;  /* threads, without pid 1 */
};

/* Adds up all processes but pid 1, of which only the dead it waited for
 * count. 0 or -errno. */
int proc_sample(int proc, struct proc_sample *sample);

/* The memory again, with each shared page counted once: exact, and as dear as
 * the program is large. */
int proc_memory_exact(int proc, uint64_t *bytes);

#endif
