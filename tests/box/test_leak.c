/* SPDX-License-Identifier: MIT */
/* When runs are over, nothing of them is left: processes, namespaces, mounts,
 * descriptors, files. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/def.h"
#include "support/find.h"
#include "support/lab.h"
#include "support/run.h"

TestSuite(leak, .timeout = 300);

#define ROUNDS  500
#define AT_ONCE 6

struct kind {
	struct call call;
	int kill_after; /* milliseconds, by signal; 0: it ends by itself */
	int signal;
	int status; /* that is expected; 1000: any */
};

#define ENDS(status_, ...)                                 \
	{                                                  \
		.call = {__VA_ARGS__}, .status = (status_) \
	}
#define KILLED(signal_, after, ...)                                         \
	{                                                                   \
		.call = {__VA_ARGS__}, .status = 1000, .signal = (signal_), \
		.kill_after = (after)                                       \
	}
#define WAIT COMMAND("@linger", "deaf")

/* Waits for one to be over, and for all that it had started. */
static void finish(struct lab *lab, struct live *live, const struct kind *kind)
{
	struct result result;

	if (kind->signal) {
		seconds_sleep(kind->kill_after / 1000.0);
		(void)kill(live->pid, kind->signal);
	}
	call_finish(live, &result);
	if (kind->status != 1000 && result.status != kind->status)
		lab_fail(lab, "status %d, not %d: %s", result.status,
		         kind->status, result.err.data);
	if (result.timed_out || result.held_open)
		lab_fail(lab, "hangs");
	result_free(&result);
}

static void run_all(struct lab *lab, const struct kind *kinds, size_t n_kinds,
                    int rounds)
{
	struct live lives[AT_ONCE];
	const struct kind *of[AT_ONCE];

	for (int i = 0; i < rounds + AT_ONCE; i++) {
		int slot = i % AT_ONCE;

		if (i >= AT_ONCE)
			finish(lab, &lives[slot], of[slot]);
		if (i < rounds) {
			of[slot] = &kinds[(size_t)i % n_kinds];
			call_start(&of[slot]->call, &lives[slot]);
		}
		/* Orphans come here, to pid 1 of the lab. */
		while (waitpid(-1, NULL, WNOHANG | __WCLONE) > 0)
			;
	}
	if (!children_gone(10))
		lab_fail(lab, "a process of a run that was killed lives on");
}

/* Every way in which a run ends, 500 runs of them, several at a time. */
static void every_verdict(struct lab *lab)
{
	const struct kind kinds[] = {
		ENDS(0, COMMAND("true")),
		ENDS(7, COMMAND("sh", "-c", "exit 7")),
		ENDS(139, COMMAND("sh", "-c", "kill -SEGV $$")),
		ENDS(124, OPTIONS("--wall-time", "100ms"), WAIT),
		ENDS(124, OPTIONS("--cpu-time", "100ms"), WAIT),
		ENDS(124, OPTIONS("--idle-time", "100ms"),
	             COMMAND("sleep", "60")),
		ENDS(137, OPTIONS("--memory", "20M"),
	             COMMAND("@spend", "memory", "90")),
		ENDS(137,
	             OPTIONS("--output-limit", "1K", "--output-action", "kill"),
	             COMMAND("yes")),
		ENDS(1000, COMMAND("@foreign", "x32")),
		ENDS(7, COMMAND("@linger", "daemon")),
		ENDS(0, COMMAND("@linger", "holder")),
		ENDS(127, COMMAND("no-such-program")),
		ENDS(126, COMMAND("/etc/passwd")),
		ENDS(125, OPTIONS("--memory", "1Q"), COMMAND("true")),
		ENDS(125, OPTIONS("--workdir", "/none"), COMMAND("true")),
		ENDS(125, OPTIONS("--ro-bind", "/proc:/mnt"), COMMAND("true")),
		ENDS(0, OPTIONS("--profile", "bash", "--code", "touch /tmp/x")),
		ENDS(0,
	             OPTIONS("--json", "--disk", "1M", "--file-size", "none"),
	             COMMAND("@spend", "file", "2", "/dev/shm/x")),
		KILLED(SIGTERM, 100, WAIT),
		KILLED(SIGINT, 0, WAIT),
		KILLED(SIGHUP, 7, WAIT),
		KILLED(SIGKILL, 100, WAIT),
		KILLED(SIGKILL, 0, WAIT),
		KILLED(SIGKILL, 5, WAIT),
		KILLED(SIGKILL, 10, COMMAND("@linger", "chain")),
	};
	struct buffer before = {0};
	const char *left;

	run_all(lab, kinds, ARRAY_SIZE(kinds), (int)ARRAY_SIZE(kinds));
	lab_list(&before);
	run_all(lab, kinds, ARRAY_SIZE(kinds), ROUNDS);
	left = lab_leftover(&before, 10);
	if (left)
		lab_fail(lab, "left: %s", left);
	buffer_free(&before);
}

Test(leak, nothing_after_500_runs)
{
	lab_run(every_verdict, false);
}

/* ---- the controls: what is left is seen ---- */

static void expect_seen(struct lab *lab, const struct buffer *before,
                        const char *start)
{
	struct buffer now = {0};

	lab_list(&now);
	if (!strstr(now.data, start) || strstr(before->data, start))
		lab_fail(lab, "not seen: %s\n%.2000s", start, now.data);
	buffer_free(&now);
}

static void leave_things(struct lab *lab)
{
	struct buffer before = {0};
	char text[64];
	pid_t pid;
	int fd;

	lab_list(&before);
	fd = open("/tmp/left-file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	expect_seen(lab, &before, "file /tmp/left-file");
	(void)snprintf(text, sizeof(text), "descriptor %d", fd);
	expect_seen(lab, &before, text);
	(void)mkdir("/tmp/left-mount", 0700);
	if (mount("none", "/tmp/left-mount", "tmpfs", 0, NULL) < 0)
		lab_fail(lab, "mount");
	expect_seen(lab, &before, " /tmp/left-mount ");
	pid = fork();
	if (pid == 0) {
		(void)unshare(CLONE_NEWIPC);
		(void)pause();
		_exit(0);
	}
	seconds_sleep(0.2);
	(void)snprintf(text, sizeof(text), "process %d", pid);
	expect_seen(lab, &before, text);
	if (!lab_leftover(&before, 0.5))
		lab_fail(lab, "nothing was seen as left");
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	buffer_free(&before);
}

Test(leak, control)
{
	lab_run(leave_things, false);
}
