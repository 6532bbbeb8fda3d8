/* SPDX-License-Identifier: MIT */
/* The sandbox's own /proc: what is shut in it, by every spelling. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/def.h"
#include "support/run.h"
#include "support/scratch.h"

TestSuite(proc, .timeout = 120);

static const char *const masked[] = {
	"kcore",        "keys",          "key-users",     "kallsyms",
	"kmsg",         "timer_list",    "sched_debug",   "slabinfo",
	"iomem",        "ioports",       "sysrq-trigger", "interrupts",
	"cmdline",      "locks",         "config.gz",     "vmallocinfo",
	"pagetypeinfo", "latency_stats",
};

static const char *const spellings[] = {
	"/proc/%s",
	"//proc//%s",
	"/proc/self/../%s",
	"/proc/./%s",
	"/proc/self/root/proc/%s",
	"/proc/thread-self/root/proc/%s",
	"/dev/fd/../../%s",
	"/proc/2/root/proc/%s",
};

/* Whether each line is "PATH 0" or "PATH ENOENT", "PATH EACCES", "PATH EPERM":
 * nothing could be read. */
static void check_shut(char *lines)
{
	char *line, *word;

	while ((line = strsep(&lines, "\n")) && *line) {
		word = strrchr(line, ' ') + 1;
		cr_expect(strcmp(word, "0") == 0 ||
		                  strcmp(word, "ENOENT") == 0 ||
		                  strcmp(word, "EACCES") == 0 ||
		                  strcmp(word, "EPERM") == 0,
		          "%s", line);
	}
}

/* The files that tell of or act on the whole machine cannot be read. */
Test(proc, dangerous_files_are_shut)
{
	struct result result;

	for (size_t s = 0; s < ARRAY_SIZE(spellings); s++) {
		const char *words[ARRAY_SIZE(masked) + 4] = {"@peek", "read"};
		char paths[ARRAY_SIZE(masked)][80];

		for (size_t i = 0; i < ARRAY_SIZE(masked); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			(void)snprintf(paths[i], sizeof(paths[i]), spellings[s],
			               masked[i]);
#pragma GCC diagnostic pop
			words[2 + i] = paths[i];
		}
		RUN(&result, .command = words);
		cr_expect_eq(result.status, 0);
		check_shut(result.out.data);
		result_free(&result);
	}
}

/* The control: the same look does read what is open. */
Test(proc, other_files_are_open)
{
	struct result result;

	RUN(&result, COMMAND("@peek", "read", "/proc/version", "/proc/meminfo",
	                     "/proc/cpuinfo", "/proc/self/maps", "/proc/stat",
	                     "/proc/uptime", "/proc/loadavg"));
	cr_expect_null(strstr(result.out.data, " 0\n"), "%s", result.out.data);
	cr_expect_null(strstr(result.out.data, " E"), "%s", result.out.data);
	result_free(&result);
}

/* The same of directories: they are empty, or not there. */
Test(proc, dangerous_directories_are_empty)
{
	struct result result;

	RUN(&result, COMMAND("sh", "-c",
	                     "cd /proc; for d in acpi scsi irq bus fs driver; "
	                     "do ls -A $d; done 2>/dev/null; ls -A sys | head "
	                     "-n 1"));
	cr_expect_str_eq(result.out.data, "abi\n", "%s", result.out.data);
	result_free(&result);
}

/* No file below /proc/sys, and no other switch of the kernel's, opens for
 * writing. */
Test(proc, nothing_of_the_kernels_is_writable)
{
	struct result result;

	RUN(&result, .helpers = true, OPTIONS("--wall-time", "60s"),
	    COMMAND("sh", "-c",
	            "find /proc/sys -type f >/tmp/list; wc -l </tmp/list; "
	            "xargs " INSIDE "/peek open w </tmp/list | grep ' ok$'; "
	            "xargs " INSIDE "/peek open b </tmp/list | grep ' ok$'; "
	            "find / -xdev /proc -maxdepth 2 -type f ! -path '*/[0-9]*' "
	            "! -path '/proc/*self*' 2>/dev/null | xargs " INSIDE
	            "/peek open w | grep ' ok$'"));
	cr_expect_gt(atoi(result.out.data), 100, "%s%s", result.out.data,
	             result.err.data);
	cr_expect_null(strstr(result.out.data, " ok"), "%s", result.out.data);
	result_free(&result);
}

/* Pid 1, which was the caller's, is closed: neither memory nor environment,
 * nor any link out of it. */
Test(proc, pid_1_is_closed)
{
	static const char script[] =
		"cd /proc/1; for f in environ mem maps smaps auxv stack "
		"syscall io pagemap; do cat $f 2>&1 | head -c 99; done; for l "
		"in cwd root exe fd/0 ns/net; do readlink $l; ls $l/; done "
		"2>/dev/null; ls fd task/1/fd map_files ns 2>/dev/null; "
		"tr -d '\\000' <cmdline; cat task/1/environ task/1/cmdline "
		"2>/dev/null | tr -d '\\000'";
	struct result result;
	char *rest, *line;

	RUN(&result, .env = WORDS("PATH=/usr/bin:/bin", "SECRET=canary-1"),
	    OPTIONS("--env", "ARG=1"), COMMAND("sh", "-c", script));
	cr_expect_null(strstr(result.out.data, "canary"), "%s",
	               result.out.data);
	for (rest = result.out.data; (line = strsep(&rest, "\n"));)
		cr_expect(!*line || strstr(line, "Permission denied") ||
		                  strstr(line, "Operation not permitted"),
		          "%s", line);
	result_free(&result);
}

/* The control: what is refused of pid 1 is open of the program itself. */
Test(proc, self_is_open)
{
	struct result result;

	RUN(&result, OPTIONS("--env", "MINE=1"),
	    COMMAND("sh", "-c",
	            "cd /proc/self; tr '\\000' '\\n' <environ; readlink cwd "
	            "root exe; tr '\\000' ' ' <cmdline"));
	cr_expect_not_null(strstr(result.out.data, "MINE=1\n"));
	cr_expect_not_null(strstr(result.out.data, "/proc/2\n"));
	cr_expect_not_null(strstr(result.out.data, "tr "));
	result_free(&result);
}

/* Nothing of the caller is in any file of /proc that can be read: not its
 * variables, not its directory, not its arguments. */
Test(proc, tells_nothing_of_the_caller)
{
	static const char script[] =
		"for p in /proc/[0-9]*; do for f in environ cmdline comm "
		"mountinfo mounts cgroup maps auxv status stat limits; do cat "
		"$p/$f 2>/dev/null; readlink $p/cwd $p/root $p/exe; done; "
		"done; cat /proc/mounts /proc/net/unix /proc/locks "
		"/proc/self/cgroup";
	struct result result;

	scratch_make();
	cr_assert_eq(chdir(scratch("")), 0);
	RUN(&result, .env = WORDS("PATH=/usr/bin:/bin", "SECRET=canary-2"),
	    OPTIONS("--hostname", "box"), COMMAND("sh", "-c", script));
	cr_expect_gt(result.out.len, 1000);
	cr_expect_null(memmem(result.out.data, result.out.len, "canary-2", 8));
	cr_expect_null(memmem(result.out.data, result.out.len, scratch(""),
	                      strlen(scratch(""))));
	cr_expect_null(memmem(result.out.data, result.out.len, build_dir(),
	                      strlen(build_dir())));
	cr_expect_null(memmem(result.out.data, result.out.len, "fd:200", 6));
	result_free(&result);
	scratch_remove();
}

/* The box is the first to go when memory runs out, and cannot change that to
 * better than its caller. */
Test(proc, oom_score_is_the_highest)
{
	struct result result;

	RUN(&result, COMMAND("sh", "-c",
	                     "cat /proc/self/oom_score_adj; echo -1 "
	                     ">/proc/self/oom_score_adj; cat "
	                     "/proc/self/oom_score_adj"));
	cr_expect_str_eq(result.out.data, "1000\n1000\n");
	result_free(&result);
}

/* /proc/self/cgroup shows the root of a namespace of the box's own. */
Test(proc, cgroup_is_the_boxs)
{
	struct result result;
	char *rest, *line;

	RUN(&result, COMMAND("cat", "/proc/self/cgroup"));
	for (rest = result.out.data; (line = strsep(&rest, "\n")) && *line;)
		cr_expect_str_eq(strrchr(line, ':'), ":/", "%s", line);
	result_free(&result);
}
