/* SPDX-License-Identifier: MIT */
/* What json.c and json_write.c are made of besides yajl. */
#ifndef SBX_BASE_JSON_PARTS_H
#define SBX_BASE_JSON_PARTS_H

#include <setjmp.h>
#include <stdbool.h>

#include "base/arena.h"

/* Memory for yajl, which never looks whether it got any: where none is left,
 * control goes back to setjmp(memory->none_left). All of it is freed at once,
 * with arena_free(&memory->arena); a zeroed one is valid. */
struct json_memory {
	struct arena arena;
	jmp_buf none_left;
};

/* As yajl_alloc_funcs has them; memory is a struct json_memory. */
void *json_memory_take(void *memory, size_t size);
void *json_memory_grow(void *memory, void *old, size_t size);
void json_memory_drop(void *memory, void *old); /* does nothing */

/* Whether the escapes of a string, as it was written between its quotes, stand
 * for text: neither a NUL nor half a character. yajl has checked digits. */
bool json_escapes_ok(const char *text, const char *end);

#endif
