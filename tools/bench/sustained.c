/* SPDX-License-Identifier: MIT */
/* Each client is a process, which writes into memory that it shares with us. */
#include "sustained.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/def.h"
#include "host.h"
#include "left.h"
#include "numbers.h"
#include "random.h"

#define MOST_RATE   4000 /* runs of a client in a second that have room */
#define MOST_FAULTS 10   /* after which a client gives up */
#define GOAL_MILLI  5000 /* times the reference's rate, back to back */

static const unsigned clients[] = {1, 2, 4};
#define N_LOOPS (2 * ARRAY_SIZE(clients))

struct client {
	pid_t pid;
	size_t n, n_failed;
	char failure[sizeof(((struct entrant *)0)->failure)];
	uint64_t *wall;
};

/* One loop, and what came of it. */
struct loop {
	const struct entrant *entrant;
	unsigned n_clients;
	struct block block;
	size_t n, n_failed;
	const char *failure;
	uint64_t wall_ns;
	uint64_t cpu_ns, cpu_of_ns; /* the machine's, in how long */
	uint64_t p50, p99;
};

/* Runs of one client that there is memory for. */
static size_t room_of(const struct order *order)
{
	return (size_t)(order->time_ns / NS_PER_S + 1) * MOST_RATE;
}

static void be_client(struct client *client, struct entrant entrant,
                      const struct site *site, const struct order *order)
{
	size_t room = room_of(order);
	uint64_t end = clock_ns() + order->time_ns;
	struct random random = random_seeded();
	struct sample sample;

	while (clock_ns() < end && client->n < room &&
	       entrant.n_failed < MOST_FAULTS) {
		group_pause(order->gap_ns, &random);
		entrant_run(&entrant, site, &sample);
		if (sample.wall_ns)
			client->wall[client->n++] = sample.wall_ns;
	}
	client->n_failed = entrant.n_failed;
	memcpy(client->failure, entrant.failure, sizeof(client->failure));
}

static int wait_for(struct client *all, unsigned n)
{
	int r = 0, status;

	for (unsigned i = 0; i < n; i++) {
		while (waitpid(all[i].pid, &status, 0) < 0)
			if (errno != EINTR)
				return -errno;
		if (status != 0)
			r = -ECHILD;
	}
	return r;
}

static int start_all(struct loop *loop, const struct site *site,
                     const struct order *order, struct client *all)
{
	for (unsigned i = 0; i < loop->n_clients; i++) {
		pid_t pid = fork();

		if (pid < 0) {
			int r = -errno;

			(void)wait_for(all, i);
			return r;
		}
		if (pid == 0) {
			be_client(&all[i], *loop->entrant, site, order);
			_exit(0);
		}
		all[i].pid = pid;
	}
	return wait_for(all, loop->n_clients);
}

/* The numbers of all clients, in the memory of the first. */
static void sum_up(struct loop *loop, struct client *all)
{
	uint64_t *wall = all[0].wall;

	for (unsigned i = 0; i < loop->n_clients; i++) {
		memmove(wall + loop->n, all[i].wall,
		        all[i].n * sizeof(wall[0]));
		loop->n += all[i].n;
		loop->n_failed += all[i].n_failed;
		if (all[i].n_failed && !loop->failure)
			loop->failure = strdup(all[i].failure);
	}
	if (loop->n == 0)
		return;
	numbers_sort(wall, loop->n);
	loop->p50 = numbers_quantile(wall, loop->n, 500);
	loop->p99 = numbers_quantile(wall, loop->n, 990);
}

static int run_loop(struct loop *loop, const struct site *site,
                    const struct order *order)
{
	size_t room = room_of(order);
	size_t size = loop->n_clients *
	              (sizeof(struct client) + room * sizeof(uint64_t));
	struct client *all =
		mmap(NULL, size, PROT_READ | PROT_WRITE,
	             MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct leftover before, after;
	uint64_t start, busy;
	int r;

	if (all == MAP_FAILED)
		return -errno;
	for (unsigned i = 0; i < loop->n_clients; i++)
		all[i].wall = (uint64_t *)(all + loop->n_clients) + i * room;
	left_read(&before);
	r = group_calibrate(site, &loop->block);
	busy = host_busy_ns();
	start = clock_ns();
	if (r == 0)
		r = start_all(loop, site, order, all);
	loop->wall_ns = clock_ns() - start;
	(void)left_settle(&before, &after);
	loop->cpu_ns = host_busy_ns() - busy;
	loop->cpu_of_ns = clock_ns() - start;
	if (r == 0)
		sum_up(loop, all);
	(void)munmap(all, size);
	return r;
}

static double rate_of(const struct loop *loop)
{
	return (double)loop->n * 1e9 / (double)loop->wall_ns;
}

static void print_loop(const struct loop *loop)
{
	printf("%7u %-16s %7zu %9.1f %8.2f %8.2f %8.2f %6.0f %%%s\n",
	       loop->n_clients, loop->entrant->row->name, loop->n,
	       rate_of(loop), (double)loop->p50 / 1e6, (double)loop->p99 / 1e6,
	       (double)loop->cpu_ns / 1e6 / (double)MAX(loop->n, 1),
	       100.0 * (double)loop->cpu_ns / (double)loop->cpu_of_ns,
	       loop->block.flagged ? "  disturbed" : "");
	if (loop->n_failed)
		printf("%7s FAILED %zu times: %s\n", "", loop->n_failed,
		       loop->failure ? loop->failure : "");
}

static void put_loop(struct json_writer *out, const struct loop *loop)
{
	json_open_object(out, NULL);
	json_put_unsigned(out, "clients", loop->n_clients);
	json_put_text(out, "name", loop->entrant->row->name);
	json_put_unsigned(out, "runs", loop->n);
	json_put_unsigned(out, "failed", loop->n_failed);
	json_put_seconds(out, "wall_s", loop->wall_ns);
	json_put_seconds(out, "machine_cpu_s", loop->cpu_ns);
	json_put_unsigned(out, "p50_ns", loop->p50);
	json_put_unsigned(out, "p99_ns", loop->p99);
	json_put_bool(out, "flagged", loop->block.flagged);
	json_close_object(out);
}

/* Of as many clients as workers: mine, and the reference's. */
static bool print_ratio(const struct loop *mine, const struct loop *its,
                        const struct order *order)
{
	double ratio = its->n ? rate_of(mine) / rate_of(its) : 0;
	bool is_clear = !mine->block.flagged && !its->block.flagged;

	printf("%7u clients: %.2f times the rate of %s", mine->n_clients, ratio,
	       its->entrant->row->name);
	if (is_clear && order->gap_ns == 0)
		printf(" >= %.2f: %s", GOAL_MILLI / 1e3,
		       ratio * 1000 >= GOAL_MILLI ? "reached" : "missed");
	else if (!is_clear)
		printf("; no verdict: the machine was disturbed");
	printf("\n");
	return is_clear;
}

/* What is asked over the socket, and the reference. */
static int find_pair(const struct group *group, const struct site *site,
                     struct arena *arena, struct entrant pair[2])
{
	int r = 0;

	for (size_t i = 0; i < group->n_contenders && r == 0; i++) {
		const struct contender *row = &group->contenders[i];

		if (row->direct)
			r = entrant_init(&pair[0], row, site, arena);
		else if (strcmp(row->name, group->reference) == 0)
			r = entrant_init(&pair[1], row, site, arena);
	}
	return r == 0 && !(pair[0].argv && pair[1].argv) ? -ENOENT : r;
}

static void tell(struct loop loops[N_LOOPS], struct json_writer *out)
{
	printf("\n%7s %-16s %7s %9s %8s %8s %8s %8s\n", "clients", "", "runs",
	       "a second", "p50 ms", "p99 ms", "cpu ms", "machine");
	json_open_array(out, "loops");
	for (size_t i = 0; i < N_LOOPS; i++) {
		print_loop(&loops[i]);
		put_loop(out, &loops[i]);
	}
	json_close_array(out);
}

static int run_loops(struct loop loops[N_LOOPS], const struct entrant pair[2],
                     const struct site *site, const struct order *order)
{
	struct block blocks[N_LOOPS];
	int r = 0;

	for (size_t i = 0; i < N_LOOPS && r == 0; i++) {
		loops[i] = (struct loop){.entrant = &pair[i % 2],
		                         .n_clients = clients[i / 2]};
		r = run_loop(&loops[i], site, order);
		blocks[i] = loops[i].block;
	}
	if (r != 0)
		return r;
	(void)group_flag(blocks, N_LOOPS);
	for (size_t i = 0; i < N_LOOPS; i++)
		loops[i].block = blocks[i];
	return 0;
}

int sustained_run(const struct group *group, const struct order *order,
                  const struct site *site, struct json_writer *out)
{
	CLEANUP(arena_free) struct arena arena = {0};
	struct entrant pair[2] = {0};
	struct loop loops[N_LOOPS] = {0};
	bool is_clear = true, is_whole = true;
	int r = find_pair(group, site, &arena, pair);

	printf("\n== %s: %s ==\n%.0f s each", group->name, group->does,
	       (double)order->time_ns / 1e9);
	if (order->gap_ns)
		printf(", with pauses of %.0f ms in the mean",
		       (double)order->gap_ns / 1e6);
	printf("\n");
	(void)fflush(stdout);
	if (r == 0)
		r = run_loops(loops, pair, site, order);
	if (r != 0)
		return r;
	json_open_object(out, NULL);
	json_put_text(out, "name", group->name);
	json_put_text(out, "reference", group->reference);
	json_put_seconds(out, "gap_s", order->gap_ns);
	tell(loops, out);
	json_close_object(out);
	for (size_t i = 0; i < N_LOOPS; i++)
		is_whole &= loops[i].n > 0 && loops[i].n_failed == 0;
	for (size_t i = 0; i < N_LOOPS; i += 2)
		is_clear &= print_ratio(&loops[i], &loops[i + 1], order);
	return is_whole ? is_clear : -ECHILD;
}
