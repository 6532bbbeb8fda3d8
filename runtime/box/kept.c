/* SPDX-License-Identifier: MIT */
/*
 * A directory with two things in it. "tree" is what the build left, as it is to
 * be seen, and is mounted as /build, so a run neither reads nor copies it.
 * "record" has the hash of the tree's content, and that of the marks which the
 * kernel leaves on files that are changed: those are looked at for each run,
 * the content only where the marks are others, as after a copy of the cache or
 * the next start of the host, before which a file that was not on the disk yet
 * may have got lost.
 *
 * It is made under another name and renamed. Who uses it holds a lock on the
 * record, shared; who removes it renames it first, with that lock alone.
 */
#include "box/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "box/tree.h"
#include "box/walk.h"
#include "kernel/probe.h"
#include "model/built.h"

#define HASH    64
#define WORKING 32 /* behind a dot */

/* Numbers are the host's own. */
struct record {
	uint64_t size;
	char content[HASH];
	char marks[HASH];
};

bool kept_is_name(const char *name)
{
	size_t len = strspn(name + (name[0] == '.'), "0123456789abcdef");

	return name[0] == '.' ? len == WORKING && !name[1 + len]
	                      : len == HASH && !name[len];
}

/* Of start, and of what a walk through the tree says. */
static int hash_walk(int tree, int (*walk)(int dir, struct buffer *text),
                     const char *start, char hash[HASH + 1])
{
	struct buffer text CLEANUP(buffer_free) = {0};
	int r;

	buffer_text(&text, start);
	r = walk(tree, &text);
	if (r == 0 && text.failed)
		r = -ENOMEM;
	if (r == 0)
		text_sha256(text.data, text.len, hash);
	return r;
}

static int hash_content(int tree, char hash[HASH + 1])
{
	return hash_walk(tree, walk_kept, "", hash);
}

static int hash_marks(int tree, char hash[HASH + 1])
{
	char boot[PROBE_BOOT];
	int r = probe_boot(boot);

	return r < 0 ? r : hash_walk(tree, walk_marks, boot, hash);
}

/* Whether it is what was put there. Marks that are new are recorded, unless
 * they were newer still once the content was read. */
static int verify(int tree, int fd)
{
	char marks[HASH + 1], content[HASH + 1], again[HASH + 1];
	struct record record;
	int known, r;

	if (pread(fd, &record, sizeof(record), 0) != (ssize_t)sizeof(record))
		return -EBADMSG;
	known = hash_marks(tree, marks);
	if (known == -ENOMEM)
		return known;
	if (known == 0 && memcmp(marks, record.marks, HASH) == 0)
		return 0;
	r = hash_content(tree, content);
	if (r < 0)
		return r;
	if (memcmp(content, record.content, HASH) != 0)
		return -EBADMSG;
	if (known < 0 || hash_marks(tree, again) < 0 ||
	    strcmp(again, marks) != 0)
		return 0;
	return pwrite(fd, marks, HASH, offsetof(struct record, marks)) == HASH
	               ? 0
	               : -EIO;
}

/* Pid 1 opens it by its path, with the caller's ids alone: root may go through
 * directories here that it cannot there. */
static bool is_in_reach(const char *place)
{
	char path[BUILT_MAX_PLACE];
	struct stat st;
	mode_t search;

	if (geteuid() != 0)
		return true;
	for (const char *end = strchr(place + 1, '/'); end;
	     end = strchr(end + 1, '/')) {
		(void)snprintf(path, sizeof(path), "%.*s", (int)(end - place),
		               place);
		if (stat(path, &st) < 0)
			return false;
		search = st.st_uid == 0           ? S_IXUSR
		         : st.st_gid == getegid() ? S_IXGRP
		                                  : S_IXOTH;
		if (!(st.st_mode & search))
			return false;
	}
	return true;
}

/* As a copy, for where the directory itself cannot be used. */
static int load(struct sbx_built **built, int tree)
{
	struct buffer text = {0};
	int r = walk_kept(tree, &text);

	if (r == 0)
		return built_parse(&text, built);
	buffer_free(&text);
	return r;
}

/* As the directory itself. Takes both descriptors when it succeeds. */
static int place(struct sbx_built **built, int *tree, int *lock)
{
	struct buffer none = {0};
	struct sbx_built *made;
	char link[40];
	struct stat st = {0};
	int r;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", *tree);
	r = built_parse(&none, &made);
	if (r < 0)
		return r;
	r = probe_link(link, made->place, sizeof(made->place));
	if (r == 0 && fstat(*tree, &st) < 0)
		r = -errno;
	if (r == 0 && !is_in_reach(made->place))
		r = -EACCES;
	if (r < 0) {
		sbx_built_free(made);
		return r;
	}
	made->device = st.st_dev;
	made->inode = st.st_ino;
	made->tree = TAKE_FD(*tree);
	made->lock = TAKE_FD(*lock);
	*built = made;
	return 0;
}

/* Whether the error says that what should be there is not. */
static bool is_missing(int r)
{
	return r == -ENOENT || r == -ENOTDIR || r == -ELOOP;
}

/* The record, locked, of what is still the one of that name. */
static int lock_record(int cache, const char *name, int entry, int how)
{
	CLEANUP_FD int fd = openat(
		entry, "record", O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st, now;

	if (fd < 0 || flock(fd, how | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	if (fstat(entry, &st) < 0 ||
	    fstatat(cache, name, &now, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (st.st_dev != now.st_dev || st.st_ino != now.st_ino)
		return -ESTALE;
	return TAKE_FD(fd);
}

static int open_entry(int cache, const char *name, struct sbx_built **built)
{
	CLEANUP_FD int entry = tree_open(cache, name);
	CLEANUP_FD int tree = -1, lock = -1;
	struct statvfs fs;
	int r;

	if (entry < 0)
		return entry;
	lock = lock_record(cache, name, entry, LOCK_SH);
	if (lock == -EBUSY || lock == -ESTALE)
		return -ENOENT; /* it is being removed */
	tree = tree_open(entry, "tree");
	if (lock < 0 || tree < 0)
		return is_missing(MIN(lock, tree)) ? -EBADMSG : MIN(lock, tree);
	if (fstatvfs(tree, &fs) < 0)
		return -errno;
	r = verify(tree, lock);
	if (r < 0)
		return r;
	r = fs.f_flag & ST_NOEXEC ? -EACCES : place(built, &tree, &lock);
	if (r == -EACCES)
		r = load(built, tree);
	/* Used now: it is the last to go. */
	if (r == 0)
		(void)futimens(entry, NULL);
	return r;
}

int kept_open(int cache, const char *name, struct sbx_built **built)
{
	int r = open_entry(cache, name, built);

	if (r == 0 || r == -ENOMEM)
		return r;
	/* What says nothing about it is no reason to lose it. */
	if (r != -ENOENT && r != -EMFILE && r != -ENFILE)
		(void)kept_remove(cache, name);
	return -ENOENT;
}

/* ---- keeping ---- */

static int write_file(int tree, const struct built_entry *entry)
{
	CLEANUP_FD int fd = -1;
	int r;

	fd = openat(tree, entry->path,
	            O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = file_write_fd(fd, entry->data, entry->len);
	return r == 0 && fchmod(fd, built_modes[entry->kind]) < 0 ? -errno : r;
}

/* Whatever the caller's mask is. */
static int make_directory(int dir, const char *name, mode_t mode)
{
	if (mkdirat(dir, name, 0700) < 0 || fchmodat(dir, name, mode, 0) < 0)
		return -errno;
	return 0;
}

static int write_tree(int tree, const struct sbx_built *built)
{
	int r = 0;

	for (size_t i = 0; i < built->n_entries && r == 0; i++) {
		const struct built_entry *entry = &built->entries[i];

		r = entry->kind == BUILT_DIRECTORY
		            ? make_directory(tree, entry->path,
		                             built_modes[entry->kind])
		            : write_file(tree, entry);
	}
	return r;
}

static int write_record(int fd, int tree, const struct sbx_built *built)
{
	struct record record = {.size = built->text.len};
	char content[HASH + 1], marks[HASH + 1];
	int r = hash_marks(tree, marks);

	if (r < 0)
		return r;
	text_sha256(built->text.data, built->text.len, content);
	memcpy(record.content, content, HASH);
	memcpy(record.marks, marks, HASH);
	return file_write_fd(fd, &record, sizeof(record));
}

/* The record is there first, and locked: so that nobody removes the rest. */
static int write_entry(int entry, const struct sbx_built *built, int *lock)
{
	CLEANUP_FD int tree = -1;
	int r;

	*lock = openat(entry, "record", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
	               0600);
	if (*lock < 0 || fchmod(*lock, 0600) < 0 ||
	    flock(*lock, LOCK_SH | LOCK_NB) < 0)
		return -errno;
	r = make_directory(entry, "tree", built_modes[BUILT_DIRECTORY]);
	if (r < 0)
		return r;
	tree = tree_open(entry, "tree");
	r = tree < 0 ? tree : write_tree(tree, built);
	return r < 0 ? r : write_record(*lock, tree, built);
}

/* Of what nobody else uses yet, or any more. */
static int working_name(char name[40])
{
	name[0] = '.';
	return probe_random_id(name + 1);
}

int kept_write(int cache, const char *name, const struct sbx_built *built)
{
	CLEANUP_FD int entry = -1, lock = -1;
	char working[40];
	int r = working_name(working);

	if (r < 0)
		return r;
	r = make_directory(cache, working, 0700);
	if (r < 0)
		return r;
	entry = tree_open(cache, working);
	r = entry < 0 ? entry : write_entry(entry, built, &lock);
	/* One that is not empty stays. */
	if (r == 0 && renameat(cache, working, cache, name) < 0)
		r = errno == ENOTEMPTY ? -EEXIST : -errno;
	if (r < 0)
		(void)tree_remove(cache, working);
	return r;
}

uint64_t kept_size(int cache, const char *name)
{
	CLEANUP_FD int entry = tree_open(cache, name), fd = -1;
	struct record record;

	if (entry >= 0)
		fd = openat(entry, "record",
		            O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || read(fd, &record, sizeof(record)) != sizeof(record))
		return 0;
	return record.size;
}

int kept_remove(int cache, const char *name)
{
	CLEANUP_FD int entry = tree_open(cache, name), lock = -1;
	char working[40];
	int r;

	if (entry < 0 && !is_missing(entry))
		return entry;
	if (entry >= 0)
		lock = lock_record(cache, name, entry, LOCK_EX);
	if (entry >= 0 && lock < 0 && !is_missing(lock))
		return lock;
	r = working_name(working);
	if (r == 0 && renameat(cache, name, cache, working) < 0)
		r = -errno;
	return r < 0 ? r : tree_remove(cache, working);
}
