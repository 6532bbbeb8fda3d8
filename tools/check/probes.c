/* SPDX-License-Identifier: MIT */
/* THE table: what is tried, in this order. A row comes after what it needs. */
#include "check.h"

#define NOTHING_RUNS "nothing can be run: sbx starts no program without this"

static const char userns_meaning[] =
	"nothing can be run by an ordinary user, and nothing by root: every "
	"sandbox begins with this";

static const char cgroup_meaning[] = "memory, CPU time and processes are held "
				     "by sbx-exec and rlimits, which is "
				     "weaker; --require cgroup and parts of a "
				     "processor in --cpus are refused";

#define NAMESPACE(kind, option)                                       \
	{                                                             \
		.name = "namespace-" kind, .layer = "namespaces",     \
		.attempt = try_namespace, .worst = VERDICT_FAIL,      \
		.needs = {"namespace-user"}, .meaning = NOTHING_RUNS, \
		.config = option, .subject = kind                     \
	}
#define MOUNT(what, does)                                      \
	{                                                      \
		.name = what, .layer = "mounts", .work = does, \
		.worst = VERDICT_FAIL, .needs = {"rights"},    \
		.meaning = NOTHING_RUNS                        \
	}
#define LIMIT(kind, means)                                                     \
	{                                                                      \
		.name = "limit-" kind, .layer = "limits",                      \
		.attempt = try_limit, .worst = VERDICT_FAIL, .needs = {"run"}, \
		.meaning = means, .subject = kind                              \
	}

#define CONTROLLER(kind, means)                                        \
	{                                                              \
		.name = "cgroup-" kind, .layer = "cgroup",             \
		.attempt = try_cgroup, .worst = VERDICT_DEGRADED,      \
		.needs = {"cgroup"}, .meaning = means, .subject = kind \
	}

const struct probe probes[] = {
	{.name = "kernel",
         .layer = "kernel",
         .attempt = try_kernel_version,
         .worst = VERDICT_FAIL,
         .meaning = "sbx is written for the system calls of Linux 6.1 and has "
                    "no other way"},
	{.name = "clone3",
         .layer = "kernel",
         .attempt = try_clone3,
         .worst = VERDICT_FAIL,
         .meaning = NOTHING_RUNS},
	{.name = "filter-above",
         .layer = "kernel",
         .attempt = try_above,
         .work = work_above,
         .worst = VERDICT_FAIL,
         .meaning = "nothing can be run while these calls are refused"},
	{.name = "namespace-user",
         .layer = "namespaces",
         .attempt = try_namespace,
         .worst = VERDICT_FAIL,
         .needs = {"clone3"},
         .meaning = userns_meaning,
         .config = "CONFIG_USER_NS",
         .otherwise = REMEDY_CHROOT,
         .subject = "user"},
	NAMESPACE("pid", "CONFIG_PID_NS"),
	NAMESPACE("net", "CONFIG_NET_NS"),
	NAMESPACE("ipc", "CONFIG_IPC_NS"),
	NAMESPACE("uts", "CONFIG_UTS_NS"),
	NAMESPACE("mnt", "CONFIG_NAMESPACES"),
	NAMESPACE("cgroup", "CONFIG_CGROUPS"),
	{.name = "id-map",
         .layer = "inside",
         .work = work_id_map,
         .worst = VERDICT_FAIL,
         .needs = {"namespaces"},
         .meaning = "nothing can be run: the program would have no user"},
	{.name = "rights",
         .layer = "inside",
         .work = work_rights,
         .worst = VERDICT_FAIL,
         .needs = {"id-map"},
         .meaning = "nothing can be run: the root tree cannot be built"},
	{.name = "loopback",
         .layer = "inside",
         .work = work_loopback,
         .worst = VERDICT_FAIL,
         .needs = {"rights"},
         .meaning = "only runs with --net none can be made"},
	MOUNT("mount-api", work_api),
	MOUNT("tmpfs", work_tmpfs),
	MOUNT("bind", work_bind),
	MOUNT("device", work_device),
	{.name = "proc",
         .layer = "mounts",
         .attempt = try_proc,
         .work = work_proc,
         .worst = VERDICT_FAIL,
         .needs = {"rights"},
         .meaning = "nothing can be run: a program needs a /proc of its own"},
	{.name = "devpts",
         .layer = "mounts",
         .work = work_pts,
         .worst = VERDICT_DEGRADED,
         .needs = {"rights"},
         .meaning = "profiles with terminals of their own cannot be run",
         .config = "CONFIG_UNIX98_PTYS"},
	MOUNT("seal", work_seal),
	MOUNT("pivot-root", work_pivot_root),
	{.name = "capabilities",
         .layer = "privileges",
         .work = work_capabilities,
         .worst = VERDICT_FAIL,
         .needs = {"rights"},
         .meaning = NOTHING_RUNS},
	{.name = "no-new-privs",
         .layer = "privileges",
         .attempt = try_no_new_privs,
         .worst = VERDICT_FAIL,
         .meaning = NOTHING_RUNS},
	{.name = "filter",
         .layer = "filter",
         .attempt = try_filter,
         .worst = VERDICT_FAIL,
         .meaning = NOTHING_RUNS,
         .config = "CONFIG_SECCOMP_FILTER"},
	{.name = "filter-listener",
         .layer = "filter",
         .attempt = try_notify,
         .worst = VERDICT_FAIL,
         .needs = {"filter"},
         .meaning = NOTHING_RUNS,
         .config = "CONFIG_SECCOMP_FILTER"},
	{.name = "landlock",
         .layer = "filter",
         .attempt = try_landlock,
         .worst = VERDICT_DEGRADED,
         .meaning = "sbx works without it, and sbx-exec is held by its filter "
                    "alone; a program that shuts itself in with Landlock "
                    "cannot do so",
         .config = "CONFIG_SECURITY_LANDLOCK"},
	{.name = "cgroup-v2",
         .layer = "cgroup",
         .attempt = try_cgroup2,
         .worst = VERDICT_DEGRADED,
         .meaning = cgroup_meaning},
	{.name = "cgroup",
         .layer = "cgroup",
         .attempt = try_cgroup,
         .worst = VERDICT_DEGRADED,
         .needs = {"cgroup-v2"},
         .meaning = cgroup_meaning},
	CONTROLLER("memory",
                   "memory is measured by sbx-exec, and may be above its "
                   "limit for a moment"),
	CONTROLLER("pids",
                   "processes are limited by an rlimit, and refused ones "
                   "are not counted"),
	CONTROLLER("cpu", "--cpus holds for whole processors only"),
	{.name = "run",
         .layer = "run",
         .attempt = try_run,
         .worst = VERDICT_FAIL,
         .needs = {"inside", "mounts", "filter-listener"},
         .meaning = "sbx-exec ends with exit status 125"},
	LIMIT("memory", "--memory does not hold: do not run what you do not "
                        "trust"),
	LIMIT("pids", "--pids does not hold: a fork bomb reaches the host"),
	LIMIT("cpu_time", "--cpu-time does not hold"),
	LIMIT("wall_time", "--wall-time does not hold"),
	LIMIT("disk", "--disk does not hold"),
	{.name = "pmu",
         .layer = "limits",
         .attempt = try_pmu,
         .worst = VERDICT_DEGRADED,
         .by_name = true,
         .meaning = "--fuel is refused, unless --allow-degraded fuel gives it "
                    "up",
         .config = "CONFIG_PERF_EVENTS"},
};
const size_t n_probes = ARRAY_SIZE(probes);
