/* SPDX-License-Identifier: MIT */
#include "left.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/def.h"

#define QUIET_NS   (500 * NS_PER_MS)
#define LONGEST_NS (5 * NS_PER_S) /* others make and end theirs meanwhile */

/* More networks than before that are none: each processor keeps free ones to
 * itself, which count as used: the slab that it takes from and two more, of
 * seven or eight each (/sys/kernel/slab/net_namespace). */
#define FREE_NETS 24

static const char *const names[N_LEFT] = {
	[LEFT_CGROUPS] = "cgroups",
	[LEFT_MOUNTS] = "mounts",
	[LEFT_NETS] = "network namespaces",
	[LEFT_ZOMBIES] = "zombies",
};

const char *left_name(enum left left)
{
	return names[left];
}

static uint64_t count_lines(const char *path)
{
	FILE *file = fopen(path, "re");
	uint64_t n = 0;
	int c;

	while (file && (c = getc(file)) != EOF)
		n += c == '\n';
	if (file)
		(void)fclose(file);
	return n;
}

/* The sum of column (from 1) of the lines that begin with start. */
static uint64_t sum_column(const char *path, const char *start, int column)
{
	FILE *file = fopen(path, "re");
	char line[512];
	uint64_t sum = 0;

	while (file && fgets(line, sizeof(line), file)) {
		char *at = line;

		if (strncmp(line, start, strlen(start)) != 0)
			continue;
		for (int i = 0; i < column; i++) {
			at += strcspn(at, " \t");
			at += strspn(at, " \t");
		}
		sum += strtoull(at, NULL, 10);
	}
	if (file)
		(void)fclose(file);
	return sum;
}

static bool is_zombie(const char *pid)
{
	char path[300], line[512] = "";
	const char *at;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (!fgets(line, sizeof(line), file))
		line[0] = '\0';
	(void)fclose(file);
	at = strrchr(line, ')');
	return at && strncmp(at, ") Z", 3) == 0;
}

static uint64_t count_zombies(void)
{
	DIR *dir = opendir("/proc");
	const struct dirent *entry;
	uint64_t n = 0;

	while (dir && (entry = readdir(dir)))
		n += isdigit((unsigned char)entry->d_name[0]) &&
		     is_zombie(entry->d_name);
	if (dir)
		(void)closedir(dir);
	return n;
}

void left_read(struct leftover *left)
{
	left->n[LEFT_CGROUPS] = sum_column("/proc/cgroups", "", 2);
	left->n[LEFT_MOUNTS] = count_lines("/proc/self/mountinfo");
	left->n[LEFT_NETS] = sum_column("/proc/slabinfo", "net_namespace ", 1);
	left->n[LEFT_ZOMBIES] = count_zombies();
}

static bool is_clear(const struct leftover *before,
                     const struct leftover *after)
{
	uint64_t n_free = FREE_NETS * (uint64_t)sysconf(_SC_NPROCESSORS_CONF);

	for (int i = 0; i < N_LEFT; i++)
		if (after->n[i] > before->n[i] + (i == LEFT_NETS ? n_free : 0))
			return false;
	return true;
}

bool left_settle(const struct leftover *before, struct leftover *after)
{
	const struct timespec moment = {0, 20 * NS_PER_MS};
	uint64_t start = clock_ns(), since = start;
	struct leftover now;

	left_read(after);
	while (clock_ns() - since < QUIET_NS &&
	       clock_ns() - start < LONGEST_NS && !is_clear(before, after)) {
		(void)nanosleep(&moment, NULL);
		left_read(&now);
		for (int i = 0; i < N_LEFT; i++)
			if (now.n[i] < after->n[i])
				since = clock_ns();
		*after = now;
	}
	return is_clear(before, after);
}
