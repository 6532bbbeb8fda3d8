/* SPDX-License-Identifier: MIT */
#include "model/profile.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/suggest.h"
#include "model/field_kinds.h"
#include "model/fields.h"

#define SUFFIX      ".json"
#define NAME_LEN    64
#define SHOWN_PATH  120 /* the end of a long path says more than its start */
#define MAX_ENTRIES 1000

bool profile_name_ok(const char *name)
{
	size_t len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                          "abcdefghijklmnopqrstuvwxyz"
	                          "0123456789._-");

	return len > 0 && len <= NAME_LEN && !name[len] &&
	       !strchr("._-", name[0]);
}

int document_read(struct arena *arena, struct document *document,
                  struct sbx_error *err)
{
	struct buffer text CLEANUP(buffer_free) = {0};
	struct sbx_error fault;
	int r = file_read(document->path, JSON_MAX_SIZE, &text);

	if (r == -ENOENT || r == -ENOTDIR)
		return -ENOENT;
	if (r == -EINVAL)
		return err_say(err, document->stage, EINVAL,
		               "%s: not a regular file", document->where);
	if (r == -EFBIG)
		return err_say(err, document->stage, EFBIG,
		               "%s: larger than 1M", document->where);
	if (r < 0)
		return err_set(err, document->stage, -r, "%s", document->where);
	r = json_parse(arena, text.data, text.len, &document->root, &fault);
	if (r < 0)
		return err_say(err, document->stage, -r, "%s, %s",
		               document->where, fault.text);
	return 0;
}

/* One call's worth of work. */
struct search {
	struct sbx_spec *spec;
	struct arena *arena;
	const char *const *dirs; /* may be NULL */
	struct sbx_error *err;
};

#define NO_MEMORY(search) \
	err_set((search)->err, SBX_STAGE_PROFILE, ENOMEM, "a profile")

/* ---- a name that no directory has ---- */

static void offer_directory(struct suggest *suggest, const char *path)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;
	int unread; /* is not offered */

	if (!directory)
		return;
	for (int n = 0;
	     n < MAX_ENTRIES && (entry = file_entry(directory, &unread)); n++) {
		size_t len = strlen(entry->d_name);
		char name[NAME_LEN + 1];

		if (len <= strlen(SUFFIX) || len - strlen(SUFFIX) > NAME_LEN)
			continue;
		len -= strlen(SUFFIX);
		if (strcmp(entry->d_name + len, SUFFIX) != 0)
			continue;
		(void)snprintf(name, sizeof(name), "%.*s", (int)len,
		               entry->d_name);
		if (profile_name_ok(name) && !strstr(name, ".schema"))
			suggest_offer(suggest, name);
	}
	(void)closedir(directory);
}

/* opening: "" or the place that names it. */
static int no_profile(const struct search *search, const char *opening,
                      const char *name)
{
	struct suggest suggest = {.word = name};
	char hint[SUGGEST_TEXT];
	struct buffer list CLEANUP(buffer_free) = {0};

	for (size_t i = 0; search->dirs && search->dirs[i]; i++) {
		offer_directory(&suggest, search->dirs[i]);
		buffer_printf(&list, "%s%s", i ? ", " : " in ",
		              search->dirs[i]);
	}
	(void)suggest_text(&suggest, "", hint);
	if (hint[0] || list.failed)
		list.len = 0;
	return err_say(search->err, SBX_STAGE_PROFILE, ENOENT,
	               "%sno profile \"%s\"%.*s%s", opening, name,
	               (int)list.len, list.len ? list.data : "", hint);
}

/* ---- reading ---- */

static int read_profile(const struct search *search, const char *name,
                        struct document *document)
{
	const char *path = document->path;
	size_t len = strlen(path);
	bool cut = len > SHOWN_PATH;

	document->stage = SBX_STAGE_PROFILE;
	document->where = arena_printf(search->arena, "profile %s (%s%s)",
	                               CLIP(name), cut ? "..." : "",
	                               cut ? path + len - SHOWN_PATH : path);
	if (!document->where)
		return NO_MEMORY(search);
	return document_read(search->arena, document, search->err);
}

/* The first directory that has it. -ENOENT and nothing in err: none. */
static int find_profile(const struct search *search, const char *name,
                        struct document *document)
{
	int r = -ENOENT;

	for (size_t i = 0; search->dirs && search->dirs[i] && r == -ENOENT;
	     i++) {
		document->path = arena_printf(search->arena, "%s/%s" SUFFIX,
		                              search->dirs[i], name);
		if (!document->path)
			return NO_MEMORY(search);
		r = read_profile(search, name, document);
	}
	return r;
}

static int bad_name(const struct search *search, const char *opening,
                    const char *name)
{
	return err_say(search->err, SBX_STAGE_PROFILE, EINVAL,
	               "%s\"%s\" is not the name of a profile: letters, "
	               "digits, \".\", \"_\", \"-\", at most 64",
	               opening, CLIP(name));
}

/* ---- applying ---- */

static const struct json *extended(const struct document *document)
{
	if (document->root->kind != JSON_OBJECT)
		return NULL;
	return json_get(document->root, "extends");
}

/* What the document extends, which extends nothing itself. */
static int apply_parent(const struct search *search,
                        const struct document *child,
                        const struct json *extends)
{
	struct document parent = {0};
	const char *name = extends->text;
	const char *opening = arena_printf(
		search->arena, "%s, line %d: extends: ", child->where,
		extends->line);

	if (!opening)
		return NO_MEMORY(search);
	if (!profile_name_ok(name))
		return bad_name(search, opening, name);
	int r = find_profile(search, name, &parent);
	if (r == -ENOENT)
		return no_profile(search, opening, name);
	if (r < 0)
		return r;
	if (extended(&parent))
		return err_say(search->err, SBX_STAGE_PROFILE, ELOOP,
		               "%s\"%s\" extends another itself; one level is "
		               "all there is",
		               opening, name);
	return fields_set_json(search->spec, parent.root, ORIGIN_PROFILE,
	                       parent.where, search->err);
}

static int apply(const struct search *search, const struct document *document)
{
	const struct json *extends = extended(document);

	/* Of another kind it fails below, with the other fields. */
	if (extends && extends->kind == JSON_STRING) {
		int r = apply_parent(search, document, extends);
		if (r < 0)
			return r;
	}
	return fields_set_json(search->spec, document->root, ORIGIN_PROFILE,
	                       document->where, search->err);
}

static int apply_named(const struct search *search, const char *name,
                       const struct document *document)
{
	const char *copy = arena_strdup(&search->spec->arena, name);

	if (!copy)
		return NO_MEMORY(search);
	int r = apply(search, document);
	if (r == 0)
		search->spec->profile = copy;
	return r;
}

int sbx_spec_profile(struct sbx_spec *spec, const char *name,
                     const char *const *dirs, struct sbx_error *err)
{
	struct arena arena CLEANUP(arena_free) = {0};
	struct search search = {spec, &arena, dirs, err};
	struct document document = {0};

	if (!profile_name_ok(name))
		return bad_name(&search, "", name);
	int r = find_profile(&search, name, &document);
	if (r == -ENOENT)
		return no_profile(&search, "", name);
	return r < 0 ? r : apply_named(&search, name, &document);
}

int sbx_spec_profile_file(struct sbx_spec *spec, const char *path,
                          const char *const *dirs, struct sbx_error *err)
{
	struct arena arena CLEANUP(arena_free) = {0};
	struct search search = {spec, &arena, dirs, err};
	struct document document = {.path = path};
	const char *slash = strrchr(path, '/');
	char *name = arena_strdup(&arena, slash ? slash + 1 : path);

	if (!name)
		return NO_MEMORY(&search);
	size_t len = strlen(name);
	if (len > strlen(SUFFIX) &&
	    strcmp(name + len - strlen(SUFFIX), SUFFIX) == 0)
		name[len - strlen(SUFFIX)] = '\0';
	int r = read_profile(&search, name, &document);
	if (r == -ENOENT)
		return err_set(err, SBX_STAGE_PROFILE, ENOENT, "profile %s",
		               path);
	return r < 0 ? r : apply_named(&search, name, &document);
}
