/* SPDX-License-Identifier: MIT */
/* A JSON tree once it is there. */
#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/json_parts.h"

const struct json *json_get(const struct json *object, const char *key)
{
	const struct json *member;

	if (object->kind != JSON_OBJECT)
		return NULL;
	for (member = object->child; member; member = member->next)
		if (strcmp(member->key, key) == 0)
			return member;
	return NULL;
}

static int compare_members(const void *a, const void *b)
{
	const struct json *one = *(const struct json *const *)a;
	const struct json *two = *(const struct json *const *)b;
	int order = strcmp(one->key, two->key);

	return order ? order
	             : (one->line > two->line) - (one->line < two->line);
}

/* Sorting stays cheap whatever the keys are; a hash would not. */
int json_find_duplicate(const struct json *object, const struct json **twin)
{
	const struct json **members CLEANUP_FREE = NULL;
	const struct json *member;
	size_t i, n = 0;

	for (member = object->child; member; member = member->next)
		n++;
	members = calloc(n + 1, sizeof(members[0]));
	if (!members)
		return -ENOMEM;
	for (i = 0, member = object->child; i < n; i++, member = member->next)
		members[i] = member;
	qsort(members, n, sizeof(members[0]), compare_members);
	*twin = NULL;
	for (i = 1; i < n && !*twin; i++)
		if (strcmp(members[i - 1]->key, members[i]->key) == 0)
			*twin = members[i];
	return 0;
}

const char *json_kind_name(enum json_kind kind)
{
	static const char *const names[] = {
		[JSON_NULL] = "null",          [JSON_BOOL] = "true or false",
		[JSON_INTEGER] = "an integer", [JSON_NUMBER] = "a number",
		[JSON_STRING] = "a string",    [JSON_ARRAY] = "an array",
		[JSON_OBJECT] = "an object",
	};

	return names[kind];
}

/* Four hexadecimal digits, which yajl has checked. */
static unsigned int hex4(const char *digits)
{
	unsigned int code = 0, i;

	for (i = 0; i < 4; i++)
		code = code << 4 | ((unsigned int)(digits[i] & 0x0f) +
		                    (digits[i] > '9' ? 9 : 0));
	return code;
}

/* The last byte of the escape that starts at the backslash, or NULL when it
 * stands for a NUL or half a character. end is that of the string. */
static const char *escape_end(const char *at, const char *end)
{
	unsigned int code;

	if (at[1] != 'u')
		return at + 1;
	code = hex4(at + 2);
	if (code == 0 || (code & 0xfc00) == 0xdc00)
		return NULL;
	if ((code & 0xfc00) != 0xd800)
		return at + 5;
	if (end - at < 12 || at[6] != '\\' || at[7] != 'u' ||
	    (hex4(at + 8) & 0xfc00) != 0xdc00)
		return NULL;
	return at + 11;
}

bool json_escapes_ok(const char *text, const char *end)
{
	for (const char *at = text; at < end; at++)
		if (*at == '\\') {
			at = escape_end(at, end);
			if (!at)
				return false;
		}
	return true;
}
