/* SPDX-License-Identifier: MIT */
/* The text of what a build left is read back as it was written, and nothing
 * else is taken for one. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "model/built.h"
#include "sbx.h"

/* Two entries: a directory, and a file of three bytes in it. */
static void make_text(struct buffer *text)
{
	built_append(text, BUILT_DIRECTORY, "a", 0);
	built_append(text, BUILT_PROGRAM, "a/b", 3);
	buffer_append(text, "x\0y", 3);
}

Test(built, is_read_as_it_was_written)
{
	struct buffer text = {0};
	struct sbx_built *built;

	make_text(&text);
	cr_assert_eq(built_parse(&text, &built), 0);
	cr_expect_null(text.data, "it was taken");
	cr_assert_eq(built->n_entries, 2);
	cr_expect_eq(built->entries[0].kind, BUILT_DIRECTORY);
	cr_expect_str_eq(built->entries[0].path, "a");
	cr_expect_eq(built->entries[1].kind, BUILT_PROGRAM);
	cr_expect_str_eq(built->entries[1].path, "a/b");
	cr_expect_eq(built->entries[1].len, 3);
	cr_expect_eq(memcmp(built->entries[1].data, "x\0y", 3), 0);
	sbx_built_free(built);
	cr_assert_eq(built_parse(&text, &built), 0);
	cr_expect_eq(built->n_entries, 0);
	sbx_built_free(built);
	sbx_built_free(NULL);
}

/* Cut anywhere but between entries, or with any one byte of a number or a
 * length made large, it is refused or still in bounds. */
Test(built, cut_or_changed_is_never_misread)
{
	struct buffer whole = {0};
	struct sbx_built *built;

	make_text(&whole);
	for (size_t len = 0; len < whole.len; len++) {
		struct buffer text = {0};
		bool between = len == 0 || len == 16 + 2;

		buffer_append(&text, whole.data, len);
		int r = built_parse(&text, &built);
		cr_expect_eq(r, between ? 0 : -EBADMSG, "%zu", len);
		if (r == 0)
			sbx_built_free(built);
	}
	for (size_t at = 0; at < whole.len; at++) {
		struct buffer text = {0};

		buffer_append(&text, whole.data, whole.len);
		text.data[at] = '\xff';
		if (built_parse(&text, &built) == 0)
			sbx_built_free(built);
	}
	buffer_free(&whole);
}

/* A path that is not below the place, or not in its one form, is refused. */
Test(built, has_paths_below_its_place_only)
{
	static const char *const paths[] = {
		"",    "/",   "/a", "..",   "../a", "a/..", "a/../b", ".",
		"./a", "a/.", "a/", "a//b", "a\nb", "\x1b", "a/\x7f",
	};
	char longest[BUILT_MAX_PATH + 1];
	struct sbx_built *built;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct buffer text = {0};

		built_append(&text, BUILT_FILE, paths[i], 0);
		cr_expect_eq(built_parse(&text, &built), -EBADMSG, "\"%s\"",
		             paths[i]);
	}
	for (size_t i = 0; i < sizeof(longest); i++)
		longest[i] = i % 2 || i == 0 ? 'a' : '/';
	longest[BUILT_MAX_PATH] = '\0';
	for (int shorter = 0; shorter < 2; shorter++) {
		struct buffer text = {0};

		built_append(&text, BUILT_FILE, longest + shorter, 0);
		cr_expect_eq(built_parse(&text, &built),
		             shorter ? 0 : -EBADMSG);
		if (shorter)
			sbx_built_free(built);
	}
}

/* More entries than a plan has room for, and a directory with data. */
Test(built, is_bounded)
{
	struct buffer text = {0};
	struct sbx_built *built;

	for (int i = 0; i <= BUILT_MAX_ENTRIES; i++)
		built_append(&text, BUILT_FILE, "a", 0);
	cr_expect_eq(built_parse(&text, &built), -E2BIG);
	built_append(&text, BUILT_DIRECTORY, "a", 1);
	buffer_append(&text, "x", 1);
	cr_expect_eq(built_parse(&text, &built), -EBADMSG);
	text.failed = true;
	cr_expect_eq(built_parse(&text, &built), -ENOMEM);
}
