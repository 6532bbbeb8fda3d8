/* SPDX-License-Identifier: MIT */
#include "base/hash.h"

#include <nettle/sha2.h>
#include <stdint.h>

_Static_assert(sizeof(struct sha256_ctx) <= sizeof(((struct hash *)0)->state),
               "struct hash holds nettle's");

static struct sha256_ctx *context(struct hash *hash)
{
	return (struct sha256_ctx *)(void *)hash->state;
}

void hash_start(struct hash *hash)
{
	sha256_init(context(hash));
}

void hash_add(struct hash *hash, const void *data, size_t len)
{
	sha256_update(context(hash), len, data);
}

void hash_finish(struct hash *hash, char hex[65])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t digest[SHA256_DIGEST_SIZE];

	sha256_digest(context(hash), sizeof(digest), digest);
	for (size_t i = 0; i < sizeof(digest); i++) {
		hex[2 * i] = digits[digest[i] >> 4];
		hex[2 * i + 1] = digits[digest[i] & 15];
	}
	hex[64] = '\0';
}
