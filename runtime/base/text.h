/* SPDX-License-Identifier: MIT */
/* Text that may be hostile. */
#ifndef SBX_BASE_TEXT_H
#define SBX_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include "base/buffer.h"

/* Strict UTF-8: no overlong form, no surrogate, nothing above U+10FFFF. */
bool text_is_utf8(const void *data, size_t len);

/* Writes text so that it cannot steer a terminal or forge a line: control
 * bytes, DEL, invalid UTF-8 and bidirectional overrides come as \xNN. Cuts to
 * fit size bytes with the NUL. Returns out. */
char *text_escape(const char *text, char *out, size_t size);

void text_base64(struct buffer *out, const void *data, size_t len);

/* SHA-256 as 64 hexadecimal digits and a NUL. */
void text_sha256(const void *data, size_t len, char hex[65]);

#endif
