/* SPDX-License-Identifier: MIT */
/* The latest runs that are over: what became of them, and nothing of what they
 * were given or wrote. */
#ifndef SBX_SBXD_RECENT_H
#define SBX_SBXD_RECENT_H

#include <stdbool.h>
#include <stdint.h>

#include "sbxd/who.h"

struct json_writer;
struct recent;

struct ended {
	const char *id, *profile, *status, *reason; /* profile NULL: base */
	struct who who;
	bool is_warm;
	uint64_t wall_ns; /* of its program; 0: none ran */
	uint64_t asked_ns;
};

/* NULL: no memory. */
struct recent *recent_new(void);

/* Takes the place of the oldest. */
void recent_add(struct recent *recent, const struct ended *ended);

/* Those that who may see, the latest first, each as an object of the array that
 * is open. */
void recent_list(const struct recent *recent, const struct who *who,
                 struct json_writer *out);

/* The latest of this id that who may see, as one object; or false. */
bool recent_put(const struct recent *recent, const char *id,
                const struct who *who, struct json_writer *out);

#endif
