/* SPDX-License-Identifier: MIT */
#include "kernel/proc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/def.h"
#include "base/parse.h"

#define KIB 1024

/* Reads a small file of /proc as text. The process may be gone: -errno. */
static int read_text(int proc, const char *pid, const char *file, char *text,
                     size_t size)
{
	CLEANUP_FD int fd = -1;
	char path[64];
	ssize_t n;

	(void)snprintf(path, sizeof(path), "%.20s/%s", pid, file);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, size - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	return 0;
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

static const char *const memory_lines[] = {
	"\nRssAnon:", "\nRssShmem:", "\nVmSwap:", "\nVmPTE:"};

static int read_status(int proc, const char *pid, struct proc_sample *sum)
{
	char text[4096];
	int r;

	r = read_text(proc, pid, "status", text, sizeof(text));
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(memory_lines); i++)
		sum->memory += KIB * line_number(text, memory_lines[i]);
	sum->tasks += (unsigned)line_number(text, "\nThreads:");
	return 0;
}

static int add_process(int proc, const char *pid, void *sum)
{
	struct proc_sample *sample = sum;
	bool init = strcmp(pid, "1") == 0;
	uint64_t cpu_ns;
	int r;

	r = read_cpu(proc, pid, !init, &cpu_ns);
	if (r == 0 && !init)
		r = read_status(proc, pid, sample);
	if (r == 0)
		sample->cpu_ns += cpu_ns;
	return r;
}

static int add_exact(int proc, const char *pid, void *sum)
{
	char text[2048];
	int r;

	if (strcmp(pid, "1") == 0)
		return 0;
	r = read_text(proc, pid, "smaps_rollup", text, sizeof(text));
	if (r == 0)
		*(uint64_t *)sum += KIB * (line_number(text, "\nPss_Anon:") +
		                           line_number(text, "\nPss_Shmem:") +
		                           line_number(text, "\nSwapPss:"));
	return r;
}

/* Calls add for each process. One that ends meanwhile is passed over. */
static int for_each_process(int proc,
                            int (*add)(int proc, const char *pid, void *sum),
                            void *sum)
{
	const struct dirent *entry;
	CLEANUP_FD int fd = -1;
	DIR *directory;
	int r = 0;

	fd = openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	directory = fdopendir(fd);
	if (!directory)
		return -errno;
	fd = -1;
	while (r == 0 && (entry = readdir(directory))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		r = add(proc, entry->d_name, sum);
		if (r == -ENOENT || r == -ESRCH)
			r = 0;
	}
	(void)closedir(directory);
	return r;
}

int proc_sample(int proc, struct proc_sample *sample)
{
	struct proc_sample sum = {0};
	int r;

	r = for_each_process(proc, add_process, &sum);
	if (r == 0)
		*sample = sum;
	return r;
}

int proc_memory_exact(int proc, uint64_t *bytes)
{
	uint64_t sum = 0;
	int r;

	r = for_each_process(proc, add_exact, &sum);
	if (r == 0)
		*bytes = sum;
	return r;
}
