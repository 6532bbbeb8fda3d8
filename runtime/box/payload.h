/* SPDX-License-Identifier: MIT */
/* The steps of the program's process, for the test that holds their order. */
#ifndef SBX_BOX_PAYLOAD_H
#define SBX_BOX_PAYLOAD_H

#include "box/setup.h"

struct payload {
	const struct setup *setup;
	int stdio[3];
};

struct payload_step {
	const char *name;
	int (*run)(const struct payload *payload, struct sbx_error *err);
};

#define N_PAYLOAD_STEPS 12
extern const struct payload_step payload_steps[N_PAYLOAD_STEPS];

#endif
