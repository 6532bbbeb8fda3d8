/* SPDX-License-Identifier: MIT */
/*
 * A path is walked name by name, in all layers at once, as an overlay would:
 * what a newer layer has of a name hides what older ones have, and directories
 * become one. What a run has left there is not believed: links lead nowhere.
 */
#include "box/session_files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "box/tree.h"
#include "model/checks.h"

/* The directories that are one, newest first; n is 0 where there is none. */
struct level {
	int fds[STORE_LAYERS];
	size_t n;
};

static void close_level(struct level *level)
{
	while (level->n > 0)
		(void)close(level->fds[--level->n]);
}

static int open_top(const struct sbx_session *session, struct level *level,
                    struct sbx_error *err)
{
	const struct store_state *newest = store_newest(session->store);
	int r;

	level->n = 0;
	if (!newest)
		return 0;
	r = store_open_layers(session->store, newest, level->fds, err);
	if (r == 0)
		level->n = newest->n_layers;
	return r;
}

/* The newest of that name: which directory has it, or -ENOENT. */
static int look(const struct level *level, const char *name, struct stat *st)
{
	for (size_t i = 0; i < level->n; i++)
		if (fstatat(level->fds[i], name, st, AT_SYMLINK_NOFOLLOW) == 0)
			return tree_is_whiteout(st) ? -ENOENT : (int)i;
	return -ENOENT;
}

/* All the directories of that name. */
static int collect(const struct level *level, const char *name,
                   struct level *inner)
{
	struct stat st;
	int fd;

	for (size_t i = 0; i < level->n; i++) {
		if (fstatat(level->fds[i], name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (!S_ISDIR(st.st_mode))
			return inner->n > 0 || tree_is_whiteout(&st) ? 0
			                                             : -ENOTDIR;
		fd = tree_open(level->fds[i], name);
		if (fd < 0)
			return fd;
		inner->fds[inner->n++] = fd;
		if (tree_is_opaque(fd))
			return 0;
	}
	return 0;
}

/* Goes into the directory of that name. */
static int enter(struct level *level, const char *name)
{
	struct level inner = {.n = 0};
	int r = collect(level, name, &inner);

	close_level(level);
	*level = inner;
	return r;
}

/* The next name of the path, but not the last. */
static bool next_part(const char **path, char name[NAME_MAX + 1])
{
	const char *slash = strchr(*path, '/');

	if (!slash)
		return false;
	memcpy(name, *path, (size_t)(slash - *path));
	name[slash - *path] = '\0';
	*path = slash + 1;
	return true;
}

static int open_file(int dir, const char *name)
{
	CLEANUP_FD int fd = openat(dir, name,
	                           O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
	                                   O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return errno == ELOOP ? -EINVAL : -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	return TAKE_FD(fd);
}

static int fail(const struct sbx_session *session, int code, const char *path,
                struct sbx_error *err)
{
	const char *why = code == EINVAL ? "is not a regular file"
	                                 : strerrordesc_np(code);

	return err_say(err, SBX_STAGE_SESSION, code, "session %s: %.120s: %s",
	               session->store->id, path, why);
}

static int check_path(const char *path, struct sbx_error *err)
{
	if (inner_path_ok(path))
		return 0;
	return err_say(err, SBX_STAGE_SESSION, EINVAL,
	               "the path of the file: is not one below /workspace: "
	               "\"data/a.csv\", without \"..\" and control "
	               "characters, at most 1000 bytes");
}

int session_file_open(const struct sbx_session *session, const char *path,
                      struct sbx_error *err)
{
	const char *last = path;
	char name[NAME_MAX + 1];
	struct level level;
	struct stat st;
	int r = check_path(path, err);

	if (r == 0)
		r = open_top(session, &level, err);
	if (r < 0)
		return r;
	while (r == 0 && next_part(&last, name))
		r = enter(&level, name);
	if (r == 0)
		r = look(&level, last, &st);
	if (r >= 0)
		r = open_file(level.fds[r], last);
	close_level(&level);
	if (r == -ENOTDIR)
		r = -ENOENT;
	return r < 0 ? fail(session, -r, path, err) : r;
}

/* ---- putting one there ---- */

static int make_file(const struct session_file *file, int dir, const char *name,
                     mode_t mode)
{
	CLEANUP_FD int fd = openat(
		dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		0600);
	int r = fd < 0 ? -errno : file_write_fd(fd, file->data, file->len);

	if (r == 0 && fchmod(fd, mode & 0777) < 0)
		r = -errno;
	return r;
}

/* What is merged with this one keeps its mode. */
static int keep_mode(const struct level *level, int dir)
{
	struct stat st = {.st_mode = 0755};

	if (level->n > 0 && fstat(level->fds[0], &st) < 0)
		return -errno;
	return fchmod(dir, (st.st_mode & 0777) | 0700) < 0 ? -errno : 0;
}

/* The way to the file, and the file, in the empty directory dir. */
static int fill(struct level *level, const struct session_file *file, int dir)
{
	CLEANUP_FD int at = tree_open(dir, ".");
	const char *last = file->path;
	char name[NAME_MAX + 1];
	struct stat st = {.st_mode = S_IFREG | 0644};
	int r = at < 0 ? at : keep_mode(level, at);

	while (r == 0 && next_part(&last, name)) {
		r = enter(level, name);
		if (r == 0 && mkdirat(at, name, 0700) < 0)
			r = -errno;
		if (r == 0)
			r = tree_enter(&at, name);
		if (r == 0)
			r = keep_mode(level, at);
	}
	if (r < 0)
		return r;
	if (look(level, last, &st) >= 0 && !S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	return make_file(file, at, last, st.st_mode);
}

int session_file_put(struct sbx_session *session,
                     const struct session_file *file, struct sbx_error *err)
{
	struct session_change change = {.whole = -1,
	                                .max_bytes = file->max_bytes,
	                                .max_inodes = file->max_inodes};
	CLEANUP_FD int scratch = -1;
	struct level level;
	int r = check_path(file->path, err);

	if (r == 0)
		r = open_top(session, &level, err);
	if (r < 0)
		return r;
	/* A layer that no state ever names: it goes with the commit, or with
	 * the next lock. */
	scratch = store_new_layer(session->store);
	session->store->next_layer++;
	r = scratch < 0 ? scratch : fill(&level, file, scratch);
	close_level(&level);
	if (r < 0)
		return fail(session, -r, file->path, err);
	change.upper = scratch;
	return session_add(session, &change, err);
}
