/* SPDX-License-Identifier: MIT */
/* The data of one file: a hole is not read, since a program makes a large one
 * for nothing, and what is zero is not written. */
#include <errno.h>

#include "base/def.h"
#include "base/file.h"
#include "box/tree.h"

#define CHUNK 65536

/* Where data begins and ends, at or after *at; both at the end of the file
 * where there is none. */
static int find_data(int fd, off_t size, off_t *at, off_t *end)
{
	off_t start = lseek(fd, *at, SEEK_DATA);

	*end = size;
	if (start < 0) {
		*at = size;
		return errno == ENXIO ? 0 : -errno;
	}
	*at = MIN(start, size);
	start = lseek(fd, start, SEEK_HOLE);
	if (start < 0 || lseek(fd, *at, SEEK_SET) < 0)
		return -errno;
	*end = MIN(start, size);
	return 0;
}

static int copy_part(int from, int to, off_t at, off_t end)
{
	char chunk[CHUNK];
	int r = lseek(to, at, SEEK_SET) < 0 ? -errno : 0;

	while (at < end && r == 0) {
		ssize_t n = read(from, chunk, MIN((size_t)(end - at), CHUNK));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		r = file_write_sparse(to, chunk, (size_t)n);
		at += n;
	}
	return r;
}

int tree_copy_data(int from, int to, off_t size)
{
	off_t at = 0, end = 0;
	int r = 0;

	while (r == 0 && at < size) {
		r = find_data(from, size, &at, &end);
		if (r == 0 && at < end)
			r = copy_part(from, to, at, end);
		at = end;
	}
	if (r == 0 && ftruncate(to, size) < 0)
		r = -errno;
	return r;
}
