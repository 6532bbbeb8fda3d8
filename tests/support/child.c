/* SPDX-License-Identifier: MIT */
#include "support/child.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/def.h"
#include "base/file.h"

struct job {
	child_body *body;
	void *data;
	int flags;
};

static int map_ids(unsigned uid, unsigned gid)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "1000 %u 1", uid);
	STEP(file_put(AT_FDCWD, "/proc/self/setgroups", "deny") == 0);
	STEP(file_put(AT_FDCWD, "/proc/self/uid_map", text) == 0);
	(void)snprintf(text, sizeof(text), "1000 %u 1", gid);
	STEP(file_put(AT_FDCWD, "/proc/self/gid_map", text) == 0);
	return 0;
}

static int do_job(const struct job *job)
{
	unsigned uid = geteuid(), gid = getegid();

	if (job->flags) {
		STEP(unshare(CLONE_NEWUSER | job->flags) == 0);
		STEP(map_ids(uid, gid) == 0);
	}
	return job->body(job->data);
}

/* An exit status has 8 bits, so the result comes through a pipe. */
static int run(const struct job *job)
{
	int ends[2], status, result = 0;
	ssize_t n;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	pid = child_fork();
	if (pid == 0) {
		result = do_job(job);
		n = write(ends[1], &result, sizeof(result));
		_exit(n != sizeof(result));
	}
	(void)close(ends[1]);
	n = read(ends[0], &result, sizeof(result));
	(void)close(ends[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		return -WTERMSIG(status);
	return n == sizeof(result) ? result : -1;
}

int child_run(child_body *body, void *data)
{
	return run(&(struct job){body, data, 0});
}

int child_run_in(int flags, child_body *body, void *data)
{
	return run(&(struct job){body, data, flags | CLONE_NEWUSER});
}

pid_t child_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	return pid;
}

size_t open_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	const struct dirent *entry;
	size_t n = 0;

	while (directory && (entry = readdir(directory)))
		n += entry->d_name[0] != '.';
	if (directory)
		(void)closedir(directory);
	return n - 1; /* the directory itself */
}
