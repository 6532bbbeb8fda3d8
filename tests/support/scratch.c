/* SPDX-License-Identifier: MIT */
#include "support/scratch.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"

#define N_TEXTS 16

static char directory[64];

const char *text_of(const char *format, ...)
{
	static char texts[N_TEXTS][2 * PATH_MAX];
	static size_t next;
	char *text = texts[next++ % N_TEXTS];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(texts[0]), format, args);
	va_end(args);
	return text;
}

void scratch_make(void)
{
	(void)snprintf(directory, sizeof(directory), "/tmp/sbx-box-XXXXXX");
	cr_assert_not_null(mkdtemp(directory));
	cr_assert_eq(chmod(directory, 0755), 0);
}

static int remove_one(const char *path, const struct stat *st, int kind,
                      struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

void scratch_remove(void)
{
	if (directory[0])
		cr_expect_eq(nftw(directory, remove_one, 16,
		                  FTW_DEPTH | FTW_PHYS | FTW_MOUNT),
		             0, "remove %s", directory);
}

const char *scratch(const char *name)
{
	return name[0] ? text_of("%s/%s", directory, name)
	               : text_of("%s", directory);
}

const char *scratch_file(const char *name, const void *data, size_t len,
                         mode_t mode)
{
	const char *path = scratch(name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	cr_assert_geq(fd, 0, "make %s", path);
	cr_assert_eq(file_write_fd(fd, data, len), 0);
	cr_assert_eq(fchmod(fd, mode), 0);
	(void)close(fd);
	return path;
}

const char *scratch_text(const char *name, const char *text)
{
	return scratch_file(name, text, strlen(text), 0644);
}

void read_file(const char *path, struct buffer *out)
{
	cr_assert_eq(file_read(path, (size_t)64 << 20, out), 0, "read %s",
	             path);
	char *end = buffer_reserve(out, 1);
	cr_assert_not_null(end);
	*end = '\0';
}
