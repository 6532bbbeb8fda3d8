/* SPDX-License-Identifier: MIT */
/*
 * A request: one JSON object that says everything about a run. Its keys are
 * the fields of the table, and the words that people use who have not read
 * it, in the table below. What is wrong is said with the key's own name.
 */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/suggest.h"
#include "model/checks.h"
#include "model/fields.h"
#include "model/request.h"

struct field_input *request_key(const struct request *request,
                                const struct json *member, const char *path,
                                struct key_input *key)
{
	const struct sbx_field *field = field_find(path);

	key->field = field ? *field : (struct sbx_field){0};
	key->field.path = member->key;
	key->in = (struct field_input){
		.spec = request->spec,
		.field = &key->field,
		.origin = ORIGIN_CALLER,
		.where = REQUEST,
		.line = member->line,
		.err = request->err,
	};
	return &key->in;
}

/* ---- one key each ---- */

static int take_id(struct request *request, const struct json *member)
{
	struct key_input key;
	const struct field_input *in = request_key(request, member, "id", &key);
	int r = field_expect(in, member, JSON_STRING, "a string");

	if (r < 0)
		return r;
	if (!member->len || member->len > SBX_MAX_ID || !line_ok(member->text))
		return FIELD_FAIL(in, EINVAL,
		                  "an id is 1 to %d bytes, no control bytes",
		                  SBX_MAX_ID);
	request->spec->id = arena_strdup(&request->spec->arena, member->text);
	return request->spec->id ? 0 : request_no_memory(request);
}

/* Other names of languages, and the profile that runs them. */
static const char *const languages[][2] = {
	{"py", "python"},   {"python3", "python"},  {"js", "node"},
	{"nodejs", "node"}, {"javascript", "node"}, {"sh", "bash"},
	{"shell", "bash"},  {"c++", "cpp"},         {"golang", "go"},
	{"rs", "rust"},     {"rb", "ruby"},         {"pl", "perl"},
};

static int take_profile(struct request *request, const struct json *member)
{
	struct key_input key;
	const char *name = member->text;
	int r = field_expect(request_key(request, member, "profile", &key),
	                     member, JSON_STRING, "the name of a profile");

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(languages); i++)
		if (strcmp(name, languages[i][0]) == 0)
			name = languages[i][1];
	return sbx_spec_profile(request->spec, name, request->dirs,
	                        request->err);
}

static int take_timeout(struct request *request, const struct json *member)
{
	struct key_input key;

	return kind_set_json(
		request_key(request, member, "limits.wall_time", &key), member);
}

static int take_code(struct request *request, const struct json *member)
{
	struct key_input key;

	request->code = member;
	return field_expect(request_key(request, member, "code", &key), member,
	                    JSON_STRING, "the program as a string");
}

static int take_command(struct request *request, const struct json *member)
{
	request->command = member;
	return field_set_member(request->spec, member, ORIGIN_CALLER, REQUEST,
	                        request->err);
}

static int take_args(struct request *request, const struct json *member)
{
	struct key_input key;
	struct field_input *in = request_key(request, member, "args", &key);
	const struct json *item;
	size_t n = 0;
	int r = field_expect(in, member, JSON_ARRAY, "an array of strings");

	if (r < 0)
		return r;
	for (item = member->child; item; item = item->next, n++) {
		in->line = item->line;
		r = field_expect(in, item, JSON_STRING, "a string");
		if (r < 0)
			return r;
	}
	request->args = arena_alloc(request->arena, (n + 1) * sizeof(char *));
	if (!request->args)
		return request_no_memory(request);
	for (item = member->child; item; item = item->next)
		request->args[request->n_args++] = item->text;
	return 0;
}

static int take_network(struct request *request, const struct json *member)
{
	struct key_input key;
	const struct field_input *in =
		request_key(request, member, "network", &key);
	int r = field_expect(in, member, JSON_BOOL, "true or false");

	if (r == 0 && member->boolean)
		r = FIELD_FAIL(in, EPERM,
		               "neither the profile nor the administrator says "
		               "what may be reached; send false, or leave it "
		               "out");
	return r;
}

static int take_packages(struct request *request, const struct json *member)
{
	struct key_input key;
	const struct field_input *in =
		request_key(request, member, "packages", &key);
	int r = 0;

	if (field_find("packages"))
		return field_set_member(request->spec, member, ORIGIN_CALLER,
		                        REQUEST, request->err);
	r = field_expect(in, member, JSON_ARRAY, "an array of names");
	if (r == 0 && member->child)
		r = FIELD_FAIL(in, ENOTSUP,
		               "packages cannot be added to a root tree yet; "
		               "what the host has is there already: send [], "
		               "or leave it out");
	return r;
}

/* ---- all of them ---- */

/* In the order in which they are taken; what is not here is a field. twins:
 * other keys that say the same. */
static const struct key {
	const char *name;
	const char *twins[2];
	int (*take)(struct request *request, const struct json *member);
} keys[] = {
	{"id", {NULL}, take_id},
	{"language", {"profile"}, take_profile},
	{"profile", {NULL}, take_profile},
	{"timeout", {NULL}, take_timeout},
	{"code", {NULL}, take_code},
	{"command", {NULL}, take_command},
	{"args", {NULL}, take_args},
	{"stdin", {"inputs", "stdin_file"}, request_stdin},
	{"inputs", {"stdin_file"}, request_lines},
	{"network_access", {NULL}, take_network},
	{"packages", {NULL}, take_packages},
	{"files", {NULL}, request_files},
};

static const struct key *find_key(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

static int refuse_twin(const struct request *request, const struct json *member,
                       const char *twin)
{
	return err_say(request->err, SBX_STAGE_SPEC, EINVAL,
	               REQUEST
	               ", line %d: %s: %s says the same; give one of the "
	               "two",
	               member->line, member->key, twin);
}

static int check_twins(const struct request *request, const struct key *key,
                       const struct json *member)
{
	const struct json *limits = json_get(request->root, "limits");

	for (size_t i = 0; i < ARRAY_SIZE(key->twins) && key->twins[i]; i++)
		if (json_get(request->root, key->twins[i]))
			return refuse_twin(request, member, key->twins[i]);
	if (key->take == take_timeout && limits &&
	    json_get(limits, "wall_time"))
		return refuse_twin(request, member, "limits.wall_time");
	return 0;
}

static int unknown_key(const struct request *request, const struct json *member)
{
	struct suggest suggest = {.word = member->key};
	char hint[SUGGEST_TEXT];

	fields_offer(&suggest);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		suggest_offer(&suggest, keys[i].name);
	return err_say(request->err, SBX_STAGE_SPEC, EINVAL,
	               REQUEST ", line %d: unknown key \"%s\"%s", member->line,
	               CLIP(member->key), suggest_text(&suggest, "", hint));
}

static int take_fields(struct request *request)
{
	const struct json *member;
	int r = 0;

	for (member = request->root->child; member && r == 0;
	     member = member->next) {
		if (find_key(member->key))
			continue;
		if (!field_is_key(member->key))
			return unknown_key(request, member);
		r = field_set_member(request->spec, member, ORIGIN_CALLER,
		                     REQUEST, request->err);
	}
	return r;
}

static int take_keys(struct request *request)
{
	int r = request_no_stdin(request);

	for (size_t i = 0; i < ARRAY_SIZE(keys) && r == 0; i++) {
		const struct json *member =
			json_get(request->root, keys[i].name);

		if (!member)
			continue;
		r = check_twins(request, &keys[i], member);
		if (r == 0)
			r = keys[i].take(request, member);
	}
	return r < 0 ? r : take_fields(request);
}

/* A command in the root tree: its own words, and the arguments. */
static int set_command(struct request *request)
{
	const struct strings *command = &request->spec->command;
	size_t n = command->n;
	const char **words = arena_alloc(
		request->arena, (n + request->n_args + 1) * sizeof(*words));

	if (!words)
		return request_no_memory(request);
	memcpy(words, command->items, n * sizeof(*words));
	if (request->n_args)
		memcpy(words + n, request->args,
		       request->n_args * sizeof(*words));
	return sbx_spec_command(request->spec, words, request->err);
}

static int set_program(struct request *request)
{
	struct sbx_spec *spec = request->spec;
	int r = 0;

	if (!request->code && !request->command)
		return err_say(request->err, SBX_STAGE_SPEC, EINVAL,
		               REQUEST ": \"code\" is missing, and so is "
		                       "\"command\": there is nothing to run");
	if (!spec->profile && request->code && !request->command)
		return err_say(request->err, SBX_STAGE_SPEC, EINVAL,
		               REQUEST
		               ": \"language\" is missing: it says what "
		               "runs the code, like \"python\"");
	if (!spec->profile)
		r = sbx_spec_profile(spec, "base", request->dirs, request->err);
	if (r < 0)
		return r;
	if (!request->code)
		return set_command(request);
	return sbx_spec_code(spec, request->code->text, request->code->len,
	                     request->args, request->err);
}

int sbx_spec_request(struct sbx_spec *spec, const char *json, size_t len,
                     const char *const *dirs, struct sbx_error *err)
{
	struct arena arena CLEANUP(arena_free) = {0};
	struct request request = {
		.spec = spec, .arena = &arena, .dirs = dirs, .err = err};
	struct sbx_error fault;
	int r = json_parse(&arena, json, len, &request.root, &fault);

	if (r < 0)
		return err_say(err, SBX_STAGE_SPEC, -r, REQUEST ", %s",
		               fault.text);
	if (request.root->kind != JSON_OBJECT)
		return err_say(err, SBX_STAGE_SPEC, EINVAL,
		               REQUEST ": an object is wanted, not %s",
		               json_kind_name(request.root->kind));
	r = take_keys(&request);
	return r < 0 ? r : set_program(&request);
}
