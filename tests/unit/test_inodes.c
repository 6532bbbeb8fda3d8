/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdint.h>

#include "box/inodes.h"

/* Each file is new once, however many there are, and the same number on another
 * device is another file. */
Test(inodes, are_new_once)
{
	struct inodes inodes = {0};
	struct stat st = {0};

	for (int round = 0; round < 2; round++)
		for (ino_t number = 1; number <= 3000; number++)
			for (dev_t device = 0; device < 2; device++) {
				st.st_ino = number * 64;
				st.st_dev = device;
				cr_assert_eq(inodes_add(&inodes, &st),
				             round == 0, "%ju on %ju",
				             (uintmax_t)number,
				             (uintmax_t)device);
			}
	cr_expect_eq(inodes.n, 6000);
	inodes_free(&inodes);
	cr_expect_eq(inodes.n, 0);
	cr_expect_eq(inodes_add(&inodes, &st), 1);
	inodes_free(&inodes);
}
