/* SPDX-License-Identifier: MIT */
/*
 * Slips of the finger are one letter too many, one too few, one that is wrong,
 * or two that changed places; each costs one. The three rows of the usual
 * table are all that is kept, and both words are short.
 */
#include "base/suggest.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/def.h"

/* How far a word of this length may be from what was meant. */
static size_t tolerance(size_t len)
{
	return len < 4 ? 1 : len < 7 ? 2 : 3;
}

static size_t cell(const char *a, const char *b, size_t i, size_t j,
                   size_t (*rows)[SUGGEST_MAX + 1])
{
	const size_t *before = rows[(i + 1) % 3]; /* that is row i - 2 */
	const size_t *above = rows[(i + 2) % 3];
	const size_t *here = rows[i % 3];
	size_t best = above[j - 1] + (a[i - 1] != b[j - 1]);

	best = MIN(best, above[j] + 1);
	best = MIN(best, here[j - 1] + 1);
	if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
		best = MIN(best, before[j - 2] + 1);
	return best;
}

static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][SUGGEST_MAX + 1];

	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		rows[i % 3][0] = i;
		for (size_t j = 1; j <= b_len; j++)
			rows[i % 3][j] = cell(a, b, i, j, rows);
	}
	return rows[a_len % 3][b_len];
}

static void keep(struct suggest *suggest, const char *candidate, size_t far)
{
	if (suggest->best[0] && suggest->distance <= far)
		return;
	(void)snprintf(suggest->best, sizeof(suggest->best), "%s", candidate);
	suggest->distance = far;
}

void suggest_offer(struct suggest *suggest, const char *candidate)
{
	size_t len = strnlen(suggest->word, SUGGEST_MAX + 1);
	size_t candidate_len = strnlen(candidate, SUGGEST_MAX + 1);

	if (len == 0 || len > SUGGEST_MAX || candidate_len > SUGGEST_MAX)
		return;
	size_t far = distance(suggest->word, len, candidate, candidate_len);
	size_t limit = MIN(tolerance(len), candidate_len - 1);

	/* Cut short is a slip too: --mem. */
	if (len > 2 && strncmp(suggest->word, candidate, len) == 0)
		far = MIN(far, limit);
	if (candidate_len > 1 && far <= limit)
		keep(suggest, candidate, far);
}

void suggest_exact(struct suggest *suggest, const char *candidate)
{
	if (strlen(candidate) <= SUGGEST_MAX)
		keep(suggest, candidate, 0);
}

char *suggest_text(const struct suggest *suggest, const char *opening,
                   char *buffer)
{
	buffer[0] = '\0';
	if (suggest->best[0])
		(void)snprintf(buffer, SUGGEST_TEXT, "; did you mean \"%s%s\"?",
		               opening, suggest->best);
	return buffer;
}
