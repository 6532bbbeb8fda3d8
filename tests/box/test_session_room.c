/* SPDX-License-Identifier: MIT */
/* What a session takes of the disk, and what is counted. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/run.h"
#include "support/scratch.h"
#include "support/session.h"

static void prepare(void)
{
	need_sessions();
	scratch_make();
}

TestSuite(session_room, .init = prepare, .fini = scratch_remove,
          .timeout = 300);

/* What a command of the host's prints: it has out in it. */
static void expect_outside(const char *const *words, const char *out)
{
	struct result result;

	call_run(CALL(.command = words, .outside = true, .no_report = true,
	              .env = session_environment()),
	         &result);
	cr_expect_eq(result.status, 0, "%s", result.err.data);
	cr_expect_not_null(strstr(result.out.data, out), "%s", result.out.data);
	result_free(&result);
}

#define SESSION(...)                                                          \
	(const char *const[])                                                 \
	{                                                                     \
		text_of("%s/bin/sbx-session", build_dir()), __VA_ARGS__, NULL \
	}

/* What the store holds, in KiB of the disk. */
static unsigned long stored(void)
{
	struct result result;
	unsigned long n;

	call_run(CALL(.outside = true, .no_report = true,
	              COMMAND("du", "-sk", scratch("data"))),
	         &result);
	cr_assert_eq(result.status, 0, "%s", result.err.data);
	n = strtoul(result.out.data, NULL, 10);
	result_free(&result);
	return n;
}

/* A file of many names, and one that is nearly all holes, take no more of the
 * disk than of the run's own room. */
Test(session_room, takes_no_more_than_the_run_had)
{
	session_expect("head -c 2M /dev/urandom >f; mkdir d; "
	               "for i in $(seq 30); do ln f d/$i; done",
	               "");
	cr_expect_lt(stored(), 8192UL);
	session_expect(
		"cmp f d/1 && cmp f d/30 && echo more >>d/7 && cmp f d/8; "
		"ls d | wc -l",
		"30\n");
	session_expect("cmp f d/8; tail -n 1 d/7 | tail -c 5", "more\n");
	session_expect(
		"rm -r f d; for i in $(seq 100); do printf x | dd of=h "
		"bs=64K seek=$i conv=notrunc status=none; done; sha256sum "
		"<h >sum; truncate -s 90M h2",
		"");
	session_expect("sha256sum <h | cmp - sum; stat -c %s h h2; rm h2",
	               "6553601\n94371840\n");
	cr_expect_lt(stored(), 8192UL);
}

/* A file of many names is there once, in what a session holds and in what comes
 * out of it, as long as no name is written to. */
Test(session_room, keeps_the_names_of_a_file_together)
{
	const char *const same[] = {
		"sh", "-c",
		text_of("cd %s && ls -A | xargs && ls -i | cut -d' ' -f1 | "
	                "uniq | wc -l && stat -c %%Y .",
	                scratch("out")),
		NULL};

	session_expect(
		"yes | head -c 1M >f; ln f g; ln f h; touch -d @1000000000 .",
		"");
	expect_outside(SESSION("list"), "s\t1048576\t3\t");
	expect_outside(SESSION("export", "s", scratch("out")), "");
	expect_outside(same, "f g h\n1\n1000000000\n");
	expect_outside(SESSION("import", "t", scratch("out")), "");
	expect_outside(SESSION("fork", "t", "u"), "");
	expect_outside(SESSION("show", "t"), "1\t1048576\t3\t");
	expect_outside(SESSION("show", "u"), "1\t1048576\t3\t");
	session_expect("rm f; stat -c %h g", "3\n");
	expect_outside(SESSION("list"), "s\t1048576\t2\t");
	session_expect("echo more >>g; ln h i", "");
	expect_outside(SESSION("list"), "s\t2101248\t3\t");
	session_expect("rm g h i", "");
	expect_outside(SESSION("list"), "s\t0\t0\t");
}

/* On a disk that is full, nothing of a copy is left; the control has room. */
Test(session_room, exports_all_or_nothing)
{
	const char *const full[] = {
		"sh", "-c",
		text_of("trap '' XFSZ; ulimit -f 1000; ! "
	                "%s/bin/sbx-session export s %s && ! test -e %s",
	                build_dir(), scratch("out"), scratch("out")),
		NULL};

	session_expect(
		"mkdir -p a/b; head -c 2M /dev/zero | tr '\\0' x >a/b/f; "
		"ln a/b/f g; echo >h",
		"");
	expect_outside(full, "");
	expect_outside(SESSION("export", "s", scratch("out")), "");
}

/* One that comes to be in use while others expire counts as one that stays: the
 * next goes in its place. */
Test(session_room, expires_another_for_one_that_stays)
{
	const char *const script[] = {
		"sh", "-c",
		text_of("cd %s && s=%s/bin/sbx-session && strace -qq -o n -e "
	                "flock $s expire 1h 1G && strace -qq -o /dev/null -e "
	                "inject=flock:error=EAGAIN:when=$(($(wc -l <n) + 1)) "
	                "$s expire 1h 5K; echo end; $s list | cut -f1",
	                scratch(""), build_dir()),
		NULL};

	session_expect("echo 1 >f", "");
	(void)sleep(1); /* so that it is the older one */
	expect_outside(SESSION("fork", "s", "t"), "");
	expect_outside(script, "t\nend\ns\n");
}

/* A link to a place of the host, and then a directory of that name: what the
 * host has there is not the session's, and is not looked at. */
Test(session_room, counts_nothing_of_the_host)
{
	char script[PATH_MAX], manifest[8192] = "";
	int fd;

	cr_assert_eq(mkdir(scratch("outside"), 0700), 0);
	fd = open(scratch("outside/big"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	cr_assert_eq(ftruncate(fd, 1 << 19), 0);
	(void)close(fd);
	(void)snprintf(script, sizeof(script),
	               "head -c 1M /dev/zero >z; ln -s %s a",
	               scratch("outside"));
	session_expect(script, "");
	session_expect("rm a; mkdir a; echo x >a/big", "");
	fd = open(scratch("data/sbx/sessions/s/manifest.json"),
	          O_RDONLY | O_CLOEXEC);
	cr_assert_gt(read(fd, manifest, sizeof(manifest) - 1), 0);
	(void)close(fd);
	cr_expect_not_null(strstr(manifest, "\"bytes\":1052672"), "%s",
	                   manifest);
}
