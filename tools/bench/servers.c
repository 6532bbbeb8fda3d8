/* SPDX-License-Identifier: MIT */
#include "servers.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/def.h"
#include "numbers.h"

#define MAX_POOLS 4

/* For the first boxes; a pool that is not full yet makes a run cold. */
#define FILL_MS 3000

static void sleep_ms(long ms)
{
	const struct timespec time = {ms / 1000, ms % 1000 * 1000000};

	(void)nanosleep(&time, NULL);
}

/* Starts argv, which is to listen on its socket. */
static int start(struct servers *servers, enum server server, const char **argv)
{
	char *const environment[] = {NULL};
	pid_t *pid = &servers->pid[server];
	int r = posix_spawn(pid, argv[0], NULL, NULL, (char *const *)argv,
	                    environment);
	int status;

	if (r != 0)
		*pid = 0;
	for (int i = 0; i < 100 && r == 0; i++) {
		if (access(servers->socket[server], F_OK) == 0)
			return 0;
		if (waitpid(*pid, &status, WNOHANG) > 0) {
			*pid = 0;
			return -ECHILD;
		}
		sleep_ms(50);
	}
	return r == 0 ? -ETIMEDOUT : -r;
}

static int start_sbxd(struct servers *servers, const char *const *pools,
                      const struct site *site)
{
	const char *slash = strrchr(site->sbx, '/');
	char path[PATH_MAX];
	const char *argv[2 * MAX_POOLS + 6] = {path, "--socket",
	                                       servers->socket[SERVER_SBXD],
	                                       "--max-boxes", "64"};
	size_t n = 5;

	(void)snprintf(path, sizeof(path), "%.*ssbxd",
	               slash ? (int)(slash + 1 - site->sbx) : 0, site->sbx);
	for (size_t i = 0; i < MAX_POOLS && pools[i]; i++) {
		argv[n++] = "--warm";
		argv[n++] = pools[i];
	}
	return start(servers, SERVER_SBXD, argv);
}

/* What has no sandbox. */
static int start_other(struct servers *servers, enum server server,
                       const struct site *site)
{
	const char *socket = servers->socket[server];
	const char *argv[N_SERVERS][6] = {
		[SERVER_FORKS] = {BENCH_PYTHON, site->forks, socket, "none"},
		[SERVER_NESTED] = {BENCH_PYTHON, site->forks, socket,
	                           "namespaces"},
		[SERVER_ARRAYS] = {BENCH_PYTHON, site->forks, socket,
	                           "namespaces", "numpy"},
		[SERVER_NODES] = {BENCH_NODE, site->waits, socket},
	};

	/* Its contender is told as absent, then. */
	if (access(argv[server][0], X_OK) < 0)
		return 0;
	return start(servers, server, argv[server]);
}

static int start_one(struct servers *servers, enum server server,
                     const struct group *group, const struct site *site)
{
	if (server == SERVER_NONE || servers->pid[server])
		return 0;
	return server == SERVER_SBXD ? start_sbxd(servers, group->pools, site)
	                             : start_other(servers, server, site);
}

int servers_start(struct servers *servers, const struct group *group,
                  const struct site *site)
{
	int r;

	*servers = (struct servers){.folder = "/tmp/sbx-bench.XXXXXX"};
	if (!mkdtemp(servers->folder)) {
		servers->folder[0] = '\0';
		return -errno;
	}
	for (int i = 0; i < N_SERVERS; i++)
		(void)snprintf(servers->socket[i], sizeof(servers->socket[i]),
		               "%s/%d", servers->folder, i);
	r = start_one(servers, SERVER_SBXD, group, site);
	for (size_t i = 0; i < group->n_contenders && r == 0; i++)
		r = start_one(servers, group->contenders[i].asks, group, site);
	if (r < 0)
		(void)servers_stop(servers);
	else
		sleep_ms(FILL_MS);
	return r;
}

static uint64_t stop(pid_t pid)
{
	struct rusage usage = {0};
	int status;

	(void)kill(pid, SIGTERM);
	while (wait4(pid, &status, 0, &usage) < 0 && errno == EINTR)
		;
	return numbers_cpu_ns(&usage);
}

uint64_t servers_stop(struct servers *servers)
{
	uint64_t spent[N_SERVERS] = {0};

	for (int i = 0; i < N_SERVERS; i++) {
		if (servers->pid[i])
			spent[i] = stop(servers->pid[i]);
		if (servers->folder[0])
			(void)unlink(servers->socket[i]);
	}
	if (servers->folder[0])
		(void)rmdir(servers->folder);
	*servers = (struct servers){0};
	return spent[SERVER_SBXD];
}
