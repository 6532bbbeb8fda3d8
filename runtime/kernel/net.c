/* SPDX-License-Identifier: MIT */
#include "kernel/net.h"

#include <errno.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <string.h>
#include <sys/socket.h>

#include "base/def.h"

#define LOOPBACK_INDEX 1 /* in every new namespace: net/core/dev.c */

int net_loopback_message(struct net_message *message)
{
	struct ifinfomsg up = {
		.ifi_family = AF_UNSPEC,
		.ifi_index = LOOPBACK_INDEX,
		.ifi_flags = IFF_UP,
		.ifi_change = IFF_UP,
	};
	struct nl_msg *request;
	int r = -ENOMEM;

	request = nlmsg_alloc_simple(RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK);
	if (!request)
		return -ENOMEM;
	if (nlmsg_append(request, &up, sizeof(up), NLMSG_ALIGNTO) == 0 &&
	    nlmsg_hdr(request)->nlmsg_len <= sizeof(message->data)) {
		message->len = nlmsg_hdr(request)->nlmsg_len;
		memcpy(message->data, nlmsg_hdr(request), message->len);
		r = 0;
	}
	nlmsg_free(request);
	return r;
}

int net_send(const struct net_message *message)
{
	_Alignas(struct nlmsghdr) char data[1024];
	const struct nlmsghdr *header = (const struct nlmsghdr *)data;
	const struct nlmsgerr *answer;
	CLEANUP_FD int fd = -1;
	ssize_t n;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0 || send(fd, message->data, message->len, 0) < 0)
		return -errno;
	n = recv(fd, data, sizeof(data), 0);
	if (n < 0)
		return -errno;
	if ((size_t)n < NLMSG_LENGTH(sizeof(*answer)) ||
	    header->nlmsg_type != NLMSG_ERROR)
		return -EPROTO;
	answer = NLMSG_DATA(header);
	return answer->error;
}
