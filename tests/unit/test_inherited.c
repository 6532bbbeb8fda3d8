/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "kernel/inherited.h"
#include "support/child.h"

TestSuite(inherited, .timeout = 30);

#define BIT(number) (UINT64_C(1) << ((number)-1))

static void on_signal(int number)
{
	(void)number;
}

static const int ignored[] = {SIGHUP, SIGPIPE, SIGUSR2, SIGCHLD, SIGXFSZ};

static int ignore_some(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++)
		STEP(signal(ignored[i], SIG_IGN) != SIG_ERR);
	STEP(signal(SIGRTMAX, SIG_IGN) != SIG_ERR);
	STEP(signal(SIGUSR1, on_signal) != SIG_ERR);
	return 0;
}

static int look(void *data)
{
	struct inherited inherited;
	int line = ignore_some();

	(void)data;
	STEP(line == 0);
	STEP(inherited_look(&inherited) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++)
		STEP(inherited.ignored & BIT(ignored[i]));
	STEP(inherited.ignored & BIT(64));
	STEP(!(inherited.ignored & BIT(SIGUSR1)));
	STEP(!(inherited.ignored & BIT(SIGTERM)));
	STEP(!(inherited.ignored & BIT(SIGKILL)));
	STEP(inherited.arguments < inherited.arguments_end);
	STEP(inherited.environment <= inherited.environment_end);
	return 0;
}

/* The signals that are ignored are found, whatever their number. */
Test(inherited, looks)
{
	EXPECT_CHILD(child_run(look, NULL));
}

/* Whether a file of /proc holds nothing but zeros. */
static bool is_wiped(const char *path)
{
	struct buffer text = {0};
	bool wiped = file_read(path, 1 << 22, &text) == 0;

	for (size_t i = 0; i < text.len; i++)
		wiped &= text.data[i] == '\0';
	buffer_free(&text);
	return wiped;
}

static int clear(const struct inherited *inherited)
{
	struct sigaction action;
	sigset_t blocked;

	STEP(inherited_clear(inherited) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++) {
		STEP(sigaction(ignored[i], NULL, &action) == 0);
		STEP(action.sa_handler == SIG_DFL);
	}
	STEP(sigaction(SIGRTMAX, NULL, &action) == 0);
	STEP(action.sa_handler == SIG_DFL);
	STEP(sigprocmask(SIG_BLOCK, NULL, &blocked) == 0);
	for (int i = 1; i < NSIG; i++)
		STEP(sigismember(&blocked, i) != 1);
	STEP(is_wiped("/proc/self/cmdline"));
	STEP(is_wiped("/proc/self/environ"));
	return 0;
}

/* The new process is a copy, so it clears its own and not the caller's. */
static int clear_in_a_copy(void *data)
{
	struct inherited inherited;
	int status, line = ignore_some();
	sigset_t all;
	pid_t pid;

	(void)data;
	STEP(line == 0);
	/* The name is the program's to choose, and stands before the fields. */
	STEP(prctl(PR_SET_NAME, ") R 1 2 3 4 5") == 0);
	sigfillset(&all);
	STEP(sigprocmask(SIG_BLOCK, &all, NULL) == 0);
	STEP(signal(SIGCHLD, SIG_DFL) != SIG_ERR);
	STEP(inherited_look(&inherited) == 0);
	STEP(!is_wiped("/proc/self/cmdline"));
	pid = child_fork();
	if (pid == 0)
		_exit(clear(&inherited) != 0);
	STEP(waitpid(pid, &status, 0) == pid);
	STEP(status == 0);
	STEP(!is_wiped("/proc/self/cmdline"));
	return 0;
}

/* Nothing is ignored or blocked any more, and /proc shows neither command line
 * nor environment. */
Test(inherited, clears)
{
	cr_assert_eq(setenv("SECRET", "x", 1), 0);
	EXPECT_CHILD(child_run(clear_in_a_copy, NULL));
}

/* What says nothing clears nothing. */
static int clear_nothing(void *data)
{
	const struct inherited nothing = {.arguments = 5};

	(void)data;
	STEP(signal(SIGUSR2, SIG_IGN) != SIG_ERR);
	STEP(inherited_clear(&nothing) == 0);
	STEP(signal(SIGUSR2, SIG_DFL) == SIG_IGN);
	STEP(!is_wiped("/proc/self/cmdline"));
	return 0;
}

Test(inherited, clears_what_was_found_only)
{
	EXPECT_CHILD(child_run(clear_nothing, NULL));
}
