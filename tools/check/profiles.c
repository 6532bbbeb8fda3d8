/* SPDX-License-Identifier: MIT */
/* The profiles that were installed with this program: is what they run there,
 * and does it run? */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "check.h"

#define SUFFIX ".json"

/* A string that the profile has, or "". */
static const char *text_of(const struct host *host, const char *profile,
                           const char *key, struct arena *arena)
{
	const struct json *root, *value = NULL;
	struct buffer text = {0};
	char path[sizeof(host->profiles) + 280];

	(void)snprintf(path, sizeof(path), "%s/%s" SUFFIX, host->profiles,
	               profile);
	if (file_read(path, JSON_MAX_SIZE, &text) == 0 && !text.failed &&
	    json_parse(arena, text.data, text.len, &root, NULL) == 0 &&
	    root->kind == JSON_OBJECT)
		value = json_get(root, key);
	buffer_free(&text);
	return value && value->kind == JSON_STRING ? value->text : "";
}

int try_profile(const struct probe *probe, const struct host *host,
                struct finding *found)
{
	struct arena arena = {0}; /* the process's end frees it */
	struct box_order order = {
		.profile = probe->subject,
		.code = "",
		.arena = &arena,
	};
	const struct json *report, *part;
	const char *package, *tree;
	bool built;
	int r;

	r = box_run(&order, host, &report, found);
	if (r == -ENOENT) {
		tree = text_of(host, probe->subject, "rootfs", &arena);
		package = text_of(host, probe->subject, "package", &arena);
		if (tree[0])
			found_remedy(found, REMEDY_TREE, tree);
		else if (package[0])
			found_remedy(found, REMEDY_PACKAGE, package);
		return r;
	}
	if (r < 0)
		return r;
	built = r == 1;
	/* Nothing is not a program that compiles: that the compiler said so
	 * will do. */
	part = json_get(report, built ? "reason" : "status");
	if (part && part->kind == JSON_STRING &&
	    strcmp(part->text, built ? "exited" : "success") == 0)
		return found_good(found, "its %s runs",
		                  built ? "compiler" : "interpreter");
	part = json_get(report, "message");
	return found_wrong(found, 0, "an empty program: %s",
	                   part && part->kind == JSON_STRING ? part->text
	                                                     : "no success");
}

/* NAME.json, but for "base", which is what all others are made of, and for the
 * schemas. */
static int is_profile(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name), suffix = strlen(SUFFIX);

	return entry->d_name[0] != '.' && len > suffix && len < 256 &&
	       strcmp(entry->d_name + len - suffix, SUFFIX) == 0 &&
	       !strstr(entry->d_name, ".schema" SUFFIX) &&
	       strcmp(entry->d_name, "base" SUFFIX) != 0;
}

static void make_probe(struct probe *probe, const char *file)
{
	int stem = (int)(strlen(file) - strlen(SUFFIX));
	char *name;

	if (asprintf(&name, "profile-%.*s", stem, file) < 0)
		return;
	*probe = (struct probe){
		.name = name,
		.layer = "profiles",
		.attempt = try_profile,
		.worst = VERDICT_DEGRADED,
		.needs = {"run"},
		.meaning = "a run with this profile fails before its program "
			   "starts",
		.subject = name + strlen("profile-"),
	};
}

size_t profiles_find(const struct host *host, struct probe *found, size_t max)
{
	struct dirent **entries;
	size_t n_found = 0;
	int n;

	n = scandir(host->profiles, &entries, is_profile, alphasort);
	for (int i = 0; i < n; i++) {
		if (n_found < max) {
			found[n_found].name = NULL;
			make_probe(&found[n_found], entries[i]->d_name);
			n_found += found[n_found].name != NULL;
		}
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return n_found;
}
