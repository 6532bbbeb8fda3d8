/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/def.h"
#include "base/text.h"
#include "sbxd/tokens.h"

#define T32  "0123456789abcdefghijklmnopqrstuv"
#define U32  "vutsrqponmlkjihgfedcba9876543210"
#define T128 T32 T32 T32 T32
#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static int parse(const char *text, struct tokens *tokens, struct sbx_error *err)
{
	return tokens_parse(text, strlen(text), tokens, err);
}

/* What is a file of tokens, and how many it has. */
Test(tokens, are_read)
{
	static const struct {
		const char *text;
		unsigned n;
	} rows[] = {
		{"a " T32, 1},
		{"a " T32 "\n", 1},
		{"\n#\n# a\n\t a\t" T32 " \nb " U32 "\n\n", 2},
		{"a " T32 "\na " U32 "\n", 2}, /* one caller */
		{"a " T128 T128, 1},
		{"A-b_c.9 ._~+/=" T32, 1},
		{"12345678901234567890123456789012 " T32, 1},
		{"a sha256:" HASH "\n", 1},
	};
	struct sbx_error err;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct tokens tokens;

		cr_expect_eq(parse(rows[i].text, &tokens, &err), 0, "%s: %s",
		             rows[i].text, err.text);
		cr_expect_eq(tokens.n, rows[i].n, "%s", rows[i].text);
	}
}

/* What is none: the line, what is wrong, and nothing that it says. */
Test(tokens, are_refused)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{"", "there is no token"},
		{"#a " T32, "there is no token"},
		{"a", "line 1: NAME TOKEN"},
		{"a " T32 " " U32, "line 1: NAME TOKEN"},
		{"\na abcdefghijklmnopqrstuvwxyz01234\n", "line 2: has less"},
		{"a \"\"", "line 1: has less"},
		{"a " T32 "\r\n", "line 1: letters"},
		{"a " T32 "\x80", "line 1: letters"},
		{"a " T32 ":", "line 1: letters"},
		{"a " T128 T128 "x", "line 1: letters"},
		{"a sha256:", "line 1: 64 digits"},
		{"a sha256:" HASH "0", "line 1: 64 digits"},
		{"a sha256:G" HASH, "line 1: 64 digits"},
		{"../a " T32, "line 1: a name"},
		{"-a " T32, "line 1: a name"},
		{". " T32, "line 1: a name"},
		{"a/b " T32, "line 1: a name"},
		{"a\x01 " T32, "line 1: a name"},
		{"123456789012345678901234567890123 " T32, "line 1: a name"},
		{"a " T32 "\nb " T32, "line 2: is there before, for a"},
	};
	struct sbx_error err;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct tokens tokens;

		cr_expect_eq(parse(rows[i].text, &tokens, &err), -EINVAL, "%s",
		             rows[i].text);
		cr_expect_not_null(strstr(err.text, rows[i].why), "%s: %s",
		                   rows[i].text, err.text);
		cr_expect_null(strstr(err.text, "0123456789abcdef"), "%s",
		               err.text);
	}
	cr_expect_eq(tokens_parse("a\0b " T32, 36, &(struct tokens){0}, &err),
	             -EINVAL);
}

/* No more than there is room for. */
Test(tokens, are_so_many)
{
	char text[(MAX_TOKENS + 1) * 48];
	struct sbx_error err;
	struct tokens tokens;
	size_t len = 0;

	for (unsigned i = 0; i <= MAX_TOKENS; i++) {
		cr_expect_eq(len ? tokens_parse(text, len, &tokens, &err) : 0,
		             0, "%u: %s", i, err.text);
		len += (size_t)sprintf(text + len, "a%u %04u%s\n", i, i, T32);
	}
	cr_expect_eq(tokens_parse(text, len, &tokens, &err), -EINVAL);
	cr_expect_not_null(strstr(err.text, "line 257: more than 256"), "%s",
	                   err.text);
}

/* A header is of whose token it has, in either form. */
Test(tokens, are_found)
{
	static const struct {
		const char *header, *name;
	} rows[] = {
		{"Bearer " T32, "one"},
		{"bEARER   " T32, "one"},
		{"Bearer " U32, "two"},
		{"Bearer " T128, "three"},
		{"Bearer " T32 "0", NULL},
		{"Bearer " T32 " ", NULL},
		{"Bearer\t" T32, NULL},
		{"Bearer" T32, NULL},
		{"Bearer", NULL},
		{"Bearer ", NULL},
		{"Basic " T32, NULL},
		{T32, NULL},
		{"", NULL},
		{NULL, NULL},
	};
	char text[400], hash[65];
	struct tokens tokens;
	struct sbx_error err;

	text_sha256(T128, strlen(T128), hash);
	(void)snprintf(text, sizeof(text),
	               "one " T32 "\ntwo " U32 "\nthree sha256:%s\n", hash);
	cr_assert_eq(parse(text, &tokens, &err), 0, "%s", err.text);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *name = tokens_name(&tokens, rows[i].header);

		cr_expect_eq(!name, !rows[i].name, "%s", rows[i].header);
		if (name && rows[i].name)
			cr_expect_str_eq(name, rows[i].name);
	}
	cr_expect_null(tokens_name(NULL, rows[0].header));
	/* What is kept is no token. */
	(void)snprintf(text, sizeof(text), "Bearer %s", hash);
	cr_expect_null(tokens_name(&tokens, text));
	(void)snprintf(text, sizeof(text), "Bearer sha256:%s", hash);
	cr_expect_null(tokens_name(&tokens, text));
}
