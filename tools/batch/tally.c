/* SPDX-License-Identifier: MIT */
#include "tally.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"

static const char *const known[] = {
	"success", "failure",  "timeout",   "limit",
	"denied",  "rejected", "cancelled", "error",
};

void tally_init(struct tally *tally)
{
	*tally = (struct tally){.start_ns = clock_ns()};
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		tally->statuses[i].name = known[i];
}

const char *tally_name(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(known[i], text) == 0)
			return known[i];
	return NULL;
}

void tally_add(struct tally *tally, const char *status)
{
	tally->n_reports++;
	for (size_t i = 0; i < MAX_STATUSES; i++) {
		struct tally_status *row = &tally->statuses[i];

		if (!row->name)
			row->name = status;
		if (strcmp(row->name, status) == 0) {
			row->count++;
			return;
		}
	}
}

uint64_t tally_of(const struct tally *tally, const char *status)
{
	for (size_t i = 0; i < MAX_STATUSES && tally->statuses[i].name; i++)
		if (strcmp(tally->statuses[i].name, status) == 0)
			return tally->statuses[i].count;
	return 0;
}

static double seconds(const struct tally *tally)
{
	return (double)(clock_ns() - tally->start_ns) / (double)NS_PER_S;
}

static double rate(const struct tally *tally)
{
	double spent = seconds(tally);

	return spent > 0 ? (double)tally->n_reports / spent : 0;
}

static void write_out(int fd, struct buffer *out)
{
	if (!out->failed)
		(void)file_write_fd(fd, out->data, out->len);
	buffer_free(out);
}

#define BAR "####################"

/* How much of the requests was read, as far as that is known. */
static double show_bar(const struct tally *tally, struct buffer *out)
{
	const int cells = (int)strlen(BAR);
	double part = (double)tally->done / (double)tally->size;

	buffer_printf(out, "[%-*.*s] %.0f %%, ", cells,
	              (int)(part * cells + 0.5), BAR, 100 * part);
	return part;
}

void tally_show(const struct tally *tally, int fd)
{
	struct buffer out = {0};
	double part;

	buffer_text(&out, "\r");
	part = tally->size > 0 ? show_bar(tally, &out) : 0;
	buffer_printf(&out, "%" PRIu64 " run", tally->n_reports);
	if (part > 0 && tally->n_reports > 0)
		buffer_printf(&out, ", %.0f s left",
		              seconds(tally) * (1 - part) / part);
	buffer_printf(&out, ", %.1f/s", rate(tally));
	for (size_t i = 0; i < MAX_STATUSES; i++)
		if (tally->statuses[i].count)
			buffer_printf(&out, ", %s %" PRIu64,
			              tally->statuses[i].name,
			              tally->statuses[i].count);
	buffer_text(&out, "\x1b[K");
	write_out(fd, &out);
}

void tally_hide(int fd)
{
	(void)file_write_fd(fd, "\r\x1b[K", 4);
}

static void sum_table(const struct tally *tally, const char *left,
                      struct buffer *out)
{
	for (size_t i = 0; i < MAX_STATUSES; i++) {
		const struct tally_status *row = &tally->statuses[i];

		if (row->count)
			buffer_printf(out, "%-10s %8" PRIu64 " %5.1f %%\n",
			              row->name, row->count,
			              100.0 * (double)row->count /
			                      (double)tally->n_reports);
	}
	buffer_printf(out, "%-10s %8" PRIu64 "  in %.1f s, %.1f/s\n", "all",
	              tally->n_reports, seconds(tally), rate(tally));
	if (tally->n_skipped)
		buffer_printf(out, "%-10s %8" PRIu64 "  reported before\n",
		              "skipped", tally->n_skipped);
	if (left)
		buffer_printf(out, "stopped: %s\n", left);
}

static int sum_json(const struct tally *tally, bool complete,
                    struct buffer *out)
{
	struct json_writer *writer = json_writer_new();

	if (!writer)
		return -ENOMEM;
	json_open_object(writer, NULL);
	json_put_integer(writer, "schema", 1);
	json_put_bool(writer, "complete", complete);
	json_put_unsigned(writer, "reports", tally->n_reports);
	json_put_unsigned(writer, "skipped", tally->n_skipped);
	json_put_seconds(writer, "wall_time_s", clock_ns() - tally->start_ns);
	json_open_object(writer, "status");
	for (size_t i = 0; i < MAX_STATUSES; i++)
		if (tally->statuses[i].count)
			json_put_unsigned(writer, tally->statuses[i].name,
			                  tally->statuses[i].count);
	json_close_object(writer);
	json_close_object(writer);
	return json_writer_end(writer, "\n", out);
}

int tally_sum(const struct tally *tally, enum summary kind, const char *left,
              int fd)
{
	struct buffer out = {0};
	int r = 0;

	if (kind == SUMMARY_NONE)
		return 0;
	if (kind == SUMMARY_JSON)
		r = sum_json(tally, !left, &out);
	else
		sum_table(tally, left, &out);
	if (r == 0 && out.failed)
		r = -ENOMEM;
	if (r == 0)
		r = file_write_fd(fd, out.data, out.len);
	buffer_free(&out);
	return r;
}
