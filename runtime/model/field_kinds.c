/* SPDX-License-Identifier: MIT */
#include "model/field_kinds.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/parse.h"

static char *format_count(uint64_t count, char *buffer)
{
	(void)snprintf(buffer, 24, "%llu", (unsigned long long)count);
	return buffer;
}

/* How a limit is read, written and asked for. */
static const struct unit {
	int (*parse)(const char *text, uint64_t *value);
	char *(*format)(uint64_t value, char *buffer);
	const char *form;
	bool decimal; /* a JSON number may be one */
} units[] = {
	[KIND_DURATION] = {parse_duration, format_duration,
                           "a duration (200ms, 1.5s, 5m)", true},
	[KIND_SIZE] = {parse_size, format_size, "a size (64K, 512M, 1G)",
                       false},
	[KIND_COUNT] = {parse_count, format_count, "a whole number", false},
	[KIND_MILLI] = {parse_milli, format_milli, "a number (0.5, 2)", true},
};

const char *clip_text(const char *text, char *buffer)
{
	size_t len = strnlen(text, CLIP_MAX);

	(void)snprintf(buffer, CLIP_MAX, "%.*s%s", CLIP_MAX - 4, text,
	               len > CLIP_MAX - 4 ? "..." : "");
	return buffer;
}

enum sbx_stage origin_stage(enum origin origin)
{
	return origin == ORIGIN_PROFILE ? SBX_STAGE_PROFILE : SBX_STAGE_SPEC;
}

void field_say(const struct field_input *in, int code, const char *format, ...)
{
	enum sbx_stage stage = origin_stage(in->origin);
	char text[sizeof(in->err->text)];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (in->where)
		(void)err_say(in->err, stage, code, "%s, line %d: %s: %s",
		              in->where, in->line, in->field->path, text);
	else
		(void)err_say(in->err, stage, code, "%s: %s", in->field->path,
		              text);
}

int field_expect(const struct field_input *in, const struct json *value,
                 enum json_kind kind, const char *what)
{
	if (value->kind == kind)
		return 0;
	return FIELD_FAIL(in, EINVAL, "%s is wanted, not %s", what,
	                  json_kind_name(value->kind));
}

void field_put(const struct field_input *in, const void *value, size_t size)
{
	char *spec = (char *)in->spec;
	enum origin origin;

	memcpy(&origin, spec + in->field->rule->origin, sizeof(origin));
	if (in->origin < origin)
		return;
	memcpy(spec + in->field->rule->value, value, size);
	memcpy(spec + in->field->rule->origin, &in->origin, sizeof(in->origin));
}

/* ---- limits ---- */

static int limit_read(const struct field_input *in, const char *text,
                      uint64_t *value)
{
	const struct sbx_field_rule *rule = in->field->rule;
	const struct unit *unit = &units[rule->kind];
	char bound[24];
	uint64_t number;

	if (strcmp(text, "none") == 0) {
		*value = LIMIT_OFF;
		return 0;
	}
	int r = unit->parse(text, &number);
	if (r < 0 && r != -ERANGE)
		return FIELD_FAIL(in, EINVAL, "\"%s\" is not %s or none",
		                  CLIP(text), unit->form);
	if (r == 0 && number < rule->min)
		return FIELD_FAIL(in, ERANGE, "\"%s\" is below the least, %s",
		                  CLIP(text), unit->format(rule->min, bound));
	if (r < 0 || number > rule->max)
		return FIELD_FAIL(in, ERANGE, "\"%s\" is above the most, %s",
		                  CLIP(text), unit->format(rule->max, bound));
	*value = number;
	return 0;
}

void limit_put(struct limit_value *limits, enum limit limit, uint64_t value,
               enum origin origin)
{
	struct limit_value *file_size = &limits[LIMIT_FILE_SIZE];

	if (origin < limits[limit].origin)
		return;
	limits[limit] = (struct limit_value){value, origin};
	if (limit == LIMIT_DISK && file_size->origin == ORIGIN_DEFAULT)
		file_size->value = value;
}

static int limit_set_text(const struct field_input *in, const char *text)
{
	uint64_t value;
	int r = limit_read(in, text, &value);

	if (r == 0)
		limit_put(in->spec->limits, in->field->rule->limit, value,
		          in->origin);
	return r;
}

int limit_read_json(const struct field_input *in, const struct json *json,
                    uint64_t *value)
{
	const struct unit *unit = &units[in->field->rule->kind];

	if (json->kind == JSON_STRING || json->kind == JSON_INTEGER ||
	    (json->kind == JSON_NUMBER && unit->decimal))
		return limit_read(in, json->text, value);
	if (json->kind == JSON_NUMBER)
		return FIELD_FAIL(in, EINVAL, "%s is not %s or none",
		                  CLIP(json->text), unit->form);
	return FIELD_FAIL(in, EINVAL, "%s is wanted, not %s", unit->form,
	                  json_kind_name(json->kind));
}

static int limit_set_json(const struct field_input *in, const struct json *json)
{
	uint64_t value;
	int r = limit_read_json(in, json, &value);

	if (r == 0)
		limit_put(in->spec->limits, in->field->rule->limit, value,
		          in->origin);
	return r;
}

/* ---- one value ---- */

/* "a, b nor c" */
static const char *list_words(const char *const *words, char *buffer,
                              size_t size)
{
	size_t len = 0;

	for (size_t i = 0; words[i] && len < size; i++)
		len += (size_t)snprintf(buffer + len, size - len, "%s%s",
		                        i == 0         ? ""
		                        : words[i + 1] ? ", "
		                                       : " nor ",
		                        words[i]);
	return buffer;
}

static int word_set_text(const struct field_input *in, const char *text)
{
	const char *const *words = in->field->rule->words;
	char all[64];

	for (unsigned i = 0; words[i]; i++)
		if (strcmp(words[i], text) == 0) {
			field_put(in, &i, sizeof(i));
			return 0;
		}
	return FIELD_FAIL(in, EINVAL, "\"%s\" is neither %s", CLIP(text),
	                  list_words(words, all, sizeof(all)));
}

static int text_set_text(const struct field_input *in, const char *text)
{
	const struct sbx_field_rule *rule = in->field->rule;

	if (!rule->ok(text))
		return FIELD_FAIL(in, EINVAL, "\"%s\" is not %s", CLIP(text),
		                  rule->form);
	const char *copy = arena_strdup(&in->spec->arena, text);
	if (!copy)
		return FIELD_FAIL(in, ENOMEM, "out of memory");
	field_put(in, &copy, sizeof(copy));
	return 0;
}

static int flag_set_text(const struct field_input *in, const char *text)
{
	bool value = strcmp(text, "true") == 0;

	if (!value && strcmp(text, "false") != 0)
		return FIELD_FAIL(in, EINVAL,
		                  "\"%s\" is neither true nor false",
		                  CLIP(text));
	field_put(in, &value, sizeof(value));
	return 0;
}

static int flag_set_json(const struct field_input *in, const struct json *value)
{
	int r = field_expect(in, value, JSON_BOOL, "true or false");

	if (r == 0)
		field_put(in, &value->boolean, sizeof(value->boolean));
	return r;
}

static int extends_set_json(const struct field_input *in,
                            const struct json *value)
{
	if (in->origin != ORIGIN_PROFILE)
		return FIELD_FAIL(in, EINVAL, "only a profile extends another");
	return field_expect(in, value, JSON_STRING, "the name of a profile");
}

static int no_text(const struct field_input *in, const char *text)
{
	(void)text;
	return FIELD_FAIL(in, EINVAL, "only a profile can set this");
}

/* set_json NULL: a JSON string is read as text is. */
static const struct {
	int (*set_text)(const struct field_input *in, const char *text);
	int (*set_json)(const struct field_input *in, const struct json *value);
} kinds[] = {
	[KIND_DURATION] = {limit_set_text, limit_set_json},
	[KIND_SIZE] = {limit_set_text, limit_set_json},
	[KIND_COUNT] = {limit_set_text, limit_set_json},
	[KIND_MILLI] = {limit_set_text, limit_set_json},
	[KIND_WORD] = {word_set_text, NULL},
	[KIND_TEXT] = {text_set_text, NULL},
	[KIND_FLAG] = {flag_set_text, flag_set_json},
	[KIND_LIST] = {no_text, list_set_json},
	[KIND_ENV] = {env_set_text, env_set_json},
	[KIND_MOUNT] = {mount_set_text, mounts_set_json},
	[KIND_INPUT] = {input_set_text, inputs_set_json},
	[KIND_PATTERNS] = {pattern_set_text, patterns_set_json},
	[KIND_LAYERS] = {layers_set_text, layers_set_json},
	[KIND_DEGRADED] = {layers_set_text, layers_set_json},
	[KIND_PACKAGES] = {package_set_text, packages_set_json},
	[KIND_BUILD] = {no_text, build_set_json},
	[KIND_NAMES] = {no_text, names_set_json},
	[KIND_BOUND] = {no_text, bound_set_json},
	[KIND_EXTENDS] = {no_text, extends_set_json},
};

int kind_set_text(const struct field_input *in, const char *text)
{
	return kinds[in->field->rule->kind].set_text(in, text);
}

int kind_set_json(const struct field_input *in, const struct json *value)
{
	enum field_kind kind = in->field->rule->kind;

	if (kinds[kind].set_json)
		return kinds[kind].set_json(in, value);
	int r = field_expect(in, value, JSON_STRING, "a string");
	return r < 0 ? r : kinds[kind].set_text(in, value->text);
}

/* ---- names ---- */

static const struct sbx_field *limit_field(enum limit limit)
{
	size_t n;
	const struct sbx_field *fields = sbx_fields(&n);

	for (size_t i = 0; i < n; i++)
		if (fields[i].rule->kind <= KIND_MILLI &&
		    fields[i].rule->limit == limit)
			return &fields[i];
	return NULL;
}

const struct sbx_field *limit_row(const char *name, struct suggest *suggest)
{
	size_t n;
	const struct sbx_field *fields = sbx_fields(&n);

	for (size_t i = 0; i < n; i++) {
		if (fields[i].rule->kind > KIND_MILLI)
			continue;
		const char *known = limit_name(fields[i].rule->limit);
		if (strcmp(known, name) == 0)
			return &fields[i];
		suggest_offer(suggest, known);
	}
	return NULL;
}

const char *limit_name(enum limit limit)
{
	return limit_field(limit)->path + strlen("limits.");
}

char *limit_format(enum limit limit, uint64_t value, char *buffer)
{
	if (value == LIMIT_OFF)
		return strcpy(buffer, "none");
	return units[limit_field(limit)->rule->kind].format(value, buffer);
}
