/* SPDX-License-Identifier: MIT */
/* Attacks on files: what the host has, what is shown, what is written. The
 * table of README.md says where each has happened. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/def.h"
#include "base/text.h"
#include "support/attack.h"
#include "support/find.h"
#include "support/lab.h"
#include "support/scratch.h"

TestSuite(files, .init = scratch_make, .fini = scratch_remove, .timeout = 120);

/* In every directory that there is, a new file can be made in three. */
Test(files, F01_nothing_else_can_be_created)
{
	struct result held, open;

	RUN(&held, COMMAND("@reach", "create", "99"));
	cr_expect(said(&held, "/dev/shm", "ok") && said(&held, "/tmp", "ok") &&
	                  said(&held, "/workspace", "ok") &&
	                  strlen(held.out.data) ==
	                          strlen("/dev/shm ok\n/tmp ok\n/workspace "
	                                 "ok\ndone\n"),
	          "%s", held.out.data);
	RUN(&open, .without = "seal", COMMAND("@reach", "create", "1"));
	cr_expect(said(&open, "/", "ok") && said(&open, "/etc", "ok") &&
	                  said(&open, "/dev", "ok"),
	          "control: %s", open.out.data);
	result_free(&held);
	result_free(&open);
}

static const char *const planted[] = {"/root", "/home",    "/tmp", "/var/tmp",
                                      "/etc",  "/run",     "/opt", "/srv",
                                      "/mnt",  "/var/lib", "/var"};

/* A file of each name and content, which stays in this corner of the host. */
static void plant(struct lab *lab, const char *word)
{
	for (size_t i = ARRAY_SIZE(planted); i-- > 0;) {
		char path[300];
		FILE *file;

		/* What tmpfs is on already stays, or the build would go. */
		if (strcmp(planted[i], "/tmp") != 0 &&
		    strcmp(planted[i], "/run") != 0 &&
		    strcmp(planted[i], "/etc") != 0 &&
		    strncmp(build_dir(), planted[i], strlen(planted[i])) != 0 &&
		    mount("none", planted[i], "tmpfs", 0, "mode=755") < 0)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", planted[i], word);
		file = fopen(path, "we");
		if (!file)
			continue; /* an ordinary user's /etc */
		if (fputs(word, file) < 0 || fclose(file) != 0)
			lab_fail(lab, "plant %s", path);
	}
}

static void hunt(struct lab *lab)
{
	const char *word = canary();
	const int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct call inside = {COMMAND("@reach", "hunt"), .input = word,
	                            .fds = {{7, root}}, .n_fds = 1,
	                            OPTIONS("--wall-time", "60s")};
	struct call outside = inside;
	struct result result;

	outside.outside = true;
	plant(lab, word);
	call_run(&inside, &result);
	if (strcmp(result.out.data, "done\n") != 0)
		lab_fail(lab, "inside: %s%s", result.out.data, result.err.data);
	result_free(&result);
	call_run(&outside, &result);
	if (!strstr(result.out.data, "found in /tmp/") ||
	    !strstr(result.out.data, "named /opt/"))
		lab_fail(lab, "control: %s%s", result.out.data,
		         result.err.data);
	result_free(&result);
}

/* Files planted all over the host are found nowhere inside, by name or by
 * content, though the caller left the host's root open. */
Test(files, F02_no_file_of_the_host_is_found)
{
	lab_run(hunt, true);
}

/* The switches of the kernel, for root's run with host root behind it as well:
 * with the seal and the ids taken away, the caller's root could turn them. */
Test(files, F04_kernel_switches)
{
	static const char script[] =
		"find /proc/sys -type f >/tmp/list; wc -l </tmp/list; "
		"xargs " INSIDE "/peek open w </tmp/list | grep -m 1 ' ok$'";
	struct result held, open;

	RUN(&held, .helpers = true, COMMAND("sh", "-c", script));
	cr_expect(atoi(held.out.data) > 100 && !strstr(held.out.data, " ok"),
	          "%s%s", held.out.data, held.err.data);
	RUN(&open, .without = "seal+ids+sysctls+filter", .helpers = true,
	    COMMAND("sh", "-c", script));
	cr_expect_not_null(strstr(open.out.data, " ok\n"), "control: %s",
	                   open.out.data);
	result_free(&held);
	result_free(&open);
}

/* A directory to start in that is a way out: by a descriptor that the caller
 * left open, by pid 1's, by going up. */
Test(files, F06_workdir_is_inside)
{
	static const char *const ways[] = {"/proc/self/fd/7", "/proc/1/cwd",
	                                   "/proc/1/root",    "/proc/self/root",
	                                   "/proc/self/cwd",  "/dev/fd/7"};
	int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct result result;

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		RUN(&result, OPTIONS("--workdir", ways[i]),
		    COMMAND("sh", "-c",
		            "ls -d home root sys; cd ../..; ls -d home sys"),
		    .fds = {{7, root}}, .n_fds = 1);
		cr_expect_eq(result.out.len, 0, "%s: %s", ways[i],
		             result.out.data);
		result_free(&result);
	}
	RUN(&result, .outside = true,
	    COMMAND("sh", "-c", "cd /proc/self/fd/7 && ls -d home sys"),
	    .fds = {{7, root}}, .n_fds = 1);
	cr_expect_str_eq(result.out.data, "home\nsys\n", "control");
	result_free(&result);
	(void)close(root);
}

/* What is covered in /proc would be there. */
Test(files, F07_masks_cover)
{
	static const char script[] =
		"for f in interrupts cmdline; do cat /proc/$f >/tmp/x && "
		"[ -s /tmp/x ] && echo $f ok || echo $f "
		"refused; done; ls -A /proc/fs /proc/driver | grep -q '^[^/]' "
		"&& echo directory ok || echo directory refused";

	attack("masks", CALL(COMMAND("sh", "-c", script)),
	       CALL(.without = "masks", COMMAND("sh", "-c", script)), NULL);
}

/* Other processes of the host are in no /proc here. */
Test(files, F08_proc_is_of_the_box)
{
	static const char script[] = "ls /proc | grep -c '^[0-9]'";
	struct result held, open;

	RUN(&held, COMMAND("sh", "-c", script));
	RUN(&open, .outside = true, COMMAND("sh", "-c", script));
	cr_expect_leq(atoi(held.out.data), 4, "%s", held.out.data);
	cr_expect_gt(atoi(open.out.data), 4, "control");
	result_free(&held);
	result_free(&open);
}

/* Devices that others have left containers by: absent, and not to be made. */
Test(files, F10_devices)
{
	static const char script[] =
		"for d in console fuse kvm net/tun vsock userfaultfd kmsg mem "
		"port loop-control rtc0 tty ptmx pts/0 mapper/control "
		"vhost-net "
		"uinput snd input dri sda vda nvme0; do [ -e /dev/$d ] && echo "
		"$d; done; true";
	struct result held, open;

	RUN(&held, COMMAND("sh", "-c", script));
	cr_expect_str_eq(held.out.data, "");
	RUN(&open, .outside = true, COMMAND("sh", "-c", script));
	cr_expect_gt(open.out.len, 0, "control");
	result_free(&held);
	result_free(&open);
}

/* A directory that is shown has links where more is to be shown: nothing is
 * put, or made, where they point. */
Test(files, F11_links_do_not_redirect_binds)
{
	static const char *const targets[] = {"/in/out/x", "/in/up", "/in/loop",
	                                      "/in/out"};
	const char *secret = scratch("secret");
	struct result result;

	cr_assert_eq(mkdir(secret, 0777), 0);
	cr_assert_eq(mkdir(scratch("tree"), 0777), 0);
	cr_assert_eq(mkdir(scratch("other"), 0777), 0);
	(void)scratch_text("other/planted", "x");
	cr_assert_eq(symlink(secret, scratch("tree/out")), 0);
	cr_assert_eq(symlink("../../../../../etc", scratch("tree/up")), 0);
	cr_assert_eq(symlink("loop", scratch("tree/loop")), 0);
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		RUN(&result,
		    OPTIONS("--bind", text_of("%s:/in", scratch("tree")),
		            "--bind",
		            text_of("%s:%s", scratch("other"), targets[i])),
		    COMMAND("sh", "-c", "ls /etc/planted; echo ran"));
		cr_expect_eq(result.status, 125, "%s: %d", targets[i],
		             result.status);
		cr_expect_eq(result.out.len, 0, "%s", targets[i]);
		result_free(&result);
	}
	cr_expect_eq(rmdir(scratch("secret")), 0, "something was made in it");
	/* The control: without a link it is shown there. */
	cr_assert_eq(mkdir(scratch("tree/real"), 0777), 0);
	RUN(&result,
	    OPTIONS("--bind", text_of("%s:/in", scratch("tree")), "--bind",
	            text_of("%s:/in/real", scratch("other"))),
	    COMMAND("ls", "/in/real"));
	cr_expect_str_eq(result.out.data, "planted\n", "%s", result.err.data);
	result_free(&result);
}

/* A source that turns from a directory into a link to /proc and back. */
struct flip {
	const char *one, *other;
	atomic_bool stop;
	atomic_int n;
};

static void *flip_paths(void *data)
{
	struct flip *flip = data;

	while (!atomic_load(&flip->stop)) {
		(void)renameat2(AT_FDCWD, flip->one, AT_FDCWD, flip->other,
		                RENAME_EXCHANGE);
		atomic_fetch_add(&flip->n, 1);
		usleep(200);
	}
	return NULL;
}

/* Whichever it is when it is looked at, and when it is mounted: the directory,
 * or an error. */
Test(files, F12_flipping_source)
{
	struct flip flip = {text_of("%s", scratch("a")),
	                    text_of("%s", scratch("b")), false, 0};
	const char *source = text_of("%s:/in", flip.one);
	int n_right = 0, n_refused = 0;
	struct result result;
	pthread_t thread;

	cr_assert_eq(mkdir(flip.one, 0755), 0);
	(void)scratch_text("a/right", "");
	cr_assert_eq(symlink("/proc", flip.other), 0);
	cr_assert_eq(pthread_create(&thread, NULL, flip_paths, &flip), 0);
	for (int i = 0; i < 100; i++) {
		RUN(&result, .no_report = true, OPTIONS("--ro-bind", source),
		    COMMAND("ls", "/in"));
		if (result.status == 0)
			cr_expect_str_eq(result.out.data, "right\n");
		else
			cr_expect(result.status == 125 && result.out.len == 0);
		n_right += result.status == 0;
		n_refused += result.status == 125;
		result_free(&result);
	}
	atomic_store(&flip.stop, true);
	(void)pthread_join(thread, NULL);
	/* The control: both were met. */
	cr_expect(n_right > 0 && n_refused > 0, "%d right, %d refused of %d",
	          n_right, n_refused, atomic_load(&flip.n));
}

/* Nothing can be mounted, remounted, unmounted, or made the root. Without the
 * filter, capabilities are still missing; without both it can. */
Test(files, F14_mounts_stay)
{
	/* These take the right in the initial user namespace. */
	static const char *const spared[] = {"sysfs",      "cgroup",
	                                     "cgroup2",    "binfmt_misc",
	                                     "pivot_root", NULL};
	const struct call *open =
		CALL(.without = "filter+caps", COMMAND("@reach", "mounts"));

	attack("filter and capabilities", CALL(COMMAND("@reach", "mounts")),
	       open, spared);
	attack("capabilities alone",
	       CALL(.without = "filter", COMMAND("@reach", "mounts")), open,
	       spared);
	attack("the filter alone",
	       CALL(.without = "caps", COMMAND("@reach", "mounts")), open,
	       spared);
}

/* chroot is refused; where it is not, the way out of it leads nowhere but to
 * the box's root. */
Test(files, F14_chroot)
{
	struct result held, open;

	RUN(&held, COMMAND("@reach", "root"));
	cr_expect(said(&held, "chroot", "EPERM"), "%s", held.out.data);
	RUN(&open, .without = "filter+caps", COMMAND("@reach", "root"));
	cr_expect(said(&open, "chroot", "ok"), "control: %s", open.out.data);
	cr_expect_not(said(&open, "out", "ok"), "it led out: %s",
	              open.out.data);
	result_free(&held);
	result_free(&open);
}

static void go_up(struct lab *lab, bool outside)
{
	char script[300];
	struct result result;
	struct live live;
	int in;

	(void)!system("rm -rf /tmp/d /tmp/sub; mkdir -p /tmp/d/sub; echo seen "
	              ">/tmp/canary");
	(void)snprintf(script, sizeof(script),
	               "cd %s/sub; echo ready; read x; cat ../canary",
	               outside ? "/tmp/d" : "/in");
	call_start(CALL(OPTIONS("--bind", "/tmp/d:/in"), .outside = outside,
	                COMMAND("sh", "-c", script), .input = ""),
	           &live);
	in = live.in;
	live.in = -1;
	if (!call_expect(&live, "ready\n"))
		lab_fail(lab, "not ready");
	/* Out of what is shown, with a process inside. */
	if (rename("/tmp/d/sub", "/tmp/sub") < 0 || write(in, "x\n", 2) != 2)
		lab_fail(lab, "rename");
	(void)close(in);
	call_finish(&live, &result);
	if ((strcmp(result.out.data, "seen\n") == 0) != outside)
		lab_fail(lab, "%d: %s%s", outside, result.out.data,
		         result.err.data);
	result_free(&result);
}

static void go_up_both(struct lab *lab)
{
	go_up(lab, true);
	go_up(lab, false);
}

/* A directory that is moved out of a bind while a process is in it leads no
 * further up. */
Test(files, F14_directory_moved_out)
{
	lab_run(go_up_both, false);
}

/* Neither the program's own file nor pid 1's can be written to, nor pid 1's be
 * opened at all, also by a process that outlives the program that ran it. */
Test(files, F15_own_file_is_not_writable)
{
	struct buffer program = {0};
	struct result held, open;
	const char *copy;

	read_file(text_of("%s/reach", program_dir()), &program);
	copy = scratch_file("copy", program.data, program.len, 0777);
	RUN(&held, OPTIONS("--ro-bind", text_of("%s:/in/copy", copy)),
	    COMMAND("/in/copy", "exe"));
	cr_expect_str_eq(held.out.data, "done\n");
	RUN(&open, .outside = true, COMMAND(copy, "exe"));
	cr_expect(said(&open, "/proc/self/fd/9", "ok"), "control: %s",
	          open.out.data);
	result_free(&held);
	result_free(&open);
	buffer_free(&program);
}

/* pid 1 runs the host's sbx-exec, of which nobody inside gets a descriptor. */
Test(files, F15_pid_1_is_no_file)
{
	attack("pid 1",
	       CALL(COMMAND("@reach", "read", "/proc/1/exe", "/proc/1/maps",
	                    "/proc/1/mem")),
	       CALL(.without = "dumpable+caps",
	            COMMAND("@reach", "read", "/proc/1/exe", "/proc/1/maps",
	                    "/proc/1/mem")),
	       NULL);
}

static void become_nobody(const void *data)
{
	(void)data;
	if (geteuid() == 0 && (setgid(12345) < 0 || setuid(12345) < 0))
		_exit(98);
}

/* A setuid program of the host's runs with no rights of its owner's: the
 * loader does not even take it for one. */
Test(files, F16_setuid_program_of_the_host)
{
	struct result held, open;
	const char *const env[] = {"LD_PRELOAD=/no/such.so", NULL};

	RUN(&held, OPTIONS("--env", env[0]), COMMAND("su", "--version"));
	cr_expect_not_null(strstr(held.err.data, "/no/such.so"), "%s",
	                   held.err.data);
	RUN(&open, .outside = true, .env = env, .prepare = become_nobody,
	    COMMAND("/bin/su", "--version"));
	cr_expect_null(strstr(open.err.data, "/no/such.so"), "control: %s",
	               open.err.data);
	result_free(&held);
	result_free(&open);
}

/* A file of the program's own with the two bits gives nothing either; one that
 * root shows it does not. */
Test(files, F16_setuid_file)
{
	const char *bind = text_of("%s:/in", scratch(""));
	struct buffer program = {0};
	struct result result;

	RUN(&result, COMMAND("@reach", "setid", INSIDE "/reach"));
	cr_expect_str_eq(result.out.data, "copy 1\neuid own\negid own\n");
	result_free(&result);
	read_file(text_of("%s/reach", program_dir()), &program);
	(void)scratch_file("reach", program.data, program.len, 06755);
	RUN(&result, OPTIONS("--ro-bind", bind), COMMAND("/in/reach", "who"));
	cr_expect_str_eq(result.out.data, "euid own\negid own\n");
	result_free(&result);
	if (geteuid() == 0) {
		RUN(&result, .outside = true, .prepare = become_nobody,
		    COMMAND(scratch("reach"), "who"));
		cr_expect_str_eq(result.out.data, "euid other\negid other\n",
		                 "control");
		result_free(&result);
	}
	buffer_free(&program);
}

static void digest(const char *path, char hex[65])
{
	struct buffer text = {0};

	read_file(path, &text);
	text_sha256(text.data, text.len, hex);
	buffer_free(&text);
}

/* No way to change a file of a read-only bind works, nor to take it where one
 * may write; of a writable one all do. Its bytes are the same afterwards. */
Test(files, F17_read_only_is_read_only)
{
	char before[65], after[65];
	const char *bind, *file;

	cr_assert_eq(mkdir(scratch("d"), 0777), 0);
	cr_assert_eq(chmod(scratch("d"), 0777), 0);
	file = scratch_file("d/f", "content", 7, 0666);
	if (geteuid() == 0) /* the owner is whoever is behind the box */
		cr_assert_eq(chmod(file, 0777), 0);
	digest(file, before);
	bind = text_of("%s:/in", scratch("d"));
	attack("a read-only bind",
	       CALL(OPTIONS("--ro-bind", bind),
	            COMMAND("@reach", "mutate", "/in/f")),
	       CALL(.outside = true,
	            COMMAND("@reach", "mutate", scratch_text("own", "x"))),
	       NULL);
	digest(file, after);
	cr_expect_str_eq(before, after);
}

/* CVE-2022-0847: a page of a file that may only be read, written through a
 * pipe. On this kernel it is mended, so the control is a pipe that works. */
Test(files, F18_pipe_does_not_write_pages)
{
	char before[65], after[65];
	const char *file = scratch_file("f", "content", 7, 0444);
	struct result result;

	digest(file, before);
	RUN(&result, OPTIONS("--ro-bind", text_of("%s:/in", file)),
	    COMMAND("@reach", "pipe", "/in"));
	cr_expect_str_eq(result.out.data, "splice ok\nwrite ok\n");
	digest(file, after);
	cr_expect_str_eq(before, after);
	result_free(&result);
}

/* Leases and F_NOTIFY on what boxes share tell one of another's doings. */
Test(files, F19_no_leases)
{
	const char *path = scratch_text("own", "x");

	attack("leases", CALL(COMMAND("@reach", "locks", "/etc/passwd")),
	       CALL(.outside = true, COMMAND("@reach", "locks", path)), NULL);
}

/* System V and POSIX objects are of one box: while it runs, no other finds
 * them. They need a run without a memory limit to be made at all. */
Test(files, F20_objects_are_the_boxs)
{
	const char *key = text_of("%d", 500000000 + getpid());
	const char *const *find = WORDS("@reach", "find", key);
	struct result result;
	struct live live;

	RUN(&result, COMMAND("@reach", "leave", key));
	/* Where the kernel counts them they are allowed with one, too. */
	if (strcmp(report_at(&result, "limits.memory.enforced_by"),
	           "supervisor") == 0)
		cr_expect_not(said(&result, "shm", "ok") ||
		                      said(&result, "mq", "ok"),
		              "%s", result.out.data);
	result_free(&result);
	call_start(CALL(OPTIONS("--memory", "none", "--wall-time", "20s"),
	                COMMAND("@reach", "leave", key, "10")),
	           &live);
	cr_expect(call_expect(&live, "mq ok\n"));
	RUN(&result, .outside = true, COMMAND("@reach", "leave", key));
	result_free(&result);
	attack("another box's",
	       CALL(OPTIONS("--memory", "none"), .command = find),
	       CALL(.outside = true, .command = find), NULL);
	(void)kill(live.pid, SIGTERM);
	call_finish(&live, &result);
	result_free(&result);
}

/* A file of the host is not linked to where the program may write. */
Test(files, F25_no_hard_links_out)
{
	const char *bind = text_of("%s:/in", scratch(""));
	const char *const *command =
		WORDS("sh", "-c", "ln /in/f /workspace/g && echo ok");
	struct result result;

	(void)scratch_file("f", "x", 1, 0666);
	RUN(&result, OPTIONS("--bind", bind), .command = command);
	cr_expect_eq(result.out.len, 0, "%s", result.out.data);
	result_free(&result);
	RUN(&result, .outside = true,
	    COMMAND("ln", scratch("f"), scratch("g")));
	cr_expect_eq(result.status, 0, "control: %s", result.err.data);
	result_free(&result);
}
