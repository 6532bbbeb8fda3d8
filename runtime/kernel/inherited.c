/* SPDX-License-Identifier: MIT */
#include "kernel/inherited.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"

/* libc keeps signals 32 and 33 to itself and refuses to name them, but they
 * can be ignored as well as others: the calls are made by number. */
struct kernel_action {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

static int kernel_sigaction(int number, const struct kernel_action *action,
                            struct kernel_action *before)
{
	return (int)syscall(SYS_rt_sigaction, number, action, before,
	                    sizeof(action->mask));
}

static int find_ignored(struct inherited *found)
{
	struct kernel_action action;

	for (int i = 1; i < NSIG; i++) {
		if (kernel_sigaction(i, NULL, &action) < 0)
			return -errno;
		if (action.handler == SIG_IGN)
			found->ignored |= UINT64_C(1) << (i - 1);
	}
	return 0;
}

/* Fields 48 to 51 of /proc/thread-self/stat: arg_start, arg_end, env_start,
 * env_end. Field 2 is a name that may hold anything: counting starts behind
 * its last parenthesis. */
static int find_arguments(const char *stat, struct inherited *found)
{
	const char *fields = strrchr(stat, ')');

	for (int field = 2; fields && field < 48; field++)
		fields = strchr(fields + 1, ' ');
	if (!fields ||
	    sscanf(fields, " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64,
	           &found->arguments, &found->arguments_end,
	           &found->environment, &found->environment_end) != 4 ||
	    found->arguments == 0)
		return -EPROTO;
	return 0;
}

int inherited_look(struct inherited *inherited)
{
	struct inherited found = {0};
	struct buffer stat = {0};
	int r;

	r = find_ignored(&found);
	if (r == 0)
		r = file_read_text("/proc/thread-self/stat", 4096, &stat);
	if (r == 0)
		r = find_arguments(stat.data, &found);
	buffer_free(&stat);
	if (r == 0)
		*inherited = found;
	return r;
}

static void wipe(uint64_t start, uint64_t end)
{
	if (end > start)
		memset((void *)(uintptr_t)start, 0, (size_t)(end - start));
}

int inherited_reset(void)
{
	const struct kernel_action action = {.handler = SIG_DFL};

	for (int i = 1; i < NSIG; i++)
		if (i != SIGKILL && i != SIGSTOP &&
		    kernel_sigaction(i, &action, NULL) < 0)
			return -errno;
	return 0;
}

int inherited_clear(const struct inherited *inherited)
{
	const struct kernel_action action = {.handler = SIG_DFL};
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		if (inherited->ignored & (UINT64_C(1) << (i - 1)) &&
		    kernel_sigaction(i, &action, NULL) < 0)
			return -errno;
	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		return -errno;
	wipe(inherited->arguments, inherited->arguments_end);
	wipe(inherited->environment, inherited->environment_end);
	return 0;
}
