/* SPDX-License-Identifier: MIT */
#include "sbxd/silent.h"

#include <sys/resource.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/def.h"

/* A request is a megabyte at most, and comes from this host. */
#define PATIENCE (10 * NS_PER_S)

/* Of all, and no more than half of the descriptors that there are; of one user
 * half of that. */
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

/* The oldest of this user, where there are too many of them; or NULL. */
static struct silent *too_many(const struct silents *silents, uid_t uid)
{
	struct silent *oldest = NULL;
	unsigned n = 0;

	for (struct silent *at = silents->list.next; at != &silents->list;
	     at = at->next) {
		if (at->uid != uid)
			continue;
		if (!oldest)
			oldest = at;
		n++;
	}
	return n > silents->most / 2 ? oldest : NULL;
}

static uid_t peer_of(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0
	               ? peer.uid
	               : (uid_t)-1;
}

void silent_begin(struct silents *silents, struct silent *silent)
{
	struct silent *end = &silents->list, *other;

	silent->uid = peer_of(silent->fd);
	silent->until_ns = clock_ns() + PATIENCE;
	silent->next = end;
	silent->prev = end->prev;
	end->prev->next = silent;
	end->prev = silent;
	silents->n++;
	other = too_many(silents, silent->uid);
	if (!other && silents->n > silents->most)
		other = end->next;
	if (other)
		drop(silents, other);
}

void silents_tidy(struct silents *silents)
{
	uint64_t now = clock_ns();

	while (silents->n > 0 && silents->list.next->until_ns <= now)
		drop(silents, silents->list.next);
}
