/* SPDX-License-Identifier: MIT */
/* The options of sbx-exec as text, from the tables that the parser walks. */
#ifndef SBX_EXEC_HELP_H
#define SBX_EXEC_HELP_H

/* What --help prints: at most 80 columns. 0 or -errno. */
int help_print(int fd);

/* The same options as lists of mdoc(7), a .Ss for each group, for the manual
 * page. 0 or -errno. */
int help_mdoc(int fd);

#endif
