/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "box/attend.h"
#include "box/setup.h"
#include "box/wire.h"
#include "support/child.h"

TestSuite(attend, .timeout = 30);

/* A program that has ended before pid 1 looks, and whose signal is gone: what
 * resets the handlers of a zygote's box discards it. */
static int attend_late(void *unused)
{
	struct sbx_error err;
	int ends[2], status;
	siginfo_t info;
	int children = children_open(&err);
	pid_t program;

	(void)unused;
	(void)alarm(10);
	STEP(children >= 0);
	STEP(wire_pair(ends) == 0);
	STEP(dup2(ends[0], INIT_WIRE) == INIT_WIRE);
	program = fork();
	if (program == 0)
		_exit(7);
	STEP(waitid(P_PID, (id_t)program, &info, WEXITED | WNOWAIT) == 0);
	STEP(signal(SIGCHLD, SIG_DFL) == SIG_DFL);
	status = attend(program, -1, children);
	STEP(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	return 0;
}

Test(attend, misses_no_end)
{
	EXPECT_CHILD(child_run(attend_late, NULL));
}
