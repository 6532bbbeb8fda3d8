/* SPDX-License-Identifier: MIT */
/* Who is let in. */
#ifndef SBX_SBXD_GATE_H
#define SBX_SBXD_GATE_H

#include "sbxd/exchange.h"
#include "sbxd/head.h"
#include "sbxd/silent.h"

/* Settles who asks, once the head of a request is there: over the Unix socket
 * its user, over TCP whose token it has. Or why there is no answer: then
 * exchange->objection says so. The token is gone from memory afterwards. */
void gate_pass(struct exchange *exchange, struct silent *peer,
               const struct head *head);

#endif
