/* SPDX-License-Identifier: MIT */
/* Landlock: the calling thread can open, make and remove files below some
 * directories only, and nothing that it has open changes. */
#ifndef SBX_KERNEL_LANDLOCK_H
#define SBX_KERNEL_LANDLOCK_H

#include <stddef.h>

enum landlock_use {
	LANDLOCK_READ,  /* files and lists */
	LANDLOCK_WRITE, /* and into files that are there */
	LANDLOCK_CLEAR, /* remove directories, and nothing else */
	LANDLOCK_KEEP,  /* read, make, replace and remove */
};

struct landlock_place {
	int fd; /* of a directory; one that is negative does not count */
	enum landlock_use use;
};

/* For good, and for what is forked later, too. Wants no_new_privs. 0 or
 * -errno; -EOPNOTSUPP: this kernel has no Landlock, or it is switched off. */
int landlock_restrict(const struct landlock_place *places, size_t n_places);

#endif
