/* SPDX-License-Identifier: MIT */
#include "filter-read.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

int complain(const struct reader *reader, int line, const char *format, ...)
{
	char text[200];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return err_say(reader->err, SBX_STAGE_SPEC, EINVAL, "%s:%d: %s",
	               reader->set->path, line, text);
}

/* Wants a member of one kind; absent is NULL where it may be. */
int member(const struct reader *reader, const struct json *object,
           const char *key, enum json_kind kind, const struct json **value)
{
	const struct json *found = json_get(object, key);

	if (found && found->kind != kind)
		return complain(reader, found->line, "\"%s\" is %s", key,
		                json_kind_name(found->kind));
	*value = found;
	return 0;
}

int only_keys(const struct reader *reader, const struct json *object,
              const char *keys)
{
	if (object->kind != JSON_OBJECT)
		return complain(reader, object->line,
		                "%s, where an object with %s belongs",
		                json_kind_name(object->kind), keys);
	for (const struct json *at = object->child; at; at = at->next) {
		char quoted[64];

		snprintf(quoted, sizeof(quoted), "\"%s\"", at->key);
		if (!strstr(keys, quoted))
			return complain(reader, at->line,
			                "unknown key %s; known are %s", quoted,
			                keys);
	}
	return 0;
}

int read_sentence(const struct reader *reader, const struct json *object,
                  const char *key, const char **sentence)
{
	const struct json *value = NULL;
	int ret = member(reader, object, key, JSON_STRING, &value);

	if (ret < 0)
		return ret;
	if (!value || value->len < WHY_MIN)
		return complain(reader, value ? value->line : object->line,
		                "\"%s\" wants a sentence of %d characters or "
		                "more",
		                key, WHY_MIN);
	*sentence = value->text;
	return 0;
}

static int read_bits(const struct reader *reader, const struct json *value,
                     const struct filter_test *test, uint64_t *bits)
{
	struct sbx_error why;

	if (value->kind != JSON_STRING)
		return complain(reader, value->line,
		                "bits are a string (\"0x1\", \"AF_UNIX\"), "
		                "not %s",
		                json_kind_name(value->kind));
	if (bits_parse(value->text, bits, &why) < 0)
		return complain(reader, value->line, "%s", why.text);
	if (!test->wide && *bits > UINT32_MAX)
		return complain(reader, value->line,
		                "%s does not fit 32 bits; \"wide\": true "
		                "compares 64",
		                value->text);
	if (*bits & ~test->mask)
		return complain(reader, value->line,
		                "%s has bits that the mask leaves out, so the "
		                "test could never hold",
		                value->text);
	return 0;
}

static int read_mask(const struct reader *reader, const struct json *object,
                     struct filter_test *test)
{
	const struct json *mask = json_get(object, "mask");
	const struct json *ignore = json_get(object, "ignore");
	uint64_t all = test->wide ? UINT64_MAX : UINT32_MAX;
	uint64_t bits = 0;
	int ret;

	test->mask = all;
	if (mask && ignore)
		return complain(reader, object->line,
		                "\"mask\" and \"ignore\" exclude each other");
	if (!mask && !ignore)
		return 0;
	ret = read_bits(reader, mask ? mask : ignore, test, &bits);
	if (ret < 0)
		return ret;
	test->mask = mask ? bits : all & ~bits;
	if (!test->mask)
		return complain(reader, object->line, "the mask is empty");
	return 0;
}

static int read_values(const struct reader *reader, const struct json *object,
                       struct entry *entry)
{
	struct filter_test *test = &entry->test[entry->n_tests];
	const struct json *equals = json_get(object, "equals");
	const struct json *differs = json_get(object, "differs");
	const struct json *in = json_get(object, "in");
	int ret = 0;

	if (!!equals + !!differs + !!in != 1)
		return complain(reader, object->line,
		                "a test has one of \"equals\", \"differs\" and "
		                "\"in\"");
	test->negate = differs;
	if (!in)
		return read_bits(reader, equals ? equals : differs, test,
		                 &test->value);
	if (in->kind != JSON_ARRAY || !in->child)
		return complain(reader, in->line, "\"in\" wants an array");
	entry->in[entry->n_tests] = in;
	for (const struct json *at = in->child; at && ret == 0; at = at->next)
		ret = read_bits(reader, at, test, &test->value);
	return ret;
}

static int read_test(const struct reader *reader, const struct json *object,
                     struct entry *entry)
{
	struct filter_test *test = &entry->test[entry->n_tests];
	const struct json *arg = NULL;
	const struct json *wide = NULL;
	int ret = only_keys(reader, object,
	                    "\"arg\", \"mask\", \"ignore\", \"equals\", "
	                    "\"differs\", \"in\", \"wide\"");

	if (ret < 0)
		return ret;
	ret = member(reader, object, "arg", JSON_INTEGER, &arg);
	if (ret == 0)
		ret = member(reader, object, "wide", JSON_BOOL, &wide);
	if (ret < 0)
		return ret;
	if (!arg || arg->integer < 0 || arg->integer > 5)
		return complain(reader, object->line,
		                "\"arg\" is a number from 0 to 5");
	test->arg = (uint8_t)arg->integer;
	test->wide = wide && wide->boolean;
	ret = read_mask(reader, object, test);
	return ret < 0 ? ret : read_values(reader, object, entry);
}

int read_when(const struct reader *reader, const struct json *object,
              struct entry *entry)
{
	const struct json *when = NULL;
	int ret = member(reader, object, "when", JSON_ARRAY, &when);

	if (ret < 0 || !when)
		return ret;
	if (!when->child)
		return complain(reader, when->line,
		                "\"when\" without a test; leave it out to "
		                "allow all arguments");
	for (const struct json *at = when->child; at; at = at->next) {
		if (entry->n_tests == FILTER_TESTS)
			return complain(reader, at->line,
			                "more than %d tests in one entry",
			                FILTER_TESTS);
		ret = read_test(reader, at, entry);
		if (ret < 0)
			return ret;
		entry->n_tests++;
	}
	return 0;
}
