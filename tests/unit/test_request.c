/* SPDX-License-Identifier: MIT */
/* Requests: what is taken, and the line that says why one is not. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "model/spec.h"
#include "support/schema.h"

static const char *const dirs[] = {"profiles", NULL};

static int request(struct sbx_spec **spec, const char *json, size_t len,
                   struct sbx_error *err)
{
	cr_assert_eq(sbx_spec_new(spec, err), 0);
	return sbx_spec_request(*spec, json, len, dirs, err);
}

static struct sbx_spec *good(const char *json)
{
	struct sbx_error err = {0};
	struct sbx_spec *spec;

	cr_assert_eq(request(&spec, json, strlen(json), &err), 0, "%s: %s",
	             json, err.text);
	return spec;
}

/* What is sent without having read the manual. */
Test(request, of_an_agent)
{
	struct sbx_spec *spec =
		good("{\"language\": \"python\", \"code\": \"print(input())\","
	             "\"inputs\": [\"a line\", \"\"], \"timeout\": 1.5,"
	             "\"network_access\": false, \"packages\": []}");

	cr_expect_str_eq(spec->profile, "python");
	cr_expect_eq(spec->program.kind, PROGRAM_CODE);
	cr_expect_eq(spec->program.code_len, strlen("print(input())"));
	cr_expect_eq(spec->limits[LIMIT_WALL_TIME].value, 1500000000);
	cr_expect_eq(spec->limits[LIMIT_WALL_TIME].origin, ORIGIN_CALLER);
	cr_assert_eq(spec->stdin_len, 8);
	cr_expect_eq(memcmp(spec->stdin_text, "a line\n\n", 8), 0);
	cr_expect_null(spec->id);
	sbx_spec_free(spec);
}

/* Everything else goes by its field's name. */
Test(request, of_fields)
{
	struct sbx_spec *spec =
		good("{\"id\":\"7\",\"profile\":\"bash\",\"code\":\"\","
	             "\"args\":[\"-x\",\"\"],\"stdin\":\"\","
	             "\"limits\":{\"memory\":\"64M\",\"pids\":3},"
	             "\"env\":{\"A\":\"b\"},\"file\":\"x.sh\","
	             "\"files\":[{\"path\":\"d/a\",\"content\":\"1\"},"
	             "{\"path\":\"b\",\"content_b64\":\"AP8=\"}]}");
	const struct input *input = spec->inputs;

	cr_expect_str_eq(spec->id, "7");
	cr_expect_eq(spec->program.arguments.n, 2);
	cr_expect_str_eq(spec->program.arguments.items[0], "-x");
	cr_expect_eq(spec->limits[LIMIT_MEMORY].value, 64 << 20);
	cr_expect_eq(spec->limits[LIMIT_PIDS].value, 3);
	cr_expect_str_eq(spec->file, "x.sh");
	cr_expect_not_null(spec->stdin_text);
	cr_expect_eq(spec->stdin_len, 0);
	cr_assert(input && input->next && !input->next->next);
	cr_expect_str_eq(input->name, "d/a");
	cr_expect_null(input->source);
	cr_expect_eq(input->len, 1);
	cr_expect_eq(input->next->len, 2);
	cr_expect_eq(memcmp(input->next->data, "\0\xff", 2), 0);
	sbx_spec_free(spec);
}

/* Without code a command is one of the root tree; with code it runs it. */
Test(request, of_a_command)
{
	struct sbx_spec *spec =
		good("{\"command\":[\"ls\",\"-l\"],\"args\":[\"/\"]}");

	cr_expect_eq(spec->program.kind, PROGRAM_COMMAND);
	cr_expect_eq(spec->program.arguments.n, 3);
	cr_expect_str_eq(spec->program.arguments.items[2], "/");
	cr_expect_str_eq(spec->profile, "base");
	sbx_spec_free(spec);
	spec = good("{\"command\":[\"sh\",\"{file}\"],\"code\":\"ls\"}");
	cr_expect_eq(spec->program.kind, PROGRAM_CODE);
	cr_expect_str_eq(spec->command.items[0], "sh");
	sbx_spec_free(spec);
}

/* Names that people have for languages. */
Test(request, of_a_language_by_another_name)
{
	static const char *const rows[][2] = {
		{"py", "python"},       {"python3", "python"}, {"js", "node"},
		{"javascript", "node"}, {"sh", "bash"},        {"pl", "perl"}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char json[128];
		struct sbx_spec *spec;

		(void)snprintf(json, sizeof(json),
		               "{\"language\":\"%s\",\"code\":\"\"}",
		               rows[i][0]);
		spec = good(json);
		cr_expect_str_eq(spec->profile, rows[i][1]);
		sbx_spec_free(spec);
	}
}

#define CODE "{\"language\":\"bash\",\"code\":\"\","

static const char *const bad_rows[][2] = {
	{"", "request, line 1: there is no value"},
	{"[]", "request: an object is wanted, not an array"},
	{"{}", "request: \"code\" is missing, and so is \"command\": there is "
               "nothing to run"},
	{"{\"code\":\"\"}",
         "request: \"language\" is missing: it says what runs the code, like "
         "\"python\""},
	{"{\"language\":7,\"code\":\"\"}",
         "request, line 1: language: the name of a profile is wanted, not an "
         "integer"},
	{"{\"language\":\"../x\",\"code\":\"\"}",
         "\"../x\" is not the name of a profile: letters, digits, \".\", "
         "\"_\", \"-\", at most 64"},
	{"{\"language\":\"pyton\",\"code\":\"\"}",
         "no profile \"pyton\"; did you mean \"python\"?"},
	{"{\"language\":\"bash\",\"code\":null}",
         "request, line 1: code: the program as a string is wanted, not null"},
	{"{\"language\":\"bash\",\"profile\":\"bash\",\"code\":\"\"}",
         "request, line 1: language: profile says the same; give one of the "
         "two"},
	{CODE "\"code\":\"\"}", "request, line 1: duplicate key \"code\""},
	{CODE "\n\"timout\":3}",
         "request, line 2: unknown key \"timout\"; did you mean "
         "\"timeout\"?"},
	{CODE "\"langage\":\"x\"}",
         "request, line 1: unknown key \"langage\"; did you mean "
         "\"language\"?"},
	{CODE "\"memory\":\"1G\"}",
         "request, line 1: unknown key \"memory\"; did you mean "
         "\"limits.memory\"?"},
	{CODE "\"timeout\":\"soon\"}",
         "request, line 1: timeout: \"soon\" is not a duration (200ms, 1.5s, "
         "5m) or none"},
	{CODE "\"timeout\":-1}",
         "request, line 1: timeout: \"-1\" is not a duration (200ms, 1.5s, "
         "5m) or none"},
	{CODE "\"timeout\":1,\"limits\":{\"wall_time\":2}}",
         "request, line 1: timeout: limits.wall_time says the same; give one "
         "of the two"},
	{CODE "\"inputs\":\"a\"}",
         "request, line 1: inputs: an array of the lines of standard input is "
         "wanted, not a string"},
	{CODE "\"inputs\":[1]}",
         "request, line 1: inputs: a string is wanted, not an integer"},
	{CODE "\"inputs\":[],\"stdin\":\"\"}",
         "request, line 1: stdin: inputs says the same; give one of the two"},
	{CODE "\"stdin\":\"\",\"stdin_file\":\"/x\"}",
         "request, line 1: stdin: stdin_file says the same; give one of the "
         "two"},
	{CODE "\"stdin\":[]}",
         "request, line 1: stdin: a string is wanted, not an array"},
	{CODE "\"args\":\"x\"}",
         "request, line 1: args: an array of strings is wanted, not a string"},
	{CODE "\"args\":[null]}",
         "request, line 1: args: a string is wanted, not null"},
	{CODE "\"network_access\":true}",
         "request, line 1: network_access: neither the profile nor the "
         "administrator says what may be reached; send false, or leave it "
         "out"},
	{CODE "\"network_access\":\"no\"}",
         "request, line 1: network_access: true or false is wanted, not a "
         "string"},
	{CODE "\"id\":\"\"}",
         "request, line 1: id: an id is 1 to 128 bytes, no control bytes"},
	{CODE "\"id\":\"a\\nb\"}",
         "request, line 1: id: an id is 1 to 128 bytes, no control bytes"},
	{CODE "\"extends\":\"base\"}",
         "request, line 1: extends: only a profile extends another"},
	{CODE "\"files\":{}}",
         "request, line 1: files: an array of objects is wanted, not an "
         "object"},
	{CODE "\"files\":[1]}",
         "request, line 1: files: an object with path and content is wanted, "
         "not an integer"},
	{CODE "\"files\":[{\"content\":\"\"}]}",
         "request, line 1: files: \"path\" is missing"},
	{CODE "\"files\":[{\"path\":\"a\"}]}",
         "request, line 1: files: a: either \"content\" or \"content_b64\" is "
         "wanted"},
	{CODE
         "\"files\":[{\"path\":\"a\",\"content\":\"\",\"content_b64\":\"\"}"
         "]}",
         "request, line 1: files: a: either \"content\" or \"content_b64\" is "
         "wanted"},
	{CODE "\"files\":[{\"path\":\"a\",\"contents\":\"\"}]}",
         "request, line 1: files: unknown key \"contents\"; did you mean "
         "\"content\"?"},
	{CODE "\"files\":[{\"path\":\"a\",\"content_b64\":\"a\"}]}",
         "request, line 1: files: a: content_b64 is not base64"},
	{CODE "\"files\":[{\"path\":\"a\",\"content\":\"\"},{\"path\":\"a\","
              "\"content\":\"\"}]}",
         "request, line 1: files: \"a\" is given twice"},
};

/* Each bad request is one line with the key in it. */
Test(request, bad_ones_name_the_key)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad_rows); i++) {
		struct sbx_error err = {0};
		struct sbx_spec *spec;

		cr_expect_lt(request(&spec, bad_rows[i][0],
		                     strlen(bad_rows[i][0]), &err),
		             0, "%s", bad_rows[i][0]);
		cr_expect_str_eq(err.text, bad_rows[i][1]);
		sbx_spec_free(spec);
	}
}

/* Names of files that lead elsewhere, or are none. */
Test(request, bad_names_of_files)
{
	static const char *const names[] = {
		"",    "/a",   "..", "../a", "a/..",  "a/../b",
		"./a", "a//b", "a/", ".",    "a\\nb", "a\\u001bb"};
	char deep[512] = "", json[2048], longest[1200];

	for (int i = 0; i < 40; i++)
		strcat(deep, "d/");
	strcat(deep, "f");
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(names) + 2; i++) {
		const char *name = i < ARRAY_SIZE(names)    ? names[i]
		                   : i == ARRAY_SIZE(names) ? deep
		                                            : longest;
		struct sbx_error err = {0};
		struct sbx_spec *spec;

		(void)snprintf(json, sizeof(json),
		               CODE "\"files\":[{\"path\":\"%s\","
		                    "\"content\":\"\"}]}",
		               name);
		cr_expect_lt(request(&spec, json, strlen(json), &err), 0, "%s",
		             name);
		cr_expect_not_null(strstr(err.text, "files: "), "%s", err.text);
		cr_expect_not_null(strstr(err.text, "in the workspace"), "%s",
		                   err.text);
		sbx_spec_free(spec);
	}
}

/* What the JSON itself may be: deep, long, not UTF-8, with half characters. */
Test(request, hostile_json)
{
	static char text[3 << 20];
	static const char *const rows[] = {CODE "\"stdin\":\"\\ud800\"}",
	                                   CODE "\"stdin\":\"\xff\"}",
	                                   CODE "\"stdin\":\"\\u0000\"}",
	                                   CODE "\"limits\":1e999}",
	                                   CODE,
	                                   "{\"code\":\"\"}}",
	                                   "\xef\xbb\xbf{}"};
	struct sbx_error err = {0};
	struct sbx_spec *spec;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cr_expect_lt(request(&spec, rows[i], strlen(rows[i]), &err), 0,
		             "%zu", i);
		cr_expect_eq(strncmp(err.text, "request", 7), 0, "%s",
		             err.text);
		sbx_spec_free(spec);
	}
	memset(text, '[', sizeof(text));
	cr_expect_lt(request(&spec, text, 1 << 20, &err), 0);
	cr_expect_not_null(strstr(err.text, "deeper"), "%s", err.text);
	sbx_spec_free(spec);
	memset(text, 'x', sizeof(text));
	memcpy(text, "{\"code\":\"", 9);
	cr_expect_lt(request(&spec, text, sizeof(text), &err), 0);
	cr_expect_not_null(strstr(err.text, "longer"), "%s", err.text);
	sbx_spec_free(spec);
}

/* The id is known also where the rest is bad: the report of it has it. */
Test(request, id_comes_first)
{
	static const char json[] = "{\"code\":7,\"id\":\"mine\"}";
	struct sbx_error err = {0};
	struct sbx_spec *spec;

	cr_expect_lt(request(&spec, json, strlen(json), &err), 0);
	cr_expect_str_eq(spec->id, "mine");
	sbx_spec_free(spec);
}

/* Base64: the form of RFC 4648 with its padding, and nothing else. */
Test(request, unbase64)
{
	static const struct {
		const char *text, *bytes;
	} rows[] = {
		{"", ""},        {"Zg==", "f"},        {"Zm8=", "fo"},
		{"Zm9v", "foo"}, {"Zm9vYg==", "foob"}, {"+/+/", "\xfb\xff\xbf"},
		{"Z", NULL},     {"Zg=", NULL},        {"Zg", NULL},
		{"Zh==", NULL},  {"Zm9=", NULL},       {"====", NULL},
		{"Z===", NULL},  {"Zg==Zg==", NULL},   {"Zm 9v", NULL},
		{"Zm9\n", NULL}, {"-_-_", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct buffer out = {0};
		int r = text_unbase64(&out, rows[i].text, strlen(rows[i].text));

		cr_expect_eq(r == 0, rows[i].bytes != NULL, "%s", rows[i].text);
		if (r == 0 && rows[i].bytes) {
			cr_expect_eq(out.len, strlen(rows[i].bytes));
			cr_expect(out.len == 0 ||
			          memcmp(out.data, rows[i].bytes, out.len) ==
			                  0);
		}
		buffer_free(&out);
	}
}
