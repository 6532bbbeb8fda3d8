/* SPDX-License-Identifier: MIT */
/*
 * Builds that are kept: a file for each, named by the hash of all that the
 * build depends on, holding the hash of what follows and the text of a struct
 * sbx_built. A file is written under another name and renamed, so it is there
 * as a whole or not at all. What is in the way of keeping is no reason not to
 * run; what is wrong with the directory is an error.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "kernel/probe.h"
#include "model/built.h"
#include "model/plan.h"

#define HASH          64
#define MAX_KEPT      256
#define MAX_KEPT_SIZE ((uint64_t)256 << 20)
#define MAX_ONE       ((size_t)16 << 20) /* the daemon waits meanwhile */

/* Files that change when programs of the host do. */
static const char *const stamps[] = {
	"/etc/ld.so.cache",          "/var/lib/dpkg/status",
	"/var/lib/rpm/rpmdb.sqlite", "/lib/apk/db/installed",
	"/var/lib/pacman/local",
};

static void add_stamp(struct buffer *key, const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0)
		buffer_printf(key, "%s %ju %ju %jd.%09ld\n", path,
		              (uintmax_t)st.st_ino, (uintmax_t)st.st_size,
		              (intmax_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

/* Each text with its length, so that no two lists read the same. */
static void add_text(struct buffer *key, const char *text)
{
	buffer_printf(key, "%zu ", strlen(text));
	buffer_text(key, text);
}

static void add_texts(struct buffer *key, char *const *texts)
{
	for (; *texts; texts++)
		add_text(key, *texts);
	buffer_text(key, "\n");
}

/* What it sees of the host may change without a trace. And a check has to be
 * of the very text that is run. */
static bool may_change(const struct sbx_plan *plan)
{
	if (plan->role == ROLE_CHECK)
		return true;
	for (size_t i = 0; i < plan->n_steps; i++)
		if (plan->steps[i].kind == STEP_COPY)
			return true;
	return plan->has_binds;
}

static int make_key(const struct sbx_plan *plan, char key[HASH + 1])
{
	struct buffer text = {0};

	buffer_text(&text, "sbx " SBX_VERSION "\n");
	add_text(&text, plan->executable);
	add_text(&text, plan->rootfs);
	add_texts(&text, plan->argv);
	add_texts(&text, plan->envp);
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct step *step = &plan->steps[i];

		buffer_printf(&text, "%d %o %zu ", (int)step->kind, step->mode,
		              step->len);
		add_text(&text, step->path);
		if (step->source)
			add_text(&text, step->source);
		if (step->source && step->kind == STEP_BIND)
			add_stamp(&text, step->source);
		if (step->len)
			buffer_append(&text, step->data, step->len);
	}
	add_stamp(&text, plan->executable);
	for (size_t i = 0; i < ARRAY_SIZE(stamps); i++)
		add_stamp(&text, stamps[i]);
	if (!text.failed)
		text_sha256(text.data, text.len, key);
	buffer_free(&text);
	return text.failed ? -ENOMEM : 0;
}

/* The directory, made where it is not there, and nobody else's. */
static int open_dir(const char *path, struct sbx_error *err)
{
	CLEANUP_FD int fd = -1;
	struct stat st;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_set(err, SBX_STAGE_PLAN, errno, "cache %s", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(err, SBX_STAGE_PLAN, errno, "cache %s", path);
	if (st.st_uid != geteuid() || st.st_mode & 0022)
		return err_say(err, SBX_STAGE_PLAN, EPERM,
		               "cache %s: others may write to it; remove it, "
		               "or make it your own with mode 0700",
		               path);
	return TAKE_FD(fd);
}

/* What is in the file of that name; -ENOENT also for one that is damaged. */
static int read_kept(int dir, const char *name, struct buffer *text)
{
	CLEANUP_FD int fd = -1;
	char hash[HASH + 1], found[HASH];
	struct stat st;
	int r;

	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -ENOENT;
	if (read(fd, found, sizeof(found)) != (ssize_t)sizeof(found))
		return -ENOENT;
	r = file_read_fd(fd, MAX_ONE, text);
	if (r == -ENOMEM)
		return r;
	text_sha256(text->data, text->len, hash);
	if (r < 0 || memcmp(hash, found, HASH) != 0)
		return -ENOENT;
	/* Used now: it is the last to go. */
	(void)futimens(fd, NULL);
	return 0;
}

int sbx_built_find(const struct sbx_plan *plan, const char *path,
                   struct sbx_built **built, struct sbx_error *err)
{
	CLEANUP_FD int dir = -1;
	struct buffer text = {0};
	char key[HASH + 1];
	int r;

	*built = NULL;
	if (may_change(plan))
		return 0;
	dir = open_dir(path, err);
	if (dir < 0)
		return dir;
	r = make_key(plan, key);
	if (r == 0)
		r = read_kept(dir, key, &text);
	if (r == 0)
		r = built_parse(&text, built);
	buffer_free(&text);
	if (r == -ENOMEM)
		return err_memory(err, SBX_STAGE_PLAN);
	return 0;
}

/* ---- keeping ---- */

struct kept {
	char name[NAME_MAX + 1];
	uint64_t size;
	struct timespec used;
};

static int older(const void *a, const void *b)
{
	const struct timespec *left = &((const struct kept *)a)->used;
	const struct timespec *right = &((const struct kept *)b)->used;

	if (left->tv_sec != right->tv_sec)
		return left->tv_sec < right->tv_sec ? -1 : 1;
	return (left->tv_nsec > right->tv_nsec) -
	       (left->tv_nsec < right->tv_nsec);
}

/* Up to 4 * MAX_KEPT files of the directory; more are a later call's. None
 * where it cannot be read to its end: the oldest might be those not seen. */
static size_t list_kept(DIR *dir, struct kept *list, uint64_t *size)
{
	const struct dirent *entry;
	struct stat st;
	size_t n = 0;
	int r = 0;

	*size = 0;
	while (n < (size_t)4 * MAX_KEPT && (entry = file_entry(dir, &r))) {
		if (fstatat(dirfd(dir), entry->d_name, &st,
		            AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		(void)snprintf(list[n].name, sizeof(list[n].name), "%s",
		               entry->d_name);
		list[n].size = (uint64_t)st.st_size;
		list[n].used = st.st_mtim;
		*size += list[n++].size;
	}
	if (r == 0)
		return n;
	*size = 0;
	return 0;
}

static void make_room(int fd)
{
	int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = own < 0 ? NULL : fdopendir(own);
	struct kept *list = calloc((size_t)4 * MAX_KEPT, sizeof(*list));
	uint64_t size = 0;
	size_t n = 0;

	if (dir && list)
		n = list_kept(dir, list, &size);
	if (n > 0)
		qsort(list, n, sizeof(*list), older);
	for (size_t i = 0; n - i > MAX_KEPT || size > MAX_KEPT_SIZE; i++) {
		(void)unlinkat(fd, list[i].name, 0);
		size -= list[i].size;
	}
	free(list);
	if (dir)
		(void)closedir(dir);
	else
		cleanup_fd(&own);
}

static int write_kept(int dir, const char *key, const struct buffer *text)
{
	char hash[HASH + 1], id[33], name[40];
	CLEANUP_FD int fd = -1;
	int r;

	r = probe_random_id(id);
	if (r < 0)
		return r;
	(void)snprintf(name, sizeof(name), ".%s", id);
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	text_sha256(text->data, text->len, hash);
	r = file_write_fd(fd, hash, HASH);
	if (r == 0)
		r = file_write_fd(fd, text->data, text->len);
	if (r == 0 && renameat(dir, name, dir, key) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(dir, name, 0);
	return r;
}

int sbx_built_keep(const struct sbx_plan *plan, const char *path,
                   const struct sbx_built *built, struct sbx_error *err)
{
	CLEANUP_FD int dir = -1;
	char key[HASH + 1];

	if (may_change(plan) || built->text.len > MAX_ONE)
		return 0;
	dir = open_dir(path, err);
	if (dir < 0)
		return dir;
	if (make_key(plan, key) == 0)
		(void)write_kept(dir, key, &built->text);
	make_room(dir);
	return 0;
}
