/* SPDX-License-Identifier: MIT */
/* Any bytes as JSON. What is taken can be written and read again, and is the
 * same then. */
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "fuzz/fuzz.h"

static void put(struct json_writer *writer, const struct json *value)
{
	switch (value->kind) {
	case JSON_BOOL:
		json_put_bool(writer, value->key, value->boolean);
		break;
	case JSON_INTEGER:
		json_put_integer(writer, value->key, value->integer);
		break;
	case JSON_STRING:
		json_put_bytes(writer, value->key, value->text, value->len);
		break;
	case JSON_ARRAY:
		json_open_array(writer, value->key);
		break;
	case JSON_OBJECT:
		json_open_object(writer, value->key);
		break;
	default: /* null, and numbers that are no integers */
		json_put_bool(writer, value->key, false);
		break;
	}
}

static void put_all(struct json_writer *writer, const struct json *value)
{
	put(writer, value);
	for (const struct json *child = value->child; child;
	     child = child->next) {
		CHECK((value->kind == JSON_OBJECT) == (child->key != NULL));
		put_all(writer, child);
	}
	if (value->kind == JSON_ARRAY)
		json_close_array(writer);
	if (value->kind == JSON_OBJECT)
		json_close_object(writer);
}

static void same(const struct json *a, const struct json *b)
{
	for (; a; a = a->next, b = b->next) {
		CHECK(b);
		CHECK(!a->key == !b->key);
		CHECK(!a->key || strcmp(a->key, b->key) == 0);
		if (a->kind == JSON_STRING) {
			CHECK(b->kind == JSON_STRING && a->len == b->len);
			CHECK(memcmp(a->text, b->text, a->len) == 0);
			CHECK(strlen(a->text) == a->len);
			CHECK(text_is_utf8(a->text, a->len));
		}
		if (a->kind == JSON_INTEGER)
			CHECK(a->integer == b->integer);
		same(a->child, b->child);
	}
	CHECK(!b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = {0};
	const struct json *root = NULL, *again = NULL;
	struct json_writer *writer;
	struct sbx_error err = {0};
	const char *text;
	size_t len;

	if (json_parse(&arena, (const char *)data, size, &root, &err) < 0) {
		CHECK(!root && strncmp(err.text, "line ", 5) == 0);
		CHECK(text_is_utf8(err.text, strlen(err.text)));
	} else {
		writer = json_writer_new();
		put_all(writer, root);
		CHECK(json_writer_text(writer, &text, &len) == 0);
		/* Escapes make it longer, perhaps too long. */
		if (len <= JSON_MAX_SIZE) {
			CHECK(json_parse(&arena, text, len, &again, &err) == 0);
			same(root, again);
		}
		json_writer_free(writer);
	}
	arena_free(&arena);
	return 0;
}
