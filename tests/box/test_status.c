/* SPDX-License-Identifier: MIT */
/* How a run ends, in the exit status and in the report. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/def.h"
#include "support/run.h"
#include "support/scratch.h"

TestSuite(status, .init = scratch_make, .fini = scratch_remove, .timeout = 120);

struct row {
	const char *const *options;
	const char *const *command;
	int exit_status;
	const char *status, *reason, *exit_code, *signal;
	const char *message; /* part of it */
};

#define SH(script) WORDS("sh", "-c", script)
#define NONE       "(none)"

static void check_row(const struct row *row)
{
	struct result result;
	const char *what = row->command[2] ? row->command[2] : row->command[0];

	call_run(CALL(.options = row->options, .command = row->command),
	         &result);
	cr_expect_eq(result.status, row->exit_status, "%s: %d: %s", what,
	             result.status, result.err.data);
	cr_assert_not_null(result.report, "%s: %s", what, result.err.data);
	cr_expect_str_eq(report_at(&result, "status"), row->status, "%s", what);
	cr_expect_str_eq(report_at(&result, "reason"), row->reason, "%s", what);
	cr_expect_str_eq(report_at(&result, "exit_code"), row->exit_code, "%s",
	                 what);
	cr_expect_str_eq(report_at(&result, "signal"), row->signal, "%s", what);
	cr_expect_not_null(strstr(report_at(&result, "message"), row->message),
	                   "%s: %s", what, report_at(&result, "message"));
	result_free(&result);
}

/* A program that ran to its own end gives its own exit status, also those
 * that sbx-exec itself uses; the report tells the two apart. */
Test(status, is_the_programs_own)
{
	static const int codes[] = {0, 1, 7, 124, 125, 126, 127, 137, 159, 255};
	char script[16], code[8], message[32];

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		(void)snprintf(script, sizeof(script), "exit %d", codes[i]);
		(void)snprintf(code, sizeof(code), "%d", codes[i]);
		(void)snprintf(message, sizeof(message), "status %d", codes[i]);
		check_row(&(struct row){NULL, SH(script), codes[i],
		                        codes[i] ? "failure" : "success",
		                        "exited", code, NONE, message});
	}
}

/* A program that a signal ends gives 128 and its number, whichever it is, and
 * the report has its name. */
Test(status, tells_the_signal)
{
	char script[64], name[24];

	for (int i = 1; i < 65; i++) {
		const char *abbrev = sigabbrev_np(i);

		/* Those that do not end a process, and two of libc's own. */
		if (i == SIGCHLD || i == SIGCONT || i == SIGURG ||
		    i == SIGWINCH || i == SIGSTOP || i == SIGTSTP ||
		    i == SIGTTIN || i == SIGTTOU || i == 32 || i == 33)
			continue;
		(void)snprintf(script, sizeof(script), "kill -%d $$; sleep 9",
		               i);
		if (abbrev)
			(void)snprintf(name, sizeof(name), "SIG%s", abbrev);
		else
			(void)snprintf(name, sizeof(name), "SIGRTMIN+%d",
			               i - SIGRTMIN);
		check_row(&(struct row){NULL, SH(script), 128 + i, "failure",
		                        "signaled", NONE, name, "signal"});
	}
}

/* Each way in which sbx ends a run has its own status, reason and exit status,
 * and its message names the option that would have helped. */
Test(status, tells_why_it_was_stopped)
{
	const struct row rows[] = {
		{WORDS("--wall-time", "300ms"), WORDS("sleep", "60"), 124,
	         "timeout", "wall_time", NONE, "SIGKILL", "--wall-time"},
		{WORDS("--timeout", "0.3"), WORDS("sleep", "60"), 124,
	         "timeout", "wall_time", NONE, "SIGKILL", "300ms"},
		{WORDS("--cpu-time", "300ms"), SH("while :; do :; done"), 124,
	         "timeout", "cpu_time", NONE, "SIGKILL", "--cpu-time"},
		{WORDS("--idle-time", "300ms"), WORDS("sleep", "60"), 124,
	         "timeout", "idle_time", NONE, "SIGKILL", "--idle-time"},
		{WORDS("--memory", "50M"), WORDS("@spend", "memory", "200"),
	         137, "limit", "memory", NONE, "SIGKILL", "--memory"},
		{WORDS("--output-limit", "1K", "--output-action", "kill"),
	         WORDS("yes"), 137, "limit", "output", NONE, "SIGKILL",
	         "--output-limit"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_row(&rows[i]);
}

static void check_foreign(const char *which, const struct result *outside)
{
	struct result result;

	RUN(&result, COMMAND("@foreign", which));
	cr_expect_str_eq(result.out.data, "before\n");
	if (outside->status == -SIGSEGV) {
		/* This kernel has no such calls at all. */
		cr_expect_eq(result.status, 128 + SIGSEGV);
		result_free(&result);
		return;
	}
	cr_expect_str_eq(outside->out.data, "before\nafter\n");
	cr_expect_eq(result.status, 159, "%s: %d", which, result.status);
	cr_expect_str_eq(report_at(&result, "status"), "denied");
	cr_expect_str_eq(report_at(&result, "reason"), "syscall");
	cr_expect_str_eq(report_at(&result, "signal"), "SIGSYS");
	cr_expect(is_one_line(&result.err), "%s", result.err.data);
	result_free(&result);
}

/* A system call of another architecture ends the run as denied, and the same
 * program lives on outside. */
Test(status, tells_a_foreign_system_call)
{
	static const char *const which[] = {"i386", "x32"};
	struct result outside;

	for (size_t i = 0; i < ARRAY_SIZE(which); i++) {
		RUN(&outside, .outside = true, COMMAND("@foreign", which[i]));
		if (outside.status == 77)
			skip("this processor has no second architecture");
		check_foreign(which[i], &outside);
		result_free(&outside);
	}
}

/* A system call that is refused does not end the run: the program gets EPERM,
 * and the report its name, once. */
Test(status, names_refused_calls)
{
	struct result result;

	RUN(&result, COMMAND("sh", "-c", "sync; sync; unshare -m true"));
	cr_expect_eq(result.status, 1);
	cr_expect_not_null(strstr(result.err.data, "Operation not permitted"));
	cr_expect(report_lists(&result, "events.denied_syscalls", "unshare"));
	cr_expect(report_lists(&result, "events.denied_syscalls", "sync"));
	result_free(&result);
	RUN(&result, COMMAND("true"));
	cr_expect_str_eq(report_at(&result, "events.denied_syscalls"), "[]");
	cr_expect_not(report_lists(&result, "events.denied_syscalls", "sync"));
	result_free(&result);
}

/* What could not be started is an error with its stage and code, and 127 or
 * 126 as of a shell; nothing is on standard output. */
Test(status, tells_what_could_not_start)
{
	static const struct {
		const char *program;
		int exit_status;
		const char *code;
	} rows[] = {
		{"no-such-program", 127, "ENOENT"},
		{"/usr/bin/no-such-program", 127, "ENOENT"},
		{"/no/such/place", 127, "ENOENT"},
		{"/etc/passwd", 126, "EACCES"},
		{"/usr/share", 126, "EISDIR"},
		{"/workspace", 126, "EACCES"},
	};
	struct result result;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		RUN(&result, COMMAND(rows[i].program));
		cr_expect_eq(result.status, rows[i].exit_status, "%s: %d",
		             rows[i].program, result.status);
		cr_expect_str_eq(report_at(&result, "status"), "error");
		cr_expect_str_eq(report_at(&result, "reason"), "setup");
		cr_expect_str_eq(report_at(&result, "error.stage"), "exec",
		                 "%s", rows[i].program);
		cr_expect_str_eq(report_at(&result, "error.code"), rows[i].code,
		                 "%s", rows[i].program);
		cr_expect_not_null(strstr(report_at(&result, "error.text"),
		                          rows[i].program));
		cr_expect(is_one_line(&result.err), "%s", result.err.data);
		cr_expect_eq(result.out.len, 0);
		result_free(&result);
	}
}

/* A file that the kernel cannot run, found only by the exec itself, is 126. */
Test(status, tells_a_file_of_no_known_form)
{
	static const char junk[] = {1, 2, 3, 4};
	struct result result;
	const char *path = scratch_file("junk", junk, sizeof(junk), 0755);

	RUN(&result, OPTIONS("--ro-bind", path), COMMAND(path));
	cr_expect_eq(result.status, 126, "%s", result.err.data);
	cr_expect_str_eq(report_at(&result, "error.stage"), "exec");
	cr_expect_str_eq(report_at(&result, "error.code"), "ENOEXEC");
	result_free(&result);
}

/* sbx's own failure is 125, with one line that says which step of what. */
Test(status, tells_its_own_failure)
{
	struct result result;

	RUN(&result, OPTIONS("--workdir", "/no/such"), COMMAND("echo", "ran"));
	cr_expect_eq(result.status, 125);
	cr_expect_eq(result.out.len, 0);
	cr_expect(is_one_line(&result.err), "%s", result.err.data);
	cr_expect_not_null(strstr(result.err.data, "/no/such"));
	cr_expect_str_eq(report_at(&result, "status"), "error");
	cr_expect_str_eq(report_at(&result, "error.stage"), "payload");
	cr_expect_str_eq(report_at(&result, "error.code"), "ENOENT");
	result_free(&result);
}

/* The first cause of the end wins: a program that is out of time and then
 * dies of something else was out of time. */
Test(status, first_cause_wins)
{
	struct result result;

	RUN(&result,
	    OPTIONS("--wall-time", "300ms", "--cpu-time", "20s", "--idle-time",
	            "20s", "--output-limit", "1K", "--output-action", "kill"),
	    COMMAND("@linger", "deaf"));
	cr_expect_eq(result.status, 124);
	cr_expect_str_eq(report_at(&result, "reason"), "wall_time");
	result_free(&result);
}

/* sbx-exec says nothing of its own when the program ended by itself, and one
 * line when it did not. */
Test(status, says_only_what_it_did)
{
	struct result result;

	RUN(&result, COMMAND("sh", "-c", "kill -9 $$"));
	cr_expect_eq(result.status, 137);
	cr_expect_eq(result.err.len, 0, "%s", result.err.data);
	result_free(&result);
	RUN(&result, OPTIONS("--wall-time", "200ms"), COMMAND("sleep", "60"));
	cr_expect(is_one_line(&result.err), "%s", result.err.data);
	result_free(&result);
}
