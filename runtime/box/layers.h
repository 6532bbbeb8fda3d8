/* SPDX-License-Identifier: MIT */
/* How much a session holds, by what a run has changed. */
#ifndef SBX_BOX_LAYERS_H
#define SBX_BOX_LAYERS_H

#include "box/store.h"
#include "box/tree.h"

struct layers_count {
	int fds[STORE_LAYERS]; /* of the state before, newest first */
	size_t n;
	int64_t bytes, inodes; /* more than that state has */
	bool lost;   /* a directory went: what was in it is not known */
	bool linked; /* bytes may count a file once too often */
};

/* For tree_job.see, with a struct layers_count as data. */
void layers_see(struct tree_job *job, const struct stat *st, bool opaque);

/* Brings the totals of the state before up to date; where the count is lost,
 * everything in the directory whole is counted anew, and so it is, where there
 * is a whole (-1: none), after a change to a file of many names. 0 or -errno.
 */
int layers_total(const struct layers_count *count, int whole, uint64_t *bytes,
                 uint64_t *inodes);

/* Counts all that is in a tree: the bytes of a file once, each of its names as
 * an inode. */
int layers_count_tree(int whole, uint64_t *bytes, uint64_t *inodes);

/* How many entries a layer has, marks included; counts no further than most. */
size_t layers_entries(int layer, size_t most);

#endif
