/* SPDX-License-Identifier: MIT */
/* What a caller says: the spec part of sbx.h, but for profiles and maxima. */
#include "model/spec.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "model/checks.h"
#include "model/field_kinds.h"
#include "model/fields.h"

#define MAX_ARGUMENTS 65536
#define MAX_CODE      (256 * 1024 * 1024)

/* The text of each row's default goes the way of all others, so a default out
 * of bounds cannot be. */
static int set_defaults(struct sbx_spec *spec, struct sbx_error *err)
{
	size_t n;
	const struct sbx_field *fields = sbx_fields(&n);
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		if (fields[i].initial && !fields[i].rule->follows_disk)
			r = field_set_text(spec, fields[i].path,
			                   fields[i].initial, ORIGIN_DEFAULT,
			                   err);
	memcpy(spec->build.limits, spec->limits, sizeof(spec->limits));
	return r;
}

int sbx_spec_new(struct sbx_spec **spec, struct sbx_error *err)
{
	struct sbx_spec *made = calloc(1, sizeof(*made));

	if (!made)
		return err_set(err, SBX_STAGE_SPEC, ENOMEM, "a spec");
	made->last_bind = &made->binds;
	made->last_input = &made->inputs;
	made->max_sessions = MAX_SESSIONS;
	int r = set_defaults(made, err);
	if (r < 0)
		sbx_spec_free(made);
	else
		*spec = made;
	return r;
}

int sbx_spec_set(struct sbx_spec *spec, const char *path, const char *value,
                 struct sbx_error *err)
{
	return field_set_text(spec, path, value, ORIGIN_CALLER, err);
}

static int no_memory(struct sbx_error *err)
{
	return err_set(err, SBX_STAGE_SPEC, ENOMEM, "the program");
}

static int copy_arguments(struct sbx_spec *spec, const char *const *argv,
                          struct strings *copy, struct sbx_error *err)
{
	size_t n = 0;

	while (argv && argv[n])
		if (++n > MAX_ARGUMENTS)
			return err_say(err, SBX_STAGE_SPEC, E2BIG,
			               "more than %d arguments", MAX_ARGUMENTS);
	const char **items =
		arena_alloc(&spec->arena, (n + 1) * sizeof(*items));
	if (!items)
		return no_memory(err);
	for (size_t i = 0; i < n; i++) {
		if (!argument_ok(argv[i]))
			return err_say(err, SBX_STAGE_SPEC, E2BIG,
			               "argument %zu is longer than 128K",
			               i + 1);
		items[i] = arena_strdup(&spec->arena, argv[i]);
		if (!items[i])
			return no_memory(err);
	}
	*copy = (struct strings){items, n};
	return 0;
}

int sbx_spec_file(struct sbx_spec *spec, const char *path,
                  const char *const *argv, struct sbx_error *err)
{
	struct program program = {.kind = PROGRAM_FILE};
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	if (!file_path_ok(path) || !file_name_ok(name))
		return err_say(err, SBX_STAGE_SPEC, EINVAL,
		               "program \"%s\" is not the path of a file "
		               "without control bytes",
		               CLIP(path));
	int r = copy_arguments(spec, argv, &program.arguments, err);
	if (r < 0)
		return r;
	program.path = arena_strdup(&spec->arena, path);
	if (!program.path)
		return no_memory(err);
	spec->program = program;
	/* It keeps its own name inside. */
	return field_set_text(spec, "file", name, ORIGIN_CALLER, err);
}

int sbx_spec_code(struct sbx_spec *spec, const void *code, size_t len,
                  const char *const *argv, struct sbx_error *err)
{
	struct program program = {.kind = PROGRAM_CODE, .code_len = len};

	if (len > MAX_CODE)
		return err_say(err, SBX_STAGE_SPEC, EFBIG,
		               "the program's text is longer than 256M");
	int r = copy_arguments(spec, argv, &program.arguments, err);
	if (r < 0)
		return r;
	program.code = arena_memdup(&spec->arena, len ? code : "", len);
	if (!program.code)
		return no_memory(err);
	spec->program = program;
	return 0;
}

int sbx_spec_command(struct sbx_spec *spec, const char *const *argv,
                     struct sbx_error *err)
{
	struct program program = {.kind = PROGRAM_COMMAND};

	if (!argv || !argv[0] || !argv[0][0])
		return err_say(err, SBX_STAGE_SPEC, EINVAL,
		               "the command is missing");
	int r = copy_arguments(spec, argv, &program.arguments, err);
	if (r == 0)
		spec->program = program;
	return r;
}

bool sbx_spec_collects(const struct sbx_spec *spec)
{
	return spec->collect.n > 0;
}

const char *sbx_spec_cgroup(const struct sbx_spec *spec)
{
	return spec->cgroup.text;
}

void sbx_spec_free(struct sbx_spec *spec)
{
	if (!spec)
		return;
	arena_free(&spec->arena);
	free(spec);
}
