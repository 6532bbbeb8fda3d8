/* SPDX-License-Identifier: MIT */
/* Counters of the instructions that a thread, and all that it starts, retire
 * in user mode. */
#ifndef SBX_KERNEL_PMU_H
#define SBX_KERNEL_PMU_H

#include <stdbool.h>
#include <stdint.h>

/* What has to be counted on a host: one event, or, where the cores are not all
 * of one kind, one for each kind, which counts on those alone. */
#define PMU_MAX 4
struct pmu {
	unsigned n;
	uint32_t types[PMU_MAX]; /* 0: the only kind there is */
};

#define PMU_DEVICES "/sys/bus/event_source/devices"

/* Which kinds there are, by that directory of the kernel's; nothing says yet
 * that they can be counted. 0 or -errno; -E2BIG: more than PMU_MAX. */
int pmu_find(const char *devices, struct pmu *pmu);

/* Whether kernel.perf_event_paranoid keeps it from all but root of the host,
 * whom no process in a user namespace is. */
bool pmu_is_shut(void);

/* A counter of the calling thread, of what it starts and of what these start,
 * from its next exec on. Returns a descriptor, or -errno: -ENOENT or
 * -EOPNOTSUPP where nothing counts, -EACCES or -EPERM where it may not. */
int pmu_open(uint32_t type);

/* Counts from now on, without an exec. 0 or -errno. */
int pmu_start(int fd);

struct pmu_sample {
	uint64_t count;      /* of the living and of the dead */
	uint64_t counted_ns; /* of their CPU time, what was counted, and for */
	uint64_t seen_ns;    /* how much there was a counter: it is more where
	                      * others take turns with it */
};

/* What the n counters of one thread have counted together. 0 or -errno. */
int pmu_read(const int *fds, unsigned n, struct pmu_sample *sample);

#endif
