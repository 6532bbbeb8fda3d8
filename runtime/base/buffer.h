/* SPDX-License-Identifier: MIT */
/* Bytes that grow. A failure to grow is remembered, so that a writer checks
 * once, at the end. */
#ifndef SBX_BASE_BUFFER_H
#define SBX_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/def.h"

struct buffer {
	char *data; /* not NUL-terminated; NULL while empty */
	size_t len;
	size_t capacity;
	bool failed; /* an allocation failed; everything after it is dropped */
};

void buffer_append(struct buffer *buffer, const void *data, size_t len);
void buffer_text(struct buffer *buffer, const char *text);
void buffer_printf(struct buffer *buffer, const char *format, ...)
	PRINTF_LIKE(2, 3);
/* Makes room for len more bytes and returns where they go, or NULL. The
 * caller adds what it used to buffer->len. */
void *buffer_reserve(struct buffer *buffer, size_t len);
void buffer_free(struct buffer *buffer);

#endif
