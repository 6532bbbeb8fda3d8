/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "base/buffer.h"

/* What was appended is there, in order. */
Test(buffer, appends)
{
	struct buffer buffer = {0};

	buffer_append(&buffer, "ab\0c", 4);
	buffer_text(&buffer, "def");
	buffer_text(&buffer, "");
	buffer_append(&buffer, NULL, 0);
	buffer_printf(&buffer, "-%d-%s", 42, "x");
	cr_assert_eq(buffer.len, 12);
	cr_expect_arr_eq(buffer.data, "ab\0cdef-42-x", 12);
	cr_expect_not(buffer.failed);
	buffer_free(&buffer);
}

/* A buffer grows byte by byte and keeps every byte. */
Test(buffer, grows)
{
	struct buffer buffer = {0};
	size_t i;
	char c;

	for (i = 0; i < 100000; i++) {
		c = (char)(i % 251);
		buffer_append(&buffer, &c, 1);
	}
	cr_assert_eq(buffer.len, 100000);
	cr_expect_leq(buffer.capacity, 200000);
	for (i = 0; i < buffer.len; i++)
		cr_assert_eq(buffer.data[i], (char)(i % 251));
	buffer_free(&buffer);
}

/* Printing works at the sizes where the NUL of vsnprintf just does not fit. */
Test(buffer, prints_at_every_size)
{
	struct buffer buffer = {0};
	int i;

	for (i = 1; i < 600; i++)
		buffer_printf(&buffer, "%*d", i, 7);
	cr_assert_eq(buffer.len, 600 * 599 / 2);
	cr_expect_eq(buffer.data[buffer.len - 1], '7');
	cr_expect_eq(buffer.data[buffer.len - 2], ' ');
	buffer_free(&buffer);
}

/* Reserved room is there to be written, and counts only when it was used. */
Test(buffer, reserves)
{
	struct buffer buffer = {0};
	char *room;

	room = buffer_reserve(&buffer, 0);
	cr_expect_not_null(room);
	room = buffer_reserve(&buffer, 5000);
	cr_assert_not_null(room);
	cr_expect_eq(buffer.len, 0);
	memset(room, 'r', 5000);
	buffer.len += 3;
	buffer_text(&buffer, "s");
	cr_expect_arr_eq(buffer.data, "rrrs", 4);
	buffer_free(&buffer);
}

/* A failure is remembered: nothing is appended after it, so that what is
 * there is never a text with a hole. */
Test(buffer, remembers_a_failure)
{
	static const size_t sizes[] = {SIZE_MAX, SIZE_MAX / 2,
	                               SIZE_MAX / 4 - 1};
	struct buffer buffer;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		buffer = (struct buffer){0};
		buffer_text(&buffer, "kept");
		cr_expect_null(buffer_reserve(&buffer, sizes[i]), "%zu", i);
		cr_expect(buffer.failed);
		buffer_text(&buffer, "dropped");
		buffer_printf(&buffer, "dropped");
		cr_expect_null(buffer_reserve(&buffer, 1));
		cr_assert_eq(buffer.len, 4);
		cr_expect_arr_eq(buffer.data, "kept", 4);
		buffer_free(&buffer);
	}
}

/* A buffer that was freed is empty, can be freed again and used again. */
Test(buffer, can_be_freed_and_used_again)
{
	struct buffer buffer = {0};

	buffer_free(&buffer);
	buffer_text(&buffer, "one");
	buffer_free(&buffer);
	cr_expect_null(buffer.data);
	cr_expect_eq(buffer.len, 0);
	cr_expect_eq(buffer.capacity, 0);
	cr_expect_not(buffer.failed);
	buffer_free(&buffer);
	buffer_text(&buffer, "two");
	cr_expect_arr_eq(buffer.data, "two", 3);
	buffer_free(&buffer);
}
