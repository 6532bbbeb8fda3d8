/* SPDX-License-Identifier: MIT */
/* Apart from net.c: a zygote has no libnl. */
#include <errno.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include "base/def.h"
#include "kernel/net.h"

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
