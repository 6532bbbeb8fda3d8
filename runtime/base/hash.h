/* SPDX-License-Identifier: MIT */
/* SHA-256 of bytes that come in pieces. */
#ifndef SBX_BASE_HASH_H
#define SBX_BASE_HASH_H

#include <stddef.h>

struct hash {
	_Alignas(16) unsigned char state[160]; /* nettle's */
};

void hash_start(struct hash *hash);
void hash_add(struct hash *hash, const void *data, size_t len);

/* As 64 hexadecimal digits and a NUL. The hash is at its start again. */
void hash_finish(struct hash *hash, char hex[65]);

#endif
