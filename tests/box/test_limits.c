/* SPDX-License-Identifier: MIT */
/* Every limit holds, has a verdict of its own, and the report says what
 * enforces it. */
#include <criterion/criterion.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "base/def.h"
#include "support/run.h"
#include "support/scratch.h"

TestSuite(limits, .init = scratch_make, .fini = scratch_remove, .timeout = 180);

/* Each limit is in the report with the value that was asked for and with what
 * enforces it; one that is off is not there. */
Test(limits, are_reported)
{
	static const struct {
		const char *option, *value, *name, *reported, *enforced_by;
	} rows[] = {
		{"--wall-time", "1.5s", "wall_time", "1.5", "supervisor"},
		{"--timeout", "2m", "wall_time", "120", "supervisor"},
		{"--cpu-time", "250ms", "cpu_time", "0.25", "supervisor"},
		{"--idle-time", "10", "idle_time", "10", "supervisor"},
		{"--memory", "64M", "memory", "67108864", "supervisor"},
		{"--cpus", "1", "cpus", "1", "affinity"},
		{"--pids", "7", "pids", "7", "rlimit"},
		{"--output-limit", "3K", "output", "3072", "supervisor"},
		{"--disk", "5M", "disk", "5242880", "tmpfs"},
		{"--inodes", "100", "inodes", "100", "tmpfs"},
		{"--open-files", "50", "open_files", "50", "rlimit"},
		{"--file-size", "4M", "file_size", "4194304", "rlimit"},
		{"--stack", "1M", "stack", "1048576", "rlimit"},
	};
	struct result result, off;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		RUN(&result,
		    OPTIONS("--cgroup", "none", rows[i].option, rows[i].value),
		    COMMAND("true"));
		cr_expect_eq(result.status, 0, "%s", result.err.data);
		cr_expect_str_eq(report_at(&result, text_of("limits.%s.value",
		                                            rows[i].name)),
		                 rows[i].reported, "%s", rows[i].option);
		cr_expect_str_eq(
			report_at(&result, text_of("limits.%s.enforced_by",
		                                   rows[i].name)),
			rows[i].enforced_by, "%s", rows[i].option);
		RUN(&off, OPTIONS(rows[i].option, "none"), COMMAND("true"));
		cr_expect_eq(off.status, 0, "%s", off.err.data);
		cr_expect_str_eq(
			report_at(&off, text_of("limits.%s", rows[i].name)),
			"(none)");
		result_free(&off);
		result_free(&result);
	}
}

struct row {
	const char *const *options;
	const char *const *command;
	int exit_status;
	const char *reason;
	const char *out; /* NULL: whatever it is */
};

static void check_rows(const struct row *rows, size_t n_rows)
{
	struct result result;

	for (size_t i = 0; i < n_rows; i++) {
		call_run(CALL(.options = rows[i].options,
		              .command = rows[i].command),
		         &result);
		cr_expect_eq(result.status, rows[i].exit_status,
		             "row %zu: %d: %s%s", i, result.status,
		             result.out.data, result.err.data);
		cr_expect_str_eq(report_at(&result, "reason"), rows[i].reason,
		                 "row %zu", i);
		if (rows[i].out)
			cr_expect_str_eq(result.out.data, rows[i].out,
			                 "row %zu", i);
		cr_expect_not(result.held_open);
		result_free(&result);
	}
}

#define SH(script) WORDS("sh", "-c", script)

/* The deadline ends a run whatever its processes do: sleep, spin, ignore
 * signals, stop themselves, wait for room in a full pipe, or for input. */
Test(limits, wall_time_ends_everything)
{
	const struct row rows[] = {
		{WORDS("--wall-time", "400ms"), WORDS("@linger", "wait"), 124,
	         "wall_time", "ready\n"},
		{WORDS("--wall-time", "400ms"), WORDS("@linger", "deaf"), 124,
	         "wall_time", "ready\n"},
		{WORDS("--wall-time", "400ms"), WORDS("@linger", "stop"), 124,
	         "wall_time", "ready\n"},
		{WORDS("--wall-time", "400ms"),
	         SH("trap '' TERM INT HUP XCPU ALRM; while :; do sleep 1; "
	            "done"),
	         124, "wall_time", ""},
		{WORDS("--wall-time", "400ms", "--output-limit", "none"),
	         SH("yes | sleep 60"), 124, "wall_time", ""},
	};
	double before = seconds_now();

	check_rows(rows, ARRAY_SIZE(rows));
	cr_expect_lt(seconds_now() - before, 40);
}

/* The deadline is neither early nor, by more than a busy machine explains,
 * late; and the report's time is the program's. */
Test(limits, wall_time_is_exact)
{
	struct result result;

	RUN(&result, OPTIONS("--wall-time", "1s"), COMMAND("sleep", "60"));
	cr_expect_geq(report_number(&result, "wall_time_s"), 1.0);
	cr_expect_lt(report_number(&result, "wall_time_s"), 4.0);
	cr_expect_lt(result.seconds, 8.0);
	result_free(&result);
	RUN(&result, COMMAND("sleep", "0.5"));
	cr_expect_geq(report_number(&result, "wall_time_s"), 0.5);
	cr_expect_lt(report_number(&result, "wall_time_s"), 4.0);
	result_free(&result);
}

/* CPU time is that of all processes together: of children that ended long
 * ago, and of those that run at the same time. */
Test(limits, cpu_time_is_the_trees)
{
	const struct row rows[] = {
		{WORDS("--cpu-time", "600ms"),
	         WORDS("@spend", "cpu", "150", "9"), 124, "cpu_time", NULL},
		{WORDS("--cpu-time", "600ms"),
	         WORDS("@spend", "tree", "150", "9"), 124, "cpu_time", NULL},
		{WORDS("--cpu-time", "9s"), WORDS("@spend", "cpu", "150", "3"),
	         0, "exited", NULL},
		{WORDS("--cpu-time", "500ms"), WORDS("@linger", "deaf"), 124,
	         "cpu_time", NULL},
		{WORDS("--cpu-time", "500ms"), WORDS("sleep", "1"), 0, "exited",
	         NULL},
	};

	check_rows(rows, ARRAY_SIZE(rows));
}

/* The time that was used is in the report, also of processes that are gone. */
Test(limits, cpu_time_is_told)
{
	struct result result;

	RUN(&result, COMMAND("@spend", "cpu", "200", "4"));
	cr_expect_geq(report_number(&result, "usage.cpu_time_s"), 0.8);
	cr_expect_lt(report_number(&result, "usage.cpu_time_s"), 3.0);
	result_free(&result);
	RUN(&result, OPTIONS("--cpu-time", "1s"),
	    COMMAND("@spend", "cpu", "300", "9"));
	cr_expect_geq(report_number(&result, "usage.cpu_time_s"), 0.9);
	cr_expect_lt(report_number(&result, "usage.cpu_time_s"), 2.5);
	result_free(&result);
}

/* A program that does nothing is stopped; one that computes or writes is
 * not. */
Test(limits, idle_time_wants_progress)
{
	const struct row rows[] = {
		{WORDS("--idle-time", "500ms"), WORDS("sleep", "60"), 124,
	         "idle_time", ""},
		{WORDS("--idle-time", "500ms"), WORDS("@linger", "stop"), 124,
	         "idle_time", NULL},
		{WORDS("--idle-time", "700ms"), WORDS("@spend", "cpu", "1200"),
	         0, "exited", NULL},
		{WORDS("--idle-time", "1s"),
	         SH("for i in 1 2 3 4; do echo $i; sleep 0.5; done"), 0,
	         "exited", "1\n2\n3\n4\n"},
	};

	check_rows(rows, ARRAY_SIZE(rows));
}

/* Memory is that of all processes together and of the files they keep in it;
 * what processes share counts once. */
Test(limits, memory_is_the_trees)
{
	const struct row rows[] = {
		{WORDS("--memory", "100M"), WORDS("@spend", "memory", "300"),
	         137, "memory", NULL},
		{WORDS("--memory", "100M"),
	         WORDS("@spend", "memory", "20", "10"), 137, "memory", NULL},
		{WORDS("--memory", "100M"), WORDS("@spend", "memory", "50"), 0,
	         "exited", NULL},
		{WORDS("--memory", "100M"),
	         WORDS("@spend", "shared", "30", "9"), 0, "exited", NULL},
		{WORDS("--memory", "50M", "--disk", "200M"),
	         SH("dd if=/dev/zero of=/dev/shm/f bs=1M count=100 "
	            "2>/dev/null; sleep 20"),
	         137, "memory", NULL},
		{WORDS("--memory", "50M", "--disk", "200M"),
	         SH("dd if=/dev/zero of=f bs=1M count=100 2>/dev/null; "
	            "sleep 20"),
	         137, "memory", NULL},
		{WORDS("--memory", "100M"),
	         SH("for i in 1 2 3 4 5 6 7 8 9; do (a=; while :; do "
	            "a=$a$a$a.; done) & done; wait"),
	         137, "memory", NULL},
	};

	check_rows(rows, ARRAY_SIZE(rows));
}

/* The most memory that was used is in the report when a limit ended the run,
 * and is near the truth. */
Test(limits, memory_is_told)
{
	struct result result;
	double peak;

	RUN(&result, OPTIONS("--memory", "100M"),
	    COMMAND("@spend", "memory", "1200"));
	peak = report_number(&result, "usage.memory_peak_bytes");
	cr_expect_gt(peak, 95 * 1048576.0); /* a cgroup allows no more */
	cr_expect_lt(peak, 1500 * 1048576.0);
	result_free(&result);
	RUN(&result, COMMAND("@spend", "memory", "80"));
	peak = report_number(&result, "usage.memory_peak_bytes");
	cr_expect_gt(peak, 75 * 1048576.0);
	cr_expect_lt(peak, 120 * 1048576.0);
	result_free(&result);
}

/* N processes are N processes, the program itself among them, and a thread
 * counts as one. */
Test(limits, pids_is_exact)
{
	const struct row rows[] = {
		{WORDS("--pids", "8"), WORDS("@spend", "forks", "20"), 0,
	         "exited", "7 EAGAIN\n"},
		{WORDS("--pids", "8"), WORDS("@spend", "threads", "20"), 0,
	         "exited", "7 EAGAIN\n"},
		{WORDS("--pids", "1"), WORDS("@spend", "forks", "5"), 0,
	         "exited", "0 EAGAIN\n"},
		{WORDS("--pids", "21"), WORDS("@spend", "forks", "20"), 0,
	         "exited", "20 all\n"},
		{NULL, WORDS("@spend", "forks", "100"), 0, "exited",
	         "63 EAGAIN\n"},
	};

	check_rows(rows, ARRAY_SIZE(rows));
}

/* A fork bomb is held, and the deadline ends it. */
Test(limits, pids_holds_a_fork_bomb)
{
	const struct row rows[] = {
		{WORDS("--wall-time", "1s", "--pids", "30"),
	         SH("f() { f | f & }; f 2>/dev/null; sleep 60"), 124,
	         "wall_time", NULL},
	};

	check_rows(rows, ARRAY_SIZE(rows));
}

/* Output beyond the limit is dropped and said to be, with the number of bytes
 * that there were; each stream has its own. */
Test(limits, output_is_truncated)
{
	struct result result;

	RUN(&result, OPTIONS("--output-limit", "10000"),
	    COMMAND("sh", "-c",
	            "head -c 10001 /dev/zero; head -c 10000 "
	            "/dev/zero >&2"));
	cr_expect_eq(result.status, 0);
	cr_expect_eq(result.out.len, 10000);
	cr_expect_eq(result.err.len, 10000);
	cr_expect_str_eq(report_at(&result, "stdout_bytes"), "10001");
	cr_expect_str_eq(report_at(&result, "stdout_truncated"), "true");
	cr_expect_str_eq(report_at(&result, "stderr_bytes"), "10000");
	cr_expect_str_eq(report_at(&result, "stderr_truncated"), "false");
	result_free(&result);
	RUN(&result, OPTIONS("--output-limit", "0"),
	    COMMAND("@spend", "out", "100"));
	cr_expect_eq(result.status, 0);
	cr_expect_eq(result.out.len, 0);
	cr_expect_str_eq(report_at(&result, "stdout_bytes"), "104857600");
	cr_expect_str_eq(report_at(&result, "stdout_truncated"), "true");
	result_free(&result);
	RUN(&result, OPTIONS("--output-limit", "none"),
	    COMMAND("@spend", "out", "30"));
	cr_expect_eq(result.out.len, 30 << 20);
	cr_expect_str_eq(report_at(&result, "stdout_truncated"), "false");
	result_free(&result);
}

/* With output-action kill the bytes up to the limit still come, and a program
 * that stays within it is left alone. */
Test(limits, output_kills)
{
	struct result result;

	RUN(&result,
	    OPTIONS("--output-limit", "10000", "--output-action", "kill"),
	    COMMAND("sh", "-c", "yes >&2"));
	cr_expect_eq(result.status, 137);
	cr_expect_str_eq(report_at(&result, "reason"), "output");
	cr_expect_geq(result.err.len, 10000);
	cr_expect_eq(memcmp(result.err.data, "y\ny\n", 4), 0);
	cr_expect_eq(memcmp(result.err.data + 9998, "y\nsbx-exec: ", 12), 0);
	result_free(&result);
	RUN(&result,
	    OPTIONS("--output-limit", "10000", "--output-action", "kill"),
	    COMMAND("head", "-c", "10000", "/dev/zero"));
	cr_expect_eq(result.status, 0);
	cr_expect_eq(result.out.len, 10000);
	result_free(&result);
}

#define SPEND INSIDE "/spend "

/* Bytes and files are of one budget, wherever they are written, and what is
 * removed can be written again. */
Test(limits, disk_is_one_budget)
{
	const char *bind = text_of("%s:" INSIDE, program_dir());
	const struct row rows[] = {
		{WORDS("--disk", "5M", "--file-size", "none"),
	         WORDS("@spend", "file", "9", "f"), 0, "exited",
	         "5120 ENOSPC\n"},
		{WORDS("--disk", "5M", "--file-size", "none"),
	         WORDS("@spend", "file", "9", "/tmp/f"), 0, "exited",
	         "5120 ENOSPC\n"},
		{WORDS("--disk", "5M", "--ro-bind", bind),
	         SH(SPEND "file 3 f; " SPEND "file 1 /tmp/f; " SPEND
	                  "file 9 /dev/shm/f; rm f; " SPEND "file 9 /tmp/g"),
	         0, "exited", "3072 all\n1024 all\n1024 ENOSPC\n3072 ENOSPC\n"},
		{WORDS("--inodes", "50"), WORDS("@spend", "names", "/tmp"), 0,
	         "exited", "50 ENOSPC\n"},
		{WORDS("--inodes", "50", "--ro-bind", bind),
	         SH(SPEND "names /dev/shm; rm /dev/shm/1 /dev/shm/2; " SPEND
	                  "names ."),
	         0, "exited", "50 ENOSPC\n2 ENOSPC\n"},
		{WORDS("--disk", "none"), WORDS("@spend", "file", "9", "f"), 0,
	         "exited", "9216 all\n"},
	};

	check_rows(rows, ARRAY_SIZE(rows));
}

/* A program that found the disk full is reported as such, and one that did
 * not is not. */
Test(limits, disk_full_is_told)
{
	struct result result;

	RUN(&result, OPTIONS("--disk", "1M", "--file-size", "none"),
	    COMMAND("@spend", "file", "2", "f"));
	cr_expect_str_eq(report_at(&result, "events.disk_full"), "true");
	cr_expect_geq(report_number(&result, "usage.disk_bytes"), 1048576);
	result_free(&result);
	RUN(&result, OPTIONS("--inodes", "20"),
	    COMMAND("@spend", "names", "."));
	cr_expect_str_eq(report_at(&result, "events.disk_full"), "true");
	result_free(&result);
	RUN(&result, OPTIONS("--disk", "3M"),
	    COMMAND("@spend", "file", "2", "f"));
	cr_expect_str_eq(report_at(&result, "events.disk_full"), "false");
	cr_expect_geq(report_number(&result, "usage.disk_bytes"), 2097152);
	cr_expect_lt(report_number(&result, "usage.disk_bytes"), 2200000);
	result_free(&result);
}

/* A file that is large only on paper is refused at once: its size is held to
 * the limit, by default that of the disk. */
Test(limits, file_size_holds)
{
	static const char script[] = "truncate -s 1E f; truncate -s 200M g; "
				     "fallocate -l 200M h; wc -c f g 2>&1";
	const struct row rows[] = {
		{WORDS("--file-size", "1M"), WORDS("@spend", "file", "2", "f"),
	         128 + SIGXFSZ, "signaled", ""},
		{WORDS("--file-size", "1M"),
	         SH("trap '' XFSZ; head -c 2M /dev/zero >f; wc -c <f"), 0,
	         "exited", "1048576\n"},
		{NULL, SH("truncate -s 100M f && wc -c <f"), 0, "exited",
	         "104857600\n"},
		{NULL, SH(script), 0, "exited", "0 f\n0 g\n0 total\n"},
		{NULL, WORDS("truncate", "-s", "101M", "f"), 128 + SIGXFSZ,
	         "signaled", NULL},
	};

	check_rows(rows, ARRAY_SIZE(rows));
}

/* The number of open files is exact, the three streams among them. */
Test(limits, open_files_is_exact)
{
	const struct row rows[] = {
		{WORDS("--open-files", "20"), WORDS("@spend", "files"), 0,
	         "exited", "17 EMFILE\n"},
		{NULL, WORDS("@spend", "files"), 0, "exited", "253 EMFILE\n"},
	};

	check_rows(rows, ARRAY_SIZE(rows));
}

/* A stack that grows past its limit ends the program; one below it fits. */
Test(limits, stack_holds)
{
	const struct row rows[] = {
		{WORDS("--stack", "1M"), WORDS("@spend", "stack", "4000"),
	         128 + SIGSEGV, "signaled", ""},
		{WORDS("--stack", "16M"), WORDS("@spend", "stack", "4000"), 0,
	         "exited", "fits\n"},
	};

	check_rows(rows, ARRAY_SIZE(rows));
}

/* A program sees and uses as many processors as it was given. */
Test(limits, cpus_are_counted)
{
	struct result result;
	cpu_set_t own;

	RUN(&result, OPTIONS("--cpus", "1"), COMMAND("nproc"));
	cr_expect_str_eq(result.out.data, "1\n", "%s", result.err.data);
	result_free(&result);
	cr_assert_eq(sched_getaffinity(0, sizeof(own), &own), 0);
	RUN(&result, OPTIONS("--cpus", "none"), COMMAND("nproc"));
	cr_expect_str_eq(result.out.data, text_of("%d\n", CPU_COUNT(&own)));
	result_free(&result);
}

/* A part of a processor cannot be enforced without a cgroup: refused when it
 * was asked for by name, and run when the caller said that it may be weaker.
 * So are more processors than there are. */
Test(limits, what_cannot_be_enforced_is_refused)
{
	struct result result;

	RUN(&result, OPTIONS("--cgroup", "none", "--cpus", "0.5"),
	    COMMAND("echo", "ran"));
	cr_expect_eq(result.status, 125);
	cr_expect_eq(result.out.len, 0);
	cr_expect(is_one_line(&result.err), "%s", result.err.data);
	cr_expect_not_null(strstr(result.err.data, "--allow-degraded cpus"));
	cr_expect_str_eq(report_at(&result, "status"), "error");
	result_free(&result);
	RUN(&result,
	    OPTIONS("--cgroup", "none", "--cpus", "0.5", "--allow-degraded",
	            "cpus"),
	    COMMAND("nproc"));
	cr_expect_eq(result.status, 0, "%s", result.err.data);
	cr_expect_str_eq(result.out.data, "1\n");
	result_free(&result);
	RUN(&result, OPTIONS("--cpus", "1024"), COMMAND("echo", "ran"));
	cr_expect_eq(result.status, 125);
	cr_expect_eq(result.out.len, 0);
	cr_expect_not_null(strstr(result.err.data, "more than there are"));
	result_free(&result);
	RUN(&result, OPTIONS("--cgroup", "none", "--require", "cgroup"),
	    COMMAND("echo", "ran"));
	cr_expect_eq(result.status, 125);
	cr_expect_eq(result.out.len, 0);
	cr_expect_not_null(strstr(result.err.data, "cgroup"));
	result_free(&result);
}

/* A crash leaves no core file, in spite of a caller that wants one. */
static void want_core(const void *data)
{
	const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};

	(void)data;
	(void)setrlimit(RLIMIT_CORE, &all);
}

Test(limits, no_core_file)
{
	struct result result;

	RUN(&result, .prepare = want_core,
	    COMMAND("sh", "-c",
	            "sh -c 'kill -SEGV $$' 2>/dev/null; ls -a /workspace /tmp; "
	            "grep -i core /proc/self/limits"));
	cr_expect_null(strstr(result.out.data, "core\n"), "%s",
	               result.out.data);
	cr_expect_not_null(
		strstr(result.out.data,
	               "Max core file size        1                    1 "));
	result_free(&result);
}
