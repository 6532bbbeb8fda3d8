/* SPDX-License-Identifier: MIT */
/* Where sbx-exec finds its profiles, and the trees of sbx-rootfs. */
#ifndef SBX_EXEC_PROFILES_H
#define SBX_EXEC_PROFILES_H

#include <limits.h>
#include "sbx.h"

/* What the machine's administrator allows at most. */
#define MAXIMA "/etc/sbx/limits.json"

#define N_PROFILE_DIRS 3

/* In the order of the search: the user's, the administrator's, and those that
 * were installed with this very program. */
struct profile_dirs {
	char paths[N_PROFILE_DIRS][PATH_MAX];
	const char *list[N_PROFILE_DIRS + 1]; /* NULL-terminated, for sbx.h */
	char own_trees[PATH_MAX];
	const char *trees[3]; /* the same */
};

void profile_dirs_init(struct profile_dirs *dirs);

struct buffer;

/* Appends the names of all profiles, each once, with a NUL behind it. */
void profiles_names(const struct profile_dirs *dirs, struct buffer *out);

/* Prints the names of all profiles, one a line, each once. 0 or -errno. */
int profiles_list(const struct profile_dirs *dirs);

/* Prints the file that NAME stands for. */
int profiles_show(const struct profile_dirs *dirs, const char *name,
                  struct sbx_error *err);

#endif
