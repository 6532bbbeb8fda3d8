/* SPDX-License-Identifier: MIT */
/* Blocks in a list. The head is the one that is being filled; a request that
 * would waste much of it gets a block of its own behind it. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define BLOCK_SIZE 8192

struct arena_block {
	struct arena_block *next;
	size_t size; /* of data */
	size_t used;
	_Alignas(max_align_t) char data[];
};

static struct arena_block *block_add(struct arena *arena, size_t size)
{
	struct arena_block *head = arena->head, *block;
	size_t room = MAX(size, BLOCK_SIZE - sizeof(*block));

	/* Zeroed here once; memory is never handed out a second time. */
	block = calloc(1, sizeof(*block) + room);
	if (!block)
		return NULL;
	block->size = room;
	if (head && room - size < head->size - head->used) {
		block->next = head->next;
		head->next = block;
	} else {
		block->next = head;
		arena->head = block;
	}
	return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	struct arena_block *block = arena->head;
	void *memory;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (MAX(size, 1) + _Alignof(max_align_t) - 1) &
	       ~(_Alignof(max_align_t) - 1);
	if (!block || block->size - block->used < size)
		block = block_add(arena, size);
	if (!block)
		return NULL;
	memory = block->data + block->used;
	block->used += size;
	return memory;
}

void *arena_memdup(struct arena *arena, const void *data, size_t size)
{
	void *copy = arena_alloc(arena, size);

	if (copy && size)
		memcpy(copy, data, size);
	return copy;
}

char *arena_strndup(struct arena *arena, const char *text, size_t len)
{
	char *copy;

	len = strnlen(text, len);
	copy = arena_alloc(arena, len + 1);
	if (copy)
		memcpy(copy, text, len);
	return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_memdup(arena, text, strlen(text) + 1);
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	char *text = NULL;
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len >= 0)
		text = arena_alloc(arena, (size_t)len + 1);
	if (!text)
		return NULL;
	va_start(args, format);
	(void)vsnprintf(text, (size_t)len + 1, format, args);
	va_end(args);
	return text;
}

void arena_free(struct arena *arena)
{
	struct arena_block *block = arena->head, *next;

	for (; block; block = next) {
		next = block->next;
		free(block);
	}
	arena->head = NULL;
}
