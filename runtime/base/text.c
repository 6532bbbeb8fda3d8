/* SPDX-License-Identifier: MIT */
/* Text that may be hostile: UTF-8, escapes, base64, SHA-256. */
#include "base/text.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"

/* The well-formed sequences of two bytes and more (Unicode, table 3-7). The
 * bounds of the second byte are what keeps out overlong forms, surrogates and
 * what is above U+10FFFF. */
static const struct {
	uint8_t first, last; /* of the first byte */
	uint8_t second_min, second_max;
	uint8_t len;
} sequences[] = {
	{0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
	{0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3},
	{0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
	{0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

/* Characters that steer a terminal, end a line or reorder what is shown. */
static const struct {
	uint32_t first, last;
} steering[] = {
	{0x00, 0x1f},     {0x7f, 0x9f},     {0x61c, 0x61c},
	{0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069},
};

/* The length of the character at text, or 0 when it is not UTF-8. */
static size_t character(const unsigned char *text, size_t len, uint32_t *code)
{
	size_t row, i;

	if (text[0] < 0x80) {
		*code = text[0];
		return 1;
	}
	for (row = 0; row < ARRAY_SIZE(sequences); row++)
		if (text[0] >= sequences[row].first &&
		    text[0] <= sequences[row].last)
			break;
	if (row == ARRAY_SIZE(sequences) || sequences[row].len > len ||
	    text[1] < sequences[row].second_min ||
	    text[1] > sequences[row].second_max)
		return 0;
	*code = text[0] & (0x7fU >> sequences[row].len);
	for (i = 1; i < sequences[row].len; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (text[i] & 0x3fU);
	}
	return sequences[row].len;
}

size_t text_utf8_span(const void *data, size_t len)
{
	const unsigned char *text = data;
	size_t at = 0, n;
	uint32_t code;

	while (at < len) {
		n = character(text + at, len - at, &code);
		if (n == 0)
			break;
		at += n;
	}
	return at;
}

bool text_is_utf8(const void *data, size_t len)
{
	return text_utf8_span(data, len) == len;
}

size_t text_utf8_whole(const void *data, size_t len)
{
	static const unsigned char ends[] = {0x80, 0x8f, 0x90, 0x9f, 0xa0};
	size_t valid = text_utf8_span(data, len), left = len - valid;
	unsigned char whole[4];
	uint32_t code;

	if (left == 0 || left >= sizeof(whole))
		return len;
	/* It was cut if there are bytes that make it a character. */
	for (size_t row = 0; row < ARRAY_SIZE(ends); row++) {
		memset(whole, 0x80, sizeof(whole));
		memcpy(whole, (const char *)data + valid, left);
		whole[left] = ends[row];
		if (character(whole, sizeof(whole), &code) > left)
			return valid;
	}
	return len;
}

static bool steers(uint32_t code)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(steering); i++)
		if (code >= steering[i].first && code <= steering[i].last)
			return true;
	return false;
}

char *text_escape(const char *text, char *out, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *at = (const unsigned char *)text;
	const unsigned char *end = at + strlen(text);
	char piece[16];
	size_t used = 0, n, i, len;
	uint32_t code = 0;

	if (size == 0)
		return out;
	for (; at < end; at += n) {
		n = character(at, (size_t)(end - at), &code);
		len = n;
		memcpy(piece, at, n);
		if (n == 0 || steers(code)) {
			n = MAX(n, 1);
			for (i = 0, len = 0; i < n; i++) {
				piece[len++] = '\\';
				piece[len++] = 'x';
				piece[len++] = digits[at[i] >> 4];
				piece[len++] = digits[at[i] & 15];
			}
		}
		if (len >= size - used)
			break;
		memcpy(out + used, piece, len);
		used += len;
	}
	out[used] = '\0';
	return out;
}

void text_base64(struct buffer *out, const void *data, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *from = data;
	size_t i, left;
	uint32_t bits;
	char *to;

	if (len > SIZE_MAX / 2)
		out->failed = true;
	to = buffer_reserve(out, len / 3 * 4 + 4);
	if (!to)
		return;
	for (i = 0; i < len; i += 3, to += 4) {
		left = len - i;
		bits = (uint32_t)from[i] << 16;
		bits |= left > 1 ? (uint32_t)from[i + 1] << 8 : 0;
		bits |= left > 2 ? (uint32_t)from[i + 2] : 0;
		to[0] = digits[bits >> 18];
		to[1] = digits[bits >> 12 & 63];
		to[2] = left > 1 ? digits[bits >> 6 & 63] : '=';
		to[3] = left > 2 ? digits[bits & 63] : '=';
	}
	out->len += (len + 2) / 3 * 4;
}

static int base64_value(char digit)
{
	if (digit >= 'A' && digit <= 'Z')
		return digit - 'A';
	if (digit >= 'a' && digit <= 'z')
		return digit - 'a' + 26;
	if (digit >= '0' && digit <= '9')
		return digit - '0' + 52;
	return digit == '+' ? 62 : digit == '/' ? 63 : -1;
}

int text_unbase64(struct buffer *out, const char *text, size_t len)
{
	size_t pad = 0, n;
	uint32_t bits = 0;
	char *to;

	if (len % 4 != 0)
		return -EINVAL;
	while (pad < 2 && len > pad && text[len - 1 - pad] == '=')
		pad++;
	n = len / 4 * 3 - pad;
	to = buffer_reserve(out, len / 4 * 3 + 3);
	if (!to)
		return -ENOMEM;
	for (size_t i = 0; i < len; i++) {
		int value = i < len - pad ? base64_value(text[i]) : 0;

		if (value < 0)
			return -EINVAL;
		bits = bits << 6 | (uint32_t)value;
		if (i % 4 != 3)
			continue;
		*to++ = (char)(bits >> 16);
		*to++ = (char)(bits >> 8);
		*to++ = (char)bits;
	}
	/* What is cut off is nothing. */
	if (pad && bits & (pad == 1 ? 0xff : 0xffff))
		return -EINVAL;
	out->len += n;
	return 0;
}

void text_sha256(const void *data, size_t len, char hex[65])
{
	struct hash hash;

	hash_start(&hash);
	hash_add(&hash, data, len);
	hash_finish(&hash, hex);
}
