/* SPDX-License-Identifier: MIT */
#include "daemon.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/def.h"

#define MAX_PROFILES 4

/* For the first boxes; a pool that is not full yet makes a run cold. */
#define FILL_MS 3000

static void sleep_ms(long ms)
{
	const struct timespec time = {ms / 1000, ms % 1000 * 1000000};

	(void)nanosleep(&time, NULL);
}

static int spawn(struct daemon *daemon, const char *path,
                 const char *const *profiles)
{
	const char *argv[2 * MAX_PROFILES + 6] = {
		path, "--socket", daemon->socket, "--max-boxes", "64"};
	char *const environment[] = {NULL};
	size_t n = 5;
	int r;

	for (size_t i = 0; i < MAX_PROFILES && profiles[i]; i++) {
		argv[n++] = "--warm";
		argv[n++] = profiles[i];
	}
	r = posix_spawn(&daemon->pid, path, NULL, NULL, (char *const *)argv,
	                environment);
	if (r != 0)
		daemon->pid = 0;
	return -r;
}

int daemon_start(struct daemon *daemon, const char *sbx,
                 const char *const *profiles)
{
	const char *slash = strrchr(sbx, '/');
	char path[PATH_MAX];
	int r, status;

	*daemon = (struct daemon){.folder = "/tmp/sbx-bench.XXXXXX"};
	if (!mkdtemp(daemon->folder))
		return -errno;
	(void)snprintf(daemon->socket, sizeof(daemon->socket), "%s/s",
	               daemon->folder);
	(void)snprintf(path, sizeof(path), "%.*ssbxd",
	               slash ? (int)(slash + 1 - sbx) : 0, sbx);
	r = spawn(daemon, path, profiles);
	for (int i = 0; i < 100 && r == 0; i++) {
		if (access(daemon->socket, F_OK) == 0)
			break;
		if (waitpid(daemon->pid, &status, WNOHANG) > 0) {
			daemon->pid = 0;
			r = -ECHILD;
		}
		sleep_ms(50);
	}
	if (r < 0)
		(void)daemon_stop(daemon);
	else
		sleep_ms(FILL_MS);
	return r;
}

uint64_t daemon_stop(struct daemon *daemon)
{
	struct rusage usage = {0};
	int status;

	if (daemon->pid > 0) {
		(void)kill(daemon->pid, SIGTERM);
		while (wait4(daemon->pid, &status, 0, &usage) < 0 &&
		       errno == EINTR)
			;
	}
	daemon->pid = 0;
	(void)unlink(daemon->socket);
	(void)rmdir(daemon->folder);
	return clock_timeval_ns(usage.ru_utime) +
	       clock_timeval_ns(usage.ru_stime);
}
