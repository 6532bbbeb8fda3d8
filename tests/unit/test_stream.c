/* SPDX-License-Identifier: MIT */
/* Outputs: from a pipe of ours to whatever the caller has. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <termios.h>

#include "support/child.h"
#include "support/pump.h"

#define NONE  UINT64_MAX
#define HUGE_ (48 * 1024 * 1024)

static void setup(void)
{
	(void)signal(SIGPIPE, SIG_IGN);
}

TestSuite(stream, .init = setup, .timeout = 30);

/* What a program writes, in pieces, and how much of it is passed on. */
struct amount {
	uint64_t bytes, limit;
	size_t piece;
};

static const struct amount amounts[] = {
	{0, NONE, 1},
	{0, 0, 1},
	{1, NONE, 1},
	{1, 0, 1},
	{1, 1, 1},
	{2, 1, 2},
	{5000, NONE, 1},
	{5000, 4999, 7},
	{65536, 65536, 4096},
	{65537, 65536, 65537},
	{1 << 20, 100000, 65536},
	{3 * (1 << 20) + 17, NONE, 65536},
	{3 * (1 << 20) + 17, 3 * (1 << 20) + 17, 10000},
	{3 * (1 << 20) + 17, 3 * (1 << 20) + 16, 200000},
};

static uint64_t passed(const struct amount *amount)
{
	return amount->bytes < amount->limit ? amount->bytes : amount->limit;
}

/* Starts a program that writes amount, and the stream of its output to to. */
static void begin(struct stream *stream, struct end *source,
                  const struct amount *amount, int to)
{
	int ends[2];

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	source_start(source, ends[1], amount->bytes, amount->piece);
	cr_assert_eq(stream_output(stream, ends[0], to, amount->limit), 0);
}

static void end(struct stream *stream, struct end *source,
                const struct amount *amount)
{
	cr_expect(pump(stream), "it waits for ever");
	end_join(source);
	cr_expect_eq(stream->moved, amount->bytes);
}

/* What is captured is the first bytes, exactly, and all is counted. */
Test(stream, captures)
{
	for (size_t i = 0; i < ARRAY_SIZE(amounts); i++) {
		struct stream stream;
		struct end source;

		begin(&stream, &source, &amounts[i], -1);
		cr_expect(stream.captures);
		end(&stream, &source, &amounts[i]);
		cr_expect_eq(stream.held.len, passed(&amounts[i]), "row %zu",
		             i);
		cr_expect(is_pattern(stream.held.data, stream.held.len, 0),
		          "row %zu", i);
		stream_free(&stream);
	}
}

/* Runs all amounts into descriptors that open gives: to write to, and to read
 * from at the same time. */
static void check_live(int (*open_pair)(int ends[2]))
{
	for (size_t i = 0; i < ARRAY_SIZE(amounts); i++) {
		struct end source, sink;
		struct stream stream;
		int ends[2];

		cr_assert_eq(open_pair(ends), 0);
		sink_start(&sink, ends[0], i % 2 ? 3000 : 200000);
		begin(&stream, &source, &amounts[i], ends[1]);
		(void)close(ends[1]); /* the stream has its own */
		end(&stream, &source, &amounts[i]);
		end_join(&sink);
		cr_expect_eq(sink.bytes, passed(&amounts[i]), "row %zu", i);
		cr_expect(sink.exact, "row %zu", i);
		cr_expect_eq(stream.held.len, 0);
		stream_free(&stream);
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

/* To a pipe. */
Test(stream, feeds_a_pipe)
{
	check_live(open_pipe);
}

/* To a socket, which cannot be spliced to without waiting. */
Test(stream, feeds_a_socket)
{
	check_live(open_socket);
}

/* To a file: from where its descriptor stands, or at its end where it is open
 * for appending, which no splice does. */
Test(stream, feeds_a_file)
{
	static const int flags[] = {0, O_APPEND};
	static const char before[] = "12345";
	char *data;

	for (size_t i = 0; i < 2 * ARRAY_SIZE(amounts); i++) {
		const struct amount *amount = &amounts[i / 2];
		uint64_t len = sizeof(before) + passed(amount);
		int fd = memfd_create("out", MFD_CLOEXEC);
		struct stream stream;
		struct end source;

		cr_assert_eq(write(fd, before, sizeof(before)), sizeof(before));
		cr_assert_eq(fcntl(fd, F_SETFL, flags[i % 2]), 0);
		if (flags[i % 2])
			cr_assert_eq(lseek(fd, 0, SEEK_SET), 0);
		begin(&stream, &source, amount, fd);
		end(&stream, &source, amount);
		cr_expect_eq(lseek(fd, 0, SEEK_END), (off_t)len, "row %zu", i);
		data = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
		cr_assert_neq(data, MAP_FAILED);
		cr_expect_arr_eq(data, before, sizeof(before));
		cr_expect(is_pattern(data + sizeof(before), passed(amount), 0),
		          "row %zu", i);
		(void)munmap(data, len);
		(void)close(fd);
		stream_free(&stream);
	}
}

/* A program that writes little and often never leaves a stream to a file
 * waiting: its bytes may come just between a look and the next. */
Test(stream, feeds_a_file_in_drops)
{
	static const struct amount drops = {100000, NONE, 1};
	int fd = memfd_create("out", MFD_CLOEXEC);
	struct stream stream;
	struct end source;

	begin(&stream, &source, &drops, fd);
	end(&stream, &source, &drops);
	cr_expect_eq(lseek(fd, 0, SEEK_END), 100000);
	stream_free(&stream);
	(void)close(fd);
}

/* To a terminal, byte for byte. */
Test(stream, feeds_a_terminal)
{
	static const struct amount amount = {300000, NONE, 5000};
	struct end source, sink;
	struct stream stream;
	struct termios raw;
	int master, slave, kept;

	cr_assert_eq(openpty(&master, &slave, NULL, NULL, NULL), 0);
	cr_assert_eq(tcgetattr(slave, &raw), 0);
	cfmakeraw(&raw);
	cr_assert_eq(tcsetattr(slave, TCSANOW, &raw), 0);
	begin(&stream, &source, &amount, slave);
	/* A terminal that is closed forgets what was not read. */
	kept = dup(slave);
	(void)close(slave);
	sink_start(&sink, master, 10000);
	end(&stream, &source, &amount);
	(void)close(kept);
	end_join(&sink);
	cr_expect_eq(sink.bytes, amount.bytes);
	cr_expect(sink.exact);
	stream_free(&stream);
}

/* /dev/null takes everything. */
Test(stream, feeds_null)
{
	static const struct amount amount = {1 << 20, NONE, 65536};
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct stream stream;
	struct end source;

	begin(&stream, &source, &amount, fd);
	end(&stream, &source, &amount);
	stream_free(&stream);
	(void)close(fd);
}

/* Far more than any pipe holds goes through, or away, without being kept. */
Test(stream, moves_huge_amounts)
{
	static const struct amount rows[] = {
		{HUGE_, NONE, 65536},
		{HUGE_, HUGE_ - 1, 200000},
		{HUGE_, 10, 65536},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct end source, sink;
		struct stream stream;
		int ends[2];

		cr_assert_eq(open_pipe(ends), 0);
		sink_start(&sink, ends[0], 100000);
		begin(&stream, &source, &rows[i], ends[1]);
		(void)close(ends[1]);
		end(&stream, &source, &rows[i]);
		end_join(&sink);
		cr_expect_eq(sink.bytes, passed(&rows[i]));
		cr_expect(sink.exact);
		stream_free(&stream);
	}
}

/* Ends that take nothing more: the stream is over, the program is told by its
 * own broken pipe, and nothing waits. */
Test(stream, ends_without_a_reader)
{
	static const struct amount amount = {1 << 20, NONE, 65536};
	int ends[2], full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct stream stream;
	struct end source;
	size_t i;

	for (i = 0; i < 3; i++) {
		cr_assert_eq(i == 0 ? open_pipe(ends) : open_socket(ends), 0);
		(void)close(ends[0]);
		begin(&stream, &source, &amount, i == 2 ? full : ends[1]);
		cr_expect(pump(&stream), "row %zu", i);
		end_join(&source);
		cr_expect_lt(stream.moved, amount.bytes, "row %zu", i);
		/* A reader that has gone is no failure. */
		cr_expect_eq(stream.error, i == 2 ? ENOSPC : 0);
		stream_free(&stream);
		(void)close(ends[1]);
	}
	(void)close(full);
}

/* A reader that goes away in the middle ends the stream. */
Test(stream, ends_when_the_reader_goes)
{
	static const struct amount amount = {1 << 20, NONE, 65536};
	struct stream stream;
	struct end source;
	char data[1000];
	int ends[2];

	cr_assert_eq(open_pipe(ends), 0);
	begin(&stream, &source, &amount, ends[1]);
	(void)close(ends[1]);
	while (stream.moved == 0)
		cr_assert(pump_turn(&stream, 1000));
	cr_assert_eq(read(ends[0], data, sizeof(data)), sizeof(data));
	(void)close(ends[0]);
	cr_expect(pump(&stream));
	end_join(&source);
	stream_free(&stream);
}

static int read_some(int fd, size_t most)
{
	static char data[65536];
	ssize_t n = read(fd, data, MIN(most, sizeof(data)));

	return n < 0 ? -errno : (int)n;
}

/* The kinds of ends that can be full. */
static int open_terminal(int ends[2])
{
	return openpty(&ends[0], &ends[1], NULL, NULL, NULL);
}

static int (*const openers[])(int ends[2]) = {open_pipe, open_socket,
                                              open_terminal};

/* Nobody reads: nothing blocks, the stream waits for room, goes on when there
 * is some, and the caller's descriptor has the flags that it had. */
Test(stream, waits_for_room)
{
	static const struct amount amount = {1 << 20, NONE, 65536};

	for (size_t i = 0; i < ARRAY_SIZE(openers); i++) {
		struct stream stream;
		struct end source;
		uint32_t events = 0;
		uint64_t moved;
		int ends[2], flags;

		cr_assert_eq(openers[i](ends), 0);
		flags = fcntl(ends[1], F_GETFL);
		begin(&stream, &source, &amount, ends[1]);
		while (pump_turn(&stream, 200))
			;
		cr_expect_eq(stream_fd(&stream, &events), stream.to);
		cr_expect_eq(events, EPOLLOUT);
		cr_expect_gt(stream.moved, 0, "row %zu", i);
		cr_expect_lt(stream.moved, amount.bytes);
		moved = stream.moved;
		for (int turn = 0; turn < 400 && stream.moved == moved;
		     turn++) {
			(void)read_some(ends[0], 65536);
			(void)pump_turn(&stream, 5);
		}
		cr_expect_gt(stream.moved, moved, "row %zu", i);
		cr_expect_eq(fcntl(ends[1], F_GETFL), flags);
		stream_free(&stream);
		(void)close(ends[0]);
		(void)close(ends[1]);
		end_join(&source);
	}
}

/* A program that says nothing costs nothing: the stream waits for data. */
Test(stream, waits_for_data)
{
	static const int limits[] = {0, 100};
	int ends[2], to[2];

	for (size_t i = 0; i < 2 * ARRAY_SIZE(limits); i++) {
		uint32_t events = 0;
		struct stream stream;

		cr_assert_eq(open_pipe(ends), 0);
		cr_assert_eq(open_pipe(to), 0);
		cr_assert_eq(stream_output(&stream, ends[0], i % 2 ? -1 : to[1],
		                           (uint64_t)limits[i / 2]),
		             0);
		stream_move(&stream);
		cr_expect_not(stream.over);
		cr_expect_eq(stream_fd(&stream, &events), ends[0]);
		cr_expect_eq(events, EPOLLIN);
		(void)close(ends[1]);
		cr_expect(pump(&stream));
		cr_expect_eq(stream_fd(&stream, &events), -1);
		stream_free(&stream);
		(void)close(to[0]);
		(void)close(to[1]);
	}
}

/* The limit is where passing on ends, also when it is reached in pieces and
 * the reader is slow; what is more is thrown away without waiting for him. */
Test(stream, discards_without_a_reader)
{
	static const struct amount amount = {1 << 20, 1000, 777};
	struct stream stream;
	struct end source;
	char data[2000];
	int ends[2];

	cr_assert_eq(open_pipe(ends), 0);
	begin(&stream, &source, &amount, ends[1]);
	(void)close(ends[1]);
	end(&stream, &source, &amount);
	cr_expect_eq(read(ends[0], data, sizeof(data)), 1000);
	cr_expect(is_pattern(data, 1000, 0));
	(void)close(ends[0]);
	stream_free(&stream);
}

/* The stream of a program that has written a pattern and is gone. */
static void begin_dead(struct stream *stream, size_t bytes, int to)
{
	struct end source;
	int ends[2];

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	source_start(&source, ends[1], bytes, bytes);
	end_join(&source);
	cr_assert_eq(stream_output(stream, ends[0], to, NONE), 0);
}

/* A receiver that is given up gets nothing more, and what he has not taken
 * counts as dropped; he can still read what he was given. */
Test(stream, abandons_its_receiver)
{
	static const size_t amounts_[] = {60000, 100};
	static char data[65536];

	for (size_t i = 0; i < 4; i++) {
		size_t bytes = amounts_[i / 2];
		struct stream stream;
		ssize_t n, total = 0;
		int ends[2];

		cr_assert_eq((i % 2 ? open_socket : open_pipe)(ends), 0);
		if (i % 2)
			(void)setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF,
			                 &(int){1}, sizeof(int));
		else
			(void)fcntl(ends[1], F_SETPIPE_SZ, 4096);
		begin_dead(&stream, bytes, ends[1]);
		cr_assert(pump_turn(&stream, 1000));
		stream_abandon(&stream);
		stream_close(&stream);
		cr_expect_eq(stream.moved, bytes);
		(void)close(ends[1]);
		while ((n = read(ends[0], data, sizeof(data))) > 0) {
			cr_expect(is_pattern(data, (size_t)n, (uint64_t)total));
			total += n;
		}
		cr_expect_eq((uint64_t)total, MIN(stream.limit, bytes));
		cr_expect_eq(stream.moved > stream.limit, bytes > 100,
		             "row %zu", i);
		stream_free(&stream);
		(void)close(ends[0]);
	}
}

/* What was captured stays. */
Test(stream, abandons_a_capture)
{
	struct stream stream;

	begin_dead(&stream, 60000, -1);
	stream_abandon(&stream);
	cr_expect_eq(stream.moved, 60000);
	cr_expect_eq(stream.limit, stream.held.len);
	stream_free(&stream);
}

/* Nothing there lets a terminal be opened anew. */
static int feed_a_strange_terminal(void *data)
{
	static const char tens[] = "0123456789";
	struct stream stream;
	int master, slave, ends[2];
	char taken[4096];
	size_t total = 0, n_turns = 0;

	(void)data;
	STEP(openpty(&master, &slave, NULL, NULL, NULL) == 0);
	STEP(fcntl(master, F_SETFL, O_NONBLOCK) == 0);
	STEP(mount("none", "/proc", "tmpfs", 0, NULL) == 0);
	STEP(pipe2(ends, O_CLOEXEC) == 0);
	for (size_t i = 0; i < 6000; i++)
		STEP(write(ends[1], tens, 10) == 10);
	STEP(close(ends[1]) == 0);
	STEP(stream_output(&stream, ends[0], slave, NONE) == 0);
	STEP(!(fcntl(stream.to, F_GETFL) & O_NONBLOCK));
	/* It would hang here, were it to write what does not fit. */
	while (pump_turn(&stream, 100))
		STEP(n_turns++ < 100000);
	STEP(stream.wants_room);
	while (!stream.over) {
		ssize_t n = read(master, taken, sizeof(taken));

		total += n > 0 ? (size_t)n : 0;
		(void)pump_turn(&stream, 1);
		STEP(n_turns++ < 100000);
	}
	for (ssize_t n = 1; n > 0; total += n > 0 ? (size_t)n : 0)
		n = read(master, taken, sizeof(taken));
	STEP(total == 60000);
	return 0;
}

/* Another user's terminal may block, and never does. */
Test(stream, feeds_a_strange_terminal)
{
	EXPECT_CHILD(child_run_in(CLONE_NEWNS, feed_a_strange_terminal, NULL));
}

/* Nothing stays open. */
Test(stream, closes_what_it_owns)
{
	static const struct amount amount = {100, NONE, 10};
	size_t before = open_descriptors();
	struct stream stream = STREAM_NONE;
	struct end source;
	int ends[2];

	stream_free(&stream);
	cr_expect(stream.over);
	for (size_t i = 0; i < ARRAY_SIZE(openers); i++) {
		cr_assert_eq(openers[i](ends), 0);
		begin(&stream, &source, &amount, ends[1]);
		end_join(&source);
		cr_expect_eq(fcntl(stream.to, F_GETFD), FD_CLOEXEC);
		stream_free(&stream);
		stream_free(&stream);
		(void)close(ends[0]);
		(void)close(ends[1]);
	}
	cr_assert_eq(open_pipe(ends), 0);
	cr_expect_eq(stream_output(&stream, ends[0], 9999, 1), -EBADF);
	stream_free(&stream);
	(void)close(ends[1]);
	cr_expect_eq(open_descriptors(), before);
}
