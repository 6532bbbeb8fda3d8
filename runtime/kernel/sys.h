/* SPDX-License-Identifier: MIT */
/* System calls that libc has no wrapper for, as it would have them: -1 and
 * errno. */
#ifndef SBX_KERNEL_SYS_H
#define SBX_KERNEL_SYS_H

#include <errno.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static inline pid_t sys_clone3(const struct clone_args *args)
{
	return (pid_t)syscall(SYS_clone3, args, sizeof(*args));
}

static inline int sys_openat2(int dirfd, const char *path,
                              const struct open_how *how)
{
	return (int)syscall(SYS_openat2, dirfd, path, how, sizeof(*how));
}

static inline int sys_pivot_root(const char *new_root, const char *put_old)
{
	return (int)syscall(SYS_pivot_root, new_root, put_old);
}

static inline int sys_seccomp(unsigned operation, unsigned flags, void *args)
{
	return (int)syscall(SYS_seccomp, operation, flags, args);
}

/* waitid(2) has a fifth parameter that libc hides: what the child and the
 * children it waited for have used. Goes on after a signal. */
static inline int sys_waitid(int pidfd, siginfo_t *info, int options,
                             struct rusage *usage)
{
	int r;

	do
		r = (int)syscall(SYS_waitid, P_PIDFD, pidfd, info, options,
		                 usage);
	while (r < 0 && errno == EINTR);
	return r;
}

/* glibc's setgroups() changes every thread of the process; this one only the
 * caller's. */
static inline int sys_setgroups(size_t n, const gid_t *groups)
{
	return (int)syscall(SYS_setgroups, n, groups);
}

#endif
