/* SPDX-License-Identifier: MIT */
/* Attacks on the way there: on sbx-exec itself and on the making of a box. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/def.h"
#include "support/attack.h"
#include "support/child.h"
#include "support/lab.h"
#include "support/scratch.h"

TestSuite(setup, .init = scratch_make, .fini = scratch_remove, .timeout = 120);

/* A library that the caller's environment names is loaded into programs, and
 * not into sbx-exec: it loads none at all. */
Test(setup, X161_no_library_is_loaded)
{
	const char *const env[] = {"PATH=/usr/bin:/bin",
	                           "LD_PRELOAD=/no/such.so",
	                           "LD_LIBRARY_PATH=/no",
	                           "LD_DEBUG=libs",
	                           "GLIBC_TUNABLES=glibc.malloc.check=3",
	                           NULL};
	struct result held, open;

	RUN(&held, .env = env, COMMAND("true"));
	cr_expect_eq(held.status, 0);
	cr_expect_eq(held.err.len, 0, "%s", held.err.data);
	RUN(&open, .outside = true, .env = env, COMMAND("/bin/true"));
	cr_expect_not_null(strstr(open.err.data, "/no/such.so"), "control");
	result_free(&held);
	result_free(&open);
}

/* A copy of sbx-exec that gives its caller a capability refuses to do
 * anything; without it the same copy works. */
Test(setup, X162_file_capabilities)
{
	static const struct vfs_cap_data all = {
		.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE,
		.data = {{.permitted = 1u << CAP_SYS_ADMIN}},
	};
	struct buffer program = {0};
	struct result result;
	const char *path;

	if (geteuid() != 0)
		return; /* only root can give capabilities away */
	read_file(text_of("%s/bin/sbx-exec", build_dir()), &program);
	path = scratch_file("sbx-exec", program.data, program.len, 0755);
	for (int given = 0; given < 2; given++) {
		if (given && setxattr(path, "security.capability", &all,
		                      sizeof(all), 0) < 0)
			break; /* a file system without them */
		RUN(&result, .outside = true, .prepare = become_ordinary,
		    COMMAND(path, "--version"));
		cr_expect_eq(result.status, given ? 125 : 0, "%d",
		             result.status);
		result_free(&result);
	}
	buffer_free(&program);
}

/* While a box is there, the shared directories have nothing new but the lock
 * file of root's ids. */
static void look_at_files(struct lab *lab)
{
	struct buffer before = {0}, now = {0};
	struct result result;
	struct live live;
	char *rest, *line;

	lab_list(&before);
	call_start(CALL(COMMAND("@linger", "wait")), &live);
	if (!call_expect(&live, "ready\n"))
		lab_fail(lab, "not ready");
	lab_list(&now);
	for (rest = now.data; (line = strsep(&rest, "\n"));)
		if (strncmp(line, "file ", 5) == 0 &&
		    !strstr(before.data, line) &&
		    strncmp(line, "file /run/sbx", 13) != 0)
			lab_fail(lab, "new: %s", line);
	(void)kill(live.pid, SIGTERM);
	call_finish(&live, &result);
	result_free(&result);
	/* The control: what is there is seen. */
	(void)!system(": >/tmp/sbx-name");
	lab_list(&now);
	if (!memmem(now.data, now.len, "file /tmp/sbx-name", 18) &&
	    !strstr(now.data + strlen(now.data) + 1, "file /tmp/sbx-name"))
		lab_fail(lab, "control");
	buffer_free(&before);
	buffer_free(&now);
}

Test(setup, X166_no_names_in_shared_directories)
{
	lab_run(look_at_files, false);
}

/* What is mounted on the host while a box runs does not come into it, though
 * the host's mounts are shared; nor does anything of the box go out. */
static void mount_meanwhile(struct lab *lab)
{
	static const char script[] =
		"echo ready; read x; ls %s/late; wc -l </proc/self/mountinfo";
	struct result result;
	struct live live;
	struct buffer before = {0};
	const char *left;
	int in;

	(void)mkdir("/tmp/from", 0755);
	(void)mkdir("/tmp/from/late", 0755);
	if (mount("none", "/", NULL, MS_REC | MS_SHARED, NULL) < 0)
		lab_fail(lab, "make shared");
	for (int outside = 0; outside < 2; outside++) {
		char text[200];

		(void)snprintf(text, sizeof(text), script,
		               outside ? "/tmp/from" : "/in");
		lab_list(&before);
		call_start(CALL(OPTIONS("--ro-bind", "/tmp/from:/in"),
		                .outside = outside, COMMAND("sh", "-c", text),
		                .input = ""),
		           &live);
		in = live.in;
		live.in = -1;
		if (!call_expect(&live, "ready\n"))
			lab_fail(lab, "not ready");
		if (mount("none", "/tmp/from/late", "tmpfs", 0, NULL) < 0)
			lab_fail(lab, "mount");
		(void)!system(": >/tmp/from/late/seen");
		if (write(in, "x\n", 2) != 2)
			lab_fail(lab, "write");
		(void)close(in);
		call_finish(&live, &result);
		if ((strncmp(result.out.data, "seen\n", 5) == 0) != outside)
			lab_fail(lab, "outside %d: %s%s", outside,
			         result.out.data, result.err.data);
		result_free(&result);
		(void)umount("/tmp/from/late");
		left = lab_leftover(&before, 5);
		if (left && !strstr(left, "/run/sbx"))
			lab_fail(lab, "left: %s", left);
		buffer_free(&before);
	}
}

Test(setup, X167_mounts_do_not_propagate)
{
	lab_run(mount_meanwhile, false);
}

/* Nothing is made in a directory of the host's to mount something on: not even
 * where that directory may be written to. */
Test(setup, X168_nothing_is_made_in_binds)
{
	const char *tree = text_of("%s", scratch("tree"));
	struct result result;

	cr_assert_eq(mkdir(tree, 0777), 0);
	cr_assert_eq(chmod(tree, 0777), 0);
	RUN(&result,
	    OPTIONS("--bind", text_of("%s:/in", tree), "--ro-bind",
	            "/usr/share:/in/new/place"),
	    COMMAND("echo", "ran"));
	cr_expect_eq(result.status, 125);
	cr_expect_eq(result.out.len, 0);
	result_free(&result);
	cr_expect_eq(rmdir(tree), 0, "something was made in it");
	/* The control: elsewhere a place is made. */
	RUN(&result, OPTIONS("--ro-bind", "/usr/share:/in/new/place"),
	    COMMAND("sh", "-c", "ls /in/new/place | grep -q ."));
	cr_expect_eq(result.status, 0, "%s", result.err.data);
	result_free(&result);
}
