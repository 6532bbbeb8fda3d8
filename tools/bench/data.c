/* SPDX-License-Identifier: MIT */
#include "data.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/def.h"
#include "base/file.h"
#include "box/tree.h"

#define N_FILES   10000
#define FILE_SIZE 107374 /* all together 1 GB */

static int write_files(int dir)
{
	static char bytes[FILE_SIZE];
	char name[16];
	int r = 0;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * i >> 5);
	for (int i = 0; i < N_FILES && r == 0; i++) {
		CLEANUP_FD int fd = -1;

		(void)snprintf(name, sizeof(name), "%d", i);
		fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		            0644);
		r = fd < 0 ? -errno : file_write_fd(fd, bytes, sizeof(bytes));
	}
	return r;
}

static int import(const struct data *data, const char *sbx, const char *files)
{
	const char *slash = strrchr(sbx, '/');
	char path[PATH_MAX], home[64];
	char *const environment[] = {home, NULL};
	const char *argv[] = {path, "import", "bench", files, NULL};
	int status = -1, r;
	pid_t pid;

	(void)snprintf(path, sizeof(path), "%.*ssbx-session",
	               slash ? (int)(slash + 1 - sbx) : 0, sbx);
	(void)snprintf(home, sizeof(home), "XDG_DATA_HOME=%s", data->folder);
	r = posix_spawn(&pid, path, NULL, NULL, (char *const *)argv,
	                environment);
	if (r != 0)
		return -r;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return status == 0 ? 0 : -ECHILD;
}

static void remove_below_tmp(const char *path)
{
	CLEANUP_FD int tmp = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)tree_remove(tmp, path + strlen("/tmp/"));
}

int data_make(struct data *data, const char *sbx)
{
	CLEANUP_FD int dir = -1;
	char files[64];
	int r;

	*data = (struct data){.folder = "/tmp/sbx-bench.XXXXXX"};
	if (!mkdtemp(data->folder))
		return -errno;
	(void)snprintf(files, sizeof(files), "%s/files", data->folder);
	if (mkdir(files, 0755) == 0)
		dir = open(files, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = dir < 0 ? -errno : write_files(dir);
	if (r == 0)
		r = import(data, sbx, files);
	remove_below_tmp(files);
	if (r < 0)
		data_remove(data);
	return r;
}

void data_remove(struct data *data)
{
	if (data->folder[0])
		remove_below_tmp(data->folder);
	data->folder[0] = '\0';
}
