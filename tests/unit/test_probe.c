/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/def.h"
#include "kernel/probe.h"
#include "support/child.h"

static char directory[] = "/tmp/sbx-test-probe-XXXXXX";

static void put(const char *path, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	cr_assert_geq(fd, 0);
	cr_assert_eq(fchmod(fd, mode), 0);
	(void)close(fd);
}

static void setup(void)
{
	cr_assert_not_null(mkdtemp(directory));
	cr_assert_eq(chdir(directory), 0);
	put("file", 0644);
	put("program", 0755);
	cr_assert_eq(mkdir("dir", 0755), 0);
	cr_assert_eq(mkfifo("fifo", 0755), 0);
	cr_assert_eq(symlink("program", "link"), 0);
	cr_assert_eq(symlink("dir", "link-dir"), 0);
	cr_assert_eq(symlink("none", "dangling"), 0);
	cr_assert_eq(symlink("loop", "loop"), 0);
}

static void teardown(void)
{
	static const char *const names[] = {"file", "program",  "fifo",
	                                    "link", "link-dir", "dangling",
	                                    "loop"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		cr_assert_eq(unlink(names[i]), 0);
	cr_assert_eq(rmdir("dir"), 0);
	cr_assert_eq(rmdir(directory), 0);
}

TestSuite(probe, .init = setup, .fini = teardown);

/* What is there, and what may be executed. */
Test(probe, looks_at_paths)
{
	static const struct {
		const char *path;
		int kind;
		int executable;
	} rows[] = {
		{"file", PROBE_FILE, -EACCES},
		{"program", PROBE_FILE, 0},
		{"dir", PROBE_DIRECTORY, -EISDIR},
		{"fifo", PROBE_FILE, -EACCES},
		{"link", PROBE_LINK, 0},
		{"link-dir", PROBE_LINK, -EISDIR},
		{"link-dir/", PROBE_DIRECTORY, -EISDIR},
		{"dangling", PROBE_LINK, -ENOENT},
		{"loop", PROBE_LINK, -ENOENT},
		{"none", PROBE_ABSENT, -ENOENT},
		{"file/none", PROBE_ABSENT, -ENOENT},
		{"", PROBE_ABSENT, -ENOENT},
		{"/dev/null", PROBE_FILE, -EACCES},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cr_expect_eq(probe_kind(rows[i].path), rows[i].kind, "%s",
		             rows[i].path);
		cr_expect_eq(probe_executable(rows[i].path), rows[i].executable,
		             "%s", rows[i].path);
	}
}

/* A directory that may not be searched hides what is in it. */
Test(probe, says_what_it_may_not_see)
{
	if (geteuid() == 0)
		return;
	put("dir/program", 0755);
	cr_assert_eq(chmod("dir", 0600), 0);
	cr_expect_eq(probe_executable("dir/program"), -EACCES);
	cr_expect_eq(probe_kind("dir/program"), -EACCES);
	cr_assert_eq(chmod("dir", 0700), 0);
	cr_assert_eq(unlink("dir/program"), 0);
}

/* A link's target, cut to fit. */
Test(probe, reads_links)
{
	char target[8];

	cr_expect_eq(probe_link("link", target, sizeof(target)), 0);
	cr_expect_str_eq(target, "program");
	cr_expect_eq(probe_link("link", target, 4), 0);
	cr_expect_str_eq(target, "pro");
	cr_expect_eq(probe_link("file", target, sizeof(target)), -EINVAL);
	cr_expect_eq(probe_link("none", target, sizeof(target)), -ENOENT);
	cr_expect_str_eq(target, "pro");
}

/* Ids are 32 digits, and differ. */
Test(probe, makes_ids)
{
	char one[33], two[33];

	cr_expect_eq(probe_random_id(one), 0);
	cr_expect_eq(probe_random_id(two), 0);
	cr_expect_eq(strlen(one), 32);
	cr_expect_eq(strspn(one, "0123456789abcdef"), 32);
	cr_expect_str_neq(one, two);
}

static int count_one(void *data)
{
	cpu_set_t own, one;
	int cpu = 0;

	(void)data;
	STEP(sched_getaffinity(0, sizeof(own), &own) == 0);
	STEP(probe_cpus() == (unsigned)CPU_COUNT(&own));
	while (!CPU_ISSET(cpu, &own))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	STEP(sched_setaffinity(0, sizeof(one), &one) == 0);
	STEP(probe_cpus() == 1);
	return 0;
}

/* The processors that this process may use count, not those of the host. */
Test(probe, counts_processors)
{
	EXPECT_CHILD(child_run(count_one, NULL));
}
