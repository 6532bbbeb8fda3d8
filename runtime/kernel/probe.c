/* SPDX-License-Identifier: MIT */
#include "kernel/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/def.h"
#include "base/file.h"
#include "kernel/sys.h"

static bool is_absent(int code)
{
	return code == ENOENT || code == ENOTDIR;
}

int probe_kind(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return is_absent(errno) ? PROBE_ABSENT : -errno;
	if (S_ISLNK(st.st_mode))
		return PROBE_LINK;
	return S_ISDIR(st.st_mode) ? PROBE_DIRECTORY : PROBE_FILE;
}

int probe_link(const char *path, char *target, size_t size)
{
	ssize_t n = readlink(path, target, size - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	return 0;
}

int probe_executable(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return is_absent(errno) || errno == ELOOP ? -ENOENT : -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	return access(path, X_OK) < 0 ? -errno : 0;
}

int probe_executable_in(const char *root, const char *path)
{
	const struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT,
	};
	CLEANUP_FD int top = -1, fd = -1;
	struct stat st;

	top = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (top >= 0)
		fd = sys_openat2(top, path, &how);
	if (fd < 0 || fstat(fd, &st) < 0)
		return errno == ENOTDIR ? -ENOENT : -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode) || !(st.st_mode & 0111))
		return -EACCES;
	return 0;
}

int probe_random_id(char id[33])
{
	uint64_t parts[2];

	if (getrandom(parts, sizeof(parts), 0) != sizeof(parts))
		return -errno;
	(void)snprintf(id, 33, "%016jx%016jx", (uintmax_t)parts[0],
	               (uintmax_t)parts[1]);
	return 0;
}

int probe_boot(char boot[PROBE_BOOT])
{
	int r = file_get(AT_FDCWD, "/proc/sys/kernel/random/boot_id", boot,
	                 PROBE_BOOT);

	return r > 0 ? 0 : r < 0 ? r : -EIO;
}

unsigned probe_cpus(void)
{
	cpu_set_t own;

	if (sched_getaffinity(0, sizeof(own), &own) < 0)
		return 1;
	return (unsigned)CPU_COUNT(&own);
}
