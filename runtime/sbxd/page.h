/* SPDX-License-Identifier: MIT */
/* The dashboard: a page that says nothing itself, and asks for what it shows as
 * any other client does. */
#ifndef SBX_SBXD_PAGE_H
#define SBX_SBXD_PAGE_H

#include "sbxd/exchange.h"

/* A route. */
void page_answer(struct exchange *exchange, const char *rest);

#endif
