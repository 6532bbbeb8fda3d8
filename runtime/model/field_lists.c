/* SPDX-License-Identifier: MIT */
/* Fields that hold many values: lists of texts, packages, the environment,
 * layers. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/suggest.h"
#include "model/checks.h"
#include "model/field_kinds.h"

static int no_memory(const struct field_input *in)
{
	return FIELD_FAIL(in, ENOMEM, "out of memory");
}

/* ---- lists ---- */

static size_t count(const struct json *value)
{
	size_t n = 0;

	for (const struct json *item = value->child; item; item = item->next)
		n++;
	return n;
}

static int check_item(const struct field_input *in, const struct json *item)
{
	const struct sbx_field_rule *rule = in->field->rule;
	struct field_input at = *in;

	at.line = item->line;
	int r = field_expect(&at, item, JSON_STRING, "a string");
	if (r == 0 && !rule->ok(item->text))
		r = FIELD_FAIL(&at, EINVAL, "\"%s\" is not %s",
		               CLIP(item->text), rule->form);
	return r;
}

int list_set_json(const struct field_input *in, const struct json *value)
{
	const struct sbx_field_rule *rule = in->field->rule;
	struct strings list = {0};
	int r = field_expect(in, value, JSON_ARRAY, "an array of strings");

	if (r < 0)
		return r;
	size_t n = count(value);
	if (n < rule->min || n > rule->max)
		return FIELD_FAIL(in, EINVAL, "%zu items, not %d to %d", n,
		                  (int)rule->min, (int)rule->max);
	list.items =
		arena_alloc(&in->spec->arena, (n + 1) * sizeof(*list.items));
	if (!list.items)
		return no_memory(in);
	for (value = value->child; value; value = value->next) {
		r = check_item(in, value);
		if (r < 0)
			return r;
		const char *copy = arena_strdup(&in->spec->arena, value->text);
		if (!copy)
			return no_memory(in);
		list.items[list.n++] = copy;
	}
	field_put(in, &list, sizeof(list));
	return 0;
}

int texts_set_json(const struct field_input *in, const struct json *value,
                   int (*set_text)(const struct field_input *in,
                                   const char *text))
{
	struct field_input at = *in;
	int r = field_expect(in, value, JSON_ARRAY, "an array of strings");

	if (r < 0)
		return r;
	for (value = value->child; value && r == 0; value = value->next) {
		at.line = value->line;
		r = field_expect(&at, value, JSON_STRING, "a string");
		if (r == 0)
			r = set_text(&at, value->text);
	}
	return r;
}

int list_add(const struct field_input *in, struct strings *list,
             const char *text, const char *what)
{
	const char **items;

	if (list->n >= in->field->rule->max)
		return FIELD_FAIL(in, E2BIG, "more than %d %s",
		                  (int)in->field->rule->max, what);
	items = arena_alloc(&in->spec->arena, (list->n + 2) * sizeof(*items));
	if (!items)
		return no_memory(in);
	if (list->n)
		memcpy(items, list->items, list->n * sizeof(*items));
	items[list->n] = arena_strdup(&in->spec->arena, text);
	if (!items[list->n])
		return no_memory(in);
	*list = (struct strings){items, list->n + 1};
	return 0;
}

/* ---- packages: each once, in the order they were named ---- */

int package_set_text(const struct field_input *in, const char *text)
{
	struct strings *list = &in->spec->packages;

	if (!tree_name_ok(text))
		return FIELD_FAIL(
			in, EINVAL,
			"\"%s\" is not the name of a layer: a-z, 0-9, "
			"\".\", \"_\" and \"-\", at most 64",
			CLIP(text));
	return strings_have(list, text) ? 0
	                                : list_add(in, list, text, "layers");
}

int packages_set_json(const struct field_input *in, const struct json *value)
{
	return texts_set_json(in, value, package_set_text);
}

/* ---- env ---- */

static size_t find_variable(const struct strings *env, const char *key,
                            size_t len)
{
	size_t i;

	for (i = 0; i < env->n; i++)
		if (strncmp(env->items[i], key, len) == 0 &&
		    env->items[i][len] == '=')
			break;
	return i;
}

/* The list of a field, and who said each of it. */
struct variables {
	struct strings *list;
	enum origin **origins;
};

static struct variables variables_of(const struct field_input *in)
{
	char *spec = (char *)in->spec;

	return (struct variables){
		(struct strings *)(void *)(spec + in->field->rule->value),
		(enum origin **)(void *)(spec + in->field->rule->origin)};
}

/* Makes room for one more variable. */
static int grow(const struct field_input *in, const struct variables *env)
{
	size_t n = env->list->n;

	if (n >= in->field->rule->max)
		return FIELD_FAIL(in, E2BIG, "more than %d variables",
		                  (int)in->field->rule->max);
	const char **items =
		arena_alloc(&in->spec->arena, (n + 2) * sizeof(*items));
	enum origin *origins =
		arena_alloc(&in->spec->arena, (n + 1) * sizeof(*origins));
	if (!items || !origins)
		return no_memory(in);
	if (n > 0) {
		memcpy(items, env->list->items, n * sizeof(*items));
		memcpy(origins, *env->origins, n * sizeof(*origins));
	}
	env->list->items = items;
	*env->origins = origins;
	return 0;
}

static int set_variable(const struct field_input *in, const char *key,
                        size_t len, const char *value)
{
	const struct variables env = variables_of(in);
	char name[CLIP_MAX];

	(void)snprintf(name, sizeof(name), "%.*s",
	               (int)MIN(len, sizeof(name) - 1), key);
	if (!env_key_ok(key, len))
		return FIELD_FAIL(in, EINVAL,
		                  "\"%s\" is not a name: A-Z, a-z, 0-9, \"_\", "
		                  "no digit first",
		                  name);
	if (len + 1 + strlen(value) >= ARGUMENT_MAX)
		return FIELD_FAIL(in, E2BIG, "%s is longer than 128K", name);
	size_t at = find_variable(env.list, key, len);
	int r = 0;
	if (at == env.list->n)
		r = grow(in, &env);
	else if (in->origin < (*env.origins)[at])
		return 0;
	if (r < 0)
		return r;
	const char *text =
		arena_printf(&in->spec->arena, "%.*s=%s", (int)len, key, value);
	if (!text)
		return no_memory(in);
	env.list->items[at] = text;
	(*env.origins)[at] = in->origin;
	env.list->n += at == env.list->n;
	return 0;
}

int env_set_text(const struct field_input *in, const char *text)
{
	const char *equals = strchr(text, '=');

	if (!equals)
		return FIELD_FAIL(in, EINVAL,
		                  "\"%s\" has no value; write KEY=VALUE",
		                  CLIP(text));
	return set_variable(in, text, (size_t)(equals - text), equals + 1);
}

int env_set_json(const struct field_input *in, const struct json *value)
{
	struct field_input at = *in;
	int r = field_expect(in, value, JSON_OBJECT, "an object of strings");

	if (r < 0)
		return r;
	for (value = value->child; value && r == 0; value = value->next) {
		at.line = value->line;
		r = field_expect(&at, value, JSON_STRING, "a string");
		if (r == 0)
			r = set_variable(&at, value->key, strlen(value->key),
			                 value->text);
	}
	return r;
}

/* ---- layers and limits by name ---- */

/* The first of them are in every run: nothing turns them off. */
static const char *const layers[] = {
	[LAYER_NAMESPACES] = "namespaces",
	[LAYER_ROOTFS] = "rootfs",
	[LAYER_CAPABILITIES] = "capabilities",
	[LAYER_SECCOMP] = "seccomp",
	[LAYER_CGROUP] = "cgroup",
	[LAYER_VERIFIED] = "verified",
};

const char *layer_name(enum layer layer)
{
	return layers[layer];
}

/* The bit of a limit, by its name or its option; 0 is none. */
static uint32_t find_limit(const char *text, struct suggest *suggest)
{
	size_t n;
	const struct sbx_field *fields = sbx_fields(&n);

	for (size_t i = 0; i < n; i++) {
		if (fields[i].rule->kind > KIND_MILLI)
			continue;
		enum limit limit = fields[i].rule->limit;
		if (same_name(text, limit_name(limit)) ||
		    same_name(text, fields[i].option))
			return 1u << limit;
		suggest_offer(suggest, limit_name(limit));
	}
	return 0;
}

static int add_layer(const struct field_input *in, enum layer layer)
{
	if (in->field->rule->kind == KIND_LAYERS)
		in->spec->require |= 1u << layer;
	else if (layer != LAYER_CGROUP)
		return FIELD_FAIL(
			in, EINVAL,
			"%s is never weaker than it was asked for; only "
			"limits and cgroup may be",
			layers[layer]);
	else
		in->spec->degraded_layers |= 1u << layer;
	return 0;
}

int layers_set_text(const struct field_input *in, const char *text)
{
	struct suggest suggest = {.word = text};
	char hint[SUGGEST_TEXT];
	uint32_t bit = 0;

	for (unsigned i = 0; i < N_LAYERS; i++) {
		if (strcmp(text, layers[i]) == 0)
			return add_layer(in, i);
		suggest_offer(&suggest, layers[i]);
	}
	if (in->field->rule->kind == KIND_DEGRADED)
		bit = find_limit(text, &suggest);
	in->spec->degraded_limits |= bit;
	if (bit)
		return 0;
	(void)suggest_text(&suggest, "", hint);
	return FIELD_FAIL(in, EINVAL, "\"%s\" is no %s%s", CLIP(text),
	                  in->field->rule->kind == KIND_DEGRADED
	                          ? "limit, and not cgroup"
	                          : "layer (namespaces, rootfs, capabilities, "
	                            "seccomp, cgroup, verified)",
	                  hint);
}

int layers_set_json(const struct field_input *in, const struct json *value)
{
	return texts_set_json(in, value, layers_set_text);
}
