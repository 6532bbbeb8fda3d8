/* SPDX-License-Identifier: MIT */
/* The administrator's word on limits, which is the last. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/suggest.h"
#include "model/field_kinds.h"
#include "model/fields.h"
#include "model/profile.h"

#define SESSIONS "sessions"

static int hold(const struct field_input *in, struct limit_value *limits,
                uint64_t maximum, const char *path)
{
	enum limit limit = in->field->rule->limit;
	struct limit_value *value = &limits[limit];
	char asked[24], most[24];

	if (value->value <= maximum)
		return 0;
	if (value->origin == ORIGIN_CALLER)
		return err_say(in->err, SBX_STAGE_SPEC, ERANGE,
		               "%s: %s is above the most that %s allows, %s",
		               in->field->path,
		               limit_format(limit, value->value, asked), path,
		               limit_format(limit, maximum, most));
	limit_put(limits, limit, maximum, value->origin);
	return 0;
}

/* Not of a run, but of all that a user keeps. */
static int hold_sessions(struct sbx_spec *spec, const struct json *member,
                         const char *path, struct sbx_error *err)
{
	if (member->kind != JSON_INTEGER || member->integer < 0)
		return err_say(err, SBX_STAGE_SPEC, EINVAL,
		               "%s, line %d: %s: a whole number is wanted",
		               path, member->line, member->key);
	spec->max_sessions = MIN(spec->max_sessions, (uint64_t)member->integer);
	return 0;
}

static int hold_member(struct sbx_spec *spec, const struct json *member,
                       const char *path, struct sbx_error *err)
{
	struct suggest suggest = {.word = member->key};
	char hint[SUGGEST_TEXT];
	struct field_input in = {
		.spec = spec,
		.field = limit_row(member->key, &suggest),
		.origin = ORIGIN_DEFAULT,
		.where = path,
		.line = member->line,
		.err = err,
	};
	uint64_t maximum;

	if (strcmp(member->key, SESSIONS) == 0)
		return hold_sessions(spec, member, path, err);
	suggest_offer(&suggest, SESSIONS);
	if (!in.field)
		return err_say(err, SBX_STAGE_SPEC, EINVAL,
		               "%s, line %d: unknown limit \"%s\"%s", path,
		               member->line, CLIP(member->key),
		               suggest_text(&suggest, "", hint));
	int r = limit_read_json(&in, member, &maximum);
	if (r == 0)
		r = hold(&in, spec->limits, maximum, path);
	return r < 0 ? r : hold(&in, spec->build.limits, maximum, path);
}

static int hold_all(struct sbx_spec *spec, const struct json *root,
                    const char *path, struct sbx_error *err)
{
	int r = 0;

	if (root->kind != JSON_OBJECT)
		return err_say(err, SBX_STAGE_SPEC, EINVAL,
		               "%s: an object of limits is wanted, not %s",
		               path, json_kind_name(root->kind));
	for (const struct json *member = root->child; member && r == 0;
	     member = member->next)
		r = hold_member(spec, member, path, err);
	return r;
}

int sbx_spec_maxima(struct sbx_spec *spec, const char *path,
                    struct sbx_error *err)
{
	struct document document = {path, path, SBX_STAGE_SPEC, NULL};
	struct arena arena = {0};
	int r = document_read(&arena, &document, err);

	if (r == 0)
		r = hold_all(spec, document.root, path, err);
	arena_free(&arena);
	return r == -ENOENT ? 0 : r;
}
