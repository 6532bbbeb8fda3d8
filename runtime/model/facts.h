/* SPDX-License-Identifier: MIT */
/* What the host is like, as far as a plan depends on it. Plain data, so that
 * plans can be made and compared from frozen facts. */
#ifndef SBX_MODEL_FACTS_H
#define SBX_MODEL_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include "kernel/cgroup.h"
#include "kernel/idmap.h"
#include "kernel/pmu.h"

/* A top directory of the host that programs need, and what it is there. */
enum root_kind { ROOT_ABSENT, ROOT_DIRECTORY, ROOT_LINK };
struct root_entry {
	enum root_kind kind;
	const char *link; /* ROOT_LINK: "usr/bin" */
};
#define N_HOST_ENTRIES 7
#define N_ROOT_ENTRIES 12 /* the rest are looked for in other trees only */
extern const char *const root_entries[N_ROOT_ENTRIES]; /* "usr", "bin", ... */

/* Files of /proc that tell or do too much, where the kernel has them. */
struct proc_mask {
	const char *name; /* "kcore" */
	bool directory;
};
#define N_PROC_MASKS 24
extern const struct proc_mask proc_masks[N_PROC_MASKS];

/* Something in the /etc of a tree. */
struct etc_entry {
	const char *name;
	int kind;         /* enum probe_kind */
	const char *link; /* PROBE_LINK */
};

/* What a bind names, with no symbolic link in it. */
struct bind_source {
	const char *path;
	bool directory;
};

/* A file that goes into a run. */
struct input_file {
	uint64_t size;
	bool executable;
};

struct facts {
	bool privileged;       /* the caller may map ids that are not its own */
	struct id_range range; /* privileged: to choose from */
	uid_t uid;             /* else: the caller's */
	gid_t gid;
	unsigned n_cpus; /* that the caller may use */
	struct cgroup_parent cgroup;
	const char *no_cgroup; /* why cgroup is none */
	struct pmu pmu;        /* where instructions are limited: what counts */
	const char *no_pmu;    /* and why nothing can, with what mends it */
	rlim_t hard[RLIM_NLIMITS];
	struct root_entry root[N_ROOT_ENTRIES];
	bool masks[N_PROC_MASKS];
	const char *tree; /* where the root tree is; NULL: it is the host's */
	const struct etc_entry *etc; /* of it, to the one without a name */
	const char *const *layers;   /* where each of the spec's packages is */
	bool ld_cache;               /* /etc/ld.so.cache is there */
	bool alternatives;           /* /etc/alternatives is */
	const char *zone;            /* what /etc/localtime names, or NULL */

	const struct bind_source *binds; /* one for each bind of the spec */
	const struct input_file *inputs; /* one for each input of the spec */
	const char *executable;          /* argv[0] as a path inside */
	const void *code;                /* the program to place, or NULL */
	size_t code_len;
	const char *code_name; /* its name in the workspace */
};

#endif
