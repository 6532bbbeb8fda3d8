/* SPDX-License-Identifier: MIT */
/* Small questions to the host, which the facts of a plan are made of. */
#ifndef SBX_KERNEL_PROBE_H
#define SBX_KERNEL_PROBE_H

#include <stdbool.h>
#include <stddef.h>

/* What is at path, not following a last symbolic link: one of these, or -errno
 * where that cannot be told. What cannot be told is never absent: a file of
 * /proc would go uncovered. */
enum probe_kind { PROBE_ABSENT, PROBE_FILE, PROBE_DIRECTORY, PROBE_LINK };
int probe_kind(const char *path);

/* The target of a symbolic link, cut to fit, as text. -errno if it is none. */
int probe_link(const char *path, char *target, size_t size);

/* 0 if path is a file that the caller may execute, -ENOENT if there is none,
 * -EACCES if it may not, -EISDIR, or another -errno. */
int probe_executable(const char *path);

/* The same of a path whose links, also absolute ones, lead no further than to
 * root, as if that were the root directory. */
int probe_executable_in(const char *root, const char *path);

/* 16 random bytes as 32 digits and a NUL; 0 or -errno. */
int probe_random_id(char id[33]);

/* Which start of the host this is, as text; 0 or -errno. */
#define PROBE_BOOT 40
int probe_boot(char boot[PROBE_BOOT]);

/* Processors that the caller may use; at least 1. */
unsigned probe_cpus(void);

#endif
