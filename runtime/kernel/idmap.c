/* SPDX-License-Identifier: MIT */
#include "kernel/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "kernel/ns.h"

/* Takes the better of what range has and one extent of /proc/self/uid_map. */
static void range_consider(struct id_range *range, unsigned first,
                           unsigned count)
{
	unsigned half = count / 2;

	if (count > UINT32_MAX - first) /* the kernel has none like that */
		return;
	if (first <= IDMAP_FIRST && count > IDMAP_FIRST - first &&
	    count - (IDMAP_FIRST - first) >= IDMAP_COUNT)
		*range = (struct id_range){IDMAP_FIRST, IDMAP_COUNT};
	else if (range->first != IDMAP_FIRST && half > range->count)
		*range = (struct id_range){first + count - half,
		                           MIN(half, IDMAP_COUNT)};
}

struct id_range idmap_choose(const char *map)
{
	struct id_range range = {0, 0};
	unsigned first, outer, count;
	int used;

	while (sscanf(map, "%u %u %u%n", &first, &outer, &count, &used) == 3) {
		range_consider(&range, first, count);
		map += used;
	}
	return range;
}

int idmap_range(struct id_range *range, struct sbx_error *err)
{
	struct id_range found = {0, 0};
	struct buffer map = {0};
	int r;

	r = file_read_text("/proc/self/uid_map", 65536, &map);
	if (r == 0)
		found = idmap_choose(map.data);
	buffer_free(&map);
	if (r < 0)
		return err_set(err, SBX_STAGE_IDMAP, -r,
		               "read /proc/self/uid_map");
	if (found.count == 0)
		return err_say(
			err, SBX_STAGE_IDMAP, EPERM,
			"root here has no second user id to run the "
			"program as: run sbx as an ordinary user, or map "
			"more ids into this user namespace");
	*range = found;
	return 0;
}

static int lock_byte(int fd, unsigned offset)
{
	struct flock lock = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = offset,
		.l_len = 1,
	};

	return fcntl(fd, F_OFD_SETLK, &lock);
}

int idmap_reserve(const struct id_range *range, uid_t *id, int *lock,
                  struct sbx_error *err)
{
	CLEANUP_FD int fd = -1;
	unsigned start, offset;

	if (mkdir(IDMAP_STATE_DIR, 0755) < 0 && errno != EEXIST)
		return err_set(err, SBX_STAGE_IDMAP, errno,
		               "make " IDMAP_STATE_DIR);
	fd = open(IDMAP_STATE_DIR "/uids",
	          O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_set(err, SBX_STAGE_IDMAP, errno,
		               "open " IDMAP_STATE_DIR "/uids");
	/* A random start: ids are not taken again soon, and no one waits. */
	if (getrandom(&start, sizeof(start), 0) != sizeof(start))
		return err_set(err, SBX_STAGE_IDMAP, errno, "getrandom");
	for (unsigned i = 0; i < range->count; i++) {
		offset = (start % range->count + i) % range->count;
		if (lock_byte(fd, offset) == 0) {
			*id = range->first + offset;
			*lock = TAKE_FD(fd);
			return 0;
		}
		if (errno != EAGAIN && errno != EACCES)
			return err_set(err, SBX_STAGE_IDMAP, errno,
			               "lock " IDMAP_STATE_DIR "/uids");
	}
	return err_say(err, SBX_STAGE_IDMAP, EAGAIN,
	               "all %u user ids for runs are in use", range->count);
}

static int put_map(pid_t pid, const char *file, const char *text,
                   struct sbx_error *err)
{
	char path[64];
	int r;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	r = file_put(AT_FDCWD, path, text);
	if (r < 0)
		return err_set(err, SBX_STAGE_IDMAP, -r, "write \"%s\" to %s",
		               text, file);
	return 0;
}

/* The three files; the maps as text. */
static int put_maps(pid_t pid, const char *uids, const char *gids,
                    struct sbx_error *err)
{
	int r = put_map(pid, "setgroups", "deny", err);

	if (r == 0)
		r = put_map(pid, "uid_map", uids, err);
	if (r == 0)
		r = put_map(pid, "gid_map", gids, err);
	return r;
}

int idmap_write(pid_t pid, uid_t uid, gid_t gid, struct sbx_error *err)
{
	char uids[64], gids[64];

	if (uid == 0 || gid == 0)
		return err_say(err, SBX_STAGE_IDMAP, EPERM,
		               "the program would be root outside");
	(void)snprintf(uids, sizeof(uids), "%d %u 1", BOX_UID, uid);
	(void)snprintf(gids, sizeof(gids), "%d %u 1", BOX_GID, gid);
	return put_maps(pid, uids, gids, err);
}

int idmap_write_range(pid_t pid, uid_t uid, const struct id_range *range,
                      struct sbx_error *err)
{
	unsigned below = uid - range->first;
	unsigned above = range->count - below - 1;
	char map[192];
	int len = snprintf(map, sizeof(map), "%d %u 1\n", BOX_UID, uid);

	/* An extent of nothing is an error. */
	if (below > 0)
		len += snprintf(map + len, sizeof(map) - (size_t)len,
		                "%u %u %u\n", range->first, range->first,
		                below);
	if (above > 0)
		(void)snprintf(map + len, sizeof(map) - (size_t)len,
		               "%u %u %u\n", uid + 1, uid + 1, above);
	return put_maps(pid, map, map, err);
}

struct visit {
	int userns;
	pid_t pid;
	uid_t uid;
	gid_t gid;
	struct sbx_error *err;
	int r;
};

static int visit_main(void *argument)
{
	struct visit *visit = argument;

	if (setns(visit->userns, CLONE_NEWUSER) < 0)
		visit->r = err_set(visit->err, SBX_STAGE_IDMAP, errno,
		                   "enter the user namespace of a zygote");
	else
		visit->r = idmap_write(visit->pid, visit->uid, visit->gid,
		                       visit->err);
	_exit(0);
}

int idmap_write_within(int userns, pid_t pid, uid_t uid, gid_t gid,
                       struct sbx_error *err)
{
	struct visit visit = {userns, pid, uid, gid, err, -ECHILD};
	int r = ns_visit(visit_main, &visit);

	if (r < 0)
		return err_set(err, SBX_STAGE_IDMAP, -r,
		               "clone, to enter a user namespace");
	return visit.r;
}
