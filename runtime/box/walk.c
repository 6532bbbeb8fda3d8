/* SPDX-License-Identifier: MIT */
#include "box/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "box/tree.h"
#include "model/built.h"

struct walk {
	struct buffer *text;
	bool only_marks;
	bool strict; /* other kinds of files are an error */
	size_t n_entries;
	char path[BUILT_MAX_PATH]; /* of what is looked at */
	struct sbx_error *err;     /* or NULL */
};

/* What the kernel keeps of a file. Nobody but the clock's owner can set the
 * time of its last change. */
struct mark {
	uint64_t device, inode, size;
	uint32_t mode, uid;
	int64_t modified[2], changed[2];
};

static int too_much(const struct walk *walk, const char *what)
{
	return err_say(walk->err, SBX_STAGE_WATCH, E2BIG,
	               "build: it left too much: %s at \"%.100s\"", what,
	               walk->path);
}

static int failed(const struct walk *walk, int code)
{
	return err_set(walk->err, SBX_STAGE_WATCH, code,
	               "build: take \"%.100s\"", walk->path);
}

static void add_mark(struct walk *walk, const struct stat *st)
{
	const struct mark mark = {
		.device = st->st_dev,
		.inode = st->st_ino,
		.size = (uint64_t)st->st_size,
		.mode = st->st_mode,
		.uid = st->st_uid,
		.modified = {st->st_mtim.tv_sec, st->st_mtim.tv_nsec},
		.changed = {st->st_ctim.tv_sec, st->st_ctim.tv_nsec},
	};

	buffer_append(walk->text, walk->path, strlen(walk->path) + 1);
	buffer_append(walk->text, &mark, sizeof(mark));
}

static int take_file(struct walk *walk, int parent, const char *name)
{
	CLEANUP_FD int fd = -1;
	struct buffer *text = walk->text;
	size_t room = BUILT_MAX_BYTES - text->len;
	struct stat st;
	int r;

	fd = openat(parent, name,
	            O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return failed(walk, errno);
	if (!S_ISREG(st.st_mode))
		return failed(walk, EINVAL);
	if (text->len > BUILT_MAX_BYTES || st.st_size < 0 ||
	    (uint64_t)st.st_size > room)
		return too_much(walk, "more than 128M of files");
	built_append(text, st.st_mode & 0111 ? BUILT_PROGRAM : BUILT_FILE,
	             walk->path, (size_t)st.st_size);
	size_t before = text->len;
	r = file_read_fd(fd, (size_t)st.st_size, text);
	if (r == 0 && text->len - before != (size_t)st.st_size)
		r = -EIO;
	return r < 0 ? failed(walk, -r) : 0;
}

static int take_directory(struct walk *walk, int fd, int depth);

static int take_below(struct walk *walk, int parent, const char *name,
                      int depth)
{
	CLEANUP_FD int fd = -1;

	if (depth > BUILT_MAX_DEPTH)
		return too_much(walk, "more than 16 directories deep");
	fd = openat(parent, name,
	            O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return failed(walk, errno);
	if (!walk->only_marks)
		built_append(walk->text, BUILT_DIRECTORY, walk->path, 0);
	return take_directory(walk, fd, depth);
}

static int take_kind(struct walk *walk, int parent, const char *name, int depth)
{
	struct stat st;

	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return failed(walk, errno);
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		return walk->strict ? failed(walk, EBADMSG) : 0;
	if (walk->only_marks)
		add_mark(walk, &st);
	if (S_ISDIR(st.st_mode))
		return take_below(walk, parent, name, depth + 1);
	return walk->only_marks ? 0 : take_file(walk, parent, name);
}

static int take_entry(struct walk *walk, int parent, const char *name,
                      int depth)
{
	size_t len = strlen(walk->path);
	int r;

	if (len + strlen(name) + 2 > sizeof(walk->path))
		return too_much(walk, "a path longer than 1K");
	(void)snprintf(walk->path + len, sizeof(walk->path) - len, "%s%s",
	               len ? "/" : "", name);
	r = take_kind(walk, parent, name, depth);
	walk->path[len] = '\0';
	return r;
}

/* Whether it can be one of those that count, as far as its directory knows. */
static bool may_count(const struct walk *walk, unsigned char type)
{
	return walk->strict || type == DT_REG || type == DT_DIR ||
	       type == DT_UNKNOWN;
}

/* The names in it, each with its NUL; *n of them. */
static int list_names(struct walk *walk, DIR *dir, struct buffer *names,
                      size_t *n)
{
	const struct dirent *entry;
	int r = 0;

	while ((entry = file_entry(dir, &r))) {
		if (!may_count(walk, entry->d_type))
			continue;
		if (++walk->n_entries > BUILT_MAX_ENTRIES)
			return too_much(walk, "more than 512 files");
		buffer_append(names, entry->d_name, strlen(entry->d_name) + 1);
		++*n;
	}
	if (names->failed)
		r = -ENOMEM;
	return r < 0 ? failed(walk, -r) : 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int take_names(struct walk *walk, int fd, int depth, DIR *dir)
{
	struct buffer names CLEANUP(buffer_free) = {0};
	const char *list[BUILT_MAX_ENTRIES];
	const char *name;
	size_t n = 0;
	int r = list_names(walk, dir, &names, &n);

	name = names.data;
	for (size_t i = 0; i < n && r == 0; i++, name += strlen(name) + 1)
		list[i] = name;
	if (n > 1 && r == 0)
		qsort(list, n, sizeof(list[0]), by_name);
	for (size_t i = 0; i < n && r == 0; i++)
		r = take_entry(walk, fd, list[i], depth);
	return r;
}

static int take_directory(struct walk *walk, int fd, int depth)
{
	int r = 0;
	/* A description of its own: where it is read is not shared. */
	DIR *dir = file_list(tree_open(fd, "."), &r);

	if (!dir)
		return failed(walk, -r);
	r = take_names(walk, fd, depth, dir);
	(void)closedir(dir);
	return r;
}

int walk_left(int dir, struct buffer *text, struct sbx_error *err)
{
	struct walk walk = {.text = text, .err = err};

	return take_directory(&walk, dir, 0);
}

int walk_kept(int dir, struct buffer *text)
{
	struct walk walk = {.text = text, .strict = true};

	return take_directory(&walk, dir, 0);
}

int walk_marks(int dir, struct buffer *marks)
{
	struct walk walk = {
		.text = marks,
		.only_marks = true,
		.strict = true,
	};
	struct stat st;

	if (fstat(dir, &st) < 0)
		return -errno;
	add_mark(&walk, &st);
	return take_directory(&walk, dir, 0);
}
