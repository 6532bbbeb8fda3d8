/* SPDX-License-Identifier: MIT */
/* What needs no namespace. */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>

#include "check.h"
#include "kernel/pmu.h"
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

static int counter_error(const struct host *host, int code,
                         struct finding *found)
{
	switch (code) {
	case EACCES:
	case EPERM:
		if (pmu_is_shut())
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

/* Cores of two kinds have a counter each, and one of them is in use. */
static int count_loop(const int *fds, unsigned n, struct finding *found)
{
	struct pmu_sample sample;
	int r = 0;

	for (unsigned i = 0; r == 0 && i < n; i++)
		r = pmu_start(fds[i]);
	for (volatile int i = 0; i < 1000000; i++)
		;
	if (r == 0)
		r = pmu_read(fds, n, &sample);
	if (r < 0)
		return found_errno(found, -r, "read a counter");
	if (sample.count >= 1000000)
		return found_good(found,
		                  "instructions of user mode are counted");
	found_remedy(found, REMEDY_PMU, NULL);
	return found_wrong(found, 0,
	                   "a million turns of a loop counted as %ju "
	                   "instructions",
	                   (uintmax_t)sample.count);
}

int try_pmu(const struct probe *probe, const struct host *host,
            struct finding *found)
{
	int fds[PMU_MAX] = {-1, -1, -1, -1}, r;
	struct pmu pmu;

	(void)probe;
	r = pmu_find(PMU_DEVICES, &pmu);
	for (unsigned i = 0; r >= 0 && i < pmu.n; i++)
		r = fds[i] = pmu_open(pmu.types[i]);
	/* Root would be let, and no program of a sandbox is root. */
	if (r >= 0 && pmu_is_shut())
		r = -EACCES;
	r = r < 0 ? counter_error(host, -r, found)
	          : count_loop(fds, pmu.n, found);
	for (unsigned i = 0; i < PMU_MAX; i++)
		cleanup_fd(&fds[i]);
	return r;
}
