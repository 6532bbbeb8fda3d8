/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"

/* A text with its length, so that it may hold a NUL. */
#define TEXT(text) text, sizeof(text) - 1

static int parse(struct arena *arena, const char *text, size_t len,
                 const struct json **root, struct sbx_error *err)
{
	/* Exactly as long as the text, so that a reader that goes beyond its
	 * end is seen by the sanitizers. */
	char *copy = malloc(len ? len : 1);
	int r;

	memcpy(copy, text, len);
	r = json_parse(arena, copy, len, root, err);
	free(copy);
	return r;
}

/* What is not JSON, or more than we take from a stranger, and how the error
 * begins. */
static const struct {
	const char *text;
	size_t len;
	const char *says;
} refused[] = {
	{TEXT(""), "line 1: there is no value"},
	{TEXT(" \n\t\r\n"), "line 3: there is no value"},
	{TEXT("// only a comment"), "line 1: there is no value"},
	{TEXT("/* open"), "line 1: there is no value"},
	{TEXT("\xef\xbb\xbf{}"), "line 1: starts with a byte order"},
	{TEXT("\xff\xfe{\0}\0"), "line 1: not UTF-8"},
	/* what does not end */
	{TEXT("["), "line 1: the text ends before the value does"},
	{TEXT("{"), "line 1: the text ends before the value does"},
	{TEXT("{\"a\""), "line 1: the text ends before"},
	{TEXT("{\"a\":"), "line 1: the text ends before"},
	{TEXT("[1,\n2,\n"), "line 3: the text ends before"},
	{TEXT("[1 /* open"), "line 1: the text ends before"},
	{TEXT("\"abc"), "line 1: a string that does not end"},
	{TEXT("\"abc\\"), "line 1: no such escape"},
	{TEXT("\"abc\\\""), "line 1: a string that does not end"},
	{TEXT("\"\\u12"), "line 1: four hexadecimal digits"},
	{TEXT("\n\"a\nb\""), "line 2: a string that does not end"},
	{TEXT("\"a\tb\""), "line 1: a string that does not end"},
	/* out of place */
	{TEXT("[1,]"), "line 1: a value was expected"},
	{TEXT("[,1]"), "line 1: a value was expected"},
	{TEXT("]"), "line 1: a value was expected"},
	{TEXT("}"), "line 1: a value was expected"},
	{TEXT("[1}"), "line 1: a comma or ] was expected"},
	{TEXT("[1 2]"), "line 1: a comma or ] was expected"},
	{TEXT("{\"a\":1]"), "line 1: a comma or } was expected"},
	{TEXT("{\"a\":1\n\"b\":2}"), "line 2: a comma or } was"},
	{TEXT("{\"a\" 1}"), "line 1: a colon was expected"},
	{TEXT("{\"a\":}"), "line 1: a value was expected"},
	{TEXT("{\"a\":1,}"), "line 1: a key in double quotes"},
	{TEXT("{1:2}"), "line 1: a key in double quotes"},
	{TEXT("{,}"), "line 1: a key in double quotes"},
	{TEXT("{a:1}"), "line 1: no value starts like this"},
	{TEXT("'a'"), "line 1: no value starts like this"},
	{TEXT("tru"), "line 1: a word that is not true, false"},
	{TEXT("True"), "line 1: no value starts like this"},
	{TEXT("nul1"), "line 1: a word that is not true, false"},
	{TEXT("NaN"), "line 1: no value starts like this"},
	{TEXT("Infinity"), "line 1: no value starts like this"},
	{TEXT("/ 1"), "line 1: no value starts like this"},
	{TEXT("# c\n1"), "line 1: no value starts like this"},
	/* after the value */
	{TEXT("1 2"), "line 1: something follows the value"},
	{TEXT("{}\n{}"), "line 2: something follows the value"},
	{TEXT("{}}"), "line 1: something follows the value"},
	{TEXT("null,"), "line 1: something follows the value"},
	{TEXT("truefalse"), "line 1: something follows the value"},
	{TEXT("1\0"), "line 1: a raw control byte"},
	/* numbers */
	{TEXT("01"), "line 1: something follows the value"},
	{TEXT("-01"), "line 1: something follows the value"},
	{TEXT("0x10"), "line 1: something follows the value"},
	{TEXT("1_000"), "line 1: something follows the value"},
	{TEXT("1."), "line 1: a number that is not"},
	{TEXT("1.e1"), "line 1: a number that is not"},
	{TEXT("1e"), "line 1: a number that is not"},
	{TEXT("1e+"), "line 1: a number that is not"},
	{TEXT("-"), "line 1: a number that is not"},
	{TEXT("-a"), "line 1: a number that is not"},
	{TEXT("--1"), "line 1: a number that is not"},
	{TEXT("+1"), "line 1: no value starts like this"},
	{TEXT(".5"), "line 1: no value starts like this"},
	/* bytes */
	{TEXT("[1,\n\0]"), "line 2: a raw control byte"},
	{TEXT("\"a\0b\""), "line 1: a raw control byte"},
	{TEXT("\"a\033[2Jb\""), "line 1: a raw control byte"},
	{TEXT("\v1"), "line 1: a raw control byte"},
	{TEXT("\f1"), "line 1: a raw control byte"},
	{TEXT("1 // \0"), "line 1: a raw control byte"},
	{TEXT("\n\n\"\xc0\x80\""), "line 3: not UTF-8"},
	{TEXT("\"\xc0\xaf\""), "line 1: not UTF-8"},
	{TEXT("\"\xe0\x80\xaf\""), "line 1: not UTF-8"},
	{TEXT("\"\xed\xa0\x80\""), "line 1: not UTF-8"},
	{TEXT("\"\xf4\x90\x80\x80\""), "line 1: not UTF-8"},
	{TEXT("\"\xff\""), "line 1: not UTF-8"},
	{TEXT("\"\xc3"), "line 1: not UTF-8"},
	{TEXT("1 // \xff"), "line 1: not UTF-8"},
	/* escapes */
	{TEXT("\"\\q\""), "line 1: no such escape in a string"},
	{TEXT("\"\\'\""), "line 1: no such escape in a string"},
	{TEXT("\"\\x41\""), "line 1: no such escape in a string"},
	{TEXT("\"\\u12g4\""), "line 1: four hexadecimal digits"},
	{TEXT("\"\\u0000\""), "line 1: \\u0000 or half"},
	{TEXT("\"a\\\\\\u0000b\""), "line 1: \\u0000 or half"},
	{TEXT("{\"\\u0000\":1}"), "line 1: \\u0000 or half"},
	{TEXT("\"\\ud800\""), "line 1: \\u0000 or half"},
	{TEXT("\"\\uDBFF\\u0041\""), "line 1: \\u0000 or half"},
	{TEXT("\"\\ud800\\ud800\""), "line 1: \\u0000 or half"},
	{TEXT("\"\\ud800\\\\udc00\""), "line 1: \\u0000 or half"},
	{TEXT("\"\\ud800 \\udc00\""), "line 1: \\u0000 or half"},
	{TEXT("\"\\udc00\""), "line 1: \\u0000 or half"},
	{TEXT("\"\\uDFFF\\ud800\""), "line 1: \\u0000 or half"},
	{TEXT("[1,\n\n\"\\udc00\"]"), "line 3: \\u0000 or half"},
	/* duplicates */
	{TEXT("{\"a\":1,\"a\":1}"), "line 1: duplicate key \"a\""},
	{TEXT("{\"a\":1,\"b\":2,\n\"c\":3,\"a\":4}"),
         "line 2: duplicate key \"a\""},
	{TEXT("{\"a\":1,\"\\u0061\":2}"), "line 1: duplicate key"},
	{TEXT("{\"\":1,\"\":2}"), "line 1: duplicate key \"\""},
	{TEXT("[{\"x\":{\"a\":[],\"a\":{}}}]"), "line 1: duplicate"},
	{TEXT("{\"\\n\":1,\"\\n\":2}"), "line 1: duplicate key \"\\x0a\""},
};

/* What is not JSON, or more than we take from a stranger, is refused with the
 * line it is on and the reason. */
Test(json, refuses)
{
	struct arena arena = {0};
	const struct json *root = (const void *)&arena;
	struct sbx_error err;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		cr_expect_eq(parse(&arena, refused[i].text, refused[i].len,
		                   &root, &err),
		             -EINVAL, "row %zu: %s", i, refused[i].text);
		cr_expect_eq(err.code, EINVAL);
		cr_expect_eq(err.stage, SBX_STAGE_SPEC);
		cr_expect_eq(strncmp(err.text, refused[i].says,
		                     strlen(refused[i].says)),
		             0, "row %zu: %s: %s", i, refused[i].text,
		             err.text);
	}
	cr_expect_eq(root, (const void *)&arena, "written on failure");
	arena_free(&arena);
}

/* An error in one long line is found by the text that leads to it, and that
 * text cannot steer a terminal. */
Test(json, shows_what_leads_to_the_error)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"{\"code\": 1 \"x\": 2}", "line 1: a comma or } was expected, "
	                                   "near: {\"code\": 1 \"x"},
		{"[1,\n[\t[;", "line 2: no value starts like this, "
	                       "near: [\\x09[;"},
		{"[\"\xe2\x80\xae\", ;", "line 1: no value starts like this, "
	                                 "near: [\"\\xe2\\x80\\xae\", ;"},
		{"[\"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
	         "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\", ;",
	         "line 1: no value starts like this, near: "
	         "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
	         "\xc3\xa9\xc3\xa9\xc3\xa9\", ;"},
	};
	struct arena arena = {0};
	const struct json *root;
	struct sbx_error err;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		cr_expect_eq(parse(&arena, rows[i].text, strlen(rows[i].text),
		                   &root, &err),
		             -EINVAL);
		cr_expect_str_eq(err.text, rows[i].says);
	}
	arena_free(&arena);
}

/* Without an error to fill, a refusal is still a refusal. */
Test(json, takes_no_error)
{
	struct arena arena = {0};
	const struct json *root;

	cr_expect_eq(parse(&arena, TEXT("[1,]"), &root, NULL), -EINVAL);
	cr_expect_eq(parse(&arena, TEXT("\xff"), &root, NULL), -EINVAL);
	cr_expect_eq(json_parse(&arena, NULL, 0, &root, NULL), -EINVAL);
	arena_free(&arena);
}

/* Every number keeps the text it was written as; integers of 64 bits are read
 * and no others are. */
Test(json, reads_numbers)
{
	static const struct {
		const char *text;
		enum json_kind kind;
		int64_t integer;
	} rows[] = {
		{"0", JSON_INTEGER, 0},
		{"-0", JSON_INTEGER, 0},
		{"64", JSON_INTEGER, 64},
		{"-7", JSON_INTEGER, -7},
		{"9223372036854775807", JSON_INTEGER, INT64_MAX},
		{"9223372036854775808", JSON_NUMBER, 0},
		{"-9223372036854775808", JSON_INTEGER, INT64_MIN},
		{"-9223372036854775809", JSON_NUMBER, 0},
		{"18446744073709551616", JSON_NUMBER, 0},
		{"0.5", JSON_NUMBER, 0},
		{"1.0", JSON_NUMBER, 0},
		{"-0.0", JSON_NUMBER, 0},
		{"1e2", JSON_NUMBER, 0},
		{"1E-2", JSON_NUMBER, 0},
		{"1e999", JSON_NUMBER, 0},
		{"-1.25e+10", JSON_NUMBER, 0},
	};
	struct arena arena = {0};
	const struct json *root;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		cr_assert_eq(parse(&arena, rows[i].text, strlen(rows[i].text),
		                   &root, NULL),
		             0, "%s", rows[i].text);
		cr_expect_eq(root->kind, rows[i].kind, "%s", rows[i].text);
		cr_expect_eq(root->integer, rows[i].integer);
		cr_expect_str_eq(root->text, rows[i].text);
		cr_expect_eq(root->len, strlen(rows[i].text));
		cr_expect_null(root->key);
		cr_expect_null(root->child);
		cr_expect_null(root->next);
	}
	arena_free(&arena);
}

/* Strings come decoded; what only looks like a bad escape is not one. */
Test(json, reads_strings)
{
	static const struct {
		const char *json, *text;
	} rows[] = {
		{"\"\"", ""},
		{"\"a b\"", "a b"},
		{"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
		{"\"\\u0041\\u00e9\\u20AC\"", "A\xc3\xa9\xe2\x82\xac"},
		{"\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80"},
		{"\"x\\uDBFF\\uDFFFy\"", "x\xf4\x8f\xbf\xbfy"},
		{"\"\\uD800\\uDC00\\uD800\\uDC00\"",
	         "\xf0\x90\x80\x80\xf0\x90\x80\x80"},
		{"\"\\ud7ff\\ue000\"", "\xed\x9f\xbf\xee\x80\x80"},
		{"\"\\\\ud800\"", "\\ud800"},
		{"\"\\\\\\\\u0000\"", "\\\\u0000"},
		{"\"\\\"\\\"\\\"\"", "\"\"\""},
		{"\"\\\\\"", "\\"},
		{"\"caf\xc3\xa9 \xf0\x9f\x98\x80\"",
	         "caf\xc3\xa9 \xf0\x9f\x98\x80"},
		{"\"\\u001b\\u007f\"", "\033\x7f"},
		{"\"// no comment /* \"", "// no comment /* "},
		{"/* \\ud800 \" */\"a\"// \\u0000 \"", "a"},
		{"/*\\*/\"a\"", "a"},
		{"//\\\n\"a\"", "a"},
		{"\"a\" /* never closed", "a"},
	};
	struct arena arena = {0};
	const struct json *root;
	struct sbx_error err;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		cr_assert_eq(parse(&arena, rows[i].json, strlen(rows[i].json),
		                   &root, &err),
		             0, "%s: %s", rows[i].json, err.text);
		cr_expect_eq(root->kind, JSON_STRING);
		cr_expect_str_eq(root->text, rows[i].text);
		cr_expect_eq(root->len, strlen(rows[i].text));
	}
	arena_free(&arena);
}

/* The tree has everything in the order of the text, with keys and lines. */
Test(json, builds_the_tree)
{
	static const char text[] = "// a profile\n"
				   "{ \"n\": null, \"t\": true,\n"
				   "  \"f\": false, /* two\n lines */\n"
				   "  \"list\": [ 1, \"two\", [], {} ],\n"
				   "  \"o\": {\n\"n\":\n-3 }\n"
				   "} // the end";
	static const struct {
		const char *key;
		enum json_kind kind;
		int line;
	} rows[] = {
		{"n", JSON_NULL, 2},   {"t", JSON_BOOL, 2},
		{"f", JSON_BOOL, 3},   {"list", JSON_ARRAY, 5},
		{"o", JSON_OBJECT, 6},
	};
	struct arena arena = {0};
	const struct json *root, *member;
	size_t i = 0;

	cr_assert_eq(parse(&arena, TEXT(text), &root, NULL), 0);
	cr_expect_eq(root->kind, JSON_OBJECT);
	cr_expect_eq(root->line, 2);
	cr_expect_null(root->next);
	for (member = root->child; member; member = member->next, i++) {
		cr_assert_lt(i, ARRAY_SIZE(rows));
		cr_expect_str_eq(member->key, rows[i].key);
		cr_expect_eq(member->kind, rows[i].kind);
		cr_expect_eq(member->line, rows[i].line, "%s", member->key);
		cr_expect_eq(json_get(root, member->key), member);
	}
	cr_expect_eq(i, ARRAY_SIZE(rows));
	cr_expect(json_get(root, "t")->boolean);
	cr_expect_not(json_get(root, "f")->boolean);
	cr_expect_eq(json_get(json_get(root, "o"), "n")->line, 8);
	cr_expect_eq(json_get(json_get(root, "o"), "n")->integer, -3);
	cr_expect_null(json_get(root, "none"));
	member = json_get(root, "list");
	cr_expect_null(json_get(member, "n"));
	member = member->child;
	cr_expect_eq(member->integer, 1);
	cr_expect_null(member->key);
	member = member->next;
	cr_expect_str_eq(member->text, "two");
	cr_expect_eq(member->next->kind, JSON_ARRAY);
	cr_expect_null(member->next->child);
	cr_expect_eq(member->next->next->kind, JSON_OBJECT);
	cr_expect_null(member->next->next->next);
	arena_free(&arena);
}

/* Every kind has a name for messages. */
Test(json, names_kinds)
{
	int kind;

	for (kind = JSON_NULL; kind <= JSON_OBJECT; kind++)
		cr_expect_not_null(json_kind_name((enum json_kind)kind));
	cr_expect_str_eq(json_kind_name(JSON_OBJECT), "an object");
	cr_expect_str_eq(json_kind_name(JSON_STRING), "a string");
}
