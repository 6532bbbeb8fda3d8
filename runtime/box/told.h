/* SPDX-License-Identifier: MIT */
/* What a box that was made ahead is told when its run starts. */
#ifndef SBX_BOX_TOLD_H
#define SBX_BOX_TOLD_H

#include "sbx.h"

/* All of it is one message: nobody reads more, and a socket always has room
 * for it. */
#define TOLD_MAX   (64 * 1024)
#define TOLD_WORDS 4096

/* Where there is no agent: the program's path, how many arguments there are,
 * these, and the environment, each with a NUL behind it. */
struct told {
	const char *executable;
	char *const *argv, *const *envp; /* each ends with NULL */
};

/* In pid 1: takes the message that is there already. What told points to stays
 * until pid 1 ends. */
int told_read(int control, struct told *told, struct sbx_error *err);

#endif
