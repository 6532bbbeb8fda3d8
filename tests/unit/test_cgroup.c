/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/vfs.h>

#include "kernel/cgroup.h"

TestSuite(cgroup);

#define CPU    (1u << CONTROLLER_CPU)
#define MEMORY (1u << CONTROLLER_MEMORY)
#define PIDS   (1u << CONTROLLER_PIDS)

Test(cgroup, reads_controllers)
{
	cr_expect_eq(cgroup_controllers("cpuset cpu io memory pids\n"),
	             CPU | MEMORY | PIDS);
	cr_expect_eq(cgroup_controllers("memory"), MEMORY);
	cr_expect_eq(cgroup_controllers(" pids  cpu "), PIDS | CPU);
	cr_expect_eq(cgroup_controllers("cpuset memoryx xpids"), 0);
	cr_expect_eq(cgroup_controllers(""), 0);
	cr_expect_eq(cgroup_controllers("\n"), 0);
}

Test(cgroup, reads_numbers)
{
	static const char events[] = "low 1\nhigh 2\nmax 3\noom 4\n"
				     "oom_kill 5\noom_group_kill 6\n";
	static const struct {
		const char *text, *key;
		uint64_t number;
	} rows[] = {
		{events, "low", 1},
		{events, "oom", 4},
		{events, "oom_kill", 5},
		{events, "oom_group_kill", 6},
		{events, "oo", 0},
		{events, "kill", 0},
		{events, "other", 0},
		{"", "max", 0},
		{"max", "max", 0},
		{"max\n", "max", 0},
		{"12345\n", NULL, 12345},
		{"max\n", NULL, 0},
		{"", NULL, 0},
		{"a 1\nb 2", "b", 2},
		{"a 18446744073709551616\n", "a", UINT64_MAX},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		cr_expect_eq(cgroup_number(rows[i].text, rows[i].key),
		             rows[i].number, "row %zu", i);
}

/* What is no cgroup v2 is said to be none. */
Test(cgroup, is_not_found_elsewhere)
{
	static const struct {
		const char *path;
		int code;
		const char *text;
	} rows[] = {
		{"/proc", ENOTSUP, "/proc is not a cgroup v2"},
		{"/tmp", ENOTSUP, "/tmp is not a cgroup v2"},
		{"/nowhere", ENOENT,
	         "cgroup /nowhere: No such file or directory"},
	};
	struct cgroup_parent parent = {.path = "untouched"};
	struct arena arena = {0};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sbx_error err = {0};

		cr_expect_eq(cgroup_find(rows[i].path, &arena, &parent, &err),
		             -rows[i].code);
		cr_expect_str_eq(err.text, rows[i].text);
		cr_expect_str_eq(parent.path, "untouched");
	}
	arena_free(&arena);
}
