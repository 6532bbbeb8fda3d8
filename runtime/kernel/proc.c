/* SPDX-License-Identifier: MIT */
#include "kernel/proc.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/clock.h"
#include "base/def.h"
#include "base/file.h"

#define KIB 1024
/* Of /proc/PID/status: it lists up to 65536 groups before what is read here,
 * so a file that does not fit is an error and not one without memory. */
#define STATUS_SIZE 16384
#define PID_LENGTH  24 /* digits of a pid, with room */

/* What the kernel writes for getdents64(2). */
struct directory_entry {
	uint64_t inode;
	int64_t offset;
	uint16_t length;
	uint8_t type;
	char name[];
};

typedef int (*visit_pid)(int directory, const char *pid, void *sum);

static ssize_t read_entries(int fd, void *entries, size_t size)
{
	ssize_t n;

	do
		n = syscall(SYS_getdents64, fd, entries, size);
	while (n < 0 && errno == EINTR);
	return n;
}

/* Calls visit for each entry of a directory that is a number. One that ends
 * meanwhile is passed over; another failure, or a result above 0, ends it. */
static int for_each_pid(int directory, visit_pid visit, void *sum)
{
	_Alignas(struct directory_entry) char entries[2048];
	CLEANUP_FD int fd = -1;
	ssize_t n;
	int r = 0;

	fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while ((n = read_entries(fd, entries, sizeof(entries))) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct directory_entry *entry =
				(const void *)(entries + at);

			at += entry->length;
			if (!isdigit((unsigned char)entry->name[0]))
				continue;
			r = visit(directory, entry->name, sum);
			if (r > 0 || (r < 0 && r != -ENOENT && r != -ESRCH))
				return r;
		}
	}
	return n < 0 ? -errno : 0;
}

/* Reads a small file of a process as text. It may be gone: -errno. */
static int read_text(int proc, const char *pid, const char *file, char *text,
                     size_t size)
{
	char path[64];
	int n;

	(void)snprintf(path, sizeof(path), "%.40s/%s", pid, file);
	n = file_get(proc, path, text, size);
	if (n < 0)
		return n;
	return (size_t)n == size - 1 ? -EFBIG : 0;
}

/* utime and stime, or those of its waited-for children only. */
static int read_cpu(int proc, const char *pid, bool self, uint64_t *ns)
{
	unsigned long long user, system;
	long long child_user, child_system;
	char text[1024];
	const char *fields;
	int r;

	r = read_text(proc, pid, "stat", text, sizeof(text));
	if (r < 0)
		return r;
	/* The name, field 2, is the program's to choose: skip to its end. */
	fields = strrchr(text, ')');
	if (!fields || sscanf(fields,
	                      ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u "
	                      "%llu %llu %lld %lld",
	                      &user, &system, &child_user, &child_system) != 4)
		return -EPROTO;
	if (!self)
		user = system = 0;
	*ns = (user + system + (uint64_t)child_user + (uint64_t)child_system) *
	      (NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK));
	return 0;
}

/* The number behind "name:" in a file of such lines, 0 without one. */
static uint64_t line_number(const char *text, const char *name)
{
	const char *line = strstr(text, name);

	return line ? strtoull(line + strlen(name), NULL, 10) : 0;
}

/* A task of a process that still has its memory, as "PID/task/TID". */
struct live_task {
	const char *pid;
	char path[2 * PID_LENGTH + 8];
};

static int is_live(int tasks, const char *tid, void *found)
{
	struct live_task *task = found;
	char text[STATUS_SIZE];
	int r;

	r = read_text(tasks, tid, "status", text, sizeof(text));
	if (r < 0 || !strstr(text, "\nRssAnon:"))
		return r;
	(void)snprintf(task->path, sizeof(task->path), "%.20s/task/%.20s",
	               task->pid, tid);
	return 1;
}

/* The first thread may have ended before the others: it shows no memory then,
 * and another one speaks for the process. */
static int find_live(int proc, const char *pid, struct live_task *task)
{
	CLEANUP_FD int tasks = -1;
	char path[64];
	int r;

	task->pid = pid;
	(void)snprintf(path, sizeof(path), "%.20s/task", pid);
	tasks = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (tasks < 0)
		return -errno;
	r = for_each_pid(tasks, is_live, task);
	return r == 0 ? -ESRCH : r;
}

static const char *const memory_lines[] = {
	"\nRssAnon:", "\nRssShmem:", "\nVmSwap:", "\nVmPTE:"};

static int read_status(int proc, const char *pid, struct proc_sample *sum)
{
	struct live_task task;
	uint64_t memory = 0;
	char text[STATUS_SIZE];
	int r;

	r = read_text(proc, pid, "status", text, sizeof(text));
	if (r < 0)
		return r;
	sum->tasks += (unsigned)line_number(text, "\nThreads:");
	if (!strstr(text, memory_lines[0])) {
		r = find_live(proc, pid, &task);
		if (r > 0)
			r = read_text(proc, task.path, "status", text,
			              sizeof(text));
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < ARRAY_SIZE(memory_lines); i++)
		memory += KIB * line_number(text, memory_lines[i]);
	sum->memory += memory;
	sum->largest = MAX(sum->largest, memory);
	return 0;
}

static int add_process(int proc, const char *pid, void *sum)
{
	struct proc_sample *sample = sum;
	bool init = strcmp(pid, "1") == 0;
	uint64_t cpu_ns;
	int r;

	r = read_cpu(proc, pid, !init, &cpu_ns);
	if (r < 0)
		return r;
	sample->cpu_ns += cpu_ns;
	return init ? 0 : read_status(proc, pid, sample);
}

/* The id of a task of the process that still has its memory. 0: none has. */
static pid_t memory_task(int proc, const char *pid)
{
	struct live_task task;

	if (find_live(proc, pid, &task) <= 0)
		return 0;
	return atoi(strrchr(task.path, '/') + 1);
}

/* A child that has not exec'ed since vfork is in its parent's memory, which
 * is counted there. */
static bool is_in_parent(int proc, const char *pid, const char *status)
{
	uint64_t parent = line_number(status, "\nPPid:");
	char parent_pid[PID_LENGTH];
	pid_t own, other;

	if (parent <= 1)
		return false;
	(void)snprintf(parent_pid, sizeof(parent_pid), "%u", (unsigned)parent);
	own = memory_task(proc, pid);
	other = memory_task(proc, parent_pid);
	return own && other &&
	       syscall(SYS_kcmp, own, other, KCMP_VM, 0, 0) == 0;
}

static const char *const exact_lines[] = {
	"\nPss_Anon:", "\nPss_Shmem:", "\nSwapPss:"};

static int add_exact(int proc, const char *pid, void *sum)
{
	struct live_task task;
	char text[STATUS_SIZE];
	uint64_t memory;
	int r;

	r = read_text(proc, pid, "status", text, sizeof(text));
	if (r < 0 || strcmp(pid, "1") == 0 || is_in_parent(proc, pid, text))
		return r;
	r = find_live(proc, pid, &task);
	if (r == 0 || r == -ESRCH)
		return 0; /* it has ended */
	if (r > 0)
		r = read_text(proc, task.path, "status", text, sizeof(text));
	if (r < 0)
		return r;
	memory = line_number(text, "\nVmPTE:");
	r = read_text(proc, task.path, "smaps_rollup", text, sizeof(text));
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(exact_lines); i++)
		memory += line_number(text, exact_lines[i]);
	*(uint64_t *)sum += KIB * memory;
	return 0;
}

int proc_sample(int proc, struct proc_sample *sample)
{
	struct proc_sample sum = {0};
	int r;

	r = for_each_pid(proc, add_process, &sum);
	if (r == 0)
		*sample = sum;
	return r;
}

/* CONFIG_SCHED_INFO: the first number is the time on a processor. */
static int add_schedstat(int tasks, const char *tid, void *sum)
{
	char text[128];
	int r = read_text(tasks, tid, "schedstat", text, sizeof(text));

	if (r == 0)
		*(uint64_t *)sum += strtoull(text, NULL, 10);
	return r;
}

static int add_cpu_exact(int proc, const char *pid, void *sum)
{
	CLEANUP_FD int tasks = -1;
	char path[64];

	if (strcmp(pid, "1") == 0)
		return 0;
	(void)snprintf(path, sizeof(path), "%.20s/task", pid);
	tasks = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return tasks < 0 ? -errno : for_each_pid(tasks, add_schedstat, sum);
}

int proc_cpu_exact(int proc, uint64_t *ns)
{
	uint64_t sum = 0;
	int r = for_each_pid(proc, add_cpu_exact, &sum);

	if (r == 0)
		*ns = sum;
	return r;
}

int proc_memory_exact(int proc, uint64_t *bytes)
{
	uint64_t sum = 0;
	int r;

	r = for_each_pid(proc, add_exact, &sum);
	if (r == 0)
		*bytes = sum;
	return r;
}
