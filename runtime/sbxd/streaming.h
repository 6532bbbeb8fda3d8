/* SPDX-License-Identifier: MIT */
/*
 * What a run writes, as it comes: a line for each event, the report last.
 *
 *	{"event":"stdout","text":"..."}     or "text_b64", and "stderr"
 *	{"event":"report","report":{...}}
 *
 * Little is kept of it: while the client does not read, nothing more is read
 * from the program, whose deadline goes on.
 */
#ifndef SBX_SBXD_STREAMING_H
#define SBX_SBXD_STREAMING_H

#include <stddef.h>
#include <sys/types.h>

struct buffer;
struct streaming;

/* Who is told that there is more. */
struct reader {
	void (*more)(void *owner);
	void *owner;
	int loop; /* what it waits in */
};

/* theirs: standard output and error for the program, the caller's to close.
 * 0 or -errno. */
int streaming_open(const struct reader *reader, struct streaming **streaming,
                   int theirs[2]);

/* The run is over; the report is a line, or none. */
void streaming_end(struct streaming *streaming, const struct buffer *report);

/* The client has gone: nothing more is sent. */
void streaming_drop(struct streaming *streaming);

/* Up to size bytes of what there is; 0: nothing yet; -1: that was all. */
ssize_t streaming_take(struct streaming *streaming, char *data, size_t size);

void streaming_close(struct streaming *streaming);

#endif
