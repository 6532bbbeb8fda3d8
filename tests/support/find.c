/* SPDX-License-Identifier: MIT */
#include "support/find.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/def.h"
#include "support/run.h"
#include "support/scratch.h"

const char *canary(void)
{
	static char word[64];
	static int count;

	(void)snprintf(word, sizeof(word), "canary-%d-%d-%ld", (int)getpid(),
	               ++count, (long)(seconds_now() * 1e6));
	return word;
}

static bool has_word(const char *pid, const char *word)
{
	char path[300], text[65536];
	CLEANUP_FD int fd = -1;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%s/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text));
	return n > 0 && memmem(text, (size_t)n, word, strlen(word));
}

static pid_t look(const char *word, int *count)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	pid_t found = 0;

	while (proc && (entry = readdir(proc))) {
		pid_t pid = atoi(entry->d_name);

		if (pid > 0 && pid != getpid() &&
		    has_word(entry->d_name, word)) {
			found = pid;
			(*count)++;
		}
	}
	if (proc)
		(void)closedir(proc);
	return found;
}

pid_t find_process(const char *word)
{
	int count = 0;

	return look(word, &count);
}

int count_processes(const char *word)
{
	int count = 0;

	(void)look(word, &count);
	return count;
}

pid_t find_survivor(const char *word, double for_seconds)
{
	double until = seconds_now() + for_seconds;
	pid_t pid;

	while ((pid = find_process(word)) && seconds_now() < until)
		seconds_sleep(0.02);
	return pid;
}

void adopt_orphans(void)
{
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

pid_t child_of(pid_t pid)
{
	struct buffer text = {0};
	pid_t child;

	read_file(text_of("/proc/%d/task/%d/children", (int)pid, (int)pid),
	          &text);
	child = (pid_t)atoi(text.data);
	buffer_free(&text);
	return child;
}

bool children_gone(double for_seconds)
{
	double until = seconds_now() + for_seconds;
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG | __WALL)) >= 0 ||
	       errno == EINTR)
		if (pid == 0) {
			if (seconds_now() > until)
				return false;
			seconds_sleep(0.01);
		}
	return true;
}
