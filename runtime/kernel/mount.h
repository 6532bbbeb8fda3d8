/* SPDX-License-Identifier: MIT */
/*
 * The new mount API, thinly. Every mount is made detached, gets its attributes
 * while nobody can see it, and is attached last. All return a descriptor or 0,
 * or -errno; they allocate nothing.
 */
#ifndef SBX_KERNEL_MOUNT_H
#define SBX_KERNEL_MOUNT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A private copy of what is mounted at path and below it, nosuid and nodev,
 * read-only unless writable. Later mounts of the host never show in it. */
int mount_tree(const char *path, bool writable);

/* The same, read-only, of that one directory alone; -ESTALE where path leads
 * to another. */
int mount_exact(const char *path, dev_t device, ino_t inode);

/* A read-only copy of one device node, which does not keep anyone from writing
 * to the device; -ENXIO unless it is the character device. */
int mount_device(const char *path, dev_t device);

/* A copy of one file or directory of a mount that this mount namespace made
 * itself; as read-only as that mount is now. */
int mount_own(const char *path);

/* New file systems. The proc is of the caller's pid namespace. */
int mount_tmpfs(uint64_t bytes, uint64_t inodes);
int mount_proc(void);
int mount_pts(void);

/* The directory at path, read-only, with its owners as the user namespace maps
 * them; takes the right to do that on the host. */
int mount_mapped(const char *path, int userns);

/* An overlay of the directories: lower may be several, newest first, with ":"
 * between them; they may be relative. Its marks are user attributes. */
int mount_overlay(const char *lower, const char *upper, const char *work);

/* Attaches a detached mount on path. A symbolic link there is not followed: a
 * file covers the link itself, and a directory is refused. */
int mount_attach(int tree, const char *path);

/* Makes the detached tree the root of the process, and forgets the old one
 * with everything below it. The working directory is the new root. */
int mount_enter(int tree);

/* Makes the mount at path, and not what is below it, read-only. */
int mount_seal(const char *path);

#endif
