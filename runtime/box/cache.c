/* SPDX-License-Identifier: MIT */
/*
 * Builds that are kept: a directory for each (kept.c), named by the hash of all
 * that the build depends on. What is in the way of keeping is no reason not to
 * run; what is wrong with the directory of them is an error.
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
#include "box/kept.h"
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

/* Numbers are the host's own: a key never leaves it. */
static void add_number(struct buffer *key, uint64_t number)
{
	buffer_append(key, &number, sizeof(number));
}

/* Each text with its length, so that no two lists read the same. */
static void add_text(struct buffer *key, const char *text)
{
	size_t len = strlen(text);

	add_number(key, len);
	buffer_append(key, text, len);
}

static void add_texts(struct buffer *key, char *const *texts)
{
	size_t n = 0;

	while (texts[n])
		n++;
	add_number(key, n);
	for (; *texts; texts++)
		add_text(key, *texts);
}

static void add_stamp(struct buffer *key, const char *path)
{
	struct stat st;

	add_text(key, path);
	if (stat(path, &st) < 0)
		st = (struct stat){0};
	add_number(key, st.st_ino);
	add_number(key, (uint64_t)st.st_size);
	add_number(key, (uint64_t)st.st_mtim.tv_sec);
	add_number(key, (uint64_t)st.st_mtim.tv_nsec);
}

static void add_step_to(struct buffer *key, const struct step *step)
{
	add_number(key, step->kind);
	add_number(key, step->mode);
	add_text(key, step->path);
	add_text(key, step->source ? step->source : "");
	if (step->source && step->kind == STEP_BIND)
		add_stamp(key, step->source);
	add_number(key, step->len);
	if (step->len)
		buffer_append(key, step->data, step->len);
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

	add_text(&text, "sbx " SBX_VERSION " 2");
	add_text(&text, plan->executable);
	add_text(&text, plan->rootfs);
	add_texts(&text, plan->argv);
	add_texts(&text, plan->envp);
	add_number(&text, plan->n_steps);
	for (size_t i = 0; i < plan->n_steps; i++)
		add_step_to(&text, &plan->steps[i]);
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

int sbx_built_find(const struct sbx_plan *plan, const char *path,
                   struct sbx_built **built, struct sbx_error *err)
{
	CLEANUP_FD int dir = -1;
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
		r = kept_open(dir, key, built);
	return r == -ENOMEM ? err_memory(err, SBX_STAGE_PLAN) : 0;
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

/* Up to 4 * MAX_KEPT builds in the directory; more are a later call's. None
 * where it cannot be read to its end: the oldest might be those not seen. */
static size_t list_kept(DIR *dir, struct kept *list, uint64_t *size)
{
	const struct dirent *entry;
	struct stat st;
	size_t n = 0;
	int r = 0;

	*size = 0;
	while (n < (size_t)4 * MAX_KEPT && (entry = file_entry(dir, &r))) {
		if (!kept_is_name(entry->d_name) ||
		    fstatat(dirfd(dir), entry->d_name, &st,
		            AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		(void)snprintf(list[n].name, sizeof(list[n].name), "%s",
		               entry->d_name);
		list[n].size = kept_size(dirfd(dir), entry->d_name);
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
	int unread, own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = file_list(own < 0 ? -errno : own, &unread);
	struct kept *list = calloc((size_t)4 * MAX_KEPT, sizeof(*list));
	uint64_t size = 0;
	size_t n = 0;

	if (dir && list)
		n = list_kept(dir, list, &size);
	if (n > 0)
		qsort(list, n, sizeof(*list), older);
	for (size_t i = 0, left = n;
	     i < n && (left > MAX_KEPT || size > MAX_KEPT_SIZE); i++) {
		if (kept_remove(fd, list[i].name) < 0)
			continue;
		size -= list[i].size;
		left--;
	}
	free(list);
	if (dir)
		(void)closedir(dir);
}

int sbx_built_keep(const struct sbx_plan *plan, const char *path,
                   struct sbx_built **built, struct sbx_error *err)
{
	CLEANUP_FD int dir = -1;
	struct sbx_built *kept = NULL;
	char key[HASH + 1];
	int r;

	if (may_change(plan) || (*built)->text.len > MAX_ONE)
		return 0;
	dir = open_dir(path, err);
	if (dir < 0)
		return dir;
	r = make_key(plan, key);
	if (r == 0)
		r = kept_write(dir, key, *built);
	if (r == 0 || r == -EEXIST)
		(void)kept_open(dir, key, &kept);
	make_room(dir);
	if (kept) {
		sbx_built_free(*built);
		*built = kept;
	}
	return 0;
}
