/* SPDX-License-Identifier: MIT */
/* The file that the profile goes to: there whole, or as it was. */
#ifndef SBX_TRACE_OUTPUT_H
#define SBX_TRACE_OUTPUT_H

#include "base/buffer.h"
#include "sbx.h"

struct output {
	int dir;          /* -1: standard output */
	const char *name; /* in it; of the path, which is borrowed */
};

#define OUTPUT_NONE ((struct output){.dir = -1})

/* Opens its directory, before anything runs: what the program does to the way
 * there leads nowhere. path NULL: standard output. A symbolic link, or what is
 * no regular file, is refused. */
int output_open(struct output *output, const char *path, struct sbx_error *err);

/* Writes it under a name that nobody can guess, which then becomes its own. */
int output_write(const struct output *output, const struct buffer *text,
                 struct sbx_error *err);

void output_close(struct output *output);

#endif
