/* SPDX-License-Identifier: MIT */
/*
 * A process of the box that says anything to the supervisor: messages in any
 * order, of any content and length, with any number of descriptors. The box
 * must come to a legal state, and no descriptor may be left.
 *
 * The input is a row of messages: a byte with the number of descriptors, two
 * bytes with the length, and the bytes. A length of 0xffff is a whole message
 * whose kind is the next byte.
 */

#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/def.h"
#include "box/box.h"
#include "box/wire.h"
#include "fuzz/fuzz.h"
#include "support/child.h"
#include "support/facts.h"

#define MAX_FDS 6

static void send_raw(int wire, const void *data, size_t len, int n_fds)
{
	char control[CMSG_SPACE(MAX_FDS * sizeof(int))] = {0};
	struct iovec part = {(void *)data, len};
	struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
	struct cmsghdr *rights;
	int fds[MAX_FDS];

	if (n_fds > 0) {
		header.msg_control = control;
		header.msg_controllen = CMSG_SPACE((size_t)n_fds * sizeof(int));
		rights = CMSG_FIRSTHDR(&header);
		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = CMSG_LEN((size_t)n_fds * sizeof(int));
		for (int i = 0; i < n_fds; i++)
			fds[i] = wire;
		memcpy(CMSG_DATA(rights), fds, (size_t)n_fds * sizeof(int));
	}
	(void)sendmsg(wire, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Sends the first message of data. Returns how many bytes it took. */
static size_t send_one(int wire, const uint8_t *data, size_t size)
{
	struct wire_message message = {0};
	size_t len;
	int n_fds;

	if (size < 4)
		return size;
	n_fds = data[0] % (MAX_FDS + 1);
	len = data[1] | (size_t)data[2] << 8;
	if (len == 0xffff) {
		size_t rest = MIN(size - 4, sizeof(message));

		memcpy(&message, data + 4, rest);
		message.kind = data[3];
		send_raw(wire, &message, sizeof(message), n_fds);
		return 4 + rest;
	}
	len = MIN(len, size - 3);
	send_raw(wire, data + 3, len, n_fds);
	return 3 + len;
}

static void check_state(const struct sbx_box *box)
{
	CHECK(!box->ended || box->launched);
	CHECK(!box->failed || box->failure.code > 0);
	CHECK(memchr(box->failure.text, '\0', sizeof(box->failure.text)));
	CHECK((box->listener >= 0) == box->launched || box->failed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t before = open_descriptors(), at = 0;
	struct sbx_plan *plan = made_plan(&facts_user, NULL);
	struct sbx_box *box = calloc(1, sizeof(*box));
	struct sbx_outcome outcome;
	int ends[2];

	CHECK(box && wire_pair(ends) == 0);
	*box = box_closed;
	box->plan = plan;
	box->wire = ends[0];
	box->asked_ns = size % 2;
	box->waiting = size % 3 == 0;
	box->epoll = epoll_create1(EPOLL_CLOEXEC);
	while (at < size && !box->failed) {
		at += send_one(ends[1], data + at, size - at);
		receive_wire(box);
		check_state(box);
	}
	(void)close(ends[1]);
	receive_wire(box);
	check_state(box);
	box->run.ended = true;
	outcome = sbx_box_outcome(box);
	CHECK(outcome.status && outcome.reason);
	sbx_box_close(box);
	sbx_plan_free(plan);
	CHECK(open_descriptors() == before);
	return 0;
}
