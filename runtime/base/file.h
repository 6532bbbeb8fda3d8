/* SPDX-License-Identifier: MIT */
/* Files: read and written whole, listed, locked. */
#ifndef SBX_BASE_FILE_H
#define SBX_BASE_FILE_H

#include <dirent.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* Reads fd to its end. -EFBIG when it holds more than max bytes. */
int file_read_fd(int fd, size_t max, struct buffer *out);

/* Reads a regular file. -EISDIR for a directory, -EINVAL for another kind
 * (never blocks on a FIFO), -EFBIG, or the errno of the call. */
int file_read(const char *path, size_t max, struct buffer *out);

/* The same as text: a NUL follows, which does not count. */
int file_read_text(const char *path, size_t max, struct buffer *out);

/* Writes all, through EINTR and short writes. */
int file_write_fd(int fd, const void *data, size_t len);

/* Writes all to a new file, but for what is zero throughout: that is left a
 * hole, so the size is to be set at the end. len: more than 0. */
int file_write_sparse(int fd, const void *data, size_t len);

/* The entries of a directory, whose descriptor it takes; -errno in its place is
 * passed on. NULL: -errno is in *r. */
DIR *file_list(int fd, int *r);

/* The next entry but "." and "..", or NULL: at the end, and where it cannot be
 * read, with -errno in *r. */
struct dirent *file_entry(DIR *list, int *r);

/* Locks it for this process alone. -EBUSY when others have it, and do not let
 * go of it within wait_ns. */
int file_lock(int fd, uint64_t wait_ns);

/* Opens and reads a small file (of /proc or a cgroup) with one read: at most
 * size - 1 bytes, as text. Returns how many, or -errno. */
int file_get(int dirfd, const char *path, char *text, size_t size);

/* Opens and writes an existing one with one write. */
int file_put(int dirfd, const char *path, const char *text);

/* Opens /dev/null on those of 0, 1, 2 that are closed, so that no later
 * descriptor lands there. What is written is refused then, not lost. */
int file_ensure_stdio(void);

#endif
