/* SPDX-License-Identifier: MIT */
/* Sessions over HTTP: those of the caller, and nobody else's. */
#ifndef SBX_SBXD_VISITS_H
#define SBX_SBXD_VISITS_H

#include "sbxd/exchange.h"

/* Routes. rest: "", "ID" or "ID/files/PATH". */
void visits_list(struct exchange *exchange, const char *rest);
void visits_delete(struct exchange *exchange, const char *rest);
void visits_get(struct exchange *exchange, const char *rest);
void visits_put(struct exchange *exchange, const char *rest);

#endif
