/* SPDX-License-Identifier: MIT */
/* What needs no namespace. */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>

#include "check.h"
#include "kernel/sys.h"

#define KERNEL_MAJOR 6
#define KERNEL_MINOR 1

int try_kernel_version(const struct probe *probe, const struct host *host,
                       struct finding *found)
{
	(void)probe;
	if (host->major > KERNEL_MAJOR ||
	    (host->major == KERNEL_MAJOR && host->minor >= KERNEL_MINOR))
		return found_good(found, "Linux %s", host->release);
	found_remedy(found, REMEDY_KERNEL, NULL);
	return found_wrong(found, ENOSYS,
	                   "Linux %s is older than %d.%d, the first that sbx "
	                   "works on",
	                   host->release, KERNEL_MAJOR, KERNEL_MINOR);
}

int try_clone3(const struct probe *probe, const struct host *host,
               struct finding *found)
{
	CLEANUP_FD int pidfd = -1;
	struct clone_args args = {
		.flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
		.pidfd = (uintptr_t)&pidfd,
	};
	siginfo_t info = {0};
	pid_t pid;

	(void)probe;
	(void)host;
	pid = trial_park(&args);
	if (pid < 0)
		return found_errno(found, errno, "clone3");
	if (pidfd_send_signal(pidfd, SIGKILL, NULL, 0) < 0)
		return found_errno(found, errno, "pidfd_send_signal");
	if (sys_waitid(pidfd, &info, WEXITED | __WALL, NULL) < 0)
		return found_errno(found, errno, "waitid on a pidfd");
	if (info.si_status != SIGKILL)
		return found_wrong(found, 0,
		                   "a process that was killed by its pidfd "
		                   "ended with %d",
		                   info.si_status);
	return found_good(found, "made, killed and waited for by its pidfd");
}

int try_no_new_privs(const struct probe *probe, const struct host *host,
                     struct finding *found)
{
	(void)probe;
	(void)host;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return found_errno(found, errno, "PR_SET_NO_NEW_PRIVS");
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return found_wrong(found, 0, "set, and not there");
	return found_good(found, "set");
}

/* A process shuts itself out of reading directories. */
int try_landlock(const struct probe *probe, const struct host *host,
                 struct finding *found)
{
	const struct landlock_ruleset_attr attr = {
		.handled_access_fs = LANDLOCK_ACCESS_FS_READ_DIR,
	};
	CLEANUP_FD int rules = -1, root = -1;
	long abi;

	(void)probe;
	(void)host;
	abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	              LANDLOCK_CREATE_RULESET_VERSION);
	if (abi < 0 && (errno == ENOSYS || errno == EOPNOTSUPP))
		found_remedy(found, REMEDY_LANDLOCK, NULL);
	if (abi < 0)
		return found_errno(found, errno, "landlock_create_ruleset");
	rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr),
	                     0);
	if (rules < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_landlock_restrict_self, rules, 0) < 0)
		return found_errno(found, errno, "Landlock, ABI %ld", abi);
	root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root >= 0 || errno != EACCES)
		return found_wrong(found, 0,
		                   "ABI %ld; what it should refuse is allowed",
		                   abi);
	return found_good(found, "ABI %ld", abi);
}

static int open_counter(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_HW_INSTRUCTIONS,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};

	return (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1,
	                    PERF_FLAG_FD_CLOEXEC);
}

static int counter_error(const struct host *host, int code,
                         struct finding *found)
{
	switch (code) {
	case EACCES:
	case EPERM:
		if (!host->privileged && host->perf_paranoid > 2)
			found_remedy(found, REMEDY_PARANOID, NULL);
		break;
	case ENOENT:
	case ENODEV:
	case EOPNOTSUPP:
		found_remedy(found, REMEDY_PMU, NULL);
		return found_wrong(found, code,
		                   "this processor has no counter of "
		                   "instructions that the kernel can use");
	case ENOSYS:
		if (!host->filtered)
			found_remedy(found, REMEDY_CONFIG, NULL);
		break;
	default:
		break;
	}
	return found_errno(found, code, "perf_event_open");
}

int try_pmu(const struct probe *probe, const struct host *host,
            struct finding *found)
{
	CLEANUP_FD int fd = open_counter();
	uint64_t before = 0, after = 0;

	(void)probe;
	if (fd < 0)
		return counter_error(host, errno, found);
	if (read(fd, &before, sizeof(before)) != sizeof(before))
		return found_errno(found, errno, "read a counter");
	for (volatile int i = 0; i < 1000000; i++)
		;
	if (read(fd, &after, sizeof(after)) != sizeof(after))
		return found_errno(found, errno, "read a counter");
	if (after - before < 1000000) {
		found_remedy(found, REMEDY_PMU, NULL);
		return found_wrong(found, 0,
		                   "a million turns of a loop counted as %ju "
		                   "instructions",
		                   (uintmax_t)(after - before));
	}
	return found_good(found, "instructions of user mode are counted");
}
