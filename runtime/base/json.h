/* SPDX-License-Identifier: MIT */
/*
 * JSON in and out; json.c (in) and json_write.c (out) alone see yajl.
 *
 * In: a tree in an arena, read without recursion. Comments are allowed. Depth
 * and size are bounded; duplicate keys, NUL in text, invalid UTF-8, numbers
 * that are not of their form, and bytes after the value are refused. Errors
 * are "line L: what", stage SBX_STAGE_SPEC; the caller adds the file's name.
 *
 * Out: straight into a buffer. Numbers are printed here, never by yajl.
 */
#ifndef SBX_BASE_JSON_H
#define SBX_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "sbx.h"

#define JSON_MAX_DEPTH   32
#define JSON_MAX_SIZE    (1024 * 1024)
#define JSON_MAX_VALUES  65536 /* in one text */
#define JSON_MAX_MEMBERS 4096  /* in one object */

enum json_kind {
	JSON_NULL,
	JSON_BOOL,
	JSON_INTEGER, /* fits an int64 */
	JSON_NUMBER,  /* any other number; see text */
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

struct json {
	enum json_kind kind;
	int line;        /* of its first byte; 1 is the first */
	const char *key; /* in an object; else NULL */
	bool boolean;
	int64_t integer;
	const char *text;   /* JSON_STRING; and any number as it was written */
	size_t len;         /* of text */
	struct json *child; /* first member of an array or object, or NULL */
	struct json *next;  /* in the same parent, in the order of the text */
};

int json_parse(struct arena *arena, const char *text, size_t len,
               const struct json **root, struct sbx_error *err);

/* The member of an object, or NULL. */
const struct json *json_get(const struct json *object, const char *key);

/* Sets *twin to a member whose key an earlier one has, or to NULL. What
 * json_parse() returns has none. -ENOMEM. */
int json_find_duplicate(const struct json *object, const struct json **twin);

/* "an object", "a string"; for messages. */
const char *json_kind_name(enum json_kind kind);

struct json_writer;
struct json_writer *json_writer_new(void); /* NULL: no memory */
void json_writer_free(struct json_writer *writer);

/* key is NULL inside an array and for the outermost value. Text that is NULL
 * is left out with its key; bytes of it that are not UTF-8 become U+FFFD. */
void json_open_object(struct json_writer *writer, const char *key);
void json_close_object(struct json_writer *writer);
void json_open_array(struct json_writer *writer, const char *key);
void json_close_array(struct json_writer *writer);
void json_put_text(struct json_writer *writer, const char *key,
                   const char *text);
/* Text when it is UTF-8 without a NUL, which many readers, json_parse() among
 * them, do not take; else under KEY_b64 as base64. */
void json_put_bytes(struct json_writer *writer, const char *key,
                    const void *data, size_t len);
/* As base64, whatever it is. */
void json_put_base64(struct json_writer *writer, const char *key,
                     const void *data, size_t len);
void json_put_integer(struct json_writer *writer, const char *key,
                      int64_t value);
void json_put_unsigned(struct json_writer *writer, const char *key,
                       uint64_t value);
void json_put_bool(struct json_writer *writer, const char *key, bool value);
/* Nanoseconds as seconds with nine decimals less trailing zeros. */
void json_put_seconds(struct json_writer *writer, const char *key, uint64_t ns);
/* Seconds since 1970 as "2026-11-27T21:00:00Z"; left out where they are beyond
 * what has a year. */
void json_put_time(struct json_writer *writer, const char *key,
                   int64_t seconds);
/* Thousandths as a decimal. */
void json_put_milli(struct json_writer *writer, const char *key,
                    uint64_t milli);

/* The finished text, without a line end; valid until the writer is freed.
 * -ENOMEM when any call above ran out, -EINVAL when one was out of place. */
int json_writer_text(struct json_writer *writer, const char **text,
                     size_t *len);

/* Adds that text, and end behind it, to out, and frees the writer. Nothing is
 * added where it fails: as json_writer_text(), -ENOMEM also without a writer
 * (NULL) and where out has no room. */
int json_writer_end(struct json_writer *writer, const char *end,
                    struct buffer *out);

#endif
