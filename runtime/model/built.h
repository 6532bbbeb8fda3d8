/* SPDX-License-Identifier: MIT */
/*
 * What a build left: files and directories. They are one text, which was read
 * from where a hostile program wrote, or a directory of the host's that holds
 * them as they are to be seen.
 */
#ifndef SBX_MODEL_BUILT_H
#define SBX_MODEL_BUILT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buffer.h"

#define BUILT_MAX_BYTES   ((size_t)128 << 20) /* of the text */
#define BUILT_MAX_ENTRIES 512
#define BUILT_MAX_PATH    1024
#define BUILT_MAX_DEPTH   16
#define BUILT_MAX_PLACE   4096

/* Where the program sees it, read-only. */
#define BUILT_PLACE "/build"

enum built_kind { BUILT_DIRECTORY, BUILT_FILE, BUILT_PROGRAM };

struct built_entry {
	enum built_kind kind; /* BUILT_PROGRAM: a file that may be executed */
	const char *path;     /* "a/b"; never absolute, no "." or ".." */
	const void *data;
	size_t len;
};

/* Of what is in /build. Nobody writes there, and nobody needs to. */
extern const mode_t built_modes[];

struct sbx_built {
	struct buffer text; /* what the entries point into */
	size_t n_entries;
	struct built_entry entries[BUILT_MAX_ENTRIES];

	/* Of the second kind; there are no entries then. */
	char place[BUILT_MAX_PLACE]; /* the directory; "": there is none */
	dev_t device;                /* which has to be this one */
	ino_t inode;
	int tree; /* keeps that one from being another's */
	int lock; /* keeps what is in it from being removed */
};

/* Appends an entry to a text. The data follows: the caller appends exactly
 * len bytes. A parent goes before what is in it. */
void built_append(struct buffer *text, enum built_kind kind, const char *path,
                  size_t len);

/* Takes the text, also when it fails: -EBADMSG for one that built_append()
 * does not make, -E2BIG for one with too many entries, -ENOMEM. */
int built_parse(struct buffer *text, struct sbx_built **built);

#endif
