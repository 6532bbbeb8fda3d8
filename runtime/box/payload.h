/* SPDX-License-Identifier: MIT */
/* The steps of the program's process, for the test that holds their order. */
#ifndef SBX_BOX_PAYLOAD_H
#define SBX_BOX_PAYLOAD_H

#include "box/setup.h"
#include "box/told.h"

struct payload {
	const struct setup *setup;
	const struct told *program;
	int stdio[3];
	int control; /* of a program that waits for its run; or -1 */
	int proc,
		workspace; /* for the supervisor, with the filter's listener */
};

struct payload_step {
	const char *name;
	int (*run)(const struct payload *payload, struct sbx_error *err);
};

/* Runs them all: the program's process, a child of pid 1 in whose memory it
 * is, with a stack of its own, up to execve. */
_Noreturn void payload_main(const struct payload *payload);
#define PAYLOAD_STACK (16 * 1024)

#define N_PAYLOAD_STEPS 14
extern const struct payload_step payload_steps[N_PAYLOAD_STEPS];

#endif
