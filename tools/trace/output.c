/* SPDX-License-Identifier: MIT */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"

static int fail(struct sbx_error *err, int code, const char *name)
{
	return err_set(err, SBX_STAGE_REPORT, code, "output %s", name);
}

/* What is there already would be replaced, whatever it is. */
static int check_file(const struct output *output, struct sbx_error *err)
{
	struct stat st;

	if (fstatat(output->dir, output->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : fail(err, errno, output->name);
	if (S_ISREG(st.st_mode))
		return 0;
	return err_say(err, SBX_STAGE_REPORT, EINVAL,
	               "output %s: is %s; name a file itself, or leave "
	               "--output out for standard output",
	               output->name,
	               S_ISLNK(st.st_mode) ? "a symbolic link"
	                                   : "not a regular file");
}

int output_open(struct output *output, const char *path, struct sbx_error *err)
{
	char parent[PATH_MAX] = ".";
	const char *slash;
	int r;

	*output = OUTPUT_NONE;
	if (!path)
		return 0;
	slash = strrchr(path, '/');
	output->name = slash ? slash + 1 : path;
	if (!output->name[0])
		return err_say(err, SBX_STAGE_REPORT, EINVAL,
		               "--output: \"%.60s\" names no file", path);
	if (strlen(path) >= sizeof(parent))
		return fail(err, ENAMETOOLONG, output->name);
	if (slash)
		(void)snprintf(parent, sizeof(parent), "%.*s",
		               (int)MAX(slash - path, 1), path);
	output->dir = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (output->dir < 0)
		return fail(err, errno, path);
	r = check_file(output, err);
	/* So that it is said before anything runs. */
	if (r == 0 && faccessat(output->dir, ".", W_OK | X_OK, AT_EACCESS) < 0)
		return fail(err, errno, path);
	return r;
}

static int write_new(int dir, const char *name, const struct buffer *text)
{
	CLEANUP_FD int fd = openat(
		dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		0666);
	int r = fd < 0 ? -errno : file_write_fd(fd, text->data, text->len);

	/* Else a machine that ends now could leave the name without bytes. */
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	return r;
}

int output_write(const struct output *output, const struct buffer *text,
                 struct sbx_error *err)
{
	uint64_t random = 0;
	char working[32];
	int r;

	if (output->dir < 0) {
		r = file_write_fd(STDOUT_FILENO, text->data, text->len);
		return r < 0 ? fail(err, -r, "standard output") : 0;
	}
	r = check_file(output, err);
	if (r < 0)
		return r;
	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return fail(err, errno, output->name);
	(void)snprintf(working, sizeof(working), ".sbx-%016jx",
	               (uintmax_t)random);
	r = write_new(output->dir, working, text);
	if (r == 0 &&
	    renameat(output->dir, working, output->dir, output->name) < 0)
		r = -errno;
	if (r < 0 && r != -EEXIST)
		(void)unlinkat(output->dir, working, 0);
	return r < 0 ? fail(err, -r, output->name) : 0;
}

void output_close(struct output *output)
{
	cleanup_fd(&output->dir);
	output->dir = -1;
}
