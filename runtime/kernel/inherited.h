/* SPDX-License-Identifier: MIT */
/*
 * What a new process has from the one it was cloned from, and must not keep:
 * signals that were ignored, and the command line and environment, which
 * /proc/1/cmdline shows to everyone inside. It is looked up by the caller,
 * while the new process does other work, and cleared by that process.
 */
#ifndef SBX_KERNEL_INHERITED_H
#define SBX_KERNEL_INHERITED_H

#include <stdint.h>

struct inherited {
	uint64_t ignored; /* bit n - 1: signal n is ignored */
	/* Where in memory, which is the same in both processes. */
	uint64_t arguments, arguments_end;
	uint64_t environment, environment_end;
};

/* In the caller. 0 or -errno. */
int inherited_look(struct inherited *inherited);

/* In any: every signal does what it does in a new program. 0 or -errno. */
int inherited_reset(void);

/* In the new process: nothing is ignored or blocked, and both texts are
 * zeros; nothing may read them any more. 0 or -errno. */
int inherited_clear(const struct inherited *inherited);

#endif
