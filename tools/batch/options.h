/* SPDX-License-Identifier: MIT */
/* The command line of sbx-batch. */
#ifndef SBX_BATCH_OPTIONS_H
#define SBX_BATCH_OPTIONS_H

#include <stdbool.h>

#include "requests.h"
#include "tally.h"

#define MAX_JOBS 4096

struct options {
	bool help, version, merge, resume;
	const char *output; /* NULL: standard output */
	const char *pool;   /* a socket of sbxd, "" for the usual; or NULL */
	const char *audit;  /* NULL: none */
	size_t jobs;
	struct shard shard;
	enum summary summary;
	const char *requests;       /* "-": standard input */
	const char *const *reports; /* to merge; NULL-terminated */
};

/* Borrows argv, and moves its words. An error is one line for a person. */
int options_parse(int argc, char **argv, struct options *options,
                  struct sbx_error *err);

extern const char options_help[];

#endif
