/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/def.h"
#include "kernel/net.h"
#include "support/child.h"

TestSuite(net, .timeout = 30);

/* Listens on a port of address and connects to it. 0 or the errno. */
static int talk(const char *address)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};
	struct sockaddr_in four = {.sin_family = AF_INET};
	CLEANUP_FD int server = -1;
	CLEANUP_FD int client = -1;
	bool is_six = strchr(address, ':') != NULL;
	struct sockaddr *name = is_six ? (void *)&six : (void *)&four;
	socklen_t len = is_six ? sizeof(six) : sizeof(four);

	if (inet_pton(name->sa_family, address,
	              is_six ? (void *)&six.sin6_addr
	                     : (void *)&four.sin_addr) != 1)
		return EINVAL;
	server = socket(name->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	client = socket(name->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (server < 0 || client < 0 || bind(server, name, len) < 0 ||
	    listen(server, 1) < 0 || getsockname(server, name, &len) < 0 ||
	    connect(client, name, len) < 0)
		return errno;
	return 0;
}

static int bring_up(void *data)
{
	STEP(talk("127.0.0.1") == ENETUNREACH);
	STEP(net_send(data) == 0);
	STEP(talk("127.0.0.1") == 0);
	STEP(talk("127.9.8.7") == 0);
	STEP(net_send(data) == 0);
	STEP(talk("::1") == 0 || errno == EAFNOSUPPORT);
	STEP(talk("192.0.2.1") != 0);
	return 0;
}

/* A new network namespace has no loopback until the message is sent, and then
 * that and nothing else. */
Test(net, brings_the_loopback_up)
{
	struct net_message message;

	cr_assert_eq(net_loopback_message(&message), 0);
	cr_expect_gt(message.len, 0);
	cr_expect_leq(message.len, sizeof(message.data));
	EXPECT_CHILD(child_run_in(CLONE_NEWNET, bring_up, &message));
}

static int hear_no(void *data)
{
	struct net_message *message = data;
	struct nlmsghdr *header = (struct nlmsghdr *)message->data;
	struct ifinfomsg *info = NLMSG_DATA(header);

	info->ifi_index = 77;
	STEP(net_send(message) == -ENODEV);
	return 0;
}

/* The kernel's no is heard. */
Test(net, hears_the_answer)
{
	struct net_message message;
	size_t before = open_descriptors();

	cr_assert_eq(net_loopback_message(&message), 0);
	EXPECT_CHILD(child_run_in(CLONE_NEWNET, hear_no, &message));
	if (geteuid() != 0)
		cr_expect_eq(net_send(&message), -EPERM);
	cr_expect_eq(open_descriptors(), before);
}
