/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/log.h"

/* A program's line is one write: escaped, cut, and ended, and errno is kept. */
Test(log, writes_one_line)
{
	char got[8192], longest[8192];
	ssize_t n;
	int fds[2], saved = dup(2);

	cr_assert_eq(pipe2(fds, O_CLOEXEC | O_DIRECT), 0);
	cr_assert_eq(dup2(fds[1], 2), 2);
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	errno = ENOTTY;
	log_line("sbx-exec", "no %s\n%d", "\033[2J", 7);
	cr_expect_eq(errno, ENOTTY);
	log_line("sbx-exec", "%s", longest);
	dup2(saved, 2);
	/* A packet pipe gives one write back at a time. */
	n = read(fds[0], got, sizeof(got) - 1);
	cr_assert_gt(n, 0);
	got[n] = '\0';
	cr_expect_str_eq(got, "sbx-exec: no \\x1b[2J\\x0a7\n");
	n = read(fds[0], got, sizeof(got));
	cr_assert_gt(n, 1000);
	cr_expect_eq(got[n - 1], '\n');
	cr_expect_null(memchr(got, '\n', (size_t)n - 1));
	cr_expect_null(memchr(got, '\0', (size_t)n));
	close(fds[0]);
	close(fds[1]);
	close(saved);
}
