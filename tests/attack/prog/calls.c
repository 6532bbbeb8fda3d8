/* SPDX-License-Identifier: MIT */
/*
 * Makes system calls that a sandbox must not let through. The arguments are
 * such that a call that is let through does nothing: "ok" is any answer of the
 * kernel's own, or success.
 *
 *	calls table         those that are refused whatever their arguments
 *	calls arguments     those that are refused for their arguments
 *	calls keys WORD     adds a key, and looks for one in /proc/keys
 *	calls wide          the same, with bits where no argument has any
 *	calls spaces        new namespaces, by every call that makes one
 *	calls newer         numbers that no kernel has, and clone3
 *	calls threads       the state of the filter in each thread
 *	calls again         the same after an exec
 *	calls foreign       a new user namespace through the gate of i386
 *	calls elf32         runs a program of that architecture
 *	calls own           confines itself further
 *	calls huge          memory of the whole machine's pools
 *	calls chain DIR     scripts of odd interpreters, and what is no program
 */
#include "say.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

struct trial {
	const char *name;
	long number;
	long args[6];
};

/* The answer of the filter is EPERM or ENOSYS; any other is the kernel's. */
static void try_here(const struct trial *trial)
{
	const long *a = trial->args;
	long r = syscall(trial->number, a[0], a[1], a[2], a[3], a[4], a[5]);

	say(trial->name, r < 0 && (errno == EPERM || errno == ENOSYS) ? -1 : 0);
}

/* In a child: what a call does to its process is none of the next one's. */
static void try_all(const struct trial *trials, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			alarm(5);
			try_here(&trials[i]);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
}

#define BAD (-1)
#define T(name, ...)                \
	{                           \
#name, SYS_##name,  \
		{                   \
			__VA_ARGS__ \
		}                   \
	}

static const struct trial refused[] = {
	T(ptrace, 0x4206, BAD),
	T(process_vm_readv, 1, 0, 0, 0, 0, 1),
	T(process_vm_writev, 1, 0, 0, 0, 0, 1),
	T(process_madvise, BAD, 0, 0, 0, 0),
	T(pidfd_getfd, BAD, 0, 0),
	T(kcmp, 2, 2, 99, 0, 0),
	T(process_mrelease, BAD, 0),
	T(bpf, 99, 0, 0),
	T(perf_event_open, 0, 0, BAD, BAD, 0),
	T(userfaultfd, 1),
	T(io_uring_setup, 1, 0),
	T(io_uring_enter, BAD, 0, 0, 0, 0, 0),
	T(io_uring_register, BAD, 0, 0, 0),
	T(io_setup, 0, 0),
	T(io_submit, 0, BAD, 0),
	T(io_cancel, 0, 0, 0),
	T(add_key, 0, 0, 0, 0, 0),
	T(request_key, 0, 0, 0, 0),
	T(keyctl, 0, 0, 0, 0, 0),
	T(name_to_handle_at, BAD, 0, 0, 0, 0),
	T(open_by_handle_at, BAD, 0, 0),
	T(fanotify_init, 0, 0),
	T(fanotify_mark, BAD, 0, 0, 0, 0),
	T(init_module, 0, 0, 0),
	T(finit_module, BAD, 0, 0),
	T(delete_module, 0, 0),
	T(kexec_load, 0, 99, 0, 0xffff0000),
	T(kexec_file_load, BAD, BAD, 0, 0, 0),
	T(reboot, 0, 0, 0, 0),
	T(swapon, 0, 0),
	T(swapoff, 0),
	T(acct, 1),
	T(quotactl, BAD, 0, 0, 0),
	T(quotactl_fd, BAD, 0, 0, 0),
	T(syslog, 99, 0, 0),
	T(settimeofday, 1, 1),
	T(clock_settime, 99, 0),
	T(adjtimex, 0),
	T(clock_adjtime, 99, 0),
	T(sethostname, 1, 99999),
	T(setdomainname, 1, 99999),
	T(vhangup, 0),
	T(setgroups, 1, 1),
	T(mbind, 1, 0, 99, 0, 0, 99),
	T(set_mempolicy, 99, 0, 0),
	T(migrate_pages, BAD, 0, 0, 0),
	T(move_pages, 0, 1, 0, 0, 0, 99),
	T(memfd_secret, 99),
	T(remap_file_pages, 1, 0, 0, 0, 0),
	T(vmsplice, BAD, 0, 0, 99),
	T(ioprio_set, 99, 0, 0),
	T(syncfs, BAD),
	T(mount, 0, 0, 0, 0, 0),
	T(umount2, 0, 0),
	T(pivot_root, 0, 0),
	T(chroot, 0),
	T(open_tree, BAD, 0, 0x7fff),
	T(move_mount, BAD, 0, BAD, 0, 0),
	T(fsopen, 0, 0),
	T(fsconfig, BAD, 0, 0, 0, 0),
	T(fsmount, BAD, 0, 0),
	T(fspick, BAD, 0, 0),
	T(mount_setattr, BAD, 0, 0, 0, 0),
	T(setns, BAD, 0),
	T(unshare, 1),
#ifdef __x86_64__
	T(iopl, 99),
	T(ioperm, BAD, 1, 1),
	T(modify_ldt, 0, 0, 0),
	T(sysfs, 3, 0, 0),
	T(ustat, 0, 0),
#endif
	/* Newer than the filter's list, by number: listmount, statmount,
         * open_tree_attr. */
	{"statmount", 457, {0}},
	{"listmount", 458, {0}},
	{"open_tree_attr", 467, {BAD, 0, 0, 0, 0}},
};

static int calls_table(char **words)
{
	(void)words;
	try_all(refused, N_OF(refused));
	return 0;
}

#define TIOCSTI_     0x5412
#define TIOCLINUX_   0x541C
#define TIOCSETD_    0x5423
#define TIOCCONS_    0x541D
#define NO_RANDOMIZE 0x0040000

/* w: bits above the 32 that the kernel looks at. */
static int try_arguments(long w)
{
	const struct trial trials[] = {
		{"TIOCSTI", SYS_ioctl, {0, w | TIOCSTI_, 0}},
		{"TIOCLINUX", SYS_ioctl, {0, w | TIOCLINUX_, 0}},
		{"TIOCSETD", SYS_ioctl, {0, w | TIOCSETD_, 0}},
		{"TIOCCONS", SYS_ioctl, {0, w | TIOCCONS_, 0}},
		{"F_SETLEASE", SYS_fcntl, {0, w | F_SETLEASE, F_RDLCK}},
		{"F_NOTIFY", SYS_fcntl, {0, w | F_NOTIFY, 0}},
		{"personality", SYS_personality, {w | NO_RANDOMIZE}},
		{"PR_SET_MM", SYS_prctl, {w | PR_SET_MM, 99, 0, 0, 0}},
		{"PR_SET_PTRACER", SYS_prctl, {w | PR_SET_PTRACER, BAD}},
		{"PR_SET_KEEPCAPS", SYS_prctl, {w | PR_SET_KEEPCAPS, 0}},
		{"PERF_DISABLE", SYS_prctl, {w | PR_TASK_PERF_EVENTS_DISABLE}},
		{"VSOCK", SYS_socket, {w | AF_VSOCK, SOCK_STREAM, 0}},
		{"RAW", SYS_socket, {w | AF_NETLINK, w | SOCK_RAW, w | 9}},
		{"listener",
	         SYS_seccomp,
	         {w | SECCOMP_SET_MODE_FILTER,
	          w | SECCOMP_FILTER_FLAG_NEW_LISTENER, 0}},
		{"MAP_HUGETLB",
	         SYS_mmap,
	         {0, 0, PROT_READ,
	          w | MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, BAD, 0}},
		{"MADV_MERGEABLE", SYS_madvise, {0, 0, w | MADV_MERGEABLE}},
		{"RENAME_WHITEOUT", SYS_renameat2, {BAD, 0, BAD, 0, w | 4}},
		{"O_DIRECT", SYS_openat, {BAD, 0, w | O_DIRECT, 0}},
		{"mknod", SYS_mknodat, {BAD, 0, w | S_IFCHR, 0x103}},
		{"prlimit", SYS_prlimit64, {w | 1, 99, 1, 0}},
	};

	try_all(trials, N_OF(trials));
	return 0;
}

static int calls_arguments(char **words)
{
	(void)words;
	return try_arguments(0);
}

static int calls_wide(char **words)
{
	(void)words;
	return try_arguments((long)0xa5a5a5a500000000);
}

static const struct {
	const char *name;
	long flag;
} spaces[] = {
	{"user", CLONE_NEWUSER},     {"mnt", CLONE_NEWNS},
	{"pid", CLONE_NEWPID},       {"net", CLONE_NEWNET},
	{"ipc", CLONE_NEWIPC},       {"uts", CLONE_NEWUTS},
	{"cgroup", CLONE_NEWCGROUP}, {"time", 0x80},
};

static void say_space(const char *how, const char *space, long r)
{
	char name[64];

	snprintf(name, sizeof(name), "%s-%s", how, space);
	say(name, r);
}

/* With a user namespace first where the caller may have one. */
static int calls_spaces(char **words)
{
	long users = words[0] ? CLONE_NEWUSER : 0;

	for (size_t i = 0; i < N_OF(spaces); i++) {
		long flags = spaces[i].flag | users;
		long pid = fork();

		if (pid == 0) {
			say_space("unshare", spaces[i].name,
			          unshare((int)flags));
			_exit(0);
		}
		waitpid((pid_t)pid, NULL, 0);
		if (spaces[i].flag == 0x80)
			continue; /* its bit is a signal's in clone */
		pid = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
		if (pid == 0)
			_exit(0);
		say_space("clone", spaces[i].name, pid);
		waitpid((pid_t)pid, NULL, 0);
	}
	return 0;
}

static void *nothing(void *data)
{
	return data;
}

static int calls_newer(char **words)
{
	struct clone_args args = {.exit_signal = SIGCHLD};
	pthread_t thread;
	long pid;

	(void)words;
	say("600", syscall(600));
	say("-1", syscall(-1));
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0)
		_exit(0);
	say("clone3", pid);
	errno = pthread_create(&thread, NULL, nothing, NULL);
	printf("thread %s\n", errno ? strerrorname_np(errno) : "works");
	return 0;
}

/* The line of this thread's status that starts with name. */
static void print_status(const char *name)
{
	char line[256];
	FILE *file = fopen("/proc/thread-self/status", "r");

	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, name, strlen(name)) == 0)
			fputs(line, stdout);
	if (file)
		fclose(file);
	fflush(stdout);
}

static void *print_filter(void *data)
{
	print_status("Seccomp:");
	return data;
}

static int calls_threads(char **words)
{
	pthread_t thread;

	(void)words;
	print_status("Seccomp:");
	for (int i = 0; i < 4; i++)
		if (pthread_create(&thread, NULL, print_filter, NULL) == 0)
			pthread_join(thread, NULL);
	fflush(stdout);
	execl("/proc/self/exe", "calls", "again", NULL);
	return 1;
}

static int calls_again(char **words)
{
	(void)words;
	print_status("Seccomp:");
	return 0;
}

static int calls_foreign(char **words)
{
#ifdef __x86_64__
	long r = 310; /* unshare of i386 */

	(void)words;
	__asm__ volatile("int $0x80" : "+a"(r) : "b"(CLONE_NEWUSER) : "memory");
	errno = (int)-r;
	say("int80", r < 0 ? -1 : 0);
#endif
	(void)words;
	return 0;
}

/* mov $1, %eax; mov $42, %ebx; int $0x80: exits 42, on i386. */
static const unsigned char exit_42[] = {0xb8, 1, 0, 0, 0,    0xbb,
                                        42,   0, 0, 0, 0xcd, 0x80};

static int calls_elf32(char **words)
{
	static const uint32_t base = 0x8048000;
	struct {
		unsigned char ident[16];
		uint16_t type, machine;
		uint32_t version, entry, phoff, shoff, flags;
		uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
		uint32_t p_type, p_offset, p_vaddr, p_paddr, p_filesz, p_memsz,
			p_flags, p_align;
		unsigned char text[sizeof(exit_42)];
	} file = {
		.ident = {0x7f, 'E', 'L', 'F', 1, 1, 1},
		.type = 2,
		.machine = 3,
		.version = 1,
		.entry = base + 84,
		.phoff = 52,
		.ehsize = 52,
		.phentsize = 32,
		.phnum = 1,
		.p_type = 1,
		.p_vaddr = base,
		.p_paddr = base,
		.p_filesz = sizeof(file),
		.p_memsz = sizeof(file),
		.p_flags = 5,
		.p_align = 4096,
	};
	int fd = open("/tmp/elf32-attack", O_WRONLY | O_CREAT | O_TRUNC, 0755);

	(void)words;
	memcpy(file.text, exit_42, sizeof(exit_42));
	if (write(fd, &file, sizeof(file)) != sizeof(file) || close(fd) < 0)
		return 1;
	execl("/tmp/elf32-attack", "elf32", NULL);
	return 2;
}

static int calls_own(char **words)
{
	struct landlock_ruleset_attr rules = {
		.handled_access_fs = LANDLOCK_ACCESS_FS_WRITE_FILE |
	                             LANDLOCK_ACCESS_FS_MAKE_REG};
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
	                 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EXDEV),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {N_OF(code), code};
	int fd;

	(void)words;
	printf("no_new_privs %d\n", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	fd = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules),
	                  0);
	printf("landlock %ld\n", syscall(SYS_landlock_restrict_self, fd, 0));
	printf("write %d\n", open("/tmp/x", O_WRONLY | O_CREAT, 0600));
	fflush(stdout);
	printf("filter %d\n",
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
	say("parents", syscall(SYS_getppid));
	return 0;
}

/* In the keyring of this process, which takes it along when it ends. */
static int calls_keys(char **words)
{
	char line[512];
	FILE *file = fopen("/proc/keys", "r");
	int found = 0;

	say("key", syscall(SYS_add_key, "user", words[0], "x", 1, -2));
	while (file && fgets(line, sizeof(line), file))
		found |= strstr(line, words[1] ? words[1] : words[0]) != NULL;
	errno = ENOENT;
	say("seen", found ? 0 : -1);
	if (words[1])
		sleep(10);
	return 0;
}

static int calls_huge(char **words)
{
	size_t size = 2 << 20;
	void *page;

	(void)words;
	page = mmap(NULL, size, PROT_READ | PROT_WRITE,
	            MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	printf("huge %s\n",
	       page == MAP_FAILED ? strerrorname_np(errno) : "mapped");
	page = mmap(NULL, size, PROT_READ | PROT_WRITE,
	            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	say("mlock", mlock(page, size));
	say("mlockall", mlockall(MCL_CURRENT | MCL_FUTURE));
	return 0;
}

/* Makes a file in a directory and runs it. */
static int run_file(const char *directory, const char *name, const char *text)
{
	char path[4200];
	int fd, status;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	if (fd < 0 || dprintf(fd, "%s%s\n", text, text[2] ? "" : path) < 0 ||
	    close(fd) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		execl(path, path, NULL);
		_exit(errno == ENOEXEC ? 101 : 100);
	}
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

/* "#!" alone is of the file itself. */
static int calls_chain(char **words)
{
	printf("first %d\n", run_file(words[0], "first", "#!/bin/sh\nexit 7"));
	printf("self %d\n", run_file(words[0], "self", "#!"));
	printf("proc %d\n", run_file(words[0], "proc", "#!/proc/self/exe"));
	printf("junk %d\n", run_file(words[0], "junk", "\1\2\3\4"));
	return 0;
}

static const struct verb verbs[] = {
	{"table", calls_table}, {"arguments", calls_arguments},
	{"wide", calls_wide},   {"spaces", calls_spaces},
	{"newer", calls_newer}, {"threads", calls_threads},
	{"again", calls_again}, {"foreign", calls_foreign},
	{"elf32", calls_elf32}, {"own", calls_own},
	{"huge", calls_huge},   {"chain", calls_chain},
	{"keys", calls_keys},
};

int main(int argc, char **argv)
{
	(void)argc;
	return run_verb(verbs, N_OF(verbs), argv);
}
