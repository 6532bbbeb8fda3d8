/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/def.h"
#include "model/outcome.h"
#include "support/facts.h"

#define EXITED(code) ((code) << 8)
#define DIED(number) (number)
#define DUMPED       0x80

/* A run that ended, and the verdict that it gets. */
struct row {
	enum cause cause;
	int wait_status;
	const char *status, *reason;
	int exit_status, signal;
	bool stopped;
	const char *message;
};

static const struct row ends[] = {
	{CAUSE_NONE, EXITED(0), "success", "exited", 0, 0, false,
         "exited with status 0"},
	{CAUSE_NONE, EXITED(1), "failure", "exited", 1, 0, false,
         "exited with status 1"},
	/* The exit status is lossy, the rest is not. */
	{CAUSE_NONE, EXITED(124), "failure", "exited", 124, 0, false,
         "exited with status 124"},
	{CAUSE_NONE, EXITED(125), "failure", "exited", 125, 0, false,
         "exited with status 125"},
	{CAUSE_NONE, EXITED(137), "failure", "exited", 137, 0, false,
         "exited with status 137"},
	{CAUSE_NONE, EXITED(255), "failure", "exited", 255, 0, false,
         "exited with status 255"},
	{CAUSE_NONE, DIED(SIGSEGV), "failure", "signaled", 139, SIGSEGV, false,
         "died of signal 11 (Segmentation fault)"},
	{CAUSE_NONE, DIED(SIGABRT) | DUMPED, "failure", "signaled", 134,
         SIGABRT, false, "died of signal 6 (Aborted)"},
	{CAUSE_NONE, DIED(SIGKILL), "failure", "signaled", 137, SIGKILL, false,
         "died of signal 9 (Killed)"},
	{CAUSE_NONE, DIED(SIGSYS), "failure", "signaled", 159, SIGSYS, false,
         "died of signal 31 (Bad system call)"},
	{CAUSE_NONE, DIED(SIGPIPE), "failure", "signaled", 141, SIGPIPE, false,
         "died of signal 13 (Broken pipe)"},
	{CAUSE_NONE, DIED(32), "failure", "signaled", 160, 32, false,
         "died of signal 32 (real-time)"},
	{CAUSE_NONE, DIED(64), "failure", "signaled", 192, 64, false,
         "died of signal 64 (real-time)"},
};

/* The cause counts, and nothing that the program said when it was killed. */
static const struct row causes[] = {
	{CAUSE_WALL_TIME, DIED(SIGKILL), "timeout", "wall_time", 124, SIGKILL,
         true, "stopped after 1.5s of wall time; --wall-time raises it"},
	{CAUSE_CPU_TIME, EXITED(0), "timeout", "cpu_time", 124, SIGKILL, true,
         "stopped after 2s of CPU time; --cpu-time raises it"},
	{CAUSE_IDLE_TIME, EXITED(0), "timeout", "idle_time", 124, SIGKILL, true,
         "stopped after 300ms without output or CPU progress; --idle-time "
         "raises it"},
	{CAUSE_FUEL, EXITED(0), "timeout", "fuel", 124, SIGKILL, true,
         "stopped after more than 12000000 instructions; --fuel raises it"},
	{CAUSE_MEMORY, DIED(SIGKILL), "limit", "memory", 137, SIGKILL, true,
         "killed for using more than 64M of memory; --memory raises it"},
	{CAUSE_OUTPUT, EXITED(3), "limit", "output", 137, SIGKILL, true,
         "killed for writing more than 10K of output; --output-limit raises "
         "it"},
	{CAUSE_SYSCALL, EXITED(0), "denied", "syscall", 159, SIGSYS, true,
         "killed for a system call of another architecture"},
	{CAUSE_CANCELLED, EXITED(0), "cancelled", "cancelled", 137, SIGKILL,
         true, "cancelled"},
	{CAUSE_LOST, EXITED(0), "error", "setup", 125, 0, true,
         "pid 1 of the sandbox was killed from outside, perhaps for lack of "
         "memory on this host"},
};

static void check(const struct sbx_plan *plan, const struct row *rows,
                  size_t n_rows)
{
	for (size_t i = 0; i < n_rows; i++) {
		const struct row *row = &rows[i];
		const struct run run = {.started = true,
		                        .ended = true,
		                        .cause = row->cause,
		                        .wait_status = row->wait_status};
		struct sbx_outcome outcome = run_judge(plan, &run);

		cr_expect_str_eq(outcome.status, row->status, "row %zu", i);
		cr_expect_str_eq(outcome.reason, row->reason, "row %zu", i);
		cr_expect_eq(outcome.exit_status, row->exit_status, "row %zu",
		             i);
		cr_expect_eq(outcome.signal, row->signal, "row %zu", i);
		cr_expect_eq(outcome.stopped, row->stopped, "row %zu", i);
		cr_expect_str_eq(outcome.message, row->message);
	}
}

/* A program that ended by itself is judged by how. */
Test(outcome, judges_an_end)
{
	struct sbx_plan *plan = made_plan(&facts_root, NULL);

	check(plan, ends, ARRAY_SIZE(ends));
	sbx_plan_free(plan);
}

/* Every cause for which the supervisor ends a run has its verdict, with the
 * limit's value and the option that raises it. */
Test(outcome, judges_every_cause)
{
	struct sbx_plan *plan = made_plan(
		&facts_root,
		SETTINGS("limits.wall_time", "1.5s", "limits.fuel", "12000000",
	                 "limits.cpu_time", "2", "limits.idle_time", "300ms",
	                 "limits.memory", "64M", "limits.output", "10K"));

	check(plan, causes, ARRAY_SIZE(causes));
	cr_expect_eq(ARRAY_SIZE(causes), N_CAUSES - 1);
	for (size_t i = 0; i < ARRAY_SIZE(causes); i++)
		cr_expect_eq(causes[i].cause, i + 1);
	sbx_plan_free(plan);
}

/* Every exit status of a program is its own. */
Test(outcome, passes_every_exit_status_on)
{
	struct sbx_plan *plan = made_plan(&facts_root, NULL);

	for (int code = 0; code < 256; code++) {
		const struct run run = {.started = true,
		                        .ended = true,
		                        .wait_status = EXITED(code)};
		struct sbx_outcome outcome = run_judge(plan, &run);

		cr_expect_eq(outcome.exit_status, code);
		cr_expect_str_eq(outcome.reason, "exited");
		cr_expect_str_eq(outcome.status, code ? "failure" : "success");
	}
	sbx_plan_free(plan);
}

/* A refused call is recorded once for each number and architecture, in the
 * order of the first time, and a bounded number of them. */
Test(outcome, records_refused_calls)
{
	struct run run = {0};
	struct refused_call call = {.arch = 1, .number = 5, .id = 1};

	for (; call.id < 4; call.id++)
		run_add_refused(&run, &call);
	cr_expect_eq(run.n_refused, 1);
	call.arch = 2;
	run_add_refused(&run, &call);
	call.number = 4;
	run_add_refused(&run, &call);
	cr_expect_eq(run.n_refused, 3);
	cr_expect_eq(run.refused[0].number, 5);
	cr_expect_eq(run.refused[1].arch, 2);
	cr_expect_eq(run.refused[2].number, 4);
	for (call.number = 0; call.number < 10000; call.number++)
		run_add_refused(&run, &call);
	cr_expect_eq(run.n_refused, RUN_MAX_REFUSED);
	cr_expect_eq(run.refused[0].number, 5);
	cr_expect_eq(run.refused[1].number, 5);
	cr_expect_eq(run.refused[3].number, 0);
}
