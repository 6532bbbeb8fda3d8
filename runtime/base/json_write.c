/* SPDX-License-Identifier: MIT */
/* JSON out, over yajl_gen. yajl quotes and places commas; memory and numbers
 * are ours. What is written is valid whatever the text is. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <yajl/yajl_gen.h>

#include "base/json.h"
#include "base/json_parts.h"
#include "base/text.h"

struct json_writer {
	yajl_gen gen;
	struct json_memory memory; /* yajl's, all taken at first */
	struct buffer out;
	bool misused; /* yajl refused a call */
};

static void on_output(void *context, const char *text, size_t len)
{
	buffer_append(context, text, len);
}

static bool open_yajl(struct json_writer *writer)
{
	yajl_alloc_funcs functions = {json_memory_take, json_memory_grow,
	                              json_memory_drop, &writer->memory};

	if (setjmp(writer->memory.none_left) != 0)
		return false;
	writer->gen = yajl_gen_alloc(&functions);
	yajl_gen_config(writer->gen, yajl_gen_print_callback, on_output,
	                &writer->out);
	return true;
}

struct json_writer *json_writer_new(void)
{
	struct json_writer *writer = calloc(1, sizeof(*writer));

	if (writer && !open_yajl(writer)) {
		json_writer_free(writer);
		return NULL;
	}
	return writer;
}

void json_writer_free(struct json_writer *writer)
{
	if (!writer)
		return;
	arena_free(&writer->memory.arena);
	buffer_free(&writer->out);
	free(writer);
}

static void check(struct json_writer *writer, yajl_gen_status status)
{
	if (status != yajl_gen_status_ok)
		writer->misused = true;
}

static void put_string(struct json_writer *writer, const void *text, size_t len)
{
	check(writer, yajl_gen_string(writer->gen, text, len));
}

static void put_key(struct json_writer *writer, const char *key)
{
	if (key)
		put_string(writer, key, strlen(key));
}

static void put_number(struct json_writer *writer, const char *key,
                       const char *number)
{
	put_key(writer, key);
	check(writer, yajl_gen_number(writer->gen, number, strlen(number)));
}

void json_open_object(struct json_writer *writer, const char *key)
{
	put_key(writer, key);
	check(writer, yajl_gen_map_open(writer->gen));
}

void json_close_object(struct json_writer *writer)
{
	check(writer, yajl_gen_map_close(writer->gen));
}

void json_open_array(struct json_writer *writer, const char *key)
{
	put_key(writer, key);
	check(writer, yajl_gen_array_open(writer->gen));
}

void json_close_array(struct json_writer *writer)
{
	check(writer, yajl_gen_array_close(writer->gen));
}

static void put_repaired(struct json_writer *writer, const char *text,
                         size_t len)
{
	struct buffer repaired CLEANUP(buffer_free) = {0};
	size_t valid;

	while (len > 0) {
		valid = text_utf8_span(text, len);
		buffer_append(&repaired, text, valid);
		text += valid;
		len -= valid;
		if (len > 0) {
			buffer_text(&repaired, "\xef\xbf\xbd");
			text++;
			len--;
		}
	}
	writer->out.failed |= repaired.failed;
	put_string(writer, repaired.data ? repaired.data : "", repaired.len);
}

void json_put_text(struct json_writer *writer, const char *key,
                   const char *text)
{
	if (!text)
		return;
	put_key(writer, key);
	if (text_is_utf8(text, strlen(text)))
		put_string(writer, text, strlen(text));
	else
		put_repaired(writer, text, strlen(text));
}

void json_put_base64(struct json_writer *writer, const char *key,
                     const void *data, size_t len)
{
	struct buffer base64 CLEANUP(buffer_free) = {0};

	put_key(writer, key);
	text_base64(&base64, data, len);
	put_string(writer, base64.data ? base64.data : "", base64.len);
	writer->out.failed |= base64.failed;
}

void json_put_bytes(struct json_writer *writer, const char *key,
                    const void *data, size_t len)
{
	struct buffer name CLEANUP(buffer_free) = {0};

	if (len == 0)
		data = "";
	if (text_is_utf8(data, len) && !memchr(data, '\0', len)) {
		put_key(writer, key);
		put_string(writer, data, len);
		return;
	}
	if (key)
		buffer_printf(&name, "%s_b64", key);
	writer->out.failed |= name.failed;
	json_put_base64(writer, name.data, data, len);
}

void json_put_integer(struct json_writer *writer, const char *key,
                      int64_t value)
{
	char number[24];

	(void)snprintf(number, sizeof(number), "%" PRId64, value);
	put_number(writer, key, number);
}

void json_put_unsigned(struct json_writer *writer, const char *key,
                       uint64_t value)
{
	char number[24];

	(void)snprintf(number, sizeof(number), "%" PRIu64, value);
	put_number(writer, key, number);
}

void json_put_bool(struct json_writer *writer, const char *key, bool value)
{
	put_key(writer, key);
	check(writer, yajl_gen_bool(writer->gen, value));
}

/* value / 10^digits as a decimal, without the zeros at its end. */
static void put_decimal(struct json_writer *writer, const char *key,
                        uint64_t value, int digits)
{
	uint64_t unit = 1;
	char number[32];
	size_t len;
	int i;

	for (i = 0; i < digits; i++)
		unit *= 10;
	len = (size_t)snprintf(number, sizeof(number), "%" PRIu64 ".%0*" PRIu64,
	                       value / unit, digits, value % unit);
	while (number[len - 1] == '0')
		len--;
	if (number[len - 1] == '.')
		len--;
	number[len] = '\0';
	put_number(writer, key, number);
}

void json_put_seconds(struct json_writer *writer, const char *key, uint64_t ns)
{
	put_decimal(writer, key, ns, 9);
}

void json_put_time(struct json_writer *writer, const char *key, int64_t seconds)
{
	time_t time = (time_t)seconds;
	char text[32];
	struct tm tm;

	if (gmtime_r(&time, &tm) &&
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) > 0)
		json_put_text(writer, key, text);
}

void json_put_milli(struct json_writer *writer, const char *key, uint64_t milli)
{
	put_decimal(writer, key, milli, 3);
}

int json_writer_text(struct json_writer *writer, const char **text, size_t *len)
{
	if (writer->out.failed)
		return -ENOMEM;
	if (writer->misused)
		return -EINVAL;
	*text = writer->out.data ? writer->out.data : "";
	*len = writer->out.len;
	return 0;
}

int json_writer_end(struct json_writer *writer, const char *end,
                    struct buffer *out)
{
	const char *text;
	size_t len;
	int r = writer ? json_writer_text(writer, &text, &len) : -ENOMEM;

	if (r == 0) {
		buffer_append(out, text, len);
		buffer_text(out, end);
		r = out->failed ? -ENOMEM : 0;
	}
	json_writer_free(writer);
	return r;
}
