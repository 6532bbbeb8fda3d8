/* SPDX-License-Identifier: MIT */
#include "table.h"

#include <stdio.h>
#include <string.h>

#include "base/def.h"

#define NAME_WIDTH 16

void table_host(const struct host *host)
{
	printf("%s, %ld x %s, Linux %.*s, uid %u\n", host->date, host->n_cpus,
	       *host->processor ? host->processor : host->machine,
	       (int)strcspn(host->kernel, " "), host->kernel, host->uid);
}

static void print_ms(uint64_t ns)
{
	if (ns)
		printf(" %7.2f", (double)ns / 1e6);
	else
		printf(" %7s", "-");
}

static void print_times(const struct entrant *entrant,
                        const struct stats *stats)
{
	printf("%-*s %5zu", NAME_WIDTH, entrant->row->name, stats->n);
	print_ms(stats->wall.min);
	print_ms(stats->wall.p50);
	print_ms(stats->wall.p90);
	print_ms(stats->wall.p99);
	print_ms(stats->wall.max);
	print_ms(stats->first.p50);
	print_ms(stats->cpu.p50);
	printf("\n");
}

/* "0.412 [0.405, 0.420]", or "-". */
static void print_ratio(const struct ratio *ratio)
{
	char text[64] = "-";

	if (ratio->n_blocks)
		snprintf(text, sizeof(text), "%.3f [%.3f, %.3f]",
		         (double)ratio->mid / 1000, (double)ratio->low / 1000,
		         (double)ratio->high / 1000);
	printf(" %-24s", text);
}

static void print_goal(const struct ratio *ratio, unsigned goal_milli)
{
	static const char *const words[] = {"missed", "open", "reached"};

	if (!goal_milli || !ratio->n_blocks)
		return;
	printf(" <= %.2f: %s", goal_milli / 1000.0,
	       words[stats_goal(ratio, goal_milli) + 1]);
}

static void print_ratios(const struct result *result,
                         const struct entrant *entrant,
                         const struct stats *stats)
{
	printf("%-*s", NAME_WIDTH, entrant->row->name);
	if (entrant == result_reference(result)) {
		printf(" 1\n");
		return;
	}
	print_ratio(&stats->clean);
	print_ratio(&stats->all);
	if (result_is_clear(result))
		print_goal(&stats->clean, entrant->row->goal_milli);
	printf("\n");
}

static void print_setting(const struct result *result,
                          const struct load *before, const struct load *after)
{
	const struct order *order = &result->order;

	printf("\n== %s: %s ==\n", result->group->name, result->group->does);
	printf("%zu blocks of %zu samples each, in random order",
	       order->n_blocks, order->n_samples);
	if (result->group->clients)
		printf("; a sample is %u clients for %.1f s, and tells the "
		       "time\nof a run by their rate, and the whole machine's "
		       "processor time for it",
		       result->group->clients, (double)order->time_ns / 1e9);
	if (order->gap_ns)
		printf(", %.0f ms apart in the mean",
		       (double)order->gap_ns / 1e6);
	printf("; %zu blocks flagged as disturbed\n", result->n_flagged);
	printf("load %.*s before, %.*s after; %ju ticks stolen\n\n",
	       (int)strcspn(before->average, " "), before->average,
	       (int)strcspn(after->average, " "), after->average,
	       (uintmax_t)(after->steal_ticks - before->steal_ticks));
}

static void print_entrants(const struct result *result)
{
	for (size_t i = 0; i < result->group->n_contenders; i++) {
		const struct entrant *entrant = &result->entrants[i];

		printf("%-*s %s", NAME_WIDTH, entrant->row->name,
		       entrant->row->does);
		if (!entrant->argv)
			printf("; absent: not installed");
		else if (entrant->version)
			printf(" (%s)", entrant->version);
		printf("\n");
		if (entrant->n_failed)
			printf("%-*s FAILED %zu times: %s\n", NAME_WIDTH, "",
			       entrant->n_failed, entrant->failure);
	}
}

static void print_verdict(const struct result *result)
{
	if (result_is_clear(result))
		return;
	if (!result_reference(result)->samples)
		printf("\nNo verdict: %s, the reference, did not run.\n",
		       result->group->reference);
	else
		printf("\nNo verdict: more than %d %% of the blocks are "
		       "flagged. Run it on a quieter machine.\n",
		       FLAGGED_MAX_MILLI / 10);
}

void table_group(const struct result *result, const struct stats *stats,
                 const struct load *before, const struct load *after)
{
	size_t n = result->group->n_contenders;

	print_setting(result, before, after);
	print_entrants(result);
	printf("\n%-*s %5s %7s %7s %7s %7s %7s %7s %7s\n", NAME_WIDTH,
	       "milliseconds", "n", "min", "p50", "p90", "p99", "max", "byte 1",
	       "cpu");
	for (size_t i = 0; i < n; i++)
		if (stats[i].n)
			print_times(&result->entrants[i], &stats[i]);
	printf("\nratio to %-*s %-24s all blocks [95 %%]\n",
	       NAME_WIDTH - (int)strlen("ratio to "), result->group->reference,
	       "quiet blocks [95 %]");
	for (size_t i = 0; i < n; i++)
		if (stats[i].n)
			print_ratios(result, &result->entrants[i], &stats[i]);
	print_verdict(result);
}

void table_daemon(uint64_t cpu_ns, uint64_t n)
{
	(void)printf("sbxd and its children: %.2f ms of processor time a run; "
	             "what a zygote forked\nis not among them\n\n",
	             (double)cpu_ns / 1e6 / (double)MAX(n, 1));
}

bool table_left(const struct leftover *before)
{
	struct leftover after;
	bool is_clear = left_settle(before, &after);

	(void)printf("%s", is_clear ? "nothing is left" : "LEFT");
	for (enum left i = 0; i < N_LEFT; i++)
		(void)printf("%s %ju %s before, %ju after", i ? "," : ":",
		             (uintmax_t)before->n[i], left_name(i),
		             (uintmax_t)after.n[i]);
	(void)printf("\n\n");
	return is_clear;
}
