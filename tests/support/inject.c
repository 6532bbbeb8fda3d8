/* SPDX-License-Identifier: MIT */
#include "support/inject.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ptrace.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/def.h"
#include "kernel/filter.h"

/* Of <sys/ptrace.h>, which clashes with <linux/ptrace.h>. */
long ptrace(int request, ...);

#define OPTIONS                                                             \
	(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | \
	 PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT |    \
	 PTRACE_O_EXITKILL)

#define SYSCALL_STOP (SIGTRAP | 0x80)

/* Calls that cannot fail, as their manual pages say; that free something
 * whatever they return; and those that are known by one of their arguments. */
struct call_row {
	long number;
	enum { CANNOT_FAIL, FREES, BY_NONE, BY_NUMBER, BY_TEXT } kind;
	unsigned argument; /* that it is known by */
};

/* clang-format off */
static const struct call_row rows[] = {
	{SYS_geteuid, CANNOT_FAIL, 0},
	{SYS_getuid, CANNOT_FAIL, 0},
	{SYS_getegid, CANNOT_FAIL, 0},
	{SYS_getgid, CANNOT_FAIL, 0},
	{SYS_getpid, CANNOT_FAIL, 0},
	{SYS_gettid, CANNOT_FAIL, 0},
	{SYS_umask, CANNOT_FAIL, 0},
	{SYS_set_tid_address, CANNOT_FAIL, 0},
	{SYS_exit, CANNOT_FAIL, 0},
	{SYS_exit_group, CANNOT_FAIL, 0},
	{SYS_brk, CANNOT_FAIL, 0},
	{SYS_close, FREES, 0},
	{SYS_munmap, FREES, 0},
	{SYS_prctl, BY_NUMBER, 0},
	{SYS_fcntl, BY_NUMBER, 1},
	{SYS_ioctl, BY_NUMBER, 1},
	{SYS_rt_sigaction, BY_NUMBER, 0},
	{SYS_rt_sigprocmask, BY_NUMBER, 0},
	{SYS_prlimit64, BY_NUMBER, 1},
	{SYS_epoll_ctl, BY_NUMBER, 1},
	{SYS_openat, BY_TEXT, 1},
	{SYS_open_tree, BY_TEXT, 1},
	{SYS_move_mount, BY_TEXT, 3},
	{SYS_newfstatat, BY_TEXT, 1},
	{SYS_openat2, BY_TEXT, 1},
	{SYS_fsopen, BY_TEXT, 0},
	{SYS_readlink, BY_TEXT, 0},
	{SYS_access, BY_TEXT, 0},
	{SYS_open, BY_TEXT, 0},
	{SYS_mkdir, BY_TEXT, 0},
	{SYS_mkdirat, BY_TEXT, 1},
	{SYS_unlinkat, BY_TEXT, 1},
	{SYS_faccessat, BY_TEXT, 1},
	{SYS_faccessat2, BY_TEXT, 1},
	{SYS_symlink, BY_TEXT, 1},
	{SYS_chdir, BY_TEXT, 0},
	{SYS_execve, BY_TEXT, 0},
};
/* clang-format on */

/* The caller is generation 0, pid 1 of the box 1, the program 2. */
#define UNKNOWN (-1)

struct traced {
	pid_t pid;
	int generation; /* UNKNOWN: stopped until its parent tells of it */
	bool followed;  /* its calls are those of the launch */
};

struct trace {
	struct inject *inject;
	struct traced traced[16];
	size_t n_traced;
	unsigned n_calls;
	pid_t entered; /* whose call was seen at its start, or 0 */
	bool main;
};

struct inject *inject_new(void)
{
	void *memory = mmap(NULL, sizeof(struct inject), PROT_READ | PROT_WRITE,
	                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static const struct call_row *row_of(uint64_t number)
{
	static const struct call_row other = {.kind = BY_NONE};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if ((uint64_t)rows[i].number == number)
			return &rows[i];
	return &other;
}

static void read_text(pid_t pid, uint64_t address, char *out, size_t size)
{
	struct iovec local = {out, size - 1};
	struct iovec remote = {(void *)(uintptr_t)address, size - 1};
	ssize_t n;

	/* Up to the end of a page where the next one is not there. */
	n = process_vm_readv(pid, &local, 1, &remote, 1, 0);
	if (n < 0) {
		remote.iov_len = MIN(size - 1, 4096 - address % 4096);
		n = process_vm_readv(pid, &local, 1, &remote, 1, 0);
	}
	out[n < 0 ? 0 : n] = '\0';
}

static void describe(struct inject *inject, pid_t pid,
                     const struct ptrace_syscall_info *info)
{
	const struct call_row *row = row_of(info->entry.nr);
	uint64_t argument = info->entry.args[row->argument];
	char name[64], text[96] = "";

	(void)filter_call_name(FILTER_ARCH, (uint32_t)info->entry.nr, name);
	if (row->kind == BY_TEXT)
		read_text(pid, argument, text, sizeof(text));
	else if (row->kind == BY_NUMBER)
		(void)snprintf(text, sizeof(text), "%llu",
		               (unsigned long long)(uint32_t)argument);
	(void)snprintf(inject->call, sizeof(inject->call), "%s%s%s", name,
	               text[0] ? " " : "", text);
}

static bool is_counted(const struct inject *inject, pid_t pid,
                       const struct ptrace_syscall_info *info)
{
	const struct call_row *row = row_of(info->entry.nr);
	char link[64], text[4096] = "";
	ssize_t n;

	if (!inject->below)
		return true;
	if (row->kind == BY_TEXT)
		read_text(pid, info->entry.args[row->argument], text,
		          sizeof(text));
	if (text[0] != '/') {
		(void)snprintf(link, sizeof(link), "/proc/%d/fd/%llu", pid,
		               (unsigned long long)info->entry.args[0]);
		n = readlink(link, text, sizeof(text) - 1);
		text[n < 0 ? 0 : n] = '\0';
	}
	return strncmp(text, inject->below, strlen(inject->below)) == 0;
}

static struct traced *find(struct trace *trace, pid_t pid)
{
	struct traced *free = NULL;

	for (size_t i = 0; i < trace->n_traced; i++)
		if (trace->traced[i].pid == pid)
			return &trace->traced[i];
	if (trace->n_traced == ARRAY_SIZE(trace->traced))
		_exit(97);
	free = &trace->traced[trace->n_traced++];
	*free = (struct traced){pid, UNKNOWN, false};
	return free;
}

static void put_register(pid_t pid, size_t offset, long value)
{
	(void)ptrace(PTRACE_POKEUSR, pid, offset, value);
}

#define REGISTER(name) offsetof(struct user_regs_struct, name)

/* The start of a call, or the end of the one that is to fail. */
static void on_call(struct trace *trace, pid_t pid)
{
	struct inject *inject = trace->inject;
	struct ptrace_syscall_info info;
	const struct call_row *row;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) < 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
		if (trace->entered != pid)
			return;
		put_register(pid, REGISTER(rax), -inject->code);
		inject->done = true;
		trace->entered = 0;
		return;
	}
	if (info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return;
	/* The first that main() makes: file_ensure_stdio(). */
	if (info.entry.nr == SYS_fcntl && info.entry.args[1] == F_GETFD)
		trace->main = true;
	row = row_of(info.entry.nr);
	if (row->kind == CANNOT_FAIL || !is_counted(inject, pid, &info) ||
	    ++trace->n_calls != inject->nth)
		return;
	describe(inject, pid, &info);
	inject->main = trace->main;
	trace->entered = pid;
	if (row->kind != FREES)
		put_register(pid, REGISTER(orig_rax), -1);
}

static size_t count_fds(pid_t pid)
{
	char path[64];
	size_t n = 0;
	DIR *directory;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	directory = opendir(path);
	for (const struct dirent *entry;
	     directory && (entry = readdir(directory));)
		n += entry->d_name[0] != '.';
	if (directory)
		(void)closedir(directory);
	return n;
}

static void resume(const struct trace *trace, const struct traced *traced,
                   int signal)
{
	const struct inject *inject = trace->inject;
	bool calls = !inject->done && traced->followed &&
	             traced->generation == (int)inject->process;

	(void)ptrace(calls ? PTRACE_SYSCALL : PTRACE_CONT, traced->pid, 0,
	             signal);
}

/* Either the parent's word or the child's own first stop may come first. */
static void on_child(struct trace *trace, const struct traced *parent)
{
	unsigned long pid = 0;
	struct traced *child;
	size_t n = trace->n_traced;

	(void)ptrace(PTRACE_GETEVENTMSG, parent->pid, 0, &pid);
	child = find(trace, (pid_t)pid);
	child->generation = parent->generation + 1;
	child->followed = child->generation <= (int)INJECT_PROGRAM;
	if (n == trace->n_traced)
		resume(trace, child, 0);
}

static void on_event(struct trace *trace, struct traced *traced, int event)
{
	struct inject *inject = trace->inject;

	switch (event) {
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		on_child(trace, traced);
		break;
	case PTRACE_EVENT_EXEC:
		traced->followed = traced->generation == (int)INJECT_CALLER;
		inject->started |= traced->generation == (int)INJECT_PROGRAM;
		break;
	case PTRACE_EVENT_EXIT:
		if (traced->generation == (int)INJECT_CALLER)
			inject->n_fds = count_fds(traced->pid);
		break;
	default:
		break;
	}
}

static void on_stop(struct trace *trace, pid_t pid, int status)
{
	struct traced *traced = find(trace, pid);
	int event = status >> 16, signal = 0;

	/* A parent that was killed tells nothing any more. */
	if (traced->generation == UNKNOWN && event != PTRACE_EVENT_EXIT)
		return;
	if (event)
		on_event(trace, traced, event);
	else if (WSTOPSIG(status) == SYSCALL_STOP)
		on_call(trace, pid);
	else
		signal = WSTOPSIG(status);
	resume(trace, traced, signal);
}

/* Follows them all to their ends. Returns the status of the first. */
static int follow(struct trace *trace)
{
	int status, ended = 0;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (pid > 0 && WIFSTOPPED(status))
			on_stop(trace, pid, status);
		else if (pid == trace->traced[0].pid)
			ended = status;
	}
	return ended;
}

void inject_start(const void *data)
{
	struct trace trace = {.inject = (struct inject *)data};
	int go[2], status;
	char byte;
	pid_t pid;

	if (pipe2(go, O_CLOEXEC) < 0 || (pid = fork()) < 0)
		_exit(99);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		(void)close(go[1]);
		if (read(go[0], &byte, 1) != 1)
			_exit(99);
		return;
	}
	if (ptrace(PTRACE_SEIZE, pid, 0, OPTIONS) < 0)
		_exit(99);
	trace.traced[trace.n_traced++] = (struct traced){pid, 0, false};
	(void)!write(go[1], "", 1);
	(void)close_range(0, ~0u, 0);
	status = follow(&trace);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 98);
}
