/* SPDX-License-Identifier: MIT */
#include "sbxd/peer.h"

#include <string.h>

#include "sbxd/address.h"

void peer_read(int fd, struct peer *peer)
{
	struct ucred user = {.uid = (uid_t)-1};
	socklen_t len = sizeof(user);
	struct address address;

	*peer = (struct peer){.kind = PEER_USER};
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &user, &len) < 0)
		user.uid = (uid_t)-1;
	peer->who.uid = user.uid;
	/* Of TCP the kernel knows no user. */
	if (user.uid != (uid_t)-1)
		return;
	peer->kind = PEER_STRANGER;
	if (address_peer(fd, &address) < 0)
		return;
	if (address.any.sa_family == AF_INET)
		memcpy(peer->address + 12, &address.v4.sin_addr, 4);
	else
		memcpy(peer->address, &address.v6.sin6_addr, 8);
}

bool peer_is(const struct peer *peer, const struct peer *other)
{
	if (peer->kind != other->kind)
		return false;
	if (peer->kind == PEER_STRANGER)
		return memcmp(peer->address, other->address,
		              sizeof(peer->address)) == 0;
	return who_is(&peer->who, &other->who);
}
