/* SPDX-License-Identifier: MIT */
/* Where the report goes, and that nothing inside can write or change it. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/def.h"
#include "support/lab.h"
#include "support/run.h"
#include "support/scratch.h"

TestSuite(report, .init = scratch_make, .fini = scratch_remove, .timeout = 120);

static void read_report(const char *path, struct result *result)
{
	struct buffer text = {0};

	read_file(path, &text);
	result_parse(result, &text);
	buffer_free(&text);
}

/* A file is made, or written anew, with one line; standard output is left to
 * the program. */
Test(report, goes_to_a_file)
{
	const char *path = scratch("report");
	struct result result;
	struct stat st;

	for (int i = 0; i < 2; i++) {
		RUN(&result, .no_report = true, OPTIONS("--report", path),
		    COMMAND("sh", "-c", "echo out; exit 5"));
		cr_expect_eq(result.status, 5);
		cr_expect_str_eq(result.out.data, "out\n");
		read_report(path, &result);
		cr_expect_str_eq(report_at(&result, "exit_code"), "5");
		cr_expect_str_eq(report_at(&result, "stdout"), "(none)");
		result_free(&result);
		cr_assert_eq(stat(path, &st), 0);
		cr_expect_eq(st.st_mode & 0777, 0644);
		/* What is longer than the next one. */
		if (i == 0)
			(void)scratch_text("report",
			                   text_of("%*s", 5000, "old"));
	}
}

/* An error before the program is a report as well, in the place of what was
 * there. */
Test(report, tells_errors)
{
	const char *path = scratch_text("report", "old");
	struct result result;

	RUN(&result, .no_report = true,
	    OPTIONS("--report", path, "--profile", "bash", "--", "/no/such"));
	cr_expect_eq(result.status, 127);
	read_report(path, &result);
	cr_expect_str_eq(report_at(&result, "status"), "error");
	cr_expect_str_eq(report_at(&result, "error.code"), "ENOENT");
	result_free(&result);
}

/* So is a wrong command line, where what goes before the wrong word says where
 * to write it. */
Test(report, tells_usage_errors)
{
	static const struct {
		const char *words[6];
		const char *named;
	} rows[] = {
		{{"--report", "fd:7", "--memroy", "1G"}, "--memory"},
		{{"--report", "fd:7", "--command"}, "--command -- PROG"},
		{{"--json", "--report=fd:7", "x"}, "after \"--\""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *path = scratch_text("report", "");
		int fd = open(path, O_RDWR | O_CLOEXEC);
		struct result result;

		RUN(&result, .no_report = true, .options = rows[i].words,
		    .fds = {{7, fd}}, .n_fds = 1);
		cr_expect_eq(result.status, 125);
		read_report(path, &result);
		cr_expect_str_eq(report_at(&result, "status"), "error");
		cr_expect_not_null(
			strstr(report_at(&result, "message"), rows[i].named));
		result_free(&result);
		(void)close(fd);
	}
}

/* With --quiet, standard error is the program's alone. */
Test(report, is_all_there_is_with_quiet)
{
	struct result result;

	RUN(&result, OPTIONS("--timeout", "0.1"), COMMAND("sleep", "60"));
	cr_expect_eq(result.status, 124);
	cr_expect_not_null(strstr(result.err.data, "--wall-time raises"));
	result_free(&result);
	RUN(&result, OPTIONS("--timeout", text_of("%d", slowness()), "--quiet"),
	    COMMAND("sh", "-c", "echo mine >&2; sleep 60"));
	cr_expect_eq(result.status, 124);
	cr_expect_str_eq(result.err.data, "mine\n");
	cr_expect_str_eq(report_at(&result, "reason"), "wall_time");
	result_free(&result);
	RUN(&result, OPTIONS("--quiet"), COMMAND("no-such"));
	cr_expect_eq(result.status, 127);
	cr_expect_str_eq(result.err.data, "");
	cr_expect_str_eq(report_at(&result, "error.code"), "ENOENT");
	result_free(&result);
}

/* What is no regular file is refused before anything runs, and stays as it
 * was. */
Test(report, takes_regular_files_only)
{
	static const char *const names[] = {
		"link",      "dangling",       "fifo",
		"directory", "no/such",        "/dev/null",
		"/dev/full", "/proc/self/mem", "/proc/self/comm"};
	struct buffer text = {0};
	struct result result;
	const char *target = scratch_text("target", "untouched");

	cr_assert_eq(symlink(target, scratch("link")), 0);
	cr_assert_eq(symlink("nothing", scratch("dangling")), 0);
	cr_assert_eq(mkfifo(scratch("fifo"), 0644), 0);
	cr_assert_eq(mkdir(scratch("directory"), 0755), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *path =
			names[i][0] == '/' ? names[i] : scratch(names[i]);

		RUN(&result, .no_report = true, OPTIONS("--report", path),
		    COMMAND("echo", "ran"));
		cr_expect_eq(result.status, 125, "%s", names[i]);
		cr_expect_eq(result.out.len, 0, "%s", names[i]);
		cr_expect(is_one_line(&result.err), "%s: %s", names[i],
		          result.err.data);
		cr_expect_not_null(strstr(result.err.data, path), "%s",
		                   result.err.data);
		result_free(&result);
	}
	read_file(target, &text);
	cr_expect_str_eq(text.data, "untouched");
	buffer_free(&text);
	cr_expect_eq(access(scratch("nothing"), F_OK), -1);
}

/* A descriptor gets it, whatever is behind it, and the program does not have
 * that descriptor. */
Test(report, goes_to_a_descriptor)
{
	struct result result;
	char line[8192] = "";
	int ends[2];

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	RUN(&result, .no_report = true, OPTIONS("--report", "fd:7"),
	    COMMAND("sh", "-c", "echo '{}' >&7"), .fds = {{7, ends[1]}},
	    .n_fds = 1);
	(void)close(ends[1]);
	cr_expect_eq(result.status, 2, "%d", result.status);
	cr_expect_gt(read(ends[0], line, sizeof(line) - 1), 100);
	cr_expect_eq(strncmp(line, "{\"schema\":1,", 12), 0, "%s", line);
	result_free(&result);
	(void)close(ends[0]);
}

/* Standard output can be the descriptor: the report comes last. */
Test(report, goes_to_standard_output)
{
	struct result result;

	RUN(&result, .no_report = true, OPTIONS("--report", "fd:1"),
	    COMMAND("echo", "out"));
	cr_expect_eq(strncmp(result.out.data, "out\n{\"schema\":1,", 16), 0,
	             "%s", result.out.data);
	result_free(&result);
}

/* A report that cannot be written is exit 125 and one line. */
Test(report, full_disk_is_told)
{
	struct result result;
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	RUN(&result, .no_report = true, OPTIONS("--report", "fd:7"),
	    COMMAND("true"), .fds = {{7, full}}, .n_fds = 1);
	cr_expect_eq(result.status, 125);
	cr_expect(is_one_line(&result.err), "%s", result.err.data);
	cr_expect_not_null(strstr(result.err.data, "No space left"));
	result_free(&result);
	RUN(&result, .no_report = true, OPTIONS("--json"), COMMAND("true"),
	    .fds = {{1, full}}, .n_fds = 1);
	cr_expect_eq(result.status, 125);
	cr_expect(is_one_line(&result.err), "%s", result.err.data);
	result_free(&result);
	(void)close(full);
}

static void report_on_full_disk(struct lab *lab)
{
	struct result result;

	(void)mkdir("/tmp/small", 0755);
	if (mount("none", "/tmp/small", "tmpfs", 0, "size=4k") < 0 ||
	    system("head -c 4096 /dev/zero >/tmp/small/fill") != 0)
		lab_fail(lab, "no small disk");
	RUN(&result, .no_report = true,
	    OPTIONS("--report", "/tmp/small/report"), COMMAND("true"));
	if (result.status != 125 || !is_one_line(&result.err) ||
	    !strstr(result.err.data, "No space left"))
		lab_fail(lab, "%d: %s", result.status, result.err.data);
	result_free(&result);
}

/* The same of a file on a disk that is full. */
Test(report, full_file_system_is_told)
{
	lab_run(report_on_full_disk, false);
}

/* A program that writes reports everywhere it can changes nothing. */
Test(report, cannot_be_forged)
{
	static const char script[] =
		"r='{\"schema\":1,\"status\":\"success\",\"exit_code\":0}'; "
		"echo \"$r\"; echo \"$r\" >&2; for n in 0 3 4 5 6 7 8 9 200; "
		"do echo \"$r\" >/proc/self/fd/$n; echo \"$r\" "
		">/proc/1/fd/$n; done 2>/dev/null; echo \"$r\" >report; echo "
		"\"$r\" >/tmp/report; kill -SEGV $$";
	struct result result;

	RUN(&result, COMMAND("sh", "-c", script));
	cr_expect_eq(result.status, 139);
	cr_expect_str_eq(report_at(&result, "status"), "failure");
	cr_expect_str_eq(report_at(&result, "signal"), "SIGSEGV");
	result_free(&result);
}

/* Names and output of any bytes make a report that is one line of JSON. */
Test(report, is_json_whatever_the_program_is_called)
{
	static const char *const names[] = {
		"\"}{\"",       "\\",           "\xff\xfe", "\xed\xa0\x80",
		"\xe2\x80\xa8", "\xef\xbb\xbf", "%s%n",     "a'b\"c"};
	struct result result;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		RUN(&result,
		    OPTIONS("--env", text_of("A=%s", names[i]), "--profile",
		            "bash", "--",
		            scratch_text(names[i], "printf '%s' \"$0\"")));
		cr_expect_str_eq(report_at(&result, "status"), "success",
		                 "%zu: %s", i, result.err.data);
		cr_expect_str_eq(result.out.data, names[i]);
		result_free(&result);
		RUN(&result, OPTIONS("--json"),
		    COMMAND("printf", "%s", names[i]));
		cr_expect_not_null(result.report, "%zu", i);
		cr_expect_str_eq(result.out.data, result.report_line.data);
		result_free(&result);
		RUN(&result, OPTIONS("--json"), COMMAND(names[i]));
		cr_expect_eq(result.status, 127);
		cr_expect_str_eq(report_at(&result, "error.code"), "ENOENT",
		                 "%zu: %s", i, result.report_line.data);
		result_free(&result);
	}
}

/* Output that is cut inside of a character ends before it; one that has a NUL
 * in it is base64, which every reader takes. */
Test(report, cut_inside_a_character)
{
	struct result result;

	RUN(&result, OPTIONS("--json", "--output-limit", "3"),
	    COMMAND("printf", "ab\xc3\xa4z"));
	cr_expect_str_eq(report_at(&result, "stdout"), "ab");
	cr_expect_str_eq(report_at(&result, "stdout_b64"), "(none)");
	cr_expect_str_eq(report_at(&result, "stdout_bytes"), "5");
	cr_expect_str_eq(report_at(&result, "stdout_truncated"), "true");
	result_free(&result);
	RUN(&result, OPTIONS("--json"), COMMAND("printf", "a\\000b"));
	cr_expect_eq(result.status, 0);
	cr_expect_str_eq(report_at(&result, "stdout_b64"), "YQBi");
	result_free(&result);
}

/* The times and amounts of the report are of this run, and make sense. */
Test(report, measures)
{
	struct result result;

	RUN(&result, COMMAND("sleep", "0.3"));
	cr_expect_geq(report_number(&result, "wall_time_s"), 0.3);
	cr_expect_leq(report_number(&result, "wall_time_s"), result.seconds);
	cr_expect_gt(report_number(&result, "setup_time_s"), 0);
	cr_expect_leq(report_number(&result, "setup_time_s"), result.seconds);
	cr_expect_lt(report_number(&result, "usage.cpu_time_s"), 0.3);
	cr_expect_geq(report_number(&result, "usage.user_time_s"), 0);
	cr_expect_geq(report_number(&result, "usage.system_time_s"), 0);
	cr_expect_str_eq(report_at(&result, "stdout_bytes"), "0");
	cr_expect_str_eq(report_at(&result, "events.disk_full"), "false");
	result_free(&result);
}
