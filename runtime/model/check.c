/* SPDX-License-Identifier: MIT */
/* From rules to a checker's command, and from what it says to a verdict. */
#include "model/check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "model/checks.h"

#define MAX_TIME   (10 * NS_PER_S)
#define MAX_OUTPUT UINT64_C(65536)

/* Rows of name and text, from the files, made at build time. */
static const struct checker {
	const char *interpreter;
	const char *text;
} checkers[] = {
#include "checkers.inc"
};

static const struct checker *find_checker(const struct sbx_spec *spec)
{
	for (size_t i = 0; spec->command.n && i < ARRAY_SIZE(checkers); i++)
		if (runs_interpreter(spec->command.items[0],
		                     checkers[i].interpreter))
			return &checkers[i];
	return NULL;
}

bool check_is_due(const struct check *check)
{
	return check->allowed_modules.items || check->blocked_modules.n ||
	       check->blocked_calls.n;
}

int check_usable(const struct sbx_spec *spec, struct sbx_error *err)
{
	bool due = check_is_due(&spec->check);

	if (spec->program.kind == PROGRAM_COMMAND &&
	    (due || spec->check.max_code_bytes))
		return err_say(err, SBX_STAGE_PLAN, EINVAL,
		               "check: a command has no text to look at; give "
		               "the program as a file or as code");
	if (due && spec->build.command.n)
		return err_say(err, SBX_STAGE_PLAN, ENOTSUP,
		               "check: of a program that is built first, only "
		               "max_code_bytes can be checked");
	if (due && !find_checker(spec))
		return err_say(err, SBX_STAGE_PLAN, ENOTSUP,
		               "check: there is no checker for %.64s, only for "
		               "python; max_code_bytes is for all",
		               spec->command.n ? spec->command.items[0]
		                               : "a command");
	return 0;
}

/* ---- its command ---- */

static void put_names(struct json_writer *out, const char *key,
                      const struct strings *names)
{
	json_open_array(out, key);
	for (size_t i = 0; i < names->n; i++)
		json_put_text(out, NULL, names->items[i]);
	json_close_array(out);
}

static char *rules_text(const struct check *check, struct arena *arena)
{
	struct json_writer *out = json_writer_new();
	char *copy = NULL;
	const char *text;
	size_t len;

	if (!out)
		return NULL;
	json_open_object(out, NULL);
	if (check->allowed_modules.items)
		put_names(out, "allowed_modules", &check->allowed_modules);
	put_names(out, "blocked_modules", &check->blocked_modules);
	put_names(out, "blocked_calls", &check->blocked_calls);
	json_close_object(out);
	if (json_writer_text(out, &text, &len) == 0)
		copy = arena_strndup(arena, text, len);
	json_writer_free(out);
	return copy;
}

static void bound(struct limit_value *limit, uint64_t most)
{
	limit->value = MIN(limit->value, most); /* also of none */
}

/* Those of the profile alone. What the caller adds is the program's, and may
 * say to the loader what to put into the checker. */
static int own_env(const struct sbx_spec *spec, struct sbx_spec *build)
{
	size_t n = 0;
	const char **items = arena_alloc(&build->arena,
	                                 (spec->env.n + 1) * sizeof(items[0]));
	enum origin *origins = arena_alloc(
		&build->arena, (spec->env.n + 1) * sizeof(origins[0]));

	if (!items || !origins)
		return -ENOMEM;
	for (size_t i = 0; i < spec->env.n; i++) {
		if (spec->env_origins[i] == ORIGIN_CALLER)
			continue;
		items[n] = spec->env.items[i];
		origins[n++] = spec->env_origins[i];
	}
	build->env = (struct strings){items, n};
	build->env_origins = origins;
	return 0;
}

int check_spec(const struct sbx_spec *spec, struct sbx_spec *build)
{
	const struct checker *checker = find_checker(spec);
	/* -I: no module of the workspace is loaded, nor what Python's own
	 * variables name. */
	const char *words[] = {
		spec->command.items[0],
		"-I",
		"-S",
		"-c",
		checker->text,
		rules_text(&spec->check, &build->arena),
		"{file}",
	};
	const char **items = arena_memdup(&build->arena, words, sizeof(words));

	if (!items || !words[5] || own_env(spec, build) < 0)
		return -ENOMEM;
	build->role = ROLE_CHECK;
	build->command = (struct strings){items, ARRAY_SIZE(words)};
	build->packages = (struct strings){0};
	bound(&build->limits[LIMIT_WALL_TIME], MAX_TIME);
	bound(&build->limits[LIMIT_CPU_TIME], MAX_TIME);
	build->limits[LIMIT_IDLE_TIME].value = LIMIT_OFF;
	build->limits[LIMIT_OUTPUT].value = MAX_OUTPUT;
	build->output_action = OUTPUT_TRUNCATE;
	return 0;
}

/* ---- what it says ---- */

/* What is missing or odd reads as nothing. */
static const char *text_of(const struct json *finding, const char *key)
{
	const struct json *value = json_get(finding, key);

	return value && value->kind == JSON_STRING && line_ok(value->text)
	               ? value->text
	               : "?";
}

static int64_t number_of(const struct json *object, const char *key)
{
	const struct json *value = json_get(object, key);

	return value && value->kind == JSON_INTEGER ? value->integer : 0;
}

/* The findings; NULL: this is no answer of a checker. */
static const struct json *read_answer(const struct buffer *text,
                                      struct arena *arena, int64_t *n)
{
	const struct json *root, *findings;

	if (!text->len ||
	    json_parse(arena, text->data, text->len, &root, NULL) < 0 ||
	    root->kind != JSON_OBJECT)
		return NULL;
	findings = json_get(root, "findings");
	*n = number_of(root, "n_findings");
	if (!findings || findings->kind != JSON_ARRAY || *n < 0 ||
	    (*n > 0) != (findings->child != NULL))
		return NULL;
	for (const struct json *each = findings->child; each; each = each->next)
		if (each->kind != JSON_OBJECT)
			return NULL;
	return findings;
}

static void say(struct sbx_outcome *outcome, const struct json *first,
                int64_t n)
{
	char more[32] = "";

	if (n > 1)
		(void)snprintf(more, sizeof(more), "; and %jd more",
		               (intmax_t)n - 1);
	(void)snprintf(outcome->message, sizeof(outcome->message),
	               "rejected: %.48s, line %jd, column %jd: %.96s "
	               "(check.%.24s)%s",
	               text_of(first, "file"),
	               (intmax_t)number_of(first, "line"),
	               (intmax_t)number_of(first, "column"),
	               text_of(first, "text"), text_of(first, "rule"), more);
}

struct sbx_outcome check_judge(const struct buffer *answer,
                               const struct sbx_outcome *end)
{
	struct sbx_outcome outcome = {
		.status = "rejected",
		.reason = "check",
		.exit_status = 126,
		.stopped = true,
	};
	struct arena arena = {0};
	const struct json *findings = NULL;
	int64_t n = 0;

	if (strcmp(end->status, "success") == 0)
		findings = read_answer(answer, &arena, &n);
	if (!findings)
		(void)snprintf(outcome.message, sizeof(outcome.message),
		               "rejected: the check came to no verdict: %.128s",
		               strcmp(end->status, "success") == 0
		                       ? "it is no answer of a checker"
		                       : end->message);
	else if (findings->child)
		say(&outcome, findings->child, n);
	else
		outcome = *end;
	arena_free(&arena);
	return outcome;
}

void check_put_findings(struct json_writer *out, const struct buffer *answer)
{
	static const char *const texts[] = {"file", "rule", "text"};
	static const char *const numbers[] = {"line", "column"};
	const struct json *findings;
	struct arena arena = {0};
	int64_t n;

	findings = read_answer(answer, &arena, &n);
	if (findings && findings->child) {
		json_open_array(out, "findings");
		for (const struct json *each = findings->child; each;
		     each = each->next) {
			json_open_object(out, NULL);
			for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
				json_put_integer(out, numbers[i],
				                 number_of(each, numbers[i]));
			for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
				json_put_text(out, texts[i],
				              text_of(each, texts[i]));
			json_close_object(out);
		}
		json_close_array(out);
	}
	arena_free(&arena);
}
