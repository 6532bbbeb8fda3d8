/* SPDX-License-Identifier: MIT */
/* What comes in over HTTP, held to bounds. */
#ifndef SBX_SBXD_INTAKE_H
#define SBX_SBXD_INTAKE_H

#include "sbxd/exchange.h"

/* Of the body of a request; and of a file, on its way in or out. */
#define MAX_BODY ((size_t)1 << 20)
#define MAX_FILE ((size_t)16 << 20)

/* The path with each %XX as the byte it stands for. -EINVAL: one stands for
 * none, or for NUL. *path is the caller's to free. */
int intake_path(const char *raw, char **path);

/* Adds to the body. What is not small is counted, for all exchanges together
 * and for all of one user. 0; -EFBIG: more than this request may have; -EAGAIN:
 * more than there is room for; -ENOMEM. */
int intake_body(struct exchange *exchange, const char *data, size_t len);

/* Counts what a large answer takes, too. 0 or -EAGAIN. */
int intake_hold(struct exchange *exchange, size_t len);

/* Answers with what is wrong, one of the above. */
void intake_refuse(struct exchange *exchange, int fault);

/* The body has been read, or the exchange is over: what was counted is not any
 * more. */
void intake_release(struct exchange *exchange);

#endif
