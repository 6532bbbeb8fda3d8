/* SPDX-License-Identifier: MIT */
/* The rules of a check. Whoever says them later makes them stricter, never
 * weaker: what is blocked adds up, what is allowed has to be so in each list,
 * and the smaller size holds. */
#include <errno.h>
#include <string.h>

#include "base/parse.h"
#include "model/field_kinds.h"

static struct strings *list_of(const struct field_input *in)
{
	return (struct strings *)((char *)in->spec + in->field->rule->value);
}

static int check_name(const struct field_input *in, const struct json *item)
{
	const struct sbx_field_rule *rule = in->field->rule;
	int r = field_expect(in, item, JSON_STRING, "a string");

	if (r == 0 && !rule->ok(item->text))
		r = FIELD_FAIL(in, EINVAL, "\"%s\" is not %s", CLIP(item->text),
		               rule->form);
	return r;
}

/* What was there and what is new, or of an allow list those in both. */
static int merge(const struct field_input *in, const struct json *value,
                 size_t n)
{
	const struct sbx_field_rule *rule = in->field->rule;
	struct strings *list = list_of(in), merged = {0};
	bool narrows = rule->narrows && list->items;

	merged.items = arena_alloc(&in->spec->arena,
	                           (list->n + n + 1) * sizeof(char *));
	if (!merged.items)
		return FIELD_FAIL(in, ENOMEM, "out of memory");
	if (list->items && !narrows) {
		memcpy(merged.items, list->items, list->n * sizeof(char *));
		merged.n = list->n;
	}
	for (; value; value = value->next) {
		if (strings_have(&merged, value->text) ||
		    (narrows && !strings_have(list, value->text)))
			continue;
		merged.items[merged.n] =
			arena_strdup(&in->spec->arena, value->text);
		if (!merged.items[merged.n++])
			return FIELD_FAIL(in, ENOMEM, "out of memory");
	}
	if (merged.n > rule->max)
		return FIELD_FAIL(in, E2BIG, "more than %d names",
		                  (int)rule->max);
	*list = merged;
	return 0;
}

int names_set_json(const struct field_input *in, const struct json *value)
{
	struct field_input at = *in;
	size_t n = 0;
	int r = field_expect(in, value, JSON_ARRAY, "an array of strings");

	if (r < 0)
		return r;
	for (const struct json *item = value->child; item && r == 0;
	     item = item->next, n++) {
		at.line = item->line;
		r = check_name(&at, item);
	}
	return r < 0 ? r : merge(in, value->child, n);
}

int bound_set_json(const struct field_input *in, const struct json *value)
{
	const struct sbx_field_rule *rule = in->field->rule;
	uint64_t *bound = (uint64_t *)((char *)in->spec + rule->value);
	uint64_t size;
	int r;

	if (value->kind != JSON_STRING && value->kind != JSON_INTEGER)
		return FIELD_FAIL(in, EINVAL,
		                  "a size (64K, 1M) is wanted, not %s",
		                  json_kind_name(value->kind));
	r = parse_size(value->text, &size);
	if (r < 0 && r != -ERANGE)
		return FIELD_FAIL(in, EINVAL, "\"%s\" is not a size (64K, 1M)",
		                  CLIP(value->text));
	if (r < 0 || size < rule->min || size > rule->max)
		return FIELD_FAIL(in, ERANGE,
		                  "\"%s\" is not between 1 and 256M",
		                  CLIP(value->text));
	if (*bound == 0 || size < *bound)
		*bound = size;
	return 0;
}
