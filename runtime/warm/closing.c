/* SPDX-License-Identifier: MIT */
/*
 * To close a file of FUSE is to ask its server, a process of whoever mounted
 * it, and nothing ends the wait for the answer. So a child does it that shares
 * our table of descriptors: it is the child that waits, if need be for ever,
 * while the number is free at once.
 */
#include "warm/closing.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/def.h"
#include "kernel/sys.h"

#define ROOM      8 /* for those of one request */
#define XFS_MAGIC 0x58465342

static bool has_ended(const struct closing_place *place)
{
	siginfo_t info = {0};

	return sys_waitid(place->pidfd, &info, WEXITED | WNOHANG | __WALL,
	                  NULL) < 0 ||
	       info.si_pid != 0;
}

void closing_tidy(struct closing *closing)
{
	for (size_t i = 0; i < MAX_CLOSING; i++)
		if (closing->places[i].pidfd &&
		    has_ended(&closing->places[i])) {
			(void)close(closing->places[i].pidfd);
			closing->places[i].pidfd = 0;
		}
}

bool closing_is_busy(struct closing *closing, uid_t uid)
{
	size_t n = 0;
	bool own = false;

	closing_tidy(closing);
	for (size_t i = 0; i < MAX_CLOSING; i++) {
		n += closing->places[i].pidfd != 0;
		own |= closing->places[i].pidfd &&
		       closing->places[i].uid == uid;
	}
	return own || n + ROOM > MAX_CLOSING;
}

static struct closing_place *find_place(struct closing *closing)
{
	for (size_t i = 0; i < MAX_CLOSING; i++)
		if (closing->places[i].pidfd == 0)
			return &closing->places[i];
	return NULL;
}

void closing_begin(struct closing *closing, uid_t uid, int fd)
{
	struct closing_place *place = find_place(closing);
	int pidfd = 0;
	const struct clone_args args = {
		.flags = CLONE_FILES | CLONE_PIDFD,
		.pidfd = (uintptr_t)&pidfd,
	};
	pid_t pid = place ? sys_clone3(&args) : -1;

	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		(void)close(fd);
		_exit(0);
	}
	if (pid < 0)
		return; /* better kept open than waited for */
	*place = (struct closing_place){pidfd, uid};
	/* A box that is made now would have a copy of it to close. */
	while (fcntl(fd, F_GETFD) >= 0 && !has_ended(place))
		(void)sched_yield();
}

bool closing_is_harmless(int fd)
{
	static const long kinds[] = {EXT4_SUPER_MAGIC, XFS_MAGIC, TMPFS_MAGIC,
	                             BTRFS_SUPER_MAGIC};
	struct statfs fs;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return false;
	if (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) ||
	    (S_ISCHR(st.st_mode) && (isatty(fd) || st.st_rdev == 0x103)))
		return true;
	if (!S_ISREG(st.st_mode) || fstatfs(fd, &fs) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (fs.f_type == kinds[i])
			return true;
	return false;
}
