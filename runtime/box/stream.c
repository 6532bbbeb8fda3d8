/* SPDX-License-Identifier: MIT */
#include "box/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define CHUNK  (64 * 1024)
#define ROUNDS 32 /* of one stream_move(): the others get their turn */

/* A program that writes this much gets a larger pipe, so that the two sides
 * wake each other less often. /proc/sys/fs/pipe-max-size allows 1 MiB. */
#define BUSY_AFTER (1024 * 1024)
#define BUSY_PIPE  (1024 * 1024)

/* A terminal says that it has room when it has this much (WAKEUP_CHARS in
 * drivers/tty/n_tty.c is 256): a write of no more does not block. */
#define TERMINAL_PIECE 64

/* The caller's own descriptor of a terminal may block when the terminal is
 * stopped; one opened anew does not, and leaves the caller's flags alone. But
 * another user's terminal, as after su, cannot be opened: small pieces then. */
static int duplicate(int fd, int access, size_t *piece)
{
	char path[32];
	int copy = -1;

	*piece = CHUNK;
	if (isatty(fd)) {
		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		copy = open(path, access | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (copy < 0)
			*piece = TERMINAL_PIECE;
	}
	return copy >= 0 ? copy : fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

static bool is_socket(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

static bool is_file(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

/* Nobody tells of a reader that is gone any more: which matters little, as a
 * file keeps nobody waiting. */
static int open_reader(int pipe)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", pipe);
	return open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

int stream_output(struct stream *stream, int from, int to, uint64_t limit)
{
	*stream = STREAM_NONE;
	stream->from = stream->pipe = from;
	stream->limit = limit;
	if (fcntl(from, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	if (to < 0) {
		stream->way = WAY_CAPTURE;
		stream->captures = true;
		return 0;
	}
	/* Such is one that the caller has closed: file_ensure_stdio(). */
	if ((fcntl(to, F_GETFL) & O_ACCMODE) == O_RDONLY) {
		stream->way = WAY_DISCARD;
		return 0;
	}
	stream->to = duplicate(to, O_WRONLY, &stream->piece);
	if (stream->to < 0)
		return -errno;
	stream->way =
		is_socket(to) || stream->piece < CHUNK ? WAY_COPY : WAY_SPLICE;
	return 0;
}

int stream_input(struct stream *stream, int from, int to)
{
	*stream = STREAM_NONE;
	stream->to = stream->pipe = to;
	stream->ask_first = true;
	stream->limit = UINT64_MAX;
	if (fcntl(to, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	/* One that is open for writing only, as nohup(1) makes it, is none. */
	if (from < 0 || (fcntl(from, F_GETFL) & O_ACCMODE) == O_WRONLY) {
		stream->over = true;
		return 0;
	}
	stream->from = duplicate(from, O_RDONLY, &stream->piece);
	if (stream->from < 0)
		return -errno;
	stream->way = is_socket(from) ? WAY_COPY : WAY_SPLICE;
	if (is_file(from))
		stream->unread = open_reader(to);
	return 0;
}

/* One round: whether to try another, wait, or end. */
enum next { NEXT_AGAIN, NEXT_WAIT, NEXT_OVER };

static enum next wait_for(struct stream *stream, bool room)
{
	stream->wants_room = room;
	return NEXT_WAIT;
}

static enum next took(struct stream *stream, size_t n)
{
	stream->moved += n;
	return stream->ask_first ? wait_for(stream, false) : NEXT_AGAIN;
}

/* A terminal that hung up says EIO, and so does a disk that is broken. */
static bool is_device(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode);
}

static bool is_hangup(const struct stream *stream, int code)
{
	return code == EPIPE || code == ECONNRESET ||
	       (code == EIO &&
	        (is_device(stream->from) || is_device(stream->to)));
}

static enum next after_error(struct stream *stream, bool room)
{
	int code = errno;

	if (errno == EINTR)
		return NEXT_AGAIN;
	if (errno == EAGAIN)
		return wait_for(stream, room);
	/* Whose reader or terminal has gone away is over, and no failure. */
	if (!is_hangup(stream, code))
		stream->error = code;
	return NEXT_OVER;
}

static size_t allowed(const struct stream *stream, size_t most)
{
	uint64_t left = stream->limit - stream->moved;

	return left < most ? (size_t)left : most;
}

static enum next splice_round(struct stream *stream)
{
	struct pollfd ends[] = {{.fd = stream->from, .events = POLLIN},
	                        {.fd = stream->to, .events = POLLOUT}};
	ssize_t n;

	n = splice(stream->from, NULL, stream->to, NULL,
	           allowed(stream, BUSY_PIPE),
	           SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	if (n > 0)
		return took(stream, (size_t)n);
	if (n == 0)
		return NEXT_OVER;
	if (errno == EINVAL) {
		stream->way = WAY_COPY;
		return NEXT_AGAIN;
	}
	if (errno != EAGAIN)
		return after_error(stream, false);
	/* Either side: no data, or no room for the data that is there. Or both
	 * have come since. */
	(void)poll(ends, ARRAY_SIZE(ends), 0);
	if (ends[0].revents && ends[1].revents)
		return NEXT_AGAIN;
	return wait_for(stream, ends[0].revents != 0);
}

static ssize_t put(int fd, const void *data, size_t len)
{
	ssize_t n = send(fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	return n < 0 && errno == ENOTSOCK ? write(fd, data, len) : n;
}

/* Never waits for a socket, also where another process took what was there. */
static ssize_t get(const struct stream *stream, void *place)
{
	size_t len = allowed(stream, CHUNK);
	ssize_t n = -1;

	errno = ENOTSOCK;
	if (stream->ask_first)
		n = recv(stream->from, place, len, MSG_DONTWAIT);
	return n < 0 && errno == ENOTSOCK ? read(stream->from, place, len) : n;
}

static enum next take_round(struct stream *stream)
{
	void *place = buffer_reserve(&stream->held, CHUNK);
	ssize_t n;

	if (!place) {
		/* The rest is counted, and said to be cut off. */
		stream->limit = stream->moved;
		stream->way = WAY_DISCARD;
		return NEXT_AGAIN;
	}
	n = get(stream, place);
	if (n == 0)
		return NEXT_OVER;
	if (n < 0)
		return after_error(stream, false);
	stream->held.len += (size_t)n;
	stream->moved += (size_t)n;
	return NEXT_AGAIN;
}

static enum next copy_round(struct stream *stream)
{
	ssize_t n;

	if (stream->held.len == 0)
		return take_round(stream);
	n = put(stream->to, stream->held.data + stream->written,
	        MIN(stream->held.len - stream->written, stream->piece));
	if (n < 0)
		return after_error(stream, true);
	stream->written += (size_t)n;
	if (stream->written < stream->held.len)
		return stream->piece < CHUNK ? wait_for(stream, true)
		                             : NEXT_AGAIN;
	stream->written = stream->held.len = 0;
	return stream->ask_first ? wait_for(stream, false) : NEXT_AGAIN;
}

static enum next discard_round(struct stream *stream)
{
	char waste[CHUNK];
	ssize_t n = read(stream->from, waste, sizeof(waste));

	if (n == 0)
		return NEXT_OVER;
	if (n < 0)
		return after_error(stream, false);
	stream->moved += (size_t)n;
	return NEXT_AGAIN;
}

static enum next move_round(struct stream *stream)
{
	bool pending = stream->way == WAY_COPY && stream->held.len > 0;

	if (stream->moved == stream->limit && !pending)
		stream->way = WAY_DISCARD;
	switch (stream->way) {
	case WAY_SPLICE:
		return splice_round(stream);
	case WAY_COPY:
		return copy_round(stream);
	case WAY_CAPTURE:
		return take_round(stream);
	default:
		return discard_round(stream);
	}
}

void stream_move(struct stream *stream)
{
	uint64_t before = stream->moved;
	enum next next = NEXT_AGAIN;

	if (stream->over)
		return;
	for (int i = 0; i < ROUNDS && next == NEXT_AGAIN; i++)
		next = move_round(stream);
	stream->over = next == NEXT_OVER;
	if (before < BUSY_AFTER && stream->moved >= BUSY_AFTER)
		(void)fcntl(stream->pipe, F_SETPIPE_SZ, BUSY_PIPE);
	/* What was taken and not passed on yet goes first. */
	if (next == NEXT_AGAIN)
		stream->wants_room =
			stream->way == WAY_COPY && stream->held.len > 0;
}

int stream_fd(const struct stream *stream, uint32_t *events)
{
	if (stream->over)
		return -1;
	*events = stream->wants_room ? EPOLLOUT : EPOLLIN;
	return stream->wants_room ? stream->to : stream->from;
}

void stream_unpolled(struct stream *stream)
{
	stream->wants_room = !stream->wants_room;
	stream->ask_first = false;
}

void stream_abandon(struct stream *stream)
{
	uint64_t passed = stream->moved;

	if (stream->over)
		return;
	if (stream->way == WAY_COPY) {
		passed -= stream->held.len - stream->written;
		stream->held.len = stream->written = 0;
	}
	stream->limit = MIN(stream->limit, passed);
	stream->way = WAY_DISCARD;
	while (discard_round(stream) == NEXT_AGAIN)
		;
	stream_close(stream);
}

void stream_put_back(struct stream *stream)
{
	char waste[CHUNK];
	off_t unread = 0;
	ssize_t n;

	if (stream->unread < 0)
		return;
	while ((n = read(stream->unread, waste, sizeof(waste))) > 0)
		unread += n;
	if (unread > 0)
		(void)lseek(stream->from, -unread, SEEK_CUR);
	(void)close(TAKE_FD(stream->unread));
	stream_close(stream);
}

void stream_close(struct stream *stream)
{
	if (stream->unread < 0 && stream->from >= 0)
		(void)close(TAKE_FD(stream->from));
	if (stream->to >= 0)
		(void)close(TAKE_FD(stream->to));
	stream->over = true;
}

void stream_free(struct stream *stream)
{
	cleanup_fd(&stream->unread);
	stream->unread = -1;
	stream_close(stream);
	buffer_free(&stream->held);
}
