/* SPDX-License-Identifier: MIT */
#include "sbxd/gate.h"

#include <stdio.h>
#include <string.h>

#include "sbxd/address.h"
#include "sbxd/tokens.h"

static const struct objection unauthorized = {
	401, "unauthorized",
	"Authorization: Bearer TOKEN is wanted, with a token that this daemon "
	"knows; see sbxd(8)"};

/* One that was refused, or needs no token, is a stranger's. */
static const struct objection *admit(struct exchange *exchange,
                                     struct silent *silent,
                                     const struct head *head)
{
	struct peer *peer = &silent->peer;
	char own[ADDRESS_TEXT] = "localhost";
	const struct objection *objection;
	struct address address;
	const char *name;

	peer->kind = PEER_STRANGER;
	peer->who = (struct who){.uid = (uid_t)-1};
	if (address_own(silent->fd, &address) == 0)
		(void)address_text(&address, false, own);
	objection = head_check(head, exchange->method, own);
	if (objection || routes_are_open(exchange))
		return objection;
	name = tokens_name(exchange->daemon->tokens, head->authorization);
	if (!name) {
		exchange->daemon->counters.unauthorized++;
		return &unauthorized;
	}
	peer->kind = PEER_TOKEN;
	peer->who.uid = geteuid();
	(void)snprintf(peer->who.token, sizeof(peer->who.token), "%s", name);
	return NULL;
}

/* Processes that the daemon starts have copies of its memory. */
static void forget(const char *secret)
{
	if (secret)
		explicit_bzero((void *)secret, strlen(secret));
}

void gate_pass(struct exchange *exchange, struct silent *peer,
               const struct head *head)
{
	exchange->over_tcp = peer->peer.kind != PEER_USER;
	if (exchange->over_tcp)
		exchange->objection = admit(exchange, peer, head);
	forget(head->authorization);
	exchange->who = peer->peer.who;
}
