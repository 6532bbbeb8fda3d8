/* SPDX-License-Identifier: MIT */
#include "exec/profiles.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "exec/place.h"

#define MAX_PROFILE (1024 * 1024)
#define SUFFIX      ".json"

static void add(struct profile_dirs *dirs, size_t *n, const char *base,
                const char *rest)
{
	int len = snprintf(dirs->paths[*n], PATH_MAX, "%s%s", base, rest);

	if (len < PATH_MAX) {
		dirs->list[*n] = dirs->paths[*n];
		(*n)++;
	}
}

/* The environment may name somebody else's directory, as HOME often does
 * after su: what is in it is not the caller's word. */
static bool is_own(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_uid == geteuid() &&
	       !(st.st_mode & S_IWOTH);
}

/* The user's own, and the system's. */
static void find_trees(struct profile_dirs *dirs)
{
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
	int len = 0;
	size_t n = 0;

	if (data && data[0] == '/')
		len = snprintf(dirs->own_trees, PATH_MAX, "%s/sbx", data);
	else if (home && home[0] == '/')
		len = snprintf(dirs->own_trees, PATH_MAX, "%s/.local/share/sbx",
		               home);
	if (len > 0 && len < PATH_MAX && is_own(dirs->own_trees))
		dirs->trees[n++] = dirs->own_trees;
	dirs->trees[n] = "/var/lib/sbx";
}

void profile_dirs_init(struct profile_dirs *dirs)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	char installed[PATH_MAX];
	size_t n = 0;

	memset(dirs, 0, sizeof(*dirs));
	find_trees(dirs);
	if (config && config[0] == '/')
		add(dirs, &n, config, "/sbx/profiles");
	else if (home && home[0] == '/')
		add(dirs, &n, home, "/.config/sbx/profiles");
	if (n > 0 && !is_own(dirs->paths[0]))
		n = 0;
	add(dirs, &n, "/etc/sbx/profiles", "");
	if (place_of("/share/sbx/profiles", installed) == 0)
		add(dirs, &n, installed, "");
}

static int is_profile(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name), suffix = strlen(SUFFIX);

	return entry->d_name[0] != '.' && len > suffix &&
	       strcmp(entry->d_name + len - suffix, SUFFIX) == 0 &&
	       !strstr(entry->d_name, ".schema.");
}

/* Without what all end in: "-" comes before ".". */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	size_t len_a = strlen((*a)->d_name) - strlen(SUFFIX);
	size_t len_b = strlen((*b)->d_name) - strlen(SUFFIX);
	int r = memcmp((*a)->d_name, (*b)->d_name, MIN(len_a, len_b));

	return r ? r : (len_a > len_b) - (len_a < len_b);
}

/* Whether a directory before the i-th has the file. */
static bool is_hidden(const struct profile_dirs *dirs, size_t i,
                      const char *name)
{
	char path[2 * PATH_MAX];

	for (size_t before = 0; before < i; before++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dirs->list[before],
		               name);
		if (access(path, F_OK) == 0)
			return true;
	}
	return false;
}

void profiles_names(const struct profile_dirs *dirs, struct buffer *out)
{
	struct dirent **entries;
	int n;

	for (size_t i = 0; dirs->list[i]; i++) {
		n = scandir(dirs->list[i], &entries, is_profile, by_name);
		for (int k = 0; k < n; k++) {
			const char *name = entries[k]->d_name;

			if (!is_hidden(dirs, i, name)) {
				buffer_append(out, name,
				              strlen(name) - strlen(SUFFIX));
				buffer_append(out, "", 1);
			}
			free(entries[k]);
		}
		if (n >= 0)
			free(entries);
	}
}

int profiles_list(const struct profile_dirs *dirs)
{
	struct buffer names CLEANUP(buffer_free) = {0};

	profiles_names(dirs, &names);
	for (size_t i = 0; i < names.len; i++)
		if (!names.data[i])
			names.data[i] = '\n';
	return names.failed
	               ? -ENOMEM
	               : file_write_fd(STDOUT_FILENO, names.data, names.len);
}

int profiles_show(const struct profile_dirs *dirs, const char *name,
                  struct sbx_error *err)
{
	struct buffer text = {0};
	char path[2 * PATH_MAX];
	int r = -ENOENT;

	if (strchr(name, '/'))
		return err_say(err, SBX_STAGE_PROFILE, EINVAL,
		               "profile \"%s\": is a path, not a name", name);
	for (size_t i = 0; dirs->list[i] && r == -ENOENT; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s" SUFFIX,
		               dirs->list[i], name);
		r = file_read(path, MAX_PROFILE, &text);
	}
	if (r == 0)
		r = file_write_fd(STDOUT_FILENO, text.data, text.len);
	buffer_free(&text);
	if (r == -ENOENT)
		return err_say(err, SBX_STAGE_PROFILE, ENOENT,
		               "no profile \"%s\"; --list-profiles shows them",
		               name);
	if (r < 0)
		return err_set(err, SBX_STAGE_PROFILE, -r, "profile \"%s\"",
		               name);
	return 0;
}
