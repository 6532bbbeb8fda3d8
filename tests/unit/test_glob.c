/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "base/def.h"
#include "base/glob.h"

static const struct {
	const char *pattern, *path;
	bool matches;
} rows[] = {
	{"a", "a", true},
	{"a", "b", false},
	{"a", "ab", false},
	{"ab", "a", false},
	{"*", "a", true},
	{"*", "a/b", false},
	{"*", ".a", false},
	{".*", ".a", true},
	{"*.png", "x.png", true},
	{"*.png", ".png", false},
	{"*.png", "x.pngx", false},
	{"*.png", "d/x.png", false},
	{"a*b*c", "abbbc", true},
	{"a*b*c", "abbb", false},
	{"a*", "a", true},
	{"**", "a", true},
	{"**", "a/b/c", true},
	{"**", "a/.b/c", false},
	{"**", "a/b/.c", false},
	{"**/*.png", "x.png", true},
	{"**/*.png", "a/b/x.png", true},
	{"**/*.png", "a/b/x.txt", false},
	{"out/**", "out/a/b", true},
	{"out/**", "out", false},
	{"out/**", "other/a", false},
	{"out/**/z", "out/z", true},
	{"out/**/z", "out/a/b/z", true},
	{"out/**/z", "out/a/z/b", false},
	{"**/a/**/b", "x/a/y/a/z/b", true},
	{"**/a/**/b", "x/y/b", false},
	{"a/*/c", "a/b/c", true},
	{"a/*/c", "a/b/d/c", false},
	{"?", "a", true},
	{"?", "ab", false},
	{"?", "\xc3\xa4", true},
	{"?", "\xff", true},
	{"??", "\xc3\xa4", false},
	{"[abc]", "b", true},
	{"[abc]", "d", false},
	{"[a-c]x", "cx", true},
	{"[!a-c]", "d", true},
	{"[!a-c]", "a", false},
	{"[]]", "]", true},
	{"[a-]", "-", true},
	{"[", "[", true},
	{"[a", "[a", true},
	{"[a", "a", false},
	{"*[0-9].csv", "run-7.csv", true},
	{"a**b", "axxb", true},
	{"", "a", false},
};

Test(glob, matches)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		cr_expect_eq(glob_match(rows[i].pattern, rows[i].path),
		             rows[i].matches, "%s %s", rows[i].pattern,
		             rows[i].path);
}

/* Stars upon stars against a long name: without the one place to go back to,
 * this would not end. */
Test(glob, never_takes_long, .timeout = 10)
{
	char pattern[512] = "", path[1001], deep[1001];

	for (int i = 0; i < 100; i++)
		strcat(pattern, "*a");
	strcat(pattern, "b");
	memset(path, 'a', 1000);
	path[1000] = '\0';
	cr_expect(!glob_match(pattern, path));
	pattern[0] = '\0';
	for (int i = 0; i < 60; i++)
		strcat(pattern, "**/a/");
	strcat(pattern, "b");
	for (int i = 0; i < 1000; i++)
		deep[i] = i % 2 ? '/' : 'a';
	deep[999] = '\0';
	cr_expect(!glob_match(pattern, deep));
}

Test(glob, depth)
{
	cr_expect_eq(glob_depth("*"), 1);
	cr_expect_eq(glob_depth("a/*/c"), 3);
	cr_expect_eq(glob_depth("a**/c"), 2);
	cr_expect_eq(glob_depth("a/**"), SIZE_MAX);
}
