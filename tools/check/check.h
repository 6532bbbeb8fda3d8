/* SPDX-License-Identifier: MIT */
/*
 * What the files of sbx-check share.
 *
 *   probe     one row of THE table (probes.c): what is tried, what it means for
 *             a run when it fails
 *   trial     one probe being tried, in a child of its own with a time limit
 *   finding   what came out of it
 *   remedy    what to do about it, for this distribution (remedy.c)
 */
#ifndef SBX_CHECK_H
#define SBX_CHECK_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/def.h"
#include "sbx.h"

#define PROGRAM "sbx-check"

enum verdict { VERDICT_PASS, VERDICT_DEGRADED, VERDICT_FAIL };

enum distribution { DISTRIBUTION_ANY, DEBIAN, UBUNTU, FEDORA, N_DISTRIBUTIONS };

enum container { CONTAINER_NONE, DOCKER, PODMAN, CONTAINER_OTHER };

/* What the host says about itself; looked up once, before any trial. */
struct host {
	enum distribution distribution;
	enum container container;
	char name[96]; /* "Debian GNU/Linux 12 (bookworm)" */
	char release[96], machine[32];
	unsigned major, minor;
	bool privileged; /* root */
	bool filtered;   /* a system call filter is on this process */
	bool systemd;    /* it is pid 1 */
	/* Sysctls; -1: there is none. */
	long userns_clone;       /* kernel.unprivileged_userns_clone */
	long apparmor_restrict;  /* ...apparmor_restrict_unprivileged_userns */
	char label[96];          /* of the LSM on this process, or "" */
	char profiles[PATH_MAX]; /* the directory of what was installed */
};

/* What to do; the texts are in remedy.c. */
enum remedy {
	REMEDY_NONE, /* not known here: the cause decides */
	REMEDY_AS_NEEDED,
	REMEDY_KERNEL,
	REMEDY_CONFIG,
	REMEDY_MAX_NAMESPACES,
	REMEDY_USERNS_CLONE,
	REMEDY_APPARMOR,
	REMEDY_SECCOMP,
	REMEDY_LISTENER,
	REMEDY_CHROOT,
	REMEDY_PROCESSES,
	REMEDY_LABEL,
	REMEDY_IDS,
	REMEDY_PROC_MASK,
	REMEDY_PROC_NONE,
	REMEDY_CGROUP2,
	REMEDY_DELEGATE,
	REMEDY_DELEGATE_BY_HAND,
	REMEDY_CONTROLLER,
	REMEDY_LANDLOCK,
	REMEDY_PMU,
	REMEDY_PARANOID,
	REMEDY_INSTALL,
	REMEDY_PACKAGE,
	REMEDY_TREE,
	REMEDY_UNKNOWN,
	N_REMEDIES
};

/* Of fixed size: it comes from the trial's child in one write. */
struct finding {
	enum verdict verdict;
	int code; /* the errno of what failed, or 0 */
	enum remedy remedy;
	char argument[128]; /* what the remedy names: a package, a sysctl */
	char detail[384];   /* one line */
};

struct probe {
	const char *name, *layer;
	/* Run in a process of its own. 0: it works; else -errno. Without an
	 * attempt, work is run inside (inside.h). */
	int (*attempt)(const struct probe *probe, const struct host *host,
	               struct finding *found);
	int (*work)(const struct probe *probe, struct finding *found);
	enum verdict worst; /* when it does not work */
	bool by_name;       /* nothing that sbx has needs it: when named only */
	/* The probes, by name or by layer, and before it in the table, without
	 * which it cannot be tried. */
	const char *needs[3];
	const char *meaning;   /* for a run, when it does not work */
	const char *config;    /* the kernel's option, or NULL */
	const char *subject;   /* which namespace, limit, profile */
	enum remedy otherwise; /* where the errno and the host tell none */
};

extern const struct probe probes[];
extern const size_t n_probes;

struct result {
	const struct probe *probe;
	struct finding finding;
};

/* ---- host.c ---- */
void host_look(struct host *host);

/* ---- finding.c: each fills the finding and returns what an attempt does ----
 */

/* It works; the detail says what was seen. Returns 0. */
int found_good(struct finding *found, const char *format, ...)
	PRINTF_LIKE(2, 3);

/* It failed: the text and the errno's own words. Returns -code. */
int found_errno(struct finding *found, int code, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* It failed, and the text says it all; code may be 0. Returns -EPROTO or
 * -code. */
int found_wrong(struct finding *found, int code, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* It failed in the library, which says why. Returns -err->code. */
int found_error(struct finding *found, const struct sbx_error *err);

/* The remedy is known here; argument is what it names, or NULL. */
void found_remedy(struct finding *found, enum remedy remedy,
                  const char *argument);

/* ---- trial.c ---- */

/* For a trial: a child that waits to be killed, and ends with the trial, at
 * whatever moment that dies. Returns its pid, or -1 with errno. */
struct clone_args;
pid_t trial_park(struct clone_args *args);

/* Tries the probe in a child, for at most seconds. What is left of it is
 * killed. Always fills the finding; its remedy is never REMEDY_NONE then
 * unless it passes. */
void trial_run(const struct probe *probe, const struct host *host,
               struct finding *found);
#define TRIAL_SECONDS 30

/* ---- remedy.c ---- */

/* The cause of a failure as far as the host's own words tell it. */
enum remedy remedy_for(const struct host *host, int code);

/* The text for this distribution. text has size bytes. Returns text. */
char *remedy_text(const struct host *host, const struct finding *found,
                  char *text, size_t size);

/* ---- print.c ---- */
const char *verdict_name(enum verdict verdict); /* "pass" */
enum verdict verdict_of(const struct result *results, size_t n);
/* 0 or -errno. */
int print_text(const struct host *host, const struct result *results, size_t n);
int print_json(const struct host *host, const struct result *results, size_t n);

/* ---- inside.c ---- */

/* Runs the probe's work as the box's user, in new namespaces of every kind and
 * with all rights in them; they are made exactly as a run's are. Fills the
 * finding, as an attempt does. */
int inside_try(const struct probe *probe, const struct host *host,
               struct finding *found);

/* ---- profiles.c ---- */

/* Makes a probe for each profile that was installed with this program; at most
 * max. Their names are never freed. Returns how many. */
size_t profiles_find(const struct host *host, struct probe *found, size_t max);

/* ---- boxes.c ---- */
struct json;

/* What a real box runs: a spec that only lacks settings, and where it goes. */
struct box_order {
	const char *profile;
	const char *const *command; /* NULL-terminated; or NULL: code */
	const char *code;
	const char *settings[4][2]; /* path and value */
	struct arena *arena;        /* of the report */
};

/* Runs it to its end; where the profile builds first, the build. *report is its
 * report, in the order's arena. 0, 1 if it was the build, or -errno and the
 * finding says why no run was possible. */
int box_run(const struct box_order *order, const struct host *host,
            const struct json **report, struct finding *found);

/* ---- what is tried: kernel.c, above.c, filter.c, namespace.c, mounts.c,
 *      cgroup.c, limits.c, profiles.c ---- */
typedef int attempt(const struct probe *probe, const struct host *host,
                    struct finding *found);
typedef int work(const struct probe *probe, struct finding *found);
attempt try_kernel_version, try_clone3, try_no_new_privs, try_landlock;
attempt try_pmu, try_above, try_filter, try_notify, try_namespace, try_proc;
attempt try_cgroup2, try_cgroup, try_run, try_limit, try_profile;
work work_id_map, work_rights, work_loopback, work_capabilities;
work work_api, work_tmpfs, work_bind, work_device, work_proc, work_pts;
work work_seal, work_pivot_root, work_above;

/* Reads an audit log and says whether it is whole. Returns the exit status, or
 * -errno. */
int audit_check(const char *path);

#endif
