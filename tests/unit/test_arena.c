/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"

/* Memory is zeroed, aligned for any type and apart from all other memory, for
 * sizes around every boundary there is. */
Test(arena, hands_out_zeroed_aligned_memory)
{
	static const size_t sizes[] = {0,    1,    7,     8,      15,   16,
	                               17,   31,   4095,  4096,   8100, 8176,
	                               8192, 9000, 70000, 1 << 20};
	unsigned char *memory[ARRAY_SIZE(sizes)];
	struct arena arena = {0};
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		memory[i] = arena_alloc(&arena, sizes[i]);
		cr_assert_not_null(memory[i]);
		cr_expect_eq((uintptr_t)memory[i] % _Alignof(max_align_t), 0);
		for (j = 0; j < sizes[i]; j++)
			cr_assert_eq(memory[i][j], 0);
		memset(memory[i], (int)i + 1, sizes[i]);
	}
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		for (j = 0; j < sizes[i]; j++)
			cr_assert_eq(memory[i][j], i + 1);
	arena_free(&arena);
}

/* Many small pieces keep their contents. */
Test(arena, holds_many_small_pieces)
{
	struct arena arena = {0};
	char *texts[5000];
	char expected[32];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(texts); i++)
		texts[i] = arena_printf(&arena, "piece %zu", i);
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		(void)snprintf(expected, sizeof(expected), "piece %zu", i);
		cr_assert_str_eq(texts[i], expected);
	}
	arena_free(&arena);
}

/* A large piece does not end the block that small ones are taken from. */
Test(arena, goes_on_in_its_block_after_a_large_piece)
{
	struct arena arena = {0};
	char *before, *after;

	before = arena_alloc(&arena, 16);
	cr_assert_not_null(arena_alloc(&arena, 100000));
	after = arena_alloc(&arena, 16);
	cr_expect_eq(after - before, 16);
	arena_free(&arena);
}

/* What cannot be had is NULL, and the arena is as it was. */
Test(arena, refuses_what_there_is_not)
{
	struct arena arena = {0};
	char *text = arena_strdup(&arena, "kept");

	cr_expect_null(arena_alloc(&arena, SIZE_MAX));
	cr_expect_null(arena_alloc(&arena, SIZE_MAX - 15));
	cr_expect_null(arena_alloc(&arena, SIZE_MAX / 2 + 1));
	cr_expect_null(arena_memdup(&arena, "x", SIZE_MAX));
	cr_expect_str_eq(text, "kept");
	cr_expect_not_null(arena_alloc(&arena, 1));
	arena_free(&arena);
}

/* Copies are copies, with a NUL where they are text. */
Test(arena, copies)
{
	struct arena arena = {0};
	char source[] = "some text";
	char *copy = arena_strdup(&arena, source);
	char *part = arena_strndup(&arena, source, 4);
	char *more = arena_strndup(&arena, source, 100);
	char *raw = arena_memdup(&arena, "a\0b", 3);
	char *none = arena_memdup(&arena, NULL, 0);

	memset(source, 'x', sizeof(source) - 1);
	cr_expect_str_eq(copy, "some text");
	cr_expect_str_eq(part, "some");
	cr_expect_str_eq(more, "some text");
	cr_expect_arr_eq(raw, "a\0b", 3);
	cr_expect_not_null(none);
	cr_expect_str_eq(arena_strndup(&arena, "", 0), "");
	arena_free(&arena);
}

/* arena_strndup() does not look beyond the length that it is given. */
Test(arena, strndup_takes_text_without_a_nul)
{
	struct arena arena = {0};
	char *source = malloc(3);

	memcpy(source, "abc", 3);
	cr_expect_str_eq(arena_strndup(&arena, source, 3), "abc");
	free(source);
	arena_free(&arena);
}

/* Printed text is as long as it needs to be. */
Test(arena, prints)
{
	struct arena arena = {0};
	char *text;

	cr_expect_str_eq(arena_printf(&arena, "%s-%d", "a", 7), "a-7");
	cr_expect_str_eq(arena_printf(&arena, "%s", ""), "");
	text = arena_printf(&arena, "%0100000d", 1);
	cr_assert_not_null(text);
	cr_expect_eq(strlen(text), 100000);
	arena_free(&arena);
}

/* An arena that was freed is empty: it can be freed again and used again. */
Test(arena, can_be_freed_and_used_again)
{
	struct arena arena = {0};

	arena_free(&arena);
	cr_assert_not_null(arena_alloc(&arena, 100));
	arena_free(&arena);
	cr_expect_null(arena.head);
	arena_free(&arena);
	cr_expect_str_eq(arena_strdup(&arena, "again"), "again");
	arena_free(&arena);
}
