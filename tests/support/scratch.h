/* SPDX-License-Identifier: MIT */
/* A directory of the test's own, below /tmp, that everyone may read. Use as
 *	TestSuite(name, .init = scratch_make, .fini = scratch_remove); */
#ifndef SBX_TESTS_SCRATCH_H
#define SBX_TESTS_SCRATCH_H

#include <stddef.h>
#include <sys/types.h>

#include "base/buffer.h"

void scratch_make(void);
void scratch_remove(void);

/* The path of name in it; name "" is the directory. One of sixteen buffers
 * that are used in turn. */
const char *scratch(const char *name);

/* Makes a file with these bytes, and returns its path. */
const char *scratch_file(const char *name, const void *data, size_t len,
                         mode_t mode);
/* The same of a text, with mode 0644. */
const char *scratch_text(const char *name, const char *text);

/* Appends what is in the file, with a NUL behind it that does not count. */
void read_file(const char *path, struct buffer *out);

/* Text from parts, in the same buffers. */
const char *text_of(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

#endif
