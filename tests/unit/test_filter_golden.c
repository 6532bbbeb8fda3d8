/* SPDX-License-Identifier: MIT */
/* The verdict of every call, against the table in tests/golden: a change of a
 * set, of the generator or of libseccomp's names shows as a change there. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/def.h"
#include "base/file.h"
#include "kernel/filter.h"
#include "support/verdict.h"

#define GOLDEN "tests/golden/seccomp-x86_64.txt"
#define CALLS  512

/* What a program says to a call: always the same, or by its arguments. */
static const char *word(const struct program *program, uint32_t call)
{
	const struct filter_rule *rules[256];
	size_t n = rules_find(program, call, rules, ARRAY_SIZE(rules));
	uint64_t args[N_ARGS] = {0};
	char first = program_verdict(program, FILTER_ARCH, call, args);

	for (size_t i = 0; i < 2 * n; i++)
		for (unsigned step = 0;
		     rule_probe(rules[i / 2], -(i % 2), step, args); step++)
			if (program_verdict(program, FILTER_ARCH, call, args) !=
			    first)
				return "rules";
	return first == ALLOWED   ? "allow"
	       : first == REFUSED ? "EPERM"
	       : first == UNKNOWN ? "ENOSYS"
	                          : "?";
}

static void print_table(struct buffer *out)
{
	char name[64];

	buffer_text(out, "# number, call; in base; with threads; with unix; "
	                 "with memfd and affinity\n");
	for (uint32_t call = 0; call < CALLS; call++)
		buffer_printf(
			out, "%3u %-24s %-7s %-7s %-7s %s\n", call,
			filter_call_name(FILTER_ARCH, call, name),
			word(&programs[0], call), word(&programs[1], call),
			word(&programs[2], call), word(&programs[3], call));
}

/* How many bytes two texts have in common, in whole lines. */
static size_t common_lines(const struct buffer *a, const struct buffer *b)
{
	size_t line = 0;

	for (size_t i = 0; i < MIN(a->len, b->len); i++) {
		if (a->data[i] != b->data[i])
			break;
		if (a->data[i] == '\n')
			line = i + 1;
	}
	return line;
}

static int line_length(const struct buffer *text, size_t start)
{
	const char *end = memchr(text->data + start, '\n', text->len - start);

	return end ? (int)(end + 1 - text->data - (ptrdiff_t)start) : 0;
}

static void write_golden(const struct buffer *text)
{
	int fd = open(GOLDEN, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	cr_assert_geq(fd, 0);
	cr_assert_eq(file_write_fd(fd, text->data, text->len), 0);
	close(fd);
}

#ifdef __x86_64__
/* The table is as it was. SBX_GOLDEN=write makes it what it is now, to be read
 * in the difference before it is kept. */
Test(filter_golden, verdict_of_every_call)
{
	const char *mode = getenv("SBX_GOLDEN");
	struct buffer golden = {0};
	struct buffer now = {0};
	size_t same;

	cr_assert_eq(programs_compile(NULL), 0);
	print_table(&now);
	cr_assert_not(now.failed);
	if (mode && !strcmp(mode, "write"))
		write_golden(&now);
	cr_assert_eq(file_read(GOLDEN, 1 << 20, &golden), 0, "%s", GOLDEN);
	same = common_lines(&golden, &now);
	cr_expect(same == now.len && same == golden.len,
	          "%s differs (SBX_GOLDEN=write writes it anew); line:\n%.*s"
	          "is now:\n%.*s",
	          GOLDEN, line_length(&golden, same), golden.data + same,
	          line_length(&now, same), now.data + same);
	buffer_free(&golden);
	buffer_free(&now);
}
#endif
