/* SPDX-License-Identifier: MIT */
#include "support/schema.h"

#include <limits.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "support/run.h"

struct check {
	struct arena arena;
	char file[64]; /* the schema that is being read */
	const struct json *root;
	char *fault;
	size_t size;
};

static bool fits(struct check *check, const struct json *schema,
                 const struct json *value, const char *path);

static bool wrong(const struct check *check, const char *path, const char *what)
{
	(void)snprintf(check->fault, check->size, "%s: %s",
	               path[0] ? path : "(the whole)", what);
	return false;
}

static bool load(struct check *check, const char *name)
{
	struct buffer text = {0};
	char path[PATH_MAX];
	int r;

	(void)snprintf(check->file, sizeof(check->file), "%.60s", name);
	(void)snprintf(path, sizeof(path), "%s/share/sbx/profiles/%s",
	               build_dir(), name);
	r = file_read(path, JSON_MAX_SIZE, &text);
	if (r == 0)
		r = json_parse(&check->arena, text.data, text.len, &check->root,
		               NULL);
	buffer_free(&text);
	return r == 0 ? true : wrong(check, path, "cannot be read");
}

/* "#/a/b" or "FILE#/a/b" */
static bool fits_ref(struct check *check, const struct json *schema,
                     const struct json *value, const char *path)
{
	struct check inner = *check;
	const char *hash = strchr(schema->text, '#');
	const struct json *at;
	char name[64], key[64];

	if (!hash)
		return wrong(check, path, "a $ref without #");
	if (hash != schema->text) {
		(void)snprintf(name, sizeof(name), "%.*s",
		               (int)(hash - schema->text), schema->text);
		if (!load(&inner, name))
			return false;
	}
	at = inner.root;
	for (hash++; at && *hash == '/';) {
		size_t len = strcspn(++hash, "/");

		(void)snprintf(key, sizeof(key), "%.*s", (int)len, hash);
		at = json_get(at, key);
		hash += len;
	}
	bool good = at ? fits(&inner, at, value, path)
	               : wrong(check, path, schema->text);
	check->arena = inner.arena;
	return good;
}

static bool is_type(const char *type, const struct json *value)
{
	static const struct {
		const char *type;
		enum json_kind kind;
	} types[] = {
		{"null", JSON_NULL},       {"boolean", JSON_BOOL},
		{"integer", JSON_INTEGER}, {"number", JSON_INTEGER},
		{"number", JSON_NUMBER},   {"string", JSON_STRING},
		{"array", JSON_ARRAY},     {"object", JSON_OBJECT},
	};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strcmp(types[i].type, type) == 0 &&
		    types[i].kind == value->kind)
			return true;
	return false;
}

static bool fits_type(const struct json *type, const struct json *value)
{
	const struct json *one;

	if (type->kind == JSON_STRING)
		return is_type(type->text, value);
	for (one = type->child; one; one = one->next)
		if (is_type(one->text, value))
			return true;
	return false;
}

static bool fits_enum(const struct json *list, const struct json *value)
{
	for (list = list->child; list; list = list->next)
		if (value->kind == JSON_STRING &&
		    strcmp(list->text, value->text) == 0)
			return true;
	return false;
}

static bool fits_pattern(const struct json *pattern, const struct json *value)
{
	regex_t regex;
	bool good;

	if (value->kind != JSON_STRING)
		return true;
	/* A text of megabytes is not what this is about. */
	if (value->len > 65536)
		return true;
	if (regcomp(&regex, pattern->text, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	good = regexec(&regex, value->text, 0, NULL, 0) == 0;
	regfree(&regex);
	return good;
}

static bool fits_properties(struct check *check, const struct json *properties,
                            const struct json *value, const char *path)
{
	char inner[512];

	if (value->kind != JSON_OBJECT)
		return true;
	for (value = value->child; value; value = value->next) {
		const struct json *known = json_get(properties, value->key);

		(void)snprintf(inner, sizeof(inner), "%s.%s", path, value->key);
		if (!known)
			return wrong(check, inner, "is in no description");
		if (!fits(check, known, value, inner))
			return false;
	}
	return true;
}

static bool fits_items(struct check *check, const struct json *items,
                       const struct json *value, const char *path)
{
	char inner[512];
	size_t i = 0;

	if (value->kind != JSON_ARRAY)
		return true;
	for (value = value->child; value; value = value->next) {
		(void)snprintf(inner, sizeof(inner), "%s[%zu]", path, i++);
		if (!fits(check, items, value, inner))
			return false;
	}
	return true;
}

static bool has_required(const struct json *list, const struct json *value)
{
	if (value->kind != JSON_OBJECT)
		return true;
	for (list = list->child; list; list = list->next)
		if (!json_get(value, list->text))
			return false;
	return true;
}

static size_t count_fits(struct check *check, const struct json *list,
                         const struct json *value, const char *path)
{
	size_t n = 0;

	for (list = list->child; list; list = list->next)
		n += fits(check, list, value, path);
	return n;
}

static bool in_bounds(const struct json *rule, const struct json *value)
{
	double bound = strtod(rule->text, NULL);
	bool number = value->kind == JSON_INTEGER || value->kind == JSON_NUMBER;
	double is = number ? strtod(value->text, NULL) : 0;
	size_t n = 0;

	if (strcmp(rule->key, "minimum") == 0)
		return !number || is >= bound;
	if (strcmp(rule->key, "exclusiveMinimum") == 0)
		return !number || is > bound;
	if (strcmp(rule->key, "maximum") == 0)
		return !number || is <= bound;
	if (strcmp(rule->key, "minLength") == 0)
		return value->kind != JSON_STRING ||
		       (double)value->len >= bound;
	if (strcmp(rule->key, "maxLength") == 0)
		return value->kind != JSON_STRING ||
		       (double)value->len <= bound;
	for (const struct json *item = value->child; item; item = item->next)
		n++;
	if (strcmp(rule->key, "minItems") == 0)
		return value->kind != JSON_ARRAY || (double)n >= bound;
	if (strcmp(rule->key, "maxItems") == 0)
		return value->kind != JSON_ARRAY || (double)n <= bound;
	return strcmp(rule->key, "maxProperties") == 0 &&
	       (value->kind != JSON_OBJECT || (double)n <= bound);
}

static bool says_nothing(const char *key)
{
	static const char *const keys[] = {
		"description", "default", "title", "$schema", "$id", "$defs",
		/* Objects with properties are closed anyway; profiles have the
	         * rest, and are not looked at here. */
		"additionalProperties", "propertyNames", "not"};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (strcmp(keys[i], key) == 0)
			return true;
	return false;
}

static bool fits_rule(struct check *check, const struct json *rule,
                      const struct json *value, const char *path)
{
	const char *key = rule->key;

	if (says_nothing(key))
		return true;
	if (strcmp(key, "$ref") == 0)
		return fits_ref(check, rule, value, path);
	if (strcmp(key, "properties") == 0)
		return fits_properties(check, rule, value, path);
	if (strcmp(key, "items") == 0)
		return fits_items(check, rule, value, path);
	if (strcmp(key, "type") == 0)
		return fits_type(rule, value) || wrong(check, path, "type");
	if (strcmp(key, "enum") == 0)
		return fits_enum(rule, value) || wrong(check, path, "enum");
	if (strcmp(key, "const") == 0)
		return (value->text && strcmp(rule->text, value->text) == 0) ||
		       wrong(check, path, "const");
	if (strcmp(key, "pattern") == 0)
		return fits_pattern(rule, value) ||
		       wrong(check, path, "pattern");
	if (strcmp(key, "required") == 0)
		return has_required(rule, value) ||
		       wrong(check, path, "required");
	if (strcmp(key, "anyOf") == 0)
		return count_fits(check, rule, value, path) > 0;
	if (strcmp(key, "oneOf") == 0)
		return count_fits(check, rule, value, path) == 1 ||
		       wrong(check, path, "oneOf");
	return in_bounds(rule, value) || wrong(check, path, key);
}

static bool fits(struct check *check, const struct json *schema,
                 const struct json *value, const char *path)
{
	for (const struct json *rule = schema->child; rule; rule = rule->next)
		if (!fits_rule(check, rule, value, path))
			return false;
	return true;
}

bool schema_fits(const char *name, const struct json *value, char *fault,
                 size_t size)
{
	struct check check = {.fault = fault, .size = size};
	bool good = load(&check, name) && fits(&check, check.root, value, "");

	arena_free(&check.arena);
	return good;
}
