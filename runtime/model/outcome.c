/* SPDX-License-Identifier: MIT */
/* Facts to verdict. */
#include "model/outcome.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/def.h"
#include "model/check.h"

/* A row for each way in which the supervisor ends a run. exit_status: the
 * contract's; signal: what the program died of, for the report. */
struct cause_row {
	const char *status;
	const char *reason;
	int exit_status;
	int signal;
	int limit; /* enum limit, for the message, or -1 */
	const char *message;
};

static const struct cause_row cause_rows[N_CAUSES] = {
	[CAUSE_WALL_TIME] = {"timeout", "wall_time", 124, SIGKILL,
                             LIMIT_WALL_TIME,
                             "stopped after %s of wall time; --wall-time "
                             "raises it"},
	[CAUSE_CPU_TIME] = {"timeout", "cpu_time", 124, SIGKILL, LIMIT_CPU_TIME,
                            "stopped after %s of CPU time; --cpu-time raises "
                            "it"},
	[CAUSE_IDLE_TIME] = {"timeout", "idle_time", 124, SIGKILL,
                             LIMIT_IDLE_TIME,
                             "stopped after %s without output or CPU "
                             "progress; --idle-time raises it"},
	[CAUSE_FUEL] = {"timeout", "fuel", 124, SIGKILL, LIMIT_FUEL,
                        "stopped after more than %s instructions; --fuel "
                        "raises it"},
	[CAUSE_MEMORY] = {"limit", "memory", 137, SIGKILL, LIMIT_MEMORY,
                          "killed for using more than %s of memory; --memory "
                          "raises it"},
	[CAUSE_OUTPUT] = {"limit", "output", 137, SIGKILL, LIMIT_OUTPUT,
                          "killed for writing more than %s of output; "
                          "--output-limit raises it"},
	[CAUSE_SYSCALL] = {"denied", "syscall", 159, SIGSYS, -1,
                           "killed for a system call of another "
                           "architecture"},
	[CAUSE_CANCELLED] = {"cancelled", "cancelled", 137, SIGKILL, -1,
                             "cancelled"},
	[CAUSE_LOST] = {"error", "setup", 125, 0, -1,
                        "pid 1 of the sandbox was killed from outside, "
                        "perhaps for lack of memory on this host"},
};

/* Of a run that never came to an end that could be judged. */
static const struct cause_row unfinished = {
	"error", "setup", 125, 0, -1, "the run has not come to an end"};

static struct sbx_outcome judge_cause(const struct sbx_plan *plan,
                                      const struct cause_row *row)
{
	struct sbx_outcome outcome = {
		.status = row->status,
		.reason = row->reason,
		.exit_status = row->exit_status,
		.signal = row->signal,
		.stopped = true,
	};
	char value[24] = "";

	if (row->limit >= 0)
		(void)limit_format((enum limit)row->limit,
		                   plan->limits[row->limit].value, value);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	(void)snprintf(outcome.message, sizeof(outcome.message), row->message,
	               value);
#pragma GCC diagnostic pop
	return outcome;
}

static struct sbx_outcome judge_end(int status)
{
	struct sbx_outcome outcome = {.status = "failure"};

	if (WIFSIGNALED(status)) {
		outcome.reason = "signaled";
		outcome.signal = WTERMSIG(status);
		outcome.exit_status = 128 + outcome.signal;
		(void)snprintf(outcome.message, sizeof(outcome.message),
		               "died of signal %d (%s)", outcome.signal,
		               sigdescr_np(outcome.signal)
		                       ? sigdescr_np(outcome.signal)
		                       : "real-time");
		return outcome;
	}
	outcome.reason = "exited";
	outcome.exit_status = WEXITSTATUS(status);
	if (outcome.exit_status == 0)
		outcome.status = "success";
	(void)snprintf(outcome.message, sizeof(outcome.message),
	               "exited with status %d", outcome.exit_status);
	return outcome;
}

struct sbx_outcome run_judge(const struct sbx_plan *plan, const struct run *run)
{
	struct sbx_outcome end;

	if (!run->ended)
		return judge_cause(plan, &unfinished);
	if (run->cause != CAUSE_NONE)
		end = judge_cause(plan, &cause_rows[run->cause]);
	else
		end = judge_end(run->wait_status);
	if (plan->role == ROLE_CHECK && run->cause != CAUSE_CANCELLED &&
	    run->cause != CAUSE_LOST)
		return check_judge(&run->output[0].data, &end);
	return end;
}

void run_add_refused(struct run *run, const struct refused_call *call)
{
	for (size_t i = 0; i < run->n_refused; i++)
		if (run->refused[i].arch == call->arch &&
		    run->refused[i].number == call->number)
			return;
	if (run->n_refused < RUN_MAX_REFUSED)
		run->refused[run->n_refused++] = *call;
}
