/* SPDX-License-Identifier: MIT */
#include "remarks.h"

#include <stdio.h>
#include <string.h>

#define COLUMNS 78

/* Words of one comment, over as many lines as they take. */
struct remark {
	struct buffer *text;
	size_t column;
};

static void add_word(struct remark *remark, const char *word)
{
	size_t len = strlen(word);

	if (remark->column == 0 || remark->column + 1 + len > COLUMNS) {
		buffer_text(remark->text, remark->column ? "\n//  " : "//");
		remark->column = remark->column ? 4 : 2;
	}
	buffer_printf(remark->text, " %s", word);
	remark->column += 1 + len;
}

static void end(struct remark *remark)
{
	buffer_text(remark->text, "\n");
	remark->column = 0;
}

/* The first of the chosen sets that allows it: there it is counted. */
static size_t set_of(const struct call_seen *call, sets_t sets)
{
	return (size_t)__builtin_ctz((call->sets & sets) | 1u << 31);
}

static void add_calls(const struct learned *learned, sets_t sets, size_t set,
                      struct remark *remark)
{
	const struct calls_seen *calls = learned->calls;
	uint64_t n = 0;
	size_t kinds = 0;
	char word[96], name[64];

	for (size_t i = 0; i < calls->n; i++) {
		if (set_of(&calls->list[i], sets) == set) {
			n += calls->list[i].n;
			kinds++;
		}
	}
	(void)snprintf(word, sizeof(word),
	               "Set %s, %ju call%s:", filter_sets[set].name,
	               (uintmax_t)n, n == 1 ? "" : "s");
	add_word(remark, word);
	for (size_t i = 0; i < calls->n; i++) {
		const struct call_seen *call = &calls->list[i];

		if (set_of(call, sets) != set)
			continue;
		(void)snprintf(word, sizeof(word), "%s %ju%s",
		               filter_call_name(FILTER_ARCH, call->call, name),
		               (uintmax_t)call->n, --kinds ? "," : "");
		add_word(remark, word);
	}
	end(remark);
}

char *remarks_refused(const struct learned *learned, uint32_t call, char *out,
                      size_t size)
{
	const struct strings *names = &learned->plan->seccomp;
	sets_t sets = calls_sets(call, NULL) &
	              ~calls_sets_named(names->items, names->n);
	const char *before = " (in ";
	char name[64];
	int len = snprintf(out, size, "%s",
	                   filter_call_name(FILTER_ARCH, call, name));

	for (size_t i = 0; i < n_filter_sets; i++) {
		if (!(sets >> i & 1) || len < 0 || (size_t)len >= size)
			continue;
		len += snprintf(out + len, size - (size_t)len, "%s%s", before,
		                filter_sets[i].name);
		before = ", ";
	}
	if (sets && len > 0 && (size_t)len < size)
		(void)snprintf(out + len, size - (size_t)len, ")");
	return out;
}

static void add_refused(const struct learned *learned, struct remark *remark)
{
	const struct traced *traced = learned->traced;
	size_t n = MIN(traced->n_refused, ARRAY_SIZE(traced->refused));
	char word[160];

	if (n == 0)
		return;
	add_word(remark, "Refused:");
	for (size_t i = 0; i < n; i++) {
		(void)remarks_refused(learned, traced->refused[i], word,
		                      sizeof(word) - 1);
		if (i + 1 < n)
			(void)strcat(word, ",");
		add_word(remark, word);
	}
	end(remark);
}

static void add_opening(const struct learned *learned, struct remark *remark)
{
	char word[160];

	(void)snprintf(word, sizeof(word),
	               "By sbx-trace, of a run with profile %s, exit status "
	               "%d.",
	               learned->name ? learned->name : "(a file)",
	               learned->traced->exit_status);
	add_word(remark, word);
	end(remark);
	add_word(remark, "Limits are twice what was used, rounded up.");
	end(remark);
}

void remarks_add(const struct learned *learned, sets_t sets,
                 struct buffer *text)
{
	struct remark remark = {.text = text};

	add_opening(learned, &remark);
	for (size_t i = 0; i < n_filter_sets; i++)
		if (sets >> i & 1)
			add_calls(learned, sets, i, &remark);
	add_refused(learned, &remark);
}
