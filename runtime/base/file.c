/* SPDX-License-Identifier: MIT */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/def.h"

#define READ_SIZE 16384

/* A descriptor that somebody made non-blocking is waited for like another. */
static int wait_ready(int fd, short events)
{
	struct pollfd poller = {.fd = fd, .events = events};

	if (poll(&poller, 1, -1) < 0 && errno != EINTR)
		return -errno;
	return 0;
}

/* One byte more than max is asked for: it tells a file of max bytes from a
 * longer one. st_size is not to be trusted, least of all in /proc. */
static int read_some(int fd, size_t left, struct buffer *out)
{
	size_t ask = left < READ_SIZE ? left + 1 : READ_SIZE;
	char *end = buffer_reserve(out, ask);
	ssize_t n;

	if (!end)
		return -ENOMEM;
	do
		n = read(fd, end, ask);
	while (n < 0 && (errno == EINTR ||
	                 (errno == EAGAIN && wait_ready(fd, POLLIN) == 0)));
	if (n < 0)
		return -errno;
	if ((size_t)n > left)
		return -EFBIG;
	out->len += (size_t)n;
	return n > 0;
}

int file_read_fd(int fd, size_t max, struct buffer *out)
{
	size_t before = out->len;
	int r;

	do
		r = read_some(fd, max - (out->len - before), out);
	while (r > 0);
	if (r < 0)
		out->len = before;
	return r;
}

int file_read(const char *path, size_t max, struct buffer *out)
{
	int fd CLEANUP_FD = -1;
	struct stat status;

	/* O_NONBLOCK: a FIFO would wait for a writer. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return errno == ENXIO ? -EINVAL : -errno; /* a socket */
	if (fstat(fd, &status) < 0)
		return -errno;
	if (S_ISDIR(status.st_mode))
		return -EISDIR;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	return file_read_fd(fd, max, out);
}

int file_read_text(const char *path, size_t max, struct buffer *out)
{
	int r = file_read(path, max, out);
	char *end = r < 0 ? NULL : buffer_reserve(out, 1);

	if (r == 0 && !end)
		return -ENOMEM;
	if (end)
		*end = '\0';
	return r;
}

int file_write_fd(int fd, const void *data, size_t len)
{
	const char *at = data;
	ssize_t n;
	int r;

	while (len > 0) {
		n = write(fd, at, len);
		if (n < 0 && errno == EAGAIN) {
			r = wait_ready(fd, POLLOUT);
			if (r < 0)
				return r;
		} else if (n < 0 && errno != EINTR) {
			return -errno;
		} else if (n == 0) {
			return -EIO;
		} else if (n > 0) {
			at += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

int file_write_sparse(int fd, const void *data, size_t len)
{
	const char *bytes = data;

	if (bytes[0] != 0 || memcmp(bytes, bytes + 1, len - 1) != 0)
		return file_write_fd(fd, data, len);
	return lseek(fd, (off_t)len, SEEK_CUR) < 0 ? -errno : 0;
}

DIR *file_list(int fd, int *r)
{
	DIR *list = fd < 0 ? NULL : fdopendir(fd);

	if (list)
		return list;
	*r = fd < 0 ? fd : -errno;
	cleanup_fd(&fd);
	return NULL;
}

struct dirent *file_entry(DIR *list, int *r)
{
	struct dirent *entry;

	do {
		errno = 0;
		entry = readdir(list);
	} while (entry && (strcmp(entry->d_name, ".") == 0 ||
	                   strcmp(entry->d_name, "..") == 0));
	if (!entry && errno)
		*r = -errno;
	return entry;
}

int file_lock(int fd, uint64_t wait_ns)
{
	const struct timespec pause = {.tv_nsec = (long)NS_PER_MS};
	uint64_t until = clock_ns() + wait_ns;

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (clock_ns() >= until)
			return -EBUSY;
		(void)nanosleep(&pause, NULL);
	}
	return 0;
}

int file_get(int dirfd, const char *path, char *text, size_t size)
{
	int fd CLEANUP_FD = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	do
		n = read(fd, text, size - 1);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	return (int)n;
}

int file_put(int dirfd, const char *path, const char *text)
{
	int fd CLEANUP_FD =
		openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	size_t len = strlen(text);
	ssize_t n;

	if (fd < 0)
		return -errno;
	do
		n = write(fd, text, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

int file_ensure_stdio(void)
{
	int fd, got;

	for (fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		if (errno != EBADF)
			return -errno;
		/* Without O_CLOEXEC, as standard streams are: a program that
		 * is started from here would find the hole again. The lowest
		 * free descriptor is the one that was missing. */
		got = open("/dev/null", O_RDONLY);
		if (got < 0)
			return -errno;
		if (got != fd) {
			(void)close(got);
			return -EBUSY;
		}
	}
	return 0;
}
