/* SPDX-License-Identifier: MIT */
/* Files that the run leaves: where --collect puts them. */
#ifndef SBX_EXEC_COLLECT_H
#define SBX_EXEC_COLLECT_H

#include "exec/options.h"

/* Opens the directory, before anything runs; it is made where it is missing.
 * *dir stays as it is without --collect-to. */
int collect_open(const struct options *options, int *dir,
                 struct sbx_error *err);

/* Something must say which files go there: an option, the profile or the
 * request. */
int collect_check(const struct options *options, const struct sbx_spec *spec,
                  struct sbx_error *err);

/* Says so, where n could not be brought out. */
void collect_tell(const struct options *options, int n);

/* Brings them out, and says so where some could not be. */
int collect_files(const struct options *options, int dir, struct sbx_box *box,
                  struct sbx_error *err);

#endif
