/* SPDX-License-Identifier: MIT */
#include "support/pump.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/def.h"

#define PIECE_MAX (256 * 1024)

static unsigned char pattern_at(uint64_t place)
{
	return (unsigned char)(place ^ place >> 8 ^ place >> 16 ^ place >> 24);
}

bool is_pattern(const void *data, size_t len, uint64_t place)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < len; i++)
		if (bytes[i] != pattern_at(place + i))
			return false;
	return true;
}

static int add(int epoll, const struct stream *stream)
{
	struct epoll_event event = {0};
	uint32_t events = 0;
	int fd = stream_fd(stream, &events);

	event.events = events;
	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

bool pump_turn(struct stream *stream, int ms)
{
	struct epoll_event event;
	CLEANUP_FD int epoll = -1;
	int r = 0;

	if (stream->over)
		return true;
	epoll = epoll_create1(EPOLL_CLOEXEC);
	r = add(epoll, stream);
	if (r == -EPERM) {
		stream_unpolled(stream);
		r = add(epoll, stream);
	}
	do
		r = r < 0 ? r : epoll_wait(epoll, &event, 1, ms);
	while (r < 0 && errno == EINTR);
	if (r == 1)
		stream_move(stream);
	return r == 1;
}

bool pump(struct stream *stream)
{
	while (!stream->over)
		if (!pump_turn(stream, 1000))
			return false;
	stream_close(stream);
	return true;
}

static void *write_pattern(void *data)
{
	struct end *end = data;
	unsigned char *piece = malloc(PIECE_MAX);
	uint64_t done = 0;

	while (piece && done < end->bytes) {
		size_t len = MIN(end->piece, end->bytes - done);
		ssize_t n;

		for (size_t i = 0; i < len; i++)
			piece[i] = pattern_at(done + i);
		n = write(end->fd, piece, len);
		if (n < 0 && errno != EINTR)
			break;
		done += n > 0 ? (uint64_t)n : 0;
	}
	free(piece);
	(void)close(end->fd);
	return NULL;
}

static void *read_pattern(void *data)
{
	struct end *end = data;
	unsigned char *piece = malloc(PIECE_MAX);
	ssize_t n = piece != NULL;

	while (n > 0 || (n < 0 && errno == EINTR)) {
		n = read(end->fd, piece, end->piece);
		if (n <= 0)
			continue;
		end->exact &= is_pattern(piece, (size_t)n, end->bytes);
		end->bytes += (uint64_t)n;
	}
	free(piece);
	(void)close(end->fd);
	return NULL;
}

static void start(struct end *end, void *(*run)(void *))
{
	end->piece = MIN(MAX(end->piece, 1), PIECE_MAX);
	if (pthread_create(&end->thread, NULL, run, end) != 0)
		abort();
}

void source_start(struct end *end, int fd, uint64_t bytes, size_t piece)
{
	*end = (struct end){.fd = fd, .bytes = bytes, .piece = piece};
	start(end, write_pattern);
}

void sink_start(struct end *end, int fd, size_t piece)
{
	*end = (struct end){.fd = fd, .piece = piece, .exact = true};
	start(end, read_pattern);
}

void end_join(struct end *end)
{
	if (pthread_join(end->thread, NULL) != 0)
		abort();
}
