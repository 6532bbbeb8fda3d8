/* SPDX-License-Identifier: MIT */
/* A hash table with open addresses, half empty at least. */
#include "box/inodes.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

struct inode {
	ino_t number; /* 0: the slot is free */
	dev_t device;
};

#define FIRST_SIZE 64 /* a power of two, as all of them are */

/* Where it is, or the slot that it would get. */
static struct inode *find(const struct inodes *inodes, struct inode inode)
{
	uint64_t at =
		(inode.number ^ inode.device) * UINT64_C(0x9e3779b97f4a7c15) >>
		32;

	for (;; at++) {
		struct inode *slot = &inodes->slots[at & (inodes->size - 1)];

		if (!slot->number || (slot->number == inode.number &&
		                      slot->device == inode.device))
			return slot;
	}
}

static int grow(struct inodes *inodes)
{
	struct inodes larger = {
		.n = inodes->n,
		.size = inodes->size ? inodes->size * 2 : FIRST_SIZE,
	};

	larger.slots = calloc(larger.size, sizeof(*larger.slots));
	if (!larger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < inodes->size; i++)
		if (inodes->slots[i].number)
			*find(&larger, inodes->slots[i]) = inodes->slots[i];
	free(inodes->slots);
	*inodes = larger;
	return 0;
}

int inodes_add(struct inodes *inodes, const struct stat *st)
{
	const struct inode inode = {st->st_ino, st->st_dev};
	struct inode *slot;

	if (inodes->n * 2 >= inodes->size && grow(inodes) < 0)
		return -ENOMEM;
	slot = find(inodes, inode);
	if (slot->number)
		return 0;
	*slot = inode;
	inodes->n++;
	return 1;
}

void inodes_free(struct inodes *inodes)
{
	free(inodes->slots);
	*inodes = (struct inodes){0};
}
