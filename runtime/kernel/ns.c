/* SPDX-License-Identifier: MIT */
#include "kernel/ns.h"

#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/pidfd.h>

#include "base/error.h"
#include "kernel/sys.h"

const struct ns namespaces[] = {
	{"user", CLONE_NEWUSER},     {"pid", CLONE_NEWPID},
	{"net", CLONE_NEWNET},       {"ipc", CLONE_NEWIPC},
	{"uts", CLONE_NEWUTS},       {"mnt", CLONE_NEWNS},
	{"cgroup", CLONE_NEWCGROUP},
};
const size_t n_namespaces = ARRAY_SIZE(namespaces);

static int clone_error(int code, int cgroup, struct sbx_error *err)
{
	if (cgroup >= 0 && (code == EACCES || code == EBUSY || code == ENODEV))
		return err_set(err, SBX_STAGE_CLONE, code,
		               "start a process in the cgroup; it and sbx have "
		               "to be below one that is delegated");
	switch (code) {
	case EPERM:
	case EACCES:
		return err_set(err, SBX_STAGE_CLONE, code,
		               "user namespaces are refused here; look at "
		               "kernel.apparmor_restrict_unprivileged_userns, "
		               "kernel.unprivileged_userns_clone, or the "
		               "container's seccomp profile");
	case ENOSPC:
	case EUSERS:
		return err_set(err, SBX_STAGE_CLONE, code,
		               "no more namespaces: raise "
		               "/proc/sys/user/max_*_namespaces");
	case ENOSYS:
		return err_set(err, SBX_STAGE_CLONE, code,
		               "clone3 is refused here: a container's seccomp "
		               "profile, or a kernel before 6.1");
	case EAGAIN:
		return err_set(err, SBX_STAGE_CLONE, code,
		               "no more processes: raise the limit on "
		               "processes (ulimit -u)");
	default:
		return err_set(err, SBX_STAGE_CLONE, code,
		               "clone into new namespaces");
	}
}

pid_t ns_clone(void (*child)(const void *argument), const void *argument,
               int cgroup, int *pidfd, struct sbx_error *err)
{
	struct clone_args args = {
		.flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
		.pidfd = (uintptr_t)pidfd,
	};
	CLEANUP_FREE gid_t *groups = NULL;
	sigset_t all, before;
	siginfo_t info;
	int n_groups = 0;
	pid_t pid = -1;
	int code;

	for (size_t i = 0; i < n_namespaces; i++)
		args.flags |= namespaces[i].flag;
	if (cgroup >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroup;
	}
	if (geteuid() == 0) {
		n_groups = getgroups(0, NULL);
		if (n_groups >= 0)
			groups = calloc((size_t)n_groups + 1, sizeof(*groups));
		n_groups = groups ? getgroups(n_groups, groups) : -1;
		if (n_groups < 0 || sys_setgroups(0, NULL) < 0)
			return err_set(err, SBX_STAGE_CLONE, errno,
			               "drop the supplementary groups");
	}
	/* A handler of the caller's must not run in the new process. */
	sigfillset(&all);
	code = pthread_sigmask(SIG_BLOCK, &all, &before);
	if (code == 0) {
		pid = sys_clone3(&args);
		if (pid == 0) {
			child(argument);
			_exit(125); /* unreachable */
		}
		code = errno;
		(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	}
	if (groups && sys_setgroups((size_t)n_groups, groups) < 0) {
		if (pid > 0) {
			(void)pidfd_send_signal(*pidfd, SIGKILL, NULL, 0);
			(void)sys_waitid(*pidfd, &info, WEXITED | __WALL, NULL);
		}
		return err_set(err, SBX_STAGE_CLONE, errno,
		               "take the supplementary groups back");
	}
	return pid > 0 ? pid : clone_error(code, cgroup, err);
}

pid_t ns_spawn(int (*child)(void *argument), void *argument, void *stack,
               size_t size)
{
	return clone(child, (char *)stack + size,
	             CLONE_VM | CLONE_VFORK | SIGCHLD, argument);
}
