/* SPDX-License-Identifier: MIT */
#include "host.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

/* Finds the first line of a file that begins with start, and copies what
 * follows that, without the line end. text is "" when there is none. */
static void read_line(const char *path, const char *start, char *text,
                      size_t size)
{
	FILE *file = fopen(path, "re");
	char line[512];
	size_t len = strlen(start);
	bool found = false;

	text[0] = '\0';
	while (file && !found && fgets(line, sizeof(line), file))
		found = strncmp(line, start, len) == 0;
	if (found)
		snprintf(text, size, "%.*s", (int)strcspn(line + len, "\n"),
		         line + len);
	if (file)
		(void)fclose(file);
}

void host_read(struct host *host)
{
	struct utsname names;
	time_t now = time(NULL);
	struct tm utc;

	memset(host, 0, sizeof(*host));
	if (uname(&names) == 0) {
		snprintf(host->kernel, sizeof(host->kernel), "%s %s",
		         names.release, names.version);
		snprintf(host->machine, sizeof(host->machine), "%s",
		         names.machine);
	}
	read_line("/proc/cpuinfo", "model name\t: ", host->processor,
	          sizeof(host->processor));
	host->n_cpus = sysconf(_SC_NPROCESSORS_ONLN);
	host->uid = getuid();
	if (gmtime_r(&now, &utc))
		(void)strftime(host->date, sizeof(host->date),
		               "%Y-%m-%dT%H:%M:%SZ", &utc);
}

/* Of all processors since boot, as /proc/stat has them. */
enum tick { USER, NICE, SYSTEM, IDLE, IO_WAIT, IRQ, SOFT_IRQ, STEAL, N_TICKS };

static void read_ticks(uint64_t ticks[N_TICKS])
{
	char cpu[256];
	char *at = cpu;

	read_line("/proc/stat", "cpu ", cpu, sizeof(cpu));
	for (int i = 0; i < N_TICKS; i++)
		ticks[i] = strtoull(at, &at, 10);
}

void load_read(struct load *load)
{
	uint64_t ticks[N_TICKS];

	memset(load, 0, sizeof(*load));
	read_line("/proc/loadavg", "", load->average, sizeof(load->average));
	read_line("/proc/pressure/cpu", "some ", load->pressure,
	          sizeof(load->pressure));
	read_ticks(ticks);
	load->steal_ticks = ticks[STEAL];
}

uint64_t host_busy_ns(void)
{
	uint64_t ticks[N_TICKS];

	read_ticks(ticks);
	return (ticks[USER] + ticks[NICE] + ticks[SYSTEM] + ticks[IRQ] +
	        ticks[SOFT_IRQ]) *
	       (NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK));
}

uint64_t host_stall_ns(void)
{
	char some[128];
	const char *total;

	read_line("/proc/pressure/cpu", "some ", some, sizeof(some));
	total = strstr(some, "total=");
	return total ? strtoull(total + strlen("total="), NULL, 10) * 1000 : 0;
}
