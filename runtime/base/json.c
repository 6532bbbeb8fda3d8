/* SPDX-License-Identifier: MIT */
/*
 * JSON over yajl, and the only file that sees yajl, so that it can be replaced.
 *
 * In: yajl's callbacks build the tree; open arrays and objects are frames of a
 * fixed stack. yajl alone is too lenient for hostile text: it takes overlong
 * UTF-8, lone surrogates, NUL, duplicate keys and odd white space. So bytes are
 * checked before it sees them, and strings are looked at once more as they
 * were written. The whole text goes in as one chunk, with a line end behind it
 * that completes a last number or comment: then the bytes consumed are the
 * offset of the end of the token that a callback is about.
 */
#include "base/json.h"

#include <errno.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "base/error.h"
#include "base/json_parts.h"
#include "base/text.h"

#define DIGITS(number)  DIGITS_(number)
#define DIGITS_(number) #number

struct frame {
	struct json *container; /* NULL: outside of the outermost value */
	struct json **last;     /* where the next member goes */
	size_t n_members;
};

struct reader {
	yajl_handle handle;
	struct json_memory memory; /* yajl's */
	struct arena *arena;
	struct sbx_error *err;
	int code; /* of the first failure, negative */
	const char *text;
	size_t len;
	size_t counted; /* bytes whose line ends are in line */
	int line;
	const char *key; /* of the value that comes next */
	struct json *root;
	size_t n_values;
	size_t depth;
	struct frame frames[JSON_MAX_DEPTH + 1];
};

/* yajl's words for what is wrong, by a part of them, and ours. */
static const struct {
	const char *part, *words;
} complaints[] = {
	{"premature EOF", "the text ends before the value does"},
	{"trailing garbage", "something follows the value"},
	{"unallowed token", "a value was expected"},
	{"invalid object key", "a key in double quotes was expected"},
	{"by a colon", "a colon was expected after the key"},
	{"inside map", "a comma or } was expected"},
	{"array element", "a comma or ] was expected"},
	{"occurs before a character", "no such escape in a string"},
	{"character inside string",
         "a string that does not end on its line, or a tab in it"},
	{"non-hex", "four hexadecimal digits must follow \\u"},
	{"invalid char in", "no value starts like this"},
	{"invalid string in", "a word that is not true, false or null"},
	{"malformed number", "a number that is not of the form of JSON"},
};

static void count_lines(struct reader *reader, size_t offset)
{
	const char *at = reader->text + reader->counted;
	const char *end = reader->text + MIN(offset, reader->len);

	for (; at < end; at++)
		if (*at == '\n')
			reader->line++;
	reader->counted = (size_t)(at - reader->text);
}

/* Ends the parse; 0 is what tells yajl so. */
static int refuse(struct reader *reader, const char *what)
{
	reader->code = err_say(reader->err, SBX_STAGE_SPEC, EINVAL,
	                       "line %d: %s", reader->line, what);
	return 0;
}

static int no_memory(struct reader *reader)
{
	reader->code = err_set(reader->err, SBX_STAGE_SPEC, ENOMEM, "JSON");
	return 0;
}

static struct json *add_value(struct reader *reader, enum json_kind kind)
{
	struct frame *frame = &reader->frames[reader->depth];
	struct json *value;

	count_lines(reader, yajl_get_bytes_consumed(reader->handle));
	if (++reader->n_values > JSON_MAX_VALUES) {
		refuse(reader, "more than " DIGITS(JSON_MAX_VALUES) " values");
		return NULL;
	}
	if (reader->key && ++frame->n_members > JSON_MAX_MEMBERS) {
		refuse(reader, "more than " DIGITS(
				       JSON_MAX_MEMBERS) " keys in one object");
		return NULL;
	}
	value = arena_alloc(reader->arena, sizeof(*value));
	if (!value) {
		no_memory(reader);
		return NULL;
	}
	value->kind = kind;
	value->line = reader->line;
	value->key = TAKE_PTR(reader->key);
	*frame->last = value;
	frame->last = &value->next;
	return value;
}

static int open_container(struct reader *reader, enum json_kind kind)
{
	struct json *value = add_value(reader, kind);

	if (!value)
		return 0;
	if (reader->depth == JSON_MAX_DEPTH)
		return refuse(reader,
		              "nested deeper than " DIGITS(JSON_MAX_DEPTH));
	reader->frames[++reader->depth] = (struct frame){
		.container = value,
		.last = &value->child,
	};
	return 1;
}

static int on_null(void *context)
{
	return add_value(context, JSON_NULL) != NULL;
}

static int on_boolean(void *context, int boolean)
{
	struct json *value = add_value(context, JSON_BOOL);

	if (value)
		value->boolean = boolean;
	return value != NULL;
}

static int on_number(void *context, const char *text, size_t len)
{
	struct reader *reader = context;
	struct json *value = add_value(reader, JSON_NUMBER);
	char *end;

	if (!value)
		return 0;
	value->text = arena_strndup(reader->arena, text, len);
	if (!value->text)
		return no_memory(reader);
	value->len = len;
	errno = 0;
	value->integer = strtoll(value->text, &end, 10);
	if (*end == '\0' && errno == 0)
		value->kind = JSON_INTEGER;
	else
		value->integer = 0;
	return 1;
}

/* Looks at the string that was just read as it was written. A quote inside a
 * string follows a backslash, and the one that opens it never does. */
static bool escapes_ok(struct reader *reader)
{
	const char *end =
		reader->text + yajl_get_bytes_consumed(reader->handle) - 1;
	const char *at = end - 1;

	while (at > reader->text && (*at != '"' || at[-1] == '\\'))
		at--;
	return json_escapes_ok(at + 1, end);
}

static const char *copy_string(struct reader *reader, const void *text,
                               size_t len)
{
	const char *copy;

	count_lines(reader, yajl_get_bytes_consumed(reader->handle));
	if (!escapes_ok(reader)) {
		refuse(reader, "\\u0000 or half a surrogate pair in a string");
		return NULL;
	}
	copy = arena_strndup(reader->arena, text, len);
	if (!copy)
		no_memory(reader);
	return copy;
}

static int on_string(void *context, const unsigned char *text, size_t len)
{
	struct reader *reader = context;
	struct json *value = add_value(reader, JSON_STRING);

	if (!value)
		return 0;
	value->text = copy_string(reader, text, len);
	value->len = len;
	return value->text != NULL;
}

static int on_key(void *context, const unsigned char *text, size_t len)
{
	struct reader *reader = context;

	reader->key = copy_string(reader, text, len);
	return reader->key != NULL;
}

static int on_open_object(void *context)
{
	return open_container(context, JSON_OBJECT);
}

static int on_open_array(void *context)
{
	return open_container(context, JSON_ARRAY);
}

static int on_close_array(void *context)
{
	struct reader *reader = context;

	reader->depth--;
	return 1;
}

static int on_close_object(void *context)
{
	struct reader *reader = context;
	struct frame *frame = &reader->frames[reader->depth--];
	const struct json *twin = NULL;

	if (json_find_duplicate(frame->container, &twin) < 0)
		return no_memory(reader);
	if (!twin)
		return 1;
	reader->code = err_say(reader->err, SBX_STAGE_SPEC, EINVAL,
	                       "line %d: duplicate key \"%.64s\"", twin->line,
	                       twin->key);
	return 0;
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_open_object,
	.yajl_map_key = on_key,
	.yajl_end_map = on_close_object,
	.yajl_start_array = on_open_array,
	.yajl_end_array = on_close_array,
};

/* What can be said before the text is taken apart. */
static int check_bytes(struct reader *reader, const char *text, size_t len)
{
	size_t valid, i;

	reader->text = len ? text : "";
	reader->len = len;
	if (len > JSON_MAX_SIZE)
		return refuse(reader, "longer than 1 MiB");
	valid = text_utf8_span(text, len);
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		return refuse(reader, "starts with a byte order mark");
	for (i = 0; i < valid; i++)
		if ((unsigned char)text[i] < ' ' &&
		    !memchr("\t\n\r", text[i], 3))
			break;
	count_lines(reader, i);
	if (i < valid)
		return refuse(reader, "a raw control byte");
	if (valid < len)
		return refuse(reader, "not UTF-8");
	reader->line = 1;
	reader->counted = 0;
	return 1;
}

/* Says what yajl found wrong, and the text that led to it: a request is often
 * one long line. */
static void complain(struct reader *reader, bool at_end)
{
	size_t used = yajl_get_bytes_consumed(reader->handle), from, i;
	unsigned char *reason;
	const char *what = "not JSON";

	used = at_end ? reader->len : MIN(used, reader->len);
	reason = yajl_get_error(reader->handle, 0, NULL, 0);
	for (i = 0; reason && i < ARRAY_SIZE(complaints); i++)
		if (strstr((const char *)reason, complaints[i].part))
			what = complaints[i].words;
	yajl_free_error(reader->handle, reason);
	if (reader->n_values == 0 && at_end)
		what = "there is no value";
	count_lines(reader, used);
	for (from = used; from > 0 && used - from < 24; from--)
		if (reader->text[from - 1] == '\n')
			break;
	while (from < used && (reader->text[from] & 0xc0) == 0x80)
		from++;
	reader->code = err_say(reader->err, SBX_STAGE_SPEC, EINVAL,
	                       "line %d: %s%s%.*s", reader->line, what,
	                       from < used ? ", near: " : "",
	                       (int)(used - from), reader->text + from);
}

static int run_yajl(struct reader *reader, size_t len)
{
	yajl_alloc_funcs functions = {json_memory_take, json_memory_grow,
	                              json_memory_drop, &reader->memory};
	yajl_status status;

	if (setjmp(reader->memory.none_left) != 0)
		return no_memory(reader);
	reader->handle = yajl_alloc(&callbacks, &functions, reader);
	yajl_config(reader->handle, yajl_allow_comments, 1);
	status = yajl_parse(reader->handle, (const void *)reader->text, len);
	if (status == yajl_status_error) {
		complain(reader, false);
	} else if (status == yajl_status_ok) {
		status = yajl_complete_parse(reader->handle);
		if (status != yajl_status_ok)
			complain(reader, true);
	}
	return 0;
}

int json_parse(struct arena *arena, const char *text, size_t len,
               const struct json **root, struct sbx_error *err)
{
	struct reader reader = {.arena = arena, .err = err, .line = 1};
	struct buffer copy CLEANUP(buffer_free) = {0};

	reader.frames[0].last = &reader.root;
	if (!check_bytes(&reader, text, len))
		return reader.code;
	/* A line end, and what old versions of yajl read beyond a string. */
	buffer_append(&copy, text, len);
	buffer_append(&copy, "\n\0\0\0\0\0\0", 8);
	reader.text = copy.data;
	if (copy.failed)
		no_memory(&reader);
	else
		run_yajl(&reader, len + 1);
	arena_free(&reader.memory.arena);
	if (reader.code == 0)
		*root = reader.root;
	return reader.code;
}
