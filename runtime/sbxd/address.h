/* SPDX-License-Identifier: MIT */
/* Addresses of TCP, as numbers: nothing is looked up. */
#ifndef SBX_SBXD_ADDRESS_H
#define SBX_SBXD_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	};
	socklen_t len;
};

/* "8080", which is 127.0.0.1:8080; "10.0.0.5:8080", "[::1]:8080",
 * "localhost:8080". 0 or -EINVAL. */
int address_parse(const char *text, struct address *address);

/* Of our side of a socket, or of the other. -ENOTSOCK: it is none of TCP. */
int address_own(int fd, struct address *address);
int address_peer(int fd, struct address *address);

bool address_is_loopback(const struct address *address);

#define ADDRESS_TEXT (INET6_ADDRSTRLEN + sizeof("[]:65535"))

/* As a URL has it: "127.0.0.1" or "[::1]"; then ":8080", if the port is wanted.
 * Returns text. */
char *address_text(const struct address *address, bool port,
                   char text[ADDRESS_TEXT]);

#endif
