/* SPDX-License-Identifier: MIT */
#ifndef SBX_BATCH_MERGE_H
#define SBX_BATCH_MERGE_H

#include "sbx.h"

/*
 * Puts files of reports together and proves that each request of the file
 * requests has exactly one. 0: it is so, and what was put together is in
 * output, which replaces a file of that name at once (NULL: nothing is
 * written). 1: it is not so; each reason is a line on standard error, and
 * output is as it was. Or a negative errno with err.
 */
int merge(const char *requests, const char *const *reports, const char *output,
          struct sbx_error *err);

#endif
