/* SPDX-License-Identifier: MIT */
/* Signals to sbx-exec end the run and leave nothing, also before there is
 * one. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>

#include "base/def.h"
#include "support/find.h"
#include "support/run.h"
#include "support/scratch.h"

TestSuite(signal, .init = adopt_orphans, .timeout = 120);

/* Long past what it takes, short of what the program would take. */
#define SOON 20.0

/* Starts one that says "ready" and then sleeps for a minute. */
static void start_waiting(struct live *live, const struct call *call)
{
	call_start(call, live);
	cr_assert(call_expect(live, "ready\n"));
}

/* SIGINT, SIGTERM, SIGHUP and SIGQUIT end the run as cancelled, whatever the
 * program thinks of it; nothing of it is left. */
Test(signal, cancels)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	static const char *const verbs[] = {"wait", "deaf", "stop"};
	struct result result;
	struct live live;

	for (size_t i = 0; i < ARRAY_SIZE(signals) * ARRAY_SIZE(verbs); i++) {
		int number = signals[i % ARRAY_SIZE(signals)];
		const char *word = canary();

		start_waiting(
			&live,
			CALL(COMMAND("@linger", verbs[i / ARRAY_SIZE(signals)],
		                     word)));
		cr_expect_neq(find_process(word), 0);
		(void)kill(live.pid, number);
		call_finish(&live, &result);
		cr_expect_eq(result.status, 128 + number, "%d: %d", number,
		             result.status);
		cr_expect_lt(result.seconds, SOON);
		cr_expect_str_eq(report_at(&result, "status"), "cancelled");
		cr_expect_str_eq(report_at(&result, "reason"), "cancelled");
		cr_expect(is_one_line(&result.err), "%s", result.err.data);
		cr_expect_eq(find_survivor(word, 5), 0);
		cr_expect(children_gone(5));
		result_free(&result);
	}
}

/* What the program wrote before it was cancelled is there. */
Test(signal, cancel_keeps_the_output)
{
	const char *word = canary();
	struct result result;
	struct live live;

	call_start(CALL(OPTIONS("--json"), COMMAND("@linger", "wait", word)),
	           &live);
	/* sbx-exec has the word in its arguments, too. */
	for (int i = 0; i < 2000 && count_processes(word) < 2; i++)
		seconds_sleep(0.01);
	seconds_sleep(0.5);
	(void)kill(live.pid, SIGTERM);
	call_finish(&live, &result);
	cr_expect_eq(result.status, 128 + SIGTERM);
	cr_expect_str_eq(report_at(&result, "stdout"), "ready\n");
	result_free(&result);
}

/* The second of two signals changes nothing. */
Test(signal, two_are_as_one)
{
	struct result result;
	struct live live;

	start_waiting(&live, CALL(COMMAND("@linger", "deaf")));
	(void)kill(live.pid, SIGTERM);
	(void)kill(live.pid, SIGINT);
	call_finish(&live, &result);
	cr_expect(result.status == 128 + SIGTERM ||
	                  result.status == 128 + SIGINT,
	          "%d", result.status);
	cr_expect_str_eq(report_at(&result, "status"), "cancelled");
	result_free(&result);
	cr_expect(children_gone(5));
}

static void ignore_hup(const void *data)
{
	(void)data;
	(void)signal(SIGHUP, SIG_IGN);
}

/* A signal that was ignored at the start stays ignored, as under nohup. */
Test(signal, ignored_stays_ignored)
{
	struct result result;
	struct live live;

	start_waiting(&live,
	              CALL(.prepare = ignore_hup,
	                   COMMAND("sh", "-c", "echo ready; sleep 1; exit 6")));
	(void)kill(live.pid, SIGHUP);
	call_finish(&live, &result);
	cr_expect_eq(result.status, 6);
	result_free(&result);
}

/* Nobody reads what it writes, of which a pipe holds a part. */
static void wait_for_a_full_pipe(const struct live *live)
{
	int n = 0;

	for (int i = 0; i < 2000 && n < 65536; i++) {
		seconds_sleep(0.01);
		cr_assert_eq(ioctl(live->out, FIONREAD, &n), 0);
	}
	cr_assert_eq(n, 65536);
}

/* Once the run is over a signal ends sbx-exec as any program: it may be
 * waiting for who reads its report. */
Test(signal, ends_the_wait_for_a_reader_of_the_report)
{
	struct result result;
	struct live live;

	call_start(CALL(OPTIONS("--json"),
	                COMMAND("sh", "-c", "yes | head -c 200000")),
	           &live);
	wait_for_a_full_pipe(&live);
	(void)kill(live.pid, SIGTERM);
	call_finish(&live, &result);
	cr_expect_eq(result.status, -SIGTERM, "%d", result.status);
	result_free(&result);
	cr_expect(children_gone(5));
}

/* A program is over when it has been heard: who cancels before that has it in
 * the report, too. */
Test(signal, cancels_what_is_not_heard_yet)
{
	const char *word = canary();
	struct result result;
	struct live live;

	call_start(
		CALL(COMMAND("sh", "-c", "yes | head -c 120000; : $0", word)),
		&live);
	wait_for_a_full_pipe(&live);
	while (count_processes(word) > 1) /* sbx-exec has it, too */
		seconds_sleep(0.01);
	(void)kill(live.pid, SIGTERM);
	call_finish(&live, &result);
	cr_expect_eq(result.status, 128 + SIGTERM);
	cr_expect_str_eq(report_at(&result, "status"), "cancelled");
	result_free(&result);
	cr_expect(children_gone(5));
}

/* SIGKILL of sbx-exec takes everything with it, however hard it clings. */
Test(signal, kill_leaves_nothing)
{
	static const char *const verbs[] = {"wait", "deaf", "stop"};
	struct result result;
	struct live live;

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		const char *word = canary();

		start_waiting(&live, CALL(COMMAND("@linger", verbs[i], word)));
		(void)kill(live.pid, SIGKILL);
		call_finish(&live, &result);
		cr_expect_eq(result.status, -SIGKILL);
		cr_expect_eq(find_survivor(word, 10), 0, "%s", verbs[i]);
		cr_expect(children_gone(10), "%s", verbs[i]);
		result_free(&result);
	}
}

/* At any moment of the setup: nothing is left, and the exit status is that of
 * the signal. */
static void at_any_moment(int number, int rounds)
{
	struct result result;
	struct live live;

	for (int i = 0; i < rounds; i++) {
		const char *word = canary();

		call_start(CALL(COMMAND("@linger", "deaf", word)), &live);
		seconds_sleep(0.0005 * (i % 100));
		(void)kill(live.pid, number);
		call_finish(&live, &result);
		cr_expect(result.status == -number ||
		                  result.status == 128 + number,
		          "round %d: %d: %s", i, result.status,
		          result.err.data);
		cr_expect_not(result.held_open, "round %d", i);
		cr_expect_eq(find_survivor(word, 10), 0, "round %d", i);
		cr_assert(children_gone(10), "round %d", i);
		result_free(&result);
	}
}

Test(signal, terminate_at_any_moment)
{
	at_any_moment(SIGTERM, 100);
}

Test(signal, kill_at_any_moment)
{
	at_any_moment(SIGKILL, 100);
}

/* The program is not stopped by what stops sbx-exec, and goes on with it. */
Test(signal, stop_and_continue)
{
	struct result result;
	struct live live;

	start_waiting(&live, CALL(COMMAND("sh", "-c",
	                                  "echo ready; sleep 1; echo done")));
	(void)kill(live.pid, SIGSTOP);
	seconds_sleep(0.3);
	(void)kill(live.pid, SIGCONT);
	call_finish(&live, &result);
	cr_expect_eq(result.status, 0);
	cr_expect_str_eq(result.out.data, "done\n");
	result_free(&result);
}

/* ---- what the caller had set ---- */

static void odd_signals(const void *data)
{
	sigset_t all;

	(void)data;
	for (int i = 1; i < NSIG; i++)
		if (i != SIGTERM && i != SIGALRM)
			(void)signal(i, SIG_IGN);
	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
}

/* Signals that the caller ignored or blocked are so neither for the program,
 * nor for the end of the run. */
Test(signal, program_starts_clean)
{
	struct result result;

	RUN(&result, .outside = true, .prepare = odd_signals,
	    COMMAND("@peek", "habits"));
	cr_expect_null(strstr(result.out.data, "\nignored 0\n"));
	cr_expect_null(strstr(result.out.data, "\nblocked 0\n"));
	result_free(&result);
	RUN(&result, .prepare = odd_signals, COMMAND("@peek", "habits"));
	cr_expect_eq(result.status, 0, "%s", result.err.data);
	cr_expect_not_null(strstr(result.out.data, "\nignored 0\n"), "%s",
	                   result.out.data);
	cr_expect_not_null(strstr(result.out.data, "\nblocked 0\n"));
	cr_expect_not_null(strstr(result.out.data, "\npending 0\n"));
	cr_expect_not_null(strstr(result.out.data, "timer none\n"));
	result_free(&result);
	RUN(&result, .prepare = odd_signals, OPTIONS("--wall-time", "300ms"),
	    COMMAND("sleep", "60"));
	cr_expect_eq(result.status, 124);
	result_free(&result);
}

/* A caller that blocked SIGTERM can still cancel by it. */
Test(signal, blocked_still_cancels)
{
	struct result result;
	struct live live;

	start_waiting(&live,
	              CALL(.prepare = odd_signals, COMMAND("@linger", "wait")));
	(void)kill(live.pid, SIGTERM);
	call_finish(&live, &result);
	cr_expect_eq(result.status, 128 + SIGTERM);
	result_free(&result);
}

static void set_alarm(const void *data)
{
	const struct itimerval soon = {.it_value = {.tv_usec = 400000}};

	(void)data;
	(void)setitimer(ITIMER_REAL, &soon, NULL);
}

/* An alarm that the caller had set does not reach the program; it ends
 * sbx-exec, as it would any program, and that leaves nothing. */
Test(signal, alarm_ends_all)
{
	const char *word = canary();
	struct result result;

	RUN(&result, .prepare = set_alarm, COMMAND("@linger", "wait", word));
	cr_expect(result.status == -SIGALRM || result.status == 128 + SIGALRM,
	          "%d", result.status);
	cr_expect_lt(result.seconds, SOON);
	cr_expect_eq(find_survivor(word, 10), 0);
	cr_expect(children_gone(10));
	result_free(&result);
}
