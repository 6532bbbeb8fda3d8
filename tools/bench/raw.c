/* SPDX-License-Identifier: MIT */
#include "raw.h"

#include "base/def.h"

void raw_host(struct json_writer *out, const struct host *host)
{
	json_open_object(out, "host");
	json_put_text(out, "date", host->date);
	json_put_text(out, "kernel", host->kernel);
	json_put_text(out, "machine", host->machine);
	json_put_text(out, "processor", host->processor);
	json_put_integer(out, "cpus", host->n_cpus);
	json_put_unsigned(out, "uid", host->uid);
	json_close_object(out);
}

static void put_load(struct json_writer *out, const char *key,
                     const struct load *load)
{
	json_open_object(out, key);
	json_put_text(out, "loadavg", load->average);
	json_put_text(out, "cpu_pressure", load->pressure);
	json_put_unsigned(out, "steal_ticks", load->steal_ticks);
	json_close_object(out);
}

static void put_spread(struct json_writer *out, const char *key,
                       const struct spread *spread)
{
	json_open_object(out, key);
	json_put_unsigned(out, "min", spread->min);
	json_put_unsigned(out, "p50", spread->p50);
	json_put_unsigned(out, "p90", spread->p90);
	json_put_unsigned(out, "p99", spread->p99);
	json_put_unsigned(out, "max", spread->max);
	json_close_object(out);
}

static void put_ratio(struct json_writer *out, const char *key,
                      const struct ratio *ratio)
{
	if (!ratio->n_blocks)
		return;
	json_open_object(out, key);
	json_put_unsigned(out, "blocks", ratio->n_blocks);
	json_put_milli(out, "median", ratio->mid);
	json_put_milli(out, "low", ratio->low);
	json_put_milli(out, "high", ratio->high);
	json_close_object(out);
}

/* One array for each thing measured, block by block. 0: the sample failed. */
static void put_samples(struct json_writer *out, const struct order *order,
                        const struct sample *samples)
{
	size_t n = order->n_blocks * order->n_samples;

	json_open_array(out, "wall_ns");
	for (size_t i = 0; i < n; i++)
		json_put_unsigned(out, NULL, samples[i].wall_ns);
	json_close_array(out);
	json_open_array(out, "first_byte_ns");
	for (size_t i = 0; i < n; i++)
		json_put_unsigned(out, NULL, samples[i].first_ns);
	json_close_array(out);
	json_open_array(out, "cpu_ns");
	for (size_t i = 0; i < n; i++)
		json_put_unsigned(out, NULL, samples[i].cpu_ns);
	json_close_array(out);
}

static void put_claims(struct json_writer *out, unsigned claims)
{
	json_open_array(out, "namespaces");
	for (unsigned i = 0; i < N_NS; i++)
		if (claims & (1u << i))
			json_put_text(out, NULL, ns_name(i));
	json_close_array(out);
}

static void put_entrant(struct json_writer *out, const struct result *result,
                        const struct entrant *entrant,
                        const struct stats *stats)
{
	json_open_object(out, NULL);
	json_put_text(out, "name", entrant->row->name);
	json_put_text(out, "does", entrant->row->does);
	put_claims(out, entrant->row->claims);
	json_put_bool(out, "installed", entrant->argv);
	if (entrant->version)
		json_put_text(out, "version", entrant->version);
	if (entrant->argv) {
		json_open_array(out, "argv");
		for (char **word = entrant->argv; *word; word++)
			json_put_text(out, NULL, *word);
		json_close_array(out);
	}
	json_put_unsigned(out, "failed", entrant->n_failed);
	if (entrant->n_failed)
		json_put_text(out, "failure", entrant->failure);
	if (entrant->row->goal_milli)
		json_put_milli(out, "goal", entrant->row->goal_milli);
	if (stats->n) {
		put_ratio(out, "ratio", &stats->clean);
		put_ratio(out, "ratio_all_blocks", &stats->all);
		put_spread(out, "wall", &stats->wall);
		put_spread(out, "first_byte", &stats->first);
		put_spread(out, "cpu", &stats->cpu);
		put_samples(out, &result->order, entrant->samples);
	}
	json_close_object(out);
}

static void put_blocks(struct json_writer *out, const struct result *result)
{
	json_open_array(out, "calibration");
	for (size_t i = 0; i < result->order.n_blocks; i++) {
		const struct block *block = &result->blocks[i];

		json_open_object(out, NULL);
		json_put_unsigned(out, "loop_ns", block->loop_ns);
		json_put_unsigned(out, "spawn_ns", block->spawn_ns);
		json_put_milli(out, "stalled", block->stall_milli);
		json_put_bool(out, "flagged", block->flagged);
		json_close_object(out);
	}
	json_close_array(out);
}

void raw_group(struct json_writer *out, const struct result *result,
               const struct stats *stats, const struct load *before,
               const struct load *after)
{
	const struct order *order = &result->order;

	json_open_object(out, NULL);
	json_put_text(out, "name", result->group->name);
	json_put_text(out, "reference", result->group->reference);
	json_put_unsigned(out, "blocks", order->n_blocks);
	json_put_unsigned(out, "samples_per_block", order->n_samples);
	json_put_seconds(out, "gap_s", order->gap_ns);
	if (result->group->clients) {
		json_put_unsigned(out, "clients", result->group->clients);
		json_put_seconds(out, "loop_s", order->time_ns);
	}
	json_put_unsigned(out, "flagged_blocks", result->n_flagged);
	json_put_bool(out, "verdict", result_is_clear(result));
	put_load(out, "before", before);
	put_load(out, "after", after);
	put_blocks(out, result);
	json_open_array(out, "contenders");
	for (size_t i = 0; i < result->group->n_contenders; i++)
		put_entrant(out, result, &result->entrants[i], &stats[i]);
	json_close_array(out);
	json_close_object(out);
}
