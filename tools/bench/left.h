/* SPDX-License-Identifier: MIT */
/* What sandboxes could leave on the machine. */
#ifndef BENCH_LEFT_H
#define BENCH_LEFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum left { LEFT_CGROUPS, LEFT_MOUNTS, LEFT_NETS, LEFT_ZOMBIES, N_LEFT };

struct leftover {
	uint64_t n[N_LEFT]; /* of the whole machine, but for mounts: ours */
};

const char *left_name(enum left left);

void left_read(struct leftover *left);

/* Waits until the kernel has taken apart what ended, which it does when it gets
 * to it: until there is nothing more of anything than in before, or nothing has
 * become less for half a second, or five have passed. false: there is more. Of
 * networks, the kernel's lists of free ones may hide some. */
bool left_settle(const struct leftover *before, struct leftover *after);

#endif
