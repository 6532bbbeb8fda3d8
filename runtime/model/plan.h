/* SPDX-License-Identifier: MIT */
/*
 * What will be done, in order. A plan is plain data: made once by plan_build(),
 * printed by sbx_plan_print(), carried out by box/, changed by nobody.
 */
#ifndef SBX_MODEL_PLAN_H
#define SBX_MODEL_PLAN_H

#include <linux/filter.h>
#include <sys/types.h>

#include "base/arena.h"
#include "kernel/filter.h"
#include "model/facts.h"
#include "model/spec.h"

/* Steps that pid 1 takes to build the root tree, from the first to the last.
 * What needs the host's tree (bind, device, proc) is opened before the box's
 * own root is entered, and attached in its turn. */
enum step_kind {
	STEP_DIRECTORY, /* make path */
	STEP_FILE,      /* make path with data */
	STEP_COPY,      /* make path with the first len bytes of source */
	STEP_LINK,      /* make path a symbolic link to source */
	STEP_BIND,      /* attach the host's source on path */
	STEP_DEVICE,    /* the same for one device node */
	STEP_PROC,      /* attach a new proc on path */
	STEP_PTS,       /* attach a new devpts on path */
	STEP_NETWORK,   /* be in the network namespace from here on */
	STEP_SYSCTL,    /* write data to path */
	STEP_LAYERS,    /* attach the host's source, the layers of a session */
	STEP_OVERLAY,   /* mount its layers (source: names) on path */
	STEP_SCRATCH,   /* make the directory path writable */
	STEP_MASK,      /* cover path with source, an empty file or directory */
	STEP_SEAL,      /* make the mount at path read-only */
	N_STEPS
};

struct step {
	enum step_kind kind;
	const char *path;
	const char *source;
	const void *data; /* STEP_FILE, STEP_SYSCTL (text) */
	size_t len;       /* STEP_COPY, too */
	mode_t mode;      /* STEP_DIRECTORY, STEP_FILE */
	bool writable;    /* STEP_BIND */
	bool replace; /* what is made may be there already, from a session */
	bool handed;  /* what it takes comes from the caller, with the ids */
	dev_t device; /* STEP_DEVICE; STEP_BIND with an inode */
	ino_t inode;  /* STEP_BIND: what source has to be; 0: anything */
};

#define PLAN_MAX_STEPS 1024

/* Where a zygote has what it forks with. */
#define ZYGOTE_PLACE  "/zygote"
#define ZYGOTE_MODULE ZYGOTE_PLACE "/module.so"
#define ZYGOTE_PLAN   ZYGOTE_PLACE "/plan"

/* Where package layers are, each below its name. */
#define PACKAGES_PLACE "/packages"

struct run;

enum enforcer {
	ENFORCED_NOT, /* the limit is off */
	ENFORCED_CGROUP,
	ENFORCED_RLIMIT,
	ENFORCED_TMPFS,
	ENFORCED_AFFINITY,
	ENFORCED_SUPERVISOR,
	ENFORCED_PMU, /* which counts; the supervisor looks */
	N_ENFORCERS
};
const char *enforcer_name(enum enforcer enforcer);

struct plan_limit {
	uint64_t value; /* LIMIT_OFF: none */
	enum enforcer enforced_by;
};

struct plan_rlimit {
	int resource;
	const char *name; /* "RLIMIT_NPROC" */
	rlim_t value;     /* soft and hard */
};
#define N_PLAN_RLIMITS 16

/* A file of the run's cgroup, and what to write there. */
struct plan_setting {
	const char *file; /* "memory.max" */
	char text[32];
};
#define N_PLAN_SETTINGS 5

struct sbx_plan {
	struct arena arena; /* owns everything below */
	uint64_t made_ns;   /* clock_ns() when it was asked for */

	/* Of a box that is made ahead: its program is an agent that waits to
	 * be told what to run, and loads these modules meanwhile; or it has
	 * none, and the program is started when there is a run. */
	bool waits, has_agent;
	bool zygote; /* it is not for a run, but forks boxes that are */
	struct strings preload; /* of a run: those that it may find there */

	/* What it is, for the report. */
	const char *id;      /* of a run that is given none of its own */
	const char *profile; /* or NULL */
	const char *rootfs;
	struct strings seccomp;
	char code_sha256[65]; /* "" without code */
	enum role role;
	bool unchecked; /* it may not be run before it is checked */
	bool is_built;  /* a build made what it runs: first, or kept */
	const struct sbx_plan *first_plan; /* both borrowed: of the part that */
	const struct run *first_run;       /* went before; NULL: none did */
	bool has_binds; /* of the host's, beside the root tree */

	/* Ids: one of the range, or the caller's own. */
	bool privileged;
	struct id_range range;
	uid_t uid;
	gid_t gid;

	/* The cgroup. */
	struct cgroup_parent cgroup; /* for the run's own; path NULL: none */
	struct plan_setting settings[N_PLAN_SETTINGS];
	size_t n_settings;

	/* The root tree. */
	struct step *steps;
	size_t n_steps, max_steps;
	size_t late_at, n_late; /* of them, what goes into the workspace */
	uint64_t tmpfs_bytes;   /* 0: no bound */
	uint64_t tmpfs_inodes;
	uint64_t base_bytes; /* of them, what the steps themselves take */
	uint64_t base_inodes;
	const char *hostname;
	enum network_mode network;

	/* Limits. */
	struct plan_limit limits[N_LIMITS];
	enum output_action output_action;
	struct plan_rlimit rlimits[N_PLAN_RLIMITS];
	unsigned n_cpus; /* to bind the program to; 0: as the caller */
	struct pmu pmu;  /* counters that it starts with; mostly none */

	/* The program. */
	const char *executable;
	char **argv;
	size_t file_at; /* in argv: the program's file; 0: there is none */
	char **envp;
	const char *workdir;
	struct strings collect; /* patterns of files to bring out */
	const char *session;    /* or NULL */
	const char *layers;     /* its directory of layers, on the host */
	const char *stdin_path; /* of the host; NULL: see below */
	const void *stdin_text; /* NULL: the caller's standard input */
	size_t stdin_len;
	struct sock_filter filter[FILTER_MAX];
	size_t n_filter;
};

/* A copy of the texts, in the plan's arena (plan.c). */
int plan_strings(struct sbx_plan *plan, const struct strings *from,
                 struct strings *to, struct sbx_error *err);

/* The program's argument vector, of which argv[0] is still to be found. It
 * fails as plan_build() would. */
int plan_arguments(const struct sbx_spec *spec, const char *code_name,
                   struct arena *arena, char ***argv, struct sbx_error *err);

/* Whether a box that was made for one plan is also what the other asks for.
 * What may differ is what a box is told when its run starts: the files in the
 * workspace, the arguments, more variables of the environment, standard input,
 * and the limits that the supervisor alone enforces (plan_same.c). */
bool plan_same_box(const struct sbx_plan *box, const struct sbx_plan *run);

/* Pure: spec and facts in, plan out. facts->executable is set. */
int plan_build(const struct sbx_spec *spec, const struct facts *facts,
               struct sbx_plan **plan, struct sbx_error *err);

/* Appends the steps of the root tree (plan_root.c). 0 or -errno. */
int plan_root(struct sbx_plan *plan, const struct sbx_spec *spec,
              const struct facts *facts, struct sbx_error *err);

/* Appends the steps that place the program's text and its inputs in the
 * workspace (plan_inputs.c). They count against the disk limit. */
int plan_inputs(struct sbx_plan *plan, const struct sbx_spec *spec,
                const struct facts *facts, struct sbx_error *err);

/* Settles whether there is a cgroup, and takes over the limits that it
 * enforces (plan_cgroup.c). */
int plan_cgroup(struct sbx_plan *plan, const struct sbx_spec *spec,
                const struct facts *facts, struct sbx_error *err);

/* Appends the steps that open a session's state (plan_session.c). */
int plan_session(struct sbx_plan *plan, const struct sbx_spec *spec,
                 struct sbx_error *err);

/* Sets the bounds of the tmpfs, given the steps so far (plan_session.c). */
int plan_budget(struct sbx_plan *plan, const struct sbx_spec *spec,
                struct sbx_error *err);

/* Where the parts of a session are. No program gets in: pid 1 does. */
#define SESSION_LAYERS SESSION_PLACE "/layers"
#define SESSION_RUN    SESSION_PLACE "/run"
#define SESSION_UPPER  SESSION_RUN "/upper"
#define SESSION_WORK   SESSION_RUN "/work"

/* Holds the program's text to what of its check is no program's work, and
 * settles whether it may be run (plan_check.c). */
int plan_check(struct sbx_plan *plan, const struct sbx_spec *spec,
               const struct facts *facts, struct sbx_error *err);

/* Settles the limits and who enforces each (plan_limits.c). */
int plan_limits(struct sbx_plan *plan, const struct sbx_spec *spec,
                const struct facts *facts, struct sbx_error *err);

/* The environment: with what stands for limits filled in, and where packages
 * are (plan_env.c). */
int plan_environment(const struct sbx_spec *spec, const struct facts *facts,
                     struct arena *arena, char ***envp, struct sbx_error *err);

/* Whether a variable is in it, with this value: "NAME=VALUE". */
bool env_has(char *const *envp, const char *variable);

#endif
