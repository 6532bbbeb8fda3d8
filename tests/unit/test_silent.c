/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <string.h>

#include "sbxd/silent.h"

#define MOST 32

static void on_drop(struct silent *silent)
{
	silent->fd = -1;
}

/* The crowd: one of this kind, of the caller or address with that number. */
static void begin(struct silents *silents, struct silent *silent,
                  enum peer_kind kind, unsigned which)
{
	*silent = (struct silent){.fd = 1, .drop = on_drop};
	silent->peer.kind = kind;
	silent->peer.who.uid = kind == PEER_USER ? which : 0;
	silent->peer.address[0] = (unsigned char)which;
	if (kind == PEER_TOKEN)
		(void)strcpy(silent->peer.who.token, which ? "b" : "a");
	silent_begin(silents, silent);
}

static unsigned left(const struct silent *crowd, unsigned n)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < n; i++)
		sum += crowd[i].fd == 1;
	return sum;
}

/* How many may stay of one peer, and of many of its kind: the latest. */
Test(silent, are_so_many)
{
	static const struct {
		enum peer_kind kind;
		unsigned n_peers, stay;
	} rows[] = {
		{PEER_USER, 1, MOST / 2},     {PEER_USER, 99, MOST},
		{PEER_TOKEN, 1, MOST / 4},    {PEER_TOKEN, 2, MOST / 2},
		{PEER_STRANGER, 1, MOST / 4}, {PEER_STRANGER, 99, MOST / 2},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct silent crowd[3 * MOST];
		struct silents silents;

		silents_init(&silents);
		silents.most = MOST;
		for (unsigned j = 0; j < 3 * MOST; j++)
			begin(&silents, &crowd[j], rows[i].kind,
			      j % rows[i].n_peers);
		cr_expect_eq(silents.n, rows[i].stay, "row %zu: %u", i,
		             silents.n);
		cr_expect_eq(left(crowd, 3 * MOST), rows[i].stay);
		cr_expect_eq(
			left(crowd + 3 * MOST - rows[i].stay, rows[i].stay),
			rows[i].stay, "row %zu: not the latest", i);
	}
}

/* However many strangers come, nobody else goes; and where there is no room for
 * all, strangers go first. */
Test(silent, strangers_go_first)
{
	struct silent users[MOST], strangers[3 * MOST];
	struct silents silents;

	silents_init(&silents);
	silents.most = MOST;
	for (unsigned i = 0; i < MOST / 2; i++)
		begin(&silents, &users[i], PEER_USER, 1);
	for (unsigned i = 0; i < 3 * MOST; i++)
		begin(&silents, &strangers[i], PEER_STRANGER, i);
	cr_expect_eq(left(users, MOST / 2), MOST / 2);
	cr_expect_eq(left(strangers, 3 * MOST), MOST / 2);
	for (unsigned i = MOST / 2; i < MOST; i++)
		begin(&silents, &users[i], PEER_USER, 2);
	cr_expect_eq(left(users, MOST), MOST);
	cr_expect_eq(left(strangers, 3 * MOST), 0);
}

/* One that begins anew is there once, and is the latest. */
Test(silent, begins_anew)
{
	struct silent one, other;
	struct silents silents;

	silents_init(&silents);
	begin(&silents, &one, PEER_STRANGER, 1);
	begin(&silents, &other, PEER_STRANGER, 1);
	silent_begin(&silents, &one);
	cr_expect_eq(silents.n, 2);
	cr_expect_eq(silents.list.next, &other);
	silent_end(&silents, &one);
	silent_end(&silents, &one);
	silent_end(&silents, &other);
	cr_expect_eq(silents.n, 0);
}
