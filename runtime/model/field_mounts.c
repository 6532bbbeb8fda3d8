/* SPDX-License-Identifier: MIT */
/*
 * Paths of the host that are shown inside. One target holds one mount: the
 * caller's takes the place of a profile's, a profile's that of the one it
 * extends, and the same said twice is an error.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/suggest.h"
#include "model/checks.h"
#include "model/field_kinds.h"

/* A copy without the slash at the end, or NULL: no memory. */
static const char *copy_path(struct arena *arena, const char *path, size_t len)
{
	while (len > 1 && path[len - 1] == '/')
		len--;
	return arena_strndup(arena, path, len);
}

static int check_path(const struct field_input *in, const char *what,
                      const char *path, const char *fault)
{
	if (!path_ok(path))
		return FIELD_FAIL(in, EINVAL,
		                  "%s \"%s\" is not an absolute path without "
		                  "//, . and ..",
		                  what, CLIP(path));
	if (fault)
		return FIELD_FAIL(in, EINVAL, "%s %s may not be used: it %s",
		                  what, CLIP(path), fault);
	return 0;
}

static struct bind *find_target(struct sbx_spec *spec, const char *target,
                                size_t *n)
{
	struct bind *found = NULL;

	*n = 0;
	for (struct bind *bind = spec->binds; bind; bind = bind->next, ++*n)
		if (strcmp(bind->target, target) == 0)
			found = bind;
	return found;
}

static int put_mount(const struct field_input *in, const struct bind *mount)
{
	struct sbx_spec *spec = in->spec;
	size_t n;
	struct bind *old = find_target(spec, mount->target, &n);

	if (old && in->origin < old->origin)
		return 0;
	if (old && in->origin == ORIGIN_CALLER && old->origin == in->origin)
		return FIELD_FAIL(in, EINVAL, "%s is given twice as a target",
		                  CLIP(mount->target));
	if (old) {
		struct bind *next = old->next;
		*old = *mount;
		old->next = next;
		return 0;
	}
	if (n >= in->field->rule->max)
		return FIELD_FAIL(in, E2BIG, "more than %d of them",
		                  (int)in->field->rule->max);
	struct bind *bind = arena_memdup(&spec->arena, mount, sizeof(*mount));
	if (!bind)
		return FIELD_FAIL(in, ENOMEM, "out of memory");
	*spec->last_bind = bind;
	spec->last_bind = &bind->next;
	return 0;
}

/* source: its first len bytes. target NULL: as the source. */
static int set_mount(const struct field_input *in, const char *source,
                     size_t len, const char *target, bool writable)
{
	struct arena *arena = &in->spec->arena;
	struct bind mount = {.writable = writable, .origin = in->origin};
	int r;

	mount.source = copy_path(arena, source, len);
	mount.target = target ? copy_path(arena, target, strlen(target))
	                      : mount.source;
	if (!mount.source || !mount.target)
		return FIELD_FAIL(in, ENOMEM, "out of memory");
	r = check_path(in, "source", mount.source,
	               mount_source_fault(mount.source));
	if (r == 0)
		r = check_path(in, "target", mount.target,
		               mount_target_fault(mount.target));
	return r < 0 ? r : put_mount(in, &mount);
}

int mount_set_text(const struct field_input *in, const char *text)
{
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);

	if (colon && strchr(colon + 1, ':'))
		return FIELD_FAIL(
			in, EINVAL,
			"target \"%s\" has a colon, which only a "
			"profile can name; no mode follows: --ro-bind "
			"is read-only, and --bind writable",
			CLIP(colon + 1));
	return set_mount(in, text, len, colon ? colon + 1 : NULL,
	                 in->field->rule->writable);
}

/* ---- {"source": "/a", "target": "/b", "writable": false} ---- */

struct members {
	const struct json *source, *target, *writable;
};

static int unknown_member(const struct field_input *in, const char *key)
{
	struct suggest suggest = {.word = key};
	char hint[SUGGEST_TEXT];

	suggest_offer(&suggest, "source");
	suggest_offer(&suggest, "target");
	suggest_offer(&suggest, "writable");
	return FIELD_FAIL(in, EINVAL, "unknown key \"%s\"%s", CLIP(key),
	                  suggest_text(&suggest, "", hint));
}

static int read_members(const struct field_input *in, const struct json *object,
                        struct members *members)
{
	struct field_input at = *in;
	int r = field_expect(in, object, JSON_OBJECT,
	                     "an object with source, target and writable");

	if (r < 0)
		return r;
	for (const struct json *member = object->child; member && r == 0;
	     member = member->next) {
		at.line = member->line;
		if (strcmp(member->key, "source") == 0) {
			members->source = member;
			r = field_expect(&at, member, JSON_STRING, "a path");
		} else if (strcmp(member->key, "target") == 0) {
			members->target = member;
			r = field_expect(&at, member, JSON_STRING, "a path");
		} else if (strcmp(member->key, "writable") == 0) {
			members->writable = member;
			r = field_expect(&at, member, JSON_BOOL,
			                 "true or false");
		} else {
			r = unknown_member(&at, member->key);
		}
	}
	if (r == 0 && !members->source)
		r = FIELD_FAIL(in, EINVAL, "\"source\" is missing");
	return r;
}

/* In one array the same target twice is a slip, not a later opinion. */
static int check_repeated(const struct field_input *in,
                          const struct json *first, const struct json *item,
                          const char *target)
{
	for (; first != item; first = first->next) {
		const struct json *other = json_get(first, "target");

		if (!other)
			other = json_get(first, "source");
		if (strcmp(other->text, target) == 0)
			return FIELD_FAIL(in, EINVAL,
			                  "%s is given twice as a target",
			                  CLIP(target));
	}
	return 0;
}

int mounts_set_json(const struct field_input *in, const struct json *value)
{
	struct field_input at = *in;
	int r = field_expect(in, value, JSON_ARRAY, "an array of objects");
	size_t n = 0;

	if (r < 0)
		return r;
	for (const struct json *item = value->child; item && r == 0;
	     item = item->next) {
		struct members got = {0};

		at.line = item->line;
		if (++n > in->field->rule->max)
			return FIELD_FAIL(&at, E2BIG, "more than %d of them",
			                  (int)in->field->rule->max);
		r = read_members(&at, item, &got);
		if (r != 0)
			break;
		const char *target =
			got.target ? got.target->text : got.source->text;
		r = check_repeated(&at, value->child, item, target);
		if (r == 0)
			r = set_mount(&at, got.source->text, got.source->len,
			              got.target ? target : NULL,
			              got.writable && got.writable->boolean);
	}
	return r;
}
