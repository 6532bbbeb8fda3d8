/* SPDX-License-Identifier: MIT */
/*
 * Trees of files on their way into, within and out of a store. A layer is what
 * an overlay's upper directory holds: files, directories, links, and marks:
 * a whiteout (a character device 0/0) for what is gone, and an attribute on a
 * directory that hides what is below it.
 */
#ifndef SBX_BOX_TREE_H
#define SBX_BOX_TREE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#define TREE_DEPTH 100
/* More new files than this are written out all at once. */
#define TREE_FEW 16

struct tree_job {
	bool keep;  /* marks are copied; else they are obeyed */
	bool link;  /* files are shared, not copied */
	bool owned; /* as root: what is made belongs to id */
	uid_t id;
	/* For files of many names: a directory of the same file system, where
	 * what begins with "f" is the job's, and the caller's to remove. NULL:
	 * each name becomes a file. */
	const int *known;
	/* Called for each thing before it is made, with its path. NULL: not. */
	void (*see)(struct tree_job *job, const struct stat *st, bool opaque);
	void *data;
	size_t n_made;
	int written[TREE_FEW]; /* the first of them, still open */

	/* The job's own. */
	char path[PATH_MAX];
	size_t len;
	size_t depth;
};

/* Copies what is in the directories from (newest first, at least one) together
 * into the empty directory to. Regular files, directories and symbolic links
 * only, without special bits and always readable to their owner; nothing is
 * followed. All of it is on the disk when it returns. 0 or -errno:
 * -ENAMETOOLONG for what is too deep. */
int tree_copy(struct tree_job *job, const int *from, size_t n_from, int to);

/* Removes name and all that is below it, without following a link or leaving
 * the file system. 0 also where there is none. */
int tree_remove(int dir, const char *name);

/* What is in a file, to an empty one; what is a hole stays one. */
int tree_copy_data(int from, int to, off_t size);

/* What a path says of itself, which no link leads away from dir. 0 or
 * -errno. */
int tree_stat(int dir, const char *path, struct stat *st);

bool tree_is_whiteout(const struct stat *st);

/* Whether the directory hides what is below it. */
bool tree_is_opaque(int fd);

/* A directory below dir, which no link leads to. Returns it or -errno. */
int tree_open(int dir, const char *name);

/* The same, in the place of *dir, which is closed then. 0 or -errno. */
int tree_enter(int *dir, const char *name);

#endif
