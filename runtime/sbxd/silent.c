/* SPDX-License-Identifier: MIT */
#include "sbxd/silent.h"

#include <sys/resource.h>

#include "base/clock.h"
#include "base/def.h"

/* A request is a megabyte at most, and comes from this host or one nearby. */
#define PATIENCE (10 * NS_PER_S)

/* Of all, and no more than half of the descriptors that there are. */
#define MOST 2048

void silents_init(struct silents *silents)
{
	struct rlimit limit;

	silents->list.next = silents->list.prev = &silents->list;
	silents->n = 0;
	silents->most = MOST;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		silents->most = (unsigned)MIN(limit.rlim_cur / 2, MOST);
}

void silent_end(struct silents *silents, struct silent *silent)
{
	if (!silent->next)
		return;
	silent->next->prev = silent->prev;
	silent->prev->next = silent->next;
	silent->next = silent->prev = NULL;
	silents->n--;
}

static void drop(struct silents *silents, struct silent *silent)
{
	silent_end(silents, silent);
	silent->drop(silent);
}

/* Which part of the most one peer may have, and all of its kind. Strangers are
 * whoever reaches the port: users of this host and holders of tokens are not to
 * be without a connection for them. */
static const struct {
	unsigned one, all;
} shares[N_PEER_KINDS] = {
	[PEER_USER] = {2, 1},
	[PEER_TOKEN] = {4, 2},
	[PEER_STRANGER] = {4, 2},
};

/* One of this peer's, or of its kind, where there are too many of them: the
 * oldest. Or NULL. */
static struct silent *too_many(const struct silents *silents,
                               const struct peer *peer)
{
	struct silent *own = NULL, *alike = NULL;
	unsigned n_own = 0, n_alike = 0;

	for (struct silent *at = silents->list.next; at != &silents->list;
	     at = at->next) {
		if (at->peer.kind != peer->kind)
			continue;
		if (n_alike++ == 0)
			alike = at;
		if (peer_is(&at->peer, peer) && n_own++ == 0)
			own = at;
	}
	if (n_own > silents->most / shares[peer->kind].one)
		return own;
	return n_alike > silents->most / shares[peer->kind].all ? alike : NULL;
}

/* Whom the others can do without first. */
static struct silent *first_to_go(const struct silents *silents)
{
	struct silent *at = silents->list.next;

	while (at != &silents->list && at->peer.kind != PEER_STRANGER)
		at = at->next;
	return at == &silents->list ? at->next : at;
}

void silent_begin(struct silents *silents, struct silent *silent)
{
	struct silent *end = &silents->list, *other;

	silent_end(silents, silent);
	silent->until_ns = clock_ns() + PATIENCE;
	silent->next = end;
	silent->prev = end->prev;
	end->prev->next = silent;
	end->prev = silent;
	silents->n++;
	other = too_many(silents, &silent->peer);
	if (!other && silents->n > silents->most)
		other = first_to_go(silents);
	if (other)
		drop(silents, other);
}

void silents_tidy(struct silents *silents)
{
	uint64_t now = clock_ns();

	while (silents->n > 0 && silents->list.next->until_ns <= now)
		drop(silents, silents->list.next);
}
