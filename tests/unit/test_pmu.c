/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/def.h"
#include "kernel/pmu.h"
#include "support/scratch.h"

TestSuite(pmu, .init = scratch_make, .fini = scratch_remove);

/* An entry as the kernel has it in its directory of devices. */
static void add_device(const char *name, const char *cpus, const char *type)
{
	cr_assert_eq(mkdir(scratch(name), 0755), 0);
	if (cpus)
		scratch_text(text_of("%s/cpus", name), cpus);
	if (type)
		scratch_text(text_of("%s/type", name), type);
}

/* One event where all cores are of one kind, and one for each kind where they
 * are not. What counts for a whole processor is none. */
Test(pmu, finds_kinds_of_cores)
{
	struct pmu pmu = {0};

	add_device("cpu", NULL, "4\n");
	add_device("uncore", NULL, "20\n");
	add_device("software", NULL, NULL);
	cr_assert_eq(pmu_find(scratch(""), &pmu), 0);
	cr_expect_eq(pmu.n, 1);
	cr_expect_eq(pmu.types[0], 0);
	add_device("cpu_atom", "8-15\n", "10\n");
	cr_assert_eq(pmu_find(scratch(""), &pmu), 0);
	cr_expect_eq(pmu.n, 1);
	cr_expect_eq(pmu.types[0], 0);
	add_device("cpu_core", "0-7\n", "4294967295\n");
	cr_assert_eq(pmu_find(scratch(""), &pmu), 0);
	cr_expect_eq(pmu.n, 2);
	cr_expect_eq(pmu.types[0] + (uint64_t)pmu.types[1],
	             10 + UINT64_C(4294967295));
}

/* Without the directory there is the kernel's own choice. */
Test(pmu, does_without_the_directory)
{
	struct pmu pmu = {0};

	cr_assert_eq(pmu_find(scratch("none"), &pmu), 0);
	cr_expect_eq(pmu.n, 1);
	cr_expect_eq(pmu.types[0], 0);
}

/* What cannot be understood is no kind, but an error: a kind that is left out
 * would count nothing. */
Test(pmu, refuses_what_it_cannot_read)
{
	static const struct {
		const char *type;
		int r;
	} rows[] = {
		{"4294967296\n", -EPROTO},
		{"-1\n", -EPROTO},
		{"", -EPROTO},
		{NULL, -ENOENT},
	};
	struct pmu pmu = {.n = 9};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *top = text_of("top%zu", i);

		cr_assert_eq(mkdir(scratch(top), 0755), 0);
		add_device(text_of("top%zu/odd", i), "0\n", rows[i].type);
		cr_expect_eq(pmu_find(scratch(top), &pmu), rows[i].r, "row %zu",
		             i);
	}
	for (int i = 0; i <= PMU_MAX; i++)
		add_device(text_of("kind%d", i), "0\n", "5\n");
	cr_expect_eq(pmu_find(scratch(""), &pmu), -E2BIG);
	cr_expect_eq(pmu.n, 9, "written on success only");
}

static int open_sample(const char *name, const uint64_t *values, size_t len)
{
	return open(scratch_file(name, values, len, 0644), O_RDONLY);
}

/* Counts of all kinds of cores are one sum, and so is the time that they took;
 * each saw all of it. */
Test(pmu, adds_up_kinds)
{
	static const uint64_t core[] = {100, 50, 30}, atom[] = {7, 49, 20};
	const int fds[] = {open_sample("core", core, sizeof(core)),
	                   open_sample("atom", atom, sizeof(atom)),
	                   open_sample("cut", atom, 16)};
	struct pmu_sample sample = {0};

	cr_assert_eq(pmu_read(fds, 2, &sample), 0);
	cr_expect_eq(sample.count, 107);
	cr_expect_eq(sample.seen_ns, 50);
	cr_expect_eq(sample.counted_ns, 50);
	cr_expect_eq(pmu_read(&fds[2], 1, &sample), -EIO, "too short");
	cr_expect_eq(pmu_read((const int[]){-1}, 1, &sample), -EBADF);
	cr_expect_eq(sample.count, 107, "written on success only");
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		(void)close(fds[i]);
}

/* Where the host counts, a loop is worth what it is; elsewhere it says why not,
 * as it does for a kind of core that there is not. */
Test(pmu, counts_a_loop)
{
	struct pmu_sample before = {0}, after = {0};
	int fd = pmu_open(0);

	cr_expect_lt(pmu_open(0x7ffffff0), 0);
	if (fd < 0) {
		cr_expect(fd == -ENOENT || fd == -EOPNOTSUPP || fd == -EACCES ||
		                  fd == -EPERM,
		          "%d", fd);
		return;
	}
	cr_expect_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	cr_assert_eq(pmu_read(&fd, 1, &before), 0);
	cr_expect_eq(before.count, 0, "not before it is told to");
	cr_assert_eq(pmu_start(fd), 0);
	for (volatile int i = 0; i < 1000000; i++)
		;
	cr_assert_eq(pmu_read(&fd, 1, &after), 0);
	cr_expect_gt(after.count, 1000000);
	(void)close(fd);
}
