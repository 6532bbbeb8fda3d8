/* SPDX-License-Identifier: MIT */
/* Attacks through what comes out: descriptors, terminals, report. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>

#include "base/def.h"
#include "base/file.h"
#include "support/attack.h"
#include "support/scratch.h"

TestSuite(output, .init = scratch_make, .fini = scratch_remove, .timeout = 120);

/* A descriptor of the host's root that the caller left open leads out; here
 * two layers close it, and exec itself the rest. */
Test(output, O95_descriptors_do_not_cross)
{
	static const char script[] =
		"cd /proc/self/fd/7 2>/dev/null && echo out ok || echo out "
		"refused; for i in 3 7 200; do [ -e /proc/self/fd/$i ] && echo "
		"fd$i ok || echo fd$i refused; done";
	static const char *const spared[] = {"fd3", NULL};
	int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	attack("descriptors",
	       CALL(COMMAND("sh", "-c", script), .fds = {{7, root}},
	            .n_fds = 1),
	       CALL(.without = "descriptors", COMMAND("sh", "-c", script),
	            .fds = {{7, root}}, .n_fds = 1),
	       spared);
	(void)close(root);
}

/* None of the numbers up to the highest is open, though sbx has pipes, a wire,
 * a listener and a report of its own. */
Test(output, O96_none_of_ours_crosses)
{
	struct result held;

	RUN(&held, COMMAND("@peek", "fds"));
	cr_expect_str_eq(held.out.data,
	                 "0 fifo read\n1 fifo write\n2 fifo write\n");
	result_free(&held);
}

/* A log that is only appended to, given as standard output: neither emptied,
 * nor made setuid. Outside the same program does both. */
Test(output, O97_log_is_not_changed)
{
	static const char script[] =
		": >/proc/self/fd/1; : >/dev/stdout; truncate -s 0 "
		"/proc/self/fd/2; chmod 4777 /proc/self/fd/1; chmod 4777 "
		"/dev/stdout; true";
	struct buffer text = {0};
	struct stat st;

	for (int outside = 0; outside < 2; outside++) {
		const char *path = scratch_text("log", "old\n");
		int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
		struct result result;

		RUN(&result, .outside = outside, COMMAND("sh", "-c", script),
		    .fds = {{1, fd}, {2, fd}}, .n_fds = 2);
		cr_assert_eq(stat(path, &st), 0);
		read_file(path, &text);
		cr_expect_eq(st.st_mode & 07777, outside ? 04777 : 0644,
		             "outside %d: %o", outside, st.st_mode);
		cr_expect_eq(strncmp(text.data, "old\n", 4) == 0, !outside,
		             "outside %d: %s", outside, text.data);
		buffer_free(&text);
		result_free(&result);
		(void)close(fd);
	}
}

/* How many bytes somebody has typed into the terminal. */
static int typed(const char *without, bool outside)
{
	int ours, theirs, n = 0;
	struct result result;
	struct termios raw;

	if (openpty(&ours, &theirs, NULL, NULL, NULL) < 0)
		skip("there is no terminal to be had (openpty)");
	(void)fcntl(ours, F_SETFD, FD_CLOEXEC);
	(void)fcntl(theirs, F_SETFD, FD_CLOEXEC);
	RUN(&result, .without = without, .outside = outside,
	    .prepare = take_terminal, COMMAND("@poke", "terminal"),
	    .fds = {{0, theirs}, {1, theirs}, {2, theirs}}, .n_fds = 3);
	/* Count what waits, line or no line. */
	cr_assert_eq(tcgetattr(theirs, &raw), 0);
	cfmakeraw(&raw);
	cr_assert_eq(tcsetattr(theirs, TCSANOW, &raw), 0);
	cr_assert_eq(ioctl(theirs, FIONREAD, &n), 0);
	result_free(&result);
	(void)close(ours);
	(void)close(theirs);
	return n;
}

/* Nothing is typed into the caller's terminal: the program has none, so this
 * holds without the filter, too. Outside it types. */
Test(output, O98_terminal_is_not_typed_into)
{
	struct buffer legacy = {0};

	cr_expect_eq(typed(NULL, false), 0);
	cr_expect_eq(typed("filter+session", false), 0);
	/* Before Linux 6.2 there was no such switch, and it was on. */
	if (file_read("/proc/sys/dev/tty/legacy_tiocsti", 16, &legacy) < 0 ||
	    (legacy.len && legacy.data[0] == '1'))
		cr_expect_gt(typed(NULL, true), 0, "control");
	buffer_free(&legacy);
}

/* Reports that the program prints, with each of its streams, into each
 * descriptor and file that it has, before it crashes: the real one is another,
 * and a reader of standard output can tell that what it got is no report. */
Test(output, O101_forged_report)
{
	static const char script[] =
		"r='{\"schema\":1,\"status\":\"success\",\"reason\":\"exited\","
		"\"exit_code\":0}'; for f in /proc/self/fd/* /proc/1/fd/* "
		"/workspace/report.json /dev/stdout /dev/stderr; do echo "
		"\"$r\" "
		">$f; done 2>/dev/null; kill -9 $$";
	struct result held, open;

	RUN(&held, OPTIONS("--json"), COMMAND("sh", "-c", script));
	cr_expect_eq(held.status, 137);
	cr_expect_str_eq(report_at(&held, "signal"), "SIGKILL");
	result_parse(&held, &held.out);
	cr_expect_str_eq(report_at(&held, "signal"), "SIGKILL",
	                 "standard output is the report alone: %s",
	                 held.out.data);
	result_free(&held);
	/* The control: where a report goes to a descriptor of the program's
	 * own, as others do it, it is what the program says. */
	RUN(&open, .outside = true,
	    COMMAND("bash", "-c", "echo '{\"status\":\"success\"}' >&200"));
	cr_expect_not_null(strstr(open.report_line.data, "success"), "control");
	result_free(&open);
}

/* A process whose name would break a line of JSON dies: one line all the
 * same. */
Test(output, O102_name_of_a_process)
{
	struct result result;

	RUN(&result, COMMAND("@swarm", "name"));
	cr_expect_eq(result.status, 139);
	cr_assert_not_null(result.report, "%s", result.report_line.data);
	cr_expect_str_eq(report_at(&result, "signal"), "SIGSEGV");
	cr_expect_eq(strchr(result.report_line.data, '\n') + 1,
	             result.report_line.data + result.report_line.len);
	result_free(&result);
}

/* A symbolic link, or another's file, in the place of the report, changed
 * while runs go on: never written through. */
Test(output, O113_report_through_a_link)
{
	const char *target = scratch_text("target", "untouched");
	struct buffer text = {0};
	struct result result;

	for (int i = 0; i < 20; i++) {
		const char *path = scratch("report");

		if (i % 2)
			cr_assert_eq(symlink(target, path), 0);
		RUN(&result, .no_report = true, OPTIONS("--report", path),
		    COMMAND("true"));
		cr_expect_eq(result.status, i % 2 ? 125 : 0);
		result_free(&result);
		cr_assert_eq(unlink(scratch("report")), 0);
	}
	read_file(scratch("target"), &text);
	cr_expect_str_eq(text.data, "untouched");
	buffer_free(&text);
}
