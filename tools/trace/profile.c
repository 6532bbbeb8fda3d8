/* SPDX-License-Identifier: MIT */
/*
 * A profile extends one other at most. So one that extends nothing is extended,
 * and of one that does, each member is there again, with what was learned in
 * the place of what it said.
 */
#include "profile.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "model/profile.h"
#include "remarks.h"

/* Members that come at the end, since they are learned. */
static const char *const learned_members[] = {"limits", "network", "seccomp"};

int profile_source(struct arena *arena, const struct options *options,
                   const char *const *dirs, const struct json **from,
                   struct sbx_error *err)
{
	struct document document = {.path = options->profile_file,
	                            .where = "profile",
	                            .stage = SBX_STAGE_PROFILE};
	int r = -ENOENT;

	if (document.path)
		r = document_read(arena, &document, err);
	for (size_t i = 0; !options->profile_file && dirs[i] && r == -ENOENT;
	     i++) {
		document.path = arena_printf(arena, "%s/%s.json", dirs[i],
		                             options->profile);
		if (!document.path)
			return err_memory(err, SBX_STAGE_PROFILE);
		r = document_read(arena, &document, err);
	}
	if (r == -ENOENT)
		return err_set(err, SBX_STAGE_PROFILE, ENOENT, "profile");
	if (r == 0)
		*from = document.root;
	return r;
}

/* ---- values ---- */

static void put_scalar(struct json_writer *writer, const struct json *value)
{
	switch (value->kind) {
	case JSON_BOOL:
		json_put_bool(writer, value->key, value->boolean);
		break;
	case JSON_INTEGER:
		json_put_integer(writer, value->key, value->integer);
		break;
	case JSON_NULL:
	case JSON_NUMBER: /* as a text it means the same to a field */
	case JSON_STRING:
	case JSON_ARRAY:
	case JSON_OBJECT:
		json_put_text(writer, value->key, value->text);
		break;
	}
}

static void put_open(struct json_writer *writer, const struct json *value)
{
	if (value->kind == JSON_OBJECT)
		json_open_object(writer, value->key);
	else
		json_open_array(writer, value->key);
}

static void put_close(struct json_writer *writer, const struct json *value)
{
	if (value->kind == JSON_OBJECT)
		json_close_object(writer);
	else
		json_close_array(writer);
}

static bool has_members(const struct json *value)
{
	return value->kind == JSON_ARRAY || value->kind == JSON_OBJECT;
}

/* The value with all below it, whose depth json_parse() bounds. */
static void put_value(struct json_writer *writer, const struct json *top)
{
	const struct json *above[JSON_MAX_DEPTH + 1] = {0}, *value = top;
	size_t depth = 0;

	while (value || depth > 0) {
		if (!value) {
			value = above[--depth];
			put_close(writer, value);
		} else if (has_members(value) && depth < ARRAY_SIZE(above)) {
			put_open(writer, value);
			above[depth++] = value;
			value = value->child;
			continue;
		} else {
			put_scalar(writer, value);
		}
		value = value == top ? NULL : value->next;
	}
}

/* A line for one member; the one before is ended. */
static void add_line(struct buffer *text, const char *indent, const char *key,
                     struct json_writer *value)
{
	const char *data;
	size_t len;

	if (!value || json_writer_text(value, &data, &len) < 0) {
		text->failed = true;
	} else {
		if (text->len && text->data[text->len - 1] != '{')
			buffer_text(text, ",");
		buffer_printf(text, "\n%s\"%s\": ", indent, key);
		buffer_append(text, data, len);
	}
	json_writer_free(value);
}

/* "KEY": { on a line; a key of the schema's needs no escapes. */
static void open_member(struct buffer *text, const char *key)
{
	buffer_printf(text, "%s\n  \"%s\": {",
	              text->len && text->data[text->len - 1] != '{' ? "," : "",
	              key);
}

/* A value on the line of its key. */
static void add_short(struct buffer *text, const char *indent,
                      const struct json *member)
{
	struct json_writer *value = json_writer_new();
	struct json bare = *member;

	bare.key = NULL;
	bare.next = NULL;
	if (value)
		put_value(value, &bare);
	add_line(text, indent, member->key, value);
}

/* The members of an object have lines of their own. */
static void add_member(struct buffer *text, const struct json *member)
{
	if (member->kind != JSON_OBJECT || !member->child) {
		add_short(text, "  ", member);
		return;
	}
	open_member(text, member->key);
	for (const struct json *inner = member->child; inner;
	     inner = inner->next)
		add_short(text, "    ", inner);
	buffer_text(text, "\n  }");
}

static void add_text(struct buffer *text, const char *indent, const char *key,
                     const char *string)
{
	struct json_writer *value = json_writer_new();

	if (value)
		json_put_text(value, NULL, string);
	add_line(text, indent, key, value);
}

/* ---- members ---- */

static bool is_learned(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(learned_members); i++)
		if (strcmp(key, learned_members[i]) == 0)
			return true;
	return false;
}

static void add_source(const struct learned *learned, struct buffer *text)
{
	const struct json *from = learned->from;
	const struct json *description = json_get(from, "description");
	bool whole = !learned->name || json_get(from, "extends");

	if (!whole) {
		if (description)
			add_member(text, description);
		add_text(text, "  ", "extends", learned->name);
		return;
	}
	for (const struct json *member = from->child; member;
	     member = member->next)
		if (!is_learned(member->key))
			add_member(text, member);
}

/* What was learned of it, or what the caller said; else what the profile did,
 * if it said anything. */
static void add_limit(const struct learned *learned, enum limit limit,
                      struct buffer *text)
{
	const struct json *limits = json_get(learned->from, "limits");
	const struct json *said =
		limits ? json_get(limits, limit_name(limit)) : NULL;
	uint64_t own = learned->plan->limits[limit].value;
	uint64_t value =
		limits_fit(limit, learned->traced->used.of[limit], own);
	char format[24];

	if (value != own || limits_learned(limit) ||
	    learned->spec->limits[limit].origin == ORIGIN_CALLER)
		add_text(text, "    ", limit_name(limit),
		         limit_format(limit, value, format));
	else if (said)
		add_short(text, "    ", said);
}

static void add_limits(const struct learned *learned, struct buffer *text)
{
	const struct json *limits = json_get(learned->from, "limits");
	const struct json *action =
		limits ? json_get(limits, "output_action") : NULL;

	open_member(text, "limits");
	for (int i = 0; i < N_LIMITS; i++)
		add_limit(learned, i, text);
	if (action)
		add_short(text, "    ", action);
	buffer_text(text, "\n  }");
}

static void add_network(const struct learned *learned, struct buffer *text)
{
	enum network_mode mode =
		learned->calls->network ? learned->plan->network : NETWORK_NONE;

	open_member(text, "network");
	add_text(text, "    ", "mode", network_name(mode));
	buffer_text(text, "\n  }");
}

static void add_sets(sets_t sets, struct buffer *text)
{
	struct json_writer *value = json_writer_new();

	if (value) {
		json_open_array(value, NULL);
		for (size_t i = 0; i < n_filter_sets; i++)
			if (sets >> i & 1)
				json_put_text(value, NULL, filter_sets[i].name);
		json_close_array(value);
	}
	add_line(text, "  ", "seccomp", value);
}

int profile_text(const struct learned *learned, struct buffer *text)
{
	const struct strings *names = &learned->plan->seccomp;
	sets_t among = calls_sets_named(names->items, names->n);
	sets_t sets = calls_smallest(learned->calls, among);

	remarks_add(learned, sets, text);
	buffer_text(text, "{");
	add_source(learned, text);
	add_limits(learned, text);
	add_network(learned, text);
	add_sets(sets, text);
	buffer_text(text, "\n}\n");
	return text->failed ? -ENOMEM : 0;
}
