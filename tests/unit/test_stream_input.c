/* SPDX-License-Identifier: MIT */
/* Inputs: from whatever the caller has to a pipe of ours. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <termios.h>

#include "support/child.h"
#include "support/pump.h"

static void setup(void)
{
	(void)signal(SIGPIPE, SIG_IGN);
}

TestSuite(stream_input, .init = setup, .timeout = 30);

static const struct {
	uint64_t bytes;
	size_t piece;
} amounts[] = {
	{0, 1},          {1, 1},         {5000, 7},
	{65536, 4096},   {65537, 65537}, {3 * (1 << 20) + 17, 100000},
	{1 << 24, 5000},
};

/* Starts a program that reads all, and the stream from from to it. */
static void begin(struct stream *stream, struct end *sink, int from)
{
	int ends[2];

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	sink_start(sink, ends[0], 30000);
	cr_assert_eq(stream_input(stream, from, ends[1]), 0);
}

static void end(struct stream *stream, struct end *sink, uint64_t bytes)
{
	cr_expect(pump(stream), "it waits for ever");
	end_join(sink);
	cr_expect_eq(sink->bytes, bytes);
	cr_expect(sink->exact);
	cr_expect_eq(stream->moved, bytes);
	stream_free(stream);
}

static void check_live(int (*open_pair)(int ends[2]))
{
	for (size_t i = 0; i < ARRAY_SIZE(amounts); i++) {
		struct end source, sink;
		struct stream stream;
		int ends[2];

		cr_assert_eq(open_pair(ends), 0);
		source_start(&source, ends[1], amounts[i].bytes,
		             amounts[i].piece);
		begin(&stream, &sink, ends[0]);
		(void)close(ends[0]); /* the stream has its own */
		end(&stream, &sink, amounts[i].bytes);
		end_join(&source);
	}
}

static int open_pipe(int ends[2])
{
	return pipe2(ends, O_CLOEXEC);
}

static int open_socket(int ends[2])
{
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
}

/* From a pipe. */
Test(stream_input, comes_from_a_pipe)
{
	check_live(open_pipe);
}

/* From a socket. */
Test(stream_input, comes_from_a_socket)
{
	check_live(open_socket);
}

/* From a file, from where its descriptor stands: epoll knows no files, and
 * the stream goes on all the same. */
Test(stream_input, comes_from_a_file)
{
	for (size_t i = 0; i < ARRAY_SIZE(amounts); i++) {
		int fd = memfd_create("in", MFD_CLOEXEC);
		struct end source, sink;
		struct stream stream;

		cr_assert_eq(write(fd, "skip", 4), 4);
		source_start(&source, dup(fd), amounts[i].bytes, 65536);
		end_join(&source);
		cr_assert_eq(lseek(fd, 4, SEEK_SET), 4);
		begin(&stream, &sink, fd);
		end(&stream, &sink, amounts[i].bytes);
		cr_expect_eq(lseek(fd, 0, SEEK_CUR),
		             (off_t)amounts[i].bytes + 4);
		(void)close(fd);
	}
}

/* What has nothing to read is an end of file, at once. */
Test(stream_input, ends_at_once)
{
	static const char *const paths[] = {"/dev/null", "/", NULL};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		int fd = paths[i] ? open(paths[i], O_RDONLY | O_CLOEXEC) : -1;
		struct stream stream;
		struct end sink;

		begin(&stream, &sink, fd);
		end(&stream, &sink, 0);
		cleanup_fd(&fd);
	}
}

/* A program that stops reading ends the stream, however much there is. */
Test(stream_input, ends_when_the_program_stops)
{
	static const char *const paths[] = {"/dev/zero", "/dev/urandom"};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		int fd = open(paths[i], O_RDONLY | O_CLOEXEC), ends[2];
		struct stream stream;
		char data[3000];

		cr_assert_eq(open_pipe(ends), 0);
		cr_assert_eq(stream_input(&stream, fd, ends[1]), 0);
		while (stream.moved < 2 * sizeof(data))
			cr_assert(pump_turn(&stream, 1000), "%s", paths[i]);
		cr_expect_eq(read(ends[0], data, sizeof(data)), sizeof(data));
		(void)close(ends[0]);
		cr_expect(pump(&stream), "%s", paths[i]);
		cr_expect_lt(stream.moved, 1 << 24);
		stream_free(&stream);
		(void)close(fd);
	}
}

/* A program that does not read is not waited for, and nothing is lost. */
Test(stream_input, waits_for_the_program)
{
	int (*const openers[])(int ends[2]) = {open_pipe, open_socket};

	for (size_t i = 0; i < ARRAY_SIZE(openers); i++) {
		struct end source, sink;
		struct stream stream;
		uint32_t events = 0;
		int from[2], to[2];

		cr_assert_eq(openers[i](from), 0);
		cr_assert_eq(open_pipe(to), 0);
		source_start(&source, from[1], 1 << 20, 65536);
		cr_assert_eq(stream_input(&stream, from[0], to[1]), 0);
		while (pump_turn(&stream, 200))
			;
		cr_expect_eq(stream_fd(&stream, &events), to[1]);
		cr_expect_eq(events, EPOLLOUT);
		sink_start(&sink, to[0], 5000);
		end(&stream, &sink, 1 << 20);
		end_join(&source);
		(void)close(from[0]);
	}
}

/* A caller who says nothing is not waited for, whatever the descriptor: the
 * first move returns, and the stream waits for him. */
Test(stream_input, waits_for_the_caller)
{
	for (size_t i = 0; i < 4; i++) {
		struct stream stream;
		uint32_t events = 0;
		int from[2] = {-1, -1}, to[2], flags;

		cr_assert_eq(open_pipe(to), 0);
		if (i < 2)
			cr_assert_eq((i ? open_pipe : open_socket)(from), 0);
		else if (i == 2)
			cr_assert_eq(
				openpty(&from[1], &from[0], NULL, NULL, NULL),
				0);
		else
			from[0] = eventfd(0, EFD_CLOEXEC);
		flags = fcntl(from[0], F_GETFL);
		cr_assert_eq(stream_input(&stream, from[0], to[1]), 0);
		cr_expect_not(pump_turn(&stream, 50), "row %zu", i);
		cr_expect_eq(stream_fd(&stream, &events), stream.from);
		cr_expect_eq(events, EPOLLIN);
		cr_expect_eq(fcntl(from[0], F_GETFL), flags);
		cr_expect_eq(fcntl(stream.from, F_GETFD), FD_CLOEXEC);
		stream_free(&stream);
		(void)close(to[0]);
		cleanup_fd(&from[0]);
		cleanup_fd(&from[1]);
	}
}

/* Lines of a terminal come one by one, and its end of file is one. */
Test(stream_input, comes_from_a_terminal)
{
	int master, slave, to[2];
	struct stream stream;
	char data[100];
	size_t len = 0;

	cr_assert_eq(openpty(&master, &slave, NULL, NULL, NULL), 0);
	cr_assert_eq(open_pipe(to), 0);
	cr_assert_eq(stream_input(&stream, slave, to[1]), 0);
	cr_assert_eq(write(master, "one\ntwo\n", 8), 8);
	while (stream.moved < 8)
		cr_assert(pump_turn(&stream, 1000));
	cr_assert_eq(write(master, "three\n\x04", 7), 7);
	cr_expect(pump(&stream));
	while (len < sizeof(data)) {
		ssize_t n = read(to[0], data + len, sizeof(data) - len);

		if (n <= 0)
			break;
		len += (size_t)n;
	}
	cr_expect_eq(len, 14);
	cr_expect_arr_eq(data, "one\ntwo\nthree\n", 14);
	stream_free(&stream);
	(void)close(master);
	(void)close(slave);
	(void)close(to[0]);
}

/* The pipe that a caller gives stays as it was, however much comes from it;
 * ours grows. */
Test(stream_input, leaves_the_callers_pipe)
{
	struct end source, sink;
	struct stream stream;
	int from[2], to[2], size;

	cr_assert_eq(open_pipe(from), 0);
	cr_assert_eq(open_pipe(to), 0);
	size = fcntl(from[0], F_GETPIPE_SZ);
	source_start(&source, from[1], 1 << 23, 65536);
	sink_start(&sink, to[0], 65536);
	cr_assert_eq(stream_input(&stream, from[0], to[1]), 0);
	end(&stream, &sink, 1 << 23);
	end_join(&source);
	cr_expect_eq(fcntl(from[0], F_GETPIPE_SZ), size);
	(void)close(from[0]);
}

/* Nothing stays open, whatever fails. */
Test(stream_input, closes_what_it_owns)
{
	size_t before = open_descriptors();
	struct stream stream;
	int to[2], from[2];

	cr_assert_eq(open_pipe(to), 0);
	cr_expect_eq(stream_input(&stream, 9999, to[1]), -EBADF);
	stream_free(&stream);
	(void)close(to[0]);
	cr_expect_eq(stream_input(&stream, 0, 9999), -EBADF);
	stream_free(&stream);
	cr_assert_eq(open_pipe(to), 0);
	cr_assert_eq(open_pipe(from), 0);
	cr_expect_eq(stream_input(&stream, from[0], to[1]), 0);
	stream_free(&stream);
	(void)close(to[0]);
	(void)close(from[0]);
	(void)close(from[1]);
	cr_expect_eq(open_descriptors(), before);
}
