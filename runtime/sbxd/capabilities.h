/* SPDX-License-Identifier: MIT */
/* What this host enforces: what sbx-check finds, and what the daemon adds. */
#ifndef SBX_SBXD_CAPABILITIES_H
#define SBX_SBXD_CAPABILITIES_H

#include "sbxd/exchange.h"

/* The answer is kept for a minute, and made once for all who wait for it. */
void capabilities_answer(struct exchange *exchange, const char *rest);

void capabilities_free(struct daemon *daemon);

#endif
