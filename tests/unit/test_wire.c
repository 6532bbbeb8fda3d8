/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "base/def.h"
#include "box/wire.h"
#include "support/child.h"

static int ends[2];

static void setup(void)
{
	cr_assert_eq(wire_pair(ends), 0);
}

static void teardown(void)
{
	cleanup_fd(&ends[0]);
	cleanup_fd(&ends[1]);
}

TestSuite(wire, .init = setup, .fini = teardown, .timeout = 30);

static void close_end(int index)
{
	cleanup_fd(&ends[index]);
	ends[index] = -1;
}

static void close_all(int *fds)
{
	for (int i = 0; i < WIRE_MAX_FDS; i++)
		cleanup_fd(&fds[i]);
}

/* Sends what is no message: size bytes, with n_fds copies of descriptor 0. */
static void send_raw(size_t size, int n_fds)
{
	static char data[4096];
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(64 * sizeof(int))];
	} control = {0};
	struct iovec part = {data, size};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = n_fds ? &control : NULL,
		.msg_controllen =
			n_fds ? CMSG_SPACE((size_t)n_fds * sizeof(int)) : 0,
	};

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN((size_t)n_fds * sizeof(int));
	memset(CMSG_DATA(&control.header), 0, (size_t)n_fds * sizeof(int));
	cr_assert_eq(sendmsg(ends[0], &message, 0), (ssize_t)size);
}

static bool same_file(int a, int b)
{
	struct stat left, right;

	return fstat(a, &left) == 0 && fstat(b, &right) == 0 &&
	       left.st_dev == right.st_dev && left.st_ino == right.st_ino;
}

/* A message arrives as it was sent, in both directions, with its descriptors
 * in their order and closed on exec. */
Test(wire, carries)
{
	struct wire_message sent, received;
	int given[WIRE_MAX_FDS], fds[WIRE_MAX_FDS];

	cr_assert_eq(pipe(given), 0);
	given[2] = open("/dev/zero", O_RDONLY);
	given[3] = open("/dev/full", O_RDONLY);
	for (int n = 0; n <= WIRE_MAX_FDS; n++) {
		memset(&sent, 'a' + n, sizeof(sent));
		cr_assert_eq(wire_send(ends[n % 2], &sent, given, n), 0);
		cr_assert_eq(wire_receive(ends[1 - n % 2], &received, fds, 0),
		             1);
		cr_expect_arr_eq(&received, &sent, sizeof(sent));
		for (int i = 0; i < WIRE_MAX_FDS; i++) {
			if (i >= n) {
				cr_expect_eq(fds[i], -1, "%d of %d", i, n);
				continue;
			}
			cr_expect(same_file(fds[i], given[i]), "%d of %d", i,
			          n);
			cr_expect_eq(fcntl(fds[i], F_GETFD), FD_CLOEXEC);
		}
		close_all(fds);
	}
	close_all(given);
}

/* Messages do not run together, and keep their order. */
Test(wire, keeps_messages_apart)
{
	struct wire_message message = {0};
	int fds[WIRE_MAX_FDS];

	for (uint32_t i = 0; i < 5; i++) {
		message.kind = i;
		cr_assert_eq(wire_send(ends[0], &message, NULL, 0), 0);
	}
	for (uint32_t i = 0; i < 5; i++) {
		cr_assert_eq(wire_receive(ends[1], &message, fds, 0), 1);
		cr_expect_eq(message.kind, i);
	}
	cr_expect_eq(wire_receive(ends[1], &message, fds, MSG_DONTWAIT),
	             -EAGAIN);
}

/* What is not one whole message with at most WIRE_MAX_FDS descriptors is
 * refused, none of its descriptors stays open, nothing beyond fds is written,
 * and the next message is not affected. */
Test(wire, refuses_what_is_no_message)
{
	static const struct {
		size_t size;
		int n_fds;
		int result;
	} rows[] = {
		{1, 0, -EPROTO},
		{sizeof(struct wire_message) - 1, 0, -EPROTO},
		{sizeof(struct wire_message) - 1, 3, -EPROTO},
		{sizeof(struct wire_message) + 1, 0, -EPROTO},
		{sizeof(struct wire_message) + 1, 2, -EPROTO},
		{4096, 1, -EPROTO},
		{sizeof(struct wire_message), WIRE_MAX_FDS + 1, -EPROTO},
		{sizeof(struct wire_message), 64, -EPROTO},
		{1, 64, -EPROTO},
		/* Nobody sends it, and an end of file looks the same. */
		{0, 3, 0},
		{0, 64, 0},
	};
	struct wire_message message;
	size_t before, i;
	struct {
		int fds[WIRE_MAX_FDS], guard[64];
	} place;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		before = open_descriptors();
		memset(&place, 0x5a, sizeof(place));
		send_raw(rows[i].size, rows[i].n_fds);
		cr_expect_eq(wire_receive(ends[1], &message, place.fds, 0),
		             rows[i].result, "row %zu", i);
		for (size_t g = 0; g < ARRAY_SIZE(place.guard); g++)
			cr_assert_eq(place.guard[g], 0x5a5a5a5a, "row %zu", i);
		for (size_t f = 0; f < WIRE_MAX_FDS; f++)
			cr_expect_eq(place.fds[f], -1, "row %zu", i);
		cr_expect_eq(open_descriptors(), before, "row %zu", i);
		send_raw(sizeof(message), 0);
		cr_expect_eq(wire_receive(ends[1], &message, place.fds, 0), 1);
	}
}

/* The end of the other side is 0, for as long as one asks. */
Test(wire, sees_the_end)
{
	struct wire_message message = {.kind = 7};
	int fds[WIRE_MAX_FDS];

	cr_assert_eq(wire_send(ends[0], &message, NULL, 0), 0);
	close_end(0);
	cr_expect_eq(wire_receive(ends[1], &message, fds, 0), 1);
	cr_expect_eq(message.kind, 7);
	cr_expect_eq(wire_receive(ends[1], &message, fds, 0), 0);
	cr_expect_eq(wire_receive(ends[1], &message, fds, MSG_DONTWAIT), 0);
}

/* The last words of a side that closed without reading ours are heard. */
Test(wire, hears_last_words)
{
	struct wire_message message = {.kind = 1};
	int fds[WIRE_MAX_FDS];

	cr_assert_eq(wire_send(ends[1], &message, NULL, 0), 0);
	message.kind = 6;
	cr_assert_eq(wire_send(ends[0], &message, NULL, 0), 0);
	close_end(0);
	cr_expect_eq(wire_receive(ends[1], &message, fds, MSG_DONTWAIT), 1);
	cr_expect_eq(message.kind, 6);
	cr_expect_eq(wire_receive(ends[1], &message, fds, MSG_DONTWAIT), 0);
}

static int send_to_nobody(void *data)
{
	struct wire_message message = {0};
	int own[2];

	(void)data;
	STEP(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
	STEP(wire_pair(own) == 0);
	STEP(wire_send(own[0], &message, (int[]){-1}, 1) == -EBADF);
	STEP(close(own[1]) == 0);
	STEP(wire_send(own[0], &message, NULL, 0) == -EPIPE);
	/* The same where it has left messages unread. */
	STEP(wire_pair(own) == 0);
	STEP(wire_send(own[0], &message, NULL, 0) == 0);
	STEP(close(own[1]) == 0);
	STEP(wire_send(own[0], &message, NULL, 0) == -EPIPE);
	STEP(wire_send(-1, &message, NULL, 0) == -EBADF);
	return 0;
}

/* A message to nobody is -EPIPE, and no signal. */
Test(wire, sends_to_nobody)
{
	EXPECT_CHILD(child_run(send_to_nobody, NULL));
}

static void on_signal(int number)
{
	(void)number;
}

static void *send_later(void *data)
{
	const struct wire_message message = {.kind = 3};

	(void)data;
	usleep(100000);
	return (void *)(intptr_t)wire_send(ends[0], &message, NULL, 0);
}

/* A signal does not end the wait for a message. */
Test(wire, waits_through_signals)
{
	const struct sigaction action = {.sa_handler = on_signal};
	struct wire_message message;
	int fds[WIRE_MAX_FDS];
	pthread_t sender;
	void *result;

	cr_assert_eq(sigaction(SIGALRM, &action, NULL), 0);
	cr_assert_eq(pthread_create(&sender, NULL, send_later, NULL), 0);
	ualarm(5000, 5000);
	cr_expect_eq(wire_receive(ends[1], &message, fds, 0), 1);
	ualarm(0, 0);
	cr_expect_eq(message.kind, 3);
	cr_assert_eq(pthread_join(sender, &result), 0);
	cr_expect_null(result);
}

static void *receive_all(void *data)
{
	struct wire_message message;
	int fds[WIRE_MAX_FDS];
	uintptr_t n = 0;

	(void)data;
	usleep(50000);
	while (wire_receive(ends[1], &message, fds, 0) == 1 &&
	       message.kind == n)
		n++;
	return (void *)n;
}

/* A sender waits for room, and nothing is lost. */
Test(wire, waits_for_room)
{
	const struct sigaction action = {.sa_handler = on_signal};
	struct wire_message message = {0};
	pthread_t receiver;
	void *received;

	cr_assert_eq(sigaction(SIGALRM, &action, NULL), 0);
	cr_assert_eq(pthread_create(&receiver, NULL, receive_all, NULL), 0);
	ualarm(3000, 3000);
	for (message.kind = 0; message.kind < 5000; message.kind++)
		cr_assert_eq(wire_send(ends[0], &message, NULL, 0), 0);
	ualarm(0, 0);
	close_end(0);
	cr_assert_eq(pthread_join(receiver, &received), 0);
	cr_expect_eq((uintptr_t)received, 5000);
}

/* Both ends close on exec: the program never holds one. */
Test(wire, closes_on_exec)
{
	cr_expect_eq(fcntl(ends[0], F_GETFD), FD_CLOEXEC);
	cr_expect_eq(fcntl(ends[1], F_GETFD), FD_CLOEXEC);
}
