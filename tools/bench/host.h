/* SPDX-License-Identifier: MIT */
/* The machine that the numbers are of, and what else it was doing. */
#ifndef BENCH_HOST_H
#define BENCH_HOST_H

#include <stdint.h>

/* Texts are "" where the kernel does not say. */
struct host {
	char kernel[160]; /* release and build */
	char machine[65];
	char processor[96];
	long n_cpus;
	unsigned uid;
	char date[32]; /* UTC */
};

struct load {
	char average[64];     /* /proc/loadavg */
	char pressure[128];   /* /proc/pressure/cpu, its first line */
	uint64_t steal_ticks; /* that the hypervisor gave to others */
};

void host_read(struct host *host);
void load_read(struct load *load);

/* What all processors have worked since boot, the kernel for itself, too; to a
 * tick of the clock. */
uint64_t host_busy_ns(void);

/* For how long, since boot, some task was ready and had to wait for a
 * processor. 0: the kernel does not count it. */
uint64_t host_stall_ns(void);

#endif
