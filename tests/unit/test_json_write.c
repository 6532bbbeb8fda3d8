/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/json.h"

static void expect(struct json_writer *writer, const char *expected)
{
	const char *text = NULL;
	size_t len = 0;

	cr_assert_eq(json_writer_text(writer, &text, &len), 0);
	cr_expect_eq(len, strlen(expected));
	cr_expect_arr_eq(text, expected, MIN(len, strlen(expected)), "%.*s",
	                 (int)len, text);
	json_writer_free(writer);
}

/* Objects, arrays and values come out on one line, with commas where they
 * belong. */
Test(json_write, writes_a_report)
{
	struct json_writer *writer = json_writer_new();

	json_open_object(writer, NULL);
	json_put_integer(writer, "schema", 1);
	json_put_text(writer, "status", "success");
	json_open_object(writer, "usage");
	json_put_seconds(writer, "cpu_time_s", 1500000000);
	json_close_object(writer);
	json_open_array(writer, "seccomp");
	json_put_text(writer, NULL, "base");
	json_put_text(writer, NULL, "threads");
	json_open_object(writer, NULL);
	json_close_object(writer);
	json_close_array(writer);
	json_put_bool(writer, "warm", false);
	json_put_bool(writer, "cold", true);
	json_close_object(writer);
	expect(writer, "{\"schema\":1,\"status\":\"success\","
	               "\"usage\":{\"cpu_time_s\":1.5},"
	               "\"seccomp\":[\"base\",\"threads\",{}],"
	               "\"warm\":false,\"cold\":true}");
}

/* Numbers are exact at both ends of their types. */
Test(json_write, writes_numbers)
{
	struct json_writer *writer = json_writer_new();

	json_open_array(writer, NULL);
	json_put_integer(writer, NULL, 0);
	json_put_integer(writer, NULL, INT64_MIN);
	json_put_integer(writer, NULL, INT64_MAX);
	json_put_unsigned(writer, NULL, UINT64_MAX);
	json_put_seconds(writer, NULL, 0);
	json_put_seconds(writer, NULL, 1);
	json_put_seconds(writer, NULL, 100);
	json_put_seconds(writer, NULL, 2000000000);
	json_put_seconds(writer, NULL, 10000000000);
	json_put_seconds(writer, NULL, UINT64_MAX);
	json_put_milli(writer, NULL, 500);
	json_put_milli(writer, NULL, 2000);
	json_put_milli(writer, NULL, 1);
	json_close_array(writer);
	expect(writer, "[0,-9223372036854775808,9223372036854775807,"
	               "18446744073709551615,0,0.000000001,0.0000001,2,10,"
	               "18446744073.709551615,0.5,2,0.001]");
}

/* Whatever a text is, what comes out is JSON: quoted, on one line, UTF-8. */
Test(json_write, writes_hostile_text)
{
	struct json_writer *writer = json_writer_new();

	json_open_array(writer, NULL);
	json_put_text(writer, NULL, "");
	json_put_text(writer, NULL, "\"\\/\n\r\t\b\f\033\x7f");
	json_put_text(writer, NULL, "caf\xc3\xa9");
	json_put_text(writer, NULL,
	              "a\xff"
	              "b\xc3");
	json_put_text(writer, NULL, "\xed\xa0\x80");
	json_put_text(writer, NULL, NULL);
	json_close_array(writer);
	expect(writer, "[\"\",\"\\\"\\\\/\\n\\r\\t\\b\\f\\u001B\x7f\","
	               "\"caf\xc3\xa9\",\"a\xef\xbf\xbd"
	               "b\xef\xbf\xbd\","
	               "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"]");
}

/* A text that is not there is left out together with its key. */
Test(json_write, leaves_out_what_does_not_apply)
{
	struct json_writer *writer = json_writer_new();

	json_open_object(writer, NULL);
	json_put_text(writer, "session", NULL);
	json_put_text(writer, "id", "x");
	json_close_object(writer);
	expect(writer, "{\"id\":\"x\"}");
}

/* Bytes are text where they are UTF-8 without a NUL, and base64 under another
 * key where they are not. */
Test(json_write, writes_bytes)
{
	struct json_writer *writer = json_writer_new();

	json_open_object(writer, NULL);
	json_put_bytes(writer, "text", "a\x01\n", 3);
	json_put_bytes(writer, "stdout", "a\0\n", 3);
	json_put_bytes(writer, "stderr", "\xff\xfe", 2);
	json_put_bytes(writer, "empty", NULL, 0);
	json_close_object(writer);
	expect(writer, "{\"text\":\"a\\u0001\\n\",\"stdout_b64\":\"YQAK\","
	               "\"stderr_b64\":\"//4=\",\"empty\":\"\"}");
}

/* A megabyte of output that is all control bytes comes back as it was. */
Test(json_write, reads_back_what_it_wrote)
{
	struct json_writer *writer = json_writer_new();
	size_t size = 150000, len, i;
	char *data = malloc(size);
	const struct json *root;
	struct arena arena = {0};
	const char *text;

	for (i = 0; i < size; i++)
		data[i] = (char)(i % 127 + 1);
	json_open_object(writer, NULL);
	json_put_bytes(writer, "data", data, size);
	json_close_object(writer);
	cr_assert_eq(json_writer_text(writer, &text, &len), 0);
	cr_assert_eq(json_parse(&arena, text, len, &root, NULL), 0);
	cr_assert_eq(json_get(root, "data")->len, size);
	cr_expect_arr_eq(json_get(root, "data")->text, data, size);
	arena_free(&arena);
	json_writer_free(writer);
	free(data);
}

/* A call that is out of place makes no half-right text. */
Test(json_write, refuses_what_is_out_of_place)
{
	struct json_writer *writer = json_writer_new();
	const char *text = "untouched";
	size_t len = 7;

	json_open_object(writer, NULL);
	json_put_integer(writer, NULL, 1);
	json_close_object(writer);
	cr_expect_eq(json_writer_text(writer, &text, &len), -EINVAL);
	cr_expect_str_eq(text, "untouched");
	cr_expect_eq(len, 7);
	json_writer_free(writer);
	json_writer_free(NULL);
}

/* A time is written as all the world does, and one without a year not at
 * all. */
Test(json_write, puts_times)
{
	struct json_writer *writer = json_writer_new();
	struct buffer out = {0};

	json_open_object(writer, NULL);
	json_put_time(writer, "first", 0);
	json_put_time(writer, "leap", 1709210096);
	json_put_time(writer, "never", INT64_MAX);
	json_close_object(writer);
	cr_assert_eq(json_writer_end(writer, "", &out), 0);
	buffer_append(&out, "", 1);
	cr_expect_str_eq(out.data, "{\"first\":\"1970-01-01T00:00:00Z\","
	                           "\"leap\":\"2024-02-29T12:34:56Z\"}");
	buffer_free(&out);
}

/* The end adds to what is there, or nothing where there is no text. */
Test(json_write, ends_in_one_call)
{
	struct json_writer *writer = json_writer_new();
	struct buffer out = {0};

	buffer_text(&out, "1\n");
	json_put_integer(writer, NULL, 2);
	cr_expect_eq(json_writer_end(writer, "\n", &out), 0);
	cr_expect_eq(json_writer_end(NULL, "\n", &out), -ENOMEM);
	writer = json_writer_new();
	json_close_array(writer);
	cr_expect_eq(json_writer_end(writer, "\n", &out), -EINVAL);
	cr_expect_eq(out.len, 4);
	cr_expect_arr_eq(out.data, "1\n2\n", 4);
	out.failed = true;
	writer = json_writer_new();
	json_put_integer(writer, NULL, 3);
	cr_expect_eq(json_writer_end(writer, "", &out), -ENOMEM);
	buffer_free(&out);
}
