/* SPDX-License-Identifier: MIT */
/* Memory that is freed all at once: one arena a spec, one a plan. */
#ifndef SBX_BASE_ARENA_H
#define SBX_BASE_ARENA_H

#include <stddef.h>

#include "base/def.h"

struct arena_block;
struct arena {
	struct arena_block *head; /* NULL: empty; a zeroed arena is valid */
};

/* All return zeroed or copied memory aligned for any type, owned by the arena,
 * or NULL when there is none left. */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_memdup(struct arena *arena, const void *data, size_t size);
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t len);
char *arena_printf(struct arena *arena, const char *format, ...)
	PRINTF_LIKE(2, 3);

/* Frees everything; the arena is empty and usable again. */
void arena_free(struct arena *arena);

#endif
