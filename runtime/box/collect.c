/* SPDX-License-Identifier: MIT */
/*
 * Brings files out of the workspace, once nothing runs in the box any more.
 * What is there was made by the program, so nothing of it is believed: no link
 * is followed, only regular files are opened, and how many, how large, how
 * deep and how long their names may be is bounded. A file counts with the
 * size it claims, so that one of holes cannot make more work than the disk
 * limit allows.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/glob.h"
#include "base/hash.h"
#include "base/text.h"
#include "box/box.h"
#include "box/bring.h"
#include "box/hand.h"
#include "kernel/sys.h"

#define MAX_DEPTH   32
#define MAX_PATH    1000
#define MAX_VISITED 1000000
#define MAX_FILES   1000
#define MAX_SKIPPED 100
#define MAX_INLINE  ((uint64_t)1 << 20) /* of one file */
#define ALL_INLINE  ((uint64_t)4 << 20) /* of all */
#define NO_LIMIT    ((uint64_t)1 << 30) /* bytes, where limits.disk is none */

struct walk {
	struct sbx_box *box;
	struct run_files *files;
	const struct sbx_collect *to;
	int peer; /* who writes them instead; -1: nobody */
	uint64_t bytes_left, inline_left;
	size_t max_names; /* that a path which matches has */
	size_t visited, n_tried;
	size_t depth;
	DIR *levels[MAX_DEPTH + 1];
	size_t lengths[MAX_DEPTH + 1]; /* of the path of each */
	char path[MAX_PATH + NAME_MAX + 2];
};

/* Room for one more in the list, or NULL. */
static struct run_file *add_file(struct run_files *files)
{
	size_t max = files->max ? 2 * files->max : 16;
	struct run_file *list;

	if (files->n == files->max) {
		list = arena_alloc(&files->arena, max * sizeof(*list));
		if (!list)
			return NULL;
		if (files->n)
			memcpy(list, files->list, files->n * sizeof(*list));
		files->list = list;
		files->max = max;
	}
	return &files->list[files->n++];
}

/* The path as the report and the host have it. */
static const char *shown_path(struct walk *walk)
{
	char escaped[4 * sizeof(walk->path)];

	return arena_strdup(&walk->files->arena,
	                    text_escape(walk->path, escaped, sizeof(escaped)));
}

static int skip(struct walk *walk, const char *why)
{
	struct run_file *file;

	if (walk->files->n_skipped++ >= MAX_SKIPPED)
		return 0;
	file = add_file(walk->files);
	if (!file)
		return -ENOMEM;
	*file = (struct run_file){
		.path = shown_path(walk),
		.skipped = arena_strdup(&walk->files->arena, why),
	};
	return file->path && file->skipped ? 0 : -ENOMEM;
}

static int open_beneath(int dir, const char *name, uint64_t flags)
{
	const struct open_how how = {
		.flags = flags | O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
	                 O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
	                   RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
	};
	int fd = sys_openat2(dir, name, &how);

	return fd < 0 ? -errno : fd;
}

/* Reads what was opened to its end, to all who want it. */
static int bring(struct walk *walk, int fd, struct run_file *file)
{
	bool keep = walk->to->dir < 0 && walk->peer < 0 &&
	            file->size <= MAX_INLINE && file->size <= walk->inline_left;
	struct bring bring = {
		.from = fd,
		.size = file->size,
		.dir = walk->to->dir,
		.replace = walk->to->replace,
		.keep = keep,
	};
	int r = walk->peer >= 0 ? hand_send(walk->peer, &bring, file->path,
	                                    file->sha256)
	                        : bring_file(&bring, file->path, file->sha256);

	if (r == 0 && keep) {
		file->content = arena_memdup(
			&walk->files->arena,
			bring.content.len ? bring.content.data : "",
			bring.content.len);
		file->content_len = bring.content.len;
		walk->inline_left -= file->size;
		if (!file->content)
			r = -ENOMEM;
	}
	buffer_free(&bring.content);
	/* What could not be kept was work all the same. */
	walk->bytes_left -= MIN(bring.moved, walk->bytes_left);
	return r;
}

static int take_regular(struct walk *walk, int dir, const char *name)
{
	CLEANUP_FD int fd = open_beneath(dir, name, 0);
	struct run_file *file, taken = {0};
	struct stat st;
	int r;

	if (fd < 0)
		return skip(walk, strerror(-fd));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return skip(walk, "is not a regular file");
	if (walk->n_tried++ >= MAX_FILES)
		return skip(walk, "more than 1000 files match");
	taken.size = (uint64_t)st.st_size;
	if (taken.size > walk->bytes_left)
		return skip(walk, "with it, the files would be more than "
		                  "limits.disk in all");
	taken.path = shown_path(walk);
	if (!taken.path)
		return -ENOMEM;
	r = bring(walk, fd, &taken);
	if (r == -EEXIST)
		return skip(walk, "is there already; --collect-replace "
		                  "replaces it");
	if (r < 0)
		return r == -ENOMEM || r == -ECONNABORTED
		               ? r
		               : skip(walk, strerror(-r));
	taken.partial = walk->box->run.cause != CAUSE_NONE;
	file = add_file(walk->files);
	if (!file)
		return -ENOMEM;
	*file = taken;
	return 0;
}

static const char *kind_name(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFLNK:
		return "is a symbolic link";
	case S_IFIFO:
		return "is a FIFO";
	case S_IFSOCK:
		return "is a socket";
	default:
		return "is not a regular file";
	}
}

static bool matches(const struct walk *walk)
{
	const struct strings *patterns = &walk->box->plan->collect;

	for (size_t i = 0; i < patterns->n; i++)
		if (glob_match(patterns->items[i], walk->path))
			return true;
	return false;
}

static int enter(struct walk *walk, int dir, const char *name)
{
	CLEANUP_FD int fd = -1;
	DIR *stream;

	if (walk->depth + 1 >= walk->max_names)
		return 0;
	if (walk->depth == MAX_DEPTH || strlen(walk->path) > MAX_PATH)
		return skip(walk, "is too deep");
	fd = open_beneath(dir, name, O_DIRECTORY);
	if (fd < 0)
		return skip(walk, strerror(-fd));
	stream = fdopendir(fd);
	if (!stream)
		return -errno;
	(void)TAKE_FD(fd);
	walk->levels[++walk->depth] = stream;
	walk->lengths[walk->depth] = strlen(walk->path);
	return 0;
}

/* One entry of the directory at the walk's depth. */
static int visit(struct walk *walk, const struct dirent *entry)
{
	int dir = dirfd(walk->levels[walk->depth]);
	size_t len = walk->lengths[walk->depth];
	struct stat st;

	(void)snprintf(walk->path + len, sizeof(walk->path) - len, "%s%s",
	               len ? "/" : "", entry->d_name);
	if (fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return skip(walk, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return enter(walk, dir, entry->d_name);
	if (!matches(walk))
		return 0;
	if (!S_ISREG(st.st_mode))
		return skip(walk, kind_name(st.st_mode));
	return take_regular(walk, dir, entry->d_name);
}

/* Level by level without recursion. */
static int walk_all(struct walk *walk)
{
	int r = 0;

	while (r == 0) {
		struct dirent *entry =
			file_entry(walk->levels[walk->depth], &r);

		if (entry && walk->visited++ == MAX_VISITED) {
			walk->path[0] = '\0';
			return skip(walk, "there are more than 1000000 files");
		}
		if (entry) {
			r = visit(walk, entry);
			continue;
		}
		(void)closedir(walk->levels[walk->depth]);
		walk->levels[walk->depth] = NULL;
		if (walk->depth == 0)
			break;
		walk->depth--;
	}
	return r;
}

static int compare_files(const void *a, const void *b)
{
	const struct run_file *left = a, *right = b;

	return strcmp(left->path, right->path);
}

static int start(struct walk *walk)
{
	const struct sbx_plan *plan = walk->box->plan;
	int top = open_beneath(walk->box->workspace, ".", O_DIRECTORY);

	if (top < 0)
		return top;
	walk->levels[0] = fdopendir(top);
	if (!walk->levels[0]) {
		int code = errno;

		(void)close(top);
		return -code;
	}
	for (size_t i = 0; i < plan->collect.n; i++)
		walk->max_names = MAX(walk->max_names,
		                      glob_depth(plan->collect.items[i]));
	walk->bytes_left = plan->tmpfs_bytes ? plan->tmpfs_bytes : NO_LIMIT;
	walk->inline_left = ALL_INLINE;
	return 0;
}

static int collect(struct sbx_box *box, const struct sbx_collect *to, int peer,
                   struct sbx_error *err)
{
	struct walk walk = {
		.box = box, .files = &box->run.files, .to = to, .peer = peer};
	int r = 0;

	if (!box->run.ended)
		return err_say(err, SBX_STAGE_REPORT, EINVAL,
		               "files are collected when the run is over");
	if (box->plan->collect.n == 0 || box->run.files.collected)
		return 0;
	box->run.files.collected = true;
	if (box->workspace >= 0)
		r = start(&walk);
	if (r == 0 && walk.levels[0])
		r = walk_all(&walk);
	for (size_t i = 0; i <= walk.depth; i++)
		if (walk.levels[i])
			(void)closedir(walk.levels[i]);
	if (r < 0)
		return err_set(err, SBX_STAGE_REPORT, -r, "collect files");
	if (walk.files->n)
		qsort(walk.files->list, walk.files->n,
		      sizeof(walk.files->list[0]), compare_files);
	return (int)MIN(walk.files->n_skipped, MAX_VISITED);
}

int sbx_box_collect(struct sbx_box *box, const struct sbx_collect *to,
                    struct sbx_error *err)
{
	return collect(box, to, -1, err);
}

int sbx_box_collect_send(struct sbx_box *box, int peer, struct sbx_error *err)
{
	const struct sbx_collect to = {.dir = -1};

	return collect(box, &to, peer, err);
}

int sbx_collect_receive(int peer, const struct sbx_collect *to)
{
	return hand_receive(peer, to);
}
