/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "kernel/caps.h"
#include "support/child.h"

TestSuite(caps, .timeout = 30);

static const char *const sets[] = {"\nCapInh:\t", "\nCapPrm:\t", "\nCapEff:\t",
                                   "\nCapBnd:\t", "\nCapAmb:\t"};

/* Whether each of the five sets of this process is empty: its bit is set. */
static int empty_sets(void)
{
	struct buffer status = {0};
	int found = 0;

	if (file_read("/proc/self/status", 65536, &status) < 0)
		return -1;
	buffer_append(&status, "", 1);
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		const char *line = strstr(status.data, sets[i]);

		if (line && strtoull(line + strlen(sets[i]), NULL, 16) == 0)
			found |= 1 << i;
	}
	buffer_free(&status);
	return found;
}

static int drop(void *data)
{
	const struct caps *caps = data;
	pid_t pid;
	int status;

	STEP(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0);
	STEP(caps_can_map() == 1);
	STEP(caps_drop(caps) == 0);
	STEP(empty_sets() == 0x1f);
	STEP(caps_can_map() == 0);
	STEP(prctl(PR_GET_SECUREBITS) == (SECURE_ALL_BITS | SECURE_ALL_LOCKS));
	/* It cannot be done again, nor undone. */
	STEP(caps_drop(caps) == -EPERM);
	STEP(prctl(PR_SET_SECUREBITS, 0) < 0);
	/* Not even root that execs gets anything back. */
	pid = child_fork();
	if (pid == 0) {
		(void)execl("/bin/sh", "sh", "-c",
		            "test \"$(grep -cE '^Cap[A-Z][a-z]+:.0+$' "
		            "/proc/self/status)\" = 5",
		            NULL);
		_exit(9);
	}
	STEP(waitpid(pid, &status, 0) == pid && status == 0);
	return 0;
}

/* All five sets are empty, for good: in a user namespace, and as root. */
Test(caps, drops_everything)
{
	struct caps caps = {0};

	cr_assert_eq(caps_prepare(&caps), 0);
	EXPECT_CHILD(child_run_in(0, drop, &caps));
	if (geteuid() == 0)
		EXPECT_CHILD(child_run(drop, &caps));
	caps_release(&caps);
	caps_release(&caps);
}

/* CAP_NET_BIND_SERVICE in every set, by hand. */
static int drop_with_ambient(void *data)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3,
	                                          0};
	struct __user_cap_data_struct own[2];

	STEP(syscall(SYS_capget, &header, own) == 0);
	own[0].inheritable = 1u << CAP_NET_BIND_SERVICE;
	STEP(syscall(SYS_capset, &header, own) == 0);
	STEP(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_BIND_SERVICE,
	           0, 0) == 0);
	STEP(empty_sets() == 0);
	STEP(caps_drop(data) == 0);
	STEP(empty_sets() == 0x1f);
	return 0;
}

/* Inherited and ambient capabilities go, too. */
Test(caps, drops_what_is_inherited)
{
	struct caps caps = {0};

	cr_assert_eq(caps_prepare(&caps), 0);
	EXPECT_CHILD(child_run_in(0, drop_with_ambient, &caps));
	caps_release(&caps);
}

static int drop_nothing(void *data)
{
	STEP(caps_can_map() == 0);
	STEP(caps_drop(data) == -EPERM);
	return 0;
}

/* Who has no right to drop says so; who may map ids depends on CAP_SETUID. */
Test(caps, needs_a_right)
{
	struct caps caps = {0};

	cr_assert_eq(caps_prepare(&caps), 0);
	if (geteuid() != 0)
		EXPECT_CHILD(child_run(drop_nothing, &caps));
	else
		cr_expect(caps_can_map());
	caps_release(&caps);
}
