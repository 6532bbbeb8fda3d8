/* SPDX-License-Identifier: MIT */
/*
 * What a build left in its workspace. The box is over, so nothing changes
 * while it is read; its tmpfs lives as long as the descriptor. All of it is
 * hostile still: links are never followed, and everything is bounded.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "box/box.h"
#include "model/built.h"

struct walk {
	struct buffer text;
	size_t n_entries;
	char path[BUILT_MAX_PATH]; /* of what is looked at */
	struct sbx_error *err;
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

static int take_file(struct walk *walk, int parent, const char *name)
{
	CLEANUP_FD int fd = -1;
	size_t room = BUILT_MAX_BYTES - walk->text.len;
	struct stat st;
	int r;

	fd = openat(parent, name,
	            O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return failed(walk, errno);
	if (!S_ISREG(st.st_mode))
		return failed(walk, EINVAL);
	if (walk->text.len > BUILT_MAX_BYTES || st.st_size < 0 ||
	    (uint64_t)st.st_size > room)
		return too_much(walk, "more than 128M of files");
	built_append(&walk->text,
	             st.st_mode & 0111 ? BUILT_PROGRAM : BUILT_FILE, walk->path,
	             (size_t)st.st_size);
	size_t before = walk->text.len;
	r = file_read_fd(fd, (size_t)st.st_size, &walk->text);
	if (r == 0 && walk->text.len - before != (size_t)st.st_size)
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
	built_append(&walk->text, BUILT_DIRECTORY, walk->path, 0);
	return take_directory(walk, fd, depth);
}

static int take_entry(struct walk *walk, int parent, const char *name,
                      int depth)
{
	size_t len = strlen(walk->path);
	struct stat st;
	int r = 0;

	if (len + strlen(name) + 2 > sizeof(walk->path))
		return too_much(walk, "a path longer than 1K");
	(void)snprintf(walk->path + len, sizeof(walk->path) - len, "%s%s",
	               len ? "/" : "", name);
	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return failed(walk, errno);
	if ((S_ISDIR(st.st_mode) || S_ISREG(st.st_mode)) &&
	    ++walk->n_entries > BUILT_MAX_ENTRIES)
		return too_much(walk, "more than 512 files");
	if (S_ISDIR(st.st_mode))
		r = take_below(walk, parent, name, depth + 1);
	else if (S_ISREG(st.st_mode))
		r = take_file(walk, parent, name);
	walk->path[len] = '\0';
	return r;
}

static int take_directory(struct walk *walk, int fd, int depth)
{
	/* A description of its own: where it is read is not shared. */
	int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = own < 0 ? NULL : fdopendir(own);
	const struct dirent *entry;
	int r = 0;

	if (!dir) {
		cleanup_fd(&own);
		return failed(walk, errno);
	}
	while (r == 0 && (entry = file_entry(dir, &r)))
		r = take_entry(walk, fd, entry->d_name, depth);
	(void)closedir(dir);
	return r < 0 && !entry ? failed(walk, -r) : r;
}

/* What a check leaves. */
static int take_nothing(struct sbx_built **built, struct sbx_error *err)
{
	struct buffer none = {0};
	int r = built_parse(&none, built);

	return r < 0 ? err_set(err, SBX_STAGE_WATCH, -r, "build") : 0;
}

int sbx_built_take(const struct sbx_box *box, struct sbx_built **built,
                   struct sbx_error *err)
{
	struct walk walk = {.err = err};
	int r;

	if (!box->run.ended || box->workspace < 0)
		return err_say(err, SBX_STAGE_WATCH, EINVAL,
		               "build: its run is not over");
	if (box->plan->role == ROLE_CHECK)
		return take_nothing(built, err);
	r = take_directory(&walk, box->workspace, 0);
	if (r < 0) {
		buffer_free(&walk.text);
		return r;
	}
	r = built_parse(&walk.text, built);
	if (r == -EBADMSG)
		return err_say(err, SBX_STAGE_WATCH, EINVAL,
		               "build: it left a name with control bytes");
	return r < 0 ? err_set(err, SBX_STAGE_WATCH, -r, "build") : 0;
}

void sbx_spec_built(struct sbx_spec *spec, const struct sbx_built *built,
                    const struct sbx_box *box)
{
	if (!box || box->plan->role == ROLE_BUILD)
		spec->built = built;
	else
		spec->passed =
			strcmp(sbx_box_outcome(box).status, "success") == 0;
	spec->first_plan = box ? box->plan : NULL;
	spec->first_run = box ? &box->run : NULL;
}
