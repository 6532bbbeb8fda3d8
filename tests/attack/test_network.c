/* SPDX-License-Identifier: MIT */
/* Attacks over networks: what listens on the host, and sockets of families
 * that no namespace holds. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/def.h"
#include "support/attack.h"
#include "support/scratch.h"

TestSuite(networks, .timeout = 120);

/* A stream and a datagram socket on the same port of all addresses, of both
 * protocols. */
static int listen_everywhere(int *stream, int *datagram)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6};
	socklen_t len = sizeof(address);
	int off = 0;

	*stream = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	*datagram = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(setsockopt(*stream, IPPROTO_IPV6, IPV6_V6ONLY, &off,
	                        sizeof(off)),
	             0);
	cr_assert_eq(setsockopt(*datagram, IPPROTO_IPV6, IPV6_V6ONLY, &off,
	                        sizeof(off)),
	             0);
	cr_assert_eq(bind(*stream, (void *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(*stream, 64), 0);
	cr_assert_eq(getsockname(*stream, (void *)&address, &len), 0);
	cr_assert_eq(bind(*datagram, (void *)&address, sizeof(address)), 0);
	return ntohs(address.sin6_port);
}

/* The address as text, or NULL for one that needs a scope or is none. */
static const char *address_text(const struct ifaddrs *at)
{
	static char text[INET6_ADDRSTRLEN];
	const void *address;

	if (!at->ifa_addr || at->ifa_flags & IFF_LOOPBACK)
		return NULL;
	if (at->ifa_addr->sa_family == AF_INET)
		address = &((const struct sockaddr_in *)(const void *)
		                    at->ifa_addr)
		                   ->sin_addr;
	else if (at->ifa_addr->sa_family == AF_INET6)
		address = &((const struct sockaddr_in6 *)(const void *)
		                    at->ifa_addr)
		                   ->sin6_addr;
	else
		return NULL;
	if (at->ifa_addr->sa_family == AF_INET6 &&
	    IN6_IS_ADDR_LINKLOCAL((const struct in6_addr *)address))
		return NULL;
	return inet_ntop(at->ifa_addr->sa_family, address, text, sizeof(text));
}

/* What listens on the host is reached by no spelling of its addresses: not
 * those of the loopback, and not the host's own. */
Test(networks, N45_host_has_no_address)
{
	struct ifaddrs *all = NULL;
	int stream, datagram;
	const char *port = text_of("%d", listen_everywhere(&stream, &datagram));

	attack("loopback", CALL(COMMAND("@nets", "reach", port)),
	       CALL(.outside = true, COMMAND("@nets", "reach", port)), NULL);
	cr_assert_eq(getifaddrs(&all), 0);
	for (const struct ifaddrs *at = all; at; at = at->ifa_next) {
		const char *text = address_text(at);

		if (text)
			attack(text,
			       CALL(COMMAND("@nets", "address", text, port)),
			       CALL(.outside = true,
			            COMMAND("@nets", "address", text, port)),
			       NULL);
	}
	freeifaddrs(all);
	(void)close(stream);
	(void)close(datagram);
}

/* The only interface is lo, also for who asks the kernel by netlink. */
Test(networks, N45_one_interface)
{
	struct result held, open;

	RUN(&held, COMMAND("@nets", "interfaces"));
	cr_expect_str_eq(held.out.data, "lo\n");
	RUN(&open, .outside = true, COMMAND("sh", "-c", "ls /sys/class/net"));
	cr_expect_not_null(strstr(open.out.data, "lo\n"), "control");
	result_free(&held);
	result_free(&open);
}

/* There is no socket in the whole tree to connect to. */
Test(networks, N47_no_socket_in_the_tree)
{
	static const char script[] =
		"find / -xdev -type s 2>/dev/null; find /dev /tmp /workspace "
		"/etc -type s; echo done; perl -MIO::Socket::UNIX -e "
		"'IO::Socket::UNIX->new(Local => q(/tmp/own)) or exit 1'; "
		"find /tmp -type s";
	struct result result;

	RUN(&result, COMMAND("sh", "-c", script));
	cr_expect_str_eq(result.out.data, "done\n/tmp/own\n", "%s",
	                 result.err.data);
	result_free(&result);
}

/* Families and protocols beyond TCP, UDP and what getifaddrs asks: none. Some
 * are of no namespace, so they would cross boxes. */
Test(networks, N48_families)
{
	attack_some(
		"socket", CALL(COMMAND("@nets", "families")),
		CALL(.without = "filter+caps", COMMAND("@nets", "families")),
		10);
	attack_some("capabilities alone are not enough",
	            CALL(COMMAND("@nets", "families")),
	            CALL(.without = "filter", COMMAND("@nets", "families")), 5);
}

/* The same of socketpair: the filter answers, not the kernel. */
Test(networks, N48_pairs)
{
	struct result held, open;

	RUN(&held, COMMAND("@nets", "pairs"));
	RUN(&open, .without = "filter", COMMAND("@nets", "pairs"));
	cr_expect_null(strstr(held.out.data, "SUPP"), "%s", held.out.data);
	cr_expect_null(strstr(held.out.data, " ok"), "%s", held.out.data);
	cr_expect_not_null(strstr(open.out.data, "MPTCP EOPNOTSUPP"),
	                   "control: %s", open.out.data);
	result_free(&held);
	result_free(&open);
}
