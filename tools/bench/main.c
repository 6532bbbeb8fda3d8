/* SPDX-License-Identifier: MIT */
/*
 * sbx-bench: how fast, as ratios, side by side in one run.
 *
 *   group       contenders that do the same job, and one of them the reference
 *   contender   a command line, and what it claims to isolate: a constant row
 *   entrant     a contender in this run: its words, its samples
 *   block       every entrant k times, in random order, after a calibration
 *   loop        clients that ask again and again: a sample of sustained ones
 *
 * A machine is never quiet, so that an absolute time means little: a ratio is
 * taken inside of each block, and what is reported is the median of those
 * ratios with a 95 % interval. A block whose calibration was disturbed is
 * flagged; where too many are there is no verdict. A sample that does not prove
 * that its program ran where the contender says is a failure, not a fast run.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/def.h"
#include "base/file.h"
#include "base/log.h"
#include "data.h"
#include "left.h"
#include "options.h"
#include "raw.h"
#include "servers.h"
#include "table.h"
#include "take.h"

enum status {
	STATUS_DONE = 0,
	STATUS_FAILED = 1,     /* a contender failed a run */
	STATUS_NO_VERDICT = 2, /* too noisy, or no reference */
	STATUS_TROUBLE = 125,  /* our own, or a wrong option */
};

/* The paths of this build: PREFIX/bin/sbx-bench, PREFIX/lib/bench. */
static int find_site(const struct options *options, struct arena *arena,
                     struct site *site)
{
	const struct {
		const char **path, *name;
	} files[] = {
		{&site->probe, "nsprobe"},  {&site->floor, "floor"},
		{&site->code, "code.py"},   {&site->arrays, "arrays.py"},
		{&site->node, "code.js"},   {&site->forks, "forks.py"},
		{&site->waits, "waits.js"},
	};
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (len < 0)
		return -errno;
	self[len] = '\0';
	for (int i = 0; i < 2; i++) {
		slash = strrchr(self, '/');
		if (slash)
			*slash = '\0';
	}
	site->sbx = options->sbx ? options->sbx
	                         : arena_printf(arena, "%s/bin/sbx-exec", self);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		*files[i].path = arena_printf(arena, "%s/lib/bench/%s", self,
		                              files[i].name);
		if (!*files[i].path)
			return -ENOMEM;
	}
	return site->sbx ? 0 : -ENOMEM;
}

/* What an unconfined program sees; also that the probe is there. */
static int see_host(struct site *site)
{
	char token[] = "host";
	char *argv[] = {(char *)site->probe, token, NULL};
	struct take take;
	int r = take_run(argv, &take);

	if (r < 0 || !proof_read(take.output, token, &site->host)) {
		log_line(PROGRAM, "%s: %s; it is made by make bench",
		         site->probe, r < 0 ? strerror(-r) : "prints no proof");
		return -ENOENT;
	}
	return 0;
}

static enum status status_of(const struct result *result)
{
	for (size_t i = 0; i < result->group->n_contenders; i++)
		if (result->entrants[i].n_failed)
			return STATUS_FAILED;
	return result_is_clear(result) ? STATUS_DONE : STATUS_NO_VERDICT;
}

/* Runs a group and tells of it. Its status, or -errno. */
static int measure_group(const struct group *group, const struct order *order,
                         const struct site *site, struct json_writer *out)
{
	CLEANUP(arena_free) struct arena arena = {0};
	struct load before, after;
	struct result result;
	struct stats *stats;
	int r;

	load_read(&before);
	r = group_run(group, order, site, &arena, &result);
	if (r < 0)
		return r;
	load_read(&after);
	stats = arena_alloc(&arena, group->n_contenders * sizeof(stats[0]));
	if (!stats)
		return -ENOMEM;
	for (size_t i = 0; i < group->n_contenders && r == 0; i++)
		r = stats_of(&result, &result.entrants[i], &arena, &stats[i]);
	if (r < 0)
		return r;
	table_group(&result, stats, &before, &after);
	raw_group(out, &result, stats, &before, &after);
	return (int)status_of(&result);
}

/* How many contenders sbxd serves. */
static size_t n_asking(const struct group *group)
{
	size_t n = 0;

	for (size_t i = 0; i < group->n_contenders; i++) {
		const struct contender *row = &group->contenders[i];

		n += row->asks == SERVER_SBXD || contender_has(row, "{pool}");
	}
	return n;
}

/* What was asked for, and for the rest what suits the group. */
static struct order order_of(const struct group *group,
                             const struct order *asked)
{
	struct order order = *asked;

	if (!order.n_blocks)
		order.n_blocks = group->clients ? 6 : 50;
	if (!order.n_samples)
		order.n_samples = group->clients ? 1 : 20;
	return order;
}

/* The same with what the group's contenders need beside them. */
static int bench_group(const struct group *group, const struct order *asked,
                       const struct site *site, struct json_writer *out)
{
	struct order order = order_of(group, asked);
	struct site whole = *site;
	struct servers servers = {0};
	struct data data = {0};
	struct leftover before;
	uint64_t spent;
	int r;

	if (group->session) {
		r = data_make(&data, site->sbx);
		if (r < 0) {
			log_line(PROGRAM, "sbx-session: %s", strerror(-r));
			return r;
		}
		whole.data = data.folder;
	}
	left_read(&before);
	if (group->pools) {
		r = servers_start(&servers, group, site);
		if (r < 0) {
			log_line(PROGRAM, "what serves %s: %s", group->name,
			         strerror(-r));
			return r;
		}
	}
	for (int i = 0; i < N_SERVERS; i++)
		whole.socket[i] = servers.socket[i];
	r = measure_group(group, &order, &whole, out);
	spent = servers_stop(&servers);
	if (group->pools && !group->clients)
		table_daemon(spent, order.n_blocks * order.n_samples *
		                            n_asking(group));
	/* Of a disturbed machine it may be another's. */
	if (group->clients && !table_left(&before) && r == STATUS_DONE)
		r = STATUS_FAILED;
	if (group->session)
		data_remove(&data);
	return r;
}

/* The worst status, or -errno. */
static int bench(const struct options *options, const struct site *site,
                 struct json_writer *out)
{
	struct host host;
	bool failed = false, unclear = false;

	host_read(&host);
	table_host(&host);
	json_open_object(out, NULL);
	json_put_integer(out, "schema", 1);
	json_put_text(out, "sbx_version", SBX_VERSION);
	raw_host(out, &host);
	json_open_array(out, "groups");
	for (size_t i = 0; i < n_groups; i++) {
		if (options->group &&
		    strcmp(options->group, groups[i].name) != 0)
			continue;
		int r = bench_group(&groups[i], &options->order, site, out);

		if (r < 0)
			return r;
		failed |= r == STATUS_FAILED;
		unclear |= r == STATUS_NO_VERDICT;
		(void)fflush(stdout);
	}
	json_close_array(out);
	json_close_object(out);
	if (failed)
		return STATUS_FAILED;
	return unclear ? STATUS_NO_VERDICT : STATUS_DONE;
}

static int write_raw(struct json_writer *out, const char *path)
{
	CLEANUP_FD int fd = -1;
	const char *text;
	size_t len;
	int r = json_writer_text(out, &text, &len);

	if (r < 0)
		return r;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return -errno;
	r = file_write_fd(fd, text, len);
	return r < 0 ? r : file_write_fd(fd, "\n", 1);
}

int main(int argc, char **argv)
{
	struct options options = {.order = {.time_ns = 5 * NS_PER_S}};
	struct arena arena = {0};
	struct site site = {0};
	struct json_writer *out;
	int r = options_read(argc, argv, &options);

	if (r == 1)
		return options_help() < 0 ? STATUS_TROUBLE : STATUS_DONE;
	if (r < 0)
		return STATUS_TROUBLE;
	out = json_writer_new();
	r = out ? find_site(&options, &arena, &site) : -ENOMEM;
	if (r == 0)
		r = see_host(&site);
	if (r == 0)
		r = bench(&options, &site, out);
	if (r >= 0 && options.json) {
		int written = write_raw(out, options.json);

		if (written < 0)
			log_line(PROGRAM, "%s: %s", options.json,
			         strerror(-written));
		r = written < 0 ? written : r;
	}
	json_writer_free(out);
	arena_free(&arena);
	return r < 0 ? STATUS_TROUBLE : r;
}
