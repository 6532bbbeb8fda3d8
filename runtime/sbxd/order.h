/* SPDX-License-Identifier: MIT */
/* The words of exec/passing.h: what a client that hands descriptors over wants
 * to run. */
#ifndef SBX_SBXD_ORDER_H
#define SBX_SBXD_ORDER_H

#include "sbxd/job.h"

/* Has the job's spec be what the words and the code say. words is changed. */
int order_fill(struct job *job, struct buffer *words, const struct buffer *code,
               struct sbx_error *err);

#endif
