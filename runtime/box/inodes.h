/* SPDX-License-Identifier: MIT */
/* Files of more than one name that were met already. */
#ifndef SBX_BOX_INODES_H
#define SBX_BOX_INODES_H

#include <stddef.h>
#include <sys/stat.h>

struct inode;

/* Start with {0}. */
struct inodes {
	struct inode *slots;
	size_t n, size;
};

/* Adds it. Returns 1 where it is new, 0 where it was met, or -ENOMEM. */
int inodes_add(struct inodes *inodes, const struct stat *st);

void inodes_free(struct inodes *inodes);

#endif
