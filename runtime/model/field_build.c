/* SPDX-License-Identifier: MIT */
/* The limits of a build: an object like that of the run's, by the same
 * rows. */
#include <errno.h>

#include "base/suggest.h"
#include "model/field_kinds.h"

static int set_limit(const struct field_input *in, const struct json *member)
{
	struct suggest suggest = {.word = member->key};
	const struct sbx_field *row = limit_row(member->key, &suggest);
	struct field_input at = *in;
	struct sbx_field shown;
	char hint[SUGGEST_TEXT];
	uint64_t value;

	at.line = member->line;
	if (!row)
		return FIELD_FAIL(&at, EINVAL, "unknown limit \"%s\"%s",
		                  CLIP(member->key),
		                  suggest_text(&suggest, "", hint));
	shown = *row;
	shown.path = arena_printf(&in->spec->arena, "build.%s", row->path);
	if (!shown.path)
		return FIELD_FAIL(in, ENOMEM, "out of memory");
	at.field = &shown;
	int r = limit_read_json(&at, member, &value);
	if (r == 0)
		limit_put(in->spec->build.limits, row->rule->limit, value,
		          in->origin);
	return r;
}

int build_set_json(const struct field_input *in, const struct json *value)
{
	int r = field_expect(in, value, JSON_OBJECT, "an object of limits");

	for (value = value->child; value && r == 0; value = value->next)
		r = set_limit(in, value);
	return r;
}
