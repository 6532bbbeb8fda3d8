/* SPDX-License-Identifier: MIT */
/* The three streams: every byte, at once, and never a wait for nobody. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/def.h"
#include "base/text.h"
#include "support/run.h"
#include "support/scratch.h"

TestSuite(stream, .init = scratch_make, .fini = scratch_remove, .timeout = 120);

#define PATTERN (256 * 4096)
#define SPEND   INSIDE "/spend "

static void check_pattern(const char *data, size_t len, const char *what)
{
	cr_assert_eq(len, PATTERN, "%s: %zu bytes", what, len);
	for (size_t i = 0; i < len; i++)
		cr_assert_eq((unsigned char)data[i], i % 256, "%s: byte %zu",
		             what, i);
}

/* Every byte comes out as it was written, on either stream, and is the same
 * for the report. */
Test(stream, output_is_exact)
{
	struct result result;
	char hex[65], sum[65];

	RUN(&result, COMMAND("@spend", "pattern"));
	check_pattern(result.out.data, result.out.len, "stdout");
	cr_expect_str_eq(report_at(&result, "stdout_bytes"), "1048576");
	cr_expect_str_eq(report_at(&result, "stdout_truncated"), "false");
	text_sha256(result.out.data, result.out.len, hex);
	result_free(&result);
	RUN(&result, .helpers = true,
	    COMMAND("sh", "-c", INSIDE "/spend pattern >&2"));
	check_pattern(result.err.data, result.err.len, "stderr");
	result_free(&result);
	RUN(&result, .helpers = true,
	    COMMAND("sh", "-c", INSIDE "/spend pattern | sha256sum"));
	(void)snprintf(sum, sizeof(sum), "%.64s", result.out.data);
	cr_expect_str_eq(sum, hex);
	result_free(&result);
}

/* Every byte goes in as it was given. */
Test(stream, input_is_exact)
{
	static char bytes[PATTERN];
	struct result result;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i % 256);
	RUN(&result, COMMAND("@spend", "echo"), .input = bytes,
	    .input_len = sizeof(bytes));
	check_pattern(result.out.data, result.out.len, "a pipe");
	result_free(&result);
	RUN(&result,
	    OPTIONS("--stdin", scratch_file("in", bytes, sizeof(bytes), 0644)),
	    COMMAND("@spend", "echo"));
	check_pattern(result.out.data, result.out.len, "a file");
	result_free(&result);
}

/* Much data moves through both directions at once. */
Test(stream, moves_much)
{
	size_t len = 48 << 20;
	char *bytes = malloc(len);
	char hex[65], moved[65];
	struct result result;

	for (size_t i = 0; i < len; i++)
		bytes[i] = (char)(i * 2654435761u >> 13);
	text_sha256(bytes, len, hex);
	RUN(&result, OPTIONS("--output-limit", "none"),
	    COMMAND("@spend", "echo"), .input = bytes, .input_len = len);
	cr_expect_eq(result.status, 0);
	text_sha256(result.out.data, result.out.len, moved);
	cr_expect_str_eq(moved, hex);
	result_free(&result);
	free(bytes);
}

/* Without input there is an end of file, not a wait. */
Test(stream, no_input_is_an_end)
{
	struct result result;
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	RUN(&result, COMMAND("cat"));
	cr_expect_eq(result.status, 0);
	result_free(&result);
	RUN(&result, COMMAND("cat"), .fds = {{0, null}}, .n_fds = 1);
	cr_expect_eq(result.status, 0);
	cr_expect_eq(result.out.len, 0);
	result_free(&result);
	(void)close(null);
}

/* Input that is open for writing only, as under nohup, is an end of file. */
Test(stream, unreadable_input_is_an_end)
{
	struct result result;
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	RUN(&result, COMMAND("sh", "-c", "cat; echo ran"), .fds = {{0, null}},
	    .n_fds = 1);
	cr_expect_eq(result.status, 0, "%s", result.err.data);
	cr_expect_str_eq(result.out.data, "ran\n");
	result_free(&result);
	(void)close(null);
}

/* Output that the caller's disk does not take is sbx's failure, and told. */
Test(stream, full_disk_is_told)
{
	struct result result;
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	RUN(&result, COMMAND("echo", "x"), .fds = {{1, full}}, .n_fds = 1);
	cr_expect_eq(result.status, 125, "%d", result.status);
	cr_expect(is_one_line(&result.err), "%s", result.err.data);
	cr_expect_not_null(strstr(result.err.data, "No space left"));
	cr_expect_str_eq(report_at(&result, "status"), "error");
	result_free(&result);
	(void)close(full);
}

/* A program that does not read its input ends when it ends, however much there
 * is; and one that ends early breaks nothing. */
Test(stream, unread_input_holds_nothing_up)
{
	size_t len = 64 << 20;
	char *bytes = calloc(1, len);
	struct result result;

	RUN(&result, COMMAND("sleep", "0.5"), .input = bytes, .input_len = len);
	cr_expect_eq(result.status, 0, "%d %s", result.status, result.err.data);
	cr_expect_not(result.timed_out);
	cr_expect_lt(result.seconds, 20.0);
	result_free(&result);
	RUN(&result, COMMAND("head", "-c", "5"), .input = bytes,
	    .input_len = len);
	cr_expect_eq(result.status, 0);
	cr_expect_eq(result.out.len, 5);
	result_free(&result);
	free(bytes);
}

/* A caller that keeps its end of standard input open keeps no run alive. */
Test(stream, open_input_holds_nothing_up)
{
	struct result result;
	int ends[2];

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	RUN(&result, COMMAND("true"), .fds = {{0, ends[0]}}, .n_fds = 1);
	cr_expect_eq(result.status, 0);
	cr_expect_lt(result.seconds, 20.0);
	result_free(&result);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

/* What the program writes comes at once, while it runs, and it hears an answer
 * at once. */
Test(stream, is_live)
{
	static const char script[] = "printf no-line-end; read a; printf "
				     "\"<$a>\"; read b; echo end";
	struct live live;
	struct result result;
	int ends[2];

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	call_start(CALL(COMMAND("sh", "-c", script), .fds = {{0, ends[0]}},
	                .n_fds = 1),
	           &live);
	(void)close(ends[0]);
	cr_expect(call_expect(&live, "no-line-end"));
	cr_expect_eq(write(ends[1], "one\n", 4), 4);
	cr_expect(call_expect(&live, "<one>"));
	cr_expect_eq(write(ends[1], "two\n", 4), 4);
	call_finish(&live, &result);
	cr_expect_str_eq(result.out.data, "end\n");
	cr_expect_eq(result.status, 0);
	(void)close(ends[1]);
	result_free(&result);
}

/* Where both streams are the same pipe, what was written first comes first, if
 * the program gives it time. */
Test(stream, order_is_kept)
{
	struct result result;

	RUN(&result,
	    COMMAND("sh", "-c",
	            "for i in 1 2 3; do echo o$i; sleep 0.3; echo e$i >&2; "
	            "sleep 0.3; done"),
	    .merged = true);
	cr_expect_str_eq(result.out.data, "o1\ne1\no2\ne2\no3\ne3\n");
	result_free(&result);
}

/* A reader that goes away ends the program by SIGPIPE, as without a sandbox;
 * one that does not care for its output lives on. */
Test(stream, closed_reader_is_sigpipe)
{
	struct live live;
	struct result result;

	for (int outside = 0; outside < 2; outside++) {
		call_start(CALL(COMMAND("yes"), .outside = outside), &live);
		cr_expect(call_expect(&live, "y\ny\n"));
		(void)close(live.out);
		live.out = -1;
		call_finish(&live, &result);
		cr_expect_eq(result.status, outside ? -SIGPIPE : 128 + SIGPIPE,
		             "%d", result.status);
		cr_expect_not(result.timed_out);
		if (!outside)
			cr_expect_str_eq(report_at(&result, "signal"),
			                 "SIGPIPE");
		result_free(&result);
	}
	call_start(CALL(COMMAND("sh", "-c",
	                        "echo one; trap '' PIPE; sleep 0.5; echo two "
	                        "2>/dev/null; exit 5")),
	           &live);
	cr_expect(call_expect(&live, "one\n"));
	(void)close(live.out);
	live.out = -1;
	call_finish(&live, &result);
	cr_expect_eq(result.status, 5);
	result_free(&result);
}

/* A reader that stops reading does not stop the clock, and the end does not
 * wait for it for ever. */
Test(stream, stopped_reader_stops_nothing)
{
	const struct {
		const char *const *command;
		int status;
	} rows[] = {
		{WORDS("yes"), 124},
		{WORDS("sh", "-c", "yes >&2"), 124},
		{WORDS("sh", "-c", "yes & yes >&2"), 124},
	};
	struct result result;
	int out[2], err[2];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cr_assert_eq(pipe2(out, O_CLOEXEC), 0);
		cr_assert_eq(pipe2(err, O_CLOEXEC), 0);
		RUN(&result,
		    OPTIONS("--wall-time", "500ms", "--output-limit", "none"),
		    .command = rows[i].command,
		    .fds = {{1, out[1]}, {2, err[1]}}, .n_fds = 2,
		    .patience = 30);
		cr_expect_not(result.timed_out, "row %zu hangs", i);
		cr_expect_eq(result.status, rows[i].status, "row %zu", i);
		cr_expect_str_eq(report_at(&result, "reason"), "wall_time");
		result_free(&result);
		for (int k = 0; k < 2; k++) {
			(void)close(out[k]);
			(void)close(err[k]);
		}
	}
}

/* A program that ended while its reader slept: what it wrote is still there,
 * all of it. */
Test(stream, slow_reader_gets_everything)
{
	struct live live;
	struct result result;

	call_start(CALL(COMMAND("@spend", "pattern")), &live);
	seconds_sleep(1.5);
	call_finish(&live, &result);
	cr_expect_eq(result.status, 0);
	check_pattern(result.out.data, result.out.len, "late");
	result_free(&result);
}

/* What a background process holds open is not waited for: the run ends with
 * the program, and what it wrote before is there. */
Test(stream, background_process_holds_nothing_up)
{
	struct result result;

	RUN(&result, COMMAND("@linger", "holder"));
	cr_expect_eq(result.status, 0);
	cr_expect_str_eq(result.out.data, "early");
	cr_expect_lt(result.seconds, 20.0);
	cr_expect_not(result.held_open);
	result_free(&result);
}

/* Both streams flood at once, or one of them is closed, or both. */
Test(stream, floods)
{
	static const char *const scripts[] = {
		SPEND "out 8 1 & " SPEND "out 8 2; wait", SPEND "out 8 1 2>&-",
		SPEND "out 8 2 1>&-", "exec >&- 2>&-; sleep 0.2",
		"exec <&-; " SPEND "out 1"};
	struct result result;

	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
		RUN(&result, .helpers = true, OPTIONS("--output-limit", "100K"),
		    COMMAND("sh", "-c", scripts[i]));
		cr_expect_eq(result.status, 0, "%s: %s", scripts[i],
		             result.err.data);
		cr_expect_leq(result.out.len, 100 << 10);
		cr_expect_leq(result.err.len, 100 << 10);
		cr_expect_not(result.held_open);
		result_free(&result);
	}
}

static void take_address_space(const void *data)
{
	(void)setrlimit(RLIMIT_AS, data);
}

/* A flood costs sbx-exec no memory: what it dropped it did not keep. */
Test(stream, flood_takes_no_memory)
{
	const struct rlimit small = {64 << 20, 64 << 20};
	struct result result;

	RUN(&result, .prepare = take_address_space, .data = &small,
	    OPTIONS("--json", "--output-limit", "1M"),
	    COMMAND("@spend", "out", "1000"));
	cr_expect_eq(result.status, 0, "%s", result.err.data);
	cr_expect_null(result.report, "the report is too large for this");
	cr_expect_not_null(
		strstr(result.report_line.data, "\"stdout_bytes\":1048576000"));
	result_free(&result);
}
