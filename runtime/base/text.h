/* SPDX-License-Identifier: MIT */
/* Text that may be hostile. */
#ifndef SBX_BASE_TEXT_H
#define SBX_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

/* Strict UTF-8: no overlong form, no surrogate, nothing above U+10FFFF. */
bool text_is_utf8(const void *data, size_t len);
/* How many of the first bytes are such UTF-8, in whole characters. */
size_t text_utf8_span(const void *data, size_t len);
/* len without the character that text was cut in the middle of, if it was. */
size_t text_utf8_whole(const void *data, size_t len);

/* Writes text so that it cannot steer a terminal or forge a line: control
 * characters (also those of U+0080 to U+009F), line separators, bidirectional
 * marks and overrides, and invalid UTF-8 come as \xNN. A backslash stays, so
 * escaping twice is harmless. Cuts to fit size bytes with the NUL, never
 * inside a character or an \xNN. Returns out. */
char *text_escape(const char *text, char *out, size_t size);

/* Appends what base64 stands for, which has its padding and nothing else. 0,
 * -EINVAL or -ENOMEM. */
int text_unbase64(struct buffer *out, const char *text, size_t len);

/* Appends it as base64. */
void text_base64(struct buffer *out, const void *data, size_t len);

/* SHA-256 as 64 hexadecimal digits and a NUL. */
void text_sha256(const void *data, size_t len, char hex[65]);

#endif
