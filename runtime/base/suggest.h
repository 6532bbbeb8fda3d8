/* SPDX-License-Identifier: MIT */
/* "did you mean": the nearest of some candidates to a word that is none of
 * them. */
#ifndef SBX_BASE_SUGGEST_H
#define SBX_BASE_SUGGEST_H

#include <stddef.h>

#define SUGGEST_MAX 63 /* longer words have no neighbours */

/* Start with {.word = ...}. */
struct suggest {
	const char *word;           /* as it was written */
	char best[SUGGEST_MAX + 1]; /* the nearest so far; "" is none */
	size_t distance;            /* of best */
};

/* Keeps candidate if it is near enough to be what was meant, and nearer than
 * all before it. */
void suggest_offer(struct suggest *suggest, const char *candidate);

/* Keeps candidate before all others: it is what was meant. */
void suggest_exact(struct suggest *suggest, const char *candidate);

/* The end of a message: "; did you mean "--memory"?", or "" when nothing was
 * near. opening stands before the word: "--" or "". buffer: at least 96 bytes.
 * Returns buffer. */
#define SUGGEST_TEXT 96
char *suggest_text(const struct suggest *suggest, const char *opening,
                   char *buffer);

#endif
