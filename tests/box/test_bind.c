/* SPDX-License-Identifier: MIT */
/* Paths of the host that are shown inside. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/def.h"
#include "support/lab.h"
#include "support/run.h"
#include "support/scratch.h"

TestSuite(bind, .init = scratch_make, .fini = scratch_remove, .timeout = 120);

/* Both kinds show the source; only --bind lets the program write to it, and
 * what it writes is on the host. */
Test(bind, shows_and_writes)
{
	const char *from = scratch("d");
	struct result result;

	cr_assert_eq(mkdir(from, 0777), 0);
	cr_assert_eq(chmod(from, 0777), 0);
	(void)scratch_text("d/file", "content");
	RUN(&result, OPTIONS("--ro-bind", text_of("%s:/mnt/in", from)),
	    COMMAND("sh", "-c", "cat /mnt/in/file; touch /mnt/in/new"));
	cr_expect_str_eq(result.out.data, "content");
	cr_expect_not_null(strstr(result.err.data, "Read-only file system"));
	cr_expect_eq(result.status, 1);
	cr_expect_eq(access(scratch("d/new"), F_OK), -1);
	result_free(&result);
	RUN(&result, OPTIONS("--bind", text_of("%s:/mnt/in", from)),
	    COMMAND("sh", "-c", "cat /mnt/in/file; echo hi >/mnt/in/new"));
	cr_expect_eq(result.status, 0, "%s", result.err.data);
	cr_expect_eq(access(scratch("d/new"), F_OK), 0);
	result_free(&result);
}

/* Without a destination the path inside is that outside; a relative source is
 * seen from the caller's directory. */
Test(bind, defaults_to_the_same_path)
{
	const char *path = scratch_text("file", "x");
	struct result result;

	RUN(&result, OPTIONS("--ro-bind", path), COMMAND("cat", path));
	cr_expect_str_eq(result.out.data, "x", "%s", result.err.data);
	result_free(&result);
	cr_assert_eq(chdir(scratch("")), 0);
	RUN(&result, OPTIONS("--ro-bind", "file:/etc/file"),
	    COMMAND("cat", "/etc/file"));
	cr_expect_str_eq(result.out.data, "x", "%s", result.err.data);
	result_free(&result);
}

/* Nothing beside the source can be seen, and no name of it either. */
Test(bind, shows_nothing_beside)
{
	struct result result;

	cr_assert_eq(mkdir(scratch("in"), 0755), 0);
	(void)scratch_text("in/shown", "");
	(void)scratch_text("canary", "");
	RUN(&result, OPTIONS("--ro-bind", text_of("%s:/in", scratch("in"))),
	    COMMAND("sh", "-c",
	            "ls -a /in /in/.. /tmp; find / -xdev -name "
	            "canary"));
	cr_expect_not_null(strstr(result.out.data, "shown\n"));
	cr_expect_null(strstr(result.out.data, "canary"), "%s",
	               result.out.data);
	result_free(&result);
}

/* A set-id bit of a bound file gives nothing, and a device in a bound
 * directory is no device. */
Test(bind, is_nosuid_and_nodev)
{
	const char *bind = text_of("%s:/in", scratch(""));
	struct result result;

	RUN(&result, OPTIONS("--ro-bind", bind),
	    COMMAND("grep", " /in ", "/proc/self/mountinfo"));
	cr_expect_not_null(strstr(result.out.data, " ro,nosuid,nodev,"), "%s",
	                   result.out.data);
	result_free(&result);
	RUN(&result, OPTIONS("--bind", bind),
	    COMMAND("grep", " /in ", "/proc/self/mountinfo"));
	cr_expect_not_null(strstr(result.out.data, " rw,nosuid,nodev,"), "%s",
	                   result.out.data);
	result_free(&result);
}

/* A source is held to what it was when it was named: a link is followed once,
 * outside, and shows what it points to. */
Test(bind, follows_a_link_outside)
{
	struct result result;

	cr_assert_eq(mkdir(scratch("real"), 0755), 0);
	(void)scratch_text("real/file", "x");
	cr_assert_eq(symlink("real", scratch("link")), 0);
	RUN(&result, OPTIONS("--ro-bind", text_of("%s:/in", scratch("link"))),
	    COMMAND("cat", "/in/file"));
	cr_expect_str_eq(result.out.data, "x", "%s", result.err.data);
	result_free(&result);
}

/* What would open the host, or cover what is the sandbox's own, is refused by
 * name, however it is spelled. */
Test(bind, refuses_what_opens_the_host)
{
	static const char *const binds[] = {
		"/",
		"/:/mnt",
		"//:/mnt",
		"/proc:/mnt",
		"/proc/self:/mnt",
		"/proc/1/root:/mnt",
		"/sys:/mnt",
		"/sys/fs:/mnt",
		"/dev:/mnt",
		"/usr/..:/mnt",
		"/usr/../proc:/mnt",
		"/proc/:/mnt",
		"/usr:/proc",
		"/usr:/proc/sys",
		"/usr:/dev",
		"/usr:/sys",
		"/usr:/etc",
		"/usr:/usr",
		"/usr:/",
		"/usr:/workspace",
		"/usr:/mnt/../proc",
		"/usr:relative",
		"/usr:",
		":/mnt",
	};
	struct result result;

	for (size_t i = 0; i < ARRAY_SIZE(binds); i++) {
		RUN(&result, OPTIONS("--ro-bind", binds[i]),
		    COMMAND("echo", "ran"));
		cr_expect_eq(result.status, 125, "%s", binds[i]);
		cr_expect_eq(result.out.len, 0, "%s", binds[i]);
		cr_expect(is_one_line(&result.err), "%s: %s", binds[i],
		          result.err.data);
		result_free(&result);
	}
}

/* A target that the source cannot be shown at: a line that says what is in the
 * way, and what to name. Nothing of it is for sbx-check to explain. */
Test(bind, says_why_a_target_does_not_fit)
{
	const char *file = scratch_text("file", "x");
	const char *directory = scratch("");
	const struct {
		const char *source, *target, *said;
	} rows[] = {
		{directory, "/etc/passwd", "is a file"},
		{directory, "/usr/bin/env", "is a file"},
		{file, "/usr/bin", "is a directory"},
		{directory, "/usr/no-such", "is not there"},
		{file, "/usr/bin/no-such", "is not there"},
		{directory, "/usr/bin/env/x", "is below a file"},
		{file, "/etc/passwd/x", "is below a file"},
		{directory, "/etc/passwd/x", "is below a file"},
		{directory, "/mnt:ro", "--bind"},
		/* What covers files of /proc, and what a session is of. */
		{directory, "/.empty", "is the sandbox's own"},
		{directory, "/.empty/x", "is the sandbox's own"},
		{directory, "/.session/run", "is the sandbox's own"},
	};
	struct result result;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		RUN(&result,
		    OPTIONS("--ro-bind",
		            text_of("%s:%s", rows[i].source, rows[i].target)),
		    COMMAND("echo", "ran"));
		cr_expect_eq(result.status, 125, "%s", rows[i].target);
		cr_expect_eq(result.out.len, 0, "%s", rows[i].target);
		cr_expect(is_one_line(&result.err), "%s", result.err.data);
		cr_expect_not_null(strstr(result.err.data, rows[i].target));
		cr_expect_not_null(strstr(result.err.data, rows[i].said),
		                   "%s: %s", rows[i].target, result.err.data);
		cr_expect_null(strstr(result.err.data, "sbx-check"), "%s",
		               result.err.data);
		result_free(&result);
	}
}

/* The same through a link: the host's root stays shut. */
Test(bind, refuses_links_to_what_opens_the_host)
{
	static const char *const targets[] = {"/", "/proc", "/sys", "/dev"};
	const char *link = scratch("link");
	struct result result;

	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		cr_assert_eq(symlink(targets[i], link), 0);
		RUN(&result, OPTIONS("--ro-bind", text_of("%s:/mnt", link)),
		    COMMAND("echo", "ran"));
		cr_expect_eq(result.status, 125, "%s", targets[i]);
		cr_expect_eq(result.out.len, 0);
		cr_expect(is_one_line(&result.err), "%s", result.err.data);
		result_free(&result);
		cr_assert_eq(unlink(link), 0);
	}
}

/* A writable bind of a file is that file, and no more. */
Test(bind, writes_one_file)
{
	const char *path = scratch_file("file", "old", 3, 0666);
	struct buffer text = {0};
	struct result result;

	/* Not in /tmp: where directories are sticky, fs.protected_regular
	 * keeps root's runs from files that are root's. */
	RUN(&result, OPTIONS("--bind", text_of("%s:/workspace/there", path)),
	    COMMAND("sh", "-c", "echo new >there; rm there; mv there x"));
	cr_expect_eq(result.status, 1);
	cr_expect_not_null(strstr(result.err.data, "busy"), "%s",
	                   result.err.data);
	read_file(path, &text);
	cr_expect_str_eq(text.data, "new\n");
	buffer_free(&text);
	result_free(&result);
}

static void write_below(struct lab *lab)
{
	static const char script[] =
		"cat /mnt/sub/f; touch /mnt/sub/f /mnt/sub/g";
	struct result result;

	(void)mkdir("/tmp/from", 0755);
	(void)mkdir("/tmp/from/sub", 0755);
	if (mount("none", "/tmp/from/sub", "tmpfs", 0, "mode=777") < 0)
		lab_fail(lab, "mount");
	FILE *file = fopen("/tmp/from/sub/f", "w");
	if (!file || fputs("below", file) < 0 || fclose(file) != 0)
		lab_fail(lab, "make /tmp/from/sub/f");
	(void)chmod("/tmp/from/sub/f", 0666);
	RUN(&result, OPTIONS("--bind", "/tmp/from:/mnt"),
	    COMMAND("sh", "-c", script));
	if (result.status != 0)
		lab_fail(lab, "control: %s", result.err.data);
	result_free(&result);
	RUN(&result, OPTIONS("--ro-bind", "/tmp/from:/mnt"),
	    COMMAND("sh", "-c", script));
	if (strcmp(result.out.data, "below") != 0 || result.status != 1 ||
	    !strstr(result.err.data, "Read-only file system"))
		lab_fail(lab, "%d %s %s", result.status, result.out.data,
		         result.err.data);
	result_free(&result);
}

/* What is mounted below a read-only source is read-only as well. */
Test(bind, is_read_only_all_the_way_down)
{
	lab_run(write_below, false);
}

/* A Unix socket below a bound directory accepts no connection from inside. */
Test(bind, sockets_are_shut)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *path = scratch("socket");
	struct result result;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)strcpy(address.sun_path, path);
	cr_assert_eq(bind(fd, (void *)&address, sizeof(address)), 0);
	cr_assert_eq(chmod(path, 0777), 0);
	cr_assert_eq(listen(fd, 1), 0);
	RUN(&result, .outside = true, COMMAND("@poke", "unix", path));
	cr_expect_str_eq(result.out.data, "unix ok\n");
	result_free(&result);
	RUN(&result, OPTIONS("--ro-bind", text_of("%s:/in", scratch(""))),
	    COMMAND("@poke", "unix", "/in/socket"));
	cr_expect_str_neq(result.out.data, "unix ok\n");
	result_free(&result);
	(void)close(fd);
}
