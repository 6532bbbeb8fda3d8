/* SPDX-License-Identifier: MIT */
/* Answers that take long, or may have to wait for a disk: made in a process of
 * their own. */
#ifndef SBX_SBXD_APART_H
#define SBX_SBXD_APART_H

#include "sbxd/exchange.h"

struct apart;

/* As a route: fills the answer, in that process. */
typedef void apart_make(struct exchange *exchange, const char *rest);

/* Has it made, and the exchange wait for it. Where too many wait already, in
 * all or of this user, the answer is that, and NULL is returned. */
struct apart *apart_begin(struct exchange *exchange, apart_make *make,
                          const char *rest);

/* The exchange waits for the same answer. */
void apart_join(struct apart *apart, struct exchange *exchange);

/* It waits no longer. What has begun goes on. */
void apart_leave(struct exchange *exchange);

/* Kills them: those who wait are told soon. */
void apart_end_all(struct daemon *daemon);

/* Who is told of the answer first; from then on it is no more. */
void apart_tell(struct apart *apart,
                void (*told)(const struct exchange *answer));

#endif
