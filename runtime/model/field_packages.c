/* SPDX-License-Identifier: MIT */
/* The layers of packages that a run has. */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "model/checks.h"
#include "model/field_kinds.h"

/* Each once, in the order they were named. */
int package_set_text(const struct field_input *in, const char *text)
{
	struct strings *list = &in->spec->packages;
	const char **items;

	if (!tree_name_ok(text))
		return FIELD_FAIL(
			in, EINVAL,
			"\"%s\" is not the name of a layer: a-z, 0-9, "
			"\".\", \"_\" and \"-\", at most 64",
			CLIP(text));
	if (strings_have(list, text))
		return 0;
	if (list->n >= in->field->rule->max)
		return FIELD_FAIL(in, E2BIG, "more than %d layers",
		                  (int)in->field->rule->max);
	items = arena_alloc(&in->spec->arena, (list->n + 2) * sizeof(*items));
	if (items && list->n)
		memcpy(items, list->items, list->n * sizeof(*items));
	if (items)
		items[list->n] = arena_strdup(&in->spec->arena, text);
	if (!items || !items[list->n])
		return FIELD_FAIL(in, ENOMEM, "out of memory");
	*list = (struct strings){items, list->n + 1};
	return 0;
}

int packages_set_json(const struct field_input *in, const struct json *value)
{
	struct field_input at = *in;
	int r = field_expect(in, value, JSON_ARRAY, "an array of names");

	if (r < 0)
		return r;
	for (value = value->child; value && r == 0; value = value->next) {
		at.line = value->line;
		r = field_expect(&at, value, JSON_STRING, "a string");
		if (r == 0)
			r = package_set_text(&at, value->text);
	}
	return r;
}
