/* SPDX-License-Identifier: MIT */
/*
 * Streams moved as box/watch.c moves them, and what stands at their ends: a
 * thread that writes a pattern, and one that checks that it reads just that.
 */
#ifndef SBX_TESTS_PUMP_H
#define SBX_TESTS_PUMP_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "box/stream.h"

/* Moves the stream until it is over, and closes it. False when it waited for
 * a second in vain. */
bool pump(struct stream *stream);

/* One turn of the same: waits for at most ms milliseconds until something can
 * be moved, and moves it. False when nothing came. */
bool pump_turn(struct stream *stream, int ms);

/* Whether the bytes are those of the pattern from that place on. */
bool is_pattern(const void *data, size_t len, uint64_t place);

/* One end: a descriptor that a thread owns. */
struct end {
	int fd;
	size_t piece;   /* bytes of one write or read */
	uint64_t bytes; /* to write, or that were read */
	bool exact;     /* all that was read was the pattern */
	pthread_t thread;
};

/* Writes bytes of the pattern to fd, closes it, and stops early without a
 * reader. */
void source_start(struct end *end, int fd, uint64_t bytes, size_t piece);
/* Reads fd to its end, and closes it. */
void sink_start(struct end *end, int fd, size_t piece);
/* Waits for either. */
void end_join(struct end *end);

#endif
