/* SPDX-License-Identifier: MIT */
#include "kernel/net.h"

#include <errno.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <string.h>

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
