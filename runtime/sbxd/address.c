/* SPDX-License-Identifier: MIT */
#include "sbxd/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"

static void set_v4(struct address *address)
{
	address->v4.sin_family = AF_INET;
	address->len = sizeof(address->v4);
}

/* What is before the colon of the port. */
static int parse_host(const char *host, struct address *address)
{
	size_t len = strlen(host);
	char inside[INET6_ADDRSTRLEN];

	if (strcmp(host, "localhost") == 0)
		host = "127.0.0.1";
	if (inet_pton(AF_INET, host, &address->v4.sin_addr) == 1) {
		set_v4(address);
		return 0;
	}
	if (len < 2 || host[0] != '[' || host[len - 1] != ']' ||
	    len - 2 >= sizeof(inside))
		return -EINVAL;
	memcpy(inside, host + 1, len - 2);
	inside[len - 2] = '\0';
	if (inet_pton(AF_INET6, inside, &address->v6.sin6_addr) != 1)
		return -EINVAL;
	address->v6.sin6_family = AF_INET6;
	address->len = sizeof(address->v6);
	return 0;
}

int address_parse(const char *text, struct address *address)
{
	struct address made = {0};
	const char *colon = strrchr(text, ':');
	char host[ADDRESS_TEXT] = "127.0.0.1";
	uint64_t port;
	int r;

	if (colon) {
		size_t len = (size_t)(colon - text);

		if (len >= sizeof(host))
			return -EINVAL;
		memcpy(host, text, len);
		host[len] = '\0';
		text = colon + 1;
	}
	r = parse_host(host, &made);
	if (r < 0 || parse_count(text, &port) < 0 || port == 0 || port > 65535)
		return -EINVAL;
	/* At the same place in both. */
	made.v4.sin_port = htons((uint16_t)port);
	*address = made;
	return 0;
}

/* An IPv4 address that a socket of IPv6 has is one. */
static int settle(struct address *address)
{
	struct in6_addr v6 = address->v6.sin6_addr;

	if (address->any.sa_family == AF_INET)
		return 0;
	if (address->any.sa_family != AF_INET6)
		return -ENOTSOCK;
	if (!IN6_IS_ADDR_V4MAPPED(&v6))
		return 0;
	memcpy(&address->v4.sin_addr, &v6.s6_addr[12], 4);
	set_v4(address);
	return 0;
}

int address_own(int fd, struct address *address)
{
	*address = (struct address){.len = sizeof(address->v6)};
	if (getsockname(fd, &address->any, &address->len) < 0)
		return -errno;
	return settle(address);
}

int address_peer(int fd, struct address *address)
{
	*address = (struct address){.len = sizeof(address->v6)};
	if (getpeername(fd, &address->any, &address->len) < 0)
		return -errno;
	return settle(address);
}

bool address_is_loopback(const struct address *address)
{
	if (address->any.sa_family == AF_INET)
		return ntohl(address->v4.sin_addr.s_addr) >> 24 == 127;
	return IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr);
}

char *address_text(const struct address *address, bool port,
                   char text[ADDRESS_TEXT])
{
	bool v6 = address->any.sa_family == AF_INET6;
	char host[INET6_ADDRSTRLEN] = "";

	(void)inet_ntop(address->any.sa_family,
	                v6 ? (const void *)&address->v6.sin6_addr
	                   : (const void *)&address->v4.sin_addr,
	                host, sizeof(host));
	if (port)
		(void)snprintf(text, ADDRESS_TEXT, v6 ? "[%s]:%u" : "%s:%u",
		               host, ntohs(address->v4.sin_port));
	else
		(void)snprintf(text, ADDRESS_TEXT, v6 ? "[%s]" : "%s", host);
	return text;
}
