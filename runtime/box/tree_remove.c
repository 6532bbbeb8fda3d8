/* SPDX-License-Identifier: MIT */
/*
 * Removes a tree, however deep it is. Each turn goes down from the top to a
 * directory that has none below it, and empties it: no depth is too deep, and
 * no path too long.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/def.h"
#include "base/file.h"
#include "box/tree.h"
#include "kernel/probe.h"

/* And a random id: what is moved up. */
#define DEEPER ".sbx-"

/* Levels that a turn goes down. */
#define STEPS 64

/* Removes what is in the directory, up to the first directory that is not
 * empty: that one is deeper, "" where there is none. */
static int empty_level(int fd, char deeper[NAME_MAX + 1])
{
	int r = 0;
	DIR *list = file_list(tree_open(fd, "."), &r);
	struct dirent *entry;

	deeper[0] = '\0';
	if (!list)
		return r;
	while (r == 0 && !deeper[0] && (entry = file_entry(list, &r))) {
		if (unlinkat(fd, entry->d_name, 0) == 0 || errno == ENOENT)
			continue;
		if (errno != EISDIR && errno != EPERM)
			r = -errno;
		else if (unlinkat(fd, entry->d_name, AT_REMOVEDIR) < 0)
			(void)strcpy(deeper, entry->d_name);
	}
	(void)closedir(list);
	return r;
}

/* To where no name is taken: those that are there may be a program's. */
static int move_up(int from, const char *name, int top)
{
	char fresh[sizeof(DEEPER) + 32] = DEEPER;
	int r = probe_random_id(fresh + strlen(DEEPER));

	if (r == 0 && renameat(from, name, top, fresh) < 0)
		r = -errno;
	return r;
}

static int empty_directory(int top)
{
	CLEANUP_FD int at = tree_open(top, ".");
	char name[NAME_MAX + 1];
	int r = at < 0 ? at : 0;

	/* Some levels at a time: what is found there is moved up when it is
	 * deeper, so that the next turn starts nearer. */
	for (int depth = 0; r == 0; depth++) {
		r = empty_level(at, name);
		if (r < 0 || !name[0])
			break;
		if (depth >= STEPS) {
			r = move_up(at, name, top);
			break;
		}
		r = tree_enter(&at, name);
	}
	return r;
}

int tree_remove(int dir, const char *name)
{
	CLEANUP_FD int top = -1;
	int r = 0;

	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return 0;
	top = tree_open(dir, name);
	if (top < 0)
		return top;
	while (r == 0 && unlinkat(dir, name, AT_REMOVEDIR) < 0) {
		if (errno != ENOTEMPTY && errno != EEXIST)
			return -errno;
		r = empty_directory(top);
	}
	return r;
}
