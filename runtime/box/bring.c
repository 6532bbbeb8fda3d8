/* SPDX-License-Identifier: MIT */
#include "box/bring.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/hash.h"
#include "kernel/probe.h"
#include "kernel/sys.h"

#define CHUNK 65536

/* Where a file is written: the directory, its name there, and the name it has
 * until it is whole. */
struct place {
	int dir;
	int fd;
	const char *name;
	char working[64];
};

static int open_directory(int dir, const char *name)
{
	const struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};
	int fd = sys_openat2(dir, name, &how);

	return fd < 0 ? -errno : fd;
}

/* The directory of the path's last name, made where it is not there. */
static int open_parents(int dir, const char *path, const char **last)
{
	CLEANUP_FD int at = open_directory(dir, ".");
	const char *slash;

	*last = path;
	while (at >= 0 && (slash = strchr(path, '/'))) {
		char name[NAME_MAX + 1];
		size_t len = (size_t)(slash - path);
		int next;

		if (len >= sizeof(name))
			return -ENAMETOOLONG;
		memcpy(name, path, len);
		name[len] = '\0';
		if (mkdirat(at, name, 0777) < 0 && errno != EEXIST)
			return -errno;
		next = open_directory(at, name);
		(void)close(at);
		at = next;
		*last = path = slash + 1;
	}
	return TAKE_FD(at);
}

static int open_place(const struct bring *bring, const char *path,
                      struct place *place)
{
	char id[33];
	struct stat st;
	int r;

	place->dir = open_parents(bring->dir, path, &place->name);
	if (place->dir < 0)
		return place->dir;
	if (strlen(place->name) > NAME_MAX)
		return -ENAMETOOLONG;
	if (!bring->replace &&
	    fstatat(place->dir, place->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return -EEXIST;
	r = probe_random_id(id);
	if (r < 0)
		return r;
	(void)snprintf(place->working, sizeof(place->working), ".sbx-%s", id);
	place->fd = openat(place->dir, place->working,
	                   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	                   0666);
	return place->fd < 0 ? -errno : 0;
}

/* Gives it its name, once it is whole. */
static int finish_place(const struct bring *bring, struct place *place)
{
	unsigned flags = bring->replace ? 0 : RENAME_NOREPLACE;

	if (renameat2(place->dir, place->working, place->dir, place->name,
	              flags) < 0)
		return -errno;
	place->working[0] = '\0';
	return 0;
}

static void close_place(struct place *place)
{
	if (place->fd >= 0 && place->working[0])
		(void)unlinkat(place->dir, place->working, 0);
	cleanup_fd(&place->fd);
	cleanup_fd(&place->dir);
}

int bring_copy(struct bring *bring, int to, char sha256[65])
{
	bool seeks = to >= 0 && lseek(to, 0, SEEK_CUR) >= 0;
	char chunk[CHUNK];
	uint64_t left = bring->size;
	struct hash hash;
	int r = 0;

	hash_start(&hash);
	while (left > 0 && r == 0) {
		ssize_t n = read(bring->from, chunk, MIN(left, CHUNK));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		hash_add(&hash, chunk, (size_t)n);
		if (bring->keep)
			buffer_append(&bring->content, chunk, (size_t)n);
		if (to >= 0)
			r = seeks ? file_write_sparse(to, chunk, (size_t)n)
			          : file_write_fd(to, chunk, (size_t)n);
		bring->moved += (uint64_t)n;
		left -= (uint64_t)n;
	}
	hash_finish(&hash, sha256);
	if (r == 0 && seeks && ftruncate(to, (off_t)bring->size) < 0)
		r = -errno;
	return bring->content.failed ? -ENOMEM : r;
}

int bring_file(struct bring *bring, const char *path, char sha256[65])
{
	struct place place = {.dir = -1, .fd = -1};
	int r = 0;

	if (bring->dir >= 0)
		r = open_place(bring, path, &place);
	if (r == 0)
		r = bring_copy(bring, place.fd, sha256);
	if (r == 0 && bring->dir >= 0)
		r = finish_place(bring, &place);
	close_place(&place);
	return r;
}
