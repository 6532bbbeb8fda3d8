/* SPDX-License-Identifier: MIT */
#include "sbxd/recent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "sbxd/job.h"

#define KEPT 256

struct row {
	char id[SBX_MAX_ID + 1];
	char profile[65];
	char status[12], reason[12];
	struct who who;
	bool is_warm;
	uint64_t wall_ns, asked_ns, ended_ns;
};

struct recent {
	struct row rows[KEPT];
	size_t n; /* of all there were; the latest is at n - 1 */
};

struct recent *recent_new(void)
{
	return calloc(1, sizeof(struct recent));
}

static void copy(char *to, size_t size, const char *from)
{
	(void)snprintf(to, size, "%s", from);
}

void recent_add(struct recent *recent, const struct ended *ended)
{
	struct row *row = &recent->rows[recent->n++ % KEPT];

	*row = (struct row){
		.who = ended->who,
		.is_warm = ended->is_warm,
		.wall_ns = ended->wall_ns,
		.asked_ns = ended->asked_ns,
		.ended_ns = clock_ns(),
	};
	copy(row->id, sizeof(row->id), ended->id);
	copy(row->status, sizeof(row->status), ended->status);
	copy(row->reason, sizeof(row->reason), ended->reason);
	copy(row->profile, sizeof(row->profile),
	     ended->profile ? ended->profile : "base");
}

static void put_row(const struct row *row, struct json_writer *out)
{
	json_open_object(out, NULL);
	json_put_text(out, "id", row->id);
	json_put_text(out, "state", "over");
	json_put_text(out, "status", row->status);
	json_put_text(out, "reason", row->reason);
	json_put_text(out, "profile", row->profile);
	who_put(&row->who, out);
	json_put_bool(out, "warm", row->is_warm);
	json_put_seconds(out, "wall_time_s", row->wall_ns);
	json_put_seconds(out, "took_s", row->ended_ns - row->asked_ns);
	json_put_seconds(out, "ago_s", clock_ns() - row->ended_ns);
	json_close_object(out);
}

/* The row that is back places behind the latest, or NULL. */
static const struct row *find(const struct recent *recent, size_t back,
                              const struct who *who)
{
	const struct row *row;

	if (back >= KEPT || back >= recent->n)
		return NULL;
	row = &recent->rows[(recent->n - 1 - back) % KEPT];
	return who_may_see(who, &row->who) ? row : NULL;
}

void recent_list(const struct recent *recent, const struct who *who,
                 struct json_writer *out)
{
	for (size_t i = 0; i < KEPT; i++) {
		const struct row *row = find(recent, i, who);

		if (row)
			put_row(row, out);
	}
}

bool recent_put(const struct recent *recent, const char *id,
                const struct who *who, struct json_writer *out)
{
	for (size_t i = 0; i < KEPT; i++) {
		const struct row *row = find(recent, i, who);

		if (!row || strcmp(row->id, id) != 0)
			continue;
		put_row(row, out);
		return true;
	}
	return false;
}
