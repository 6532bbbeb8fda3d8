/* SPDX-License-Identifier: MIT */
/*
 * One of the program's three streams: a pipe of our own on its side, the
 * caller's descriptor on the other, and the bytes moved between them, by
 * splice where the kernel can. Nothing here blocks, and the flags of the
 * caller's descriptor are never changed.
 */
#ifndef SBX_BOX_STREAM_H
#define SBX_BOX_STREAM_H

#include <stdbool.h>
#include <stdint.h>
#include "base/buffer.h"

/* How bytes are moved. */
enum stream_way {
	WAY_SPLICE,  /* pipes and files */
	WAY_COPY,    /* what cannot be spliced: terminals, sockets, O_APPEND */
	WAY_CAPTURE, /* into memory */
	WAY_DISCARD, /* counted only: over the limit, or nobody takes it */
};

struct stream {
	int from, to; /* owned; -1: none */
	enum stream_way way;
	bool ask_first; /* a read of from may wait, so only when it is polled */
	bool wants_room; /* what it waits for is room in to, not data in from */
	bool captures;   /* into held; stays when the way changes */
	bool over;       /* nothing more will come; close it */
	int error;       /* an errno: it ended because a side failed */
	uint64_t moved;  /* bytes taken from `from` */
	uint64_t limit;  /* bytes to pass on; what is more is discarded */
	struct buffer held; /* WAY_CAPTURE: all; WAY_COPY: not yet written */
	size_t written;     /* of held, WAY_COPY */
	size_t piece;       /* the most to write at once, WAY_COPY */
	int pipe;           /* the end that is ours, from or to */
	int unread;         /* its other end, for stream_put_back(), or -1 */
	int watched; /* box/watch.c: the descriptor in its epoll, or -1 */
};

#define STREAM_NONE                    \
	((struct stream){.from = -1,   \
	                 .to = -1,     \
	                 .pipe = -1,   \
	                 .unread = -1, \
	                 .watched = -1})

/* An output: from the read end of a pipe, owned from now on, to the caller's
 * descriptor, of which a duplicate is kept; -1 captures, and what is open for
 * reading only discards. 0 or -errno. */
int stream_output(struct stream *stream, int from, int to, uint64_t limit);

/* An input: from the caller's descriptor, of which a duplicate is kept, to
 * the write end of a pipe, owned from now on. */
int stream_input(struct stream *stream, int from, int to);

/* Moves what can be moved now, a bounded amount; then it is over, or waits for
 * stream_fd(). */
void stream_move(struct stream *stream);

/* What it waits for: a descriptor, and EPOLLIN or EPOLLOUT. -1 once over. */
int stream_fd(const struct stream *stream, uint32_t *events);

/* epoll does not take the descriptor that it waits for, as it is that of a
 * file or of /dev/null: from now on stream_fd() names the other one. */
void stream_unpolled(struct stream *stream);

/* Gives the receiver up: what it has not taken is dropped, as if it were
 * beyond the limit. For an output whose writers are all gone. */
void stream_abandon(struct stream *stream);

/* An input is a file, and its program is gone: the caller's descriptor goes
 * back to where the program has read, as if the two had been one. */
void stream_put_back(struct stream *stream);

/* Closes both ends; what was captured stays until stream_free(). */
void stream_close(struct stream *stream);
void stream_free(struct stream *stream);

#endif
