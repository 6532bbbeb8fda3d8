/* SPDX-License-Identifier: MIT */
/* An arena whose pieces know their size, so that they can grow. */
#include <stdint.h>
#include <string.h>

#include "base/json_parts.h"

struct piece {
	size_t size;
	_Alignas(max_align_t) char data[];
};

void *json_memory_take(void *memory, size_t size)
{
	struct json_memory *own = memory;
	struct piece *piece = NULL;

	if (size <= SIZE_MAX / 2)
		piece = arena_alloc(&own->arena, sizeof(*piece) + size);
	if (!piece)
		longjmp(own->none_left, 1);
	piece->size = size;
	return piece->data;
}

void *json_memory_grow(void *memory, void *old, size_t size)
{
	const struct piece *piece =
		old ? (const void *)((char *)old - sizeof(*piece)) : NULL;
	void *grown;

	if (piece && size <= piece->size)
		return old;
	grown = json_memory_take(memory, size);
	if (piece)
		memcpy(grown, old, piece->size);
	return grown;
}

void json_memory_drop(void *memory, void *old)
{
	(void)memory;
	(void)old;
}
