/* SPDX-License-Identifier: MIT */
/* The network inside: a loopback interface. net.c is the only file that sees
 * libnl. */
#ifndef SBX_KERNEL_NET_H
#define SBX_KERNEL_NET_H

#include <stddef.h>

#define NET_MESSAGE_MAX 128

struct net_message {
	size_t len;
	_Alignas(8) unsigned char data[NET_MESSAGE_MAX];
};

/* Writes the request that brings a new namespace's loopback up. libnl
 * allocates, so this is done before the clone. 0 or -ENOMEM. */
int net_loopback_message(struct net_message *message);

/* Sends it, in the new namespace, and waits for the kernel's answer: 0 or
 * -errno. */
int net_send(const struct net_message *message);

#endif
