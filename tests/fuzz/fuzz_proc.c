/* SPDX-License-Identifier: MIT */
/* Files of /proc that say anything: parts of the input that NUL bytes divide
 * are stat, status, smaps_rollup and uid_map. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "base/def.h"
#include "base/file.h"
#include "fuzz/fuzz.h"
#include "kernel/idmap.h"
#include "kernel/proc.h"

/* In memory: a disk would be most of the time. */
static char directory[] = "/dev/shm/sbx-fuzz-XXXXXX";

static const char *const files[] = {"2/stat", "2/status",
                                    "2/task/2/smaps_rollup"};

static const char *path_of(const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static void clear(void)
{
	static const char *const directories[] = {"2/task/2", "2/task", "2",
	                                          ""};

	(void)unlink(path_of("2/task/2/status"));
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		(void)unlink(path_of(files[i]));
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
		(void)rmdir(path_of(directories[i]));
}

/* A process and its only thread, which share the file status. */
static void make(void)
{
	CHECK(mkdtemp(directory) && atexit(clear) == 0);
	CHECK(mkdir(path_of("2"), 0700) == 0);
	CHECK(mkdir(path_of("2/task"), 0700) == 0);
	CHECK(mkdir(path_of("2/task/2"), 0700) == 0);
	CHECK(symlink("../../status", path_of("2/task/2/status")) == 0);
}

static void put(const char *name, const char *text, size_t len)
{
	CLEANUP_FD int fd = open(
		path_of(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && file_write_fd(fd, text, len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool made;
	CLEANUP_FD int proc = -1;
	char *text = malloc(size + 1), *at = text;
	struct proc_sample sample = {.cpu_ns = 7};
	struct id_range range;
	uint64_t bytes = 7;
	int r;

	CHECK(text);
	if (!made)
		make();
	made = true;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		size_t len = strlen(at);

		put(files[i], at, len);
		at += len + (at + len < text + size);
	}
	range = idmap_choose(at);
	CHECK(range.count <= IDMAP_COUNT);
	CHECK(range.first <= UINT32_MAX - range.count);
	proc = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(proc >= 0);
	r = proc_sample(proc, &sample);
	CHECK(r == 0 || (r < 0 && sample.cpu_ns == 7));
	CHECK(r < 0 || sample.largest <= sample.memory);
	r = proc_memory_exact(proc, &bytes);
	CHECK(r == 0 || bytes == 7);
	free(text);
	return 0;
}
