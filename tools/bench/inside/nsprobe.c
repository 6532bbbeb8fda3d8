/* SPDX-License-Identifier: MIT */
/*
 * nsprobe TOKEN: the trivial program of the benchmark. Prints, in one write,
 * what proves that it ran and where: the token, the inode numbers of its seven
 * namespaces, the id of its root mount (unique since boot; 0 on a kernel that
 * has none), and when its /proc was made. Linked statically: what is measured
 * is the sandbox, not the loader.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef STATX_MNT_ID_UNIQUE
#define STATX_MNT_ID_UNIQUE 0x4000
#endif

static const char *const links[] = {"/proc/self/ns/user",  "/proc/self/ns/pid",
                                    "/proc/self/ns/net",   "/proc/self/ns/ipc",
                                    "/proc/self/ns/uts",   "/proc/self/ns/mnt",
                                    "/proc/self/ns/cgroup"};

static uint64_t root_mount(void)
{
	struct statx found;

	if (statx(AT_FDCWD, "/", 0, STATX_MNT_ID_UNIQUE, &found) < 0 ||
	    !(found.stx_mask & STATX_MNT_ID_UNIQUE))
		return 0;
	return found.stx_mnt_id;
}

int main(int argc, char **argv)
{
	struct stat found;
	char line[512];
	int len;

	len = snprintf(line, sizeof(line), "%.64s", argc > 1 ? argv[1] : "");
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		if (stat(links[i], &found) < 0)
			return 1;
		len += snprintf(line + len, sizeof(line) - (size_t)len, " %ju",
		                (uintmax_t)found.st_ino);
	}
	if (stat("/proc", &found) < 0)
		return 1;
	len += snprintf(line + len, sizeof(line) - (size_t)len,
	                " %ju %jd%09ld\n", (uintmax_t)root_mount(),
	                (intmax_t)found.st_ctim.tv_sec, found.st_ctim.tv_nsec);
	return write(STDOUT_FILENO, line, (size_t)len) == len ? 0 : 1;
}
