/* SPDX-License-Identifier: MIT */
/*
 * Says all that a sandbox is made of, as a program inside finds it: the same
 * text in every run with the same plan, and another one where anything is
 * missing. Linked statically.
 *
 *	whole NAMESPACE...   what readlink(2) says of the caller's namespaces,
 *	                     each of which is to be another one here
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

extern char **environ;

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *said(long r)
{
	return r < 0 ? strerrorname_np(errno) : "ok";
}

static void namespaces(char **outside)
{
	static const char *const names[] = {"user", "pid", "net",   "ipc",
	                                    "uts",  "mnt", "cgroup"};
	char path[64], target[64];

	for (size_t i = 0; i < COUNT(names); i++) {
		ssize_t n;
		int shared = 0;

		(void)snprintf(path, sizeof(path), "/proc/self/ns/%s",
		               names[i]);
		n = readlink(path, target, sizeof(target) - 1);
		target[n < 0 ? 0 : n] = '\0';
		for (char **word = outside; *word; word++)
			shared |= strcmp(*word, target) == 0;
		printf("namespace %s %s\n", names[i],
		       n <= 0   ? "unknown"
		       : shared ? "SHARED"
		                : "own");
	}
}

/* The lines of a file of /proc that are the same in every run. */
static void lines_of(const char *path, const char *const *starts)
{
	FILE *file = fopen(path, "re");
	char line[4096];

	if (!file)
		printf("%s %s\n", path, strerrorname_np(errno));
	while (file && fgets(line, sizeof(line), file))
		for (const char *const *start = starts; *start; start++)
			if (strncmp(line, *start, strlen(*start)) == 0)
				printf("%s: %s", path, line);
	if (file)
		(void)fclose(file);
}

/* What differs from run to run: the user behind. */
static void id_map(const char *path)
{
	FILE *file = fopen(path, "re");
	unsigned first, outer, count;

	while (file && fscanf(file, "%u %u %u", &first, &outer, &count) == 3)
		printf("%s %u %s %u\n", path, first, outer ? "user" : "ROOT",
		       count);
	if (file)
		(void)fclose(file);
}

/* Without the numbers of mounts and devices, what a mount is a copy of, and
 * the user behind. */
static void mounts(void)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char line[4096], place[1024], options[1024];
	int rest;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%*d %*d %*s %*s %1023s %1023s%n", place,
		           options, &rest) == 2) {
			line[strcspn(line, "\n")] = '\0';
			char *user = strstr(line + rest, ",uid=");
			if (user)
				*user = '\0';
			printf("mount %s %s%s\n", place, options, line + rest);
		}
	if (file)
		(void)fclose(file);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* The kind of everything in a directory. */
static void kinds(const char *directory)
{
	struct dirent **entries;
	int n = scandir(directory, &entries, NULL, by_name);
	char path[512];
	struct stat st;

	printf("in %s %s\n", directory, said(n));
	for (int i = 0; i < n; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", directory,
		               entries[i]->d_name);
		if (entries[i]->d_name[0] != '.' && lstat(path, &st) == 0)
			printf("%s %06o %u:%u %u %u\n", path, st.st_mode,
			       major(st.st_rdev), minor(st.st_rdev), st.st_uid,
			       st.st_gid);
	}
}

static void habits(void)
{
	struct utsname names;
	int number = -1;

	printf("securebits %d\n", prctl(PR_GET_SECUREBITS));
	printf("timerslack %d\n", prctl(PR_GET_TIMERSLACK));
	printf("dumpable %d\n", prctl(PR_GET_DUMPABLE));
	printf("thp %d\n", prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
	prctl(PR_GET_CHILD_SUBREAPER, &number);
	printf("subreaper %d\n", number);
	printf("personality %x\n", personality(0xffffffff));
	printf("nice %d\n", getpriority(PRIO_PROCESS, 0));
	printf("policy %d\n", sched_getscheduler(0));
	printf("io %ld\n", syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0));
	printf("session %d %d %d\n", getpid(), getsid(0), getpgrp());
	(void)uname(&names);
	printf("name %s\n", names.nodename);
}

static void limits(void)
{
	struct rlimit limit;
	struct statvfs fs;
	cpu_set_t cpus;

	for (int i = 0; i < (int)RLIM_NLIMITS; i++)
		if (getrlimit((__rlimit_resource_t)i, &limit) == 0)
			printf("limit %d %lld %lld\n", i,
			       (long long)limit.rlim_cur,
			       (long long)limit.rlim_max);
	if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
		printf("cpus %d\n", CPU_COUNT(&cpus));
	if (statvfs("/workspace", &fs) == 0)
		printf("disk %llu %llu\n", (unsigned long long)fs.f_blocks,
		       (unsigned long long)fs.f_files);
}

static void descriptors(void)
{
	struct stat st;

	for (int fd = 0; fd < 1024; fd++)
		if (fstat(fd, &st) == 0)
			printf("descriptor %d %o\n", fd, st.st_mode & S_IFMT);
}

static void loopback(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	printf("bind %s\n",
	       said(bind(fd, (const struct sockaddr *)&address, size)));
	(void)getsockname(fd, (struct sockaddr *)&address, &size);
	printf("connect %s\n",
	       said(connect(fd, (const struct sockaddr *)&address, size)));
	address.sin_addr.s_addr = htonl(0xc0000201); /* 192.0.2.1 */
	printf("connect out %s\n",
	       said(connect(fd, (const struct sockaddr *)&address, size)));
}

/* What a program could do with one layer less. */
static void attempts(void)
{
	static const char *const places[] = {
		"/new",       "/usr/new",
		"/etc/new",   "/dev/new",
		"/opt/new",   "/proc/1/environ",
		"/proc/1/fd", "/workspace/new",
		"/tmp/new",   "/proc/self/loginuid",
	};

	for (size_t i = 0; i < COUNT(places); i++)
		printf("write %s %s\n", places[i],
		       said(open(places[i], O_WRONLY | O_CREAT | O_CLOEXEC,
		                 0600)));
	printf("unshare %s\n", said(unshare(CLONE_NEWUSER)));
	printf("mount %s\n", said(mount("none", "/tmp", "tmpfs", 0, NULL)));
	printf("kill 1 %s\n", said(kill(1, SIGKILL)));
	printf("clone3 %s\n", said(syscall(SYS_clone3, NULL, 0)));
}

int main(int argc, char **argv)
{
	static const char *const all[] = {"", NULL};
	static const char *const status[] = {
		"Umask",   "Uid",     "Gid",    "Groups", "Cap",    "NoNew",
		"Seccomp", "SigPnd",  "ShdPnd", "SigBlk", "SigIgn", "SigCgt",
		"THP",     "Threads", "NSpid",  "PPid",   NULL};

	(void)argc;
	namespaces(argv + 1);
	lines_of("/proc/self/status", status);
	id_map("/proc/self/uid_map");
	id_map("/proc/self/gid_map");
	lines_of("/proc/self/setgroups", all);
	lines_of("/proc/self/cgroup", all);
	lines_of("/proc/self/oom_score_adj", all);
	lines_of("/proc/net/route", all);
	lines_of("/proc/sys/user/max_user_namespaces", all);
	lines_of("/proc/sys/user/max_inotify_instances", all);
	lines_of("/proc/sys/user/max_inotify_watches", all);
	lines_of("/proc/sys/net/ipv4/tcp_rmem", all);
	lines_of("/proc/sys/net/ipv4/tcp_wmem", all);
	mounts();
	kinds("/.");
	kinds("/dev");
	kinds("/etc");
	kinds("/proc");
	kinds("/workspace");
	habits();
	limits();
	descriptors();
	loopback();
	attempts();
	for (char **variable = environ; *variable; variable++)
		printf("environment %s\n", *variable);
	return fflush(stdout) != 0;
}
