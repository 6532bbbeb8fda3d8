/* SPDX-License-Identifier: MIT */
/*
 * A system call filter above us, as a container or a unit has: which of the
 * calls that sbx makes does it refuse?
 *
 * Each call is made with arguments that the kernel itself answers with one of
 * a few errnos, and that do nothing. Any other answer is the filter's. Some are
 * asked for a right first, so that they are told apart only inside.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "kernel/sys.h"

struct call {
	const char *name;
	long number;
	long arguments[5];
	bool inside;
};

#define BAD (~0UL >> 1) /* no flags that the kernel knows; no address */

static const struct call calls[] = {
	{"clone3", SYS_clone3, {0}, false},
	{"pidfd_send_signal", SYS_pidfd_send_signal, {-1}, false},
	{"close_range", SYS_close_range, {1, 0, 0}, false},
	{"openat2", SYS_openat2, {-1}, false},
	{"seccomp", SYS_seccomp, {BAD}, false},
	{"open_tree", SYS_open_tree, {-1, 0, (long)BAD}, false},
	{"mount_setattr", SYS_mount_setattr, {-1, 0, (long)BAD}, false},
	{"fsconfig", SYS_fsconfig, {-1}, false},
	{"umount2", SYS_umount2, {0, (long)BAD}, false},
	{"fsopen", SYS_fsopen, {0, (long)BAD}, true},
	{"fsmount", SYS_fsmount, {-1, (long)BAD}, true},
	{"move_mount", SYS_move_mount, {-1, 0, -1, 0, (long)BAD}, true},
	{"pivot_root", SYS_pivot_root, {0}, true},
	{"sethostname", SYS_sethostname, {0, -1}, true},
};

static bool is_kernels(int code)
{
	return code == EINVAL || code == EFAULT || code == EBADF ||
	       code == E2BIG;
}

/* Adds the names of those that are refused. */
static void find_refused(bool inside, char *names, size_t size)
{
	size_t len = strlen(names);

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		const long *a = calls[i].arguments;

		if (calls[i].inside != inside ||
		    syscall(calls[i].number, a[0], a[1], a[2], a[3], a[4]) >=
		            0 ||
		    is_kernels(errno) || len >= size)
			continue;
		len += (size_t)snprintf(names + len, size - len, "%s%s",
		                        len ? ", " : "", calls[i].name);
	}
}

static int report(const char *names, struct finding *found)
{
	if (!names[0])
		return found_good(found, "there is one, and it refuses no "
		                         "system call that sbx makes");
	found_remedy(found, REMEDY_SECCOMP, NULL);
	return found_wrong(found, EPERM, "there is one, and it refuses: %s",
	                   names);
}

int work_above(const struct probe *probe, struct finding *found)
{
	char names[256] = "";

	(void)probe;
	find_refused(true, names, sizeof(names));
	return report(names, found);
}

int try_above(const struct probe *probe, const struct host *host,
              struct finding *found)
{
	char names[256] = "";

	if (!host->filtered)
		return found_good(found, "there is none");
	find_refused(false, names, sizeof(names));
	/* What is refused already keeps everyone from going inside. */
	return names[0] ? report(names, found) : inside_try(probe, host, found);
}
