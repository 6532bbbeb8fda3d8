/* SPDX-License-Identifier: MIT */
/*
 * sbx-exec with a layer taken out, to prove that an attack is real and that
 * this layer is what stops it: BUILD/test/sbx-weak. It is the program itself,
 * linked with --wrap, so that the calls below come here first; it is never
 * installed. The name it is called by says what is taken out: words of `parts`
 * with a + between them.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/def.h"
#include "base/file.h"
#include "kernel/caps.h"
#include "kernel/idmap.h"
#include "kernel/landlock.h"
#include "kernel/pmu.h"
#include "model/plan.h"

/* The real ones, and those that stand in for them. */
#define WRAP(type, name, ...)            \
	type __real_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__)

WRAP(int, sbx_plan_make, const struct sbx_spec *spec, struct sbx_plan **plan,
     struct sbx_error *err);
WRAP(int, caps_drop, const struct caps *none);
WRAP(int, idmap_write, pid_t pid, uid_t uid, gid_t gid, struct sbx_error *err);
WRAP(int, prctl, int option, unsigned long a, unsigned long b, unsigned long c,
     unsigned long d);
WRAP(int, close_range, unsigned first, unsigned last, int flags);
WRAP(pid_t, setsid, void);
WRAP(int, landlock_restrict, const struct landlock_place *places,
     size_t n_places);
WRAP(int, sbx_box_confine, struct sbx_box *box,
     const struct sbx_session *session, int dir, struct sbx_error *err);
WRAP(int, sbx_confine_maker, struct sbx_error *err);
WRAP(int, pmu_open, uint32_t type);

enum part {
	FILTER,      /* every system call is allowed */
	CAPS,        /* capabilities of the box's user namespace are kept */
	PRIVILEGES,  /* no no_new_privs */
	DEATHSIG,    /* pid 1 gets no signal when its caller dies */
	DUMPABLE,    /* pid 1 is open to those inside */
	IDS,         /* host root stands behind the box, where it may */
	DESCRIPTORS, /* nothing is closed */
	SESSION,     /* the caller's session is kept */
	SEAL,        /* what is read-only is not */
	MASKS,       /* nothing of /proc is covered */
	SYSCTLS,     /* no limits of the box's user namespace */
	RLIMITS,     /* no resource limits */
	DISK,        /* no size, no inodes */
	CONFINEMENT, /* sbx-exec itself keeps what it has */
	LANDLOCK,    /* the kernel has none */
	PMU,         /* nanoseconds of CPU time count, not instructions */
	N_PARTS
};

static const char *const parts[N_PARTS] = {
	[FILTER] = "filter",
	[CAPS] = "caps",
	[PRIVILEGES] = "privileges",
	[DEATHSIG] = "deathsig",
	[DUMPABLE] = "dumpable",
	[IDS] = "ids",
	[DESCRIPTORS] = "descriptors",
	[SESSION] = "session",
	[SEAL] = "seal",
	[MASKS] = "masks",
	[SYSCTLS] = "sysctls",
	[RLIMITS] = "rlimits",
	[DISK] = "disk",
	[CONFINEMENT] = "confinement",
	[LANDLOCK] = "landlock",
	[PMU] = "pmu",
};

static bool out[N_PARTS];

/* Before main: a name that is none of ours proves nothing, so it ends. */
__attribute__((constructor)) static void choose(int argc, char **argv)
{
	char names[256], *rest = names, *name;

	(void)argc;
	(void)snprintf(names, sizeof(names), "%s", argv[0]);
	while ((name = strsep(&rest, "+"))) {
		size_t i = 0;

		while (i < N_PARTS && strcmp(parts[i], name) != 0)
			i++;
		if (i == N_PARTS)
			_exit(98);
		out[i] = true;
	}
}

static void drop_steps(struct sbx_plan *plan, enum step_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->n_steps; i++)
		if (plan->steps[i].kind != kind)
			plan->steps[n++] = plan->steps[i];
	plan->n_steps = n;
}

static void raise_rlimits(struct sbx_plan *plan)
{
	struct rlimit own;

	for (size_t i = 0; i < N_PLAN_RLIMITS; i++) {
		struct plan_rlimit *row = &plan->rlimits[i];

		if (getrlimit((__rlimit_resource_t)row->resource, &own) == 0)
			row->value = own.rlim_max;
	}
}

static void weaken(struct sbx_plan *plan)
{
	static const struct sock_filter all =
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);

	if (out[FILTER]) {
		plan->filter[0] = all;
		plan->n_filter = 1;
	}
	if (out[SEAL]) {
		drop_steps(plan, STEP_SEAL);
		for (size_t i = 0; i < plan->n_steps; i++)
			plan->steps[i].writable = true;
	}
	if (out[MASKS])
		drop_steps(plan, STEP_MASK);
	if (out[SYSCTLS])
		drop_steps(plan, STEP_SYSCTL);
	if (out[RLIMITS])
		raise_rlimits(plan);
	if (out[DISK])
		plan->tmpfs_bytes = plan->tmpfs_inodes = 0;
}

int __wrap_sbx_plan_make(const struct sbx_spec *spec, struct sbx_plan **plan,
                         struct sbx_error *err)
{
	int r = __real_sbx_plan_make(spec, plan, err);

	if (r == 0)
		weaken(*plan);
	return r;
}

/* All that pid 1 has, through the exec of a program that has no such bits. */
static int keep_caps(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[2];

	if (syscall(SYS_capget, &header, sets) < 0)
		return -errno;
	for (int i = 0; i < 2; i++)
		sets[i].inheritable = sets[i].permitted;
	if (syscall(SYS_capset, &header, sets) < 0)
		return -errno;
	for (int cap = 0; cap <= CAP_LAST_CAP; cap++)
		(void)__real_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE,
		                   (unsigned long)cap, 0, 0);
	return 0;
}

int __wrap_caps_drop(const struct caps *none)
{
	return out[CAPS] ? keep_caps() : __real_caps_drop(none);
}

int __wrap_idmap_write(pid_t pid, uid_t uid, gid_t gid, struct sbx_error *err)
{
	static const char *const maps[] = {"uid_map", "gid_map"};
	char path[64];

	if (!out[IDS] || geteuid() != 0)
		return __real_idmap_write(pid, uid, gid, err);
	for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
		(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid,
		               maps[i]);
		if (file_put(AT_FDCWD, path, "1000 0 1") < 0)
			return -EIO;
	}
	return 0;
}

int __wrap_prctl(int option, unsigned long a, unsigned long b, unsigned long c,
                 unsigned long d)
{
	if ((option == PR_SET_NO_NEW_PRIVS && out[PRIVILEGES]) ||
	    (option == PR_SET_PDEATHSIG && out[DEATHSIG]))
		return 0;
	/* A change of ids has closed it, too. */
	if (option == PR_SET_DUMPABLE && out[DUMPABLE])
		a = 1;
	return __real_prctl(option, a, b, c, d);
}

int __wrap_close_range(unsigned first, unsigned last, int flags)
{
	return out[DESCRIPTORS] ? 0 : __real_close_range(first, last, flags);
}

pid_t __wrap_setsid(void)
{
	return out[SESSION] ? 1 : __real_setsid();
}

/* It needs no_new_privs itself. */
int __wrap_sbx_box_confine(struct sbx_box *box,
                           const struct sbx_session *session, int dir,
                           struct sbx_error *err)
{
	return out[CONFINEMENT] || out[PRIVILEGES]
	               ? 0
	               : __real_sbx_box_confine(box, session, dir, err);
}

int __wrap_sbx_confine_maker(struct sbx_error *err)
{
	return out[CONFINEMENT] || out[PRIVILEGES]
	               ? 0
	               : __real_sbx_confine_maker(err);
}

int __wrap_landlock_restrict(const struct landlock_place *places,
                             size_t n_places)
{
	return out[LANDLOCK] ? -EOPNOTSUPP
	                     : __real_landlock_restrict(places, n_places);
}

/* Of software, and so on every host: the same event in all but what it counts.
 */
int __wrap_pmu_open(uint32_t type)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_TASK_CLOCK,
		.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED |
	                       PERF_FORMAT_TOTAL_TIME_RUNNING,
		.disabled = 1,
		.inherit = 1,
		.exclude_kernel = 1,
		.exclude_hv = 1,
		.enable_on_exec = 1,
	};
	int fd;

	if (!out[PMU])
		return __real_pmu_open(type);
	fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1,
	                  PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}
