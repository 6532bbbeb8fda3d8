/* SPDX-License-Identifier: MIT */
/*
 * Patterns of paths. "*" is any bytes of one name, "?" one character, "[a-z]"
 * and "[!a-z]" one of a set, "**" any number of directories (at the end: and
 * a file below them). A dot that starts a name is only matched by itself. No
 * pattern takes more than the product of the two lengths.
 */
#ifndef SBX_BASE_GLOB_H
#define SBX_BASE_GLOB_H

#include <stdbool.h>
#include <stddef.h>

bool glob_match(const char *pattern, const char *path);

/* How many names a path that matches has at most; SIZE_MAX: any number. */
size_t glob_depth(const char *pattern);

#endif
