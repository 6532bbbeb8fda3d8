/* SPDX-License-Identifier: MIT */
/* How much JSON is taken, and what it costs to refuse the rest. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/json.h"

/* head, then n times part, in which # is the number of the time, then tail. */
struct pattern {
	const char *head, *part, *tail;
	size_t n;
	const char *says; /* NULL: taken */
};

static void make(struct buffer *text, const struct pattern *pattern)
{
	const char *c;
	size_t i;

	buffer_text(text, pattern->head);
	for (i = 0; i < pattern->n; i++)
		for (c = pattern->part; *c; c++)
			if (*c == '#')
				buffer_printf(text, "%zu", i);
			else
				buffer_append(text, c, 1);
	buffer_text(text, pattern->tail);
	cr_assert_not(text->failed);
}

static void check(const struct pattern *pattern)
{
	struct buffer text = {0};
	struct arena arena = {0};
	const struct json *root = NULL;
	struct sbx_error err = {0};
	uint64_t start, took;
	int r;

	make(&text, pattern);
	start = clock_ns();
	r = json_parse(&arena, text.data, text.len, &root, &err);
	took = clock_ns() - start;
	cr_expect_eq(r, pattern->says ? -EINVAL : 0, "%s x %zu: %d",
	             pattern->part, pattern->n, r);
	cr_expect_str_eq(err.text, pattern->says ? pattern->says : "");
	cr_expect_eq(root != NULL, !pattern->says);
	/* Some ms on an idle machine; the bound only tells linear from not. */
	cr_expect_lt(took, NS_PER_S, "%s x %zu: %ju ns", pattern->part,
	             pattern->n, (uintmax_t)took);
	arena_free(&arena);
	buffer_free(&text);
}

/* Depth, size, values and keys are bounded, each at exactly its bound, and a
 * megabyte of the worst is answered at once. */
Test(json_bounds, holds)
{
	static const struct pattern rows[] = {
		/* depth */
		{"", "[", "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", 32, NULL},
		{"", "[", "", 33, "line 1: nested deeper than 32"},
		{"", "[", "", JSON_MAX_SIZE, "line 1: nested deeper than 32"},
		{"", "{\"a\":", "1}", JSON_MAX_SIZE / 5 - 1,
	         "line 1: nested deeper than 32"},
		{"", "[\n", "", 40, "line 33: nested deeper than 32"},
		{"[", "[],", "0]", 60000, NULL},
		/* size */
		{"\"", "x", "\"", JSON_MAX_SIZE - 2, NULL},
		{"\"", "x", "\"", JSON_MAX_SIZE - 1,
	         "line 1: longer than 1 MiB"},
		{"1", " ", "", JSON_MAX_SIZE - 1, NULL},
		{"1", "\n", "", JSON_MAX_SIZE, "line 1: longer than 1 MiB"},
		/* values */
		{"[", "1,", "1]", 65534, NULL},
		{"[", "1,", "1]", 65535, "line 1: more than 65536 values"},
		{"[", "[],", "1]", 340000, "line 1: more than 65536 values"},
		/* keys */
		{"{", "\"#\":1,", "\"x\":1}", 4095, NULL},
		{"{", "\"#\":1,", "\"x\":1}", 4096,
	         "line 1: more than 4096 keys in one object"},
		{"{", "\"#\":1,", "\"x\":1}", 80000,
	         "line 1: more than 4096 keys in one object"},
		{"{", "\"a#\":1,", "\"a7\":1}", 4000,
	         "line 1: duplicate key \"a7\""},
		{"[", "{\"a\":1,\"b\":2},", "1]", 20000, NULL},
		/* long in other ways */
		{"", "9", "", JSON_MAX_SIZE, NULL},
		{"", "9", "x", 1000000,
	         "line 1: something follows the value, "
	         "near: 99999999999999999999999x"},
		{"\"", "\\\"", "\"", 500000, NULL},
		{"\"", "\\\\", "\"", 500000, NULL},
		{"\"", "\\u00e9", "\"", 170000, NULL},
		{"\"", "\\ud83d\\ude00", "\"", 80000, NULL},
		{"[", "\"\\n\",", "1]", 60000, NULL},
		{"", "/**/", "1", 250000, NULL},
		{"", "//\n", "1", 300000, NULL},
		{"/*", "*", "*/1", 1000000, NULL},
		{"", "\n", "x", 1000000,
	         "line 1000001: no value starts like this, near: x"},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		check(&rows[i]);
}

/* Objects full of keys that begin alike are the worst for finding duplicates;
 * a megabyte of them is answered at once. */
Test(json_bounds, finds_duplicates_fast)
{
	struct buffer text = {0};
	struct arena arena = {0};
	const struct json *root = NULL;
	uint64_t start;
	int i, j;

	buffer_text(&text, "[");
	for (i = 0; i < 15; i++) {
		buffer_text(&text, "{");
		for (j = 4000; j > 0; j--)
			buffer_printf(&text, "\"aaaaa%d\":1,", j);
		buffer_text(&text, "\"x\":1},");
	}
	buffer_text(&text, "1]");
	cr_assert_leq(text.len, JSON_MAX_SIZE);
	start = clock_ns();
	cr_expect_eq(json_parse(&arena, text.data, text.len, &root, NULL), 0);
	cr_expect_lt(clock_ns() - start, NS_PER_S);
	arena_free(&arena);
	buffer_free(&text);
}

/* No byte beyond the text is read, whatever it ends in. */
Test(json_bounds, never_reads_beyond_the_end)
{
	static const char *const ends[] = {
		"\"\\ud800\"",
		"\"\\ud800\\",
		"\"\\ud83d\\ude00\"",
		"\"\\u",
		"\"\\",
		"1",
		"-",
		"1e",
		"tru",
		"/",
		"//",
		"/*",
		"/**",
		"\"\xc3",
		"\"\xf0\x9f\x98",
		"",
		"[",
		"{\"a\"",
		"\xef\xbb",
		"\"",
	};
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
	                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct arena arena = {0};
	const struct json *root;
	size_t i, len;

	cr_assert_neq(page, MAP_FAILED);
	cr_assert_eq(mprotect(page + 4096, 4096, PROT_NONE), 0);
	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		len = strlen(ends[i]);
		memcpy(page + 4096 - len, ends[i], len);
		(void)json_parse(&arena, page + 4096 - len, len, &root, NULL);
	}
	arena_free(&arena);
	munmap(page, 8192);
}

/* A text cut at any byte is refused, and a byte changed in it never does more
 * harm than that. */
Test(json_bounds, survives_damage)
{
	static const char text[] =
		"{\"language\": \"python\", // c\n \"code\": \"a\\u00e9\\n"
		"\\ud83d\\ude00\",\n\"limits\": {\"cpus\": 0.5, \"pids\": -64,"
		" \"net\": [true, null, false, 1e9]}, /* d */ \"e\": {}}";
	static const char bytes[] = "\0\n\"\\{}[],:/*0-e.u\x80\xc3\xff ";
	char damaged[sizeof(text)];
	struct arena arena = {0};
	const struct json *root;
	struct sbx_error err;
	size_t i, j;

	cr_assert_eq(json_parse(&arena, text, sizeof(text) - 1, &root, &err), 0,
	             "%s", err.text);
	for (i = 0; i < sizeof(text) - 1; i++)
		cr_expect_eq(json_parse(&arena, text, i, &root, &err), -EINVAL);
	for (i = 0; i < sizeof(text) - 1; i++)
		for (j = 0; j < sizeof(bytes) - 1; j++) {
			memcpy(damaged, text, sizeof(text));
			damaged[i] = bytes[j];
			if (json_parse(&arena, damaged, sizeof(text) - 1, &root,
			               &err) < 0)
				cr_assert_eq(strncmp(err.text, "line ", 5), 0);
		}
	arena_free(&arena);
}
