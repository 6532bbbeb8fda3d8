/* SPDX-License-Identifier: MIT */
#include "exec/options.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/error.h"
#include "base/suggest.h"

#define FAIL(err, ...) err_say(err, SBX_STAGE_SPEC, EINVAL, __VA_ARGS__)

static int no_memory(struct sbx_error *err)
{
	return err_set(err, SBX_STAGE_SPEC, ENOMEM, "the command line");
}

/* One option of argv, "--name" or "--name=value". */
struct word {
	const char *name; /* without the dashes, not terminated */
	int len;
	const char *value; /* after "=", or NULL */
};

static bool is(const struct word *word, const char *name)
{
	return name && strncmp(word->name, name, (size_t)word->len) == 0 &&
	       !name[word->len];
}

static const struct own_option *find_own(const struct option_table *table,
                                         const struct word *word)
{
	for (size_t i = 0; i < table->n; i++)
		if (is(word, table->list[i].shown.option))
			return &table->list[i];
	return NULL;
}

static const struct sbx_field *find_field(const struct word *word)
{
	size_t n;
	const struct sbx_field *fields = sbx_fields(&n);

	for (size_t i = 0; i < n; i++)
		if (is(word, fields[i].option) || is(word, fields[i].alias))
			return &fields[i];
	return NULL;
}

static int unknown(struct options *options, const struct option_table *table,
                   const struct word *word, struct sbx_error *err)
{
	char *name = arena_strndup(&options->arena, word->name,
	                           (size_t)MIN(word->len, SUGGEST_MAX));
	struct suggest suggest = {.word = name};
	char hint[SUGGEST_TEXT];
	size_t n;
	const struct sbx_field *fields = sbx_fields(&n);

	if (!name)
		return no_memory(err);
	for (size_t i = 0; i < table->n; i++)
		suggest_offer(&suggest, table->list[i].shown.option);
	for (size_t i = 0; i < n; i++) {
		if (fields[i].option)
			suggest_offer(&suggest, fields[i].option);
		if (fields[i].alias)
			suggest_offer(&suggest, fields[i].alias);
	}
	(void)suggest_text(&suggest, "--", hint);
	return FAIL(err, "unknown option \"--%s\"%s", name,
	            hint[0] ? hint : "; see --help");
}

/* A word that is neither an option nor the value of one. */
static int misplaced(const struct options *options, const char *text,
                     struct sbx_error *err)
{
	if (text[0] == '-' && text[1])
		return FAIL(err,
		            "unknown option \"%.60s\": options start with "
		            "\"--\"; see --help",
		            text);
	if (options->code)
		return FAIL(err,
		            "--code and the file \"%.60s\" exclude each "
		            "other; arguments go after \"--\"",
		            text);
	return FAIL(err,
	            "unexpected \"%.60s\": the program and its arguments go "
	            "after \"--\"",
	            text);
}

/* The library wants a source that is absolute: what the program's own
 * directory is, it does not ask. */
static int make_absolute(struct options *options, const char **value,
                         struct sbx_error *err)
{
	const char *colon = strchr(*value, ':');
	size_t len = colon ? (size_t)(colon - *value) : strlen(*value);
	char *source = arena_strndup(&options->arena, *value, len);
	char real[PATH_MAX];

	if (!source)
		return no_memory(err);
	if (!realpath(source, real))
		return err_set(err, SBX_STAGE_SPEC, errno, "mount %.60s",
		               source);
	if (strchr(real, ':'))
		return FAIL(err,
		            "mount %.60s: its path has a colon; only a "
		            "profile can name it",
		            source);
	*value =
		arena_printf(&options->arena, "%s%s", real, colon ? colon : "");
	return *value ? 0 : no_memory(err);
}

static int add_setting(struct options *options, const struct sbx_field *field,
                       const char *value, struct sbx_error *err)
{
	bool is_mount = strncmp(field->path, "mounts", 6) == 0;

	if (is_mount && value[0] && !strchr("/:", value[0])) {
		int r = make_absolute(options, &value, err);
		if (r < 0)
			return r;
	}
	options->settings[options->n_settings++] =
		(struct setting){field->path, value};
	return 0;
}

/* Takes the option at argv[0]; returns how many words it was. */
static int take_option(struct options *options,
                       const struct option_table *table, char *const *argv,
                       struct sbx_error *err)
{
	struct word word = {.name = argv[0] + 2};
	const char *equals = strchr(word.name, '=');
	int taken = 1;

	word.len = (int)(equals ? (size_t)(equals - word.name)
	                        : strlen(word.name));
	word.value = equals ? equals + 1 : NULL;
	const struct own_option *mine = find_own(table, &word);
	const struct sbx_field *field = mine ? &mine->shown : find_field(&word);
	if (!field)
		return unknown(options, table, &word, err);
	if (mine && !field->value && word.value)
		return FAIL(err, "--%s takes no value", field->option);
	if (mine && !field->value) {
		*(bool *)((char *)options + mine->offset) = true;
		return taken;
	}
	if (!word.value && field->value[0] == '[') {
		word.value = ""; /* it may stand alone */
	} else if (!word.value) {
		word.value = argv[taken++];
		if (!word.value || strcmp(word.value, "--") == 0)
			return FAIL(err, "--%.*s needs a value: %s", word.len,
			            word.name, field->value);
	}
	if (mine) {
		*(const char **)((char *)options + mine->offset) = word.value;
		return taken;
	}
	int r = add_setting(options, field, word.value, err);
	return r < 0 ? r : taken;
}

static int take_all(struct options *options, const struct option_table *table,
                    char *const *argv, struct sbx_error *err)
{
	int taken;

	while (*argv && !options->help && !options->version) {
		if (strcmp(*argv, "--") == 0) {
			options->arguments = (const char *const *)argv + 1;
			break;
		}
		if (strncmp(*argv, "--", 2) != 0)
			return misplaced(options, *argv, err);
		taken = take_option(options, table, argv, err);
		if (taken < 0)
			return taken;
		argv += taken;
	}
	while (options->arguments && options->arguments[options->n_arguments])
		options->n_arguments++;
	return 0;
}

/* ---- all together ---- */

/* Leaves of a command line that is wrong what says where the report goes. */
static void keep_report(struct options *options)
{
	struct options kept = {
		.report = options->report,
		.report_fd = options->report_fd,
		.json = options->json || options->request,
		.quiet = options->quiet,
	};

	if (kept.report && options_check_report(&kept, NULL) < 0)
		kept.report = NULL;
	options_free(options);
	*options = kept;
}

int options_parse(int argc, char *const *argv, const struct option_table *table,
                  struct options *options, struct sbx_error *err)
{
	struct options made = {.report_fd = -1};
	size_t n_words = argc > 0 ? (size_t)argc : 1;
	int r;

	made.settings =
		arena_alloc(&made.arena, n_words * sizeof(*made.settings));
	if (!made.settings)
		return no_memory(err);
	/* The last word of argv is NULL. */
	r = take_all(&made, table, argc > 0 ? argv + 1 : argv, err);
	if (r == 0)
		r = options_check(&made, err);
	if (r < 0)
		keep_report(&made);
	*options = made;
	return r;
}

int options_apply(const struct options *options, struct sbx_spec *spec,
                  struct sbx_error *err)
{
	int r = 0;

	for (size_t i = 0; i < options->n_settings && r == 0; i++)
		r = sbx_spec_set(spec, options->settings[i].path,
		                 options->settings[i].value, err);
	return r;
}

void options_free(struct options *options)
{
	arena_free(&options->arena);
}
