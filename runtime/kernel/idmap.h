/* SPDX-License-Identifier: MIT */
/*
 * Who the program is. Inside always uid and gid 1000; outside the caller
 * itself or, when root calls, an unprivileged id that no other live run has:
 * per-uid quotas, signals and files are then not shared with anyone.
 */
#ifndef SBX_KERNEL_IDMAP_H
#define SBX_KERNEL_IDMAP_H

#include <sys/types.h>
#include "sbx.h"

#define BOX_UID 1000
#define BOX_GID 1000

/* A range nobody allocates from: systemd's UIDS-GIDS.md lists 1879048192 to
 * 2147483647 as unused. */
#define IDMAP_FIRST 0x70000000u
#define IDMAP_COUNT 65536u

struct id_range {
	uid_t first;
	unsigned count;
};

/* Where a privileged caller's boxes take their ids from: the range above or,
 * inside a user namespace that does not have it, the upper half of the longest
 * range that it has. -EPERM where there is none but 0. */
int idmap_range(struct id_range *range, struct sbx_error *err);

/* The same from the text of a uid_map; count 0 where there is none. Pure. */
struct id_range idmap_choose(const char *map);

/* Reserves one id of the range for as long as the descriptor is open in any
 * process: a byte of STATE_DIR/uids is locked. */
int idmap_reserve(const struct id_range *range, uid_t *id, int *lock,
                  struct sbx_error *err);
#define IDMAP_STATE_DIR "/run/sbx"

/* Writes the maps of a process that waits for them; setgroups is denied. */
int idmap_write(pid_t pid, uid_t uid, gid_t gid, struct sbx_error *err);

/* The same for a process whose user namespace was made in another one of the
 * caller's, userns, where uid and gid are ids. The kernel takes such maps from
 * nobody outside of that, so a child of ours goes there for a moment. */
int idmap_write_within(int userns, pid_t pid, uid_t uid, gid_t gid,
                       struct sbx_error *err);

/* For a namespace in which others are made: beside uid, which is one of range,
 * also all others of it, as themselves. */
int idmap_write_range(pid_t pid, uid_t uid, const struct id_range *range,
                      struct sbx_error *err);

#endif
