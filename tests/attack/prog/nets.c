/* SPDX-License-Identifier: MIT */
/*
 * Reaches for networks.
 *
 *	nets reach PORT      who listens on that port of this host, by every
 *	                     spelling of its own addresses
 *	nets address IP PORT the same of one address
 *	nets families        sockets of every family and protocol
 *	nets pairs           the same by socketpair
 *	nets interfaces      the names of all of them
 */
#include "say.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t parse(const char *text, const char *port, union address *to)
{
	memset(to, 0, sizeof(*to));
	if (inet_pton(AF_INET, text, &to->v4.sin_addr) == 1) {
		to->v4.sin_family = AF_INET;
		to->v4.sin_port = htons((uint16_t)atoi(port));
		return sizeof(to->v4);
	}
	to->v6.sin6_family = AF_INET6;
	to->v6.sin6_port = htons((uint16_t)atoi(port));
	inet_pton(AF_INET6, text, &to->v6.sin6_addr);
	return sizeof(to->v6);
}

/* A datagram that nobody takes makes the second one fail. */
static long send_twice(int fd)
{
	if (send(fd, "x", 1, 0) < 0)
		return -1;
	usleep(20000);
	return send(fd, "x", 1, 0);
}

static void reach(const char *text, const char *port)
{
	union address to;
	socklen_t len = parse(text, port, &to);
	char name[128];
	int fd;

	snprintf(name, sizeof(name), "tcp-%s", text);
	fd = socket(to.any.sa_family, SOCK_STREAM, 0);
	say(name, fd < 0 ? fd : connect(fd, &to.any, len));
	close(fd);
	snprintf(name, sizeof(name), "udp-%s", text);
	fd = socket(to.any.sa_family, SOCK_DGRAM, 0);
	say(name,
	    fd < 0 || connect(fd, &to.any, len) < 0 ? -1 : send_twice(fd));
	close(fd);
}

static int nets_reach(char **words)
{
	static const char *const texts[] = {"127.0.0.1",        "127.9.9.9",
	                                    "0.0.0.0",          "::1",
	                                    "::ffff:127.0.0.1", "::"};

	for (size_t i = 0; i < N_OF(texts); i++)
		reach(texts[i], words[0]);
	return 0;
}

static int nets_address(char **words)
{
	reach(words[0], words[1]);
	return 0;
}

static const struct {
	const char *name;
	int family, type, protocol;
} rows[] = {
	{"AX25", 3, SOCK_SEQPACKET, 0},
	{"IPX", 4, SOCK_DGRAM, 0},
	{"APPLETALK", 5, SOCK_DGRAM, 0},
	{"X25", 9, SOCK_SEQPACKET, 0},
	{"KEY", 15, SOCK_RAW, 2},
	{"AUDIT", AF_NETLINK, SOCK_RAW, 9},
	{"NETFILTER", AF_NETLINK, SOCK_RAW, 12},
	{"XFRM", AF_NETLINK, SOCK_RAW, 6},
	{"CONNECTOR", AF_NETLINK, SOCK_RAW, 11},
	{"UEVENT", AF_NETLINK, SOCK_RAW, 15},
	{"GENERIC", AF_NETLINK, SOCK_RAW, 16},
	{"SOCK_DIAG", AF_NETLINK, SOCK_RAW, 4},
	{"PACKET", 17, SOCK_RAW, 768},
	{"PACKET_DGRAM", 17, SOCK_DGRAM, 768},
	{"RDS", 21, SOCK_SEQPACKET, 0},
	{"PPPOX", 24, SOCK_STREAM, 0},
	{"LLC", 26, SOCK_DGRAM, 0},
	{"CAN", 29, SOCK_RAW, 1},
	{"TIPC", 30, SOCK_STREAM, 0},
	{"BLUETOOTH", 31, SOCK_RAW, 1},
	{"RXRPC", 33, SOCK_DGRAM, 2},
	{"PHONET", 35, SOCK_DGRAM, 0},
	{"ALG", 38, SOCK_SEQPACKET, 0},
	{"NFC", 39, SOCK_RAW, 0},
	{"VSOCK", 40, SOCK_STREAM, 0},
	{"KCM", 41, SOCK_DGRAM, 0},
	{"QIPCRTR", 42, SOCK_DGRAM, 0},
	{"SMC", 43, SOCK_STREAM, 0},
	{"XDP", 44, SOCK_RAW, 0},
	{"RAW", AF_INET, SOCK_RAW, IPPROTO_TCP},
	{"RAW6", AF_INET6, SOCK_RAW, IPPROTO_TCP},
	{"PING", AF_INET, SOCK_DGRAM, IPPROTO_ICMP},
	{"SCTP", AF_INET, SOCK_STREAM, 132},
	{"MPTCP", AF_INET, SOCK_STREAM, 262},
	{"UDPLITE", AF_INET, SOCK_DGRAM, 136},
	{"DCCP", AF_INET, 6, 33},
	{"L2TP", AF_INET, SOCK_DGRAM, 115},
	{"PACKET_TYPE", AF_INET, 10, 768},
};

static int nets_families(char **words)
{
	(void)words;
	for (size_t i = 0; i < N_OF(rows); i++)
		say(rows[i].name,
		    socket(rows[i].family, rows[i].type, rows[i].protocol));
	return 0;
}

static int nets_pairs(char **words)
{
	int ends[2];

	(void)words;
	for (size_t i = 0; i < N_OF(rows); i++)
		say(rows[i].name, socketpair(rows[i].family, rows[i].type,
		                             rows[i].protocol, ends));
	return 0;
}

static int nets_interfaces(char **words)
{
	struct if_nameindex *names = if_nameindex();

	(void)words;
	for (struct if_nameindex *at = names; at && at->if_index; at++)
		puts(at->if_name);
	return 0;
}

static const struct verb verbs[] = {
	{"reach", nets_reach},           {"address", nets_address},
	{"families", nets_families},     {"pairs", nets_pairs},
	{"interfaces", nets_interfaces},
};

int main(int argc, char **argv)
{
	(void)argc;
	return run_verb(verbs, N_OF(verbs), argv);
}
