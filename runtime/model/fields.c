/* SPDX-License-Identifier: MIT */
/* Finds the row for a path or a key, and says what was meant when there is
 * none. */
#include "model/fields.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/suggest.h"
#include "model/checks.h"
#include "model/field_kinds.h"

#define PATH_LEN 64 /* longer than any path of the table */

const struct sbx_field *field_find(const char *path)
{
	size_t n;
	const struct sbx_field *fields = sbx_fields(&n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(fields[i].path, path) == 0)
			return &fields[i];
	return NULL;
}

/* Offers the path of a row that has the word for its option or for the end of
 * its path: it is meant, but stands elsewhere. */
static void offer_elsewhere(struct suggest *suggest,
                            const struct sbx_field *field)
{
	const char *dot = strrchr(field->path, '.');

	if (same_name(field->option, suggest->word) ||
	    same_name(field->alias, suggest->word) ||
	    (dot && strcmp(dot + 1, suggest->word) == 0))
		suggest_exact(suggest, field->path);
}

int field_set_text(struct sbx_spec *spec, const char *path, const char *text,
                   enum origin origin, struct sbx_error *err)
{
	struct suggest suggest = {.word = path};
	char hint[SUGGEST_TEXT];
	struct field_input in = {
		.spec = spec,
		.field = field_find(path),
		.origin = origin,
		.err = err,
	};
	size_t n;

	if (in.field)
		return kind_set_text(&in, text);
	const struct sbx_field *fields = sbx_fields(&n);
	for (size_t i = 0; i < n; i++) {
		suggest_offer(&suggest, fields[i].path);
		offer_elsewhere(&suggest, &fields[i]);
	}
	return err_say(err, SBX_STAGE_SPEC, EINVAL, "unknown field \"%s\"%s",
	               CLIP(path), suggest_text(&suggest, "", hint));
}

/* ---- JSON ---- */

/* An object on its way into a spec. */
struct scope {
	struct sbx_spec *spec;
	enum origin origin;
	const char *where;
	struct sbx_error *err;
	char group[PATH_LEN]; /* "limits." while inside it, else "" */
};

/* What follows the group in a path, or NULL. */
static const char *below(const char *path, const char *group)
{
	size_t len = strlen(group);

	return strncmp(path, group, len) == 0 ? path + len : NULL;
}

/* Offers the key of each row that may stand here. */
static void offer_keys(struct suggest *suggest, const char *group)
{
	size_t n;
	const struct sbx_field *fields = sbx_fields(&n);

	for (size_t i = 0; i < n; i++) {
		const char *key = below(fields[i].path, group);
		char name[PATH_LEN];

		if (key) {
			(void)snprintf(name, sizeof(name), "%.*s",
			               (int)strcspn(key, "."), key);
			suggest_offer(suggest, name);
		}
		offer_elsewhere(suggest, &fields[i]);
	}
}

static int unknown_key(const struct scope *scope, const struct json *member)
{
	struct suggest suggest = {.word = member->key};
	char hint[SUGGEST_TEXT];

	offer_keys(&suggest, scope->group);
	(void)suggest_text(&suggest, "", hint);
	/* A dot in a key would be a second way to say the same. */
	if (strchr(member->key, '.') && field_find(member->key))
		(void)snprintf(hint, sizeof(hint),
		               "; an object stands for what is before the dot");
	return err_say(scope->err, origin_stage(scope->origin), EINVAL,
	               "%s, line %d: unknown key \"%s\"%s", scope->where,
	               member->line, CLIP(member->key), hint);
}

static bool is_group(const char *path)
{
	size_t n, len = strlen(path);
	const struct sbx_field *fields = sbx_fields(&n);

	for (size_t i = 0; i < n; i++)
		if (strncmp(fields[i].path, path, len) == 0 &&
		    fields[i].path[len] == '.')
			return true;
	return false;
}

/* A row below another row is a spelling for the command line. */
static bool has_key(const struct sbx_field *field)
{
	char path[PATH_LEN];
	const char *dot = strchr(field->path, '.');

	if (!dot)
		return true;
	(void)snprintf(path, sizeof(path), "%.*s", (int)(dot - field->path),
	               field->path);
	return !field_find(path);
}

static int not_an_object(const struct scope *scope, const struct json *value,
                         const char *name)
{
	return err_say(scope->err, origin_stage(scope->origin), EINVAL,
	               "%s, line %d: %s%san object is wanted, not %s",
	               scope->where, value->line, name, *name ? ": " : "",
	               json_kind_name(value->kind));
}

static int set_group(const struct scope *scope, const struct json *object);

static int set_member(const struct scope *scope, const struct json *member)
{
	struct scope inner = *scope;
	char path[PATH_LEN];
	int len =
		snprintf(path, sizeof(path), "%s%s", scope->group, member->key);
	struct field_input in = {
		.spec = scope->spec,
		.field = field_find(path),
		.origin = scope->origin,
		.where = scope->where,
		.line = member->line,
		.err = scope->err,
	};

	if ((size_t)len + 1 >= sizeof(path) || strchr(member->key, '.'))
		return unknown_key(scope, member);
	if (in.field && has_key(in.field))
		return kind_set_json(&in, member);
	if (in.field || !is_group(path))
		return unknown_key(scope, member);
	if (member->kind != JSON_OBJECT)
		return not_an_object(scope, member, path);
	(void)snprintf(inner.group, sizeof(inner.group), "%.62s.", path);
	return set_group(&inner, member);
}

/* Goes down one level at most: no group of the table holds another. */
static int set_group(const struct scope *scope, const struct json *object)
{
	int r = 0;

	for (const struct json *member = object->child; member && r == 0;
	     member = member->next)
		r = set_member(scope, member);
	return r;
}

bool field_is_key(const char *key)
{
	const struct sbx_field *field = field_find(key);

	return !strchr(key, '.') && (field ? has_key(field) : is_group(key));
}

void fields_offer(struct suggest *suggest)
{
	offer_keys(suggest, "");
}

int field_set_member(struct sbx_spec *spec, const struct json *member,
                     enum origin origin, const char *where,
                     struct sbx_error *err)
{
	const struct scope scope = {
		.spec = spec,
		.origin = origin,
		.where = where,
		.err = err,
	};

	return set_member(&scope, member);
}

int fields_set_json(struct sbx_spec *spec, const struct json *object,
                    enum origin origin, const char *where,
                    struct sbx_error *err)
{
	struct scope scope = {
		.spec = spec,
		.origin = origin,
		.where = where,
		.err = err,
	};

	if (object->kind != JSON_OBJECT)
		return not_an_object(&scope, object, "");
	return set_group(&scope, object);
}
