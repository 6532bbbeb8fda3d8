/* SPDX-License-Identifier: MIT */
/* Each body is in a mount namespace of its own, with a tmpfs on "own" to work
 * in. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "kernel/mount.h"
#include "support/child.h"

static char directory[] = "/tmp/sbx-test-mount-XXXXXX";

static void setup(void)
{
	cr_assert_not_null(mkdtemp(directory));
	cr_assert_eq(chdir(directory), 0);
	cr_assert_eq(mkdir("own", 0755), 0);
}

static void teardown(void)
{
	cr_assert_eq(rmdir("own"), 0);
	cr_assert_eq(rmdir(directory), 0);
}

TestSuite(mount, .init = setup, .fini = teardown, .timeout = 30);

static int put(const char *path, const char *text)
{
	CLEANUP_FD int fd = -1;

	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0755);
	return fd < 0 ? -errno : file_write_fd(fd, text, strlen(text));
}

/* Whether the file holds just that text. */
static bool holds(const char *path, const char *text)
{
	struct buffer data = {0};
	bool same = file_read(path, 4096, &data) == 0 &&
	            data.len == strlen(text) &&
	            memcmp(data.data, text, data.len) == 0;

	buffer_free(&data);
	return same;
}

static unsigned long flags_of(const char *path)
{
	struct statvfs fs;

	return statvfs(path, &fs) < 0 ? 0 : fs.f_flag;
}

/* Attaches and closes a tree. */
static int attach(int tree, const char *path)
{
	int r = tree < 0 ? tree : mount_attach(tree, path);

	if (tree >= 0)
		(void)close(tree);
	return r;
}

/* A tmpfs on "own", and the working directory in it. */
static int enter_own(void)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/own", directory);
	STEP(attach(mount_tmpfs(1 << 20, 100), path) == 0);
	STEP(chdir(path) == 0);
	return 0;
}

static int run(child_body *body)
{
	return child_run_in(CLONE_NEWNS, body, NULL);
}

static int make_tmpfs(void *data)
{
	static const struct {
		uint64_t bytes, inodes;
	} rows[] = {{4096, 2}, {1 << 20, 100}, {100 << 20, 10000}, {0, 0}};
	struct statvfs fs;

	(void)data;
	STEP(enter_own() == 0);
	STEP(mkdir("t", 0700) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		STEP(attach(mount_tmpfs(rows[i].bytes, rows[i].inodes), "t") ==
		     0);
		STEP(statvfs("t", &fs) == 0);
		STEP(fs.f_blocks * fs.f_bsize == rows[i].bytes);
		STEP(fs.f_files == rows[i].inodes);
		STEP((fs.f_flag & (ST_NOSUID | ST_NODEV)) ==
		     (ST_NOSUID | ST_NODEV));
		STEP(!(fs.f_flag & (ST_RDONLY | ST_NOEXEC)));
	}
	STEP(put("t/file", "text") == 0);
	/* The first is 2 inodes large, its root one of them. */
	STEP(attach(mount_tmpfs(4096, 2), "t") == 0);
	STEP(put("t/a", "x") == 0);
	STEP(put("t/b", "x") == -ENOSPC);
	return 0;
}

/* A tmpfs is as large as it is told to be; 0 is without a bound. */
Test(mount, makes_a_tmpfs)
{
	EXPECT_CHILD(run(make_tmpfs));
}

/* "source" with a file, a link and a mount below it. */
static int make_source(void)
{
	STEP(enter_own() == 0);
	STEP(mkdir("source", 0755) == 0 && mkdir("target", 0755) == 0);
	STEP(put("source/file", "text") == 0);
	STEP(mkdir("source/below", 0755) == 0);
	STEP(attach(mount_tmpfs(4096, 10), "source/below") == 0);
	STEP(put("source/below/file", "below") == 0);
	STEP(symlink("source", "link") == 0);
	return 0;
}

/* The path of a name in "own". */
static const char *in_own(const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/own/%s", directory, name);
	return path;
}

static int bind_read_only(void *data)
{
	(void)data;
	STEP(make_source() == 0);
	STEP(mount("none", ".", NULL, MS_SHARED | MS_REC, NULL) == 0);
	STEP(attach(mount_tree(in_own("source"), false), "target") == 0);
	STEP(holds("target/file", "text"));
	STEP(holds("target/below/file", "below"));
	STEP(put("target/file", "x") == -EROFS);
	STEP(put("target/new", "x") == -EROFS);
	STEP(put("target/below/file", "x") == -EROFS);
	STEP((flags_of("target") & (ST_RDONLY | ST_NOSUID | ST_NODEV)) ==
	     (ST_RDONLY | ST_NOSUID | ST_NODEV));
	STEP(flags_of("target/below") & ST_RDONLY);
	/* The source itself is as it was. */
	STEP(put("source/file", "text") == 0);
	/* What is mounted later does not show, even where mounts are shared. */
	STEP(mkdir("source/later", 0755) == 0);
	STEP(attach(mount_tmpfs(4096, 10), "source/later") == 0);
	STEP(put("source/later/file", "x") == 0);
	STEP(access("target/later", F_OK) == 0);
	STEP(access("target/later/file", F_OK) < 0);
	return 0;
}

/* A read-only tree is so in all its depth, and stays what it was. */
Test(mount, binds_read_only)
{
	EXPECT_CHILD(run(bind_read_only));
}

static int bind_exact(void *data)
{
	struct stat st, other;

	(void)data;
	STEP(make_source() == 0);
	STEP(stat("source", &st) == 0 && stat("target", &other) == 0);
	STEP(mount_exact(in_own("source"), st.st_dev, other.st_ino) == -ESTALE);
	STEP(mount_exact(in_own("source"), st.st_dev + 1, st.st_ino) ==
	     -ESTALE);
	STEP(mount_exact(in_own("link"), st.st_dev, st.st_ino) == -ELOOP);
	STEP(mount_exact(in_own("none"), st.st_dev, st.st_ino) == -ENOENT);
	STEP(stat("source/file", &other) == 0);
	STEP(mount_exact(in_own("source/file"), other.st_dev, other.st_ino) ==
	     -ESTALE);
	STEP(attach(mount_exact(in_own("source"), st.st_dev, st.st_ino),
	            "target") == 0);
	STEP(holds("target/file", "text") && put("target/file", "x") == -EROFS);
	STEP((flags_of("target") & (ST_RDONLY | ST_NOSUID | ST_NODEV)) ==
	     (ST_RDONLY | ST_NOSUID | ST_NODEV));
	/* What is mounted below it is not it. */
	STEP(access("target/below", F_OK) == 0);
	STEP(access("target/below/file", F_OK) < 0);
	return 0;
}

/* The directory that was meant, alone and read-only, and no other of that
 * name. */
Test(mount, binds_one_directory)
{
	EXPECT_CHILD(run(bind_exact));
}

static int bind_writable(void *data)
{
	(void)data;
	STEP(make_source() == 0);
	STEP(attach(mount_tree(in_own("source"), true), "target") == 0);
	STEP(put("target/file", "TEXT") == 0 && holds("source/file", "TEXT"));
	STEP(put("target/below/file", "BELOW") == 0);
	STEP((flags_of("target") & (ST_NOSUID | ST_NODEV)) ==
	     (ST_NOSUID | ST_NODEV));
	STEP((flags_of("target/below") & (ST_NOSUID | ST_NODEV)) ==
	     (ST_NOSUID | ST_NODEV));
	STEP(!(flags_of("target") & ST_RDONLY));
	/* Also where the source lets both in. */
	STEP(mkdir("usr", 0755) == 0);
	STEP(attach(mount_tree("/usr", true), "usr") == 0);
	STEP((flags_of("usr") & (ST_NOSUID | ST_NODEV)) ==
	     (ST_NOSUID | ST_NODEV));
	/* A file, too. */
	STEP(put("place", "") == 0);
	STEP(attach(mount_tree(in_own("source/file"), false), "place") == 0);
	STEP(holds("place", "TEXT") && put("place", "x") == -EROFS);
	return 0;
}

/* A writable one is the same tree, without setuid programs and devices. */
Test(mount, binds_writable)
{
	EXPECT_CHILD(run(bind_writable));
}

static int refuse_links(void *data)
{
	(void)data;
	STEP(make_source() == 0);
	STEP(mount_tree(in_own("link"), true) == -ELOOP);
	STEP(mount_tree(in_own("link/file"), true) == -ELOOP);
	STEP(mount_tree(in_own("link/below"), false) == -ELOOP);
	STEP(mount_tree(in_own("none"), false) == -ENOENT);
	STEP(mount_tree("/proc/self/cwd", false) == -ELOOP);
	STEP(mount_tree("/proc/self/root/usr", false) == -ELOOP);
	return 0;
}

/* A source with a symbolic link anywhere in its path is refused. */
Test(mount, refuses_links_in_a_source)
{
	EXPECT_CHILD(run(refuse_links));
}

static int attach_to_links(void *data)
{
	(void)data;
	STEP(make_source() == 0);
	STEP(symlink("target", "way") == 0);
	STEP(symlink("source/file", "way-to-file") == 0);
	/* The last component is not followed, those before it are. */
	STEP(attach(mount_tmpfs(4096, 10), "way") < 0);
	STEP(put("other", "other") == 0);
	STEP(attach(mount_own("other"), "way-to-file") == 0);
	STEP(holds("way-to-file", "other"));
	STEP(holds("source/file", "text"));
	STEP(put("target/file", "x") == 0);
	STEP(mkdir("target/sub", 0755) == 0);
	STEP(attach(mount_tmpfs(4096, 10), "way/sub") == 0);
	STEP(attach(mount_tmpfs(4096, 10), "none") == -ENOENT);
	STEP(attach(mount_tmpfs(4096, 10), "source/file") < 0);
	return 0;
}

/* A tree is attached to what it is told, and never through a link: a file
 * covers the link itself, a directory cannot. */
Test(mount, attaches_through_no_link)
{
	EXPECT_CHILD(run(attach_to_links));
}

static int make_devices(void *data)
{
	const dev_t null = makedev(1, 3), zero = makedev(1, 5);
	char byte = 'x';
	int fd;

	(void)data;
	STEP(enter_own() == 0);
	STEP(put("null", "") == 0 && put("zero", "") == 0);
	STEP(attach(mount_device("/dev/null", null), "null") == 0);
	STEP(attach(mount_device("/dev/zero", zero), "zero") == 0);
	STEP((fd = open("null", O_RDWR | O_CLOEXEC)) >= 0);
	STEP(write(fd, "x", 1) == 1 && read(fd, &byte, 1) == 0);
	STEP((fd = open("zero", O_RDONLY | O_CLOEXEC)) >= 0);
	STEP(read(fd, &byte, 1) == 1 && byte == '\0');
	STEP((flags_of("null") & (ST_NOSUID | ST_NOEXEC | ST_NODEV)) ==
	     (ST_NOSUID | ST_NOEXEC));
	/* The node cannot be changed, whoever owns it. */
	STEP(chmod("null", 0600) < 0 && errno == EROFS);
	STEP(mount_device("/dev/null", zero) == -ENXIO);
	STEP(mount_device("/dev/zero", null) == -ENXIO);
	STEP(mount_device("/etc/passwd", null) == -ENXIO);
	STEP(mount_device(in_own(""), null) == -ENXIO);
	STEP(mount_device("/dev/none", null) == -ENOENT);
	STEP(symlink("/dev/null", "link") == 0);
	STEP(mount_device(in_own("link"), null) == -ENXIO);
	return 0;
}

/* A device is the one that was asked for, by its number. */
Test(mount, copies_devices)
{
	EXPECT_CHILD(run(make_devices));
}

static int cover_own(void *data)
{
	(void)data;
	STEP(enter_own() == 0);
	STEP(put("empty", "") == 0 && put("secret", "text") == 0);
	STEP(mkdir("scratch", 0755) == 0);
	STEP(attach(mount_own("scratch"), "scratch") == 0);
	STEP(mount_seal(".") == 0);
	STEP(put("new", "x") == -EROFS);
	/* What was copied before stays writable, what is copied now is not. */
	STEP(put("scratch/new", "text") == 0);
	STEP(holds("scratch/new", "text"));
	STEP(holds("secret", "text"));
	STEP(attach(mount_own("empty"), "secret") == 0);
	STEP(holds("secret", "") && put("secret", "x") == -EROFS);
	STEP(mount_seal("scratch") == 0);
	STEP(put("scratch/new", "x") == -EROFS);
	STEP(mount_seal("scratch/none") == -ENOENT);
	STEP(mount_own("none") == -ENOENT);
	return 0;
}

/* A file is covered with another, a directory stays writable below a sealed
 * one. */
Test(mount, covers_and_seals)
{
	EXPECT_CHILD(run(cover_own));
}

static int look_at_proc(void)
{
	char text[16];

	STEP(attach(mount_proc(), "proc") == 0);
	STEP(readlink("proc/self", text, sizeof(text)) == 1 && *text == '1');
	STEP((flags_of("proc") & (ST_NOSUID | ST_NODEV | ST_NOEXEC)) ==
	     (ST_NOSUID | ST_NODEV | ST_NOEXEC));
	return 0;
}

static int make_proc(void *data)
{
	int status;
	pid_t pid;

	(void)data;
	STEP(enter_own() == 0);
	STEP(mkdir("proc", 0755) == 0);
	pid = child_fork(); /* the first one in the new pid namespace */
	if (pid == 0)
		_exit(look_at_proc() != 0);
	STEP(waitpid(pid, &status, 0) == pid && status == 0);
	return 0;
}

/* The new proc is that of the process's own pid namespace. */
Test(mount, makes_a_proc)
{
	EXPECT_CHILD(child_run_in(CLONE_NEWNS | CLONE_NEWPID, make_proc, NULL));
}

static int make_pts(void *data)
{
	int master, slave, number = -1;
	char path[32];

	(void)data;
	STEP(enter_own() == 0);
	STEP(mkdir("pts", 0755) == 0);
	STEP(attach(mount_pts(), "pts") == 0);
	STEP((flags_of("pts") & (ST_NOSUID | ST_NOEXEC)) ==
	     (ST_NOSUID | ST_NOEXEC));
	STEP((master = open("pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)) >= 0);
	STEP(unlockpt(master) == 0);
	STEP(sscanf(ptsname(master) ? ptsname(master) : "", "/dev/pts/%d",
	            &number) == 1 ||
	     number == -1);
	/* It starts at 0: none of the host's is in it. */
	(void)snprintf(path, sizeof(path), "pts/0");
	STEP((slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)) >= 0);
	STEP(isatty(slave));
	STEP(access("pts/1", F_OK) < 0);
	return 0;
}

/* The new devpts has terminals of its own. */
Test(mount, makes_terminals)
{
	EXPECT_CHILD(run(make_pts));
}

static int enter(void *data)
{
	int tree = mount_tmpfs(1 << 20, 100);
	char path[64];

	(void)data;
	STEP(tree >= 0);
	STEP(access("/usr", F_OK) == 0);
	STEP(mount_enter(tree) == 0);
	STEP(close(tree) == 0);
	STEP(getcwd(path, sizeof(path)) && strcmp(path, "/") == 0);
	STEP(access("/usr", F_OK) < 0 && access("../usr", F_OK) < 0);
	STEP(mkdir("/new", 0755) == 0 && put("/new/file", "text") == 0);
	STEP(holds("new/file", "text"));
	/* The old root is nowhere: nothing is mounted but this. */
	STEP(umount("/") < 0);
	STEP(mkdir("/proc", 0755) == 0);
	return 0;
}

/* The new root is all there is. */
Test(mount, enters_a_root)
{
	EXPECT_CHILD(run(enter));
}

static int count_descriptors(void *data)
{
	size_t before = open_descriptors();
	int i;

	(void)data;
	STEP(make_source() == 0);
	for (i = 0; i < 3; i++) {
		STEP(attach(mount_tree(in_own("source"), i), "target") == 0);
		(void)mount_tree(in_own("link"), false);
		(void)mount_device("/etc/passwd", 0);
		(void)mount_own("none");
	}
	STEP(open_descriptors() == before);
	return 0;
}

/* No descriptor stays open, whatever fails. */
Test(mount, leaves_no_descriptor)
{
	EXPECT_CHILD(run(count_descriptors));
}
