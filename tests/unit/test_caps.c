/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/securebits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
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
	STEP(caps_can_map());
	STEP(caps_drop(caps) == 0);
	STEP(empty_sets() == 0x1f);
	STEP(!caps_can_map());
	STEP(prctl(PR_GET_SECUREBITS) == (SECURE_ALL_BITS | SECURE_ALL_LOCKS));
	/* It cannot be done again, nor undone. */
	STEP(caps_drop(caps) == -EPERM);
	STEP(prctl(PR_SET_SECUREBITS, 0) < 0);
	/* Not even root that execs gets anything back. */
	pid = fork();
	if (pid == 0) {
		(void)execl("/bin/grep", "grep", "-cE",
		            "^Cap(Inh|Prm|Eff|Bnd|Amb):\t0+$",
		            "/proc/self/status", NULL);
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
	cr_expect_eq(child_run_in(0, drop, &caps), 0);
	if (geteuid() == 0)
		cr_expect_eq(child_run(drop, &caps), 0);
	caps_release(&caps);
	caps_release(&caps);
}

static int drop_with_ambient(void *data)
{
	int fd;

	/* Inheritable and ambient first: CAP_NET_BIND_SERVICE, by hand. */
	struct {
		unsigned version, pid;
	} header = {0x20080522, 0};
	struct {
		unsigned effective, permitted, inheritable;
	} sets_[2] = {{1 << 10 | 1 << 8, 1 << 10 | 1 << 8, 1 << 10}, {0, 0, 0}};

	(void)fd;
	STEP(syscall(126 /* capset, x86-64 */, &header, sets_) == 0);
	STEP(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 10, 0, 0) == 0);
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
	cr_expect_eq(child_run_in(0, drop_with_ambient, &caps), 0);
	caps_release(&caps);
}

static int drop_nothing(void *data)
{
	STEP(!caps_can_map());
	STEP(caps_drop(data) == -EPERM);
	return 0;
}

/* Who has no right to drop says so; who may map ids depends on CAP_SETUID. */
Test(caps, needs_a_right)
{
	struct caps caps = {0};

	cr_assert_eq(caps_prepare(&caps), 0);
	if (geteuid() != 0)
		cr_expect_eq(child_run(drop_nothing, &caps), 0);
	else
		cr_expect(caps_can_map());
	caps_release(&caps);
}
