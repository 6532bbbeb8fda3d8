/* SPDX-License-Identifier: MIT */
#include "box/wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/def.h"

union control {
	struct cmsghdr header;
	char space[CMSG_SPACE(WIRE_MAX_FDS * sizeof(int))];
};

int wire_pair(int ends[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	return 0;
}

int wire_send(int wire, const struct wire_message *message, const int *fds,
              int n_fds)
{
	struct iovec part = {(void *)message, sizeof(*message)};
	struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
	union control control;
	struct cmsghdr *rights;
	ssize_t n;

	if (n_fds > 0) {
		memset(&control, 0, sizeof(control));
		header.msg_control = &control;
		header.msg_controllen = CMSG_SPACE((size_t)n_fds * sizeof(int));
		rights = CMSG_FIRSTHDR(&header);
		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = CMSG_LEN((size_t)n_fds * sizeof(int));
		memcpy(CMSG_DATA(rights), fds, (size_t)n_fds * sizeof(int));
	}
	do
		n = sendmsg(wire, &header, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	/* The other end is gone, and left messages of ours unread. */
	if (n < 0 && errno == ECONNRESET)
		return -EPIPE;
	return n < 0 ? -errno : 0;
}

static void close_fds(int *fds)
{
	for (int i = 0; i < WIRE_MAX_FDS; i++) {
		cleanup_fd(&fds[i]);
		fds[i] = -1;
	}
}

static void take_fds(struct msghdr *header, int *fds)
{
	struct cmsghdr *rights = CMSG_FIRSTHDR(header);

	for (int i = 0; i < WIRE_MAX_FDS; i++)
		fds[i] = -1;
	if (rights && rights->cmsg_level == SOL_SOCKET &&
	    rights->cmsg_type == SCM_RIGHTS)
		memcpy(fds, CMSG_DATA(rights), rights->cmsg_len - CMSG_LEN(0));
}

int wire_receive(int wire, struct wire_message *message, int *fds, int flags)
{
	struct iovec part = {message, sizeof(*message)};
	union control control;
	/* CMSG_SPACE() is rounded up, which would let one more descriptor in
	 * than fds has places for. */
	struct msghdr header = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_LEN(WIRE_MAX_FDS * sizeof(int)),
	};
	ssize_t n;

	/* ECONNRESET is said once, when the other end was closed with messages
	 * of ours unread, and before what it had sent: that comes next. */
	do
		n = recvmsg(wire, &header, flags | MSG_CMSG_CLOEXEC);
	while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	if (n < 0)
		return -errno;
	take_fds(&header, fds);
	if (n == sizeof(*message) &&
	    !(header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return 1;
	close_fds(fds);
	return n == 0 ? 0 : -EPROTO;
}
