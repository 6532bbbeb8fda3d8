/* SPDX-License-Identifier: MIT */
/* --pool: the run takes place in a warm sandbox of sbxd. */
#ifndef SBX_EXEC_POOL_H
#define SBX_EXEC_POOL_H

#include "base/buffer.h"
#include "exec/options.h"

/* What is not on the command line. */
struct pool_program {
	const void *text; /* the program's, or the request; NULL: a command */
	size_t len;
	const char *file;             /* its name, or NULL */
	const char *const *arguments; /* NULL-terminated; or NULL */
	int collect; /* the directory for the files; -1: the report has them */
};

struct pool_answer {
	int exit_status;
	bool stopped; /* by sbx, and message says why */
	char message[256];
	int n_skipped; /* files that could not be brought out */
	int report;    /* a descriptor of the report's text, or -1 */
};

#define POOL_NO_ANSWER ((struct pool_answer){.report = -1})

/* Reads the program's file for it. */
int pool_read(const char *path, struct buffer *text, struct sbx_error *err);

/* Hands the run over and waits for its end. Signals end it as they end one of
 * one's own. 0, or why there was no run, or why sbx failed; a report may have
 * come all the same. */
int pool_run(const struct options *options, const struct pool_program *program,
             const struct sbx_stdio *stdio, struct pool_answer *answer,
             struct sbx_error *err);

#endif
