/* SPDX-License-Identifier: MIT */
/*
 * How sbx-exec hands a run to sbxd, over one stream connection:
 *
 *	client -> daemon  struct passing_request, with these descriptors: a
 *	                  sealed memfd of words, one of the program's text if
 *	                  there is one, those of standard input, output and
 *	                  error that are to be used, and one to send files to
 *	                  that the run leaves, which the client writes itself
 *	daemon -> client  struct passing_answer, with a memfd of the report
 *
 * Words come in pairs, each with a NUL behind it: what, and its value. The
 * client hangs up to cancel; a byte from it asks for the end, and the answer
 * comes as it does otherwise.
 */
#ifndef SBX_EXEC_PASSING_H
#define SBX_EXEC_PASSING_H

#include "sbx.h"

/* Where the system's daemon listens. */
#define PASSING_SYSTEM "/run/sbx/sbxd.sock"

/* Not the start of any HTTP request. */
#define PASSING_MAGIC "\001sbxrun"

#define PASSING_MAX_WORDS ((size_t)1 << 20)
#define PASSING_MAX_CODE  ((size_t)16 << 20)
#define PASSING_MAX_FDS   6

/* Which descriptors come, in this order after the words. */
enum passing_has {
	PASSING_CODE = 1,
	PASSING_IN = 2,
	PASSING_OUT = 4,
	PASSING_ERR = 8,
	PASSING_COLLECT = 16, /* a stream socket: files come as of box/hand.h */
};

/* What a word is about. */
#define PASSING_PROFILE  "profile"  /* its name */
#define PASSING_SETTING  "set"      /* PATH=VALUE of a field */
#define PASSING_FILE     "file"     /* the name of the program's file */
#define PASSING_REQUEST  "request"  /* the code is a JSON request */
#define PASSING_ID       "id"       /* of the report, whatever a request says */
#define PASSING_COMMAND  "command"  /* the arguments are a command */
#define PASSING_ARGUMENT "argument" /* of the program */
#define PASSING_SESSIONS "sessions" /* where the client has its own */

/* What either side says of --collect-to without a pattern. */
#define COLLECT_NOTHING                                                    \
	"--collect-to: nothing says which files: add --collect GLOB, for " \
	"all of them --collect '**'"

struct passing_request {
	char magic[8];
	uint32_t has; /* of enum passing_has */
};

struct passing_answer {
	char magic[8];
	int32_t exit_status; /* -1: failure says why */
	uint32_t stopped;    /* message is worth a line */
	uint32_t n_skipped;  /* files that could not be brought out */
	char message[256];
	struct sbx_error failure;
};

#endif
