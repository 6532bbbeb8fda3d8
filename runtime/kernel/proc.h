/* SPDX-License-Identifier: MIT */
/*
 * What the processes of a box use, read from its own /proc, which lists them
 * and nobody else. Nothing here allocates: pid 1 of the box measures, too.
 */
#ifndef SBX_KERNEL_PROC_H
#define SBX_KERNEL_PROC_H

#include <stdbool.h>
#include <stdint.h>

struct proc_sample {
	uint64_t cpu_ns;  /* of the living and of the dead they waited for; in
	                   * ticks of 1/100 s */
	uint64_t memory;  /* bytes; an upper bound: shared pages count for
	                   * each process that has them */
	uint64_t largest; /* the memory of the largest process */
	unsigned tasks;   /* threads, without pid 1 */
};

/* Adds up all processes but pid 1, of which only the dead it waited for
 * count. Reads counters only: no process can make it wait. 0 or -errno. */
int proc_sample(int proc, struct proc_sample *sample);

/* The CPU time again, to the nanosecond, of the threads that live now. 0 where
 * the kernel does not count it. 0 or -errno. */
int proc_cpu_exact(int proc, uint64_t *ns);

/* The memory again, with each shared page counted once. This walks page
 * tables, under a lock that a process can keep busy: it may take long, so it
 * is not for the supervisor, but for pid 1 of the box, whose own /proc it is.
 * 0 or -errno. */
int proc_memory_exact(int proc, uint64_t *bytes);

#endif
