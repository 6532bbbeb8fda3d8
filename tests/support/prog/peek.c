/* SPDX-License-Identifier: MIT */
/*
 * Says what a program sees of itself, one fact a line. Linked statically, so
 * that it says the same inside and outside.
 *
 *	peek args WORD...    its arguments, each on a line
 *	peek env             its environment
 *	peek fds             open descriptors: number, type, access, flags
 *	peek limits          all resource limits: name, soft, hard
 *	peek habits          what fork and exec hand down
 *	peek session         session, group, and whether there is a terminal
 *	peek open MODE PATH...   what open(2) says: "PATH ok" or "PATH ENOENT"
 *	peek read PATH...    the same and how many bytes that are not NUL come
 *	peek dev PATH...     type, device number and mode
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <unistd.h>

extern char **environ;

static int show_args(char **words)
{
	for (; *words; words++)
		puts(*words);
	return 0;
}

static int show_env(char **words)
{
	(void)words;
	return show_args(environ);
}

static const char *kind(mode_t mode)
{
	static const char *const names[16] = {
		[S_IFIFO >> 12] = "fifo",    [S_IFCHR >> 12] = "char",
		[S_IFDIR >> 12] = "dir",     [S_IFBLK >> 12] = "block",
		[S_IFREG >> 12] = "file",    [S_IFLNK >> 12] = "link",
		[S_IFSOCK >> 12] = "socket",
	};
	const char *name = names[(mode & S_IFMT) >> 12];

	return name ? name : "anon";
}

static int show_fds(char **words)
{
	static const char *const access[] = {"read", "write", "both", "none"};
	struct stat st;

	(void)words;
	for (int fd = 0; fd < 65536; fd++) {
		int flags = fcntl(fd, F_GETFL);

		if (flags < 0 || fstat(fd, &st) < 0)
			continue;
		printf("%d %s %s%s%s\n", fd, kind(st.st_mode),
		       access[flags & O_ACCMODE],
		       flags & O_NONBLOCK ? " nonblock" : "",
		       flags & O_APPEND ? " append" : "");
	}
	return 0;
}

static int show_limits(char **words)
{
	static const struct {
		int resource;
		const char *name;
	} rows[] = {
		{RLIMIT_CPU, "cpu"},
		{RLIMIT_FSIZE, "fsize"},
		{RLIMIT_DATA, "data"},
		{RLIMIT_STACK, "stack"},
		{RLIMIT_CORE, "core"},
		{RLIMIT_RSS, "rss"},
		{RLIMIT_NPROC, "nproc"},
		{RLIMIT_NOFILE, "nofile"},
		{RLIMIT_MEMLOCK, "memlock"},
		{RLIMIT_AS, "as"},
		{RLIMIT_LOCKS, "locks"},
		{RLIMIT_SIGPENDING, "sigpending"},
		{RLIMIT_MSGQUEUE, "msgqueue"},
		{RLIMIT_NICE, "nice"},
		{RLIMIT_RTPRIO, "rtprio"},
		{RLIMIT_RTTIME, "rttime"},
	};
	struct rlimit limit;

	(void)words;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (getrlimit(rows[i].resource, &limit) < 0)
			return 1;
		printf("%s %lld %lld\n", rows[i].name,
		       (long long)limit.rlim_cur, (long long)limit.rlim_max);
	}
	return 0;
}

static void show_signals(void)
{
	int n_ignored = 0, n_blocked = 0, n_pending = 0;
	struct sigaction action;
	sigset_t blocked, pending;

	sigprocmask(SIG_SETMASK, NULL, &blocked);
	sigpending(&pending);
	for (int i = 1; i < NSIG; i++) {
		n_ignored += sigaction(i, NULL, &action) == 0 &&
		             action.sa_handler != SIG_DFL;
		n_blocked += sigismember(&blocked, i) == 1;
		n_pending += sigismember(&pending, i) == 1;
	}
	printf("ignored %d\nblocked %d\npending %d\n", n_ignored, n_blocked,
	       n_pending);
}

static int show_habits(char **words)
{
	struct itimerval timer = {0};
	mode_t mask = umask(0);
	int reaper = -1;

	(void)words;
	umask(mask);
	printf("umask %04o\n", mask);
	printf("personality %x\n", personality(0xffffffff));
	printf("nice %d\n", getpriority(PRIO_PROCESS, 0));
	printf("policy %d\n", sched_getscheduler(0));
	printf("timerslack %d\n", prctl(PR_GET_TIMERSLACK));
	printf("dumpable %d\n", prctl(PR_GET_DUMPABLE));
	printf("keepcaps %d\n", prctl(PR_GET_KEEPCAPS));
	printf("thp %d\n", prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
	printf("no_new_privs %d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	prctl(PR_GET_CHILD_SUBREAPER, &reaper);
	printf("subreaper %d\n", reaper);
	getitimer(ITIMER_REAL, &timer);
	printf("timer %s\n", timer.it_value.tv_sec || timer.it_value.tv_usec
	                             ? "set"
	                             : "none");
	show_signals();
	return 0;
}

static int show_session(char **words)
{
	int tty = open("/dev/tty", O_RDWR);

	(void)words;
	printf("leader %d\n", getsid(0) == getpid());
	printf("group %d\n", getpgrp() == getpid());
	printf("tty %s\n", tty >= 0 ? "yes" : strerrorname_np(errno));
	return 0;
}

static int open_mode(const char *mode)
{
	switch (mode[0]) {
	case 'w':
		return O_WRONLY;
	case 'c':
		return O_WRONLY | O_CREAT;
	case 'b':
		return O_RDWR;
	default:
		return O_RDONLY;
	}
}

static int try_open(char **words)
{
	int flags = open_mode(words[0]);

	while (*++words) {
		int fd = open(*words, flags | O_NONBLOCK, 0600);

		printf("%s %s\n", *words,
		       fd >= 0 ? "ok" : strerrorname_np(errno));
		if (fd >= 0)
			close(fd);
	}
	return 0;
}

static int try_read(char **words)
{
	char bytes[4096];

	for (; *words; words++) {
		int fd = open(*words, O_RDONLY | O_NONBLOCK);
		ssize_t n = fd >= 0 ? read(fd, bytes, sizeof(bytes)) : -1;
		int seen = 0;

		for (ssize_t i = 0; i < n; i++)
			seen += bytes[i] != '\0';
		if (n < 0)
			printf("%s %s\n", *words, strerrorname_np(errno));
		else
			printf("%s %d\n", *words, seen);
		if (fd >= 0)
			close(fd);
	}
	return 0;
}

static int show_dev(char **words)
{
	struct stat st;

	for (; *words; words++)
		if (lstat(*words, &st) < 0)
			printf("%s %s\n", *words, strerrorname_np(errno));
		else
			printf("%s %s %u:%u %04o\n", *words, kind(st.st_mode),
			       major(st.st_rdev), minor(st.st_rdev),
			       st.st_mode & 07777);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(char **words);
} verbs[] = {
	{"args", show_args},       {"env", show_env},       {"fds", show_fds},
	{"limits", show_limits},   {"habits", show_habits}, {"open", try_open},
	{"session", show_session}, {"read", try_read},      {"dev", show_dev},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]);
	     i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return verbs[i].run(argv + 2) || fflush(stdout);
	return 99;
}
