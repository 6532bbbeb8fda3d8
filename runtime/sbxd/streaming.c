/* SPDX-License-Identifier: MIT */
#include "sbxd/streaming.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/json.h"
#include "base/text.h"
#include "sbxd/loop.h"

#define KEPT ((size_t)64 * 1024)

/* Our end of one stream, and the start of a character that is not whole. */
struct end {
	struct source source;
	struct streaming *of;
	const char *name;
	int fd;
	bool watched;
	char rest[4];
	size_t n_rest;
};

struct streaming {
	struct reader reader;
	struct end ends[2];
	struct buffer out;
	size_t sent;
	bool over;
};

static void put_event(struct streaming *streaming, const char *name,
                      const char *data, size_t len)
{
	struct json_writer *writer = json_writer_new();

	if (writer) {
		json_open_object(writer, NULL);
		json_put_text(writer, "event", name);
		json_put_bytes(writer, "text", data, len);
		json_close_object(writer);
	}
	(void)json_writer_end(writer, "\n", &streaming->out);
}

/* One event of what is there. False: nothing, or the end. */
static bool move(struct end *end)
{
	char data[sizeof(end->rest) + 8192];
	size_t len = end->n_rest, whole;
	ssize_t n;

	memcpy(data, end->rest, len);
	n = read(end->fd, data + len, sizeof(data) - len);
	if (n < 0)
		return errno == EINTR;
	len += (size_t)n;
	/* A character that is cut is left for the next event. */
	whole = n > 0 ? text_utf8_whole(data, len) : len;
	if (len - whole >= sizeof(end->rest))
		whole = len;
	end->n_rest = len - whole;
	memcpy(end->rest, data + whole, end->n_rest);
	if (whole > 0)
		put_event(end->of, end->name, data, whole);
	return n > 0;
}

static void watch(struct end *end, bool watched)
{
	int loop = end->of->reader.loop;

	if (end->watched == watched || end->fd < 0)
		return;
	end->watched = watched;
	if (watched)
		(void)loop_add(loop, end->fd, EPOLLIN, &end->source);
	else
		loop_drop(loop, end->fd);
}

static void watch_both(struct streaming *streaming)
{
	bool room = streaming->out.len - streaming->sent < KEPT;

	for (size_t i = 0; i < ARRAY_SIZE(streaming->ends); i++)
		watch(&streaming->ends[i], room && !streaming->over);
}

static void on_ready(struct source *source, uint32_t events)
{
	struct end *end = (struct end *)source;
	struct streaming *streaming = end->of;

	(void)events;
	if (!move(end)) {
		watch(end, false);
		return;
	}
	watch_both(streaming);
	streaming->reader.more(streaming->reader.owner);
}

int streaming_open(const struct reader *reader, struct streaming **streaming,
                   int theirs[2])
{
	static const char *const names[] = {"stdout", "stderr"};
	struct streaming *made = calloc(1, sizeof(*made));
	int ends[2][2] = {{-1, -1}, {-1, -1}}, r = 0;

	if (!made)
		return -ENOMEM;
	made->reader = *reader;
	for (size_t i = 0; i < ARRAY_SIZE(made->ends); i++) {
		if (r == 0 && pipe2(ends[i], O_CLOEXEC) < 0)
			r = -errno;
		made->ends[i] = (struct end){
			.source.ready = on_ready,
			.of = made,
			.name = names[i],
			.fd = ends[i][0],
		};
		/* Not the program's end, which has flags of its own. */
		if (r == 0 && fcntl(ends[i][0], F_SETFL, O_NONBLOCK) < 0)
			r = -errno;
	}
	if (r < 0) {
		cleanup_fd(&ends[0][1]);
		cleanup_fd(&ends[1][1]);
		streaming_close(made);
		return r;
	}
	watch_both(made);
	theirs[0] = ends[0][1];
	theirs[1] = ends[1][1];
	*streaming = made;
	return 0;
}

void streaming_end(struct streaming *streaming, const struct buffer *report)
{
	size_t len = report->len;

	for (size_t i = 0; i < ARRAY_SIZE(streaming->ends); i++) {
		struct end *end = &streaming->ends[i];

		while (move(end))
			;
		if (end->n_rest > 0)
			put_event(streaming, end->name, end->rest, end->n_rest);
	}
	while (len > 0 && report->data[len - 1] == '\n')
		len--;
	if (len > 0) {
		buffer_text(&streaming->out,
		            "{\"event\":\"report\",\"report\":");
		buffer_append(&streaming->out, report->data, len);
		buffer_text(&streaming->out, "}\n");
	}
	streaming->over = true;
	watch_both(streaming);
}

void streaming_drop(struct streaming *streaming)
{
	streaming->sent = streaming->out.len;
	streaming->over = true;
	watch_both(streaming);
}

ssize_t streaming_take(struct streaming *streaming, char *data, size_t size)
{
	struct buffer *out = &streaming->out;
	size_t n = MIN(out->len - streaming->sent, size);

	if (n == 0)
		return streaming->over || out->failed ? -1 : 0;
	memcpy(data, out->data + streaming->sent, n);
	streaming->sent += n;
	if (streaming->sent == out->len || streaming->sent >= KEPT) {
		memmove(out->data, out->data + streaming->sent,
		        out->len - streaming->sent);
		out->len -= streaming->sent;
		streaming->sent = 0;
	}
	watch_both(streaming);
	return (ssize_t)n;
}

void streaming_close(struct streaming *streaming)
{
	if (!streaming)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(streaming->ends); i++) {
		watch(&streaming->ends[i], false);
		cleanup_fd(&streaming->ends[i].fd);
	}
	buffer_free(&streaming->out);
	free(streaming);
}
