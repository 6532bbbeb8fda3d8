/* SPDX-License-Identifier: MIT */
/*
 * Who may ask over TCP. A file of lines
 *
 *	NAME TOKEN
 *	NAME sha256:HASH
 *
 * with # before what is none. Two lines of one name are one caller, so that a
 * token can be followed by the next.
 */
#ifndef SBX_SBXD_TOKENS_H
#define SBX_SBXD_TOKENS_H

#include "sbx.h"
#include "sbxd/who.h"

#define MAX_TOKENS  256
#define TOKEN_LEAST 32 /* characters */
#define TOKEN_MOST  256

/* What is known of them: not the tokens. */
struct tokens {
	unsigned n;
	struct token {
		char name[WHO_TOKEN + 1];
		char sha256[65];
	} rows[MAX_TOKENS];
};

/* Reads the text of such a file. 0, or -EINVAL and what is wrong with which
 * line, without a word of it. */
int tokens_parse(const char *text, size_t len, struct tokens *tokens,
                 struct sbx_error *err);

/* Reads the file, which is to be readable by its owner alone. What is known is
 * in memory that no child has. */
int tokens_open(const char *path, struct tokens **tokens,
                struct sbx_error *err);

/* Takes NULL. */
void tokens_close(struct tokens *tokens);

/* Whose token this is, the value of an Authorization header or NULL; or NULL,
 * as where tokens is. How long it takes tells nothing of any token. */
const char *tokens_name(const struct tokens *tokens, const char *authorization);

#endif
