/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <string.h>

#include "base/def.h"
#include "base/suggest.h"

static const char *const words[] = {"memory", "timeout", "wall-time", "pids",
                                    "json",   "code",    "net"};

static void offer_all(struct suggest *suggest)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		suggest_offer(suggest, words[i]);
}

/* Slips of each kind find the word, and words far from all find none. */
Test(suggest, finds_what_was_meant)
{
	static const struct {
		const char *word, *best;
	} rows[] = {
		{"memroy", "memory"},  /* two changed places */
		{"memmory", "memory"}, /* one too many */
		{"memoy", "memory"},   /* one too few */
		{"mamory", "memory"},  /* one is wrong */
		{"mem", "memory"},     /* cut short */
		{"wall_time", "wall-time"},
		{"pid", "pids"},
		{"cod", "code"},
		{"nett", "net"},
		{"x", ""},
		{"", ""},
		{"swap", ""},
		{"xyzzy", ""},
		{"me", ""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct suggest suggest = {.word = rows[i].word};

		offer_all(&suggest);
		cr_expect_str_eq(suggest.best, rows[i].best, "%s: %s",
		                 rows[i].word, suggest.best);
	}
}

/* The nearest wins over an earlier one that is near too. */
Test(suggest, keeps_the_nearest)
{
	struct suggest suggest = {.word = "stack"};

	suggest_offer(&suggest, "stock");
	suggest_offer(&suggest, "stacks");
	suggest_offer(&suggest, "stack");
	cr_expect_str_eq(suggest.best, "stack");
	suggest_exact(&suggest, "limits.stack");
	cr_expect_str_eq(suggest.best, "stack", "a tie goes to the first");
}

/* What is said to be exact wins over what is only near. */
Test(suggest, prefers_the_exact)
{
	struct suggest suggest = {.word = "timeuot"};

	suggest_offer(&suggest, "timeout");
	suggest_exact(&suggest, "limits.wall_time");
	suggest_offer(&suggest, "timeout");
	cr_expect_str_eq(suggest.best, "limits.wall_time");
}

/* Words of any length are taken: long ones have no neighbours. */
Test(suggest, bounds_its_words)
{
	static char word[1 << 20];
	struct suggest suggest = {.word = word};

	memset(word, 'a', sizeof(word) - 1);
	suggest_offer(&suggest, word);
	suggest_offer(&suggest, "a");
	suggest_exact(&suggest, word);
	cr_expect_str_empty(suggest.best);

	word[SUGGEST_MAX] = '\0';
	suggest_offer(&suggest, word);
	cr_expect_str_eq(suggest.best, word);
	cr_expect_eq(suggest.distance, 0);

	word[SUGGEST_MAX - 1] = 'b';
	suggest = (struct suggest){.word = "memory"};
	suggest_offer(&suggest, word);
	suggest_offer(&suggest, "");
	cr_expect_str_empty(suggest.best);
}

/* The end of a message is empty when there is nothing to suggest. */
Test(suggest, ends_a_message)
{
	struct suggest suggest = {.word = "memroy"};
	char buffer[SUGGEST_TEXT] = "x";

	cr_expect_str_eq(suggest_text(&suggest, "--", buffer), "");
	offer_all(&suggest);
	cr_expect_str_eq(suggest_text(&suggest, "--", buffer),
	                 "; did you mean \"--memory\"?");
}
