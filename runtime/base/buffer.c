/* SPDX-License-Identifier: MIT */
/* Bytes that grow by doubling. */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define FIRST_CAPACITY 256

void *buffer_reserve(struct buffer *buffer, size_t len)
{
	size_t capacity = MAX(buffer->capacity, FIRST_CAPACITY);
	char *data;

	if (buffer->failed)
		return NULL;
	if (len > SIZE_MAX / 4 - buffer->len) {
		buffer->failed = true;
		return NULL;
	}
	while (capacity - buffer->len < len)
		capacity *= 2;
	if (capacity > buffer->capacity) {
		data = realloc(buffer->data, capacity);
		if (!data) {
			buffer->failed = true;
			return NULL;
		}
		buffer->data = data;
		buffer->capacity = capacity;
	}
	return buffer->data + buffer->len;
}

void buffer_append(struct buffer *buffer, const void *data, size_t len)
{
	void *end;

	if (len == 0)
		return;
	end = buffer_reserve(buffer, len);
	if (!end)
		return;
	memcpy(end, data, len);
	buffer->len += len;
}

void buffer_text(struct buffer *buffer, const char *text)
{
	buffer_append(buffer, text, strlen(text));
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
	va_list args;
	char *end = NULL;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0) {
		buffer->failed = true;
		return;
	}
	/* vsnprintf writes a NUL, which is not kept. */
	end = buffer_reserve(buffer, (size_t)len + 1);
	if (!end)
		return;
	va_start(args, format);
	(void)vsnprintf(end, (size_t)len + 1, format, args);
	va_end(args);
	buffer->len += (size_t)len;
}

void buffer_free(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){0};
}
