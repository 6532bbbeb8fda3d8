/* SPDX-License-Identifier: MIT */
#include "box/inputs.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "kernel/sys.h"

/* O_NONBLOCK: a FIFO is refused, not waited for. */
#define OPEN_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

/* A regular file, opened; -EISDIR, -EINVAL for another kind. */
static int open_regular(const char *path, struct stat *st)
{
	CLEANUP_FD int fd = open(path, OPEN_FLAGS);

	if (fd < 0)
		return errno == ENXIO ? -EINVAL : -errno;
	if (fstat(fd, st) < 0)
		return -errno;
	if (S_ISDIR(st->st_mode))
		return -EISDIR;
	return S_ISREG(st->st_mode) ? TAKE_FD(fd) : -EINVAL;
}

int inputs_look(const struct sbx_spec *spec, struct arena *arena,
                struct facts *facts, struct sbx_error *err)
{
	const struct input *input;
	struct input_file *file;
	size_t n = 0;

	for (input = spec->inputs; input; input = input->next)
		n++;
	file = arena_alloc(arena, (n + 1) * sizeof(*file));
	if (!file)
		return err_memory(err, SBX_STAGE_PLAN);
	facts->inputs = file;
	for (input = spec->inputs; input; input = input->next, file++) {
		CLEANUP_FD int fd = -1;
		struct stat st = {0};

		if (!input->source)
			continue;
		fd = open_regular(input->source, &st);
		if (fd == -EISDIR)
			return err_say(err, SBX_STAGE_PLAN, EISDIR,
			               "input %s: is a directory; name its "
			               "files, or show it with --ro-bind",
			               input->source);
		if (fd == -EINVAL)
			return err_say(err, SBX_STAGE_PLAN, EINVAL,
			               "input %s: is not a regular file",
			               input->source);
		if (fd < 0)
			return err_set(err, SBX_STAGE_PLAN, -fd, "input %s",
			               input->source);
		file->size = (uint64_t)st.st_size;
		file->executable = st.st_mode & 0111;
	}
	return 0;
}

int input_open(const struct step *step)
{
	struct stat st;

	return open_regular(step->source, &st);
}

/* Exactly len bytes were counted; a file that has grown since is cut. */
static int copy_bytes(int from, int to, size_t len)
{
	while (len > 0) {
		ssize_t n = sendfile(to, from, NULL, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0; /* it has shrunk */
		len -= (size_t)n;
	}
	return 0;
}

int input_place(int directory, const char *path, const struct step *step,
                int from)
{
	const struct open_how how = {
		.flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		.mode = step->mode,
		.resolve = RESOLVE_NO_SYMLINKS,
	};
	CLEANUP_FD int fd = -1;

	/* What an earlier run of the session left under that name. The
	 * open below refuses it where a link led there. */
	if (step->replace && unlinkat(directory, path, 0) < 0 &&
	    errno != ENOENT)
		return -errno;
	fd = sys_openat2(directory, path, &how);
	if (fd < 0)
		return -errno;
	if (from >= 0)
		return copy_bytes(from, fd, step->len);
	return file_write_fd(fd, step->data, step->len);
}

static int open_path(const char *path, struct sbx_error *err)
{
	int fd = open(path, OPEN_FLAGS);

	if (fd < 0)
		return err_set(err, SBX_STAGE_WATCH, errno, "stdin %s", path);
	return fd;
}

static int open_text(const void *text, size_t len, struct sbx_error *err)
{
	CLEANUP_FD int fd = memfd_create("stdin", MFD_CLOEXEC);
	int r = fd < 0 ? -errno : file_write_fd(fd, text, len);

	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	if (r < 0)
		return err_set(err, SBX_STAGE_WATCH, -r,
		               "keep the text for standard input");
	return TAKE_FD(fd);
}

int input_stdin(const struct sbx_plan *plan, int *fd, struct sbx_error *err)
{
	int made = -1;

	if (plan->stdin_path)
		made = open_path(plan->stdin_path, err);
	else if (plan->stdin_text && plan->stdin_len > 0)
		made = open_text(plan->stdin_text, plan->stdin_len, err);
	else
		return 0;
	if (made < 0)
		return made;
	*fd = made;
	return 0;
}
