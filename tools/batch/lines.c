/* SPDX-License-Identifier: MIT */
#include "lines.h"

#include <errno.h>
#include <string.h>

#define CHUNK 65536

struct lines {
	int fd;
	size_t max_head;
	struct buffer head;
	struct line line; /* the one that is being read */
	uint64_t offset;  /* of the byte at next */
	size_t next, end; /* of chunk */
	bool at_end;
	bool taken; /* line was given out */
	char chunk[CHUNK];
};

struct lines *lines_new(int fd, size_t max_head)
{
	struct lines *lines = calloc(1, sizeof(*lines));

	if (!lines)
		return NULL;
	lines->fd = fd;
	lines->max_head = max_head;
	lines->taken = true;
	return lines;
}

void lines_free(struct lines *lines)
{
	if (lines)
		buffer_free(&lines->head);
	free(lines);
}

static void start_line(struct lines *lines)
{
	const uint64_t number = lines->line.number + 1;

	lines->line = (struct line){.offset = lines->offset, .number = number};
	lines->head.len = 0;
	lines->taken = false;
}

static int give_line(struct lines *lines, bool ended, struct line *line)
{
	if (lines->head.failed)
		return -ENOMEM;
	lines->line.ended = ended;
	lines->line.head = lines->head.data;
	lines->line.head_len = lines->head.len;
	lines->taken = true;
	*line = lines->line;
	return 1;
}

int lines_next(struct lines *lines, struct line *line)
{
	const char *from = lines->chunk + lines->next;
	size_t n = lines->end - lines->next;
	const char *newline = n ? memchr(from, '\n', n) : NULL;
	size_t len = newline ? (size_t)(newline - from) : n;

	if (lines->taken && (n > 0 || !lines->at_end))
		start_line(lines);
	if (lines->taken)
		return 0;
	buffer_append(&lines->head, from,
	              MIN(len, lines->max_head - lines->head.len));
	lines->line.len += len;
	lines->next += len + (newline != NULL);
	lines->offset += len + (newline != NULL);
	if (newline)
		return give_line(lines, true, line);
	if (!lines->at_end)
		return -EAGAIN;
	if (lines->line.len > 0)
		return give_line(lines, false, line);
	lines->taken = true;
	return 0;
}

int lines_fill(struct lines *lines)
{
	ssize_t n;

	do
		n = read(lines->fd, lines->chunk, sizeof(lines->chunk));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	lines->at_end = n == 0;
	lines->next = 0;
	lines->end = (size_t)n;
	return 0;
}

int lines_read(struct lines *lines, struct line *line)
{
	int r;

	while ((r = lines_next(lines, line)) == -EAGAIN) {
		r = lines_fill(lines);
		if (r < 0)
			return r;
	}
	return r;
}

uint64_t lines_offset(const struct lines *lines)
{
	return lines->offset;
}
