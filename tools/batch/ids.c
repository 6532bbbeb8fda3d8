/* SPDX-License-Identifier: MIT */
#include "ids.h"

#include <errno.h>
#include <string.h>

#include "base/def.h"
#include "base/text.h"

#define KEY_DIGITS 30 /* of the hash; the last byte of an entry has flags */
#define FIRST      1024

/* Open addressing. Flags of 0: it is free. */
struct id_entry {
	char key[KEY_DIGITS / 2];
	unsigned char flags;
};

static void make_key(const char *id, size_t len, char key[KEY_DIGITS / 2])
{
	char hex[65];

	text_sha256(id, len, hex);
	for (size_t i = 0; i < KEY_DIGITS / 2; i++) {
		const char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

		key[i] = (char)strtoul(pair, NULL, 16);
	}
}

/* Where key is, or where it would go. capacity is a power of two. */
static struct id_entry *find(struct id_entry *entries, uint64_t capacity,
                             const char key[KEY_DIGITS / 2])
{
	uint64_t at;

	memcpy(&at, key, sizeof(at));
	for (at &= capacity - 1; entries[at].flags; at = (at + 1) % capacity)
		if (memcmp(entries[at].key, key, KEY_DIGITS / 2) == 0)
			break;
	return &entries[at];
}

static int grow(struct ids *ids)
{
	uint64_t capacity = ids->capacity ? 2 * ids->capacity : FIRST;
	struct id_entry *entries;

	if (2 * (ids->n_ids + 1) <= ids->capacity)
		return 0;
	if (ids->n_ids >= MAX_IDS)
		return -E2BIG;
	entries = calloc(capacity, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	for (uint64_t i = 0; i < ids->capacity; i++)
		if (ids->entries[i].flags)
			*find(entries, capacity, ids->entries[i].key) =
				ids->entries[i];
	free(ids->entries);
	ids->entries = entries;
	ids->capacity = capacity;
	return 0;
}

int ids_put(struct ids *ids, const char *id, size_t len, enum id_flag flag)
{
	struct id_entry *entry;
	char key[KEY_DIGITS / 2];
	int r = grow(ids), had;

	if (r < 0)
		return r;
	make_key(id, len, key);
	entry = find(ids->entries, ids->capacity, key);
	had = entry->flags;
	ids->n_ids += had == 0;
	memcpy(entry->key, key, sizeof(key));
	entry->flags = (unsigned char)(had | (int)flag);
	return had;
}

int ids_get(const struct ids *ids, const char *id, size_t len)
{
	char key[KEY_DIGITS / 2];

	if (!ids->entries)
		return 0;
	make_key(id, len, key);
	return find(ids->entries, ids->capacity, key)->flags;
}

uint64_t ids_count(const struct ids *ids, int flags)
{
	uint64_t n = 0;

	for (uint64_t i = 0; i < ids->capacity; i++)
		n += ids->entries[i].flags == flags;
	return n;
}

void ids_free(struct ids *ids)
{
	free(ids->entries);
	*ids = (struct ids){0};
}
