/* SPDX-License-Identifier: MIT */
/* The options of a program as text, from the tables that the parser walks. */
#ifndef SBX_EXEC_HELP_H
#define SBX_EXEC_HELP_H

#include "exec/options.h"

/* What --help prints: at most 80 columns. 0 or -errno. */
int help_print(const struct option_table *table, int fd);

/* The same options as lists of mdoc(7), a .Ss for each group, for the manual
 * page. 0 or -errno. */
int help_mdoc(const struct option_table *table, int fd);

#endif
