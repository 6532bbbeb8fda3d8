/* SPDX-License-Identifier: MIT */
/* The lines of a file of any length, in bounded memory: of each line the first
 * bytes are kept, and of the rest where it is. */
#ifndef SBX_BATCH_LINES_H
#define SBX_BATCH_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

struct lines;

struct line {
	const char *head; /* valid until the next call */
	size_t head_len;
	uint64_t len;    /* without its end; more than head_len: it was cut */
	uint64_t offset; /* of its first byte */
	uint64_t number; /* from 1 */
	bool ended;      /* by a newline, not by the end of the file */
};

/* fd is borrowed, and read from where it stands. NULL: no memory. */
struct lines *lines_new(int fd, size_t max_head);
void lines_free(struct lines *lines);

/* 1 with the next line, 0 at the end of the file, -EAGAIN when lines_fill()
 * must come first, -ENOMEM. */
int lines_next(struct lines *lines, struct line *line);

/* One read(2), which blocks as fd does. 0 or -errno. */
int lines_fill(struct lines *lines);

/* Both together: as lines_next(), but never -EAGAIN. */
int lines_read(struct lines *lines, struct line *line);

/* How many bytes were read. */
uint64_t lines_offset(const struct lines *lines);

#endif
