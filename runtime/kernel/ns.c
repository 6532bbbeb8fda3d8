/* SPDX-License-Identifier: MIT */
#include "kernel/ns.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "base/error.h"
#include "kernel/sys.h"

const struct ns namespaces[] = {
	{"user", CLONE_NEWUSER, false},     {"pid", CLONE_NEWPID, false},
	{"net", CLONE_NEWNET, true},        {"ipc", CLONE_NEWIPC, false},
	{"uts", CLONE_NEWUTS, false},       {"mnt", CLONE_NEWNS, false},
	{"cgroup", CLONE_NEWCGROUP, false},
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
		if (!namespaces[i].apart)
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

#define VISIT_STACK (16 * 1024)

int ns_visit(int (*child)(void *argument), void *argument)
{
	_Alignas(16) char stack[VISIT_STACK];
	sigset_t all, before;
	pid_t visitor;
	int code;

	sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, &before);
	/* No signal at its end: the caller's SIGCHLD is not ours. */
	visitor = clone(child, stack + sizeof(stack),
	                CLONE_VM | CLONE_VFORK | CLONE_FILES, argument);
	code = errno;
	while (visitor > 0 && waitpid(visitor, NULL, __WALL) < 0 &&
	       errno == EINTR)
		;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return visitor < 0 ? -code : 0;
}

struct network {
	int userns;
	int fd, code; /* the result */
};

static int network_main(void *argument)
{
	struct network *network = argument;

	if (setns(network->userns, CLONE_NEWUSER) == 0 &&
	    unshare(CLONE_NEWNET) == 0)
		network->fd =
			open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	network->code = errno;
	_exit(0);
}

int ns_network(int userns, struct sbx_error *err)
{
	struct network network = {.userns = userns, .fd = -1, .code = ECHILD};
	int r = ns_visit(network_main, &network);

	if (r == 0 && network.fd >= 0)
		return network.fd;
	return clone_error(r < 0 ? -r : network.code, -1, err);
}

pid_t ns_spawn(int (*child)(void *argument), void *argument, void *stack,
               size_t size)
{
	return clone(child, (char *)stack + size,
	             CLONE_VM | CLONE_VFORK | SIGCHLD, argument);
}
