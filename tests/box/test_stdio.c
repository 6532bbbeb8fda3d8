/* SPDX-License-Identifier: MIT */
/* What the caller has on 0, 1 and 2 is out of the program's reach, whatever
 * kind of thing it is. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/def.h"
#include "support/run.h"
#include "support/scratch.h"

TestSuite(stdio, .init = scratch_make, .fini = scratch_remove, .timeout = 120);

/* The same damage outside: so that the tests below are of something. */
Test(stdio, control)
{
	const char *path = scratch_text("log", "old\n");
	int fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC);
	struct result result;
	struct stat st;

	RUN(&result, .outside = true, COMMAND("@poke", "stdio"),
	    .fds = {{1, fd}}, .n_fds = 1);
	cr_assert_eq(fstat(fd, &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0777);
	cr_expect_eq(st.st_size, strlen("poked ok\n"));
	result_free(&result);
	(void)close(fd);
}

/* A file that is appended to is only appended to: neither its mode, nor its
 * bytes, nor the flags of its descriptor change. */
Test(stdio, file_is_out_of_reach)
{
	static const int modes[] = {O_APPEND | O_RDWR, O_RDWR, O_WRONLY};
	struct buffer text = {0};
	struct result result;
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		const char *path = scratch_text("log", "old\n");
		int fd = open(path, modes[i] | O_CLOEXEC);
		int flags = fcntl(fd, F_GETFL);

		(void)lseek(fd, 0, SEEK_END);
		RUN(&result, COMMAND("@poke", "stdio"),
		    .fds = {{0, fd}, {1, fd}, {2, fd}}, .n_fds = 3);
		cr_expect_eq(result.status, 0);
		cr_assert_eq(fstat(fd, &st), 0);
		cr_expect_eq(st.st_mode & 07777, 0644, "%o", st.st_mode);
		cr_expect_eq(fcntl(fd, F_GETFL), flags);
		read_file(path, &text);
		cr_expect_str_eq(text.data, "old\npoked ok\n", "mode %zu", i);
		buffer_free(&text);
		result_free(&result);
		(void)close(fd);
	}
}

/* Everything is in a file, wherever its offset is, and behind what others
 * append meanwhile. */
Test(stdio, file_gets_every_byte)
{
	const char *path = scratch_text("log", "");
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	struct buffer text = {0};
	struct result result;

	for (int i = 0; i < 2; i++) {
		RUN(&result, OPTIONS("--output-limit", "none"),
		    COMMAND("@spend", "pattern"), .fds = {{1, fd}}, .n_fds = 1);
		cr_expect_eq(result.status, 0);
		result_free(&result);
	}
	read_file(path, &text);
	cr_assert_eq(text.len, 2 << 20);
	for (size_t i = 0; i < text.len; i++)
		cr_assert_eq((unsigned char)text.data[i], i % 256);
	buffer_free(&text);
	(void)close(fd);
}

/* A socket works as any stream does, both ways. */
Test(stdio, socket_works)
{
	struct result result;
	char bytes[64];
	int ends[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends),
	             0);
	cr_assert_eq(write(ends[0], "question\n", 9), 9);
	cr_assert_eq(shutdown(ends[0], SHUT_WR), 0);
	RUN(&result, COMMAND("sh", "-c", "cat; echo answer"),
	    .fds = {{0, ends[1]}, {1, ends[1]}}, .n_fds = 2);
	cr_expect_eq(result.status, 0, "%s", result.err.data);
	cr_expect_eq(read(ends[0], bytes, sizeof(bytes)), 16);
	cr_expect_eq(memcmp(bytes, "question\nanswer\n", 16), 0);
	cr_expect_eq(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
	result_free(&result);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

/* A pipe of the caller's stays as it was: it does not become non-blocking, nor
 * smaller. */
Test(stdio, pipe_keeps_its_flags)
{
	struct result result;
	int in[2], out[2];

	cr_assert_eq(pipe2(in, O_CLOEXEC), 0);
	cr_assert_eq(pipe2(out, O_CLOEXEC), 0);
	int size = fcntl(out[1], F_GETPIPE_SZ);
	RUN(&result, COMMAND("@poke", "stdio"),
	    .fds = {{0, in[0]}, {1, out[1]}, {2, out[1]}}, .n_fds = 3);
	cr_expect_eq(result.status, 0);
	cr_expect_eq(fcntl(in[0], F_GETFL), O_RDONLY);
	cr_expect_eq(fcntl(out[1], F_GETFL), O_WRONLY);
	cr_expect_eq(fcntl(out[1], F_GETPIPE_SZ), size);
	result_free(&result);
	for (int i = 0; i < 2; i++) {
		(void)close(in[i]);
		(void)close(out[i]);
	}
}

/* Standard streams that are closed, in every combination: the program has
 * three all the same, nothing of ours lands there, and the run is right. */
Test(stdio, closed_at_start)
{
	struct result result;

	for (int mask = 1; mask < 8; mask++) {
		struct call call = {COMMAND("@peek", "fds")};

		for (int fd = 0; fd < 3; fd++)
			if (mask & 1 << fd)
				call.fds[call.n_fds++] =
					(struct given_fd){fd, -1};
		call_run(&call, &result);
		cr_expect_eq(result.status, 0, "mask %d: %s", mask,
		             result.err.data);
		if (!(mask & 2))
			cr_expect_str_eq(result.out.data,
			                 "0 fifo read\n1 fifo write\n"
			                 "2 fifo write\n",
			                 "mask %d", mask);
		cr_expect_str_eq(report_at(&result, "status"), "success");
		cr_expect_str_eq(report_at(&result, "stderr_bytes"), "0");
		result_free(&result);
	}
}

/* ---- a terminal ---- */

struct terminal {
	int ours, theirs;
	struct termios before;
};

static void open_terminal(struct terminal *terminal)
{
	const struct winsize size = {.ws_row = 24, .ws_col = 80};

	if (openpty(&terminal->ours, &terminal->theirs, NULL, NULL, &size) < 0)
		skip("there is no terminal to be had (openpty)");
	(void)fcntl(terminal->ours, F_SETFD, FD_CLOEXEC);
	(void)fcntl(terminal->theirs, F_SETFD, FD_CLOEXEC);
	cr_assert_eq(tcgetattr(terminal->theirs, &terminal->before), 0);
}

static void close_terminal(struct terminal *terminal)
{
	(void)close(terminal->ours);
	(void)close(terminal->theirs);
}

static void run_on_terminal(struct terminal *terminal, const char *const *words,
                            bool outside, struct result *result)
{
	int fd = terminal->theirs;

	RUN(result, .command = words, .outside = outside,
	    .prepare = take_terminal, .fds = {{0, fd}, {1, fd}, {2, fd}},
	    .n_fds = 3);
}

static int pending(int fd)
{
	int n = 0;

	return ioctl(fd, FIONREAD, &n) < 0 ? -1 : n;
}

/* From inside nothing can be typed into the caller's terminal, nor its modes
 * or size be changed; outside the same program changes what it likes. */
Test(stdio, terminal_is_out_of_reach)
{
	struct terminal terminal;
	struct result result;
	struct termios after;
	struct winsize size;

	for (int outside = 1; outside >= 0; outside--) {
		open_terminal(&terminal);
		run_on_terminal(&terminal, WORDS("@poke", "terminal"), outside,
		                &result);
		cr_assert_eq(tcgetattr(terminal.theirs, &after), 0);
		cr_assert_eq(ioctl(terminal.theirs, TIOCGWINSZ, &size), 0);
		if (outside) {
			cr_expect_eq(size.ws_row, 1);
			cr_expect_eq(after.c_lflag, 0);
		} else {
			cr_expect_eq(result.status, 0);
			cr_expect_eq(size.ws_row, 24);
			cr_expect_eq(after.c_lflag, terminal.before.c_lflag);
			cr_expect_eq(pending(terminal.theirs), 0);
		}
		result_free(&result);
		close_terminal(&terminal);
	}
}

static void read_terminal(int fd, struct buffer *out)
{
	char bytes[4096];
	ssize_t n;

	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		buffer_append(out, bytes, (size_t)n);
	buffer_append(out, "", 1);
}

/* The program has no terminal and no session of the caller's. */
Test(stdio, no_session_crosses)
{
	struct terminal terminal;
	struct buffer text = {0};
	struct result result;

	open_terminal(&terminal);
	run_on_terminal(&terminal, WORDS("@peek", "session"), true, &result);
	read_terminal(terminal.ours, &text);
	cr_expect_not_null(strstr(text.data, "tty yes"), "%s", text.data);
	buffer_free(&text);
	result_free(&result);
	close_terminal(&terminal);
	open_terminal(&terminal);
	run_on_terminal(&terminal, WORDS("@peek", "session"), false, &result);
	read_terminal(terminal.ours, &text);
	cr_expect_str_eq(text.data, "leader 1\r\ngroup 1\r\ntty ENOENT\r\n");
	buffer_free(&text);
	result_free(&result);
	close_terminal(&terminal);
}

/* What is typed arrives, and what comes is shown. */
Test(stdio, terminal_works)
{
	struct terminal terminal;
	struct buffer text = {0};
	struct result result;

	open_terminal(&terminal);
	cr_assert_eq(write(terminal.ours, "typed\n\x04", 7), 7);
	run_on_terminal(&terminal, WORDS("sh", "-c", "tr a-z A-Z; test -t 1"),
	                false, &result);
	read_terminal(terminal.ours, &text);
	cr_expect_not_null(strstr(text.data, "TYPED\r\n"), "%s", text.data);
	cr_expect_eq(result.status, 1, "not a terminal inside");
	cr_expect_eq(fcntl(terminal.theirs, F_GETFL) & O_NONBLOCK, 0);
	buffer_free(&text);
	result_free(&result);
	close_terminal(&terminal);
}

/* A terminal whose output is stopped, as by Ctrl-S, stops no clock. */
Test(stdio, stopped_terminal_stops_nothing)
{
	struct terminal terminal;
	struct result result;

	open_terminal(&terminal);
	cr_assert_eq(tcflow(terminal.theirs, TCOOFF), 0);
	RUN(&result, OPTIONS("--wall-time", "500ms"), COMMAND("yes"),
	    .fds = {{1, terminal.theirs}}, .n_fds = 1, .patience = 30);
	cr_expect_not(result.timed_out, "it hangs");
	cr_expect_eq(result.status, 124);
	result_free(&result);
	close_terminal(&terminal);
}
