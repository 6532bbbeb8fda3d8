/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/def.h"
#include "base/error.h"
#include "base/file.h"
#include "kernel/ns.h"
#include "kernel/sys.h"
#include "support/child.h"

TestSuite(ns, .timeout = 30);

/* What the new process saw, in memory that both share. */
struct seen {
	ino_t own[7];
	pid_t pid, parent;
	int n_groups;
	bool usr1_is_default, usr2_is_ignored, all_blocked;
	int threads;
	bool done;
};

static ino_t namespace_of(const char *name)
{
	char path[64];
	struct stat st;

	(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

static _Noreturn void look(const void *argument)
{
	struct seen *seen = *(struct seen *const *)argument;
	struct sigaction action;
	char *line, text[4096];
	sigset_t blocked;
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	line = strstr(text, "\nThreads:");
	seen->threads = line ? atoi(line + 9) : 0;
	for (size_t i = 0; i < n_namespaces; i++)
		seen->own[i] = namespace_of(namespaces[i].name);
	seen->pid = getpid();
	seen->parent = getppid();
	seen->n_groups = getgroups(0, NULL);
	(void)sigaction(SIGUSR1, NULL, &action);
	seen->usr1_is_default = action.sa_handler == SIG_DFL;
	(void)sigaction(SIGUSR2, NULL, &action);
	seen->usr2_is_ignored = action.sa_handler == SIG_IGN;
	(void)sigprocmask(SIG_BLOCK, NULL, &blocked);
	seen->all_blocked = sigismember(&blocked, SIGUSR1) == 1 &&
	                    sigismember(&blocked, SIGTERM) == 1;
	seen->done = true;
	_exit(7);
}

static void on_signal(int number)
{
	(void)number;
}

static struct seen *share(void)
{
	void *place = mmap(NULL, sizeof(struct seen), PROT_READ | PROT_WRITE,
	                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return place == MAP_FAILED ? NULL : place;
}

/* Waits for a process that sends no signal. Returns its exit status. */
static int wait_for(int pidfd)
{
	siginfo_t info = {0};

	if (sys_waitid(pidfd, &info, WEXITED | __WALL, NULL) < 0 ||
	    info.si_code != CLD_EXITED)
		return -1;
	return info.si_status;
}

/* The process is in namespaces of its own, pid 1 there, alone, and has none of
 * the caller's handlers and groups; the caller is as before. This body has two
 * threads, as a caller's process may. */
Test(ns, clones)
{
	const struct sigaction action = {.sa_handler = on_signal};
	sigset_t usr2, before, after;
	struct seen *seen = share();
	struct sbx_error err = {0};
	int pidfd = -1;
	pid_t pid;

	cr_assert_not_null(seen);
	cr_assert_eq(sigaction(SIGUSR1, &action, NULL), 0);
	cr_assert_neq(signal(SIGUSR2, SIG_IGN), SIG_ERR);
	sigemptyset(&usr2);
	sigaddset(&usr2, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &usr2, &before);
	pid = ns_clone(look, &seen, -1, &pidfd, &err);
	cr_assert_gt(pid, 0, "%s", err.text);
	pthread_sigmask(SIG_BLOCK, NULL, &after);
	cr_expect_eq(sigismember(&after, SIGUSR2), 1);
	cr_expect_eq(sigismember(&after, SIGUSR1), 0);
	cr_expect_eq(fcntl(pidfd, F_GETFD), FD_CLOEXEC);
	/* It sends no SIGCHLD, so an ordinary wait knows nothing of it. */
	cr_expect_eq(waitpid(pid, NULL, WNOHANG), -1);
	cr_expect_eq(wait_for(pidfd), 7);
	cr_assert(seen->done);
	for (size_t i = 0; i < n_namespaces; i++) {
		cr_expect_neq(seen->own[i], 0, "%s", namespaces[i].name);
		cr_expect_eq(seen->own[i] == namespace_of(namespaces[i].name),
		             namespaces[i].apart, "%s", namespaces[i].name);
	}
	cr_expect_eq(seen->pid, 1);
	cr_expect_eq(seen->parent, 0);
	cr_expect_eq(seen->threads, 1);
	cr_expect(seen->usr1_is_default);
	cr_expect(seen->usr2_is_ignored);
	cr_expect(seen->all_blocked);
	(void)close(pidfd);
}

/* The kinds, in the order of the report. */
Test(ns, knows_all_kinds)
{
	static const char *const names[] = {"user", "pid", "net",   "ipc",
	                                    "uts",  "mnt", "cgroup"};

	cr_assert_eq(n_namespaces, ARRAY_SIZE(names));
	for (size_t i = 0; i < n_namespaces; i++) {
		cr_expect_str_eq(namespaces[i].name, names[i]);
		cr_expect_neq(namespace_of(names[i]), 0);
		cr_expect_eq(namespaces[i].apart, strcmp(names[i], "net") == 0);
	}
}

static _Noreturn void wait_for_the_end(const void *argument)
{
	(void)argument;
	for (;;)
		(void)pause();
}

static ino_t inode_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 ? 0 : st.st_ino;
}

/* The network that is made for a process is a new one, of its user namespace;
 * the caller stays where it is, and has a descriptor and no child more. */
Test(ns, makes_a_network_apart)
{
	ino_t net = namespace_of("net"), user = namespace_of("user");
	struct sbx_error err = {0};
	int pidfd = -1, userns, network, owner;
	size_t before;
	char path[64];
	pid_t pid;

	pid = ns_clone(wait_for_the_end, NULL, -1, &pidfd, &err);
	cr_assert_gt(pid, 0, "%s", err.text);
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	userns = open(path, O_RDONLY | O_CLOEXEC);
	cr_assert_geq(userns, 0);
	before = open_descriptors();
	network = ns_network(userns, &err);
	cr_assert_geq(network, 0, "%s", err.text);
	cr_expect_eq(open_descriptors(), before + 1);
	cr_expect_eq(fcntl(network, F_GETFD), FD_CLOEXEC);
	cr_expect_neq(inode_of(network), net);
	owner = ioctl(network, NS_GET_USERNS);
	cr_expect_eq(inode_of(owner), inode_of(userns));
	cr_expect_eq(namespace_of("net"), net);
	cr_expect_eq(namespace_of("user"), user);
	(void)pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
	cr_expect_eq(wait_for(pidfd), -1);
	cr_expect_eq(waitpid(-1, NULL, WNOHANG | __WALL), -1);
	/* What is no user namespace is not entered. */
	cr_expect_eq(ns_network(network, &err), -EINVAL);
	cr_expect_eq(err.stage, SBX_STAGE_CLONE);
	(void)close(owner);
	(void)close(network);
	(void)close(userns);
	(void)close(pidfd);
}

static int leave_a_mark(void *argument)
{
	int *mark = argument;

	*mark = unshare(CLONE_NEWUTS | CLONE_FS) < 0 ? -errno : getpid();
	_exit(3);
}

static int visit(void *data)
{
	ino_t uts = namespace_of("uts");
	int mark = 0;

	(void)data;
	STEP(ns_visit(leave_a_mark, &mark) == 0);
	STEP(mark > 0 && mark != getpid());
	STEP(namespace_of("uts") == uts);
	STEP(waitpid(-1, NULL, __WALL | WNOHANG) < 0 && errno == ECHILD);
	return 0;
}

/* A visitor writes to the caller's memory, changes nothing else of it, and is
 * gone. */
Test(ns, visits)
{
	EXPECT_CHILD(child_run_in(0, visit, NULL));
}

static int clone_with_groups(void *data)
{
	const gid_t groups[] = {7, 8, 9};
	struct seen *seen = share();
	struct sbx_error err;
	gid_t after[8];
	int pidfd;

	(void)data;
	STEP(seen);
	STEP(setgroups(3, groups) == 0);
	STEP(ns_clone(look, &seen, -1, &pidfd, &err) > 0);
	STEP(wait_for(pidfd) == 7);
	STEP(seen->done && seen->n_groups == 0);
	STEP(getgroups(8, after) == 3);
	STEP(memcmp(after, groups, sizeof(groups)) == 0);
	return 0;
}

/* Root's supplementary groups stay behind, and root keeps them. */
Test(ns, leaves_groups_behind)
{
	if (geteuid() == 0)
		EXPECT_CHILD(child_run(clone_with_groups, NULL));
}

static int fail_to_clone(const char *text)
{
	struct seen *seen = share();
	struct sbx_error err = {0};
	size_t before = open_descriptors();
	sigset_t blocked;
	int pidfd = -5;

	STEP(seen);
	STEP(ns_clone(look, &seen, -1, &pidfd, &err) == -err.code);
	STEP(err.stage == SBX_STAGE_CLONE);
	STEP(strncmp(err.text, text, strlen(text)) == 0);
	STEP(pidfd == -5 && !seen->done);
	STEP(open_descriptors() == before);
	STEP(sigprocmask(SIG_BLOCK, NULL, &blocked) == 0);
	STEP(sigismember(&blocked, SIGTERM) == 0);
	return 0;
}

static int clone_too_many(void *data)
{
	(void)data;
	STEP(file_put(AT_FDCWD, "/proc/sys/user/max_user_namespaces", "0") ==
	     0);
	return fail_to_clone("no more namespaces: raise "
	                     "/proc/sys/user/max_*_namespaces: No space left");
}

static int clone_in_a_chroot(void *data)
{
	(void)data;
	STEP(chroot("/tmp") == 0);
	/* As most containers' profiles answer, too. */
	return fail_to_clone("user namespaces are refused here; look at ");
}

/* Why there are no namespaces, in words that help. */
Test(ns, tells_why_it_failed)
{
	EXPECT_CHILD(child_run_in(0, clone_too_many, NULL));
	EXPECT_CHILD(child_run_in(CLONE_NEWNS, clone_in_a_chroot, NULL));
}

struct note {
	pid_t pid;
	int number;
};

static int write_note(void *argument)
{
	struct note *note = argument;

	note->pid = getpid();
	note->number++;
	_exit(5);
}

static int exec_true(void *argument)
{
	(void)argument;
	(void)execl("/bin/true", "true", NULL);
	_exit(9);
}

static int spawn(void *data)
{
	_Alignas(16) char stack[32 * 1024];
	struct note note = {0, 1};
	int status;
	pid_t pid;

	(void)data;
	/* The caller waits, so what the child wrote is there at once. */
	pid = ns_spawn(write_note, &note, stack, sizeof(stack));
	STEP(pid > 0 && note.pid == pid && note.number == 2);
	STEP(waitpid(pid, &status, 0) == pid && status == 5 << 8);
	pid = ns_spawn(exec_true, NULL, stack, sizeof(stack));
	STEP(pid > 0);
	STEP(waitpid(pid, &status, 0) == pid && status == 0);
	return 0;
}

/* A spawned child has the caller's memory until it execs or ends. */
Test(ns, spawns)
{
	EXPECT_CHILD(child_run(spawn, NULL));
}
