/* SPDX-License-Identifier: MIT */
/*
 * cgroup v2: a leaf for every run, below a parent that was delegated.
 *
 *	PARENT                  delegated to the caller, and then empty
 *	  sbx-supervisor        the processes that were in it
 *	  sbx-run-ID            one run and nothing else; locked by its
 *	                        supervisor as long as that lives
 *	  sbx-run-ID            a zygote's, and a parent itself:
 *	    sbx-supervisor      the zygote
 *	    sbx-run-ID          one run from it
 *
 * The kernel enables no controller below a cgroup that has processes of its
 * own, so those move down first.
 */
#ifndef SBX_KERNEL_CGROUP_H
#define SBX_KERNEL_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "sbx.h"

#define CGROUP_ROOT "/sys/fs/cgroup"

enum controller {
	CONTROLLER_CPU,
	CONTROLLER_MEMORY,
	CONTROLLER_PIDS,
	N_CONTROLLERS
};
extern const char *const controller_names[N_CONTROLLERS];

struct cgroup_parent {
	const char *path;     /* absolute; NULL: there is none */
	uint32_t controllers; /* bits of enum controller: for its leaves */
	uint32_t missing;     /* of those, the ones not yet enabled */
	bool crowded;         /* has processes, which are to move down */
};

/*
 * The parent at path, or, with NULL, the one that was delegated to the caller:
 * the cgroup it is in, or the one above. Delegated is
 *	what is marked so, with the extended attribute user.delegate or
 *	trusted.delegate, which systemd sets;
 *	the root of a cgroup namespace;
 *	what belongs to an ordinary user, other than below a systemd of the
 *	user's own, where everything does.
 * It only looks. 0, or -errno and in err why there is none. The path is in the
 * arena.
 */
int cgroup_find(const char *path, struct arena *arena,
                struct cgroup_parent *parent, struct sbx_error *err);

/* The bits of the controllers named in text, as cgroup.controllers has them. */
uint32_t cgroup_controllers(const char *text);

/* Moves the parent's processes down and enables what is missing. Harmless
 * when another process does the same. 0 or -errno. */
int cgroup_prepare(const struct cgroup_parent *parent, struct sbx_error *err);

/* One run's cgroup. */
struct cgroup_leaf {
	int parent, fd; /* -1: none */
	char name[48];
	bool divided; /* there are others below it */
};
#define CGROUP_LEAF_NONE                \
	{                               \
		.parent = -1, .fd = -1, \
	}

/* Makes a leaf and locks it. 0 or -errno. */
int cgroup_leaf_make(const struct cgroup_parent *parent,
                     struct cgroup_leaf *leaf, struct sbx_error *err);

/* The number after key in lines of "KEY NUMBER", or with NULL the number that
 * text is. 0 where there is none. */
uint64_t cgroup_number(const char *text, const char *key);

/* Removes the leaf, killing what is in it, and closes it. One that cannot be
 * removed yet is left to a later sweep. */
void cgroup_leaf_remove(struct cgroup_leaf *leaf);

/* Removes the leaves whose supervisors have died. */
void cgroup_sweep(int parent);

#endif
