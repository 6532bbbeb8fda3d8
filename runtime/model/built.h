/* SPDX-License-Identifier: MIT */
/*
 * What a build left: files and directories, as one text that can be kept in a
 * file and read again. The text may be hostile as soon as it was in one.
 */
#ifndef SBX_MODEL_BUILT_H
#define SBX_MODEL_BUILT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

#define BUILT_MAX_BYTES   ((size_t)128 << 20) /* of the text */
#define BUILT_MAX_ENTRIES 512
#define BUILT_MAX_PATH    1024
#define BUILT_MAX_DEPTH   16

/* Where the program sees it, read-only. */
#define BUILT_PLACE "/build"

enum built_kind { BUILT_DIRECTORY, BUILT_FILE, BUILT_PROGRAM };

struct built_entry {
	enum built_kind kind; /* BUILT_PROGRAM: a file that may be executed */
	const char *path;     /* "a/b"; never absolute, no "." or ".." */
	const void *data;
	size_t len;
};

struct sbx_built {
	struct buffer text; /* what the entries point into */
	size_t n_entries;
	struct built_entry entries[BUILT_MAX_ENTRIES];
};

/* Appends an entry to a text. The data follows: the caller appends exactly
 * len bytes. A parent goes before what is in it. */
void built_append(struct buffer *text, enum built_kind kind, const char *path,
                  size_t len);

/* Takes the text, also when it fails: -EBADMSG for one that built_append()
 * does not make, -E2BIG for one with too many entries, -ENOMEM. */
int built_parse(struct buffer *text, struct sbx_built **built);

#endif
