/* SPDX-License-Identifier: MIT */
/* Looking at what came of a call. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "support/run.h"
#include "support/schema.h"

bool is_one_line(const struct buffer *text)
{
	static const char start[] = "sbx-exec: ";

	return text->len > sizeof(start) &&
	       memcmp(text->data, start, sizeof(start) - 1) == 0 &&
	       memchr(text->data, '\n', text->len) ==
	               text->data + text->len - 1;
}

void result_parse(struct result *result, const struct buffer *text)
{
	const struct json *root;
	char fault[512];

	result->report = NULL;
	if (text->len == 0 ||
	    memchr(text->data, '\n', text->len) != text->data + text->len - 1)
		return;
	if (json_parse(&result->arena, text->data, text->len, &root, NULL) < 0)
		return;
	/* Every report that a test sees is as the schema says, or is none. */
	if (!schema_fits("report.schema.json", root, fault, sizeof(fault))) {
		dprintf(STDERR_FILENO, "not as report.schema.json: %s\n",
		        fault);
		return;
	}
	result->report = root;
}

static const struct json *item_at(const struct json *array, const char *key)
{
	const struct json *item = array->child;

	for (long n = strtol(key, NULL, 10); item && n > 0; n--)
		item = item->next;
	return item;
}

static const struct json *find(const struct result *result, const char *path)
{
	const struct json *at = result->report;
	char key[64];

	while (at && *path) {
		size_t len = strcspn(path, ".");

		if (len >= sizeof(key))
			return NULL;
		memcpy(key, path, len);
		key[len] = '\0';
		at = at->kind == JSON_ARRAY ? item_at(at, key)
		                            : json_get(at, key);
		path += len + (path[len] == '.');
	}
	return at;
}

const char *report_at(const struct result *result, const char *path)
{
	const struct json *value = find(result, path);

	if (!value)
		return "(none)";
	switch (value->kind) {
	case JSON_BOOL:
		return value->boolean ? "true" : "false";
	case JSON_ARRAY:
		return "[]";
	case JSON_OBJECT:
		return "{}";
	case JSON_NULL:
		return "null";
	default:
		return value->text;
	}
}

double report_number(const struct result *result, const char *path)
{
	return strtod(report_at(result, path), NULL);
}

bool report_lists(const struct result *result, const char *path,
                  const char *text)
{
	const struct json *array = find(result, path);

	if (!array || array->kind != JSON_ARRAY)
		return false;
	for (const struct json *item = array->child; item; item = item->next)
		if (item->kind == JSON_STRING && strcmp(item->text, text) == 0)
			return true;
	return false;
}

_Noreturn void skip(const char *why)
{
	const char *must = getenv("SBX_MUST_WORK");

	if (must && strcmp(must, "1") == 0)
		cr_assert_fail("cannot run here: %s", why);
	cr_skip_test("%s", why);
	abort();
}

void need_sessions(void)
{
	struct utsname names;
	int major = 0, minor = 0;

	if (uname(&names) == 0 &&
	    sscanf(names.release, "%d.%d", &major, &minor) == 2 &&
	    (major < 6 || (major == 6 && minor < 6)))
		skip("sessions take Linux 6.6");
}
