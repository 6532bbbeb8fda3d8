/* SPDX-License-Identifier: MIT */
#include "box/layers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/def.h"
#include "base/file.h"
#include "box/inodes.h"

static bool is_kept(const struct stat *st)
{
	return S_ISREG(st->st_mode) || S_ISDIR(st->st_mode) ||
	       S_ISLNK(st->st_mode);
}

/* As a tmpfs would count it. */
static int64_t bytes_of(const struct stat *st)
{
	return S_ISREG(st->st_mode) ? (st->st_size + 4095) / 4096 * 4096 : 0;
}

static bool is_one_of_many(const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_nlink > 1;
}

/* Whether something of this layer above the path hides all older layers. */
static bool ends_here(int layer, const char *path)
{
	char part[PATH_MAX];
	struct stat st;

	for (const char *slash = strchr(path, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		memcpy(part, path, (size_t)(slash - path));
		part[slash - path] = '\0';
		if (fstatat(layer, part, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return false;
		if (!S_ISDIR(st.st_mode))
			return true;
		CLEANUP_FD int fd = tree_open(layer, part);
		if (fd < 0 || tree_is_opaque(fd))
			return true;
	}
	return false;
}

/* What the state before has at path. */
static bool find(const struct layers_count *count, const char *path,
                 struct stat *st)
{
	for (size_t i = 0; i < count->n; i++) {
		if (tree_stat(count->fds[i], path, st) == 0)
			return !tree_is_whiteout(st);
		if (ends_here(count->fds[i], path))
			return false;
	}
	return false;
}

void layers_see(struct tree_job *job, const struct stat *st, bool opaque)
{
	struct layers_count *count = job->data;
	bool gone = tree_is_whiteout(st);
	struct stat before;

	if (!gone && !is_kept(st))
		return;
	if (find(count, job->path, &before)) {
		/* What has another name is still there. */
		if (is_one_of_many(&before))
			count->linked = true;
		else
			count->bytes -= bytes_of(&before);
		count->inodes--;
		if (S_ISDIR(before.st_mode) &&
		    (opaque || !S_ISDIR(st->st_mode)))
			count->lost = true;
	}
	if (gone)
		return;
	count->linked |= is_one_of_many(st);
	count->bytes += bytes_of(st);
	count->inodes++;
}

struct total {
	uint64_t bytes, inodes;
	struct inodes met;
};

/* As a tmpfs does it: the bytes once, a name each time. */
static int count_one(const struct stat *st, struct total *total)
{
	int r = is_one_of_many(st) ? inodes_add(&total->met, st) : 1;

	if (r > 0)
		total->bytes += (uint64_t)bytes_of(st);
	total->inodes++;
	return MIN(r, 0);
}

static int count_level(int dir, size_t depth, struct total *total)
{
	struct dirent *entry;
	DIR *list;
	int r = 0;

	if (depth > TREE_DEPTH)
		return -ENAMETOOLONG;
	list = file_list(tree_open(dir, "."), &r);
	while (list && r == 0 && (entry = file_entry(list, &r))) {
		const char *name = entry->d_name;
		struct stat st;

		if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			r = -errno;
		if (r < 0 || !is_kept(&st))
			continue;
		r = count_one(&st, total);
		if (r < 0 || !S_ISDIR(st.st_mode))
			continue;
		CLEANUP_FD int inner = tree_open(dir, name);
		r = inner < 0 ? inner : count_level(inner, depth + 1, total);
	}
	if (list)
		(void)closedir(list);
	return r;
}

static size_t entries_of(int dir, size_t depth, size_t most)
{
	int unheard = 0;
	DIR *list = file_list(tree_open(dir, "."), &unheard);
	struct dirent *entry;
	size_t n = 0;

	/* Only a guess at what pays: what cannot be read counts as nothing. */
	while (list && n < most && (entry = file_entry(list, &unheard))) {
		n++;
		CLEANUP_FD int inner =
			entry->d_type == DT_DIR && depth < TREE_DEPTH
				? tree_open(dir, entry->d_name)
				: -1;
		if (inner >= 0)
			n += entries_of(inner, depth + 1, most - n);
	}
	if (list)
		(void)closedir(list);
	return n;
}

size_t layers_entries(int layer, size_t most)
{
	return entries_of(layer, 0, most);
}

int layers_count_tree(int whole, uint64_t *bytes, uint64_t *inodes)
{
	struct total total = {0};
	int r = count_level(whole, 0, &total);

	inodes_free(&total.met);
	*bytes = total.bytes;
	*inodes = total.inodes;
	return r;
}

static uint64_t add(uint64_t value, int64_t more)
{
	if (more < 0)
		return value - MIN(value, (uint64_t)-more);
	return value + (uint64_t)more;
}

int layers_total(const struct layers_count *count, int whole, uint64_t *bytes,
                 uint64_t *inodes)
{
	if (count->lost || (count->linked && whole >= 0))
		return layers_count_tree(whole, bytes, inodes);
	*bytes = add(*bytes, count->bytes);
	*inodes = add(*inodes, count->inodes);
	return 0;
}
