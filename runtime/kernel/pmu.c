/* SPDX-License-Identifier: MIT */
/* The only file that knows of perf events. An inherited one is summed by the
 * kernel when it is read: what its tasks have counted, and what those that
 * ended have left to it. No page of it is mapped, so it takes no locked
 * memory. */
#include "kernel/pmu.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/def.h"
#include "base/file.h"
#include "base/parse.h"

/* The kind of core behind an entry. 1, 0 where it is none, or -errno. */
static int core_type(int devices, const char *name, uint32_t *type)
{
	char path[300], text[32];
	uint64_t number;
	int r;

	/* Only what counts on cores of one kind alone says which. */
	(void)snprintf(path, sizeof(path), "%s/cpus", name);
	if (faccessat(devices, path, F_OK, 0) < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	(void)snprintf(path, sizeof(path), "%s/type", name);
	r = file_get(devices, path, text, sizeof(text));
	if (r < 0)
		return r;
	text[strcspn(text, "\n")] = '\0';
	if (parse_count(text, &number) < 0 || number > UINT32_MAX)
		return -EPROTO;
	*type = (uint32_t)number;
	return 1;
}

static int add_core(int devices, const char *name, struct pmu *pmu)
{
	uint32_t type = 0;
	int r = core_type(devices, name, &type);

	if (r <= 0)
		return r;
	if (pmu->n == PMU_MAX)
		return -E2BIG;
	pmu->types[pmu->n++] = type;
	return 0;
}

int pmu_find(const char *devices, struct pmu *pmu)
{
	struct pmu found = {0};
	struct dirent *entry;
	DIR *list;
	int r = 0, fd = open(devices, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 || errno != ENOENT) {
		list = file_list(fd < 0 ? -errno : fd, &r);
		while (list && r == 0 && (entry = file_entry(list, &r)))
			r = add_core(dirfd(list), entry->d_name, &found);
		if (list)
			(void)closedir(list);
	}
	if (r < 0)
		return r;
	/* Cores of one kind have no other counter than the kernel's choice. */
	if (found.n < 2)
		found = (struct pmu){.n = 1};
	*pmu = found;
	return 0;
}

bool pmu_is_shut(void)
{
	char text[16];

	/* Above 2 it is so in the kernels of distributions; not in others, and
	 * to have it lowered costs those nothing. */
	return file_get(AT_FDCWD, "/proc/sys/kernel/perf_event_paranoid", text,
	                sizeof(text)) > 0 &&
	       atoi(text) > 2;
}

int pmu_open(uint32_t type)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE,
		.size = sizeof(attr),
		.config = (uint64_t)type << PERF_PMU_TYPE_SHIFT |
	                  PERF_COUNT_HW_INSTRUCTIONS,
		.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED |
	                       PERF_FORMAT_TOTAL_TIME_RUNNING,
		.disabled = 1,
		.inherit = 1,
		.exclude_kernel = 1,
		.exclude_hv = 1,
		.enable_on_exec = 1,
	};
	int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1,
	                      PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int pmu_start(int fd)
{
	return ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) < 0 ? -errno : 0;
}

int pmu_read(const int *fds, unsigned n, struct pmu_sample *sample)
{
	struct pmu_sample sum = {0};
	uint64_t values[3]; /* as read_format asks for them */

	for (unsigned i = 0; i < n; i++) {
		ssize_t len = read(fds[i], values, sizeof(values));

		if (len != sizeof(values))
			return len < 0 ? -errno : -EIO;
		sum.count += values[0];
		sum.counted_ns += values[2];
		/* That of each goes on while another one counts. */
		sum.seen_ns = MAX(sum.seen_ns, values[1]);
	}
	*sample = sum;
	return 0;
}
