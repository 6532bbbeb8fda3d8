/* SPDX-License-Identifier: MIT */
/* What a request gives the program: its standard input and its files. */
#include <string.h>

#include "base/suggest.h"
#include "base/text.h"
#include "model/request.h"

static int keep_stdin(struct request *request, const void *text, size_t len)
{
	struct sbx_spec *spec = request->spec;

	spec->stdin_text = arena_memdup(&spec->arena, len ? text : "", len);
	spec->stdin_len = len;
	return spec->stdin_text ? 0 : request_no_memory(request);
}

int request_no_stdin(struct request *request)
{
	return keep_stdin(request, NULL, 0);
}

int request_stdin(struct request *request, const struct json *member)
{
	struct key_input key;
	int r = field_expect(request_key(request, member, "stdin", &key),
	                     member, JSON_STRING, "a string");

	return r < 0 ? r : keep_stdin(request, member->text, member->len);
}

int request_lines(struct request *request, const struct json *member)
{
	struct buffer text CLEANUP(buffer_free) = {0};
	struct key_input key;
	struct field_input *in = request_key(request, member, "stdin", &key);
	int r = field_expect(in, member, JSON_ARRAY,
	                     "an array of the lines of standard input");

	if (r < 0)
		return r;
	for (member = member->child; member; member = member->next) {
		in->line = member->line;
		r = field_expect(in, member, JSON_STRING, "a string");
		if (r < 0)
			return r;
		buffer_append(&text, member->text, member->len);
		buffer_text(&text, "\n");
	}
	if (text.failed)
		return request_no_memory(request);
	return keep_stdin(request, text.data, text.len);
}

/* ---- files ---- */

static int unknown_file_key(const struct field_input *in, const char *key)
{
	struct suggest suggest = {.word = key};
	char hint[SUGGEST_TEXT];

	suggest_offer(&suggest, "path");
	suggest_offer(&suggest, "content");
	suggest_offer(&suggest, "content_b64");
	return FIELD_FAIL(in, EINVAL, "unknown key \"%s\"%s", CLIP(key),
	                  suggest_text(&suggest, "", hint));
}

static int read_file(struct field_input *in, const struct json *object,
                     struct input *file, const struct json **b64)
{
	const struct json *text = NULL;
	int r = field_expect(in, object, JSON_OBJECT,
	                     "an object with path and content");

	*b64 = NULL;
	for (object = object->child; object && r == 0; object = object->next) {
		in->line = object->line;
		r = field_expect(in, object, JSON_STRING, "a string");
		if (r < 0)
			break;
		if (strcmp(object->key, "path") == 0)
			file->name = object->text;
		else if (strcmp(object->key, "content") == 0)
			text = object;
		else if (strcmp(object->key, "content_b64") == 0)
			*b64 = object;
		else
			r = unknown_file_key(in, object->key);
	}
	if (r == 0 && !file->name)
		r = FIELD_FAIL(in, EINVAL, "\"path\" is missing");
	if (r == 0 && !text == !*b64)
		r = FIELD_FAIL(in, EINVAL,
		               "%s: either \"content\" or \"content_b64\" is "
		               "wanted",
		               CLIP(file->name));
	if (r == 0 && text) {
		file->data = text->text;
		file->len = text->len;
	}
	return r;
}

static int take_file(struct field_input *in, const struct json *item)
{
	struct buffer bytes CLEANUP(buffer_free) = {0};
	struct input file = {.origin = ORIGIN_CALLER};
	struct arena *arena = &in->spec->arena;
	const struct json *b64;
	int r = read_file(in, item, &file, &b64);

	if (r == 0 && b64) {
		r = text_unbase64(&bytes, b64->text, b64->len);
		if (r < 0)
			return FIELD_FAIL(in, -r,
			                  "%s: content_b64 is not base64",
			                  CLIP(file.name));
		file.data = bytes.data;
		file.len = bytes.len;
	}
	if (r < 0)
		return r;
	file.name = arena_strdup(arena, file.name);
	file.data = arena_memdup(arena, file.len ? file.data : "", file.len);
	if (!file.name || !file.data)
		return FIELD_FAIL(in, ENOMEM, "out of memory");
	return input_put(in, &file);
}

int request_files(struct request *request, const struct json *member)
{
	struct key_input key;
	struct field_input *in = request_key(request, member, "inputs", &key);
	int r = field_expect(in, member, JSON_ARRAY, "an array of objects");

	if (r < 0)
		return r;
	for (member = member->child; member && r == 0; member = member->next) {
		in->line = member->line;
		r = take_file(in, member);
	}
	return r;
}
