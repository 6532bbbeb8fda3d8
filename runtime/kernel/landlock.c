/* SPDX-License-Identifier: MIT */
#include "kernel/landlock.h"

#include <errno.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/def.h"

/* Of later headers than those of Linux 6.1. */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif

#define READ  (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITE (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE)

static const uint64_t uses[] = {
	[LANDLOCK_READ] = READ,
	[LANDLOCK_WRITE] = READ | WRITE,
	[LANDLOCK_CLEAR] = LANDLOCK_ACCESS_FS_REMOVE_DIR,
	[LANDLOCK_KEEP] =
		READ | WRITE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
		LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
		LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_SYM |
		LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_REFER,
};

/* All that a version of it can hold. The first has the bits up to MAKE_SYM. */
static uint64_t held_by(long version)
{
	uint64_t held = 2 * LANDLOCK_ACCESS_FS_MAKE_SYM - 1;

	if (version >= 2)
		held |= LANDLOCK_ACCESS_FS_REFER;
	if (version >= 3)
		held |= LANDLOCK_ACCESS_FS_TRUNCATE;
	if (version >= 5)
		held |= LANDLOCK_ACCESS_FS_IOCTL_DEV;
	return held;
}

static int add(int rules, const struct landlock_place *place, uint64_t held)
{
	const struct landlock_path_beneath_attr rule = {
		.allowed_access = uses[place->use] & held,
		.parent_fd = place->fd,
	};

	return syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH,
	               &rule, 0) < 0
	               ? -errno
	               : 0;
}

int landlock_restrict(const struct landlock_place *places, size_t n_places)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
	                       LANDLOCK_CREATE_RULESET_VERSION);
	struct landlock_ruleset_attr attr = {0};
	CLEANUP_FD int rules = -1;
	int r = 0;

	if (version < 0)
		return errno == ENOSYS ? -EOPNOTSUPP : -errno;
	attr.handled_access_fs = held_by(version);
	rules = (int)syscall(SYS_landlock_create_ruleset, &attr,
	                     sizeof(attr.handled_access_fs), 0);
	if (rules < 0)
		return -errno;
	for (size_t i = 0; i < n_places && r == 0; i++)
		if (places[i].fd >= 0)
			r = add(rules, &places[i], attr.handled_access_fs);
	if (r == 0 && syscall(SYS_landlock_restrict_self, rules, 0) < 0)
		r = -errno;
	return r;
}
