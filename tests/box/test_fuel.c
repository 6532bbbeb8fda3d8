/* SPDX-License-Identifier: MIT */
/*
 * Instructions are a limit where the host counts them, and an error elsewhere.
 * Few machines of tests count any, so a clock of software stands in, in a build
 * of the tests' own (tests/attack/weak.c): the same descriptors, and a
 * nanosecond of CPU time for an instruction.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/def.h"
#include "kernel/pmu.h"
#include "support/run.h"
#include "support/scratch.h"

TestSuite(fuel, .init = scratch_make, .fini = scratch_remove, .timeout = 180);

#define COUNTED .without = "pmu"

/* A program that spins is stopped, near the limit, and all that counts is told:
 * the verdict, the limit, what enforces it, and what was used. */
Test(fuel, ends_a_program_that_spins)
{
	struct result result;

	RUN(&result, COUNTED, OPTIONS("--fuel", "200000000"),
	    COMMAND("@linger", "deaf"));
	cr_expect_eq(result.status, 124, "%d %s", result.status,
	             result.err.data);
	cr_expect_str_eq(report_at(&result, "status"), "timeout");
	cr_expect_str_eq(report_at(&result, "reason"), "fuel");
	cr_expect_str_eq(report_at(&result, "message"),
	                 "stopped after more than 200000000 instructions; "
	                 "--fuel raises it");
	cr_expect_str_eq(report_at(&result, "limits.fuel.value"), "200000000");
	cr_expect_str_eq(report_at(&result, "limits.fuel.enforced_by"), "pmu");
	cr_expect_gt(report_number(&result, "usage.fuel"), 200e6);
	cr_expect_lt(report_number(&result, "usage.fuel"), 300e6 * slowness());
	result_free(&result);
}

/* A program of its own that goes above the limit and ends before anybody has
 * looked has the same verdict; at the limit it has its own. */
Test(fuel, judges_what_was_too_fast_to_stop)
{
	struct result result;

	RUN(&result, COUNTED, OPTIONS("--fuel", "1"), COMMAND("true"));
	cr_expect_eq(result.status, 124, "%d", result.status);
	cr_expect_str_eq(report_at(&result, "reason"), "fuel");
	result_free(&result);
	RUN(&result, COUNTED, OPTIONS("--fuel", "30000000000"),
	    COMMAND("sh", "-c", "echo all; exit 7"));
	cr_expect_eq(result.status, 7, "%d", result.status);
	cr_expect_str_eq(result.out.data, "all\n");
	cr_expect_str_eq(report_at(&result, "reason"), "exited");
	cr_expect_gt(report_number(&result, "usage.fuel"), 0);
	result_free(&result);
}

/* All processes and threads count, the living and the dead, whoever waited for
 * them; what is used grows with the work. */
Test(fuel, is_the_trees)
{
	const struct {
		const char *const *command;
		double least, most; /* milliseconds */
	} rows[] = {
		{WORDS("@spend", "cpu", "50", "1"), 50, 250},
		{WORDS("@spend", "cpu", "50", "8"), 400, 900},
		{WORDS("@spend", "tree", "50", "8"), 400, 900},
		{WORDS("@spend", "crew", "50", "8"), 400, 900},
		{WORDS("sh", "-c",
	               "(trap '' CHLD; " INSIDE "/spend tree 50 8 & wait)"),
	         400, 900},
	};
	struct result result;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		RUN(&result, COUNTED, OPTIONS("--fuel", "60000000000"),
		    .command = rows[i].command, .helpers = true);
		cr_expect_eq(result.status, 0, "row %zu: %d %s", i,
		             result.status, result.err.data);
		cr_expect_geq(report_number(&result, "usage.fuel"),
		              rows[i].least * 1e6, "row %zu", i);
		cr_expect_lt(report_number(&result, "usage.fuel"),
		             rows[i].most * 1e6 * slowness(), "row %zu", i);
		result_free(&result);
		RUN(&result, COUNTED, OPTIONS("--fuel", "40000000"),
		    .command = rows[i].command, .helpers = true);
		cr_expect_eq(result.status, 124, "row %zu: %d", i,
		             result.status);
		cr_expect_str_eq(report_at(&result, "reason"), "fuel");
		result_free(&result);
	}
}

/* What sleeps uses none, and what another limit ends is told by that. */
Test(fuel, leaves_others_alone)
{
	struct result result;

	RUN(&result, COUNTED, OPTIONS("--fuel", "200000000"),
	    COMMAND("sleep", "1"));
	cr_expect_eq(result.status, 0, "%d", result.status);
	result_free(&result);
	RUN(&result, COUNTED,
	    OPTIONS("--fuel", "60000000000", "--cpu-time", "100ms"),
	    COMMAND("@linger", "deaf"));
	cr_expect_str_eq(report_at(&result, "reason"), "cpu_time");
	cr_expect_geq(report_number(&result, "usage.fuel"), 50e6);
	result_free(&result);
	RUN(&result, COUNTED, OPTIONS("--fuel", "none"), COMMAND("true"));
	cr_expect_eq(result.status, 0, "%d", result.status);
	cr_expect_str_eq(report_at(&result, "limits.fuel"), "(none)");
	cr_expect_str_eq(report_at(&result, "usage.fuel"), "(none)");
	result_free(&result);
}

/* The program holds no counter, and can open none. */
Test(fuel, gives_the_program_no_counter)
{
	struct result result;

	RUN(&result, COUNTED, OPTIONS("--fuel", "60000000000"),
	    COMMAND("@peek", "fds"));
	cr_expect_str_eq(result.out.data,
	                 "0 fifo read\n1 fifo write\n2 fifo write\n");
	result_free(&result);
	RUN(&result, COUNTED, OPTIONS("--fuel", "60000000000"),
	    COMMAND("@calls", "table"));
	cr_expect_not_null(strstr(result.out.data, "perf_event_open EPERM\n"));
	result_free(&result);
}

/* A build has fuel of its own, which the profile gives it: what the program may
 * use says nothing of its compiler. */
Test(fuel, is_not_the_builds)
{
	static const char profile[] =
		"{\"extends\": \"base\", \"file\": \"a.sh\","
		" \"command\": [\"sh\", \"/build/b\"],"
		" \"build\": {\"command\": [\"sh\", \"-c\", \"" INSIDE
		"/spend cpu 150; cp a.sh b\"]}}";
	const char *path = scratch_text("own.json", profile);
	struct result result;

	RUN(&result, COUNTED, .helpers = true,
	    OPTIONS("--profile-file", path, "--fuel", "100000000", "--code",
	            "echo built"));
	cr_expect_eq(result.status, 0, "%d %s", result.status, result.err.data);
	cr_expect_str_eq(result.out.data, "built\n");
	cr_expect_str_eq(report_at(&result, "stages.build.usage.fuel"),
	                 "(none)");
	cr_expect_gt(report_number(&result, "stages.run.usage.fuel"), 0);
	result_free(&result);
}

/* In the child: what such a host says to the call. */
static void answer(const void *data)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
	                 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_perf_event_open, 0, 1),
		BPF_STMT(BPF_RET | BPF_K,
	                 SECCOMP_RET_ERRNO | (unsigned)*(const int *)data),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {ARRAY_SIZE(code), code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		_exit(98);
}

/* Where instructions cannot be counted nothing runs, and one line says what to
 * do, unless the limit may be given up; then it is not in the report. Who asks
 * for no such limit does not notice. */
Test(fuel, refuses_hosts_that_do_not_count)
{
	static const struct {
		int code;
		const char *remedy;
	} rows[] = {
		{ENOENT, "no counter of instructions: take one with a PMU"},
		{EOPNOTSUPP, "no counter of instructions: take one with a PMU"},
		{ENOSYS, "perf_event_open: Function not implemented"},
		{EMFILE, "perf_event_open: Too many open files"},
		{EPERM, ""}, /* it depends on kernel.perf_event_paranoid */
	};
	struct result result;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		RUN(&result, OPTIONS("--fuel", "1000000000"), .prepare = answer,
		    .data = &rows[i].code, COMMAND("echo", "ran"));
		cr_expect_eq(result.status, 125, "row %zu", i);
		cr_expect_str_eq(result.out.data, "");
		cr_expect(is_one_line(&result.err), "%s", result.err.data);
		cr_expect_not_null(strstr(result.err.data, "limits.fuel: "));
		cr_expect_not_null(strstr(result.err.data, rows[i].remedy),
		                   "row %zu: %s", i, result.err.data);
		cr_expect_not_null(
			strstr(result.err.data, "--allow-degraded fuel"));
		cr_expect_str_eq(report_at(&result, "error.code"),
		                 "EOPNOTSUPP");
		result_free(&result);
		RUN(&result, OPTIONS("--fuel", "1", "--allow-degraded", "fuel"),
		    .prepare = answer, .data = &rows[i].code,
		    COMMAND("echo", "ran"));
		cr_expect_eq(result.status, 0, "%s", result.err.data);
		cr_expect_str_eq(result.out.data, "ran\n");
		cr_expect_str_eq(report_at(&result, "limits.fuel"), "(none)");
		cr_expect_str_eq(report_at(&result, "usage.fuel"), "(none)");
		result_free(&result);
		RUN(&result, .prepare = answer, .data = &rows[i].code,
		    COMMAND("echo", "ran"));
		cr_expect_eq(result.status, 0, "%s", result.err.data);
		result_free(&result);
	}
}

/* sbx-exec itself on this host: it counts, or it refuses. What stands in for
 * the tests is not in it, whatever it is called. */
Test(fuel, is_of_the_host)
{
	bool counts;
	struct result result;
	int fd = pmu_open(0);

	counts = fd >= 0 && !pmu_is_shut();
	cleanup_fd(&fd);
	RUN(&result, OPTIONS("--fuel", "100000000"),
	    COMMAND("@linger", "deaf"));
	cr_expect_eq(result.status, counts ? 124 : 125, "%s", result.err.data);
	cr_expect_str_eq(report_at(&result, "reason"),
	                 counts ? "fuel" : "setup");
	result_free(&result);
	RUN(&result, .outside = true,
	    COMMAND("bash", "-c",
	            "exec -a pmu \"$0\" --fuel 1 --command -- true",
	            text_of("%s/bin/sbx-exec", build_dir())));
	cr_expect_eq(result.status, counts ? 124 : 125, "%s", result.err.data);
	result_free(&result);
}
