/* SPDX-License-Identifier: MIT */
/* What is looked at in the head of a request. */
#ifndef SBX_SBXD_HEAD_H
#define SBX_SBXD_HEAD_H

#include <stdbool.h>

/* Values as they came, borrowed; NULL: not there. */
struct head {
	const char *host, *origin, *site, *type, *authorization;
	unsigned n_lengths; /* how often it says how long the body is */
	bool doubled;       /* one of the above is there twice */
};

void head_take(struct head *head, const char *name, const char *value);

/* Why a request is not answered. */
struct objection {
	unsigned status;
	const char *code, *text;
};

/* Of a request over TCP, to our address as a URL has it: NULL, if a browser
 * that has a page of somebody else's would not have sent it. */
const struct objection *head_check(const struct head *head, const char *method,
                                   const char *own);

#endif
