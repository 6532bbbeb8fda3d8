/* SPDX-License-Identifier: MIT */
/* Attacks on what is shared by all: memory, disk, descriptors, processors. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/def.h"
#include "support/attack.h"
#include "support/find.h"
#include "support/scratch.h"

TestSuite(resources, .timeout = 120);

/* A list of rights is kernel memory that neither the disk nor a cgroup counts:
 * 64K of it, twice for each inode, was a gigabyte beside the limits. */
Test(resources, R74_lists_of_rights)
{
	attack("lists of rights", CALL(COMMAND("@swarm", "lists")),
	       CALL(.without = "filter", COMMAND("@swarm", "lists")), NULL);
}

/* The kernel takes the counters of instructions from who executes a file that
 * it may not read. What then runs uncounted is charged by its time, as more
 * than it can be; what can be read is not. */
Test(resources, R92_uncounted_program)
{
	static const char run[] = "cp " INSIDE "/spend x; chmod $0 x; "
				  "./x cpu 300";
	static const char *const limit[] = {"--fuel", "5000000000", NULL};
	struct result held, open, far;

	RUN(&open, .without = "pmu", .options = limit, .helpers = true,
	    COMMAND("sh", "-c", run, "755"));
	cr_expect_eq(open.status, 0, "%s", open.err.data);
	cr_expect_lt(report_number(&open, "usage.fuel"), 3e9);
	RUN(&held, .without = "pmu", .options = limit, .helpers = true,
	    COMMAND("sh", "-c", run, "111"));
	cr_expect_eq(held.status, 124, "%s", held.err.data);
	cr_expect_str_eq(report_at(&held, "reason"), "fuel");
	/* It is no counter that says so. */
	RUN(&far, .without = "pmu", OPTIONS("--fuel", "900000000000"),
	    .helpers = true, COMMAND("sh", "-c", run, "111"));
	cr_expect_eq(far.status, 0, "%s", far.err.data);
	cr_expect_gt(report_number(&far, "usage.fuel"), 10e9);
	result_free(&held);
	result_free(&open);
	result_free(&far);
}

/* As many processes as there may be take memory at once, none of them much.
 * Without a limit the same program runs to its end. */
Test(resources, R75_memory_bomb_of_many)
{
	struct result held, open;

	RUN(&held, OPTIONS("--memory", "60M"),
	    COMMAND("@spend", "memory", "2", "60"));
	cr_expect_eq(held.status, 137, "%d", held.status);
	cr_expect_str_eq(report_at(&held, "reason"), "memory");
	RUN(&open, OPTIONS("--memory", "none"),
	    COMMAND("@spend", "memory", "2", "60"));
	cr_expect_eq(open.status, 0, "control: %s", open.err.data);
	result_free(&held);
	result_free(&open);
}

/* Bytes and files of the run's own tree end at the limit, wherever they go;
 * without one they go on. Nothing of it is left in memory afterwards. */
Test(resources, R76_disk)
{
	struct result held, open;

	RUN(&held, COMMAND("@spend", "file", "150", "/tmp/f"));
	cr_expect_neq(held.status, 0, "%s", held.out.data);
	RUN(&open, .without = "disk+rlimits", OPTIONS("--memory", "none"),
	    COMMAND("@spend", "file", "150", "/tmp/f"));
	cr_expect_str_eq(open.out.data, "153600 all\n", "control");
	result_free(&held);
	result_free(&open);
	RUN(&held, COMMAND("@spend", "names", "/dev/shm"));
	cr_expect_str_eq(held.out.data, "10000 ENOSPC\n");
	RUN(&open, .without = "disk", OPTIONS("--wall-time", "20s"),
	    COMMAND("sh", "-c",
	            "i=0; while [ $i -lt 10500 ]; do : >/tmp/$i || exit 1; "
	            "i=$((i + 1)); done; echo more"));
	cr_expect_str_eq(open.out.data, "more\n", "control");
	result_free(&held);
	result_free(&open);
}

/* A file that is large on paper only. */
Test(resources, R77_sparse_file)
{
	static const char script[] =
		"trap '' XFSZ; for s in 200M 1T 1E; do truncate -s $s f && "
		"echo $s ok || echo $s refused; rm -f f; done; fallocate -l "
		"200M "
		"g && echo fallocate ok || echo fallocate refused";
	/* More than tmpfs can have. */
	static const char *const spared[] = {"1E", NULL};

	attack("sizes", CALL(COMMAND("sh", "-c", script)),
	       CALL(.without = "rlimits+disk", OPTIONS("--memory", "none"),
	            COMMAND("sh", "-c", script)),
	       spared);
}

/* Descriptors end at the limit, those that are on their way through sockets
 * too: there are not more of these than a process may have. */
Test(resources, R81_descriptors)
{
	struct result held, open;
	int n;

	RUN(&held, COMMAND("@spend", "files"));
	cr_expect_str_eq(held.out.data, "253 EMFILE\n");
	result_free(&held);
	RUN(&held, COMMAND("@swarm", "flight", "4000"));
	cr_expect(sscanf(held.out.data, "%d ETOOMANYREFS", &n) == 1 && n <= 300,
	          "%s", held.out.data);
	RUN(&open, .without = "rlimits", COMMAND("@swarm", "flight", "900"));
	cr_expect_str_eq(open.out.data, "900 all\n", "control");
	result_free(&held);
	result_free(&open);
}

/* Watches of files end at a limit of the box's own; without it they end at
 * that of the user, whom the host shares. */
Test(resources, R82_watches)
{
	struct result result;
	struct live live;
	char digits[32] = "";

	call_start(CALL(COMMAND("@poke", "watches")), &live);
	cr_expect(call_expect(&live, "watches 16 EMFILE\n"));
	(void)kill(live.pid, SIGTERM);
	call_finish(&live, &result);
	result_free(&result);
	call_start(CALL(.without = "sysctls", COMMAND("@poke", "watches")),
	           &live);
	cr_expect(call_expect(&live, "watches "));
	cr_expect_gt(read(live.out, digits, sizeof(digits) - 1), 0);
	cr_expect_gt(atoi(digits), 16, "control: %s", digits);
	(void)kill(live.pid, SIGTERM);
	call_finish(&live, &result);
	result_free(&result);
}

static long peak_kb(pid_t pid)
{
	struct buffer text = {0};
	const char *line;
	long kb = 0;

	read_file(text_of("/proc/%d/status", pid), &text);
	line = strstr(text.data, "VmHWM:");
	if (line)
		kb = atol(line + 6);
	buffer_free(&text);
	return kb;
}

/* Half a gigabyte of output takes no memory of sbx-exec's, and what is beyond
 * the limit goes nowhere. */
Test(resources, R83_flood_of_output)
{
	struct result result;
	struct live live;
	char end[8];
	long peak;

	call_start(CALL(OPTIONS("--wall-time", "60s", "--output-limit", "64K"),
	                COMMAND("sh", "-c",
	                        "head -c 512M /dev/zero; echo end >&2; sleep "
	                        "20")),
	           &live);
	cr_expect_eq(read(live.err, end, sizeof(end)), 4);
	peak = peak_kb(live.pid);
	cr_expect(peak > 0 && peak < 16384, "%ld KiB", peak);
	(void)kill(live.pid, SIGTERM);
	call_finish(&live, &result);
	cr_expect_eq(result.out.len, 65536);
	cr_expect_str_eq(report_at(&result, "stdout_bytes"), "536870912");
	result_free(&result);
}

/* Hostile boxes at work beside one that is not: it is right, and all of them
 * end as they should. */
Test(resources, R87_bad_neighbours)
{
	const struct call calls[] = {
		{OPTIONS("--wall-time", "2s"), COMMAND("@swarm", "bomb", "9")},
		{OPTIONS("--wall-time", "2s"), COMMAND("@linger", "deaf")},
		{OPTIONS("--wall-time", "2s"), COMMAND("yes")},
		{OPTIONS("--memory", "40M"),
	         COMMAND("@spend", "memory", "400")},
		{OPTIONS("--disk", "20M", "--wall-time", "2s"),
	         COMMAND("sh", "-c",
	                 "while :; do head -c 30M /dev/zero >f; done")},
	};
	static const int statuses[] = {124, 124, 124, 137, 124};
	struct live lives[ARRAY_SIZE(calls)];
	struct result result;

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		call_start(&calls[i], &lives[i]);
	RUN(&result, OPTIONS("--wall-time", "60s"),
	    COMMAND("sh", "-c", "seq 1000 | sort -n | tail -n 1"));
	cr_expect_str_eq(result.out.data, "1000\n", "%s", result.err.data);
	result_free(&result);
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		call_finish(&lives[i], &result);
		cr_expect_eq(result.status, statuses[i], "%zu: %d: %s", i,
		             result.status, result.err.data);
		result_free(&result);
	}
}
