/* SPDX-License-Identifier: MIT */
/* Files that go into the workspace before the run, and patterns of those that
 * come out of it after. */
#include <errno.h>
#include <string.h>

#include "model/checks.h"
#include "model/field_kinds.h"

static int no_memory(const struct field_input *in)
{
	return FIELD_FAIL(in, ENOMEM, "out of memory");
}

static struct input *find_name(const struct sbx_spec *spec, const char *name,
                               size_t *n)
{
	struct input *found = NULL;

	*n = 0;
	for (struct input *input = spec->inputs; input;
	     input = input->next, ++*n)
		if (strcmp(input->name, name) == 0)
			found = input;
	return found;
}

int input_put(const struct field_input *in, const struct input *input)
{
	struct sbx_spec *spec = in->spec;
	size_t n;
	struct input *old;

	if (!inner_path_ok(input->name))
		return FIELD_FAIL(in, EINVAL,
		                  "\"%s\" is not a name in the workspace: "
		                  "relative, without //, . and .., no control "
		                  "bytes, at most 1000 bytes",
		                  CLIP(input->name));
	old = find_name(spec, input->name, &n);
	if (old && in->origin == old->origin)
		return FIELD_FAIL(in, EEXIST, "\"%s\" is given twice",
		                  CLIP(input->name));
	if (old && in->origin < old->origin)
		return 0;
	if (old) {
		struct input *next = old->next;

		*old = *input;
		old->next = next;
		return 0;
	}
	if (n >= in->field->rule->max)
		return FIELD_FAIL(in, E2BIG, "more than %d files",
		                  (int)in->field->rule->max);
	struct input *made = arena_memdup(&spec->arena, input, sizeof(*input));
	if (!made)
		return no_memory(in);
	*spec->last_input = made;
	spec->last_input = &made->next;
	return 0;
}

int input_set_text(const struct field_input *in, const char *text)
{
	const char *colon = strchr(text, ':'), *slash;
	size_t len = colon ? (size_t)(colon - text) : strlen(text);
	struct input input = {.origin = in->origin};

	input.source = arena_strndup(&in->spec->arena, text, len);
	if (!input.source)
		return no_memory(in);
	if (!file_path_ok(input.source))
		return FIELD_FAIL(in, EINVAL,
		                  "\"%s\" is not the path of a file",
		                  CLIP(input.source));
	slash = strrchr(input.source, '/');
	input.name = slash ? slash + 1 : input.source;
	if (colon)
		input.name = arena_strdup(&in->spec->arena, colon + 1);
	return input.name ? input_put(in, &input) : no_memory(in);
}

int inputs_set_json(const struct field_input *in, const struct json *value)
{
	return texts_set_json(in, value, input_set_text);
}

int pattern_set_text(const struct field_input *in, const char *text)
{
	if (!inner_path_ok(text))
		return FIELD_FAIL(in, EINVAL,
		                  "\"%s\" is not a pattern of files below "
		                  "/workspace: relative, without //, . and .., "
		                  "like *.png or out/**",
		                  CLIP(text));
	return list_add(in, &in->spec->collect, text, "patterns");
}

int patterns_set_json(const struct field_input *in, const struct json *value)
{
	return texts_set_json(in, value, pattern_set_text);
}
