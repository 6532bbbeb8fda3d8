/* SPDX-License-Identifier: MIT */
/* Each client is a process, which writes into memory that it shares with us. */
#include "loop.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/def.h"
#include "host.h"
#include "left.h"
#include "numbers.h"

struct client {
	pid_t pid;
	uint64_t n;
	char failure[sizeof(((struct entrant *)0)->failure)]; /* "": none */
};

static void be_client(struct client *client, struct entrant entrant,
                      const struct site *site, uint64_t time_ns)
{
	uint64_t end = clock_ns() + time_ns;
	struct sample sample;

	for (entrant.n_failed = 0; clock_ns() < end; client->n++) {
		entrant_run(&entrant, site, &sample);
		if (entrant.n_failed)
			break;
	}
	if (entrant.n_failed)
		memcpy(client->failure, entrant.failure,
		       sizeof(client->failure));
}

/* Starts each, and waits for all. 0 or -errno. */
static int run_clients(struct client *all, unsigned n,
                       const struct entrant *entrant, const struct site *site,
                       uint64_t time_ns)
{
	int r = 0, status;

	for (unsigned i = 0; i < n && r == 0; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			be_client(&all[i], *entrant, site, time_ns);
			_exit(0);
		}
		r = pid < 0 ? -errno : 0;
		all[i].pid = pid;
	}
	for (unsigned i = 0; i < n && all[i].pid > 0; i++) {
		while (waitpid(all[i].pid, &status, 0) < 0)
			if (errno != EINTR)
				return -errno;
		if (status != 0)
			r = -ECHILD;
	}
	return r;
}

/* Looking on costs, too. */
static uint64_t own_ns(void)
{
	struct rusage usage = {0};

	(void)getrusage(RUSAGE_SELF, &usage);
	return numbers_cpu_ns(&usage);
}

static void fail(struct entrant *entrant, const char *why)
{
	if (entrant->n_failed++ == 0)
		(void)snprintf(entrant->failure, sizeof(entrant->failure), "%s",
		               why);
}

void loop_run(struct entrant *entrant, const struct site *site,
              unsigned n_clients, uint64_t time_ns, struct sample *sample)
{
	size_t size = n_clients * sizeof(struct client);
	struct client *all = mmap(NULL, size, PROT_READ | PROT_WRITE,
	                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct leftover before, after;
	uint64_t start, busy, own, wall, n = 0;
	size_t failed = entrant->n_failed;
	int r;

	*sample = (struct sample){0};
	if (all == MAP_FAILED) {
		fail(entrant, strerror(errno));
		return;
	}
	left_read(&before);
	busy = host_busy_ns();
	start = clock_ns();
	r = run_clients(all, n_clients, entrant, site, time_ns);
	wall = clock_ns() - start;
	own = own_ns();
	(void)left_settle(&before, &after);
	busy = host_busy_ns() - busy - (own_ns() - own);
	for (unsigned i = 0; i < n_clients; i++) {
		n += all[i].n;
		if (all[i].failure[0])
			fail(entrant, all[i].failure);
	}
	if (r < 0)
		fail(entrant, strerror(-r));
	if (n && entrant->n_failed == failed)
		*sample = (struct sample){.wall_ns = wall / n,
		                          .cpu_ns = busy / n};
	(void)munmap(all, size);
}
